"""Recorded flights: fixes as a receiver network stores them become Truth, cleaned, smoothed, and with honest gaps.

Times, positions, speeds and climb rates of one aircraft go in; Truth rows and a count of what was left out come out.
Where two fixes are too far apart in time no row is made up: what the aircraft did there is not known.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self, final

import numpy as np

from chainhome import earth
from chainhome.errors import UseError
from chainhome.motion.interpolate import GAP_S, index, interpolate
from chainhome.motion.smooth import smooth
from chainhome.tables import Bools, Floats, Truth

FILLED_RAD = 2e-11
"""A fix this near (0.1 mm) to the straight line between its neighbours was computed, not measured."""

OUTLIER_SIGMAS = 5.0
"""A fix further than this from the smoothed flight is left out."""

MOVING_MPS = 10.0
"""An aircraft that reports more speed than this cannot stay at one place."""


@final
@dataclass(frozen=True, eq=False)
class Fixes:
    """Fixes of one aircraft, one array element each; NaN where speed, track or vertical rate was not received.

    `altitude_m` is what the aircraft sent, most often pressure altitude, and is taken as height above mean sea level.
    """

    time_s: Floats
    lat_rad: Floats
    lon_rad: Floats
    altitude_m: Floats
    groundspeed_mps: Floats
    track_rad: Floats
    vertical_rate_mps: Floats

    def __post_init__(self) -> None:
        """Check the lengths."""
        for column in fields(self):
            object.__setattr__(self, column.name, np.asarray(getattr(self, column.name), np.float64))
        shapes = {getattr(self, column.name).shape for column in fields(self)}
        if len(shapes) != 1 or self.time_s.ndim != 1:
            raise ValueError(f"the columns of fixes have shapes {sorted(shapes)}, expected one shape (n,)")

    def __getitem__(self, rows: object) -> Self:
        """Return the rows chosen by a mask or an index array."""
        return replace(self, **{column.name: getattr(self, column.name)[rows] for column in fields(self)})


@final
@dataclass(frozen=True)
class Noise:
    """How far fixes are trusted: standard deviations of time, position and velocity, and how hard the aircraft turns.

    An error of the time stamp moves a fix along its velocity. `acceleration_density` is the spectral density of the
    acceleration in m²/s³: 50 is 2 m/s² kept up for 12 s.
    """

    time_s: float = 0.5
    position_m: float = 30.0
    velocity_mps: float = 3.0
    acceleration_density: float = 50.0


@final
@dataclass(frozen=True)
class Cleaning:
    """What became of the fixes: `given` = `used` + those left out by reason; `gaps` between what was used.

    `incomplete` have no time or position, `duplicates` repeat a time or stand still at speed, `filled` were
    interpolated by whoever stored them, `outliers` do not fit the flight, `isolated` have no neighbour near in time.
    """

    given: int
    used: int
    incomplete: int
    duplicates: int
    filled: int
    outliers: int
    isolated: int
    gaps: int


def recorded_truth(
    fixes: Fixes,
    target_id: int,
    world: earth.Frame,
    *,
    gap_s: float = GAP_S,
    step_s: float = 1.0,
    noise: Noise | None = None,
    keep_filled: bool = False,
) -> tuple[Truth, Cleaning]:
    """Return Truth rows every `step_s` along the smoothed flight, none where fixes are more than `gap_s` apart.

    Fixes may come in any order. Rows start at the first fix that is used. Fixes exactly on the line between their
    neighbours were filled in by whoever stored them and are left out, unless `keep_filled` (a computed flight). Ask the
    result with `index(truth, gap_s=...)` of the same `gap_s` when that is less than the default. Raises UseError when
    fewer than two usable fixes follow each other within `gap_s`.

    >>> t = np.arange(0.0, 100.0, 10.0)
    >>> north = np.radians(40.0) + (200.0 * t + 5.0 * np.sin(t)) / 6.36e6
    >>> flown = Fixes(t, north, 0 * t + 0.57, 0 * t + 9e3, 0 * t + 200.0, 0 * t, 0 * t)
    >>> truth, cleaning = recorded_truth(flown, 7, earth.enu_frame(np.radians(40.0), 0.57, 0.0))
    >>> len(truth), cleaning.used
    (91, 10)
    """
    noise = noise or Noise()
    kept, counts = _measured_only(fixes, keep_filled)
    use, outlier, position, velocity = _smoothed(kept, world, gap_s, noise)
    if not use.any():
        raise UseError(
            f"a recording of {counts['given']} fixes has no two usable ones within {gap_s:g} s "
            f"({counts['filled']} were not measured but filled in, {counts['duplicates']} are repeats)"
        )
    time = kept.time_s[use]
    cleaning = Cleaning(
        **counts,
        used=len(time),
        outliers=int(outlier.sum()),
        isolated=int((~use & ~outlier).sum()),
        gaps=int((np.diff(time) > gap_s).sum()),
    )
    return _rows(time, position, velocity, target_id, world, gap_s, step_s), cleaning


def _smoothed(fixes: Fixes, world: earth.Frame, gap_s: float, noise: Noise) -> tuple[Bools, Bools, Floats, Floats]:
    """Return which fixes are used, which are outliers, and the smoothed positions and velocities of those used."""
    position, velocity, position_precision, velocity_precision = _in_world(fixes, world, noise)
    use = np.ones(len(fixes.time_s), bool)
    outlier = np.zeros(len(fixes.time_s), bool)
    while True:  # outliers go one neighbourhood at a time, so that they do not drag good fixes with them
        use &= _has_neighbour(fixes.time_s, use, gap_s)
        if not use.any():
            return use, outlier, position[use], velocity[use]
        smoothed = smooth(
            fixes.time_s[use],
            position[use],
            velocity[use],
            position_precision[use],
            velocity_precision[use],
            linked=np.diff(fixes.time_s[use]) <= gap_s,
            acceleration_density=noise.acceleration_density,
        )
        worst = np.flatnonzero(use)[_outliers(position[use] - smoothed[0], position_precision[use])]
        if not len(worst):
            return use, outlier, *smoothed
        use[worst] = False
        outlier[worst] = True


def _measured_only(fixes: Fixes, keep_filled: bool) -> tuple[Fixes, dict[str, int]]:
    """Sort by time; leave out incomplete, repeated and filled fixes; count them."""
    counts = {"given": len(fixes.time_s)}
    complete = np.isfinite(fixes.time_s) & np.isfinite(fixes.lat_rad) & np.isfinite(fixes.lon_rad)
    complete &= np.isfinite(fixes.altitude_m)
    kept = fixes[complete]
    kept = kept[np.argsort(kept.time_s, kind="stable")]
    counts["incomplete"] = len(complete) - len(kept.time_s)
    if not len(kept.time_s):
        raise UseError(f"a recording of {len(complete)} fixes has none with time, position and altitude")
    again = np.diff(kept.time_s, prepend=-np.inf) <= 0
    still = (np.diff(kept.lat_rad, prepend=np.nan) == 0) & (np.diff(kept.lon_rad, prepend=np.nan) == 0)
    duplicate = again | (still & (kept.groundspeed_mps > MOVING_MPS))
    kept = kept[~duplicate]
    filled = _filled(kept) & (not keep_filled)
    counts |= {"duplicates": int(duplicate.sum()), "filled": int(filled.sum())}
    return kept[~filled], counts


def _filled(fixes: Fixes) -> Bools:
    """Return which fixes lie, in time and place, on the straight line between their neighbours."""
    filled = np.zeros(len(fixes.time_s), bool)
    share = (fixes.time_s[1:-1] - fixes.time_s[:-2]) / (fixes.time_s[2:] - fixes.time_s[:-2])
    filled[1:-1] = True
    for angle in (fixes.lat_rad, fixes.lon_rad):
        line = angle[:-2] + share * (angle[2:] - angle[:-2])
        filled[1:-1] &= np.abs(angle[1:-1] - line) < FILLED_RAD
    return filled


def _has_neighbour(time_s: Floats, use: Bools, gap_s: float) -> Bools:
    near = np.concatenate([[False], np.diff(time_s[use]) <= gap_s, [False]])
    has = np.zeros(len(use), bool)
    has[use] = near[:-1] | near[1:]
    return has


def _in_world(fixes: Fixes, world: earth.Frame, noise: Noise) -> tuple[Floats, Floats, Floats, Floats]:
    """Return positions, velocities (n, 3) and their precisions (n, 3, 3) in the world frame."""
    lat, lon = fixes.lat_rad, fixes.lon_rad
    position = earth.geodetic_to_enu(world, lat, lon, fixes.altitude_m)
    east = fixes.groundspeed_mps * np.sin(fixes.track_rad)
    north = fixes.groundspeed_mps * np.cos(fixes.track_rad)
    sin_lat, cos_lat, sin_lon, cos_lon = np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)
    zero = np.zeros_like(lat)
    axes = np.stack(
        [
            np.stack([-sin_lon, cos_lon, zero], -1),
            np.stack([-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat], -1),
            np.stack([cos_lat * cos_lon, cos_lat * sin_lon, sin_lat], -1),
        ],
        axis=1,
    )
    local = np.stack([east, north, fixes.vertical_rate_mps], -1)
    known: Bools = np.asarray(np.isfinite(local).all(axis=1))
    velocity = np.einsum("nkj,nk->nj", axes, np.nan_to_num(local)) @ world.rotation.T
    if len(lat) > 1:
        guess = np.gradient(position, fixes.time_s, axis=0)
        velocity = np.where(known[:, None], velocity, guess)
    spread = noise.position_m**2 * np.eye(3) + noise.time_s**2 * velocity[:, :, None] * velocity[:, None, :]
    velocity_precision = np.where(known, noise.velocity_mps**-2, 0.0)[:, None, None] * np.eye(3)
    return position, velocity, np.linalg.inv(spread), velocity_precision


def _outliers(residual: Floats, precision: Floats) -> Bools:
    """Return the fixes that are far off, and further off than both neighbours."""
    square = np.einsum("ni,nij,nj->n", residual, precision, residual)
    edged = np.concatenate([[0.0], square, [0.0]])
    return np.asarray((square > OUTLIER_SIGMAS**2) & (square >= edged[:-2]) & (square >= edged[2:]))


def _rows(
    time_s: Floats,
    position: Floats,
    velocity: Floats,
    target_id: int,
    world: earth.Frame,
    gap_s: float,
    step_s: float,
) -> Truth:
    nodes = _truth(time_s, target_id, position, velocity, world)
    times = time_s[0] + np.arange(int((time_s[-1] - time_s[0]) / step_s) + 1) * step_s
    at, speed = interpolate(index(nodes, gap_s=gap_s), target_id, times)
    known = np.isfinite(at[:, 0])
    return _truth(times[known], target_id, at[known], speed[known], world)


def _truth(time_s: Floats, target_id: int, position: Floats, velocity: Floats, world: earth.Frame) -> Truth:
    lat, lon, altitude = earth.enu_to_geodetic(world, position)
    return Truth.make(
        time_s=time_s,
        target_id=target_id,
        **dict(zip(("x_m", "y_m", "z_m"), position.T, strict=True)),
        **dict(zip(("vx_mps", "vy_mps", "vz_mps"), velocity.T, strict=True)),
        lat_deg=np.degrees(lat),
        lon_deg=np.degrees(lon),
        altitude_m=altitude,
    )

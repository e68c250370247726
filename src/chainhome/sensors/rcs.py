"""Radar cross section by aspect: the direction from which a target is seen in, square metres out.

The form is that of 3GPP TR 38.901 section 7.9.2.1 [tgpp38901]: a mean over all, times an angular pattern of parabolic
lobes, times a log-normal spread of unit mean. The pattern of `large_uav` is published there. The patterns of
`fighter`, `airliner` and `missile` are ASSUMED shapes: nobody publishes those of named aircraft. They are scaled so
that the mean over the nose sector of +-45 degrees equals the given figure, because published figures of fighters are
read as seen from ahead.

Aspect azimuth is 0 at the nose and grows clockwise seen from above (pi/2 = the right wing); aspect elevation is 0 in
the plane of the wings and positive above it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome import draws
from chainhome.errors import UseError, nearest

Floats = NDArray[np.float64]

NOSE_SECTOR_RAD = math.radians(45.0)
SPREAD_DB = 2.5  # of the large UAV of 3GPP, ASSUMED for aircraft and missiles [tgpp38901]
SMALL_UAV_SPREAD_DB = 3.74  # [tgpp38901]
SMALL_UAV_MEAN_M2 = 10.0**-1.281  # -12.81 dBsm [tgpp38901]
ASPECT_CELL_RAD = math.radians(10.0)  # within a cell the spread of a target is one draw, ASSUMED


@dataclass(frozen=True, eq=False)
class RcsModel:
    """Scale, lobes and spread of one class of target; the six lobe columns have one entry for each lobe."""

    mean_m2: float
    spread_db: float = 0.0
    azimuth_centre_rad: tuple[float, ...] = ()
    elevation_centre_rad: tuple[float, ...] = ()
    width_azimuth_rad: tuple[float, ...] = ()  # between the -3 dB points; infinite = any azimuth
    width_elevation_rad: tuple[float, ...] = ()
    peak_db: tuple[float, ...] = ()  # above `mean_m2`
    max_attenuation_db: tuple[float, ...] = ()  # below the peak, however far off the lobe

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not self.mean_m2 > 0.0:
            raise UseError(f"radar cross section is {self.mean_m2} m2, expected a positive number")
        if not self.spread_db >= 0.0:
            raise UseError(f"spread of the radar cross section is {self.spread_db} dB, expected 0 or more")
        sizes = {len(getattr(self, name)) for name in self.__dataclass_fields__ if name not in ("mean_m2", "spread_db")}
        if len(sizes) != 1:
            raise ValueError("RcsModel: the lobe columns differ in length")


def aspect_azimuth_rad(radar_azimuth_rad: ArrayLike, heading_rad: ArrayLike) -> Floats:
    """Return the aspect azimuth in [-pi, pi) of a radar that stands at an azimuth as seen from the target. Broadcasts.

    >>> float(np.degrees(aspect_azimuth_rad(np.radians(90.0), np.radians(60.0))).round(6))
    30.0
    """
    off = np.asarray(radar_azimuth_rad, np.float64) - np.asarray(heading_rad, np.float64)
    return np.asarray(np.mod(off + math.pi, 2.0 * math.pi) - math.pi)


def aspect_angles(to_radar: ArrayLike, velocity: ArrayLike, up: ArrayLike) -> tuple[Floats, Floats]:
    """Return aspect azimuth and elevation (n,) of a radar seen from targets that fly along their velocity, wings level.

    `to_radar`, `velocity` and `up` (local vertical) are (n, 3) vectors of any length in one frame. A target at rest
    shows its nose. The bank in a turn is left out.

    >>> azimuth, elevation = aspect_angles([[1.0, 0.0, 0.0]], [[0.0, 200.0, 0.0]], [[0.0, 0.0, 1.0]])
    >>> np.degrees(azimuth).tolist(), np.degrees(elevation).tolist()
    ([90.0], [0.0])
    """
    d, f, u = (np.asarray(vector, np.float64) for vector in (to_radar, velocity, up))
    right = np.cross(f, u)
    top = np.cross(right, f)
    speed = np.linalg.norm(f, axis=-1)
    speed = np.where(speed > 0.0, speed, 1.0)
    right_length = np.linalg.norm(right, axis=-1)
    right_length = np.where(right_length > 0.0, right_length, 1.0)
    ahead = (d * f).sum(axis=-1) / speed
    abeam = (d * right).sum(axis=-1) / right_length
    above = (d * top).sum(axis=-1) / (speed * right_length)
    return np.arctan2(abeam, ahead), np.arctan2(above, np.hypot(ahead, abeam))


def pattern_db(model: RcsModel, aspect_azimuth: ArrayLike, aspect_elevation: ArrayLike) -> Floats:
    """Return the angular pattern in dB over `mean_m2`: at each aspect the strongest lobe [tgpp38901].

    A lobe is peak - min(12 (az / width)^2 + 12 (el / width)^2, max attenuation). Aspects in radians, which broadcast.

    >>> round(float(pattern_db(large_uav(), 0.0, 0.0)), 2)
    1.02
    """
    azimuth, elevation = np.broadcast_arrays(
        np.asarray(aspect_azimuth, np.float64), np.asarray(aspect_elevation, np.float64)
    )
    if not model.peak_db:
        return np.zeros(azimuth.shape)
    azimuth_c, elevation_c, width_a, width_e, peak, most = (
        np.array(column)
        for column in (
            model.azimuth_centre_rad,
            model.elevation_centre_rad,
            model.width_azimuth_rad,
            model.width_elevation_rad,
            model.peak_db,
            model.max_attenuation_db,
        )
    )
    off_a = aspect_azimuth_rad(azimuth[..., None], azimuth_c)
    off_e = elevation[..., None] - elevation_c
    down_db = 12.0 * (off_a / width_a) ** 2 + 12.0 * (off_e / width_e) ** 2
    return np.asarray((peak - np.minimum(down_db, most)).max(axis=-1))


def rcs_m2(model: RcsModel, aspect_azimuth: ArrayLike, aspect_elevation: ArrayLike = 0.0) -> Floats:
    """Return the radar cross section at aspects, before spread and fluctuation [tgpp38901]; radians, which broadcast.

    >>> model = fighter(2.0)
    >>> rcs_m2(model, np.radians([0.0, 90.0])).round(1).tolist()
    [3.3, 33.0]
    """
    return np.asarray(model.mean_m2 * 10.0 ** (0.1 * pattern_db(model, aspect_azimuth, aspect_elevation)))


def nose_mean_m2(model: RcsModel) -> float:
    """Return the mean over the nose sector, +-45 degrees of azimuth in the plane of the wings.

    >>> round(nose_mean_m2(fighter(2.0)), 6)
    2.0
    """
    degrees = np.arange(-44.95, 45.0, 0.1)
    return float(rcs_m2(model, np.radians(degrees)).mean())


def _lobes(*lobes: tuple[float, float, float, float, float], floor_db: float) -> dict[str, tuple[float, ...]]:
    """Return the lobe columns from rows of azimuth, elevation, widths in degrees and peak in dB over one floor."""
    azimuth, elevation, width_a, width_e, peak = zip(*lobes, strict=True)
    return {
        "azimuth_centre_rad": tuple(map(math.radians, azimuth)),
        "elevation_centre_rad": tuple(map(math.radians, elevation)),
        "width_azimuth_rad": tuple(map(math.radians, width_a)),
        "width_elevation_rad": tuple(map(math.radians, width_e)),
        "peak_db": peak,
        "max_attenuation_db": tuple(p - floor_db for p in peak),
    }


_ANY = math.inf
# ASSUMED shapes, in degrees and in dB relative to the nose: nose, tail, right and left side, top, bottom.
_FIGHTER = _lobes(
    (0, 0, 50, 50, 0),
    (180, 0, 50, 50, 2),
    (90, 0, 20, 40, 10),
    (-90, 0, 20, 40, 10),
    (0, 90, _ANY, 50, 10),
    (0, -90, _ANY, 50, 10),
    floor_db=-5.0,
)
_AIRLINER = _lobes(
    (0, 0, 50, 50, 0),
    (180, 0, 50, 50, 0),
    (90, 0, 20, 40, 8),
    (-90, 0, 20, 40, 8),
    (0, 90, _ANY, 50, 8),
    (0, -90, _ANY, 50, 8),
    floor_db=-5.0,
)
_MISSILE = _lobes(
    (0, 0, 60, 60, 0),
    (180, 0, 60, 60, 3),
    (90, 0, 20, 60, 10),
    (-90, 0, 20, 60, 10),
    (0, 90, _ANY, 20, 10),
    (0, -90, _ANY, 20, 10),
    floor_db=-3.0,
)


def _scaled(nose_m2: float, spread_db: float, lobes: dict[str, tuple[float, ...]]) -> RcsModel:
    if not nose_m2 > 0.0:
        raise UseError(f"radar cross section is {nose_m2} m2, expected a positive number")
    unit = RcsModel(1.0, spread_db, **lobes)
    return replace(unit, mean_m2=nose_m2 / nose_mean_m2(unit))


def fighter(mean_m2: float, spread_db: float = SPREAD_DB) -> RcsModel:
    """Return an ASSUMED fighter: sides and belly 10 dB over the nose; `mean_m2` is the mean over the nose sector.

    >>> round(float(rcs_m2(fighter(2.0), math.radians(30.0))), 2)
    1.22
    """
    return _scaled(mean_m2, spread_db, _FIGHTER)


def airliner(mean_m2: float, spread_db: float = SPREAD_DB) -> RcsModel:
    """Return an ASSUMED airliner: sides and belly 8 dB over nose and tail; `mean_m2` as in `fighter`.

    >>> round(float(rcs_m2(airliner(40.0), math.radians(90.0))))
    417
    """
    return _scaled(mean_m2, spread_db, _AIRLINER)


def missile(mean_m2: float, spread_db: float = SPREAD_DB) -> RcsModel:
    """Return an ASSUMED missile: a slender body, broadside 10 dB over the nose; `mean_m2` as in `fighter`.

    >>> round(float(rcs_m2(missile(0.1), 0.0)), 3)
    0.141
    """
    return _scaled(mean_m2, spread_db, _MISSILE)


def flat(mean_m2: float, spread_db: float = 0.0) -> RcsModel:
    """Return a target that looks the same from all sides.

    >>> rcs_m2(flat(1.5), np.radians([0.0, 77.0])).tolist()
    [1.5, 1.5]
    """
    return RcsModel(mean_m2, spread_db)


def drone(mean_m2: float = SMALL_UAV_MEAN_M2, spread_db: float = SMALL_UAV_SPREAD_DB) -> RcsModel:
    """Return the small UAV of 3GPP, by default -12.81 dBsm from all sides with a spread of 3.74 dB [tgpp38901].

    >>> round(10.0 * math.log10(drone().mean_m2), 2), drone().spread_db
    (-12.81, 3.74)
    """
    return RcsModel(mean_m2, spread_db)


def large_uav() -> RcsModel:
    """Return the large UAV of 3GPP with its published lobes, -5.85 dBsm and a spread of 2.5 dB [tgpp38901].

    >>> round(10.0 * math.log10(float(rcs_m2(large_uav(), math.pi / 2))), 2)
    1.58
    """
    lobes = _lobes(
        (90, 0, 7.13, 8.68, 7.43),
        (180, 0, 10.09, 11.43, 3.99),
        (-90, 0, 7.13, 8.68, 7.43),
        (0, 0, 14.19, 16.53, 1.02),
        (0, -90, _ANY, 4.93, 13.55),
        (0, 90, _ANY, 4.93, 13.55),
        floor_db=-6.87,
    )
    return RcsModel(10.0**-0.585, 2.5, **lobes)


SHAPES: dict[str, Callable[..., RcsModel]] = {
    "fighter": fighter,
    "airliner": airliner,
    "missile": missile,
    "drone": drone,
    "flat": flat,
}


def shaped(shape: str, mean_m2: float, spread_db: float | None = None) -> RcsModel:
    """Return the model of a named shape; without `spread_db` the shape's own. An unknown name is a `UseError`.

    >>> shaped("missile", 0.1).spread_db
    2.5
    """
    if shape not in SHAPES:
        known = sorted(SHAPES)
        raise UseError(f"shape {shape!r} is not one of {', '.join(known)}{nearest(shape, known)}")
    return SHAPES[shape](mean_m2) if spread_db is None else SHAPES[shape](mean_m2, spread_db)


def spread_factor(keys: ArrayLike, aspect_cell: ArrayLike, spread_db: ArrayLike) -> Floats:
    """Return log-normal factors of unit mean, one for each target key (uint64) and aspect cell; arguments broadcast.

    In dB the factor is normal with the given deviation s and the mean -(ln 10 / 20) s^2, so that the mean factor, and
    not its median, is 1 [tgpp38901]. One draw for a target and cell: the same cell seen again gives the same factor.

    >>> factors = spread_factor(draws.key(1, np.arange(200_000)), 0, 3.74)
    >>> abs(float(factors.mean()) - 1.0) < 0.01
    True
    """
    target = np.asarray(keys, np.uint64).view(np.int64)
    normal = draws.normal(draws.key(target, aspect_cell))
    s = np.asarray(spread_db, np.float64)
    return np.asarray(10.0 ** (0.1 * (s * normal - math.log(10.0) / 20.0 * s**2)))


def aspect_cells() -> tuple[int, int]:
    """Return the number of aspect cells in azimuth and elevation.

    >>> aspect_cells()
    (36, 18)
    """
    return round(2.0 * math.pi / ASPECT_CELL_RAD), round(math.pi / ASPECT_CELL_RAD)


def aspect_cell(aspect_azimuth: ArrayLike, aspect_elevation: ArrayLike) -> NDArray[np.int64]:
    """Return the number of the aspect cell of 10 x 10 degrees, counted along azimuth from -pi, then elevation.

    >>> int(aspect_cell(-math.pi, -math.pi / 2)), int(aspect_cell(0.0, 0.0))
    (0, 333)
    """
    columns, rows = aspect_cells()
    column = np.floor((np.asarray(aspect_azimuth, np.float64) + math.pi) / ASPECT_CELL_RAD)
    row = np.floor((np.asarray(aspect_elevation, np.float64) + 0.5 * math.pi) / ASPECT_CELL_RAD)
    cell = np.clip(column, 0, columns - 1) * rows + np.clip(row, 0, rows - 1)
    return np.asarray(cell, np.int64)

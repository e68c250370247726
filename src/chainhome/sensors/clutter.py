"""The ground as a limit: Doppler and the geometry of a low target in, visibility and signal-to-clutter ratio out.

Why pure R^4 scaling is wrong for a slow, low target. A radar that sees 4 m2 at 390 km would, in free space and against
noise alone, see a drone of 0.05 m2 at 390 (0.05 / 4)^(1/4) = 130 km. A drone at 100 m flies within two degrees of the
ground, so the beam that holds it also holds a cell of ground, tens of thousands of square metres of it. Two things
then decide, neither of them power. First, the canceller removes whatever moves towards or from the radar slower than
the minimum detectable velocity. Second, what the canceller leaves of the ground competes with the echo: the clutter of
a cell grows with range, so signal over clutter falls as 1/R, and only a fraction of the canceller's improvement is left
for a slow target. With the default model a drone of 0.05 m2 at 50 m/s is lost in clutter beyond about 70 km, one at
25 m/s beyond about 5 km, whatever the transmitter's power.

Whether the ground at the target's own range is lit is not asked. A radar whose pulses follow each other fast enough to
tell speeds apart hears nearer ground at the same time as a farther target (range-ambiguous clutter), and the cell at
the target's range stands for that. A radar without the ambiguity does better beyond its own ground horizon.

The numbers of this model are ASSUMED: no named radar publishes them. They apply to every radar alike, are shown with
each result, and `KIND_CLUTTER` and `HARSH_CLUTTER` are the ends of their band.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.errors import UseError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class ClutterModel:
    """What the ground does to a low target (ASSUMED; bands in `KIND_CLUTTER` and `HARSH_CLUTTER`)."""

    sigma0_db: float = -30.0  # reflectivity of land near grazing, m2 of echo for each m2 of ground
    azimuth_beamwidth_rad: float = math.radians(1.3)
    range_cell_m: float = 100.0
    improvement_db: float = 60.0  # of the canceller, at `full_speed_mps` and above
    full_speed_mps: float = 100.0
    minimum_speed_mps: float = 15.0  # minimum detectable velocity
    clear_elevation_rad: float = math.radians(2.0)  # above the local ground horizon; from here up no ground in the beam

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for name in ("azimuth_beamwidth_rad", "range_cell_m", "full_speed_mps"):
            if not getattr(self, name) > 0.0:
                raise UseError(f"ClutterModel: {name} = {getattr(self, name)} must be positive")
        for name in ("minimum_speed_mps", "clear_elevation_rad"):
            if not getattr(self, name) >= 0.0:
                raise UseError(f"ClutterModel: {name} = {getattr(self, name)} must not be negative")


KIND_CLUTTER = ClutterModel(improvement_db=70.0, minimum_speed_mps=10.0, clear_elevation_rad=math.radians(1.0))
HARSH_CLUTTER = ClutterModel(improvement_db=50.0, minimum_speed_mps=30.0, clear_elevation_rad=math.radians(3.0))


def visible_by_doppler(radial_speed_mps: ArrayLike, minimum_speed_mps: ArrayLike) -> Bools:
    """Return whether targets move fast enough along the line of sight to be told from the ground [skolnik2008].

    Either sign counts; a look exactly at the minimum detectable velocity is visible. Arguments broadcast.

    >>> visible_by_doppler([-50.0, 14.0, 15.0], 15.0).tolist()
    [True, False, True]
    """
    return np.asarray(np.abs(np.asarray(radial_speed_mps, np.float64)) >= np.asarray(minimum_speed_mps, np.float64))


def shares_beam_with_ground(
    elevation_rad: ArrayLike, horizon_elevation_rad: ArrayLike, model: ClutterModel | None = None
) -> Bools:
    """Return whether targets stand so low over the local ground horizon that their beam holds ground too.

    Elevations above the sensor's horizontal; arguments broadcast. ASSUMED: the clear elevation is 2 degrees.

    >>> shares_beam_with_ground(np.radians([0.5, 2.5]), 0.0).tolist()
    [True, False]
    """
    model = model or ClutterModel()
    above = np.asarray(elevation_rad, np.float64) - np.asarray(horizon_elevation_rad, np.float64)
    return np.asarray(above < model.clear_elevation_rad)


def improvement_db(radial_speed_mps: ArrayLike, model: ClutterModel | None = None) -> Floats:
    """Return by how much the canceller favours a target over the ground, in dB; -inf below the minimum velocity.

    A canceller of two delays has a double notch at zero Doppler, so its response falls as the fourth power of speed
    [skolnik2008]; from `full_speed_mps` up it is full. Blind speeds are left out: staggered pulses fill them.

    >>> np.round(improvement_db([10.0, 50.0, -200.0]), 2).tolist()
    [-inf, 47.96, 60.0]
    """
    model = model or ClutterModel()
    speed_mps = np.abs(np.asarray(radial_speed_mps, np.float64))
    seen = visible_by_doppler(speed_mps, model.minimum_speed_mps) & (speed_mps > 0.0)
    share = np.minimum(np.where(seen, speed_mps, 1.0) / model.full_speed_mps, 1.0)
    return np.where(seen, model.improvement_db + 40.0 * np.log10(share), np.where(np.isnan(speed_mps), np.nan, -np.inf))


def _clutter_m2_at_one_metre_db(model: ClutterModel) -> float:
    return model.sigma0_db + 10.0 * math.log10(model.azimuth_beamwidth_rad * model.range_cell_m)


def signal_to_clutter_db(
    rcs_m2: ArrayLike, radial_speed_mps: ArrayLike, range_m: ArrayLike, model: ClutterModel | None = None
) -> Floats:
    """Return signal over clutter in dB behind the canceller, of targets that share their beam with the ground.

    The clutter is sigma0 times the cell of ground: beam width times range times range cell [skolnik2008]. Arguments
    broadcast; -inf below the minimum detectable velocity. Cross sections and ranges must be positive, else `UseError`.

    >>> round(float(signal_to_clutter_db(0.05, 50.0, 72.8e3)), 1)
    12.8
    """
    model = model or ClutterModel()
    rcs, range_ = np.asarray(rcs_m2, np.float64), np.asarray(range_m, np.float64)
    if np.any(rcs <= 0.0) or np.any(range_ <= 0.0):
        raise UseError("rcs_m2 and range_m must be positive to compare a target with the ground around it")
    echo_db = 10.0 * np.log10(rcs) + improvement_db(radial_speed_mps, model)
    return np.asarray(echo_db - _clutter_m2_at_one_metre_db(model) - 10.0 * np.log10(range_))


def clutter_limited_range_m(
    rcs_m2: ArrayLike, radial_speed_mps: ArrayLike, required_snr_db: ArrayLike, model: ClutterModel | None = None
) -> Floats:
    """Return the range beyond which clutter hides a target that shares its beam with the ground; 0 = always hidden.

    The signal-to-clutter ratio must reach what is required against noise: the residue of clutter is treated as noise.
    Arguments broadcast. It binds only as far out as `shares_beam_with_ground` holds.

    >>> np.round(clutter_limited_range_m(0.05, [50.0, 25.0, 14.0], 12.772) / 1e3, 1).tolist()
    [72.7, 4.5, 0.0]
    """
    at_one_metre_db = signal_to_clutter_db(rcs_m2, radial_speed_mps, 1.0, model)
    return np.asarray(10.0 ** ((at_one_metre_db - np.asarray(required_snr_db, np.float64)) / 10.0))


def signal_to_interference(snr_linear: ArrayLike, signal_to_clutter_linear: ArrayLike) -> Floats:
    """Return signal over noise plus clutter, from the ratios to each; ratios and not dB, which broadcast.

    Zero where either ratio is zero; an infinite signal-to-clutter ratio leaves the noise alone.

    >>> float(signal_to_interference(20.0, 20.0)), float(signal_to_interference(20.0, np.inf))
    (10.0, 20.0)
    """
    snr, scr = np.asarray(snr_linear, np.float64), np.asarray(signal_to_clutter_linear, np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(1.0 / (1.0 / snr + 1.0 / scr))

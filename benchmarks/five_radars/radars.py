"""Five simulated radars: flights in, the plots that they give out, with noise, biases, false plots, and every look.

The beam turns steadily, so each flight is met when the beam points at it; the radars are not in step with each other.
A look is possible inside the instrumented range, above the horizon of a smooth earth with 4/3 of its radius, and below
the cone of silence. All figures of the radars are assumed; biases and phases are drawn from the seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainhome import draws, earth
from chainhome.constants import FOOT_M
from chainhome.motion import index, interpolate
from chainhome.tables import SENSOR_KINDS, Detections, Truth
from five_radars.flights import GAP_S, Flights

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Keys = NDArray[np.uint64]

PRIMARY, SECONDARY, COMBINED = (SENSOR_KINDS.index(name) for name in ("primary", "secondary", "combined"))
SAC = 25
SILENCE_RAD = float(np.radians(50.0))
NEAREST_M = 1_000.0
ADDRESS_SHARE = 0.95
"""Share of the plots of a Mode S radar that have an address; the others are of an older reply, or of an echo alone."""
LEVEL_M = 25.0 * FOOT_M
# What the weather and the altimeters do to pressure altitude: assumed.
PRESSURE_OFFSET_M, PRESSURE_SCALE, ALTIMETER_M = 100.0, 0.01, 25.0
# Names of the draws, so that each has its own luck.
_PHASE, _BIAS, _SEEN, _NOISE, _REPLY, _FALSE, _WEATHER, _OWN = range(8)


@dataclass(frozen=True)
class Radar:
    """One radar: where it stands, how it turns, how well it measures; `replies` is "mode_s", "ssr" or "none"."""

    name: str
    lat_deg: float
    lon_deg: float
    height_m: float
    period_s: float
    range_sigma_m: float
    azimuth_sigma_deg: float
    detection_probability: float
    clutter_per_scan: float
    max_range_m: float
    replies: str = "mode_s"
    echoes: bool = True

    @property
    def kind(self) -> str:
        """The word of a sensors file."""
        return "primary" if self.replies == "none" else "combined" if self.echoes else "secondary"


NETWORKS: dict[str, tuple[Radar, ...]] = {
    "switzerland": (
        Radar("West", 46.43, 6.10, 1680.0, 4.0, 50.0, 0.08, 0.95, 30.0, 230e3),
        Radar("North", 47.90, 8.00, 1200.0, 8.0, 40.0, 0.07, 0.97, 40.0, 250e3),
        Radar("East", 47.30, 10.60, 1500.0, 10.0, 30.0, 0.06, 0.96, 2.0, 250e3, echoes=False),
        Radar("South", 45.90, 8.80, 1200.0, 6.0, 60.0, 0.10, 0.93, 30.0, 220e3),
        Radar("Centre", 46.80, 8.20, 2100.0, 12.0, 70.0, 0.12, 0.90, 50.0, 200e3, replies="none"),
    ),
    "quickstart": (
        Radar("Centre", 48.72, 2.38, 110.0, 4.0, 50.0, 0.08, 0.95, 30.0, 200e3),
        Radar("North", 49.90, 2.30, 180.0, 8.0, 40.0, 0.07, 0.97, 40.0, 250e3),
        Radar("East", 48.90, 4.20, 260.0, 10.0, 30.0, 0.06, 0.96, 2.0, 250e3, echoes=False),
        Radar("West", 48.80, 0.90, 280.0, 6.0, 60.0, 0.10, 0.93, 30.0, 220e3),
        Radar("South", 47.90, 2.50, 200.0, 12.0, 70.0, 0.12, 0.90, 50.0, 200e3, replies="none"),
    ),
}


@dataclass(frozen=True, eq=False)
class Seen:
    """What the radars gave: plots with their true flight, all possible looks, and the biases that were put in."""

    plots: Detections
    """In the order of the time that stands in them; `target_id` is the flight, -1 = a false plot."""
    look_time_s: Floats
    look_flight: Ints
    look_radar: Ints
    look_detected: Bools
    bias: Floats
    """(radars, 3) of range in m, azimuth in rad, time in s: what was added."""


def frame_of(radar: Radar) -> earth.Frame:
    """Return the radar's own east-north-up frame."""
    return earth.enu_frame(np.radians(radar.lat_deg), np.radians(radar.lon_deg), radar.height_m)


def biases(radars: tuple[Radar, ...], seed: int) -> Floats:
    """Return (radars, 3): 1 to 3 sigma in range and azimuth, either way, and 0 to 0.3 s in time."""
    keys = draws.key(seed, _BIAS, np.arange(len(radars)))
    sigma = np.array([[radar.range_sigma_m, np.radians(radar.azimuth_sigma_deg)] for radar in radars])
    size = 1.0 + 2.0 * np.column_stack([draws.uniform(keys, lane) for lane in (0, 1)])
    sign = np.where(np.column_stack([draws.uniform(keys, lane) for lane in (2, 3)]) < 0.5, -1.0, 1.0)
    return np.column_stack([sign * size * sigma, 0.3 * draws.uniform(keys, 4)])


def observe(flights: Flights, radars: tuple[Radar, ...], seed: int) -> Seen:
    """Return what the radars see of the flights, and their false plots."""
    table = index(flights.truth, gap_s=GAP_S)
    bias = biases(radars, seed)
    parts, looks = [], []
    for number, radar in enumerate(radars):
        start = radar.period_s * float(draws.uniform(draws.key(seed, _PHASE, number)))
        time, flight, scan = _passes(flights.truth, flights.world, radar, start)
        position, _ = interpolate(table, flight, time)
        there = np.isfinite(position[:, 0])
        time, flight, scan, position = time[there], flight[there], scan[there], position[there]
        at = earth.measure(position, frame_of(radar), flights.world)
        height = earth.enu_to_geodetic(flights.world, position)[2]
        seen = possible(radar, at[0], at[2], height)
        time, flight, scan, height = time[seen], flight[seen], scan[seen], height[seen]
        hit = draws.uniform(draws.key(seed, _SEEN, number, flight, scan)) < radar.detection_probability
        looks.append((time, flight, np.full(len(time), number), hit))
        keys = draws.key(seed, _NOISE, number, flight[hit], scan[hit])
        real = _plots(radar, number, time[hit], at[0][seen][hit], at[1][seen][hit], keys)
        given = _replies(radar, flights.address, flight[hit], height[hit], keys, seed)
        real = Detections.make(**{name: getattr(real, name) for name in POLAR}, **given, target_id=flight[hit])
        false = _false_plots(radar, number, start, flights.truth, seed)
        parts.append(_biased(Detections.concat([real, false]), bias[number]))
    plots = Detections.concat(parts)
    plots = plots[np.lexsort([plots.sensor_id, np.rint(plots.time_s * 128.0)])]
    time, flight, number_of, hit = (np.concatenate(column) for column in zip(*looks, strict=True))
    return Seen(plots, time, flight, number_of, hit, bias)


POLAR = ("time_s", "sensor_id", "range_m", "azimuth_rad")


def possible(radar: Radar, range_m: Floats, elevation_rad: Floats, height_m: Floats) -> Bools:
    """Return where the radar can see: in its range, above the horizon, outside the cone of silence."""
    far = np.asarray(earth.horizon_range_m(radar.height_m, np.maximum(height_m, 0.0)))
    inside = (range_m >= NEAREST_M) & (range_m <= radar.max_range_m) & (range_m <= far)
    return np.asarray(inside & (elevation_rad < SILENCE_RAD))


def _passes(truth: Truth, world: earth.Frame, radar: Radar, start_s: float) -> tuple[Floats, Ints, Ints]:
    """Return when the beam passes over which flight, and the number of the scan since the day's beginning.

    How often the beam has passed over a flight grows steadily between two rows of the truth; a pass is where it is a
    whole number.
    """
    position = np.column_stack([truth.x_m, truth.y_m, truth.z_m])
    azimuth = earth.measure(position, frame_of(radar), world)[1]
    times, owners, scans = [], [], []
    starts = np.flatnonzero(np.diff(truth.target_id, prepend=-1))
    for first, end in zip(starts, np.append(starts[1:], len(truth)), strict=True):
        t = truth.time_s[first:end]
        passed = (t - start_s) / radar.period_s - np.unwrap(azimuth[first:end]) / (2.0 * np.pi)
        passed = np.maximum.accumulate(passed)
        number = np.arange(np.ceil(passed[0]), np.floor(passed[-1]) + 1.0)
        times.append(np.interp(number, passed, t))
        owners.append(np.full(len(number), truth.target_id[first]))
        scans.append(number)
    return np.concatenate(times), np.concatenate(owners), np.concatenate(scans).astype(np.int64)


def _plots(radar: Radar, number: int, time: Floats, range_m: Floats, azimuth: Floats, keys: Keys) -> Detections:
    return Detections.make(
        time_s=time,
        sensor_id=np.full(len(time), number),
        range_m=range_m + radar.range_sigma_m * draws.normal(keys, 0),
        azimuth_rad=azimuth + np.radians(radar.azimuth_sigma_deg) * draws.normal(keys, 1),
    )


def _replies(radar: Radar, address: Ints, flight: Ints, height_m: Floats, keys: Keys, seed: int) -> dict[str, Any]:
    """Return what the transponder said in each plot: most say all, some only an old code, some are echoes alone."""
    luck = draws.uniform(keys, 2)
    none = radar.replies == "none"
    named = (luck < ADDRESS_SHARE) & (radar.replies == "mode_s")
    # An echo alone is only possible where the radar hears echoes at all.
    alone = none | (radar.echoes & ~named & (luck > 0.5 * (1.0 + ADDRESS_SHARE)))
    both = radar.echoes & ~alone & (draws.uniform(keys, 3) < 0.8)
    own = draws.normal(draws.key(seed, _OWN, address[flight]))
    weather = draws.normal(draws.key(seed, _WEATHER, np.arange(2)))
    pressure_m = height_m * (1.0 - PRESSURE_SCALE * weather[0]) - PRESSURE_OFFSET_M * weather[1] + ALTIMETER_M * own
    code = draws.key(seed, _REPLY, address[flight]) % np.uint64(4096)
    return {
        "kind": np.select([alone, both], [PRIMARY, COMBINED], SECONDARY),
        "flight_level_m": np.where(alone, np.nan, np.rint(pressure_m / LEVEL_M) * LEVEL_M),
        "mode_3a": np.where(alone, -1, _octal(code.astype(np.int64))),
        "mode_s_address": np.where(named, address[flight], -1),
    }


def _octal(code: Ints) -> Ints:
    return np.asarray(sum((code >> (3 * digit) & 7) * 10**digit for digit in range(4)), np.int64)


def _false_plots(radar: Radar, number: int, start_s: float, truth: Truth, seed: int) -> Detections:
    """Return false plots even in range and azimuth: echoes, or replies with a random code and height."""
    first, last = float(truth.time_s.min()), float(truth.time_s.max())
    scan = np.arange(np.floor((first - start_s) / radar.period_s), np.ceil((last - start_s) / radar.period_s))
    count = draws.poisson(draws.key(seed, _FALSE, number, scan), radar.clutter_per_scan)
    of = np.repeat(scan, count)
    keys = draws.key(seed, _FALSE, number, of, np.arange(len(of)))
    turn = draws.uniform(keys, 1)
    time = start_s + radar.period_s * (of + turn)
    replied = radar.kind == "secondary"
    level_m = np.rint(12_000.0 * draws.uniform(keys, 3) / LEVEL_M) * LEVEL_M
    code = _octal((4096 * draws.uniform(keys, 4)).astype(np.int64))
    false = Detections.make(
        len(of),
        time_s=time,
        sensor_id=number,
        kind=SECONDARY if replied else PRIMARY,
        range_m=NEAREST_M + (radar.max_range_m - NEAREST_M) * draws.uniform(keys, 2),
        azimuth_rad=2.0 * np.pi * turn,
        flight_level_m=level_m if replied else np.nan,
        mode_3a=code if replied else -1,
    )
    return false[(time >= first) & (time <= last)]


def _biased(plots: Detections, bias: Floats) -> Detections:
    columns = {name: getattr(plots, name) for name in Detections.columns()}
    columns["range_m"] = np.maximum(plots.range_m + bias[0], 1.0)
    columns["azimuth_rad"] = np.mod(plots.azimuth_rad + bias[1], 2.0 * np.pi)
    columns["time_s"] = plots.time_s + bias[2]
    return Detections.make(**columns)

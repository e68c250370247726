"""The scenes of the tracking benchmark: a name, a number and a seed in, the truth and the plots of one radar out.

The world is flat and Cartesian (x east, y north, z up); the radar stands at the origin, 30 m high, and gives all plots
of a scan the same time. False plots are Poisson in number and uniform in range, azimuth (over the region in which the
aircraft fly) and elevation from 0 to 6 degrees, the band that holds an aircraft 12 km high from 115 km on; so their
density is one number, which every tracker is told. The aircraft begin uniformly in range and azimuth.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from tracking.flights import AIRLINER, FIGHTER, FORMATION, TURN, FlightClass, Floats, Ints, Region, Span, fly

ANTENNA_M = 30.0
PERIOD_S = 5.0
SCANS = 120
SIGMA = (50.0, float(np.radians(0.15)), float(np.radians(0.30)))
DETECTION_PROBABILITY = 0.9
CLUTTER_ELEVATION_RAD = (0.0, float(np.radians(6.0)))
LEAST_LIFE_SCANS = 20
FORMATION_SPACING_M = 1_500.0

ALL_ROUND = Region((5e3, 399e3), (0.0, TURN))
DENSE = Region((120e3, 180e3), (0.5, 0.9))  # 60 km deep and, at 150 km, 60 km wide
FORMATION_REGION = Region((40e3, 260e3), (0.0, TURN))
QUARTER = Region(ALL_ROUND.range_m, (0.0, TURN / 4.0))
_CODES = {"main": 1, "dense": 2, "formation": 3, "scale": 4}


@dataclass(frozen=True, eq=False)
class Scene:
    """Truth and plots of one radar over all scans."""

    name: str
    kind: str
    seed: int
    scans: int
    region: Region
    clutter_per_scan: float
    """Mean number of false plots in a scan."""
    truth: Floats
    """(k, 8) scan, id, x, y, z, vx, vy, vz: one row for each living aircraft and scan, sorted by scan."""
    plots: Floats
    """(m, 4) scan, range in m, azimuth from north clockwise in [0, 2 pi), elevation; sorted by scan."""
    plot_truth: Ints
    """(m,) the aircraft behind each plot, -1 = false; for scoring identity only."""
    period_s: float = PERIOD_S
    antenna_m: float = ANTENNA_M
    sigma: tuple[float, float, float] = SIGMA
    """Standard deviations of range in m, azimuth and elevation in radians."""
    detection_probability: float = DETECTION_PROBABILITY
    clutter_elevation_rad: Span = CLUTTER_ELEVATION_RAD

    @property
    def clutter_density(self) -> float:
        """False plots per scan, metre and radian squared."""
        spans = (self.region.range_m, self.region.azimuth_rad, self.clutter_elevation_rad)
        return self.clutter_per_scan / float(np.prod([high - low for low, high in spans]))

    def plots_at(self, scan: int) -> Floats:
        """Return the plots (m, 3) of one scan: range, azimuth, elevation."""
        first, last = np.searchsorted(self.plots[:, 0], [scan, scan + 1])
        return self.plots[first:last, 1:]

    def digest(self) -> str:
        """Return a hash of everything that a tracker or a score can see."""
        facts = (self.kind, self.scans, self.region, self.clutter_per_scan, self.period_s, self.antenna_m, self.sigma)
        digest = hashlib.sha256(repr((facts, self.detection_probability, self.clutter_elevation_rad)).encode())
        for column in (self.truth, self.plots, self.plot_truth):
            digest.update(column.tobytes())
        return digest.hexdigest()


def main_scene(aircraft: int, seed: int, *, scans: int = SCANS) -> Scene:
    """Return the main scene: half fighters, half airliners, 5 to 400 km, half as many false plots as aircraft."""
    rng = _generator("main", aircraft, seed)
    states = fly([FIGHTER, AIRLINER], np.arange(aircraft) % 2, ALL_ROUND, scans, PERIOD_S, rng)
    truth = _truth(states, rng)
    return _observed(f"main-{aircraft}", "main", seed, scans, ALL_ROUND, aircraft / 2.0, truth, rng)


def dense_scene(seed: int, *, aircraft: int = 50, clutter: float = 200.0, scans: int = SCANS) -> Scene:
    """Return the dense scene: all aircraft and all false plots in a piece of sky 60 km deep and 60 km wide."""
    rng = _generator("dense", aircraft, seed)
    states = fly([FIGHTER, AIRLINER], np.arange(aircraft) % 2, DENSE, scans, PERIOD_S, rng)
    return _observed("dense", "dense", seed, scans, DENSE, clutter, _truth(states, rng), rng)


def formation_scene(seed: int, *, formations: int = 4, scans: int = SCANS) -> Scene:
    """Return formations of four, 1.5 km apart, alive all the time: boxes and echelons in turn.

    Members keep their place relative to the leader in the fixed frame: they all fly the leader's velocity and turn at
    the same moment, each on its own circle. The clutter is half the number of aircraft, over the whole disc of 260 km.
    """
    rng = _generator("formation", formations, seed)
    leaders = fly([FORMATION], np.zeros(formations, np.int64), FORMATION_REGION, scans, PERIOD_S, rng)
    box = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    echelon = np.arange(4)[:, None] * np.sqrt([[0.5, 0.5]])
    facing = rng.uniform(0.0, TURN, formations)
    states = np.repeat(leaders, 4, axis=0)
    for f in range(formations):
        c, s = np.cos(facing[f]), np.sin(facing[f])
        places = FORMATION_SPACING_M * (box if f % 2 == 0 else echelon) @ np.array([[c, s], [-s, c]])
        states[4 * f : 4 * f + 4, :, :2] += places[:, None]
    n = len(states)
    truth = _rows(states, np.zeros(n, np.int64), np.full(n, scans))
    return _observed("formation", "formation", seed, scans, FORMATION_REGION, n / 2.0, truth, rng)


def scale_scene(aircraft: int, seed: int, *, quarters: int = 4, scans: int = SCANS) -> Scene:
    """Return many aircraft at a density that does not depend on `quarters`: each quarter holds `aircraft / quarters`.

    A quarter is 90 degrees of azimuth at 5 to 399 km; four of them, turned, fill the disc. So 1,000 in one quarter and
    4,000 in four have the same density, and the same ranges.
    """
    rng = _generator("scale", aircraft, seed)
    each = aircraft // quarters
    flown = []
    for quarter in range(quarters):
        states = fly([FIGHTER, AIRLINER], np.arange(each) % 2, QUARTER, scans, PERIOD_S, rng)
        c, s = np.cos(quarter * TURN / 4.0), np.sin(quarter * TURN / 4.0)
        clockwise = np.array([[c, -s], [s, c]])
        for first in (0, 3):
            states[:, :, first : first + 2] = states[:, :, first : first + 2] @ clockwise
        flown.append(states)
    region = Region(QUARTER.range_m, (0.0, quarters * TURN / 4.0))
    truth = _truth(np.concatenate(flown), rng)
    return _observed(f"scale-{aircraft}", "scale", seed, scans, region, each * quarters / 2.0, truth, rng)


def _generator(kind: str, number: int, seed: int) -> np.random.Generator:
    return np.random.default_rng([20260, _CODES[kind], number, seed])


def _truth(states: Floats, rng: np.random.Generator) -> Floats:
    """Return truth rows in which 30 % are born late and 20 % end early, each living 20 scans at least."""
    n, scans = states.shape[:2]
    first, end = np.zeros(n, np.int64), np.full(n, scans)
    late = rng.permutation(n)[: round(0.3 * n)]
    first[late] = rng.integers(scans // 12, scans // 2, len(late))
    early = rng.permutation(n)[: round(0.2 * n)]
    end[early] = rng.integers(scans // 3, scans - scans // 12, len(early))
    end = np.minimum(np.maximum(end, first + LEAST_LIFE_SCANS), scans)
    return _rows(states, first, end)


def _rows(states: Floats, first: Ints, end: Ints) -> Floats:
    scan = np.arange(states.shape[1])
    alive = (scan >= first[:, None]) & (scan < end[:, None])
    at, who = np.nonzero(alive.T)
    return np.column_stack([at, who, states[who, at]])


def polar(position: Floats, antenna_m: float = ANTENNA_M) -> Floats:
    """Return range, azimuth from north clockwise and elevation (n, 3) of positions (n, 3)."""
    x, y, z = position[:, 0], position[:, 1], position[:, 2] - antenna_m
    flat = np.hypot(x, y)
    return np.column_stack([np.hypot(flat, z), np.arctan2(x, y) % TURN, np.arctan2(z, flat)])


def _observed(
    name: str, kind: str, seed: int, scans: int, region: Region, clutter: float, truth: Floats, rng: np.random.Generator
) -> Scene:
    """Return the scene with its plots drawn, in an order within each scan that says nothing."""
    seen = truth[rng.uniform(size=len(truth)) < DETECTION_PROBABILITY]
    real = polar(seen[:, 2:5]) + rng.normal(size=(len(seen), 3)) * SIGMA
    when = np.repeat(np.arange(scans), rng.poisson(clutter, scans))
    spans = (region.range_m, region.azimuth_rad, CLUTTER_ELEVATION_RAD)
    false = np.column_stack([rng.uniform(*span, len(when)) for span in spans])
    measured = np.concatenate([real, false])
    measured[:, 1] %= TURN
    scan = np.concatenate([seen[:, 0], when])
    who = np.concatenate([seen[:, 1].astype(np.int64), np.full(len(when), -1)])
    order = np.lexsort([rng.uniform(size=len(scan)), scan])
    plots = np.column_stack([scan, measured])[order]
    return Scene(name, kind, seed, scans, region, clutter, truth, plots, who[order])


FLIGHT_CLASSES: dict[str, FlightClass] = {"fighter": FIGHTER, "airliner": AIRLINER, "formation": FORMATION}

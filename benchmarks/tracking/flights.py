"""Aircraft that fly honestly over a flat world: classes and a region in, states at every scan out.

Horizontal speed is constant; a turn is an arc at constant centripetal acceleration (the g figures of the classes), so
position, velocity and heading belong together exactly. Height moves between levels with a limited climb rate and a
limited vertical acceleration. Near the edge of its region an aircraft turns back; one that still leaves it is drawn
again as a whole.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Span = tuple[float, float]

GRAVITY_MPS2 = 9.80665
TURN = 2.0 * np.pi
SUBSTEPS_PER_SCAN = 10
HOME_RAD = 0.3  # turning back ends when the centre is this near to straight ahead
ATTEMPTS = 400


class FlightClass(NamedTuple):
    """How one kind of aircraft flies; each pair is the span of a uniform draw."""

    speed_mps: Span
    turn_g: Span
    turn_rad: Span
    leg_s: Span
    height_m: Span
    climb_mps: Span
    level_s: Span
    vertical_g: float


FIGHTER = FlightClass(
    (200.0, 400.0), (0.5, 4.0), (0.5, 3.1), (20.0, 90.0), (500.0, 12e3), (20.0, 100.0), (20.0, 90.0), 0.5
)
AIRLINER = FlightClass(
    (150.0, 260.0), (0.1, 0.4), (0.25, 1.6), (60.0, 240.0), (3e3, 12e3), (4.0, 12.0), (60.0, 240.0), 0.05
)
FORMATION = FIGHTER._replace(speed_mps=(200.0, 300.0), turn_g=(0.5, 2.0), leg_s=(30.0, 120.0))


class Region(NamedTuple):
    """A piece of the sky in ground range and in azimuth from north clockwise; a span of 2 pi is all round."""

    range_m: Span
    azimuth_rad: Span

    @property
    def all_round(self) -> bool:
        """Whether the region has no edges in azimuth."""
        return self.azimuth_rad[1] - self.azimuth_rad[0] >= TURN

    def inside(self, x: Floats, y: Floats) -> Bools:
        """Return which points (east, north) lie in the region."""
        reach = np.hypot(x, y)
        within = (reach >= self.range_m[0]) & (reach <= self.range_m[1])
        if self.all_round:
            return within
        first, last = self.azimuth_rad
        return within & ((np.arctan2(x, y) - first) % TURN <= last - first)

    def centre(self) -> tuple[float, float]:
        """Return the point (east, north) to which an aircraft at the edge turns: the radar when all round."""
        if self.all_round:
            return 0.0, 0.0
        reach, azimuth = sum(self.range_m) / 2.0, sum(self.azimuth_rad) / 2.0
        return float(reach * np.sin(azimuth)), float(reach * np.cos(azimuth))


class _Limits(NamedTuple):
    """The spans of every aircraft: (n,) each, or (2, n) for low and high."""

    speed_mps: Floats
    turn_g: Floats
    turn_rad: Floats
    leg_s: Floats
    height_m: Floats
    climb_mps: Floats
    level_s: Floats
    vertical_g: Floats


def fly(
    classes: list[FlightClass], kind: Ints, region: Region, scans: int, period_s: float, rng: np.random.Generator
) -> Floats:
    """Return states (n, scans, 6): x, y, z, vx, vy, vz; aircraft i is of class `classes[kind[i]]`."""
    states = np.empty((len(kind), scans, 6))
    left = np.arange(len(kind))
    for _ in range(ATTEMPTS):
        rows = [classes[k] for k in kind[left]]
        limits = _Limits(*(np.array(column).T for column in zip(*rows, strict=True)))
        flown, stayed = _attempt(limits, region, scans, period_s / SUBSTEPS_PER_SCAN, rng)
        states[left[stayed]] = flown[stayed]
        left = left[~stayed]
        if not len(left):
            return states
    raise RuntimeError(f"{len(left)} of {len(kind)} aircraft left {region} in each of {ATTEMPTS} attempts")


def _attempt(limits: _Limits, region: Region, scans: int, dt: float, rng: np.random.Generator) -> tuple[Floats, Bools]:
    """Return flights (n, scans, 6) and which of them never left the region."""
    n = len(limits.vertical_g)
    reach, azimuth = rng.uniform(*region.range_m, n), rng.uniform(*region.azimuth_rad, n)
    x, y, z = reach * np.sin(azimuth), reach * np.cos(azimuth), _draw(rng, limits.height_m)
    heading, speed = rng.uniform(0.0, TURN, n), _draw(rng, limits.speed_mps)
    home_g = rng.uniform(0.6, 1.0, n) * limits.turn_g[1]
    rate, left_s, homing = np.zeros(n), rng.uniform(0.0, 1.0, n) * limits.leg_s[1], np.zeros(n, np.bool_)
    climb, climb_mps, goal, level_s = np.zeros(n), np.zeros(n), z.copy(), rng.uniform(0.0, 1.0, n) * limits.level_s[1]
    flown, stayed = np.empty((n, scans, 6)), np.ones(n, np.bool_)
    for step in range((scans - 1) * SUBSTEPS_PER_SCAN + 1):
        stayed &= region.inside(x, y)
        if step % SUBSTEPS_PER_SCAN == 0:
            columns = (x, y, z, speed * np.sin(heading), speed * np.cos(heading), climb)
            flown[:, step // SUBSTEPS_PER_SCAN] = np.stack(columns, 1)
        rate, left_s = _next_leg(limits, rate, left_s, speed, dt, rng)
        rate, left_s, homing = _turn_back(limits, region, (x, y, heading, speed), home_g, rate, left_s, homing)
        half = 0.5 * rate * dt
        along = speed * dt * np.sinc(half / np.pi)
        x, y = x + along * np.sin(heading + half), y + along * np.cos(heading + half)
        heading = (heading + rate * dt) % TURN
        left_s = left_s - dt
        before = climb
        climb, climb_mps, goal, level_s = _next_climb(limits, z, climb, climb_mps, goal, level_s, dt, rng)
        z = z + 0.5 * (before + climb) * dt
    return flown, stayed


def _draw(rng: np.random.Generator, span: Floats) -> Floats:
    """Return one uniform draw (n,) for each column of low and high (2, n)."""
    return np.asarray(rng.uniform(span[0], span[1]), np.float64)


def _next_leg(
    limits: _Limits, rate: Floats, left_s: Floats, speed: Floats, dt: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return turn rates and the seconds left of them: a turn follows a straight leg and the other way round."""
    over = np.flatnonzero(left_s <= 0.0)
    if not len(over):
        return rate, left_s
    rate, left_s = rate.copy(), left_s.copy()
    side = rng.choice([-1.0, 1.0], len(over))
    turning = side * _draw(rng, limits.turn_g[:, over]) * GRAVITY_MPS2 / speed[over]
    lasts = _draw(rng, limits.turn_rad[:, over]) / np.abs(turning)
    straight = _draw(rng, limits.leg_s[:, over])
    begins = rate[over] == 0.0
    rate[over] = np.where(begins, turning, 0.0)
    left_s[over] = np.maximum(np.where(begins, lasts, straight), dt)
    return rate, left_s


def _turn_back(
    limits: _Limits,
    region: Region,
    place: tuple[Floats, Floats, Floats, Floats],
    home_g: Floats,
    rate: Floats,
    left_s: Floats,
    homing: Bools,
) -> tuple[Floats, Floats, Bools]:
    """Return turn rates that bring back those who are about to leave."""
    x, y, heading, speed = place
    ahead_m = 1.7 * speed**2 / (home_g * GRAVITY_MPS2)
    east, north = region.centre()
    bearing = np.arctan2(east - x, north - y)
    off = (bearing - heading + np.pi) % TURN - np.pi
    px, py = x + ahead_m * np.sin(heading), y + ahead_m * np.cos(heading)
    leaving = np.hypot(px, py) > region.range_m[1] if region.all_round else ~region.inside(px, py)
    starts = leaving & ~homing & (np.abs(off) > HOME_RAD)
    ends = homing & (np.abs(off) <= HOME_RAD)
    turning = np.where(off < 0.0, -1.0, 1.0) * home_g * GRAVITY_MPS2 / speed
    rate = np.where(starts, turning, np.where(ends, 0.0, rate))
    left_s = np.where(starts, np.inf, np.where(ends, limits.leg_s[0], left_s))
    return rate, left_s, (homing | starts) & ~ends


def _next_climb(
    limits: _Limits,
    z: Floats,
    climb: Floats,
    climb_mps: Floats,
    goal: Floats,
    level_s: Floats,
    dt: float,
    rng: np.random.Generator,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return vertical speeds and plans: hold a level, then climb or dive to another one."""
    over = np.flatnonzero(level_s <= 0.0)
    if len(over):
        climb_mps, goal, level_s = climb_mps.copy(), goal.copy(), level_s.copy()
        goal[over] = _draw(rng, limits.height_m[:, over])
        climb_mps[over] = _draw(rng, limits.climb_mps[:, over])
        level_s[over] = np.abs(goal[over] - z[over]) / climb_mps[over] + _draw(rng, limits.level_s[:, over])
    most = limits.vertical_g * GRAVITY_MPS2
    gap = goal - z
    wanted = np.sign(gap) * np.minimum(climb_mps, np.sqrt(most * np.abs(gap)))
    wanted = np.where(np.abs(gap) < 1.0, 0.0, wanted)
    return climb + np.clip(wanted - climb, -most * dt, most * dt), climb_mps, goal, level_s - dt

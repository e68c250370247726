"""The path over ground of a route: geodesic legs joined by arcs, and where a traveller is on it at a time.

Waypoints and speeds go in and become pieces (straight, arc, straight, ...); times go in and become latitude, longitude,
course, speed and distance flown. Heights are the business of `climb`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chainhome import earth
from chainhome.constants import STANDARD_GRAVITY_MPS2
from chainhome.errors import UseError
from chainhome.tables import Floats, Ints

STRAIGHT_ON_RAD = 1e-6
"""A smaller change of course is flown as none: even at the end of a 1,000 km leg it moves nobody by more than 1 m."""

COURSE_FROM_ANCHOR_M = 1.0
"""Nearer to its anchor than this, the course along a geodesic is its bearing at the anchor."""


class Pieces(NamedTuple):
    """The path piece by piece, two for each leg: its straight, then the arc at its end.

    A straight is the geodesic from waypoint `anchor` along `bearing`, from `offset` on. An arc is drawn in the
    azimuthal equidistant plane of its waypoint, in which both legs are straight lines through the origin: `bearing`
    points back along the arriving leg and `offset` is how early the turn begins. That plane is true to 1e-6 ten
    kilometres out.
    """

    anchor: Ints
    bearing_rad: Floats
    offset_m: Floats
    radius_m: Floats
    turn_rad: Floats
    length_m: Floats
    speed_mps: Floats
    acceleration_mps2: Floats
    duration_s: Floats


class OnPath(NamedTuple):
    """Where the traveller is, one array element for each time asked."""

    along_m: Floats
    speed_mps: Floats
    lat_rad: Floats
    lon_rad: Floats
    course_rad: Floats


REVERSAL_RAD = np.radians(170.0)


def turn_radius_m(speed_mps: Floats | float, bank_rad: float) -> Floats:
    """Return the radius in metres of a level, coordinated turn, v² / (g tan bank) [anderson1999].

    >>> round(float(turn_radius_m(231.5, np.radians(30))))
    9465
    """
    return np.asarray(np.square(speed_mps) / (STANDARD_GRAVITY_MPS2 * np.tan(bank_rad)), np.float64)


def pieces(
    lat_rad: Floats, lon_rad: Floats, speed_mps: Floats, repeat: bool, bank_rad: float, max_acceleration_mps2: float
) -> Pieces:
    """Lay the path through waypoints (n,); without `repeat` it ends at the last waypoint, with it at the first turn.

    Raises UseError naming the waypoint when a turn or a change of speed does not fit the leg.

    >>> laid = pieces(np.radians([40, 40, 41.0]), np.radians([32, 33, 33.0]), np.full(3, 200.0), False, 0.5, 3.0)
    >>> np.degrees(laid.turn_rad).round().tolist()  # east, then left to the north
    [0.0, -90.0, 0.0, 0.0]
    """
    n = len(lat_rad)
    here = np.arange(n if repeat else n - 1)
    there = (here + 1) % n
    leg_m, out = earth.inverse(lat_rad[here], lon_rad[here], lat_rad[there], lon_rad[there])
    back = earth.inverse(lat_rad[there], lon_rad[there], lat_rad[here], lon_rad[here])[1]
    for leg in np.flatnonzero(~(leg_m > COURSE_FROM_ANCHOR_M)):
        raise UseError(f"waypoints {leg + 1} and {there[leg] + 1} are the same place or antipodes; no leg joins them")
    turn = np.zeros(n)
    arriving, leaving = (here, there) if repeat else (here[:-1], here[1:])
    turn[leaving] = (out[leaving] - back[arriving]) % (2 * np.pi) - np.pi
    turn[np.abs(turn) < STRAIGHT_ON_RAD] = 0.0
    radius = turn_radius_m(speed_mps, bank_rad)
    lead = radius * np.tan(np.abs(turn) / 2)
    straight = leg_m - lead[here] - lead[there]
    _check_turns(leg_m, straight, lead, turn, radius, speed_mps)
    acceleration = (speed_mps[there] ** 2 - speed_mps[here] ** 2) / (2 * np.maximum(straight, 1e-3))
    _check_accelerations(acceleration, straight, speed_mps, max_acceleration_mps2)
    arc = np.abs(turn) * radius
    none = np.zeros(len(here))
    straights = (here, out, lead[here], none + np.inf, none, straight, speed_mps[here], acceleration)
    arcs = (there, back, lead[there], radius[there], turn[there], arc[there], speed_mps[there], none)
    duration = (2 * straight / (speed_mps[here] + speed_mps[there]), arc[there] / speed_mps[there])
    columns = zip((*straights, duration[0]), (*arcs, duration[1]), strict=True)
    return Pieces(*(np.column_stack(pair).ravel() for pair in columns))


def _check_turns(
    leg_m: Floats, straight: Floats, lead: Floats, turn: Floats, radius: Floats, speed_mps: Floats
) -> None:
    for leg in np.flatnonzero(straight < 0):
        ends = (int(leg), (int(leg) + 1) % len(lead))
        tight = max(ends, key=lambda i: float(lead[i]))
        if abs(turn[tight]) > REVERSAL_RAD:
            raise UseError(
                f"waypoint {tight + 1}: the route turns back by {abs(np.degrees(turn[tight])):.0f}°, which no turn at "
                "the waypoint can do; add waypoints to fly around a race-track"
            )
        raise UseError(
            f"waypoint {tight + 1}: a turn of {abs(np.degrees(turn[tight])):.0f}° at {speed_mps[tight]:.0f} m/s "
            f"(radius {radius[tight] / 1e3:.1f} km) begins {lead[tight] / 1e3:.1f} km before the waypoint and ends as "
            f"far after it, but the leg from waypoint {ends[0] + 1} to {ends[1] + 1} is {leg_m[leg] / 1e3:.1f} km; "
            "add a waypoint to widen the turn, fly slower, or allow more bank"
        )


def _check_accelerations(acceleration: Floats, straight: Floats, speed_mps: Floats, limit_mps2: float) -> None:
    for leg in np.flatnonzero(np.abs(acceleration) > limit_mps2):
        there = (leg + 1) % len(speed_mps)
        raise UseError(
            f"leg from waypoint {leg + 1} to {there + 1}: from {speed_mps[leg]:.0f} to {speed_mps[there]:.0f} m/s "
            f"within {straight[leg] / 1e3:.1f} km takes {abs(acceleration[leg]):.1f} m/s², "
            f"expected at most {limit_mps2:g} m/s²"
        )


def follow(lat_rad: Floats, lon_rad: Floats, laid: Pieces, flown_s: Floats) -> OnPath:
    """Return where the traveller is after each time (m,) since the path's start, from waypoints (n,) and their pieces.

    >>> lat, lon = np.radians([40.0, 41.0]), np.radians([32.0, 32.0])
    >>> laid = pieces(lat, lon, np.array([200.0, 300.0]), False, 0.5, 3.0)
    >>> follow(lat, lon, laid, np.array([0.0, laid.duration_s.sum()])).speed_mps.round(6).tolist()
    [200.0, 300.0]
    """
    begin_s = np.concatenate([[0.0], np.cumsum(laid.duration_s)])
    begin_m = np.concatenate([[0.0], np.cumsum(laid.length_m)])
    last = np.flatnonzero(laid.length_m > 0)[-1]
    k = np.minimum(np.searchsorted(begin_s[1:-1], flown_s, side="right"), last)
    p = Pieces(*(column[k] for column in laid))
    t = np.minimum(flown_s - begin_s[k], p.duration_s)
    s = np.minimum(p.speed_mps * t + 0.5 * p.acceleration_mps2 * t**2, p.length_m)
    bearing, distance, heading = _in_plane(p, s)
    at_lat, at_lon = lat_rad[p.anchor], lon_rad[p.anchor]
    lat, lon = earth.destination(at_lat, at_lon, bearing, distance)
    # Along a geodesic the bearing changes; where it passes the point, it is opposite to the bearing back to its anchor.
    near = distance < COURSE_FROM_ANCHOR_M
    home = earth.inverse(lat, lon, np.where(near, at_lat - np.sign(at_lat) * 1e-3, at_lat), at_lon)[1]
    radial = np.where(near, bearing, home + np.pi)
    course = (radial + heading - bearing) % (2 * np.pi)
    return OnPath(begin_m[k] + s, p.speed_mps + p.acceleration_mps2 * t, lat, lon, course)


def _in_plane(p: Pieces, s: Floats) -> tuple[Floats, Floats, Floats]:
    """Return bearing and distance from the anchor, and heading there, in its azimuthal equidistant plane."""
    side = np.sign(p.turn_rad)
    is_arc = side != 0
    radius = np.where(is_arc, p.radius_m, 1.0)
    inbound = p.bearing_rad + np.pi
    heading = np.where(is_arc, inbound + side * s / radius, p.bearing_rad)
    to_centre, from_centre = inbound + side * np.pi / 2, heading - side * np.pi / 2
    east = p.offset_m * np.sin(p.bearing_rad) + radius * (np.sin(to_centre) + np.sin(from_centre))
    north = p.offset_m * np.cos(p.bearing_rad) + radius * (np.cos(to_centre) + np.cos(from_centre))
    bearing = np.where(is_arc, np.arctan2(east, north), p.bearing_rad)
    distance = np.where(is_arc, np.hypot(east, north), p.offset_m + s)
    return bearing, distance, heading

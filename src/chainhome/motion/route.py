"""Routes: waypoints with heights and speeds become a path that an aircraft could fly, sampled as Truth.

Legs are geodesics of WGS-84. At each waypoint the aircraft turns early (fly-by) on a circular arc that is tangent to
both legs, as wide as the bank limit asks at the waypoint's speed; on the straight between two turns the speed changes
at a constant acceleration. Height is linear along each leg, with parabolas that round the corners at the waypoints.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from chainhome import earth
from chainhome.constants import WGS84_FLATTENING, WGS84_SEMI_MAJOR_M
from chainhome.errors import UseError
from chainhome.motion import climb, path
from chainhome.tables import Floats, Truth


@final
@dataclass(frozen=True, eq=False)
class Route:
    """Waypoints in order, one array element each; `height_m` above mean sea level, `speed_mps` over ground.

    Speed over ground is that of the point beneath the aircraft. With `repeat` the last waypoint joins the first and the
    route is flown again and again, from the point where the turn at the first waypoint ends.
    """

    lat_rad: Floats
    lon_rad: Floats
    height_m: Floats
    speed_mps: Floats
    repeat: bool = False

    def __post_init__(self) -> None:
        """Check the lengths and the speeds."""
        names = ("lat_rad", "lon_rad", "height_m", "speed_mps")
        for name in names:
            object.__setattr__(self, name, np.asarray(getattr(self, name), np.float64))
        shapes = {getattr(self, name).shape for name in names}
        if len(shapes) != 1 or self.lat_rad.ndim != 1:
            raise ValueError(f"the columns of a route have shapes {sorted(shapes)}, expected one shape (n,)")
        if len(self.lat_rad) < 2:
            raise UseError(f"a route has {len(self.lat_rad)} waypoints, expected at least 2")
        for name in names:
            unknown = np.flatnonzero(~np.isfinite(getattr(self, name)))
            if len(unknown):
                raise UseError(f"waypoint {unknown[0] + 1}: {name} is not a number")
        slow = np.flatnonzero(self.speed_mps <= 0)
        if len(slow):
            raise UseError(f"waypoint {slow[0] + 1}: speed = {self.speed_mps[slow[0]]:g} m/s must be positive")


@final
@dataclass(frozen=True)
class FlightLimits:
    """What the aircraft may do: bank, load factor (1 is level flight), acceleration along the path, rate of climb.

    The load factor n bounds the bank, n = 1 / cos bank, and the vertical acceleration, (n - 1) g. The defaults are an
    airliner's usual bank, with margins elsewhere that only refuse what no aircraft of these speeds flies.
    """

    max_bank_rad: float = np.pi / 6
    max_load_factor: float = 2.0
    max_acceleration_mps2: float = 3.0
    max_climb_mps: float = 100.0

    def __post_init__(self) -> None:
        """Check that the aircraft can turn at all."""
        if not (0 < self.max_bank_rad < np.pi / 2 and self.max_load_factor > 1):
            raise UseError(
                f"bank = {np.degrees(self.max_bank_rad):g}° and load factor = {self.max_load_factor:g} leave no turn; "
                "expected a bank between 0° and 90° and a load factor above 1"
            )


def route_truth(
    route: Route,
    target_id: int,
    world: earth.Frame,
    *,
    start_s: float,
    end_s: float,
    step_s: float = 1.0,
    limits: FlightLimits | None = None,
) -> Truth:
    """Fly a route: one Truth row every `step_s` from `start_s`, and one at its end (arrival, or `end_s`).

    Velocity is the derivative of position in the world frame. Raises UseError naming the waypoint or the leg when a
    turn does not fit, or when more acceleration or climb is asked than the limits allow. Turns are coordinated
    [anderson1999]; wind, roll-in and the lag of the autopilot are left out.

    >>> route = Route(np.radians([40.0, 40.5]), np.radians([32.5, 32.5]), np.full(2, 6e3), np.full(2, 230.0))
    >>> world = earth.enu_frame(np.radians(40.0), np.radians(32.5), 0.0)
    >>> rows = route_truth(route, 1, world, start_s=0.0, end_s=1e4)
    >>> round(float(rows.time_s[-1]), 1), len(rows)  # 55.52 km at 230 m/s
    (241.4, 243)
    """
    limits = limits or FlightLimits()
    if not (end_s > start_s and step_s > 0):
        raise UseError(f"a route from {start_s:g} s to {end_s:g} s in steps of {step_s:g} s has no rows")
    lat, lon = route.lat_rad, route.lon_rad
    pieces, profile = _laid(route, limits)
    duration = float(pieces.duration_s.sum())
    flown_s = _clock(end_s - start_s if route.repeat else min(end_s - start_s, duration), step_s)
    on_path = path.follow(lat, lon, pieces, np.mod(flown_s, duration) if route.repeat else flown_s)
    height, slope = climb.height(profile, on_path.along_m)
    position = earth.geodetic_to_enu(world, on_path.lat_rad, on_path.lon_rad, height)
    velocity = _velocity(world, on_path, height, slope * on_path.speed_mps)
    return Truth.make(
        time_s=start_s + flown_s,
        target_id=target_id,
        **dict(zip(("x_m", "y_m", "z_m"), position.T, strict=True)),
        **dict(zip(("vx_mps", "vy_mps", "vz_mps"), velocity.T, strict=True)),
        lat_deg=np.degrees(on_path.lat_rad),
        lon_deg=np.degrees(on_path.lon_rad),
        altitude_m=height,
    )


def check_route(route: Route, limits: FlightLimits) -> None:
    """Raise UseError naming the waypoint or the leg if an aircraft with these limits cannot fly the route.

    >>> north = Route(np.radians([40.0, 41.0]), np.radians([32.0, 32.0]), np.full(2, 6e3), np.full(2, 230.0))
    >>> check_route(north, FlightLimits())
    """
    _laid(route, limits)


def _laid(route: Route, limits: FlightLimits) -> tuple[path.Pieces, climb.Profile]:
    bank = min(limits.max_bank_rad, float(np.arccos(1 / limits.max_load_factor)))
    speed = route.speed_mps
    pieces = path.pieces(route.lat_rad, route.lon_rad, speed, route.repeat, bank, limits.max_acceleration_mps2)
    rise, load = limits.max_climb_mps, limits.max_load_factor
    return pieces, climb.profile(route.height_m, speed, pieces, route.repeat, load, rise)


def _clock(duration_s: float, step_s: float) -> Floats:
    """Return 0, step, 2 step, ... and the end itself."""
    steps: Floats = np.arange(int(duration_s / step_s) + 1, dtype=np.float64) * step_s
    ends_between = duration_s - float(steps[-1]) > 1e-6 * step_s
    return np.concatenate([steps, [duration_s]]) if ends_between else steps


def _velocity(world: earth.Frame, on_path: path.OnPath, height: Floats, climb_mps: Floats) -> Floats:
    """Return velocity (n, 3) in the world frame of a point whose foot moves over the ellipsoid at the path's speed."""
    lat, lon = on_path.lat_rad, on_path.lon_rad
    e2 = WGS84_FLATTENING * (2 - WGS84_FLATTENING)
    w2 = 1 - e2 * np.sin(lat) ** 2
    prime, meridian = WGS84_SEMI_MAJOR_M / np.sqrt(w2), WGS84_SEMI_MAJOR_M * (1 - e2) / w2**1.5
    east = on_path.speed_mps * np.sin(on_path.course_rad) * (1 + height / prime)
    north = on_path.speed_mps * np.cos(on_path.course_rad) * (1 + height / meridian)
    sin_lat, cos_lat, sin_lon, cos_lon = np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)
    outward = climb_mps * cos_lat - north * sin_lat
    ecef = [
        outward * cos_lon - east * sin_lon,
        outward * sin_lon + east * cos_lon,
        climb_mps * sin_lat + north * cos_lat,
    ]
    return np.asarray(np.column_stack(ecef) @ world.rotation.T)

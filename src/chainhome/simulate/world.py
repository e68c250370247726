"""Scenario → what flies and what looks: the Targets, Truth and Sensors tables in one world frame."""

from __future__ import annotations

import numpy as np

from chainhome import earth, motion
from chainhome.scenario import Flight, Replay, Scenario
from chainhome.tables import ORIGINS, SENSOR_KINDS, Sensors, Targets, Truth

TRUTH_STEP_S = 2.0


def world_frame(scenario: Scenario) -> earth.Frame:
    """Return the rigid east-north-up frame at the scenario's origin."""
    return earth.enu_frame(scenario.origin.lat_rad, scenario.origin.lon_rad, scenario.origin.ground_m)


def fly(scenario: Scenario, world: earth.Frame) -> tuple[Targets, Truth]:
    """Return the targets and where they are, every 2 s, from the routes and the recordings of a scenario."""
    parts: list[Truth] = []
    for flight in scenario.flights:
        if flight.start_s >= scenario.length_s:
            parts.append(Truth.make(0))
            continue
        parts.append(
            motion.route_truth(
                flight.route,
                flight.target_id,
                world,
                start_s=flight.start_s,
                end_s=scenario.length_s,
                step_s=TRUTH_STEP_S,
                limits=flight.limits,
            )
        )
    for replay in scenario.replays:
        shipped = motion.SHIPPED[replay.recording]
        flown, _ = shipped.load(world, replay.first_fix_s, replay.target_id, step_s=TRUTH_STEP_S)
        parts.append(flown[(flown.time_s >= 0.0) & (flown.time_s <= scenario.length_s)])
    entries: list[Flight | Replay] = [*scenario.flights, *scenario.replays]
    lives = [(part.time_s.min(), part.time_s.max()) if len(part) else (np.nan, np.nan) for part in parts]
    sent = [entry if isinstance(entry, Flight) else motion.SHIPPED[entry.recording] for entry in entries]
    targets = Targets.make(
        target_id=[entry.target_id for entry in entries],
        name=[entry.name for entry in entries],
        class_name=[entry.figures.key for entry in entries],
        allegiance=[entry.allegiance for entry in entries],
        origin=[ORIGINS.index("simulated" if isinstance(entry, Flight) else "recorded") for entry in entries],
        icao_address=[transponder.icao_address for transponder in sent],
        mode_3a=[transponder.mode_3a for transponder in sent],
        born_s=[life[0] for life in lives],
        gone_s=[life[1] for life in lives],
    )
    return targets, Truth.concat(parts).sorted_by("time_s", "target_id")


def sensors_table(scenario: Scenario, world: earth.Frame) -> Sensors:
    """Return the scenario's radars as a table."""
    posts = scenario.posts
    lat = np.array([post.place.lat_rad for post in posts])
    lon = np.array([post.place.lon_rad for post in posts])
    height = np.array([post.place.ground_m + post.antenna_m for post in posts])
    position = earth.geodetic_to_enu(world, lat, lon, height)
    kinds = ["combined" if post.interrogator is not None else "primary" for post in posts]
    return Sensors.make(
        sensor_id=[post.sensor_id for post in posts],
        name=[post.name for post in posts],
        kind=[SENSOR_KINDS.index(kind) for kind in kinds],
        lat_deg=np.degrees(lat),
        lon_deg=np.degrees(lon),
        height_m=height,
        **dict(zip(("x_m", "y_m", "z_m"), position.T, strict=True)),
        period_s=[post.figures.period_s for post in posts],
        sector_centre_rad=[post.boresight_rad for post in posts],
        sector_width_rad=[post.figures.sector_width_rad for post in posts],
        range_sigma_m=[post.figures.range_sigma_m for post in posts],
        azimuth_sigma_rad=[post.figures.azimuth_sigma_rad for post in posts],
        elevation_sigma_rad=[post.figures.elevation_sigma_rad for post in posts],
        max_range_m=[_max_range_m(post.figures.instrumented_m, post.figures.reference_range_m) for post in posts],
    )


def _max_range_m(instrumented_m: float, reference_m: float) -> float:
    """Return the instrumented range, or twice the reference range where none is published."""
    return instrumented_m if np.isfinite(instrumented_m) else 2.0 * reference_m

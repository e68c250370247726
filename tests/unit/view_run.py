"""A small run made by hand for the tests of the page: every kind of thing that the page shows, at known places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chainhome import earth
from chainhome.catalogue import content_hash
from chainhome.formats.run_folder import Run
from chainhome.tables import (
    Detections,
    Events,
    Evidence,
    Floats,
    Identities,
    Scores,
    Sensors,
    Targets,
    Tracks,
    Truth,
)

LAT_DEG, LON_DEG, GROUND_M, ANTENNA_M = 40.0789, 32.5656, 836.394, 24.0
PERIOD_S, LENGTH_S, STEP_S = 12.0, 600.0, 2.0
SECTOR_CENTRE_RAD, SECTOR_WIDTH_RAD = np.radians(300.0), np.radians(90.0)
UNKNOWN, FRIEND, NEUTRAL, HOSTILE = range(4)
NAMES = ("Falcon", "Visitor", "Intruder", "Stranger", "Late")
ALLEGIANCES = (FRIEND, NEUTRAL, HOSTILE, NEUTRAL, HOSTILE)
# East and north, km, at the start; speed east and north, m/s; height, m; born.
FLIGHTS = (
    (-80.0, 60.0, 200.0, -60.0, 7000.0, 0.0),
    (40.0, -90.0, -150.0, 150.0, 11000.0, 0.0),
    (60.0, 50.0, -180.0, -120.0, 2500.0, 60.0),
    (-120.0, -40.0, 0.0, 230.0, 9000.0, 0.0),
    (20.0, 110.0, 50.0, -200.0, 5000.0, 400.0),
)
SCENARIO = """
title   = "A small run"
start   = 2024-05-01T06:00:00Z
length  = "10 min"
origin  = "murted"
terrain = "anatolia"

[[battery]]
name      = "North"
system    = "s-400"
site      = "murted"
antenna   = "24 m"
boresight = "300 deg"
engagement = { period = "10 s" }

[[aircraft]]
name = "Falcon"
class = "f-16"
allegiance = "friend"
route = [
  { lat = 40.6, lon = 31.6, height = "7 km", speed = "400 kt" },
  { lat = 40.0, lon = 33.0, height = "7 km", speed = "400 kt" },
]
"""


def made_run(**record: Any) -> Run:
    """Return the run; keywords replace parts of its record."""
    world = earth.enu_frame(np.radians(LAT_DEG), np.radians(LON_DEG), GROUND_M)
    truth = Truth.concat([_flight(row, world) for row in range(len(FLIGHTS))]).sorted_by("time_s", "target_id")
    plots, tracks = _plots_and_tracks(truth, world)
    tables = {
        "targets": Targets.make(
            target_id=np.arange(len(NAMES)), name=NAMES, class_name="f-16", allegiance=ALLEGIANCES, origin=0,
            born_s=[flight[5] for flight in FLIGHTS], gone_s=LENGTH_S,
        ),
        "sensors": _sensors(), "truth": truth, "detections": plots, "tracks": tracks,
        "identities": _identities(), "evidence": _evidence(), "events": _events(), "scores": _scores(),
    }  # fmt: skip
    told: dict[str, Any] = {
        "format": "chainhome run 1", "title": "A small run", "seed": 7, "epoch_utc": "2024-05-01T06:00:00Z",
        "length_s": LENGTH_S, "terrain": "anatolia", "preset": "middle", "status": "complete",
        "catalogue_hash": content_hash(), "versions": {"chainhome": "test"},
        "origin": {"name": "Mürted", "lat_deg": LAT_DEG, "lon_deg": LON_DEG, "height_m": GROUND_M},
        "assumptions": ["The routes are assumed."],
        "sources": [{"key": "x1", "title": "A source", "publisher": "P", "date": "2020",
                     "address": "https://example.org/a", "opinion": "Sober."}],
        "summary": {"answers": {"radars": "They do."}, "gospa": {"mean_m": 100.0, "c_m": 5000.0, "step_s": 10.0}},
    }  # fmt: skip
    return Run(Path("made"), told | record, SCENARIO, tables)


def _flight(row: int, world: earth.Frame) -> Truth:
    east, north, ve, vn, height, born = FLIGHTS[row]
    times = np.arange(born, LENGTH_S + 0.5, STEP_S)
    x, y = 1000 * east + ve * (times - born), 1000 * north + vn * (times - born)
    lat, lon = earth.destination(np.radians(LAT_DEG), np.radians(LON_DEG), np.arctan2(x, y), np.hypot(x, y))
    place = earth.geodetic_to_enu(world, lat, lon, np.full(len(times), height))
    return Truth.make(
        len(times), time_s=times, target_id=row, x_m=place[:, 0], y_m=place[:, 1], z_m=place[:, 2],
        lat_deg=np.degrees(lat), lon_deg=np.degrees(lon), altitude_m=height,
    )  # fmt: skip


def _polar(truth: Truth, row: int, times: Floats) -> tuple[Floats, Floats, Floats]:
    """Return ground range, azimuth and height of a target at times."""
    mine = truth[truth.target_id == row]
    lat, lon = np.interp(times, mine.time_s, mine.lat_deg), np.interp(times, mine.time_s, mine.lon_deg)
    away, azimuth = earth.inverse(np.radians(LAT_DEG), np.radians(LON_DEG), np.radians(lat), np.radians(lon))
    return np.asarray(away), np.mod(azimuth, 2 * np.pi), np.interp(times, mine.time_s, mine.altitude_m)


def _plots_and_tracks(truth: Truth, world: earth.Frame) -> tuple[Detections, Tracks]:
    """Return a plot whenever the turning beam passes a target, and a track row at each, confirmed from the third."""
    plots, tracks = [], []
    for row in range(len(FLIGHTS)):
        scans = np.arange(int(FLIGHTS[row][5] // PERIOD_S) + 1, int(LENGTH_S // PERIOD_S) - 1, dtype=np.float64)
        times = PERIOD_S * scans
        for _ in range(20):  # the beam stands at 2 pi t / period
            times = PERIOD_S * (scans + _polar(truth, row, times)[1] / (2 * np.pi))
        away, azimuth, height = _polar(truth, row, times)
        mine = truth[truth.target_id == row]
        lat = np.interp(times, mine.time_s, mine.lat_deg) + 0.0005  # the tracker's error
        lon = np.interp(times, mine.time_s, mine.lon_deg)
        place = earth.geodetic_to_enu(world, np.radians(lat), np.radians(lon), height)
        slant = np.hypot(away, height - GROUND_M - ANTENNA_M)
        plots.append(
            Detections.make(time_s=times, sensor_id=0, kind=2, range_m=slant, azimuth_rad=azimuth, target_id=row)
        )
        # Track 100 + row; Stranger is lost for two minutes.
        held = np.ones(len(times), np.bool_) if row != 3 else (times < 200.0) | (times > 320.0)
        tracks.append(
            Tracks.make(
                int(held.sum()), time_s=times[held], track_id=100 + row, x_m=place[held, 0], y_m=place[held, 1],
                z_m=place[held, 2], lat_deg=lat[held], lon_deg=lon[held], altitude_m=height[held],
                status=np.where(np.arange(int(held.sum())) < 2, 0, 1), existence=0.99,
            )
        )  # fmt: skip
    false = Detections.make(
        time_s=[5.0, 50.0],
        sensor_id=0,
        kind=0,
        range_m=1e5,
        azimuth_rad=np.mod([5.0, 50.0], PERIOD_S) / PERIOD_S * 2 * np.pi,
    )
    merged = Detections.concat([*plots, false])
    order = np.argsort(merged.time_s, kind="stable")
    merged = Detections.make(
        **{name: getattr(merged[order], name) for name in Detections.columns()}
        | {"detection_id": np.arange(len(order))}
    )
    rows = Tracks.concat(tracks).sorted_by("time_s", "track_id")
    fed = np.searchsorted(merged.time_s, rows.time_s - 1e-9)
    return merged, Tracks.make(**{name: getattr(rows, name) for name in Tracks.columns()} | {"detection_id": fed})


def _sensors() -> Sensors:
    return Sensors.make(
        sensor_id=[0, 1], name=["North 91N6E", "North 92N6E"], kind=[2, 0], lat_deg=LAT_DEG, lon_deg=LON_DEG,
        height_m=GROUND_M + ANTENNA_M, x_m=0.0, y_m=0.0, z_m=ANTENNA_M, period_s=[PERIOD_S, 10.0],
        sector_centre_rad=[np.nan, SECTOR_CENTRE_RAD], sector_width_rad=[np.nan, SECTOR_WIDTH_RAD],
        max_range_m=[600e3, 400e3],
    )  # fmt: skip


def _identities() -> Identities:
    rows = (
        (50.0, 100, 0.3, 0.6, 0.1, UNKNOWN), (120.0, 100, 0.98, 0.01, 0.01, FRIEND),
        (60.0, 101, 0.02, 0.97, 0.01, NEUTRAL), (150.0, 102, 0.01, 0.04, 0.95, HOSTILE),
        (300.0, 102, 0.2, 0.4, 0.4, UNKNOWN), (80.0, 103, 0.02, 0.97, 0.01, NEUTRAL),
    )  # fmt: skip
    time, track, friend, neutral, hostile, declared = zip(*sorted(rows), strict=True)
    return Identities.make(
        time_s=time, track_id=track, p_friend=friend, p_neutral=neutral, p_hostile=hostile, declared=declared
    )


def _evidence() -> Evidence:
    return Evidence.make(
        time_s=[60.0, 120.0], track_id=[101, 100], kind=["flight_plan", "secure_reply"], llr_friend=[-2.89, 9.2],
        llr_hostile=[-4.5, 0.0], source="sensor 0",
    )  # fmt: skip


def _events() -> Events:
    return Events.make(
        time_s=[40.0, 120.0, 150.0, 200.0, 230.0],
        kind=["first_detection", "declared_friend", "declared_hostile", "launch", "hit"],
        actor=["North 91N6E", "identity", "identity", "North", "North"], target_id=[0, -1, -1, 2, 2],
        track_id=[-1, 100, 102, 102, 102], value=[99e3, np.nan, np.nan, np.nan, np.nan], cause=[-1, -1, -1, -1, 3],
    )  # fmt: skip


def _scores() -> Scores:
    return Scores.make(
        time_s=[np.nan, np.nan],
        name=["leak_probability", "other"],
        value=[0.25, 3.0],
        low=[0.1, np.nan],
        high=[0.45, np.nan],
    )


def recorded_run() -> Run:
    """Return the same tracks as `chainhome track` leaves them: no truth, no scenario, no place of the radar."""
    run = made_run()
    tracks = run.tables["tracks"]
    nowhere = {name: np.full(len(tracks), np.nan) for name in ("lat_deg", "lon_deg", "altitude_m")}
    unplaced = Tracks.make(**{name: getattr(tracks, name) for name in Tracks.columns()} | nowhere)
    sensors = run.tables["sensors"]
    alone = sensors[sensors.sensor_id == 0]
    lost = {"lat_deg": np.array([np.nan]), "lon_deg": np.array([np.nan])}
    watch = Sensors.make(**{name: getattr(alone, name) for name in Sensors.columns()} | lost)
    summary = {
        "rows": 200, "tracked": 190, "left_out": {"no_range": 10}, "sensors": [{"sensor": "20/4", "plots": 190}],
        "tracks": {"begun": 7},
    }  # fmt: skip
    record = {
        "kind": "track", "title": "plots.csv, tracked", "input_kind": "plots as CSV", "origin": None,
        "status": "complete", "epoch_utc": None, "summary": summary,
    }  # fmt: skip
    return Run(
        Path("recorded"), record, "", {"tracks": unplaced, "sensors": watch, "detections": run.tables["detections"]}
    )

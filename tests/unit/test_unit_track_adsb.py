"""ADS-B without a sensors file: what the recording tells of its positions, and one track for each aircraft."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainhome import earth
from chainhome.formats import adsb, column_file
from chainhome.formats.column_file import open_columns
from chainhome.metrics import by_address
from chainhome.motion.thy1920 import thy1920_fixes
from chainhome.process.follow import Account, follow
from chainhome.process.recording import Recording
from chainhome.process.recording_adsb import quality_of
from chainhome.process.recording_input import open_recording
from chainhome.tables import Detections, Sensors, Tracks
from chainhome.tracking import TrackerParams, initial_state, prepare
from chainhome.tracking.tracker import feed

CONFIRMED = 1
NOON_S = 1_714_564_800.0
THY1920 = 0x4BA946
Floats = np.ndarray[Any, np.dtype[np.float64]]


def tracked(recording: Recording, **options: Any) -> tuple[Detections, Tracks, Account]:
    accounts: list[Account] = []
    steps = list(follow(recording, done=accounts.append, **options))
    plots, tracks = (
        Detections.concat([step.detections for step in steps]),
        Tracks.concat([step.tracks for step in steps]),
    )
    return plots, tracks, accounts[0]


def confirmed(tracks: Tracks) -> list[int]:
    return sorted(set(tracks.track_id[tracks.status == CONFIRMED].tolist()))


def thy1920_as_opensky(path: Path) -> Path:
    fixes = thy1920_fixes()
    lines = ["time,icao24,lat,lon,velocity,heading,vertrate,onground,baroaltitude,geoaltitude"]
    columns = (fixes.time_s, np.degrees(fixes.lat_rad), np.degrees(fixes.lon_rad), fixes.groundspeed_mps,
               np.degrees(fixes.track_rad), fixes.vertical_rate_mps, fixes.altitude_m)  # fmt: skip
    for t, lat, lon, speed, heading, climb, height in zip(*(column.tolist() for column in columns), strict=True):
        lines.append(f"{t:.0f},{THY1920:06x},{lat!r},{lon!r},{speed},{heading},{climb},false,{height!r},{height!r}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("hide_address", [False, True])
def test_the_real_flight_of_the_package_is_one_track_from_beginning_to_end(tmp_path: Path, hide_address: bool) -> None:
    """Its fixes are real, rounded to 10 s by their source: late or early by hundreds of metres."""
    recording = open_recording(thy1920_as_opensky(tmp_path / "thy1920.csv"))
    plots, tracks, account = tracked(recording, hide_address=hide_address)
    assert len(plots) == account.rows == 917
    assert len(confirmed(tracks)) == 1
    overall = by_address(tracks, plots, max_age_s=25.0).overall
    assert (overall["id_switches"], overall["ambiguity_mean"]) == (0.0, 1.0)
    assert overall["completeness"] > 0.99
    (note,) = recording.notes
    assert "915 lie about 195 m before or behind" in note


def with_sensors(tmp_path: Path, sigma_m: float) -> Path:
    path = tmp_path / "adsb.toml"
    path.write_text(
        f'[[sensor]]\nname = "ADS-B"\nkind = "ads_b"\nperiod = "10 s"\nsigma_position = "{sigma_m} m"\n'
        "detection_probability = 0.9\nclutter_per_scan = 0.01\n[origin]\nlat = 40\nlon = 32.5\n",
        encoding="utf-8",
    )
    return path


def test_a_track_does_not_share_its_plots_with_another_of_its_address(tmp_path: Path) -> None:
    """With 50 m, which these fixes are not good to, plots fall out of the gate; a sensors file is taken at its word."""
    path = thy1920_as_opensky(tmp_path / "thy1920.csv")
    recording = open_recording(path, with_sensors(tmp_path, 50.0))
    assert recording.watch.sensors.range_sigma_m.tolist() == [50.0]
    assert recording.notes == ()
    plots, tracks, _ = tracked(recording)
    assert len(confirmed(tracks)) == 1
    assert by_address(tracks, plots, max_age_s=25.0).overall["id_switches"] == 0.0
    _, tracks, _ = tracked(recording, hide_address=True)
    assert len(confirmed(tracks)) > 1, "without addresses nobody can know"


AIRCRAFT, VECTORS, STEP_S, OLDEST_S = 12, 150, 5.0, 8.0
SPEED_MPS = 220.0


def stale_vectors(path: Path, *, own_time: bool) -> tuple[Path, int, float]:
    """Aircraft on circles, whose vectors every 5 s tell the newest of positions that come at random, some 0 to 8 s old.

    Returns how many vectors repeat a position, and the rms of what the others are behind.
    """
    rng = np.random.default_rng(7)
    lines = ["time,icao24,lat,lon,velocity,heading,baroaltitude,geoaltitude" + ",lastposupdate" * own_time]
    repeats, ages = 0, []
    for n in range(AIRCRAFT):
        radius_m, turn, begin = rng.uniform(20e3, 40e3), rng.choice([-1.0, 1.0]), rng.uniform(0.0, 6.28)
        lat0, lon0 = 47.0 + rng.uniform(-1.5, 1.5), 8.0 + rng.uniform(-2.0, 2.0)
        heard = np.cumsum(rng.choice([0.5, 1.0, 4.0, OLDEST_S], 2 * VECTORS, p=[0.3, 0.3, 0.2, 0.2])).round(3)
        offset = rng.uniform(0.0, STEP_S)
        for k in range(VECTORS):
            now = offset + STEP_S * k + STEP_S
            at = heard[max(np.searchsorted(heard, now) - 1, 0)]
            before = heard[max(np.searchsorted(heard, now - STEP_S) - 1, 0)]
            repeats += bool(k and at == before)
            ages += [] if k and at == before else [now - at]
            angle = begin + turn * SPEED_MPS * at / radius_m
            lat = float(lat0 + np.degrees(radius_m * np.cos(angle) / 6371e3))
            lon = float(lon0 + np.degrees(radius_m * np.sin(angle) / 6371e3 / np.cos(np.radians(lat0))))
            lines.append(
                f"{NOON_S + now:.3f},4b18{n:02x},{lat!r},{lon!r},{SPEED_MPS},0,10000,10050"
                + f",{NOON_S + at:.3f}" * own_time
            )
    lines[1:] = sorted(lines[1:])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path, repeats, float(np.std(ages))


def test_positions_that_are_seconds_old_give_one_track_of_each_aircraft(tmp_path: Path) -> None:
    path, repeats, age_s = stale_vectors(tmp_path / "stale.csv", own_time=False)
    recording = open_recording(path)
    plots, tracks, account = tracked(recording)
    assert account.left_out == {"repeated_positions": repeats}
    assert repeats > 50
    assert account.rows == len(plots) + repeats
    sigma_m = float(recording.watch.sensors.range_sigma_m[0])
    assert 0.8 < sigma_m / (age_s * SPEED_MPS) < 1.6
    assert f"good to {sigma_m:g} m" in recording.notes[0]
    assert len(confirmed(tracks)) == AIRCRAFT
    overall = by_address(tracks, plots, max_age_s=25.0).overall
    assert (overall["id_switches"], overall["purity"]) == (0.0, 1.0)


def test_the_own_time_of_a_position_is_taken_where_there_is_one(tmp_path: Path) -> None:
    path, repeats, _ = stale_vectors(tmp_path / "timed.csv", own_time=True)
    recording = open_recording(path)
    plots, tracks, account = tracked(recording)
    assert account.left_out == {"duplicates": repeats}
    assert recording.watch.sensors.range_sigma_m.tolist() == [20.0]
    assert "the least that is assumed" in recording.notes[0]
    assert len(confirmed(tracks)) == AIRCRAFT
    assert by_address(tracks, plots, max_age_s=25.0).overall["id_switches"] == 0.0


def test_too_few_positions_tell_nothing(tmp_path: Path) -> None:
    path = thy1920_as_opensky(tmp_path / "short.csv")
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:21]), encoding="utf-8")
    recording = open_recording(path)
    assert recording.watch.sensors.range_sigma_m.tolist() == [50.0]
    assert "(assumed, because there are too few positions in a row to tell)" in recording.notes[0]
    time = np.arange(20.0)
    few = adsb.Positions(
        10.0 * time, np.full(20, 7), 47.0 + 0.02 * time, 8.0 + 0.0 * time, time, time, np.zeros(20, bool)
    )
    quality = quality_of(few)
    assert (quality.period_s, quality.probability, quality.errors) == (10.0, 0.9, 18)
    assert np.isnan(quality.sigma_m)


def test_a_turn_is_no_error_and_gaps_lower_the_probability() -> None:
    """Turns of 3 degrees a second, each position exact; one of a hundred gaps lasts ten periods."""
    rng = np.random.default_rng(2)
    steps = np.where(rng.random(2_000) < 0.01, 10.0, 1.0)
    time = np.cumsum(steps)
    angle, radius_m = np.radians(3.0) * time, 4_200.0
    lat, lon = 47.0 + np.degrees(radius_m * np.cos(angle) / 6371e3), 8.0 + np.degrees(radius_m * np.sin(angle) / 4345e3)
    exact = adsb.Positions(time, np.full(2_000, 7), lat, lon, time, time, np.zeros(2_000, bool))
    quality = quality_of(exact)
    turned_m = 10.0
    assert quality.sigma_m < turned_m
    assert quality.period_s == 1.0
    assert 0.5 <= quality.probability < 0.6
    other = adsb.Positions(
        np.concatenate([time, time + 0.5]), np.full(4_000, 7), np.concatenate([lat, lat + 1.0]),
        np.concatenate([lon, lon]), time, time, np.zeros(4_000, bool),
    )  # fmt: skip
    assert not quality_of(other).sigma_m > turned_m, "two aircraft of one address tell nothing of errors"


@pytest.mark.parametrize("rows_at_once", [1, 3, 1_000])
def test_what_stands_is_no_repetition_however_the_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_at_once: int
) -> None:
    """An airliner whose position is held for 3 s, and one that has rolled to its stand."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    north = [47.0, 47.002, 47.004, 47.004, 47.004, 47.012, 47.014, 47.014]
    stand = [48.0, 48.00001, 48.00002, 48.00002, 48.00002, 48.00002, 48.00002, 48.00002]
    rows = [
        (NOON_S + k, f"4b180{n}", lat, 8.0, 100.0, 50.0) for k in range(8) for n, lat in enumerate((north[k], stand[k]))
    ]
    names = ("time", "icao24", "lat", "lon", "baroaltitude", "velocity")
    path = tmp_path / "vectors.parquet"
    parquet.write_table(pa.table(dict(zip(names, zip(*rows, strict=True), strict=True))), path)
    monkeypatch.setattr(column_file, "BATCH_ROWS", rows_at_once)
    kept: list[tuple[float, int]] = []
    left = 0
    for positions, counts, _ in adsb.read_state_vectors(open_columns(path)):
        kept += zip((positions.unix_s - NOON_S).tolist(), positions.address.tolist(), strict=True)
        left += counts.get("repeated_positions", 0)
    assert [t for t, address in kept if address == 0x4B1800] == [0.0, 1.0, 2.0, 5.0, 6.0]
    assert [t for t, address in kept if address == 0x4B1801] == list(range(8))
    assert left == 3


PERIOD_S = 10.0
WORLD = earth.enu_frame(np.radians(40.0), np.radians(32.0), 0.0)
RADAR = Sensors.make(sensor_id=[0], lat_deg=40.0, lon_deg=32.0, height_m=0.0, period_s=PERIOD_S, range_sigma_m=50.0,
                     azimuth_sigma_rad=1e-3, elevation_sigma_rad=2e-3)  # fmt: skip


def scans(places_m: Floats, velocity_mps: Floats, count: int, *, missed: float = 0.0, seed: int = 1) -> Detections:
    """Plots of one radar, which turns; all aircraft have the same address."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[float, int, float, float, float]] = []
    for k in range(count):
        for n, (place, velocity) in enumerate(zip(places_m, velocity_mps, strict=True)):
            if rng.random() < missed:
                continue
            azimuth = float(np.arctan2(*(place + velocity * PERIOD_S * k)[:2])) % (2.0 * np.pi)
            t = PERIOD_S * (k + azimuth / (2.0 * np.pi))
            x = place + velocity * t
            noise = rng.normal(size=3)
            rows.append((t, n, float(np.linalg.norm(x)) + 50.0 * noise[0],
                         float(np.arctan2(x[0], x[1])) % (2.0 * np.pi) + 1e-3 * noise[1],
                         float(np.arcsin(x[2] / np.linalg.norm(x))) + 2e-3 * noise[2]))  # fmt: skip
    rows.sort()
    time, target, distance, azimuths, elevation = (np.array(column) for column in zip(*rows, strict=True))
    return Detections.make(detection_id=np.arange(len(rows)), time_s=time, sensor_id=0, range_m=distance,
                           azimuth_rad=azimuths, elevation_rad=elevation, mode_s_address=0x4B1805,
                           target_id=target.astype(np.int64))  # fmt: skip


@pytest.mark.parametrize("association", ["pmb", "gnn", "pmbm"])
@pytest.mark.parametrize(("apart_m", "missed"), [(100e3, 0.2), (12e3, 0.0)])
def test_two_aircraft_of_one_address_stay_two(association: str, apart_m: float, missed: float) -> None:
    """Far apart whatever the radar misses, and near each other while it sees both in each of its periods."""
    places = np.array([[60e3, 80e3, 9e3], [60e3 + apart_m, 80e3, 9e3]])
    plots = scans(places, np.array([[0.0, 200.0, 0.0], [0.0, 200.0, 0.0]]), 40, missed=missed)
    setup = prepare(RADAR, WORLD, clutter_density=1e-9, params=TrackerParams(association=association))
    _, tracks = feed(initial_state(setup), plots, setup, until_s=np.inf)
    assert len(confirmed(tracks)) == 2
    took = tracks[tracks.detection_id >= 0]
    sure = took[np.isin(took.track_id, confirmed(tracks))]
    for name in confirmed(tracks):
        mine = plots.target_id[sure.detection_id[sure.track_id == name]]
        assert len(set(mine.tolist())) == 1
        assert len(mine) > 25


@pytest.mark.parametrize("association", ["pmb", "gnn", "pmbm"])
def test_the_same_plots_in_pieces_leave_the_same_tracks_of_each_address(association: str) -> None:
    rng = np.random.default_rng(4)
    sensors = Sensors.make(sensor_id=[0], kind=4, period_s=10.0, range_sigma_m=50.0)
    time = np.repeat(10.0 * np.arange(60), 5) + np.tile(np.arange(5.0), 60)
    aircraft = np.tile(np.arange(5), 60)
    late = rng.normal(0.0, 400.0, len(time))  # eight times what the sensor claims
    plots = Detections.make(detection_id=np.arange(len(time)), time_s=time, sensor_id=0, kind=4,
                            x_m=20e3 * aircraft, y_m=200.0 * time + late, z_m=9e3,
                            mode_s_address=0x4B1800 + aircraft)  # fmt: skip
    setup = prepare(sensors, WORLD, clutter_density=1e-15, params=TrackerParams(association=association))
    _, whole = feed(initial_state(setup), plots, setup, until_s=np.inf)
    assert len(confirmed(whole)) == 5
    state, parts = initial_state(setup), []
    for begin in range(0, len(time), 7):
        piece = plots[begin : begin + 7]
        state, some = feed(state, piece, setup, until_s=float(piece.time_s[-1]))
        parts.append(some)
    parts.append(feed(state, plots[:0], setup, until_s=np.inf)[1])
    pieces = Tracks.concat(parts)
    for name in Tracks.columns():
        np.testing.assert_array_equal(getattr(pieces, name), getattr(whole, name), name)

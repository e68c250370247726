"""The payload of the page: what it says of a run is what the tables say, within the steps that it is sent in."""

from __future__ import annotations

import dataclasses
import gzip
import json

import numpy as np
import pytest
import view_run

from chainhome import earth
from chainhome.formats.run_folder import Run
from chainhome.tables import Detections, Sensors, Tracks
from chainhome.view import (
    encode,
    encode_motion,
    payload,
    payload_events,
    payload_sensors,
    payload_tracks,
    payload_words,
)
from chainhome.view.payload_tables import Whereabouts, whereabouts

EN_ROUTE_M = 150.0  # a straight line between samples 4 s apart, and rows 12 s apart, against the truth
TWO_STEPS_DEG = 2e-5
ONE_PLOT_STEP_S = 0.011


@pytest.fixture(scope="module")
def run() -> Run:
    return view_run.made_run()


@pytest.fixture(scope="module")
def parts(run: Run) -> tuple[dict, dict]:
    return payload.parts(run)


def test_the_same_run_gives_the_same_bytes(run: Run) -> None:
    assert payload.payload(run) == payload.payload(view_run.made_run())


def test_the_container_gives_back_header_and_columns(parts: tuple[dict, dict]) -> None:
    header, columns = encode.unpack(encode.pack(*parts))
    assert header["title"] == "A small run"
    for name, values in parts[1].items():
        np.testing.assert_array_equal(columns[name], np.ravel(values), err_msg=name)


def test_small_numbers_travel_as_two_planes_of_bytes() -> None:
    given = np.array([0, 1, 255, 256, 65_535], np.uint16)
    _, columns = encode.unpack(encode.pack({}, {"a": given}))
    assert columns["a"].dtype == np.uint16
    np.testing.assert_array_equal(columns["a"], given)


def test_numbers_that_json_does_not_know_are_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode.pack({"x": float("nan")}, {})


def test_a_column_of_floats_is_refused() -> None:
    with pytest.raises(TypeError, match="column a holds float64"):
        encode.pack({}, {"a": np.array([1.5])})


def test_what_is_no_container_is_refused() -> None:
    with pytest.raises(ValueError, match="expected b'CHV1'"):
        encode.unpack(gzip.compress(b"something else"))


def unpacked(columns: dict, told: dict, name: str) -> dict[str, list[int]]:
    """Undo the differences as slowly and plainly as possible: the twin of motion.js."""
    starts = [round(v) * encode_motion.TIME_STEP_S for v in columns[f"{name}.start"]]
    lives = [int(v) * encode_motion.TIME_STEP_S for v in columns[f"{name}.life"]]
    step = told["step_s"]
    first_tick = [int(np.floor(s / step + 1e-9)) for s in starts]
    last_tick = [int(np.ceil((s + life) / step - 1e-9)) for s, life in zip(starts, lives, strict=True)]
    out: dict[str, list[int]] = {}
    for part in ("lat", "lon", "alt"):
        values: list[list[int]] = [[] for _ in starts]
        stream = iter(columns[f"{name}.{part}"].tolist())
        for tick in range(min(first_tick), max(last_tick) + 1):
            for piece, (low, high) in enumerate(zip(first_tick, last_tick, strict=True)):
                if low <= tick <= high:
                    value, before = next(stream), values[piece]
                    if before:
                        value += before[-1]
                        if told["orders"][part] == 2 and len(before) >= 2:
                            value += before[-1] - before[-2]
                    before.append(value)
        assert next(stream, None) is None
        out[part] = [value for piece in values for value in piece]
    return out


@pytest.mark.parametrize("what", ["tracks", "truth"])
def test_the_steps_sent_add_up_to_the_positions(run: Run, what: str) -> None:
    where = whereabouts(run)
    moving = payload_tracks.moving_tracks(run, where) if what == "tracks" else payload_tracks.moving_targets(run, where)
    assert moving is not None
    told, columns = encode_motion.encode("x", moving.pieces)
    got = unpacked(columns, told, "x")
    assert (
        np.max(np.abs(np.array(got["lat"]) * encode_motion.DEGREE_STEP - moving.pieces.lat_deg))
        <= encode_motion.DEGREE_STEP
    )
    assert (
        np.max(np.abs(np.array(got["lon"]) * encode_motion.DEGREE_STEP - moving.pieces.lon_deg))
        <= encode_motion.DEGREE_STEP
    )
    assert (
        np.max(np.abs(np.array(got["alt"]) * encode_motion.HEIGHT_STEP_M - moving.pieces.altitude_m))
        <= encode_motion.HEIGHT_STEP_M
    )


def test_what_is_shown_lies_where_the_truth_is(run: Run) -> None:
    truth = run.tables["truth"]
    moving = payload_tracks.moving_targets(run, whereabouts(run))
    assert moving is not None
    for time_s in (0.0, 61.3, 299.9, 600.0):
        owner, lat, lon, _ = encode_motion.at(moving.pieces, time_s)
        for row, target in enumerate(owner):
            mine = truth[truth.target_id == moving.ids[target]]
            away, _ = earth.inverse(
                np.radians(lat[row]), np.radians(lon[row]),
                np.radians(np.interp(time_s, mine.time_s, mine.lat_deg)),
                np.radians(np.interp(time_s, mine.time_s, mine.lon_deg)),
            )  # fmt: skip
            assert float(away) < EN_ROUTE_M


def test_a_track_is_not_shown_while_the_tracker_has_no_row_of_it(run: Run) -> None:
    moving = payload_tracks.moving_tracks(run, whereabouts(run))
    shown = [103 in moving.ids[encode_motion.at(moving.pieces, t)[0]] for t in (150.0, 260.0, 350.0)]
    assert shown == [True, False, True]


def test_only_confirmed_tracks_are_shown(run: Run) -> None:
    moving = payload_tracks.moving_tracks(run, whereabouts(run))
    tracks = run.tables["tracks"]
    for key in moving.ids.tolist():
        first = tracks.time_s[(tracks.track_id == key) & (tracks.status == payload_tracks.CONFIRMED)].min()
        begins = moving.pieces.start_s[moving.pieces.owner == np.flatnonzero(moving.ids == key)[0]].min()
        assert abs(begins - first) <= encode_motion.TIME_STEP_S


def test_counts_follow_what_was_declared(run: Run) -> None:
    moving = payload_tracks.moving_tracks(run, whereabouts(run))
    assert payload_tracks.counts_at(run, moving, 160.0) == {"unknown": 0, "friend": 1, "neutral": 2, "hostile": 1}
    assert payload_tracks.counts_at(run, moving, 350.0) == {"unknown": 1, "friend": 1, "neutral": 2, "hostile": 0}


def test_a_longitude_does_not_jump_at_the_date_line() -> None:
    time = np.arange(5.0)
    pieces = encode_motion.cut(
        time,
        np.zeros(5, np.int64),
        np.zeros(5),
        np.array([179.8, 179.9, -180.0, -179.9, -179.8]),
        np.zeros(5),
        hold_s=3.0,
    )
    assert np.max(np.abs(np.diff(pieces.lon_deg))) < 0.11


def test_a_lone_row_and_rows_without_place_give_no_piece() -> None:
    pieces = encode_motion.cut(
        np.array([0.0, 1.0, 2.0]), np.array([0, 1, 1]), np.array([1.0, np.nan, 1.0]), np.ones(3), np.ones(3), hold_s=5.0
    )
    assert len(pieces.owner) == 0
    assert encode_motion.encode("x", pieces)[0]["samples"] == 0


def test_a_height_that_is_not_known_is_marked() -> None:
    pieces = encode_motion.cut(
        np.array([0.0, 1.0]), np.zeros(2, np.int64), np.ones(2), np.ones(2), np.full(2, np.nan), hold_s=5.0
    )
    _, columns = encode_motion.encode("x", pieces)
    assert columns["x.alt"][0] == encode_motion.UNKNOWN_HEIGHT


def test_long_recordings_are_sampled_more_coarsely() -> None:
    assert encode_motion.choose_step_s(1e7, 4.0) == 60.0


def test_no_plot_is_sent_before_its_time(run: Run, parts: tuple[dict, dict]) -> None:
    plots = run.tables["detections"]
    sent = np.cumsum(parts[1]["plots.time"]) * 0.01
    late = sent - np.sort(plots.time_s)
    assert late.min() > -1e-6
    assert late.max() < ONE_PLOT_STEP_S


def test_plots_know_the_track_that_they_fed(run: Run, parts: tuple[dict, dict]) -> None:
    header, columns = parts
    owners = [header["tracks"]["id"][row] if row >= 0 else -1 for row in columns["plots.track"]]
    targets = run.tables["detections"].target_id
    fed = [(owner, target) for owner, target in zip(owners, targets.tolist(), strict=True) if owner >= 0]
    assert len(fed) > 100
    assert all(owner == 100 + target for owner, target in fed)


def test_a_crowd_of_plots_is_thinned_and_said(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setattr(payload_events, "MOST_PLOTS", 50)
    header, columns = payload.parts(run)
    assert len(columns["plots.time"]) <= 50
    assert any(f"one plot in {header['plots']['thinned']}" in text for text in header["method"]["how"])


def test_a_shot_goes_from_its_battery_to_its_target(run: Run, parts: tuple[dict, dict]) -> None:
    (shot,) = parts[0]["shots"]
    truth = run.tables["truth"]
    there = truth[(truth.target_id == 2) & (truth.time_s == 230.0)]
    assert (shot["t0"], shot["t1"], shot["outcome"]) == (200.0, 230.0, "hit")
    assert shot["from"] == pytest.approx([view_run.LAT_DEG, view_run.LON_DEG], abs=TWO_STEPS_DEG)
    assert shot["to"] == pytest.approx([there.lat_deg[0], there.lon_deg[0]], abs=TWO_STEPS_DEG)


def test_events_are_told_in_words_with_their_unit(parts: tuple[dict, dict]) -> None:
    texts = [event["text"] for event in parts[0]["events"]]
    assert texts[0] == "North 91N6E: first plot of Falcon at 99 km"
    assert texts[1:3] == ["T100 declared friend", "T102 declared hostile"]
    assert texts[3:] == ["North fires at Intruder", "North: Intruder hit"]


def test_braces_in_a_name_are_only_text(run: Run) -> None:
    events = run.tables["events"]
    odd = dataclasses.replace(
        events, actor=np.array(["{target.__class__}"] * len(events)), kind=np.array(["odd {0}"] * len(events))
    )
    texts = payload_events.event_list(
        Run(run.folder, run.record, "", {**run.tables, "events": odd}), np.array([100]), {0: "{x}"}
    )
    assert texts[0]["text"] == "odd 0: {target.__class__}, {x}"


def test_a_run_without_events_tells_when_tracks_were_confirmed() -> None:
    header, _ = payload.parts(view_run.recorded_run())
    assert {event["kind"] for event in header["events"]} == {"track_confirmed"}


def test_the_headline_is_that_of_the_system(parts: tuple[dict, dict]) -> None:
    search = parts[0]["sensors"][0]
    assert search["headline_m"] == 400_000.0
    assert (search["ring"], search["headline"]) == ("published", "headline range of S-400")


def test_the_echo_of_a_target_scales_with_the_fourth_root_of_its_cross_section(parts: tuple[dict, dict]) -> None:
    header = parts[0]
    one, fighter = (item["rcs_m2"] for item in header["references"][:2])
    limits = header["sensors"][0]["limits_m"]
    assert limits[1] / limits[0] == pytest.approx((fighter / one) ** 0.25, abs=1e-4)


def test_a_cross_section_that_nobody_published_is_called_assumed(parts: tuple[dict, dict]) -> None:
    search, engagement = (entry["reading"] for entry in parts[0]["sensors"])
    assert search.startswith("390 km against 4 m², read as a detection probability")
    assert "without a cross section, read as against 2.2 m² (assumed)" in engagement


def test_a_catalogue_that_has_changed_is_said() -> None:
    header, _ = payload.parts(view_run.made_run(catalogue_hash="an older one"))
    assert any("catalogue has changed" in text for text in header["method"]["how"])


def test_a_scenario_that_cannot_be_read_leaves_a_page_all_the_same() -> None:
    run = view_run.made_run()
    header, _ = payload.parts(Run(run.folder, run.record, "not toml", run.tables))
    assert any("could not be read again" in text for text in header["method"]["how"])
    assert (header["sensors"][0]["ring"], header["sensors"][0]["headline_m"]) == ("instrumented", 600_000.0)


def test_a_recording_without_a_place_stands_in_its_own_plane() -> None:
    run = view_run.recorded_run()
    header, _ = payload.parts(run)
    assert header["placed"] is False
    assert header["sensors"][0]["lat_deg"] == 0.0
    frame = whereabouts(run).frame
    assert frame is not None
    lat, lon, _ = Whereabouts(frame).of(run.tables["tracks"])
    away, bearing = earth.inverse(0.0, 0.0, np.radians(lat), np.radians(lon))
    tracks = run.tables["tracks"]
    np.testing.assert_allclose(np.asarray(away), np.hypot(tracks.x_m, tracks.y_m), rtol=3e-3)
    np.testing.assert_allclose(
        np.mod(bearing, 2 * np.pi), np.mod(np.arctan2(tracks.x_m, tracks.y_m), 2 * np.pi), atol=3e-3
    )


def test_a_run_with_nothing_in_it_still_has_a_payload() -> None:
    header, _ = encode.unpack(payload.payload(Run(view_run.made_run().folder, {}, "", {})))
    assert header["end_s"] > header["start_s"]
    assert header["sensors"] == []


def test_the_start_of_a_live_session_leaves_out_what_moves(run: Run) -> None:
    header, columns = payload.parts(run, motion=False)
    assert header["tracks"] is None
    assert header["truth"] is None
    assert not any(name.startswith(("tracks.", "truth.", "plots.", "beliefs.")) for name in columns)
    assert any(name.startswith("coverage.") for name in columns)
    assert (header["targets"], header["events"], header["results"], header["answers"]) == ([], [], [], [])
    assert "confirmed" not in header["subtitle"]


def test_results_lead_with_leakage_and_its_interval(parts: tuple[dict, dict]) -> None:
    scores = next(table for table in parts[0]["results"] if table["title"] == "Scores")
    assert scores["rows"][0] == ["leak_probability", "0.25", "[0.1 – 0.45]"]


def test_a_recording_counts_every_row() -> None:
    header, _ = payload.parts(view_run.recorded_run())
    rows = dict(header["results"][0]["rows"])
    assert rows["rows read"] == "200"
    assert rows["left out: no range"] == "10"


def test_the_method_names_every_source_and_assumption(parts: tuple[dict, dict]) -> None:
    method = parts[0]["method"]
    assert method["sources"][0]["key"] == "x1"
    assert method["assumptions"] == ["The routes are assumed."]
    assert method["limits"] == list(payload_words.NOT_SHOWN)


def test_the_header_is_plain_json(parts: tuple[dict, dict]) -> None:
    assert json.loads(json.dumps(parts[0], allow_nan=False)) == parts[0]


def beam_plots(phase: float, turn: float, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    time = np.sort(rng.uniform(0.0, 900.0, 400))
    return time, np.mod(phase + 2 * np.pi * time / turn + rng.normal(0.0, 0.01, 400), 2 * np.pi)


@pytest.mark.parametrize("turn", [4.9, 5.0, 5.02])
def test_the_beam_of_a_recording_is_found_in_its_plots(turn: float) -> None:
    hundredth = 0.01
    found = (
        payload_sensors.beam_of_plots(*beam_plots(1.2, turn), 5.0)
        if turn != 4.9
        else payload_sensors.beam_of_plots(*beam_plots(1.2, turn), 4.91)
    )
    assert found is not None
    assert abs(found[1] - turn) < hundredth / 10
    assert abs(np.angle(np.exp(1j * (found[0] - 1.2)))) < hundredth * 3


def test_plots_that_keep_no_time_give_no_beam() -> None:
    rng = np.random.default_rng(5)
    assert payload_sensors.beam_of_plots(np.sort(rng.uniform(0, 900, 400)), rng.uniform(0, 6.28, 400), 5.0) is None
    assert payload_sensors.beam_of_plots(np.arange(3.0), np.zeros(3), 5.0) is None


def test_a_network_shares_surfaces_by_place_and_stops_at_a_few() -> None:
    count = payload_sensors.MOST_SURFACES + 2
    sensors = Sensors.make(
        sensor_id=np.arange(count),
        name="r",
        kind=2,
        lat_deg=39.0 + 0.1 * np.arange(count),
        lon_deg=33.0,
        height_m=1200.0,
        max_range_m=50e3,
    )
    seen = payload_sensors.looking(Run(view_run.made_run().folder, {"kind": "track"}, "", {"sensors": sensors}))
    assert len(seen.surfaces) == payload_sensors.MOST_SURFACES
    assert [entry["surface"] for entry in seen.sensors][-2:] == [None, None]


def test_a_track_of_one_plot_each_knows_its_usual_address() -> None:
    plots = Detections.make(
        time_s=[0.0, 1.0, 2.0], detection_id=[5, 6, 7], mode_s_address=[0xABC, 0xABC, 0xDEF], target_id=-1
    )
    tracks = Tracks.make(time_s=[0.0, 1.0, 2.0], track_id=9, detection_id=[5, 6, 7], status=1)
    run = Run(view_run.made_run().folder, {}, "", {"tracks": tracks, "detections": plots})
    assert payload_tracks.describe_tracks(run, np.array([9]), np.zeros(0, np.int64))["address"] == [0xABC]

"""The chain takes in scans, and evidence of any kind; what only repeats is no evidence."""

import numpy as np
import pytest

from chainhome import earth, process, tracking
from chainhome.catalogue import load as load_catalogue
from chainhome.scenario.reading import ENDS, radar_figures
from chainhome.tables import ALLEGIANCES, SECURE_REPLIES, Detections, Evidence, Sensors, Tracks

RADAR = Sensors.make(
    sensor_id=[0],
    lat_deg=40.0,
    lon_deg=32.0,
    height_m=900.0,
    period_s=12.0,
    range_sigma_m=50.0,
    azimuth_sigma_rad=2e-3,
    elevation_sigma_rad=2e-3,
)


def chain(**more: object) -> process.Chain:
    return process.Chain(
        tracker=tracking.prepare(
            RADAR,
            earth.enu_frame(np.radians(40.0), np.radians(32.0), 900.0),
            detection_probability=lambda position, sensor, time: np.full(len(position), 0.9),
            clutter_density={0: 1e-6},
        ),
        known_addresses=np.array([77]),
        known_codes=np.array([4301]),
        **more,  # type: ignore[arg-type]
    )


def plots(scans: int = 8, **columns: object) -> Detections:
    """One aircraft, seen in the east in every scan."""
    scan = np.arange(scans)
    return Detections.make(
        detection_id=scan,
        sensor_id=0,
        time_s=12.0 * scan,
        elevation_rad=0.05,
        range_m=100e3 - 2400.0 * scan,
        azimuth_rad=0.3,
        **columns,
    )


def followed(made: process.Chain, scans: int = 8, **columns: object) -> tuple[Tracks, Evidence, list[str]]:
    state, seen = process.start(made), plots(scans, **columns)
    for scan in range(scans):
        state = process.advance(made, state, seen[scan : scan + 1], 12.0 * scan + 12.0)
    tracks, evidence, identities = process.finished(state)
    return tracks, evidence, [ALLEGIANCES[code] for code in identities.declared]


def test_silence_is_no_evidence_and_declares_nothing() -> None:
    _, evidence, declared = followed(chain(), secure_reply=SECURE_REPLIES.index("none"))
    assert (len(evidence), declared) == (0, [])


def test_a_transponder_that_repeats_itself_counts_once_for_each_kind() -> None:
    _, evidence, declared = followed(chain(), mode_3a=4301)
    assert evidence.kind.tolist() == ["civil_reply", "flight_plan"]
    assert declared == ["neutral"]
    _, evidence, declared = followed(chain(), mode_3a=1234, secure_reply=SECURE_REPLIES.index("valid"))
    assert sorted(evidence.kind.tolist()) == ["civil_reply", "secure_reply"]
    assert declared[-1] == "friend"


def test_another_kind_of_evidence_has_its_place() -> None:
    def crosses_a_border(detections: Detections, tracks: Tracks) -> Evidence:
        fed = tracks[tracks.detection_id >= 0]
        return Evidence.make(
            len(fed), time_s=fed.time_s, track_id=fed.track_id, kind="border", llr_friend=-3.0, llr_hostile=6.0
        )

    _, evidence, declared = followed(chain(evidence_models=(crosses_a_border,)))
    assert evidence.kind.tolist() == ["border"]
    assert declared == ["hostile"]


@pytest.mark.parametrize("cuts", [[], [40.0], [5.0, 13.0, 14.0, 50.0, 95.0]])
def test_a_chain_fed_in_pieces_gives_the_tables_of_one_fed_whole(cuts: list[float]) -> None:
    made, seen = chain(), plots(mode_3a=4301, mode_s_address=77, secure_reply=SECURE_REPLIES.index("valid"))
    whole = process.finished(process.advance(made, process.start(made), seen, np.inf))
    state, before = process.start(made), -np.inf
    for until in [*cuts, np.inf]:
        state = process.advance(made, state, seen[(seen.time_s >= before) & (seen.time_s < until)], until)
        before = until
    parts = process.finished(state)
    assert len(whole[1]) == 3
    assert whole[0].detection_id.max() == 7
    for one, other in zip(whole[:2], parts[:2], strict=True):
        for name in one.columns():
            a, b = getattr(one, name), getattr(other, name)
            assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), name
    assert whole[2].declared[-1] == parts[2].declared[-1]


def test_a_plot_that_waits_for_its_look_still_gives_its_evidence() -> None:
    """The plot comes with the piece before the one in which its look ends."""
    made, seen = chain(), plots(3, mode_3a=4301)
    state = process.advance(made, process.start(made), seen, 25.0)
    _, evidence, _ = process.finished(state)
    told = set(evidence.kind.tolist())
    state = process.advance(made, state, seen[:0], np.inf)
    tracks, evidence, _ = process.finished(state)
    assert tracks.detection_id.max() == 2
    assert told | set(evidence.kind.tolist()) == {"civil_reply", "flight_plan"}


@pytest.mark.parametrize("system", load_catalogue().names("system"))
def test_every_radar_of_the_catalogue_has_a_frequency_and_a_period(system: str) -> None:
    for radar in load_catalogue().system(system).radars.values():
        for end in ENDS:
            figures = radar_figures(radar, end)
            assert figures.frequency_hz > 1e8, radar.key
            assert figures.period_s > 0.0, radar.key

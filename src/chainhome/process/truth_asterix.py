"""An ASTERIX recording → the truth that a centre's own tracks (CAT062) are, as a yardstick for a run.

A system track number is a target; one that comes again after its track has ended is another. Times of day are brought
to the time of the run, on the day that lies nearest where not both of them know their date.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from chainhome import earth
from chainhome.errors import UseError
from chainhome.process.cleaning import FASTEST_MPS
from chainhome.tables import TRACK_STATUSES, Bools, Floats, Ints, Tracks, Truth

DAY_S = 86_400.0
# System track numbers have 16 bits: the lives of one number follow each other beyond them.
NUMBERS = 65_536
HEAD_BYTES = 65_536
# Bytes below the space that a text may hold: tab, ends of lines and pages.
_IN_TEXT = bytes((9, 10, 11, 12, 13))


def is_binary(path: Path) -> bool:
    """Return whether the first bytes of a file cannot be those of a text, such as a CSV; False where it has none."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return False
    return any(byte < 32 and byte not in _IN_TEXT for byte in head)


def read_system_tracks(
    path: Path, world: earth.Frame | None, epoch_unix_s: float, middle_s: float = np.nan
) -> tuple[Truth, Counter[str]]:
    """Return a centre's confirmed tracks as a truth in time of the run, and the records left out, by reason.

    `epoch_unix_s` is time zero of the run (NaN = a midnight, as in an ASTERIX recording) and `middle_s` the middle of
    the run, near which a recording without a date lies. Of several centres the one with most records is taken. Raises
    UseError for a file without CAT062, and where the run does not know where its frame lies.
    """
    from chainhome.formats.asterix import iter_asterix, iter_tracks

    totals: Counter[str] = Counter()
    left: Counter[str] = Counter()
    epochs: list[float] = []
    parts: list[Tracks] = []
    centres: list[Ints] = []

    def read() -> Iterator[Any]:
        for piece in iter_asterix(path):
            report = piece.report
            totals["found"] += report.bytes_read + report.bytes_skipped
            totals["bytes"] += report.bytes_total
            left["lost_bytes"] += report.bytes_lost
            epochs.append(report.epoch_unix_s)
            totals.update({f"CAT{category:03}": records for category, records in report.records.items()})
            yield piece

    for found in iter_tracks(read(), world):
        left.update({name: found.counts[name] for name in ("simulated", "no_time", "no_track_number", "no_position")})
        parts.append(found.tracks)
        centres.append(found.centre)
    _check(path, totals, world)
    tracks = Tracks.concat(parts)
    keep = _chosen(tracks, np.concatenate(centres), left)
    tracks = tracks[keep].sorted_by("track_id", "time_s")
    known = [epoch for epoch in epochs if np.isfinite(epoch)]
    return _truth(tracks, _shift_s(tracks, known[0] if known else np.nan, epoch_unix_s, middle_s)), +left


def _check(path: Path, totals: Counter[str], world: earth.Frame | None) -> None:
    if not totals["found"]:
        raise UseError(
            f"{path}: no truth: neither a table (CSV or Parquet) nor an ASTERIX recording; no block in its "
            f"{path.stat().st_size:,} bytes"
        )
    if not totals["CAT062"]:
        held = ", ".join(f"{totals[name]:,} of {name}" for name in sorted(totals) if name.startswith("CAT"))
        raise UseError(
            f"{path}: no truth: an ASTERIX recording without a centre's tracks (CAT062); its records: "
            f"{held or 'none that can be read'}"
        )
    if world is None:
        raise UseError(
            f"{path}: the run does not know where its frame lies, so the tracks of a centre cannot be compared with it"
        )


def _chosen(tracks: Tracks, centre: Ints, left: Counter[str]) -> Bools:
    """Return which rows a truth can be made of; the others are counted under their first reason."""
    names, place, rows = np.unique(centre, return_inverse=True, return_counts=True)
    keep = np.ones(len(tracks), np.bool_)
    for name, excluded in (
        ("other_centre", place != (int(rows.argmax()) if len(names) else 0)),
        ("tentative", tracks.status == TRACK_STATUSES.index("tentative")),
        ("only_cartesian", np.isnan(tracks.lat_deg)),
        ("no_height", np.isnan(tracks.z_m)),
    ):
        left[name] += int((keep & excluded).sum())
        keep &= ~excluded
    return keep


def _shift_s(tracks: Tracks, epoch_unix_s: float, run_unix_s: float, middle_s: float) -> float:
    """Return what to add to the times of a recording to have those of the run."""
    if np.isfinite(epoch_unix_s) and np.isfinite(run_unix_s):
        return epoch_unix_s - run_unix_s
    zero_s = run_unix_s % DAY_S if np.isfinite(run_unix_s) else 0.0
    if not len(tracks) or not np.isfinite(middle_s):
        return -zero_s
    middle_of_tracks_s = (float(tracks.time_s.min()) + float(tracks.time_s.max())) / 2.0
    days = np.rint((middle_s + zero_s - middle_of_tracks_s) / DAY_S)
    return float(days * DAY_S - zero_s)


def _truth(tracks: Tracks, shift_s: float) -> Truth:
    """Return rows of tracks, sorted by number and time, as a truth."""
    ended = tracks.status == TRACK_STATUSES.index("ended")
    same = np.append(False, tracks.track_id[1:] == tracks.track_id[:-1])[: len(tracks)]
    again = same & ~ended & np.append(False, ended[:-1])[: len(tracks)]
    begun = np.cumsum(again)
    life = begun - np.maximum.accumulate(np.where(same, 0, begun)) if len(tracks) else begun
    velocity: dict[str, Floats] = {}
    for name in ("vx_mps", "vy_mps", "vz_mps"):
        value = getattr(tracks, name)
        velocity[name] = np.where(np.abs(value) <= FASTEST_MPS, value, np.nan)
    return Truth.make(
        len(tracks),
        time_s=tracks.time_s + shift_s,
        target_id=tracks.track_id + NUMBERS * life,
        **{name: getattr(tracks, name) for name in ("x_m", "y_m", "z_m", "lat_deg", "lon_deg", "altitude_m")},
        **velocity,
    )

"""Which tracks a look may have seen, moved to their moment of it: a look and the tracks in, `Moved` out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainhome.tracking._motion_kernels import Moved, moved
from chainhome.tracking._view_kernels import Sight, in_view
from chainhome.tracking.looks import Look
from chainhome.tracking.setup import Setup, Watcher
from chainhome.tracking.work import Work

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int8]

_TENTATIVE = 0  # as in tables.TRACK_STATUSES; a test compares it


def see(work: Work, look: Look, watcher: Watcher, slots: Ints) -> tuple[Moved, tuple[int, int, int]]:
    """Return the tracks in view, moved to their moment of the look, those with one plot last.

    Their numbers: grown tracks, these and young ones of several plots, all.
    """
    sight = _sight(work.setup, watcher, look)
    setup, c, n, s = work.setup, work.columns, work.count, work.scratch
    m = work.moved(len(slots))
    p = setup.params
    stage = ((c.status[:n] == _TENTATIVE) & (c.existence[:n] < p.young_existence)).astype(np.int8)
    if work.models > 1:
        stage[c.weight[:n, 1] == 0.0] = 2  # only a track of one plot has not parted into models
    grown, parted, seen = in_view(
        c.mean[:n],
        c.covariance[:n],
        c.weight[:n],
        c.time_s[:n],
        c.last_seen_s[:n, look.sensor],
        _probability(work, watcher, look),
        setup.noise_m2ps3,
        watcher.azimuth_sigma_rad,
        sight,
        setup.params.max_position_sigma_m,
        setup.params.least_detection_probability,
        watcher.polar,
        stage,
        m.row,
        m.seen,
        m.blamed,
        m.time_s,
        work.lost,
    )
    if (c.share[:n] < 1.0).any():
        more = _whole_tracks(work, m, grown, seen, stage, look.mid_s)
        grown, parted, seen = grown + more, parted + more, seen + more
    moved(
        parted,
        seen,
        c.mean,
        c.covariance,
        c.weight,
        c.existence,
        c.share,
        c.time_s,
        setup.params.mean_life_s,
        setup.models,
        sight,
        slots,
        m,
        s.lanes,
    )
    return m, (grown, parted, seen)


def _sight(setup: Setup, watcher: Watcher, look: Look) -> Sight:
    return Sight(
        origin_m=watcher.origin_m,
        rotation=watcher.rotation,
        earth_m=setup.world.ecef,
        earth_rotation=setup.world.rotation,
        polar=watcher.polar,
        max_range_m=watcher.max_range_m,
        start_s=look.start_s,
        end_s=look.end_s,
        mid_s=look.mid_s,
        swept_s=look.swept_s,
        period_s=watcher.period_s,
        share_before=look.share_before,
        share_after=look.share_after,
    )


def _probability(work: Work, watcher: Watcher, look: Look) -> Floats:
    """Return the probability (n,) with which a whole scan detects each track."""
    c, n, greatest = work.columns, work.count, work.setup.params.greatest_detection_probability
    if not callable(watcher.probability):
        return np.full(n, min(watcher.probability, greatest))
    mean = np.einsum("nk,nki->ni", c.weight[:n], c.mean[:n])
    where = mean[:, :3] + (look.mid_s - c.time_s[:n])[:, None] * mean[:, 3:]
    answer = np.broadcast_to(np.asarray(watcher.probability(where, watcher.sensor_id, look.mid_s), np.float64), n)
    if not ((answer >= 0.0) & (answer <= 1.0)).all():
        raise ValueError("detection_probability must be between 0 and 1 for each track")
    return np.minimum(answer, greatest)


def _whole_tracks(work: Work, m: Moved, grown: int, seen: int, stage: Codes, mid_s: float) -> int:
    """Bring all hypotheses of a track into view if one is, side by side, and let them be lost together.

    A hypothesis that the beam does not pass has no part in the look. Returns how many come into view.
    """
    c, n = work.columns, work.count
    # Only the rows of tracks with several hypotheses, which are few.
    parts = np.flatnonzero(c.share[:n] < 1.0)
    names, lost = c.track_id[parts], work.lost[parts]
    lost = np.isin(names, names[lost & (c.rank[parts] == 0)])
    work.lost[parts] = lost
    viewed = np.zeros(n, np.bool_)
    viewed[m.row[:seen]] = True
    in_view = viewed[parts]
    rows = parts[~in_view & ~lost & (stage[parts] == 0) & np.isin(names, names[in_view])]
    count = len(rows)
    late = np.maximum(c.time_s[rows], mid_s)
    for column, values in ((m.row, rows), (m.seen, 0.0), (m.blamed, 0.0), (m.time_s, late)):
        column[grown + count : seen + count] = column[grown:seen].copy()
        column[grown : grown + count] = values
    order = np.argsort(c.track_id[m.row[: grown + count]], kind="stable")
    for column in (m.row, m.seen, m.blamed, m.time_s):
        column[: grown + count] = column[: grown + count][order]
    return count

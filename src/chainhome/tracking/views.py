"""Which tracks a look may have seen, moved to their moment of it: a look and the tracks in, `Moved` out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.tracking._motion_kernels import Moved, moved
from chainhome.tracking._view_kernels import Sight, in_view
from chainhome.tracking.looks import Look
from chainhome.tracking.setup import Setup, Watcher
from chainhome.tracking.work import Work

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class InView(NamedTuple):
    """How many tracks are in view, grown ones first."""

    grown: int
    parted: int
    """These and young ones of several plots."""
    seen: int
    """All."""
    parts: int
    """Rows of the whole state that are one of several hypotheses."""


def see(work: Work, look: Look, watcher: Watcher, slots: Ints) -> tuple[Moved, InView]:
    """Return the tracks in view, moved to their moment of the look, those with one plot last; and their numbers."""
    sight = _sight(work.setup, watcher, look)
    setup, c = work.setup, work.columns
    m = work.moved(len(slots))
    p = setup.params
    view = InView(
        *in_view(
            work.count,
            c.mean,
            c.covariance,
            c.weight,
            c.existence,
            c.share,
            c.status,
            c.time_s,
            c.last_seen_s,
            look.sensor,
            _probability(work, watcher, look),
            p.young_existence,
            setup.noise_m2ps3,
            watcher.azimuth_sigma_rad,
            sight,
            p.max_position_sigma_m,
            p.least_detection_probability,
            watcher.polar,
            work.stage,
            m.row,
            m.seen,
            m.blamed,
            m.time_s,
            work.lost,
        )
    )
    if view.parts:
        more = _whole_tracks(work, m, view, look.mid_s)
        view = InView(view.grown + more, view.parted + more, view.seen + more, view.parts)
    moved(
        view.parted,
        view.seen,
        c.mean,
        c.covariance,
        c.weight,
        c.existence,
        c.share,
        c.time_s,
        p.mean_life_s,
        setup.models,
        sight,
        slots,
        m,
        work.scratch.lanes,
    )
    return m, view


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
    """Return the probability with which a whole scan detects each track (n,), or all (1,)."""
    c, n, greatest = work.columns, work.count, work.setup.params.greatest_detection_probability
    if not callable(watcher.probability):
        return np.array([min(watcher.probability, greatest)])
    mean = np.einsum("nk,nki->ni", c.weight[:n], c.mean[:n])
    where = mean[:, :3] + (look.mid_s - c.time_s[:n])[:, None] * mean[:, 3:]
    answer = np.broadcast_to(np.asarray(watcher.probability(where, watcher.sensor_id, look.mid_s), np.float64), n)
    if not ((answer >= 0.0) & (answer <= 1.0)).all():
        raise ValueError("detection_probability must be between 0 and 1 for each track")
    return np.minimum(answer, greatest)


def _whole_tracks(work: Work, m: Moved, view: InView, mid_s: float) -> int:
    """Bring all hypotheses of a track into view if one is, side by side, and let them be lost together.

    A hypothesis that the beam does not pass has no part in the look. Returns how many come into view.
    """
    c, n, grown, seen = work.columns, work.count, view.grown, view.seen
    # Only the rows of tracks with several hypotheses, which are few.
    parts = np.flatnonzero(c.share[:n] < 1.0)
    names, lost = c.track_id[parts], work.lost[parts]
    lost = np.isin(names, names[lost & (c.rank[parts] == 0)])
    work.lost[parts] = lost
    viewed = np.zeros(n, np.bool_)
    viewed[m.row[:seen]] = True
    in_view = viewed[parts]
    rows = parts[~in_view & ~lost & (work.stage[parts] == 0) & np.isin(names, names[in_view])]
    count = len(rows)
    late = np.maximum(c.time_s[rows], mid_s)
    for column, values in ((m.row, rows), (m.seen, 0.0), (m.blamed, 0.0), (m.time_s, late)):
        column[grown + count : seen + count] = column[grown:seen].copy()
        column[grown : grown + count] = values
    order = np.argsort(c.track_id[m.row[: grown + count]], kind="stable")
    for column in (m.row, m.seen, m.blamed, m.time_s):
        column[: grown + count] = column[: grown + count][order]
    return count

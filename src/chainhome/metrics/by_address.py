"""How well aircraft were followed, by the Mode S address hidden from the tracker: recorded tables in, scores out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.metrics.continuity import Continuity, continuity
from chainhome.metrics.ownership import CONFIRMED, ever_confirmed, majority, places, target_of
from chainhome.tables import Detections, Tracks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ByAddress:
    """Scores of a addresses and of the t tracks that were ever confirmed and fed by a plot with an address."""

    address: Ints
    plots: Ints
    first_confirmed_s: Floats
    """(a,) time of the first confirmed row of a track that belongs to the address; NaN = never tracked"""
    completeness: Floats
    """(a,) share of the plots with this address that a confirmed track took in"""
    completeness_after: Floats
    """(a,) the same, of the plots from the first that a confirmed track took in; NaN = none"""
    breaks: Ints
    """(a,) times at which no track of the address was shown any more at its next plot, and one was again later"""
    id_switches: Ints
    """(a,) times at which another confirmed track took in the next plot of the address"""
    ambiguity: Floats
    """(a,) seconds of its confirmed tracks / seconds with at least one of them; 1 = never two at once, NaN = none"""
    track_id: Ints
    track_address: Ints
    """(t,) the address of most of the track's plots"""
    track_plots: Ints
    purity: Floats
    """(t,) share of the track's plots that have this address"""
    plots_without_address: int
    """plots left out, of all detections"""
    tracks_without_address: int
    """confirmed tracks left out: no plot of theirs has an address"""

    @property
    def overall(self) -> dict[str, float]:
        """Purity and completeness over all plots, breaks and switches summed, and the mean ambiguity."""
        covered = np.isfinite(self.ambiguity)
        return {
            "purity": _ratio((self.purity * self.track_plots).sum(), self.track_plots.sum()),
            "completeness": _ratio((self.completeness * self.plots).sum(), self.plots.sum()),
            "breaks": float(self.breaks.sum()),
            "id_switches": float(self.id_switches.sum()),
            "ambiguity_mean": float(self.ambiguity[covered].mean()) if covered.any() else np.nan,
        }


def by_address(
    tracks: Tracks, detections: Detections, mode_s_address: ArrayLike | None = None, *, max_age_s: float = 30.0
) -> ByAddress:
    """Return purity, completeness, breaks, switches and ambiguity with the hidden address as the truth.

    `mode_s_address` (one for each row of the detections, -1 = none) are the addresses that were hidden from the
    tracker; without it, those of the detections. A track's row with a `detection_id` took in that plot. Plots without
    address are left out of everything and counted. A track is shown until `max_age_s` after its last row (for breaks).
    Raises ValueError for lengths that differ and for a track's plot that is not in the detections.

    >>> plots = Detections.make(detection_id=[0, 1, 2, 3], time_s=[0.0, 5.0, 10.0, 15.0], mode_s_address=0x4B1234)
    >>> track = Tracks.make(time_s=[0.0, 5.0, 15.0], track_id=7, detection_id=[0, 1, 3], status=[0, 1, 1])
    >>> scores = by_address(track, plots)
    >>> scores.completeness.tolist(), scores.completeness_after.round(3).tolist(), scores.purity.tolist()
    ([0.5], [0.667], [1.0])
    """
    hidden = detections.mode_s_address if mode_s_address is None else np.asarray(mode_s_address, np.int64)
    if len(hidden) != len(detections):
        raise ValueError(f"{len(hidden)} addresses for {len(detections)} detections; expected as many")
    ever = ever_confirmed(tracks)
    fed = np.flatnonzero((tracks.detection_id >= 0) & np.isin(tracks.track_id, ever))
    fed_address = target_of(tracks.detection_id[fed], detections, hidden)
    fed, fed_address = fed[fed_address >= 0], fed_address[fed_address >= 0]
    fed_track, fed_plot = tracks.track_id[fed], tracks.detection_id[fed]
    ids, track_plots = np.unique(fed_track, return_counts=True)
    owner = majority(ids, fed_track, fed_address)
    which = np.searchsorted(ids, fed_track)
    pure = np.bincount(which[fed_address == owner[which]], minlength=len(ids))
    with_address = np.flatnonzero(hidden >= 0)
    address, place = np.unique(hidden[with_address], return_inverse=True)
    taken = np.isin(detections.detection_id[with_address], fed_plot[tracks.status[fed] == CONFIRMED])
    plots, share, after = _completeness(detections.time_s[with_address], place, taken, len(address))
    steady = _followed(tracks, fed, detections[with_address], hidden[with_address], max_age_s)
    return ByAddress(
        address=address,
        plots=plots,
        first_confirmed_s=steady.first_confirmed_s,
        completeness=share,
        completeness_after=after,
        breaks=steady.breaks,
        id_switches=steady.id_switches,
        ambiguity=_ambiguity(tracks, ids, owner, address),
        track_id=ids,
        track_address=owner,
        track_plots=track_plots,
        purity=pure / np.maximum(track_plots, 1),
        plots_without_address=int((hidden < 0).sum()),
        tracks_without_address=len(ever) - len(ids),
    )


def _completeness(time: Floats, place: Ints, taken: NDArray[np.bool_], count: int) -> tuple[Ints, Floats, Floats]:
    """Return for each address its plots, the share of them taken in, and the share from the first taken in on."""
    plots = np.bincount(place, minlength=count)
    hits = np.bincount(place, taken, count)
    first = np.full(count, np.inf)
    np.minimum.at(first, place[taken], time[taken])
    later = np.bincount(place, time >= first[place], count)
    return plots, hits / np.maximum(plots, 1), np.divide(hits, later, out=np.full(count, np.nan), where=later > 0)


def _followed(tracks: Tracks, fed: Ints, detections: Detections, address: Ints, max_age_s: float) -> Continuity:
    """Return the continuity of addresses as targets, at the times of their plots; other plots feed no track."""
    feeding = np.full(len(tracks), -1, np.int64)
    feeding[fed] = tracks.detection_id[fed]
    return continuity(
        replace(tracks, detection_id=feeding),
        replace(detections, target_id=address),
        sample_time_s=detections.time_s,
        sample_target_id=address,
        max_age_s=max_age_s,
    )


def _ambiguity(tracks: Tracks, ids: Ints, owner: Ints, address: Ints) -> Floats:
    """Return the seconds of an address's tracks, each from its first to its last confirmed row, by those with any."""
    rows = np.flatnonzero((tracks.status == CONFIRMED) & np.isin(tracks.track_id, ids))
    which, time = np.searchsorted(ids, tracks.track_id[rows]), tracks.time_s[rows]
    start, end = np.full(len(ids), np.inf), np.full(len(ids), -np.inf)
    np.minimum.at(start, which, time)
    np.maximum.at(end, which, time)
    of = np.tile(places(address, owner), 2)
    moment, change = np.concatenate([start, end]), np.repeat([1, -1], len(ids))
    order = np.lexsort([moment, of])
    of, moment, open_tracks = of[order], moment[order], np.cumsum(change[order])
    step = np.append(np.where(np.diff(of) == 0, np.diff(moment), 0.0), 0.0)[: len(of)]
    covered = np.bincount(of, step * (open_tracks > 0), len(address))
    total = np.bincount(of, step * open_tracks, len(address))
    return np.asarray(np.divide(total, covered, out=np.full(len(address), np.nan), where=covered > 0), np.float64)


def _ratio(above: float, below: float) -> float:
    return float(above) / float(below) if below else np.nan

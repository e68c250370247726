"""Scores of a trial: plots with their true flights, tracks and every possible look in; figures out.

purity        share of the plots that confirmed tracks took in which came from the aircraft of most of the track's
              plots; a false plot counts as wrong, and so does every plot of a track that false plots began and fed most
completeness  share of the time a flight is in view of a radar, from its fourth possible look on, in which a confirmed
              track of its own is shown
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainhome import earth, metrics
from chainhome.metrics.ownership import CONFIRMED, majority, target_of
from chainhome.tables import Detections
from chainhome.tracking.registration import Biases
from five_radars.flights import Flights
from five_radars.radars import Radar, Seen, frame_of, possible
from five_radars.trial import Tracked

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FIRST_LOOKS = 4
SAMPLE_S = 5
MISSED_SCANS = 2.5
ONE_FOLLOWING_S = 60.0
"""Two plots of a flight further apart than this are no switch when different tracks take them: it was out of sight."""


@dataclass(frozen=True, eq=False)
class Score:
    """Figures of one way to track."""

    plots_in_tracks: int
    plots_pure: int
    samples: int
    samples_shown: int
    flights: int
    tracked: int
    switches: int
    breaks: int
    tracks: int
    false_tracks: int
    false_share: float
    """Share of the confirmed tracks' rows that belong to tracks of false plots."""
    ambiguity: float
    """Mean over flights of its confirmed tracks' time over the time with at least one."""
    of_flight: dict[str, Ints | Floats]
    """For each flight: `flight`, `completeness`, `switches`, `breaks`; for finding out why."""
    of_track: dict[str, Ints | Floats]
    """For each track ever confirmed: `track_id`, `flight` (-1 = false), `plots`, `pure`."""

    @property
    def purity(self) -> float:
        return self.plots_pure / max(self.plots_in_tracks, 1)

    @property
    def completeness(self) -> float:
        return self.samples_shown / max(self.samples, 1)


def score(flights: Flights, radars: tuple[Radar, ...], seen: Seen, done: Tracked) -> Score:
    """Return the scores of tracked plots."""
    time, flight = samples(flights, radars, seen)
    tracks, plots = done.tracks, done.plots
    age_s = MISSED_SCANS * max(radar.period_s for radar in radars)
    followed = metrics.continuity(
        tracks, plots, sample_time_s=time, sample_target_id=flight, sample_position_m=None, max_age_s=age_s
    )
    fed = np.flatnonzero((tracks.detection_id >= 0) & np.isin(tracks.track_id, followed.track_id))
    source = target_of(tracks.detection_id[fed], plots)
    # Of the aircraft and not of the flight: who comes back after a gap and is still known is no mistake.
    address = np.append(flights.address, -1)
    owner = majority(followed.track_id, tracks.track_id[fed], address[source])
    which = np.searchsorted(followed.track_id, tracks.track_id[fed])
    right = (address[source] == owner[which]) & (owner[which] >= 0)
    false = owner < 0
    switches = _switches(tracks.track_id[fed], source, plots, tracks.detection_id[fed], tracks.status[fed] == CONFIRMED)
    by_flight = np.bincount(switches, minlength=len(flights.address))
    named = metrics.by_address(tracks, plots, plots.target_id, max_age_s=age_s)
    weight = np.bincount(flight, minlength=len(flights.address))[followed.target_id]
    rows_false = np.isin(tracks.track_id, followed.track_id[false]) & (tracks.status == CONFIRMED)
    return Score(
        plots_in_tracks=len(fed),
        plots_pure=int(right.sum()),
        samples=len(time),
        samples_shown=round(float((followed.completeness * weight).sum())),
        flights=len(followed.target_id),
        tracked=int(np.isfinite(followed.first_confirmed_s).sum()),
        switches=len(switches),
        breaks=int(followed.breaks.sum()),
        tracks=len(followed.track_id),
        false_tracks=int(false.sum()),
        false_share=float(rows_false.sum() / max(int((tracks.status == CONFIRMED).sum()), 1)),
        ambiguity=named.overall["ambiguity_mean"],
        of_flight={
            "flight": followed.target_id,
            "samples": weight,
            "completeness": followed.completeness,
            "breaks": followed.breaks,
            "switches": by_flight[followed.target_id],
        },
        of_track={
            "track_id": followed.track_id,
            "flight": followed.track_target_id,
            "plots": np.bincount(which, minlength=len(owner)),
            "pure": np.bincount(which, right, len(owner)),
        },
    )


def samples(flights: Flights, radars: tuple[Radar, ...], seen: Seen) -> tuple[Floats, Ints]:
    """Return the moments at which each flight should be tracked: in view, from its fourth possible look on."""
    order = np.lexsort([seen.look_time_s, seen.look_flight])
    time, flight = seen.look_time_s[order], seen.look_flight[order]
    first = np.searchsorted(flight, np.arange(len(flights.address)))
    fourth = np.full(len(flights.address), np.inf)
    enough = np.bincount(flight, minlength=len(flights.address)) >= FIRST_LOOKS
    fourth[enough] = time[first[enough] + FIRST_LOOKS - 1]
    rows = flights.truth
    rows = rows[(np.floor(rows.time_s) % SAMPLE_S == 0) & (rows.time_s >= fourth[rows.target_id])]
    position = np.column_stack([rows.x_m, rows.y_m, rows.z_m])
    view = np.zeros(len(rows), np.bool_)
    for radar in radars:
        at = earth.measure(position, frame_of(radar), flights.world)
        view |= possible(radar, at[0], at[2], rows.altitude_m)
    return rows.time_s[view], rows.target_id[view]


def _switches(track: Ints, source: Ints, plots: Detections, detection_id: Ints, confirmed: Bools) -> Ints:
    """Return the flight of each switch: the next plot of the flight went to another confirmed track."""
    keep = confirmed & (source >= 0)
    time = plots.time_s[np.searchsorted(plots.detection_id, detection_id)]
    track, source, time = track[keep], source[keep], time[keep]
    order = np.lexsort([time, source])
    track, source, time = track[order], source[order], time[order]
    changed = (np.diff(source) == 0) & (np.diff(track) != 0) & (np.diff(time) < ONE_FOLLOWING_S)
    return np.asarray(source[1:][changed], np.int64)


@dataclass(frozen=True, eq=False)
class BiasErrors:
    """Error of each bias in the radar's own sigma, (radars, 3): range, azimuth, time (in seconds); NaN = not found."""

    value: Floats
    before: Floats

    @property
    def worst(self) -> float:
        """The largest error of a range or azimuth bias, in sigma."""
        return float(np.abs(self.value[:, :2]).max())  # NaN if one was not found


def bias_errors(radars: tuple[Radar, ...], seen: Seen, found: Biases) -> BiasErrors:
    """Return found less true biases. Time is told only up to what is common to all radars, which is taken off both."""
    told = np.column_stack([found.range_bias_m, found.azimuth_bias_rad, found.time_bias_s])
    common = np.isfinite(told[:, 2])
    late = np.array([0.0, 0.0, 1.0])
    true = seen.bias - late * seen.bias[common, 2].mean()
    told -= late * told[common, 2].mean()
    unit = np.array([[radar.range_sigma_m, np.radians(radar.azimuth_sigma_deg), 1.0] for radar in radars])
    return BiasErrors((told - true) / unit, true / unit)

"""What the tracker remembers between two looks: a frozen record of arrays, one row for each living track."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from chainhome.tables import Detections

if TYPE_CHECKING:
    from chainhome.tracking.setup import Setup

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int8]

COUNTS = ("plots_taken", "plots_late", "looks", "tracks_begun")


@dataclass(frozen=True, eq=False)
class Cluster:
    """n tracks that compete for plots, and g hypotheses of what holds of all of them: the careful mode's memory."""

    track_id: Ints
    weight: Floats
    """(g,) the likeliest first, with sum 1."""
    rank: Ints
    """(g, n) which row of each track, by its `rank` in the state, holds; -1 = the track does not exist."""
    silence: Floats
    """(n, n) detections that were expected since two tracks competed."""


@dataclass(frozen=True, eq=False)
class TrackerState:
    """n living tracks with k motion models each, the objects not yet seen, and what waits to be taken in."""

    clock_s: float
    """End of the last look that was taken in."""
    next_track_id: int
    mean: Floats
    """(n, k, 6) x, y, z, vx, vy, vz of each model in the world frame, at `time_s`."""
    triangle: Floats
    """(n, k, 21) lower triangles of the covariances, row by row."""
    mode_probability: Floats
    """(n, k)."""
    existence: Floats
    """(n,) probability that the track follows a real object, at `time_s`."""
    time_s: Floats
    """(n,) the last moment at which a sensor passed over the track, or the time of its newest plot."""
    last_seen_s: Floats
    """(n, sensors) time of the newest plot of each sensor; -inf = none."""
    track_id: Ints
    mode_s_address: Ints
    mode_3a: Ints
    status: Codes
    """(n,) index into `tables.TRACK_STATUSES`."""
    share: Floats
    """(n,) of the track's existence that the row has: a track of several hypotheses has several rows."""
    rank: Codes
    """(n,) 0 = the likeliest hypothesis of its track; in a cluster, the one of the likeliest joint hypothesis."""
    plot_now: Ints
    """(n,) plot of the last look that passed over the row; -1 = it was missed."""
    unseen_per_m2: Floats
    """(rows, columns) of the setup's grid: objects not yet seen on a square metre, at `unseen_s`."""
    unseen_s: float
    waiting: Detections
    """Plots that were given and whose look is not over."""
    phases: Floats
    """(sensors, 5) what is known of each beam's rotation: see `looks`."""
    begin_s: float
    """Where the looks of all sensors begin to count; NaN = nothing was taken in yet."""
    last_s: float
    """Time of the newest plot that was given; -inf = none."""
    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType(dict.fromkeys(COUNTS, 0)))
    """What was done with the plots so far."""
    clusters: tuple[Cluster, ...] = ()
    """Tracks with joint hypotheses, where the association is "pmbm"."""

    def __len__(self) -> int:
        """Return the number of rows; `rank == 0` are the tracks."""
        return len(self.track_id)

    @property
    def covariance(self) -> Floats:
        """(n, k, 6, 6) covariance of each model."""
        full = np.empty((*self.triangle.shape[:-1], 6, 6))
        row, column = np.tril_indices(6)
        full[..., row, column] = full[..., column, row] = self.triangle
        return full

    def __getitem__(self, rows: Any) -> Self:
        """Return the tracks chosen by a mask, an index array or a slice; all else stays."""
        return replace(self, **{name: getattr(self, name)[rows] for name in PER_TRACK})


PER_TRACK = tuple(
    name.name
    for name in fields(TrackerState)
    if name.name
    not in (
        "clock_s",
        "next_track_id",
        "unseen_per_m2",
        "unseen_s",
        "waiting",
        "phases",
        "begin_s",
        "last_s",
        "counts",
        "clusters",
    )
)


def initial_state(setup: Setup, *, first_track_id: int = 0) -> TrackerState:
    """Return a tracker that has seen nothing: no tracks, a clock before all time."""
    number, key = np.zeros(0), np.zeros(0, np.int64)
    models, sensors = len(setup.params.models), len(setup.sensors)
    return TrackerState(
        clock_s=-np.inf,
        next_track_id=first_track_id,
        mean=np.zeros((0, models, 6)),
        triangle=np.zeros((0, models, 21)),
        mode_probability=np.zeros((0, models)),
        existence=number,
        time_s=number,
        last_seen_s=np.zeros((0, sensors)),
        track_id=key,
        mode_s_address=key,
        mode_3a=key,
        status=np.zeros(0, np.int8),
        share=number,
        rank=np.zeros(0, np.int8),
        plot_now=key,
        unseen_per_m2=np.full(setup.grid.shape, setup.params.unseen_per_m2),
        unseen_s=np.nan,
        waiting=Detections.make(0),
        phases=np.zeros((sensors, 5)),
        begin_s=np.nan,
        last_s=-np.inf,
    )


def combined(state: TrackerState) -> tuple[Floats, Floats]:
    """Return the mean (n, 6) and covariance (n, 6, 6) of each track over its motion models, matched in moments."""
    weight = state.mode_probability
    mean = np.einsum("nk,nki->ni", weight, state.mean)
    apart = state.mean - mean[:, None]
    spread = state.covariance + apart[..., :, None] * apart[..., None, :]
    return mean, np.einsum("nk,nkij->nij", weight, spread)

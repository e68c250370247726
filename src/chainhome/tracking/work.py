"""The arrays that the compiled passes of one call work in: the tracks with room for more, and scratch.

A call of `step` copies the state in once, changes it in place look by look, and copies it out at the end, so from
outside nothing is ever changed. The arrays wait in the setup for the next call: new memory costs more than the work.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainhome.tables import Tracks
from chainhome.tracking import _look_kernels as look
from chainhome.tracking._gate_kernels import Bins, Pairs
from chainhome.tracking._look_kernels import Desk, Rules, Watch
from chainhome.tracking._motion_kernels import Moved, lanes_for
from chainhome.tracking._settle_kernels import Rows, models_out
from chainhome.tracking._update_kernels import Columns, Scratch
from chainhome.tracking.marginals import EXACT_BUDGET, Workspace
from chainhome.tracking.rows import Ledger, room_for_rows
from chainhome.tracking.setup import Setup
from chainhome.tracking.slots import SLOTS
from chainhome.tracking.state import Cluster, TrackerState, initial_state

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FEW = 64
_STATE_NAMES = {"weight": "mode_probability", "covariance": "triangle"}


class Work:
    """The changing arrays of one call: the tracks, their rows, pairs with plots, and the desk between."""

    def __init__(self, setup: Setup) -> None:
        """Make room for a few tracks and plots; more is made as needed."""
        self.setup = setup
        self.models = len(setup.params.models)
        self.number = np.zeros(look.NUMBERS, np.int64)
        self.clusters: list[Cluster] = []
        self.shown: dict[int, float] = {}
        self.watch, self.rules = _watch(setup), _rules(setup)
        self.one_run = np.zeros((1, 2), np.int64)
        self.columns = _columns(initial_state(setup), _FEW)
        self.moved = _moved(_FEW, self.models, 2)
        self.rows = room_for_rows(4 * _FEW, self.models)
        self.ledger = Ledger(self.models, setup.world)
        self.pairs = _pairs(4 * _FEW, self.models)
        self._marginals = Workspace()
        self.desk = self._desk(_FEW, _FEW)

    @property
    def count(self) -> int:
        """How many rows the tracks have."""
        return int(self.number[look.COUNT])

    @count.setter
    def count(self, rows: int) -> None:
        self.number[look.COUNT] = rows

    @property
    def row_count(self) -> int:
        """How many rows were written."""
        return int(self.number[look.ROWS])

    @property
    def next_id(self) -> int:
        """The name of the next track."""
        return int(self.number[look.NEXT_ID])

    def load(self, state: TrackerState) -> None:
        """Copy a state in."""
        n = len(state)
        self.number[[look.COUNT, look.NEXT_ID, look.ROWS, look.MOVED]] = 0, state.next_track_id, 0, 0
        self.room_for_tracks(n)
        self.room_to_move(n)
        self.count = n
        for name in Columns._fields:
            getattr(self.columns, name)[:n] = getattr(state, _STATE_NAMES.get(name, name))
        self.clusters = list(state.clusters)
        self.shown.clear()
        self.desk.unseen[:], self.desk.unseen_s[0] = state.unseen_per_m2.ravel(), state.unseen_s

    def _desk(self, tracks: int, plots: int) -> Desk:
        ints, floats, grid = self._marginals.reserve(tracks, plots, 4 * _FEW)
        return Desk(
            number=self.number,
            unseen=np.zeros(self.watch.cell_probability.shape[1]),
            unseen_s=np.full(1, np.nan),
            stage=np.zeros(tracks, np.int8),
            viewed=np.zeros(tracks, np.bool_),
            lost=np.zeros(tracks, np.bool_),
            of_track=np.zeros((look.TRACK_INTS, tracks + 1), np.int64),
            about_track=np.zeros((look.TRACK_FLOATS, tracks + 1)),
            head=np.zeros(_power_of_two(4 * tracks), np.int64),
            of_plot=np.zeros((look.PLOT_INTS, plots), np.int64),
            about_plot=np.zeros((look.PLOT_FLOATS, plots)),
            value=np.zeros((plots, SLOTS)),
            variance=np.zeros((plots, SLOTS)),
            bins=_bins(plots),
            of_pair=np.zeros((look.PAIR_INTS, 4 * _FEW), np.int64),
            about_pair=np.zeros((look.PAIR_FLOATS, 4 * _FEW)),
            slots=np.zeros(SLOTS, np.int64),
            noise=np.zeros(SLOTS),
            counts=np.zeros(4, np.int64),
            ints=ints,
            floats=floats,
            grid=grid,
            update=Scratch(
                jobs=np.zeros((4 * _FEW, 3), np.int64),
                claim=np.zeros(plots),
                white=np.zeros(SLOTS),
                root=np.zeros((SLOTS, SLOTS)),
                gain=np.zeros((SLOTS, 6)),
            ),
            lanes=lanes_for(self.models),
        )

    def room_for_plots(self, plots: int, slots: int) -> None:
        """Make room for looks of so many plots that measure so many slots."""
        if slots > self.moved.measured.shape[2]:
            self.moved = _moved(len(self.moved.row), self.models, slots)
        if plots > len(self.desk.value):
            room = 2 * plots
            self.desk = self.desk._replace(
                of_plot=np.zeros((look.PLOT_INTS, room), np.int64),
                about_plot=np.zeros((look.PLOT_FLOATS, room)),
                value=np.zeros((room, SLOTS)),
                variance=np.zeros((room, SLOTS)),
                bins=_bins(room),
                update=self.desk.update._replace(claim=np.zeros(room)),
            )

    def make_room(self, more: int = 0) -> None:
        """Make room for what the last look needed, and for `more` tracks."""
        number = self.number
        if number[look.NEED_PAIRS] > len(self.pairs.plot):
            self.pairs = _pairs(int(number[look.NEED_PAIRS]), self.models)
        self.room_for_tracks(int(number[look.NEED_TRACKS]) + more)
        self.room_for_rows(int(number[look.NEED_ROWS]) + more)
        self.room_to_move(self.count)
        pairs, d = len(self.pairs.plot), self.desk
        ints, floats, grid = self._marginals.reserve(int(number[look.NEED_SLOT]), len(d.value), 0)
        d = d._replace(ints=ints, floats=floats, grid=grid)
        if pairs > d.of_pair.shape[1]:
            of_pair, about_pair = np.zeros((look.PAIR_INTS, pairs), np.int64), np.zeros((look.PAIR_FLOATS, pairs))
            d = d._replace(of_pair=of_pair, about_pair=about_pair)
        self.desk = d
        self.room_for_jobs(int(number[look.NEED_JOBS]))

    def room_for_jobs(self, jobs: int) -> None:
        """Make room for an update that writes so many rows."""
        update = self.desk.update
        if jobs > len(update.jobs):
            self.desk = self.desk._replace(update=update._replace(jobs=np.zeros((2 * jobs, 3), np.int64)))

    def room_to_move(self, tracks: int) -> None:
        """Make room to move so many tracks, but not while moved ones wait for a look to go on."""
        if tracks > len(self.moved.row) and not self.number[look.MOVED]:
            room = max(tracks, 2 * len(self.moved.row))
            self.moved = _moved(room, self.models, self.moved.measured.shape[2])

    def room_for_tracks(self, needed: int) -> None:
        """Make room for `needed` rows of tracks in all; what stands in the work tables stays."""
        if needed <= len(self.columns.time_s):
            return
        # Memory that is not touched costs nothing, but copying does: only what is in use moves.
        room, used = max(needed, 2 * len(self.columns.time_s)), self.count
        self.columns = Columns(*(_grown(column, room, used) for column in self.columns))
        d = self.desk
        self.desk = d._replace(
            stage=_grown(d.stage, room, used),
            viewed=_grown(d.viewed, room, used),
            lost=_grown(d.lost, room, used),
            of_track=_wider(d.of_track, room + 1, used + 1),
            about_track=_wider(d.about_track, room + 1, used + 1),
            head=np.zeros(_power_of_two(4 * room), np.int64),
        )

    def room_for_rows(self, needed: int) -> None:
        """Make room for so many rows to be written in all."""
        if needed > len(self.rows.time_s):
            room = 2 * needed
            self.rows = Rows(*(_grown(column, room, self.row_count) for column in self.rows))

    def state_columns(self) -> dict[str, Any]:
        """Return what the state keeps of the tracks and of the unseen, by name."""
        c, n = self.columns, self.count
        means, triangles = np.empty((n, *c.mean.shape[1:])), np.empty((n, *c.covariance.shape[1:]))
        models_out(n, c.weight, c.mean, c.covariance, means, triangles)
        rest = (name for name in c._fields if name not in ("mean", "covariance"))
        kept = {_STATE_NAMES.get(name, name): getattr(c, name)[:n].copy() for name in rest}
        return kept | {
            "mean": means,
            "triangle": triangles,
            "next_track_id": self.next_id,
            "unseen_per_m2": self.desk.unseen.reshape(self.setup.grid.shape).copy(),
            "unseen_s": float(self.desk.unseen_s[0]),
            "clusters": tuple(self.clusters),
        }

    def write_rows(self, plots: int, ahead: int) -> None:
        """Put the rows of so many plots into the table of tracks; so many plots are ahead."""
        self.number[look.ROWS] = self.ledger.write(self.rows, self.row_count, plots, ahead)

    def tracks(self) -> Tracks:
        """Return all rows that were written, as a table in time order."""
        return self.ledger.closed(self.rows, self.row_count)


def _grown(column: NDArray[Any], room: int, used: int) -> NDArray[Any]:
    larger = np.zeros((room, *column.shape[1:]), column.dtype)
    larger[:used] = column[:used]
    return larger


def _wider(table: NDArray[Any], room: int, used: int) -> NDArray[Any]:
    larger = np.zeros((len(table), room), table.dtype)
    larger[:, :used] = table[:, :used]
    return larger


def _power_of_two(least: int) -> int:
    return 1 << max(4, (least - 1).bit_length())


def _columns(state: TrackerState, room: int) -> Columns:
    return Columns(*(_grown(getattr(state, _STATE_NAMES.get(name, name)), room, 0) for name in Columns._fields))


def _pairs(room: int, models: int) -> Pairs:
    return Pairs(
        plot=np.zeros(room, np.int64),
        likelihood=np.zeros((room, models)),
        weight=np.zeros(room),
    )


def _bins(plots: int) -> Bins:
    return Bins(np.zeros(plots + 2, np.int64), np.zeros(plots, np.int64), np.zeros((plots, 4)), np.zeros(4))


def _moved(n: int, k: int, s: int) -> Moved:
    return Moved(
        row=np.zeros(n, np.int64),
        seen=np.zeros(n),
        blamed=np.zeros(n),
        time_s=np.zeros(n),
        lag_s=np.zeros(n),
        existence=np.zeros(n),
        measured=np.zeros((n, k, s)),
        rate=np.zeros((n, k, s)),
        cross=np.zeros((n, k, s, 6)),
        spread=np.zeros((n, k, s, s)),
        peak=np.zeros((n, k)),
        widest=np.zeros(n),
        box=np.zeros((n, 7)),
    )


def _watch(setup: Setup) -> Watch:
    watchers, greatest = setup.watchers, setup.params.greatest_detection_probability
    figures = [(float(w.polar), w.max_range_m, w.period_s, w.azimuth_sigma_rad) for w in watchers]
    return Watch(
        origin_m=np.array([w.origin_m for w in watchers]),
        rotation=np.array([w.rotation for w in watchers]),
        figures=np.array(figures, np.float64),
        probability=np.array([np.nan if callable(w.probability) else min(w.probability, greatest) for w in watchers]),
        cell_probability=np.array([w.cell_probability.ravel() for w in watchers]),
    )


def _rules(setup: Setup) -> Rules:
    p = setup.params
    return Rules(
        earth_m=np.ascontiguousarray(setup.world.ecef, np.float64),
        earth_rotation=np.ascontiguousarray(setup.world.rotation, np.float64),
        gates=setup.gates,
        models=setup.models,
        limits=setup.limits,
        replies=setup.replies,
        nearest=p.association == "gnn",
        budget=EXACT_BUDGET,
        life_s=float(p.mean_life_s),
        births_per_m2ps=float(p.births_per_m2ps),
        unseen_per_m2=float(p.unseen_per_m2),
        cell_m2=float(p.birth_cell_m**2),
        least=float(p.least_detection_probability),
        share_min=float(p.new_share_min),
        share_first=float(p.new_share_first),
        companions_per_m2=float(p.companions / (np.pi * p.companion_distance_m**2)),
        companion_m=float(p.companion_distance_m),
        young=float(p.young_existence),
        noise_m2ps3=float(setup.noise_m2ps3),
        worst_m=float(p.max_position_sigma_m),
        hypotheses=int(p.hypotheses),
        hypothesis_distance=float(p.hypothesis_distance),
        hypothesis_share_min=float(p.hypothesis_share_min),
        merge_distance=float(p.merge_distance),
        merge_existence=float(p.merge_existence),
    )

"""The arrays that the compiled passes of one call work in: the tracks with room for more, and scratch.

A call of `step` copies the state in once, changes it in place look by look, and copies it out at the end, so from
outside nothing is ever changed. The arrays wait in the setup for the next call: new memory costs more than the work.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome.tables import Tracks
from chainhome.tracking._gate_kernels import Bins, Pairs
from chainhome.tracking._marginal_kernels import assignment_kernel, marginals_kernel
from chainhome.tracking._motion_kernels import Moved, lanes_for
from chainhome.tracking._settle_kernels import Rows
from chainhome.tracking._update_kernels import Columns
from chainhome.tracking._update_kernels import Scratch as UpdateScratch
from chainhome.tracking.marginals import EXACT_BUDGET, Workspace
from chainhome.tracking.rows import room_for_rows, table_of
from chainhome.tracking.setup import Setup
from chainhome.tracking.slots import SLOTS
from chainhome.tracking.state import Cluster, TrackerState, initial_state

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TOLERANCE, _ITERATIONS = 1e-6, 200
_STATE_NAMES = {"weight": "mode_probability", "covariance": "triangle"}


class Scratch(NamedTuple):
    """Small arrays that the passes use inside."""

    lanes: Floats
    update: UpdateScratch
    low: Floats
    step: Floats
    root6: Floats
    white6: Floats


class Work:
    """The changing arrays of one call: `columns`, `rows`, pairs and everything between."""

    def __init__(self, setup: Setup) -> None:
        """Make room for a few tracks; `load` makes more."""
        self.setup = setup
        self.models = len(setup.params.models)
        self.count = self.next_id = 0
        self.columns = _columns(initial_state(setup), 64)
        self.unseen, self.unseen_s = np.zeros(setup.grid.shape), np.nan
        self.clusters: list[Cluster] = []
        self.rows = room_for_rows(256, self.models)
        self.row_count = 0
        self.pairs = _pairs(256, self.models)
        self.bins = Bins(np.zeros(2, np.int64), np.zeros(0, np.int64))
        self.scratch = Scratch(
            lanes=lanes_for(self.models),
            update=UpdateScratch(
                np.zeros((256, 3), np.int64),
                np.zeros(256),
                np.zeros(SLOTS),
                np.zeros((SLOTS, SLOTS)),
                np.zeros((6, SLOTS)),
            ),
            low=np.zeros(2),
            step=np.zeros(2),
            root6=np.zeros((6, 6)),
            white6=np.zeros(6),
        )
        self._moved: dict[int, Moved] = {}
        self._marginals = Workspace()
        self._counts = np.zeros(4, np.int64)
        self._run = np.zeros((1, 2), np.int64)
        self._numbers = np.zeros(0, np.int64)
        self._head = self._following = np.zeros(0, np.int64)
        self.lost = np.zeros(0, np.bool_)
        self.first = np.zeros(0, np.int64)
        self.beta_missed = np.zeros(0)
        self._per_track(len(self.columns.time_s))

    def load(self, state: TrackerState) -> None:
        """Copy a state in."""
        self.count, self.next_id, self.row_count = len(state), state.next_track_id, 0
        self.room_for_tracks(self.count)
        for name in Columns._fields:
            getattr(self.columns, name)[: self.count] = getattr(state, _STATE_NAMES.get(name, name))
        self.clusters = list(state.clusters)
        self.shown: dict[int, float] = {}
        self.lost[:] = False
        self.unseen, self.unseen_s = state.unseen_per_m2.copy(), state.unseen_s

    def _per_track(self, room: int) -> None:
        self.viewed = np.zeros(room, np.bool_)
        self.stage = np.zeros(room, np.int8)
        self.lost = _grown(self.lost, room)
        self.first = _grown(self.first, room + 1)
        self.beta_missed = _grown(self.beta_missed, room)
        self.one_each = np.arange(room + 1)
        self.part_first = np.zeros(room + 1, np.int64)
        self.list = np.zeros(room + 1, np.int64)
        self._moved.clear()

    def moved(self, slots: int) -> Moved:
        """Return room for the tracks in view with so many measured slots."""
        if slots not in self._moved:
            n, k, s = len(self.columns.time_s), self.models, slots
            self._moved[slots] = Moved(
                row=np.zeros(n, np.int64),
                seen=np.zeros(n),
                blamed=np.zeros(n),
                time_s=np.zeros(n),
                lag_s=np.zeros(n),
                existence=np.zeros(n),
                weight=np.zeros((n, k)),
                mean=np.zeros((n, k, 6)),
                covariance=np.zeros((n, k, 21)),
                measured=np.zeros((n, k, s)),
                rate=np.zeros((n, k, s)),
                cross=np.zeros((n, k, 6, s)),
                spread=np.zeros((n, k, s, s)),
            )
        return self._moved[slots]

    def room_for_tracks(self, needed: int) -> None:
        """Make room for `needed` tracks in all."""
        if needed > len(self.columns.time_s):
            room = max(needed, 2 * len(self.columns.time_s))
            self.columns = Columns(*(_grown(column, room) for column in self.columns))
            self._per_track(room)

    def room_for_rows(self, more: int) -> None:
        """Make room for so many more rows of tracks."""
        needed = self.row_count + more
        if needed > len(self.rows.time_s):
            room = max(needed, 2 * len(self.rows.time_s))
            self.rows = Rows(*(_grown(column, room) for column in self.rows))

    def room_for_pairs(self) -> None:
        """Make room for four times as many pairs."""
        self.pairs = _pairs(4 * len(self.pairs.plot), self.models)

    def room_for_jobs(self, jobs: int, plots: int) -> None:
        """Make room for an update that writes so many rows and takes in so many plots."""
        update = self.scratch.update
        if jobs > len(update.jobs) or plots > len(update.claim):
            update = update._replace(jobs=np.zeros((2 * jobs, 3), np.int64), claim=np.zeros(2 * plots))
            self.scratch = self.scratch._replace(update=update)

    def bins_for(self, plots: int, bins: int) -> Bins:
        """Return room for an index over so many plots and bins."""
        if len(self.bins.first) < bins + 1 or len(self.bins.order) < plots:
            self.bins = Bins(np.zeros(2 * bins + 1, np.int64), np.zeros(2 * plots + 1, np.int64))
        return self.bins

    def table_for(self, tracks: int) -> tuple[Ints, Ints]:
        """Return room for a hash table of so many tracks."""
        if len(self._following) < tracks:
            self._following = np.zeros(2 * tracks, np.int64)
        size = 1 << max(4, tracks.bit_length())
        if len(self._head) != size:
            self._head = np.zeros(size, np.int64)
        return self._head, self._following

    def whole_run(self, groups: int) -> Ints:
        """Return all groups as one run, (1, 2)."""
        self._run[0, 1] = groups
        return self._run

    def numbers(self, count: int) -> Ints:
        """Return 0, 1, 2, ..."""
        if len(self._numbers) < count:
            self._numbers = np.arange(2 * count)
        return self._numbers[:count]

    def associate(
        self,
        ptr: Ints,
        plot: Ints,
        weight: Floats,
        missed: Floats,
        other: Floats,
        beta: Floats,
        beta_missed: Floats,
        free: Floats,
    ) -> None:
        """Fill the marginal probabilities of association, or 0 and 1 by the best one; the arrays come as none taken."""
        ints, floats, grid = self._marginals.reserve(len(missed), len(other), len(plot))
        if self.setup.params.association == "gnn":
            chosen = np.empty(len(missed), np.int64)
            assignment_kernel(ptr, plot, weight, missed, other, chosen, ints, floats)
            pairs = chosen[chosen >= 0]
            beta[pairs] = 1.0
            beta_missed[chosen >= 0] = 0.0
            free[plot[pairs]] = 0.0
            return
        columns = (ptr, plot, weight, missed, other, beta, beta_missed, free, self._counts)
        marginals_kernel(*columns, ints, floats, grid, _TOLERANCE, _ITERATIONS, EXACT_BUDGET)

    def state_columns(self) -> dict[str, Any]:
        """Return the columns of the tracks that are left, by their names in the state."""
        c, n = self.columns, self.count
        return {_STATE_NAMES.get(name, name): getattr(c, name)[:n].copy() for name in c._fields}

    def tracks(self) -> Tracks:
        """Return the rows that were written, as a table in time order."""
        return table_of(self.rows, self.row_count, self.setup.world)


def _grown(column: NDArray[Any], room: int) -> NDArray[Any]:
    larger = np.zeros((room, *column.shape[1:]), column.dtype)
    larger[: len(column)] = column
    return larger


def _columns(state: TrackerState, room: int) -> Columns:
    return Columns(*(_grown(getattr(state, _STATE_NAMES.get(name, name)), room) for name in Columns._fields))


def _pairs(room: int, models: int) -> Pairs:
    return Pairs(
        plot=np.zeros(room, np.int64),
        likelihood=np.zeros((room, models)),
        weight=np.zeros(room),
    )

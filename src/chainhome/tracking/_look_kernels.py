"""One compiled pass over many looks: which tracks are in view, which plots are theirs, what becomes of both.

The passes of a look stand in files of their own; here they are called one after another, so that a whole recording is
one call from Python. This kernel is built with the digest of all of them in hand (`_jit.linked`), because Numba's disk
cache knows a kernel by its own file alone.
"""

# Long because what is inlined into one kernel stands in its file.

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, linked
from chainhome.tracking._gate_kernels import Bins, Pairs, Replies, gated, grouped, weighed
from chainhome.tracking._gate_kernels import Look as Shown
from chainhome.tracking._marginal_kernels import assignment_kernel, marginals_kernel
from chainhome.tracking._merge_kernels import merged, reduced
from chainhome.tracking._motion_kernels import Models, Moved, Spread, moved
from chainhome.tracking._settle_kernels import Rows, settled
from chainhome.tracking._unseen_kernels import accompanied, appeared
from chainhome.tracking._update_kernels import Columns, Limits, Parts, Scratch, claimed, updated
from chainhome.tracking._view_kernels import Sight, in_view, made_whole

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Whole numbers that the looks change, in `Desk.number`. Of the tracker:
COUNT, NEXT_ID, ROWS = 0, 1, 2
# Of the look at hand: tracks in view (grown, these and young ones of several plots, all), groups of grown tracks, pairs
# of groups and plots, and whether the slots stand packed in `Desk.value`.
GROWN, PARTED, SEEN, GROUPS, JOINED, PACKED, SLOTS_USED, EQUAL = 3, 4, 5, 6, 7, 8, 9, 10
# What there must be room for, where a look could not be taken in.
NEED_TRACKS, NEED_PAIRS, NEED_ROWS, NEED_SLOT, NEED_JOBS = 11, 12, 13, 14, 15
BEFORE = 16  # tracks before the look at hand
MOVED = 17  # whether its tracks are moved already: the look waits for room
NUMBERS = 18
# Parts of a look: all of it, all up to the association, the rest.
WHOLE, FIRST, REST = 0, 1, 2
# Rows of the work tables, of whole numbers and of numbers, for each track ...
TOP, FOLLOWING, LAST, PLACE, SPARE, LIST, PART_FIRST, FOUND_FIRST, GROUP_FIRST, JOINED_FIRST, SIBLING = range(11)
TRACK_INTS = 11
SPARE_LIKELY, SPARE_BLAMED, SPARE_MOMENT, MISSED, BETA_MISSED = range(5)
TRACK_FLOATS = 5
# ... for each plot of a look ...
FOUND, AT, STAMP = range(3)
PLOT_INTS = 3
APPEARING, OTHER, FREE, SCALE = range(4)
PLOT_FLOATS = 4
# ... and for each pair.
JOINED_PLOT, OF_PAIR = range(2)
PAIR_INTS = 2
JOINED_WEIGHT, BETA = range(2)
PAIR_FLOATS = 2

_FEWEST_PLOTS_IN_BINS = 32
_PLOTS_IN_A_BIN = 2
_TOLERANCE, _ITERATIONS = 1e-6, 200


class Looks(NamedTuple):
    """l looks in the order of their ends."""

    sensor: Ints
    first: Ints  # (l + 1,) where the plots of each begin
    moment: Floats  # (l, 7) start, end, middle, a moment at which the beam points north, share of the period that is
    # over before and after, and the tracker's clock


class Given(NamedTuple):
    """m plots in the order of the looks; columns as in `measurement.Plots`."""

    time_s: Floats
    value: Floats  # (m, 5)
    variance: Floats  # (m, 5)
    address: Ints
    code: Ints
    detection_id: Ints
    clutter: Floats
    new_density: Floats
    cell: Ints
    mean: Floats  # (m, 6)
    triangle: Floats  # (m, 21)


class Watch(NamedTuple):
    """The sensors."""

    origin_m: Floats  # (s, 3)
    rotation: Floats  # (s, 3, 3)
    figures: Floats  # (s, 4) whether polar, range, period, standard deviation of azimuth
    probability: Floats  # (s,) of detection in a whole period, where it is the same everywhere
    cell_probability: Floats  # (s, cells)


class Rules(NamedTuple):
    """What does not change while the tracker runs."""

    earth_m: Floats
    earth_rotation: Floats
    gates: Floats
    models: Models
    limits: Limits
    replies: Replies
    nearest: bool  # association by the one best assignment
    budget: int
    life_s: float
    births_per_m2ps: float
    unseen_per_m2: float
    cell_m2: float
    least: float
    share_min: float
    share_first: float
    companions_per_m2: float
    companion_m: float
    young: float
    noise_m2ps3: float
    worst_m: float
    hypotheses: int
    hypothesis_distance: float
    hypothesis_share_min: float
    merge_distance: float
    merge_existence: float


class Desk(NamedTuple):
    """Work arrays; those by track have room for one more."""

    number: Ints
    unseen: Floats  # (cells,)
    unseen_s: Floats  # (1,)
    stage: NDArray[np.int8]
    viewed: NDArray[np.bool_]
    lost: NDArray[np.bool_]
    of_track: Ints  # (TRACK_INTS, tracks)
    about_track: Floats
    head: Ints  # hash tables: a power of two, four times as many as tracks
    of_plot: Ints
    about_plot: Floats
    value: Floats  # (plots, 5)
    variance: Floats
    bins: Bins
    of_pair: Ints
    about_pair: Floats
    slots: Ints  # (5,)
    noise: Floats  # (5,)
    counts: Ints
    ints: Ints
    floats: Floats
    grid: Floats
    update: Scratch
    lanes: Floats


@inline
def _slots_of(p: int, q: int, given: Given, desk: Desk) -> int:
    """Fill `slots`, which any of the plots p to q has, and how their variances stand; return how many slots."""
    value, variance, number = given.value, given.variance, desk.number
    ns = 0
    equal, packed = True, False
    for s in range(5):
        some, noise, all_alike = False, 0.0, True
        for i in range(p, q):
            present = value[i, s] == value[i, s]
            some = some or present
            all_alike = all_alike and present and variance[i, s] == variance[p, s]
            noise = max(noise, variance[i, s])
        if some or (p == q and s < 2):
            desk.slots[ns], desk.noise[ns] = s, noise
            equal = equal and all_alike
            packed = packed or s != ns
            ns += 1
    if packed:
        for s in range(ns):
            for i in range(p, q):
                desk.value[i - p, s], desk.variance[i - p, s] = value[i, desk.slots[s]], variance[i, desk.slots[s]]
    number[PACKED], number[SLOTS_USED], number[EQUAL] = 1 if packed else 0, ns, 1 if equal and q > p else 0
    return ns


@inline
def _sight(sensor: int, moment: Floats, watch: Watch, rules: Rules) -> Sight:
    figures = watch.figures[sensor]
    return Sight(
        watch.origin_m[sensor], watch.rotation[sensor], rules.earth_m, rules.earth_rotation, figures[0] > 0.0,
        figures[1], moment[0], moment[1], moment[2], moment[3], figures[2], moment[4], moment[5],
    )  # fmt: skip


@inline
def _see(
    sensor: int, azimuth_sigma_rad: float, sight: Sight, probability: Floats, rules: Rules, c: Columns, m: Moved,
    desk: Desk,
) -> None:  # fmt: skip
    """Find the tracks in view, the hypotheses of a grown track side by side."""
    number, n = desk.number, desk.number[COUNT]
    grown, parted, seen, parts = in_view(
        n, c.mean, c.covariance, c.weight, c.existence, c.share, c.status, c.time_s, c.last_seen_s, sensor,
        probability, rules.young, rules.noise_m2ps3, azimuth_sigma_rad, sight, rules.worst_m,
        rules.least, sight.polar, desk.stage, m.row, m.seen, m.blamed, m.time_s, desk.lost,
    )  # fmt: skip
    of, about = desk.of_track, desk.about_track
    if parts > 0:
        more, groups = made_whole(
            n, parts, grown, seen, sight.mid_s, c.track_id, c.share, c.rank, c.time_s, desk.stage, desk.lost,
            m.row, m.seen, m.blamed, m.time_s, of[TOP], of[FOLLOWING], of[LAST], of[PLACE], desk.head, of[SPARE],
            about[SPARE_LIKELY], about[SPARE_BLAMED], about[SPARE_MOMENT], of[GROUP_FIRST],
        )  # fmt: skip
        grown, parted, seen = grown + more, parted + more, seen + more
    else:
        groups = grown
        for g in range(groups + 1):
            of[GROUP_FIRST, g] = g
    number[GROWN], number[PARTED], number[SEEN], number[GROUPS] = grown, parted, seen, groups


@inline
def _shown(p: int, q: int, given: Given, desk: Desk) -> Shown:
    value, variance = given.value[p:q], given.variance[p:q]
    if desk.number[PACKED] > 0:
        value, variance = desk.value[: q - p], desk.variance[: q - p]
    return Shown(given.time_s[p:q], value, variance, given.address[p:q], given.code[p:q])


@inline
def _faint(clutter: Floats, rules: Rules) -> float:
    """Return the density below which a young track's plot makes no track: wherever it lies, it is rather false."""
    least = math.inf
    for i in range(len(clutter)):
        least = min(least, clutter[i])
    return rules.limits.begin * least


@inline
def _move_tracks(
    p: int, q: int, ns: int, sight: Sight, shown: Shown, faint: float, rules: Rules, c: Columns, m: Moved, desk: Desk
) -> None:
    """Move the tracks in view to their moments, and fill what the sensor should measure of them."""
    number = desk.number
    slack, turn = 0.0, 0.0
    if sight.swept_s == sight.swept_s:
        slack, turn = sight.end_s - sight.start_s, 2.0 * math.pi / sight.period_s
    else:
        for i in range(q - p):
            slack = max(slack, abs(shown.time_s[i] - sight.mid_s))
    replied = False
    for i in range(q - p):
        replied = replied or shown.address[i] >= 0 or shown.code[i] >= 0
    if rules.replies.use and replied:
        faint /= max(1.0, rules.replies.same_address, rules.replies.same_code, rules.replies.other_code)
    spread = Spread(number[EQUAL] > 0, desk.noise[:ns], rules.gates[0, ns], rules.gates[1, ns], faint, slack, turn)
    moved(
        number[GROWN], number[PARTED], number[SEEN], c.mean, c.covariance, c.weight, c.existence, c.share, c.time_s,
        rules.life_s, rules.models, sight, desk.slots[:ns], spread, m, desk.lanes,
    )  # fmt: skip


@inline
def _gate(
    plots: int, polar: bool, shown: Shown, faint: float, rules: Rules, c: Columns, m: Moved, pairs: Pairs, desk: Desk
) -> int:
    """Find the plots of the tracks in view; return the number of pairs, or -1: no room."""
    number, of = desk.number, desk.of_track
    seen = number[SEEN]
    if plots == 0 or seen == 0:
        for a in range(seen + 1):
            of[FOUND_FIRST, a] = 0
        return 0
    side = 1 if plots < _FEWEST_PLOTS_IN_BINS else max(1, int(math.sqrt(plots / _PLOTS_IN_A_BIN)))
    found: int = gated(
        seen, number[GROWN], number[PARTED], number[SLOTS_USED], m.row, m.seen, m.time_s, m.existence, c.weight,
        m.measured, m.rate, m.spread, m.peak, m.box, m.widest, faint, c.mode_s_address, c.mode_3a,
        shown, plots, number[EQUAL] > 0, polar, side, desk.bins, rules.gates, rules.replies, desk.of_plot[FOUND],
        desk.of_plot[AT], desk.update.white, desk.update.root, of[FOUND_FIRST], pairs,
    )  # fmt: skip
    return found


@inline
def _short_of_room(plots: int, found: int, c: Columns, rows: Rows, pairs: Pairs, desk: Desk) -> bool:
    """Say what the look needs room for; return whether there is too little."""
    number = desk.number
    if found < 0:
        number[NEED_PAIRS] = 4 * len(pairs.plot)
        return True
    of_grown = desk.of_track[FOUND_FIRST, number[GROWN]]
    rivals = claimed(number[GROWN], number[SEEN], plots, desk.of_track[FOUND_FIRST], pairs, desk.update.claim)
    needed = number[COUNT] + plots + of_grown + rivals + number[GROWN]
    number[NEED_TRACKS], number[NEED_ROWS] = needed, number[ROWS] + needed
    number[NEED_SLOT] = max(number[GROUPS], plots, of_grown) + 1
    number[NEED_JOBS] = number[SEEN] + of_grown + rivals
    short: bool = needed > len(c.time_s) or number[NEED_ROWS] > len(rows.time_s)
    cramped: bool = found > desk.of_pair.shape[1] or number[NEED_SLOT] > desk.ints.shape[1]
    return short or cramped or bool(number[NEED_JOBS] > len(desk.update.jobs))


@inline
def _appear(
    sensor: int, moment: Floats, p: int, q: int, given: Given, watch: Watch, rules: Rules, desk: Desk
) -> None:  # fmt: skip
    """Fill the density of new objects at each plot; how many there are to begin with, the first plots tell."""
    at_first = desk.unseen_s[0] != desk.unseen_s[0]
    if at_first and p == q:
        return
    elapsed = 0.0 if at_first else max(moment[1] - desk.unseen_s[0], 0.0)
    appeared(
        elapsed, at_first, moment[5] - moment[4], rules.life_s, rules.births_per_m2ps, rules.unseen_per_m2,
        rules.cell_m2, rules.least, rules.share_min, rules.share_first, watch.cell_probability[sensor],
        given.cell[p:q], given.new_density[p:q], given.clutter[p:q], desk.unseen, desk.about_plot[APPEARING, : q - p],
    )  # fmt: skip
    desk.unseen_s[0] = moment[1] if at_first else max(moment[1], desk.unseen_s[0])


@inline
def _associate(
    plots: int, clutter: Floats, nearest: bool | None, rules: Rules, m: Moved, pairs: Pairs, desk: Desk
) -> None:  # fmt: skip
    """Fill the marginal probabilities of the pairs of grown tracks, their hypotheses taken together."""
    number, of, about = desk.number, desk.of_track, desk.about_track
    grown, groups = number[GROWN], number[GROUPS]
    found = of[FOUND_FIRST, grown]
    joined = found
    if groups < grown:
        joined = grouped(
            groups, of[GROUP_FIRST], of[FOUND_FIRST], pairs.plot, pairs.weight, desk.of_plot[AT],
            desk.of_plot[STAMP, :plots], of[JOINED_FIRST], desk.of_pair[JOINED_PLOT], desk.about_pair[JOINED_WEIGHT],
            desk.of_pair[OF_PAIR],
        )  # fmt: skip
    else:
        for a in range(grown + 1):
            of[JOINED_FIRST, a] = of[FOUND_FIRST, a]
        for e in range(found):
            desk.of_pair[JOINED_PLOT, e], desk.of_pair[OF_PAIR, e] = pairs.plot[e], e
            desk.about_pair[JOINED_WEIGHT, e] = pairs.weight[e]
    number[JOINED] = joined
    other, free = desk.about_plot[OTHER, :plots], desk.about_plot[FREE, :plots]
    missed, beta_missed = about[MISSED, :groups], about[BETA_MISSED, :groups]
    weighed(
        groups, of[GROUP_FIRST], pairs.plot, pairs.weight, found, of[FOUND_FIRST, number[SEEN]], m.existence, m.seen,
        desk.about_plot[APPEARING, :plots], clutter, missed, other,
    )  # fmt: skip
    beta_missed[:] = 1.0
    free[:] = 1.0
    if joined == 0:
        return
    first, plot = of[JOINED_FIRST, : groups + 1], desk.of_pair[JOINED_PLOT, :joined]
    weight, beta = desk.about_pair[JOINED_WEIGHT, :joined], desk.about_pair[BETA, :joined]
    beta[:] = 0.0
    # What is None is so for the compiler, too: it leaves the other way out.
    if nearest is not None:
        chosen = of[LIST]
        assignment_kernel(first, plot, weight, missed, other, chosen[:groups], desk.ints, desk.floats)
        for g in range(groups):
            if chosen[g] >= 0:
                beta[chosen[g]], beta_missed[g], free[plot[chosen[g]]] = 1.0, 0.0, 0.0
    else:
        marginals_kernel(
            first, plot, weight, missed, other, beta, beta_missed, free, desk.counts, desk.ints, desk.floats,
            desk.grid, _TOLERANCE, _ITERATIONS, rules.budget,
        )  # fmt: skip


@inline
def _update(
    sensor: int, polar: bool, p: int, q: int, runs: Ints, shown: Shown, given: Given, watch: Watch, rules: Rules,
    c: Columns, m: Moved, pairs: Pairs, desk: Desk,
) -> None:  # fmt: skip
    """Give the plots to tracks, old and new, and merge what is the same."""
    number, of = desk.number, desk.of_track
    plots, ns, grown = q - p, number[SLOTS_USED], number[GROWN]
    scale = desk.about_plot[SCALE, :plots]
    for i in range(plots):
        scale[i] = desk.about_plot[FREE, i] / desk.about_plot[OTHER, i]
    appearing, mean = desk.about_plot[APPEARING, :plots], given.mean[p:q]
    # OTHER is not needed any more, and has room.
    accompanied(
        rules.companions_per_m2, rules.companion_m, watch.cell_probability[sensor], rules.least, p, given.cell,
        given.new_density, mean, appearing, scale, desk.about_plot[OTHER], desk.of_plot,
    )  # fmt: skip
    parts = Parts(
        desk.of_pair[OF_PAIR], desk.about_pair[JOINED_WEIGHT], desk.about_pair[BETA], desk.about_track[BETA_MISSED]
    )
    after, branches, count, next_id = updated(
        runs, of[GROUP_FIRST], grown, number[PARTED], number[SEEN], number[COUNT], number[NEXT_ID], m, shown,
        given.detection_id[p:q], of[FOUND_FIRST], pairs, parts, scale, appearing, mean, given.triangle[p:q],
        ns, number[EQUAL] > 0, polar, sensor, rules.hypothesis_share_min,
        rules.models.start, rules.limits, c, of[PART_FIRST], desk.update,
    )  # fmt: skip
    number[COUNT], number[NEXT_ID] = count, next_id
    # Rows in joint hypotheses are told one by one.
    for t in range(count):
        of[SIBLING, t] = t
    reduced(
        runs, of[GROUP_FIRST], m.row, of[PART_FIRST], rules.hypotheses, rules.hypothesis_distance,
        rules.hypothesis_share_min, c.mean, c.covariance, c.weight, c.existence, c.share, c.rank, of[LIST],
        of[SIBLING],
    )  # fmt: skip
    tracks, size = grown + branches - after, 16
    while size < tracks:
        size *= 2
    merged(
        m.row, grown, after, branches, rules.merge_distance, rules.merge_existence, c.mean, c.covariance, c.weight,
        c.existence, c.time_s, c.mode_s_address, c.status, c.share, desk.head[:size], of[FOLLOWING],
    )  # fmt: skip


@linked
def looks_taken(digest: int):  # type: ignore[no-untyped-def]
    """Build the kernel; `digest` stands for all that it calls."""

    def looks_taken(
        begin: int,
        end: int,
        part: int,
        nearest: bool | None,
        looks: Looks,
        given: Given,
        watch: Watch,
        rules: Rules,
        probability: Floats,
        runs: Ints,
        c: Columns,
        m: Moved,
        pairs: Pairs,
        rows: Rows,
        desk: Desk,
    ) -> int:
        """Take in the looks `begin` to `end`; return the first that found too little room, or `end`.

        `probability` (n,) of detection of each track stands in for that of the sensors, if it has any; then there is
        one look. What there must be room for stands in `desk.number`; of such a look the tracks were moved, no more.
        `part` is WHOLE, or FIRST and later REST of one look, between which the tracks of some groups may be taken in
        otherwise: `runs` (r, 2) are then the runs of groups that are left. `nearest` is True for association by the one
        best assignment, or None, for which the kernel is compiled without it.
        """
        if digest < 0:
            return -1
        number = desk.number
        for look in range(begin, end):
            sensor, moment = looks.sensor[look], looks.moment[look]
            p, q = looks.first[look], looks.first[look + 1]
            sight = _sight(sensor, moment, watch, rules)
            if part != REST:
                faint = _faint(given.clutter[p:q], rules)
                if number[MOVED] == 0:
                    if number[COUNT] > len(m.row):
                        return look
                    number[BEFORE] = number[COUNT]
                    ns = _slots_of(p, q, given, desk)
                    seen = probability if len(probability) > 0 else watch.probability[sensor : sensor + 1]
                    _see(sensor, watch.figures[sensor, 3], sight, seen, rules, c, m, desk)
                    _move_tracks(p, q, ns, sight, _shown(p, q, given, desk), faint, rules, c, m, desk)
                    number[MOVED] = 1
                found = _gate(q - p, sight.polar, _shown(p, q, given, desk), faint, rules, c, m, pairs, desk)
                if _short_of_room(q - p, found, c, rows, pairs, desk):
                    return look
                number[MOVED] = 0
                _appear(sensor, moment, p, q, given, watch, rules, desk)
                _associate(q - p, given.clutter[p:q], nearest, rules, m, pairs, desk)
            if part != FIRST:
                if part == WHOLE:
                    runs[0, 0], runs[0, 1] = 0, number[GROUPS]
                shown = _shown(p, q, given, desk)
                _update(sensor, sight.polar, p, q, runs, shown, given, watch, rules, c, m, pairs, desk)
                number[COUNT], number[ROWS] = settled(
                    number[COUNT], number[BEFORE], number[SEEN], m.row, m.seen, moment[6], rules.life_s, desk.viewed,
                    desk.lost, rules.limits, c, desk.of_track[SIBLING], watch.figures[:, 2], desk.head,
                    desk.of_track[FOLLOWING], number[ROWS], rows,
                )  # fmt: skip
        return end

    return looks_taken

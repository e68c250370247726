"""Joint hypotheses of tracks that compete for plots: against enumeration, number by number, and on crossing flights."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal
from tracking_scenes import CONFIRMED, TENTATIVE, believed, point_setup, reports, tracks_at, tracks_of, whole_look

from chainhome.errors import UseError
from chainhome.tables import TRACK_STATUSES, Detections, Tracks
from chainhome.tracking import Setup, TrackerParams, TrackerState, clusters, feed, hypotheses, initial_state, step
from chainhome.tracking._merge_kernels import sort_out
from chainhome.tracking.hypotheses import NONE, Table, children, parted, pruned, renamed

BY_HAND = 1e-9  # relative
PERIOD, SIGMA, DETECTED, CLUTTER = 4.0, 30.0, 0.9, 1e-8
OTHER = 1.01 * CLUTTER  # the least share of new objects is 0.01
SPREAD = np.diag([60.0, 60.0, 40.0, 5.0, 5.0, 2.0]) ** 2
HERE = np.array([50e3, 20e3, 6e3, 120.0, -80.0, 3.0])
BESIDE = HERE + np.array([70.0, 40.0, -20.0, 3.0, -4.0, 1.0])
BEHIND = HERE - np.array([50.0, -60.0, 0.0, 1.0, 2.0, 0.0])
# Nothing is left out, nothing merged, nothing begun: what remains is Bayes' rule.
EXACT = {
    "association": "pmbm",
    "joint_hypotheses": 10**7,
    "joint_weight_min": 0.0,
    "joint_claim_min": 0.0,
    "joint_distance": 0.0,
    "joint_window": 1e3,
    "gate_probability": 1.0 - 1e-15,
    "birth_existence_min": 0.5,
    "clutter_density": CLUTTER,
    "detection_probability": DETECTED,
}


def predicted(mean: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nearly constant velocity over a period, in matrices."""
    f = np.kron([[1.0, PERIOD], [0.0, 1.0]], np.eye(3))
    noise = np.kron([[PERIOD**3 / 3.0, PERIOD**2 / 2.0], [PERIOD**2 / 2.0, PERIOD]], np.diag([9.0, 9.0, 1.0]))
    return f @ mean, f @ covariance @ f.T + noise


def enumerated(
    states: list[tuple[float, np.ndarray, np.ndarray]], looks: list[np.ndarray]
) -> list[tuple[float, list[tuple[float, np.ndarray, np.ndarray]]]]:
    """Every joint hypothesis after some looks: its weight, and existence, mean and covariance of each track."""
    joint_hypotheses = [(1.0, list(states))]
    for plots in looks:
        new = []
        for weight, tracks in joint_hypotheses:
            tracks = [(r, *predicted(mean, covariance)) for r, mean, covariance in tracks]
            for taken in product(range(-1, len(plots)), repeat=len(tracks)):
                used = [i for i in taken if i >= 0]
                if len(set(used)) < len(used):
                    continue
                w, after = weight * OTHER ** (len(plots) - len(used)), []
                for (r, mean, covariance), i in zip(tracks, taken, strict=True):
                    if i < 0:
                        w *= 1.0 - r * DETECTED
                        after.append((r * (1.0 - DETECTED) / (1.0 - r * DETECTED), mean, covariance))
                        continue
                    spread = covariance[:3, :3] + SIGMA**2 * np.eye(3)
                    w *= r * DETECTED * multivariate_normal.pdf(plots[i], mean[:3], spread)
                    gain = covariance[:, :3] @ np.linalg.inv(spread)
                    after.append((1.0, mean + gain @ (plots[i] - mean[:3]), covariance - gain @ spread @ gain.T))
                new.append((w, after))
        total = sum(w for w, _ in new)
        joint_hypotheses = [(w / total, after) for w, after in new]
    return sorted(joint_hypotheses, key=lambda one: -one[0])


def looks_of(count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Plots among three aircraft side by side, one or two in each look."""
    middle = [HERE[:3] + PERIOD * (k + 1) * HERE[3:] + [10.0, 10.0, -5.0] for k in range(count)]
    return [at + 25.0 * rng.normal(size=(1 + k % 2, 3)) for k, at in enumerate(middle)]


@pytest.mark.parametrize(("tracks", "looks", "seed"), [(2, 2, 1), (2, 3, 2), (3, 2, 3)])
def test_joint_hypotheses_are_those_of_enumeration(tracks: int, looks: int, seed: int) -> None:
    setup = point_setup(**EXACT)
    means, existence = [HERE, BESIDE, BEHIND][:tracks], [0.97, 0.93, 0.95][:tracks]
    plots = looks_of(looks, np.random.default_rng(seed))
    state = tracks_at(setup, means, [SPREAD] * tracks, existence)
    for k, at in enumerate(plots):
        time = PERIOD * (k + 1)
        table = reports(at, time, 10 * k)
        state, _ = step(state, table, [whole_look(time, table)], setup)
    expected = enumerated([(r, mean, SPREAD) for r, mean in zip(existence, means, strict=True)], plots)
    (cluster,) = state.clusters
    assert len(cluster.weight) == len(expected) > 8
    np.testing.assert_allclose(cluster.weight, [w for w, _ in expected], rtol=BY_HAND)
    for x, name in enumerate(cluster.track_id.tolist()):
        r = np.array([w * after[name][0] for w, after in expected])
        mean = r @ np.array([after[name][1] for _, after in expected]) / r.sum()
        apart = [after[name][1] - mean for _, after in expected]
        spread = sum(m * (after[name][2] + np.outer(d, d)) for m, (_, after), d in zip(r, expected, apart, strict=True))
        alive, middle, covariance = believed(state, name)
        assert alive == pytest.approx(r.sum(), rel=BY_HAND)
        np.testing.assert_allclose(middle, mean, rtol=BY_HAND)
        np.testing.assert_allclose(covariance, spread / r.sum(), rtol=1e-6, atol=1e-6)
        # The row that is written is that of the likeliest hypothesis.
        best = state[(state.track_id == name) & (state.rank == 0)]
        np.testing.assert_allclose(best.mean[0, 0], expected[0][1][name][1], rtol=BY_HAND)
        assert cluster.rank[0, x] == 0


def test_what_a_cluster_claims_is_not_free_for_new_tracks() -> None:
    settings = EXACT | {"birth_existence_min": 1e-6}
    setup = point_setup(**settings)
    plots = looks_of(2, np.random.default_rng(5))[1]
    table = reports(plots, PERIOD, 0)
    state, _ = step(
        tracks_at(setup, [HERE, BESIDE], [SPREAD] * 2, [0.97, 0.93]), table, [whole_look(PERIOD, table)], setup
    )
    begun = state[state.track_id > 1]
    known = [(0.97, HERE, SPREAD), (0.93, BESIDE, SPREAD)]
    whole = sum(w for w, _ in enumerated_unscaled(known, plots, None))
    for i, at in enumerate(plots):
        free = sum(w for w, _ in enumerated_unscaled(known, plots, i)) / whole
        (mine,) = np.flatnonzero(np.abs(begun.mean[:, 0, :3] - at).max(axis=1) < 1e-6)
        assert begun.existence[mine] == pytest.approx(0.01 * CLUTTER / OTHER * free, rel=1e-6)


def enumerated_unscaled(
    states: list[tuple[float, np.ndarray, np.ndarray]], plots: np.ndarray, unused: int | None
) -> list[tuple[float, tuple[int, ...]]]:
    """Weight of each association of one look, of those that leave the plot `unused` if that is given."""
    found = []
    for taken in product(range(-1, len(plots)), repeat=len(states)):
        used = [i for i in taken if i >= 0]
        if len(set(used)) < len(used) or unused in used:
            continue
        w = OTHER ** (len(plots) - len(used))
        for (r, mean, covariance), i in zip(states, taken, strict=True):
            mean, covariance = predicted(mean, covariance)
            density = multivariate_normal.pdf(plots[i], mean[:3], covariance[:3, :3] + SIGMA**2 * np.eye(3))
            w *= 1.0 - r * DETECTED if i < 0 else r * DETECTED * density
        found.append((w, taken))
    return found


# Two aircraft that meet at a small angle and part again, with false plots about them.
SCANS = 30
SIDEWAYS = np.array([1.5, 2.0, 0.0])  # m/s


def crossing(seed: int, false_plots: float = 2.0, detected: float = DETECTED, fast: float = 1.0) -> list[Detections]:
    rng = np.random.default_rng(seed)
    tables = []
    for k in range(SCANS):
        time = PERIOD * k
        centre = HERE[:3] + time * HERE[3:]
        off = (k - SCANS / 2) * PERIOD * fast * SIDEWAYS
        at = [centre + s * off + SIGMA * rng.normal(size=3) for s in (-1.0, 1.0) if rng.random() < detected]
        at += list(centre + rng.uniform(-600.0, 600.0, (rng.poisson(false_plots), 3)))
        x, y, z = np.array(at).reshape(-1, 3).T
        tables.append(
            Detections.make(
                len(x), detection_id=100 * k + np.arange(len(x)), sensor_id=0, time_s=time, x_m=x, y_m=y, z_m=z
            )
        )
    return tables


def crossing_setup(**more: Any) -> Setup:
    return point_setup(clutter_density=2.0 / 1200.0**3, slice_s=PERIOD, **more)


def crossing_start(setup: Setup, fast: float = 1.0) -> TrackerState:
    off, before = fast * SIDEWAYS, HERE[:3] - PERIOD * HERE[3:]
    sides = [(before + s * (SCANS / 2 + 1) * PERIOD * off, HERE[3:] - s * off) for s in (1.0, -1.0)]
    means = [np.concatenate(side) for side in sides]
    state = tracks_at(setup, means, [SPREAD / 4.0] * 2, [0.99, 0.99], time_s=-PERIOD)
    return replace(state, clock_s=-1e-6, begin_s=0.0)


def followed(association: str, seed: int, **more: Any) -> tuple[TrackerState, Tracks]:
    setup = crossing_setup(association=association, **more)
    return feed(crossing_start(setup), Detections.concat(crossing(seed)), setup, until_s=PERIOD * SCANS)


def twice_written(rows: Tracks) -> int:
    """How many plots stand in the rows of two tracks that are likely to exist."""
    used = rows.detection_id[(rows.detection_id >= 0) & (rows.existence > 0.5)]
    return len(used) - len(np.unique(used))


def test_two_tracks_are_never_written_with_the_same_plot() -> None:
    seeds = range(12)
    assert sum(twice_written(followed("pmb", seed)[1]) for seed in seeds) > 0
    assert sum(twice_written(followed("pmbm", seed)[1]) for seed in seeds) == 0


def test_crossing_aircraft_come_out_as_two() -> None:
    off = (SCANS / 2 - 1) * PERIOD * SIDEWAYS[:2]
    centre = (HERE[:3] + PERIOD * (SCANS - 1) * HERE[3:])[:2]
    for seed in range(12):
        state, _ = followed("pmbm", seed)
        tracks = tracks_of(state)
        sure = tracks[tracks.existence > 0.9]
        assert len(sure) == 2
        apart = [np.linalg.norm(sure.mean[:, 0, :2] - (centre + s * off), axis=1) for s in (-1.0, 1.0)]
        four_sigma = 4.0 * SIGMA
        assert min(max(apart[a][0], apart[1 - a][1]) for a in range(2)) < four_sigma


def test_a_cluster_is_given_up_when_its_tracks_have_parted() -> None:
    setup = crossing_setup(association="pmbm", joint_window=2.0)
    state, sizes = crossing_start(setup, fast=3.0), []
    for k, table in enumerate(crossing(1, false_plots=0.0, detected=1.0, fast=3.0)):
        state, _ = feed(state, table, setup, until_s=PERIOD * (k + 1))
        sizes.append(len(state.clusters))
    assert max(sizes) == 1
    assert sizes[0] == sizes[-1] == 0
    assert set(state.track_id[state.existence > 0.5].tolist()) == {0, 1}
    assert state.share[state.rank == 0] == pytest.approx(1.0, abs=0.1)


def test_pieces_and_the_whole_give_the_same_tracks_and_clusters() -> None:
    setup = crossing_setup(association="pmbm")
    tables = crossing(3)
    middle = PERIOD * (SCANS // 2 + 1)
    whole = Detections.concat(tables)
    one, rows = feed(crossing_start(setup), whole, setup, until_s=middle)
    state, pieces = crossing_start(setup), []
    for k, table in enumerate(tables):
        until = min(PERIOD * (k + 1), middle)
        state, some = feed(state, table, setup, until_s=until)
        pieces.append(some)
    assert len(one.clusters) == len(state.clusters) == 1
    for name in ("track_id", "weight", "rank", "silence"):
        np.testing.assert_array_equal(getattr(one.clusters[0], name), getattr(state.clusters[0], name))
    together = Tracks.concat(pieces)
    for name in ("time_s", "track_id", "x_m", "vy_mps", "existence", "detection_id"):
        np.testing.assert_array_equal(getattr(rows, name), getattr(together, name))


def test_without_rivals_the_careful_mode_is_the_fast_one() -> None:
    rng = np.random.default_rng(8)
    far = HERE + np.array([0.0, 8e3, 0.0, 0.0, 0.0, 0.0])
    plots = []
    for k in range(8):
        at = np.array([s[:3] + PERIOD * k * s[3:] + SIGMA * rng.normal(size=3) for s in (HERE, far)])
        false = HERE[:3] + rng.uniform(-4e3, -3e3, (3, 3))
        plots.append(reports(np.vstack([at, false]), PERIOD * k, 10 * k))
    found = []
    for association in ("pmb", "pmbm"):
        setup = point_setup(association=association, clutter_density=1e-9, slice_s=PERIOD)
        found.append(feed(initial_state(setup), Detections.concat(plots), setup, until_s=np.inf))
    (fast, fast_rows), (careful, careful_rows) = found
    assert len(fast_rows) > 10
    assert careful.clusters == ()
    for name in ("mean", "covariance", "existence", "share", "track_id", "rank"):
        np.testing.assert_array_equal(getattr(fast, name), getattr(careful, name))
    np.testing.assert_array_equal(fast_rows.existence, careful_rows.existence)


def test_existence_that_is_written_is_that_of_the_likeliest_joint_hypothesis() -> None:
    setup = point_setup(**EXACT)
    # One plot between two tracks: it is of the nearer one, and of the other one nothing is known.
    plot = HERE[:3] + PERIOD * HERE[3:] + 0.2 * (BESIDE - HERE)[:3]
    table = reports([plot], PERIOD, 0)
    state, rows = step(
        tracks_at(setup, [HERE, BESIDE], [SPREAD] * 2, [0.95, 0.95]), table, [whole_look(PERIOD, table)], setup
    )
    r = 0.95 * (1.0 - DETECTED) / (1.0 - 0.95 * DETECTED)
    assert rows.existence[rows.track_id == 0] == pytest.approx([1.0], rel=BY_HAND)
    assert rows.existence[rows.track_id == 1] == pytest.approx([r], rel=BY_HAND)
    of_both = tracks_of(state).existence
    assert (of_both > r).all()
    assert (of_both < 1.0).all()


@given(st.integers(1, 3), st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_children_are_the_best_of_all_associations(tracks: int, plots: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost = np.where(rng.random((4, plots)) < 0.8, rng.normal(size=(4, plots)), np.inf)
    missed = rng.exponential(size=4)
    table = pruned(rng.dirichlet([1.0, 1.0]), rng.integers(NONE, 4, (2, tracks)), 9, 0.0)
    weight, row, plot = children(table, cost, missed, 10**6, 0.0)
    expected = []
    for w, rows in zip(table.weight, table.row, strict=True):
        for taken in product(range(-1, plots), repeat=tracks):
            used = [i for i in taken if i >= 0]
            if len(set(used)) < len(used) or any(r == NONE and i >= 0 for r, i in zip(rows, taken, strict=True)):
                continue
            pairs = list(zip(rows, taken, strict=True))
            total = sum(0.0 if r == NONE else missed[r] if i < 0 else cost[r, i] for r, i in pairs)
            if np.isfinite(total):
                expected.append((w * np.exp(-total), tuple(pairs)))
    whole = sum(w for w, _ in expected)
    found = {tuple(zip(*one, strict=True)): w for *one, w in zip(row.tolist(), plot.tolist(), weight, strict=True)}
    assert len(found) == len(expected)
    for w, pairs in expected:
        assert found[tuple((int(r), int(i)) for r, i in pairs)] == pytest.approx(w / whole, rel=1e-9)


def test_a_hypothesis_with_too_many_plots_for_murtys_kernel_keeps_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hypotheses, "MAX_COLUMNS", 4)
    cost = np.array([[5.0, 1.0, 0.5, 7.0], [6.0, 0.2, 9.0, 8.0]])
    table = Table(np.ones(1), np.array([[0, 1]]))
    _, row, plot = children(table, cost, np.array([3.0, 3.0]), 1, 0.0)
    assert row.tolist() == [[0, 1]]
    assert plot.tolist() == [[2, 1]]


@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_new_names_change_no_hypothesis_but_agree_with_the_first(tracks: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    kind = rng.integers(NONE, 6, (count, tracks))
    after = renamed(kind)
    assert (np.sort(after, axis=1) == np.sort(kind, axis=1)).all()
    assert (after[0] == kind[0]).all()
    for before, row in zip(kind, after, strict=True):
        # As many tracks agree as any exchange of names could make agree.
        agree = [sum(a == b for a, b in zip(p, kind[0], strict=True) if a != NONE) for p in permutations(before)]
        assert sum(a == b for a, b in zip(row, kind[0], strict=True) if a != NONE) == max(agree)


def test_parts_are_connected_and_apart() -> None:
    chain = np.zeros((5, 5), np.bool_)
    for a, b in ((0, 4), (4, 2), (1, 3)):
        chain[a, b] = chain[b, a] = True
    assert [part.tolist() for part in parted(chain)] == [[0, 2, 4], [1, 3]]


def bhattacharyya(x: np.ndarray, y: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
    both = 0.5 * (p + q)
    logs = [np.linalg.slogdet(m)[1] for m in (both, p, q)]
    return float((x - y) @ np.linalg.solve(both, x - y) / 8.0 + 0.5 * (logs[0] - 0.5 * (logs[1] + logs[2])))


@pytest.mark.parametrize("models", [1, 3])
def test_rows_that_are_practically_equal_become_their_mixture(models: int) -> None:
    rng = np.random.default_rng(models)
    n, most = 40, 0.05
    mean = 0.25 * rng.normal(size=(n, models, 6)) + np.repeat(rng.normal(0.0, 30.0, (4, 1, 6)), 10, axis=0)
    shape = np.eye(6) + 0.05 * rng.normal(size=(n, models, 6, 6))
    covariance = shape @ shape.transpose(0, 1, 3, 2)
    weight = rng.dirichlet(np.full(models, 30.0), n)
    existence = np.where(rng.random(n) < 0.2, 0.4, 1.0)
    address = rng.choice([-1, 7, 8], n)
    rows, mass = rng.permutation(n), -np.sort(-rng.random(n))
    kinds: list[list[int]] = []
    for i, t in enumerate(rows):
        for one in kinds:
            u = rows[one[0]]
            j = int(np.argmax(weight[u]))
            alike = abs(existence[i] - existence[one[0]]) <= 0.1 and abs(weight[t] - weight[u]).max() <= 0.1
            alike &= min(address[t], address[u]) < 0 or address[t] == address[u]
            if alike and bhattacharyya(mean[t, j], mean[u, j], covariance[t, j], covariance[u, j]) <= most:
                one.append(i)
                break
        else:
            kinds.append([i])
    expected = []
    for one in kinds:
        w = np.array([mass[i] * weight[rows[i]] for i in one])
        share = w / w.sum(axis=0)
        middle = np.einsum("nk,nki->ki", share, mean[rows[one]])
        apart = mean[rows[one]] - middle
        spread = covariance[rows[one]] + apart[..., :, None] * apart[..., None, :]
        expected.append((w.sum(axis=0) / w.sum(), middle, np.einsum("nk,nkij->kij", share, spread)))
    kind, first = np.empty(n, np.int64), np.empty(n, np.int64)
    row, column = np.tril_indices(6)
    triangle = covariance[..., row, column]
    columns = (mean, triangle, weight, np.zeros(n), address)
    count = sort_out(rows, mass, existence, most, *columns, kind, first)
    assert 4 < count == len(kinds) < n
    for k, (one, (probability, middle, spread)) in enumerate(zip(kinds, expected, strict=True)):
        assert np.flatnonzero(kind == k).tolist() == one
        t = rows[first[k]]
        np.testing.assert_allclose(weight[t], probability, rtol=BY_HAND)
        np.testing.assert_allclose(mean[t], middle, rtol=BY_HAND, atol=1e-9)
        np.testing.assert_allclose(triangle[t], spread[..., row, column], rtol=1e-8, atol=1e-9)


def test_settings_of_joint_hypotheses_that_cannot_work_are_refused() -> None:
    with pytest.raises(UseError, match="joint_hypotheses = 0"):
        TrackerParams(joint_hypotheses=0)
    for name in ("joint_weight_min", "joint_claim_min", "joint_distance", "joint_window"):
        with pytest.raises(UseError, match=name):
            TrackerParams(**{name: -1.0})
        with pytest.raises(UseError, match=name):
            TrackerParams(**{name: np.nan})


def test_codes_of_the_track_statuses_are_those_of_the_tables() -> None:
    assert TRACK_STATUSES[clusters._TENTATIVE] == "tentative"
    assert (TENTATIVE, CONFIRMED) == (0, 1)

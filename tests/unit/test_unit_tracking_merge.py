"""The compiled passes that merge hypotheses and young tracks, against plain NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainhome.tracking._merge_kernels import _apart, merged, reduced

ROUNDING = 1e-9  # relative
ROW, COLUMN = np.tril_indices(6)
CELL_M = 2_000.0
Floats = np.ndarray[Any, np.dtype[np.float64]]


class Rows:
    """Random rows in a few heaps, as full matrices; `of` gives copies as the kernels take them."""

    def __init__(self, seed: int, n: int, models: int, *, spread_m: float) -> None:
        rng = np.random.default_rng(seed)
        heap = rng.integers(0, 4, n)
        centre = rng.normal(0.0, spread_m, (4, 6))
        self.scale = np.array([300.0, 250.0, 200.0, 30.0, 25.0, 10.0])
        self.mean = (centre[heap, None] + rng.normal(0.0, 0.7, (n, models, 6))) * self.scale
        shape = (np.eye(6) + 0.1 * rng.normal(size=(n, models, 6, 6))) * self.scale[:, None]
        self.covariance = shape @ shape.transpose(0, 1, 3, 2)
        self.weight = rng.dirichlet(np.full(models, 0.7), n)
        young = rng.random(n) < 0.3
        self.weight[young] = np.eye(models)[0]
        self.existence = rng.uniform(0.001, 0.5, n)

    def of(self) -> tuple[Floats, Floats, Floats, Floats]:
        mean, covariance = self.mean.copy(), self.covariance[..., ROW, COLUMN]
        # What a model of no weight says does not matter.
        mean[self.weight == 0.0], covariance[self.weight == 0.0] = np.nan, np.nan
        return mean, covariance, self.weight.copy(), self.existence.copy()

    def apart(self, t: int, u: int, dt: float = 0.0) -> float:
        """Bhattacharyya distance of the likeliest models."""
        j, o = int(np.argmax(self.weight[t])), int(np.argmax(self.weight[u]))
        p, q = self.covariance[t, j], self.covariance[u, o]
        d = self.mean[t, j] - self.mean[u, o]
        d[:3] += dt * self.mean[t, j, 3:]
        both = 0.5 * (p + q)
        logs = [float(np.linalg.slogdet(m)[1]) for m in (both, p, q)]
        return float(d @ np.linalg.solve(both, d) / 8.0 + 0.5 * (logs[0] - 0.5 * (logs[1] + logs[2])))

    def join(self, t: int, u: int) -> None:
        """Row t becomes the mixture of t and u, matched in moments; u is gone."""
        total = self.existence[t] + self.existence[u]
        w = self.weight[[t, u]] * (self.existence[[t, u]] / total)[:, None]
        self.weight[t] = w.sum(axis=0)
        for j in np.flatnonzero(w.sum(axis=0)):
            s = w[:, j] / w[:, j].sum()
            mean = s @ self.mean[[t, u], j]
            off = self.mean[[t, u], j] - mean
            self.covariance[t, j] = np.einsum(
                "n,nab->ab", s, self.covariance[[t, u], j] + off[:, :, None] * off[:, None]
            )
            self.mean[t, j] = mean
        self.existence[t], self.existence[u] = min(total, 1.0), -1.0

    def agrees(self, columns: tuple[Floats, Floats, Floats, Floats]) -> None:
        mean, triangle, weight, existence = columns
        np.testing.assert_allclose(existence, self.existence, rtol=ROUNDING)
        left = self.existence > 0.0
        np.testing.assert_allclose(weight[left], self.weight[left], rtol=ROUNDING)
        has = left[:, None] & (self.weight > 0.0)
        np.testing.assert_allclose(
            (mean / self.scale)[has], (self.mean / self.scale)[has], rtol=ROUNDING, atol=ROUNDING
        )
        unit = self.scale[ROW] * self.scale[COLUMN]
        plain = self.covariance[..., ROW, COLUMN] / unit
        np.testing.assert_allclose((triangle / unit)[has], plain[has], rtol=ROUNDING, atol=ROUNDING)


@pytest.mark.parametrize("dt", [0.0, 0.8])
def test_the_distance_is_the_textbook_one_up_to_its_bound(dt: float) -> None:
    rows = Rows(1, 30, 1, spread_m=0.5)
    mean, triangle, _, _ = rows.of()
    most, known = 0.4, 0
    for t in range(30):
        for u in range(30):
            plain = rows.apart(t, u, dt)
            assert _apart(t, 0, u, 0, dt, 1e9, mean, triangle) == pytest.approx(plain, rel=ROUNDING, abs=ROUNDING)
            bounded = _apart(t, 0, u, 0, dt, most, mean, triangle)
            assert bounded > most if plain > most else bounded == pytest.approx(plain, rel=ROUNDING, abs=ROUNDING)
            known += plain <= most
    assert 30 < known < 900


@pytest.mark.parametrize("most_parts", [1, 2, 4])
@pytest.mark.parametrize("models", [1, 3])
def test_hypotheses_are_brought_to_few_as_plain_lists_are(models: int, most_parts: int) -> None:
    """In runs that leave groups out, with more groups than are read at once; the lightest are dropped."""
    rng = np.random.default_rng(10 * models + most_parts)
    n, olds, most, least = 600, 250, 0.3, 0.02
    rows = Rows(models, n, models, spread_m=4.0)
    group_first = np.append(0, np.cumsum(rng.integers(1, 4, 100)))
    olds = int(group_first[-1])
    row = rng.permutation(olds)
    part_first = olds + np.append(0, np.cumsum(rng.integers(0, 4, 100)))
    runs = np.array([[0, 41], [44, 100]])
    columns, share, rank = rows.of(), np.full(n, np.nan), np.full(n, -1, np.int8)
    list_, sibling = np.zeros(n, np.int64), np.full(n, -1)
    reduced(runs, group_first, row, part_first, most_parts, most, least, *columns, share, rank, list_, sibling)
    joined = dropped = 0
    for g in [*range(41), *range(44, 100)]:
        mine = [*row[group_first[g] : group_first[g + 1]], *range(part_first[g], part_first[g + 1])]
        total = rows.existence[mine].sum()
        kept: list[int] = []
        for t in sorted(mine, key=lambda t: -rows.existence[t]):
            if kept and rows.existence[t] < least * total:
                rows.existence[t] = -1.0
                dropped += 1
                continue
            near = [u for u in kept if most_parts == 1 or rows.apart(t, u) <= most]
            if not near and len(kept) == most_parts:
                near = sorted((u for u in kept if rows.apart(t, u) < 50.0), key=lambda u: rows.apart(t, u))
                if not near:
                    rows.existence[t] = -1.0
                    dropped += 1
                    continue
            if near:
                rows.join(near[0], t)
                joined += 1
            else:
                kept.append(t)
        mass = rows.existence[kept]
        np.testing.assert_allclose(share[kept], mass / mass.sum(), rtol=ROUNDING)
        assert (rank[kept] == (np.arange(len(kept)) != np.argmax(mass))).all()
        rows.existence[kept] = min(total, 1.0)
        ring = [kept[0]]
        while sibling[ring[-1]] != kept[0]:
            ring.append(int(sibling[ring[-1]]))
        assert sorted(ring) == sorted(kept)
    assert joined > 20
    assert dropped > 0
    rows.agrees(columns)


@pytest.mark.parametrize("models", [1, 3])
def test_young_tracks_are_merged_as_in_plain_loops_over_ground_cells(models: int) -> None:
    rng = np.random.default_rng(models)
    n, old, most, most_existence = 300, 90, 0.5, 1.1
    rows = Rows(20 + models, n, models, spread_m=8.0)
    row, first = rng.permutation(100)[:old], 120
    rows.existence[row[:50]] = rng.uniform(0.9, 1.0, 50)
    time_s, address = rng.choice([0.0, 0.4, 3.0], n, p=[0.6, 0.3, 0.1]), rng.choice([-1, 7, 8], n, p=[0.8, 0.1, 0.1])
    status, part = (rng.random(n) < 0.2).astype(np.int8), np.where(rng.random(n) < 0.2, 0.5, 1.0)
    columns = rows.of()
    # One place only: every cell shares its chain with all others, and still only the nine around count.
    gone = merged(
        row, old, first, n, most, most_existence, *columns, time_s, address, status, part, np.zeros(1, np.int64),
        np.zeros(n, np.int64),
    )  # fmt: skip
    cells: dict[tuple[int, int], list[int]] = {}
    expected = 0
    for i, t in enumerate([*row, *range(first, n)]):
        if part[t] < 1.0:
            continue
        j, alive = int(np.argmax(rows.weight[t])), True
        x, y = (int(c) for c in np.floor(rows.mean[t, j, :2] / CELL_M))
        around = [(x + near % 3 - 1, y + near // 3 - 1) for near in range(9)]
        for u in [u for cell in around for u in reversed(cells.get(cell, []))]:
            sure = i < old and rows.existence[t] >= 0.9
            if sure or not alive or rows.existence[u] <= 0.0 or rows.existence[t] + rows.existence[u] > most_existence:
                continue
            if min(address[t], address[u]) >= 0 and address[t] != address[u]:
                continue
            if abs(time_s[u] - time_s[t]) > 1.0 or rows.apart(t, u, time_s[u] - time_s[t]) > most:
                continue
            named = (status[t], rows.existence[t]) > (status[u], rows.existence[u])
            rows.join(*((t, u) if named else (u, t)))
            alive, expected = named, expected + 1
        if alive:
            cells.setdefault((x, y), []).append(t)
    assert gone == expected > 10
    rows.agrees(columns)

"""GOSPA against the published examples and against Stone Soup 1.9.1."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from chainhome.metrics import gospa, gospa_over_time

AS_PRINTED = 5e-5
SAME_ARITHMETIC = 1e-9


@pytest.mark.parametrize(
    ("estimates", "truths", "published"),
    [
        (np.zeros((0, 2)), [[0.0, 0.0]], 7.0711),
        ([[500.0, 0.0]], [[0.0, 0.0], [90.0, 0.0]], 12.2474),
        ([[0.0, 3.0]], [[0.0, 0.0], [90.0, 0.0]], 7.6811),
    ],
    ids=["one missed", "two missed and one false", "one pair at distance 3 and one missed"],
)
def test_gospa_equals_the_published_examples(estimates: object, truths: object, published: float) -> None:
    assert abs(gospa(estimates, truths, c=10.0, p=2.0, alpha=2.0).distance - published) < AS_PRINTED  # type: ignore[arg-type]


def test_gospa_over_time_equals_stone_soup_at_every_moment_of_a_crowded_picture() -> None:
    metric = pytest.importorskip("stonesoup.metricgenerator.ospametric")
    types = pytest.importorskip("stonesoup.types.state")
    rng = np.random.default_rng(4)
    p, c = 2.0, 12.0
    moments = [(rng.uniform(0.0, 60.0, (rng.integers(0, 30), 3)), rng.integers(0, 5)) for _ in range(12)]
    tables: list[list[np.ndarray]] = [[], []]
    for truths, extra in moments:
        seen = truths[rng.random(len(truths)) < 0.8]
        tables[1].append(truths)
        tables[0].append(np.concatenate([seen + rng.normal(0.0, 5.0, seen.shape), rng.uniform(0.0, 60.0, (extra, 3))]))
    times = [np.repeat(np.arange(12.0), [len(points) for points in side]) for side in tables]
    series = gospa_over_time(
        times[0], np.concatenate(tables[0]), times[1], np.concatenate(tables[1]), c=c, p=p, times_s=np.arange(12.0)
    )
    compared = 0
    for k in range(12):
        if not len(tables[0][k]) + len(tables[1][k]):
            continue
        states = [[types.State(point[:, None], timestamp=datetime(2020, 1, 1)) for point in side[k]] for side in tables]
        value, _ = metric.GOSPAMetric(p=p, c=c).compute_gospa_metric(*states)
        for name in ("distance", "localisation", "missed", "false"):
            assert getattr(series, name)[k] == pytest.approx(
                float(value.value[name]), rel=SAME_ARITHMETIC, abs=SAME_ARITHMETIC
            )
        compared += 1
    assert compared > 8


def test_gospa_and_its_parts_equal_those_of_stone_soup() -> None:
    metric = pytest.importorskip("stonesoup.metricgenerator.ospametric")
    types = pytest.importorskip("stonesoup.types.state")
    now, rng = datetime(2020, 1, 1), np.random.default_rng(1)
    for trial in range(60):
        p, c = (1.0, 2.0, 3.0)[trial % 3], float(rng.uniform(5.0, 60.0))
        truths = rng.uniform(0.0, 100.0, (rng.integers(0, 9), 2))
        estimates = np.concatenate(
            [truths[rng.random(len(truths)) < 0.7], rng.uniform(0.0, 100.0, (rng.integers(0, 4), 2))]
        )
        estimates = estimates + rng.normal(0.0, 4.0, estimates.shape)
        if not len(truths) + len(estimates):
            continue
        states = [[types.State(point[:, None], timestamp=now) for point in points] for points in (estimates, truths)]
        value, assignment = metric.GOSPAMetric(p=p, c=c).compute_gospa_metric(*states)
        ours = gospa(estimates, truths, c=c, p=p)
        for name in ("distance", "localisation", "missed", "false"):
            assert getattr(ours, name) == pytest.approx(
                float(value.value[name]), rel=SAME_ARITHMETIC, abs=SAME_ARITHMETIC
            )
        if len(truths) and len(estimates):
            assert ours.assignment.tolist() == list(assignment)

"""NEES and NIS against plain inverses, and their bounds against the printed chi-square table."""

from __future__ import annotations

import numpy as np
import pytest

from chainhome.metrics import HORIZONTAL, POSITION, VELOCITY, consistency, nees, nis

ROUNDING = 1e-9
AS_PRINTED = 5e-4


def covariances(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    root = rng.normal(0.0, 1.0, (n, d, d))
    return root @ root.transpose(0, 2, 1) + 0.1 * np.eye(d)


@pytest.mark.parametrize("components", [None, POSITION, HORIZONTAL, VELOCITY, (5, 0)])
def test_nees_is_the_quadratic_form_of_each_row(components: tuple[int, ...] | None) -> None:
    rng = np.random.default_rng(1)
    x, y, P = rng.normal(0, 1, (20, 6)), rng.normal(0, 1, (20, 6)), covariances(rng, 20, 6)
    chosen = list(range(6)) if components is None else list(components)
    plain = [
        (x[r] - y[r])[chosen] @ np.linalg.inv(P[r][np.ix_(chosen, chosen)]) @ (x[r] - y[r])[chosen] for r in range(20)
    ]
    assert nees(x, y, P, components=components) == pytest.approx(np.array(plain), rel=ROUNDING)
    assert nis(x - y, P, components=components) == pytest.approx(np.array(plain), rel=ROUNDING)


def test_the_bounds_are_those_of_the_printed_chi_square_table() -> None:
    """The 2.5 % and 97.5 % points of chi-square with 100, 10 and 4 degrees of freedom."""
    for n, dof, low, high in ((50, 2, 74.222, 129.561), (10, 1, 3.247, 20.483), (1, 4, 0.484, 11.143)):
        found = consistency(np.ones(n), dof)
        assert (found.low * n, found.high * n) == (
            pytest.approx(low, abs=AS_PRINTED),
            pytest.approx(high, abs=AS_PRINTED),
        )


def test_honest_errors_hold_as_often_as_is_said_and_others_do_not() -> None:
    rng = np.random.default_rng(3)
    runs, n, d = 400, 25, 3
    P = covariances(rng, n, d)
    errors = np.einsum("nij,rnj->rni", np.linalg.cholesky(P), rng.normal(0.0, 1.0, (runs, n, d)))
    held = [consistency(nis(error, P), d).holds for error in errors]
    four_standard_errors = 4 * (0.95 * 0.05 / runs) ** 0.5
    assert abs(np.mean(held) - 0.95) < four_standard_errors
    too_sure = consistency(nis(errors[0], P / 4.0), d)
    assert not too_sure.holds
    assert too_sure.per_degree_of_freedom == pytest.approx(
        4.0 * consistency(nis(errors[0], P), d).per_degree_of_freedom
    )


def test_what_is_not_known_is_left_out_and_counted() -> None:
    P = np.repeat(np.eye(2)[None], 3, axis=0)
    P[1] = np.nan
    values = nees([[1.0, 0.0], [1.0, 0.0], [np.nan, 0.0]], np.zeros((3, 2)), P)
    assert values[0] == 1.0
    assert np.isnan(values[1:]).all()
    found = consistency(values, 2)
    assert (found.n, found.left_out, found.mean) == (1, 2, 1.0)
    empty = consistency([], 2)
    assert (empty.n, empty.holds) == (0, False)


def test_a_covariance_that_cannot_be_is_named() -> None:
    P = np.array([np.eye(2), np.diag([1.0, -4.0])])
    with pytest.raises(ValueError, match="row 1 has the eigenvalue -4, expected positive definite"):
        nis(np.zeros((2, 2)), P)
    with pytest.raises(ValueError, match=r"expected \(2, 2, 2\)"):
        nis(np.zeros((2, 2)), P[:1])
    with pytest.raises(ValueError, match=r"expected both \(n, d\)"):
        nees(np.zeros((2, 2)), np.zeros((1, 2)), P)
    with pytest.raises(ValueError, match="expected 1 or more"):
        consistency([1.0], 0)
    with pytest.raises(ValueError, match=r"expected \(n, d\)"):
        nis([1.0], P)

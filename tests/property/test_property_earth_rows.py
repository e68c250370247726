"""A position is what it is, however many stand beside it: the same bits alone, in part of an array and in the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainhome import earth

WORLD = earth.enu_frame(np.radians(40.0), np.radians(32.5), 900.0)
ROUTES = {
    "from_enu": lambda at: earth.from_enu(WORLD, at),
    "to_enu": lambda at: earth.to_enu(WORLD, WORLD.ecef + at),
    "ecef_to_geodetic": lambda at: np.column_stack(earth.ecef_to_geodetic(WORLD.ecef + at)),
    "enu_to_geodetic": lambda at: np.column_stack(earth.enu_to_geodetic(WORLD, at)),
}


def one_alone(route: Any, at: np.ndarray) -> np.ndarray:
    return np.concatenate([route(at[row : row + 1]) for row in range(len(at))])


@pytest.mark.parametrize("name", ROUTES)
@given(seed=st.integers(0, 2**31), rows=st.integers(1, 70), cut=st.integers(0, 70), every=st.integers(1, 3))
def test_a_row_alone_is_to_the_bit_what_it_is_in_the_whole(
    name: str, seed: int, rows: int, cut: int, every: int
) -> None:
    route = ROUTES[name]
    at = np.random.default_rng(seed).uniform(-5e5, 5e5, (rows, 3))
    whole = route(at)
    assert np.array_equal(one_alone(route, at), whole)
    assert np.array_equal(route(at[cut:]), whole[cut:])
    # Neither does it matter how the array lies in memory.
    assert np.array_equal(route(at[::every]), whole[::every])
    assert np.array_equal(route(np.asfortranarray(at)), whole)

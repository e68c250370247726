"""Pairs of points that are near each other at the same time: two long tables of points in, index pairs out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# The tree rounds on its own; what it finds a little beyond the radius is measured again and dropped.
_MARGIN = 1.0 + 1e-6


def points_of(points: ArrayLike, name: str) -> Floats:
    """Return points as finite rows (n, d); an empty array keeps its d. Raises ValueError for other shapes.

    >>> points_of([[1.0, 2.0]], "truths").shape
    (1, 2)
    """
    array = np.asarray(points, np.float64)
    if array.size == 0:
        return array.reshape(0, array.shape[1] if array.ndim == 2 else 0)
    if array.ndim != 2 or not np.isfinite(array).all():
        raise ValueError(f"{name} of shape {array.shape}: expected finite rows (n, d)")
    return array


def pairs_within(x: Floats, x_step: Ints, y: Floats, y_step: Ints, radius: float) -> tuple[Ints, Ints, Floats]:
    """Return rows i of `x` (n, d) and j of `y` (m, d) of equal step with a distance under `radius`, and the distance.

    Steps (n,), (m,) are whole numbers from 0, most often the number of the scan; pairs come sorted by j, then i.

    >>> i, j, distance = pairs_within(np.array([[0.0], [1.0]]), np.array([0, 1]), np.array([[3.0]]), np.array([1]), 5.0)
    >>> i.tolist(), j.tolist(), distance.tolist()
    ([1], [0], [2.0])
    """
    if not len(x) or not len(y):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    from scipy.spatial import cKDTree

    if x.shape[1] != y.shape[1]:
        raise ValueError(f"estimates have {x.shape[1]} components and truths {y.shape[1]}; expected as many")
    # One tree for all times: the step is one more coordinate, in which neighbours are out of reach.
    x_tree, y_tree = (
        cKDTree(np.column_stack([points, 4.0 * radius * step]), balanced_tree=False, compact_nodes=False)
        for points, step in ((x, x_step), (y, y_step))
    )
    found = x_tree.sparse_distance_matrix(y_tree, radius * _MARGIN, output_type="ndarray")
    i, j = found["i"].astype(np.int64), found["j"].astype(np.int64)
    distance = np.linalg.norm(y[j] - x[i], axis=1)
    near = distance < radius
    i, j, distance = i[near], j[near], distance[near]
    order = np.lexsort([i, j])
    return i[order], j[order], distance[order]

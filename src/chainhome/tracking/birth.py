"""How a track begins: what the setup says of the sensors and of new tracks, as the compiled pass over plots takes it.

A plot without height gets a height prior; a new track has no velocity but what its range rate says (the initiator).
"""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from chainhome.tracking.setup import Setup, Watcher

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Known(NamedTuple):
    """What is known of s sensors, the world and new tracks before any plot comes; the last arguments of the pass."""

    ids: Ints
    sensors: Floats
    """(s, 20) of each: whether it is polar, variances of the slots, density of false plots, height, origin, rotation
    (row by row)."""
    earth_m: Floats
    """(3,) of the world's origin from the earth's centre."""
    earth_rotation: Floats
    """(3, 3) east, north, up of the world as rows."""
    settings: Floats
    """(12,) variances of speed and climb, height and its sigma, spans of range rate and height, share of false replies;
    x, y, size, columns and rows of the grid."""


_known: WeakKeyDictionary[Setup, Known] = WeakKeyDictionary()


def known(setup: Setup) -> Known:
    """Return what the pass over plots needs of a setup; made once."""
    made = _known.get(setup)
    if made is None:
        p, g = setup.params, setup.grid
        birth = (p.birth_speed_sigma_mps**2, p.birth_climb_sigma_mps**2, p.birth_height_m, p.birth_height_sigma_m)
        spans = (p.doppler_span_mps, p.birth_height_span_m, p.false_reply_share)
        made = _known[setup] = Known(
            ids=np.array([w.sensor_id for w in setup.watchers], np.int64),
            sensors=np.array([_figures(w) for w in setup.watchers]),
            earth_m=np.array(setup.world.ecef, np.float64),
            earth_rotation=np.array(setup.world.rotation, np.float64, order="C"),
            settings=np.array([*birth, *spans, g.x_m, g.y_m, g.cell_m, g.shape[1], g.shape[0]], np.float64),
        )
    return made


def _figures(watcher: Watcher) -> Floats:
    w = watcher
    numbers = (w.clutter_density, float(w.frame.height_m))
    return np.concatenate([[w.polar], w.sigma * w.sigma, numbers, w.origin_m, w.rotation.ravel()])

"""The recordings that the package carries, by name: how to load each, and what its transponder said."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from chainhome.motion import thy1920
from chainhome.motion.recorded import Cleaning
from chainhome.tables import Truth


class Shipped(NamedTuple):
    """One recording: `load(world, shift_s, target_id, step_s=...)`, its address, and its code as the digits read."""

    load: Callable[..., tuple[Truth, Cleaning]]
    icao_address: int
    mode_3a: int


SHIPPED = {"thy1920": Shipped(thy1920.load_thy1920, thy1920.ICAO_ADDRESS, int(f"{thy1920.MODE_3A:o}"))}

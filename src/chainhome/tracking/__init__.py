"""Tracking: plots in, tracks out. `prepare` once, then `feed` plots in any pieces."""

from __future__ import annotations

from typing import Any

from chainhome.tracking.params import AIRCRAFT, MotionModel, TrackerParams
from chainhome.tracking.setup import DetectionProbability, Setup, prepare, uniform_clutter_density
from chainhome.tracking.state import TrackerState, combined, initial_state

__all__ = [
    "AIRCRAFT",
    "DetectionProbability",
    "MotionModel",
    "Setup",
    "TrackerParams",
    "TrackerState",
    "combined",
    "feed",
    "initial_state",
    "prepare",
    "step",
    "uniform_clutter_density",
    "warm_up",
]


def __getattr__(name: str) -> Any:
    """Import the compiled passes only when they are used: Numba takes half a second."""
    if name in ("feed", "step", "warm_up"):
        from chainhome.tracking import tracker

        # Next time Python finds it here, and does not ask.
        globals()[name] = found = getattr(tracker, name)
        return found
    raise AttributeError(name)

"""Tracking: plots in, tracks out, by `step(state, detections, ...)`, one look of one sensor in each call."""

from __future__ import annotations

from chainhome.tracking.looks import Look, looks_of
from chainhome.tracking.params import TrackerParams
from chainhome.tracking.state import TrackerState, initial_state
from chainhome.tracking.tracker import DetectionProbability, combined, step, uniform_clutter_density

__all__ = [
    "DetectionProbability",
    "Look",
    "TrackerParams",
    "TrackerState",
    "combined",
    "initial_state",
    "looks_of",
    "step",
    "uniform_clutter_density",
]

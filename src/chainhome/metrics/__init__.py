"""Scores: tables and points in, distances, shares, confusion tables and their confidence intervals out."""

from __future__ import annotations

from chainhome.metrics.by_address import ByAddress, by_address
from chainhome.metrics.confusion import confusion_table, shares
from chainhome.metrics.consistency import HORIZONTAL, POSITION, VELOCITY, Consistency, consistency, nees, nis
from chainhome.metrics.continuity import Continuity, continuity
from chainhome.metrics.ed142 import EN_ROUTE, TERMINAL, Limits, Requirement, ed142
from chainhome.metrics.gospa import Gospa, GospaSeries, gospa, gospa_over_time
from chainhome.metrics.intervals import exact_interval, mean_interval, wilson_interval
from chainhome.metrics.sampling import TrackSamples, tracks_at
from chainhome.metrics.siap import Siap, nearest_truth, siap
from chainhome.metrics.trajectory_gospa import TrajectoryGospa, trajectory_gospa

__all__ = [
    "EN_ROUTE",
    "HORIZONTAL",
    "POSITION",
    "TERMINAL",
    "VELOCITY",
    "ByAddress",
    "Consistency",
    "Continuity",
    "Gospa",
    "GospaSeries",
    "Limits",
    "Requirement",
    "Siap",
    "TrackSamples",
    "TrajectoryGospa",
    "by_address",
    "confusion_table",
    "consistency",
    "continuity",
    "ed142",
    "exact_interval",
    "gospa",
    "gospa_over_time",
    "mean_interval",
    "nearest_truth",
    "nees",
    "nis",
    "shares",
    "siap",
    "tracks_at",
    "trajectory_gospa",
    "wilson_interval",
]

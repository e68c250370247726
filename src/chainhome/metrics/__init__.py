"""Scores: tables and points in, distances, shares, confusion tables and their confidence intervals out."""

from __future__ import annotations

from chainhome.metrics.confusion import confusion_table, shares
from chainhome.metrics.continuity import Continuity, continuity
from chainhome.metrics.gospa import Gospa, GospaSeries, gospa, gospa_over_time
from chainhome.metrics.intervals import exact_interval, mean_interval, wilson_interval
from chainhome.metrics.sampling import TrackSamples, tracks_at

__all__ = [
    "Continuity",
    "Gospa",
    "GospaSeries",
    "TrackSamples",
    "confusion_table",
    "continuity",
    "exact_interval",
    "gospa",
    "gospa_over_time",
    "mean_interval",
    "shares",
    "tracks_at",
    "wilson_interval",
]

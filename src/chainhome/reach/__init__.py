"""A claim against a target: how far a system detects, tracks and engages it, and which limit binds."""

from chainhome.reach.compute import DEFAULT_ALTITUDES_M, Question, is_ballistic, reach
from chainhome.reach.narrate import distance_digits, distance_text, height_text
from chainhome.reach.result import ReachResult, ReachRow, VerbRange, VerticalChart, to_json
from chainhome.reach.rules import RULES

__all__ = [
    "DEFAULT_ALTITUDES_M",
    "RULES",
    "Question",
    "ReachResult",
    "ReachRow",
    "VerbRange",
    "VerticalChart",
    "distance_digits",
    "distance_text",
    "height_text",
    "is_ballistic",
    "reach",
    "to_json",
]

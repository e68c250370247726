"""Scenario file + catalogue → frozen records in SI units. Units and reading rules are applied here and nowhere else."""

from chainhome.scenario.load import json_schema, load, parse, shipped
from chainhome.scenario.places import find_place
from chainhome.scenario.scenario import Flight, Place, Post, Replay, Scenario
from chainhome.scenario.units import quantity

__all__ = [
    "Flight",
    "Place",
    "Post",
    "Replay",
    "Scenario",
    "find_place",
    "json_schema",
    "load",
    "parse",
    "quantity",
    "shipped",
]

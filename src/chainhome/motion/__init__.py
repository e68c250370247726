"""How targets move: routes, recorded flights and ballistic arcs become Truth; any time can be asked of it."""

from chainhome.motion.ballistic import BallisticArc, ballistic_arc, minimum_burnout_speed_mps
from chainhome.motion.interpolate import GAP_S, TruthIndex, index, interpolate
from chainhome.motion.path import turn_radius_m
from chainhome.motion.recorded import Cleaning, Fixes, Noise, recorded_truth
from chainhome.motion.route import FlightLimits, Route, check_route, route_truth
from chainhome.motion.shipped import SHIPPED, Shipped
from chainhome.motion.thy1920 import load_thy1920, thy1920_fixes

__all__ = [
    "GAP_S",
    "SHIPPED",
    "BallisticArc",
    "Cleaning",
    "Fixes",
    "FlightLimits",
    "Noise",
    "Route",
    "Shipped",
    "TruthIndex",
    "ballistic_arc",
    "check_route",
    "index",
    "interpolate",
    "load_thy1920",
    "minimum_burnout_speed_mps",
    "recorded_truth",
    "route_truth",
    "thy1920_fixes",
    "turn_radius_m",
]

"""Engagement: how far out a target can be met, and the arithmetic of salvos; it acts on simulated objects only."""

from chainhome.engagement.boundary import assignable, require_simulated
from chainhome.engagement.closed_forms import (
    even_fire_leakers,
    hughes_salvo_losses,
    layered_kill_probability,
    leaker_distribution,
    no_leaker_probability,
    salvo_fire_leakers,
    salvo_kill_probability,
    shoot_look_shoot_leakers,
    shoot_look_shoot_rounds,
)
from chainhome.engagement.timeline import (
    Interceptor,
    Reach,
    earliest_intercept_m,
    first_intercept_on_path,
    ground_to_slant_m,
    reach,
    slant_to_ground_m,
)

__all__ = [
    "Interceptor",
    "Reach",
    "assignable",
    "earliest_intercept_m",
    "even_fire_leakers",
    "first_intercept_on_path",
    "ground_to_slant_m",
    "hughes_salvo_losses",
    "layered_kill_probability",
    "leaker_distribution",
    "no_leaker_probability",
    "reach",
    "require_simulated",
    "salvo_fire_leakers",
    "salvo_kill_probability",
    "shoot_look_shoot_leakers",
    "shoot_look_shoot_rounds",
    "slant_to_ground_m",
]

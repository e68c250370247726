"""Claims at the ends of their bands: which end is unfavourable, and what stands in where nothing is published."""

import numpy as np
import pytest

from chainhome.catalogue import Claim, Radar
from chainhome.catalogue import load as load_catalogue
from chainhome.reach.detect import CLUTTER_AT
from chainhome.scenario.reading import (
    ASSUMED_PD,
    ASSUMED_RCS_M2,
    EARTH_FACTOR,
    ENDS,
    End,
    at,
    interceptor_figures,
    radar_figures,
    reaction_time_s,
    target_figures,
)
from chainhome.sensors import HARSH_CLUTTER, KIND_CLUTTER

CATALOGUE = load_catalogue()


def claims(**bands: tuple[float, float, float]) -> dict[str, Claim]:
    """Return claims of (value, low, high) in SI units."""
    units = {"range": "m", "rcs": "m2", "period": "s", "time": "s", "speed": "m/s", "altitude": "m"}
    return {name: Claim(name, *band, unit=units[name.split("_")[-1]]) for name, band in bands.items()}


def test_the_unfavourable_end_is_the_low_one_only_where_more_is_better() -> None:
    given = claims(max_range=(2.0, 1.0, 3.0))
    assert [at(given, "max_range", end) for end in ENDS] == [2.0, 1.0, 3.0]
    assert [at(given, "max_range", end, more_is_better=False) for end in ENDS] == [2.0, 3.0, 1.0]
    assert np.isnan(at(given, "min_range", "low"))


def test_a_radar_at_its_unfavourable_end_sees_less_of_larger_targets_and_less_often() -> None:
    radar = Radar(
        "r",
        "R",
        "search",
        claims(reference_range=(100.0, 90.0, 110.0), reference_rcs=(2.0, 1.0, 4.0), rotation_period=(10.0, 5.0, 12.0)),
    )
    figures = {end: radar_figures(radar, end) for end in ENDS}
    assert [figures[end].reference_range_m for end in ENDS] == [100.0, 90.0, 110.0]
    assert [figures[end].reference_rcs_m2 for end in ENDS] == [2.0, 4.0, 1.0]
    assert [figures[end].period_s for end in ENDS] == [10.0, 12.0, 5.0]


def test_a_range_without_cross_section_or_probability_is_least_worth_at_its_unfavourable_end() -> None:
    """A range against 5 m² is a weaker radar than the same range against 1 m²; one at Pd 0.9 a stronger one."""
    assert ASSUMED_RCS_M2["low"] > ASSUMED_RCS_M2["value"] > ASSUMED_RCS_M2["high"]
    assert ASSUMED_PD["low"] == ASSUMED_PD["value"] < ASSUMED_PD["high"]
    assert EARTH_FACTOR["low"] < EARTH_FACTOR["value"] < EARTH_FACTOR["high"]
    assert (CLUTTER_AT["low"], CLUTTER_AT["high"]) == (HARSH_CLUTTER, KIND_CLUTTER)
    bare = Radar("r", "R", "search", claims(reference_range=(100.0, 100.0, 100.0)))
    read = radar_figures(bare, "low")
    assert (read.reference_rcs_m2, read.reference_pd) == (ASSUMED_RCS_M2["low"], ASSUMED_PD["low"])
    assert "range-without-rcs" in read.rules


@pytest.mark.parametrize(("end", "place"), [("low", 1), ("value", 0), ("high", 2)])
def test_an_interceptor_and_a_system_at_each_end(end: End, place: int) -> None:
    system = CATALOGUE.system("s-400")
    for missile in system.interceptors.values():
        read = interceptor_figures(missile, end)
        for name, got in (("max_range", read.max_range_m), ("average_speed", read.average_speed_mps)):
            if name in missile.claims:
                assert got == missile.claims[name].si[place]
        if "min_range" in missile.claims:
            band = missile.claims["min_range"].si
            assert read.min_range_m == (band.value, band.high, band.low)[place]
    reaction = system.claims["reaction_time"].si
    assert reaction_time_s(system, end) == (reaction.value, reaction.high, reaction.low)[place]
    assert target_figures(CATALOGUE.aircraft("f-16"), end).rcs_m2 == CATALOGUE.aircraft("f-16").claims["rcs"].si[place]

"""A cruise missile at 50 m and 240 m/s against antennas of 10 and 24 m: first seen, time out, earliest intercept."""

import numpy as np
import pytest

from chainhome import earth
from chainhome.engagement import Interceptor, earliest_intercept_m, reach
from chainhome.tables import LIMITS

MISSILE_M, MISSILE_MPS = 50.0, 240.0
REACTION_S, INTERCEPTOR_MPS = 10.0, 900.0
AS_PRINTED_KM, AS_PRINTED_S = 0.051, 0.51  # half a unit of the last printed digit


@pytest.mark.parametrize(
    ("antenna_m", "seen_km", "out_s", "intercept_km"), [(10.0, 42.2, 176.0, 31.4), (24.0, 49.3, 206.0, 37.1)]
)
def test_a_cruise_missile_is_seen_and_met_where_the_closed_form_says(
    antenna_m: float, seen_km: float, out_s: float, intercept_km: float
) -> None:
    seen_m = float(earth.horizon_range_m(antenna_m, MISSILE_M))
    met_m = float(earliest_intercept_m(seen_m, MISSILE_MPS, REACTION_S, INTERCEPTOR_MPS))
    assert abs(seen_m / 1e3 - seen_km) < AS_PRINTED_KM
    assert abs(seen_m / MISSILE_MPS - out_s) < AS_PRINTED_S
    assert abs(met_m / 1e3 - intercept_km) < AS_PRINTED_KM


def test_the_reach_of_a_long_interceptor_against_it_is_the_timeline_driven_by_the_horizon() -> None:
    sam = Interceptor(max_range_m=250e3, speed_mps=INTERCEPTOR_MPS, reaction_s=REACTION_S)
    seen_m = earth.horizon_range_m(np.array([10.0, 24.0]), MISSILE_M)
    met = reach(seen_m, LIMITS.index("horizon"), sam, target_speed_mps=MISSILE_MPS, altitude_m=MISSILE_M, site_m=0.0)
    assert np.abs(met.range_m / 1e3 - [31.4, 37.1]).max() < AS_PRINTED_KM
    assert {LIMITS[code] for code in met.limit} == {"timeline"}
    assert {LIMITS[code] for code in met.driven_by} == {"horizon"}

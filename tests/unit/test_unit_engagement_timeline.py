import numpy as np
import pytest

from chainhome.engagement import (
    Interceptor,
    earliest_intercept_m,
    first_intercept_on_path,
    ground_to_slant_m,
    reach,
    slant_to_ground_m,
)
from chainhome.errors import UseError
from chainhome.tables import LIMITS

HORIZON, TERRAIN, NONE = LIMITS.index("horizon"), LIMITS.index("terrain"), LIMITS.index("none")
SAM = Interceptor(max_range_m=120e3, speed_mps=900.0, reaction_s=10.0, min_range_m=3e3, floor_m=10.0, ceiling_m=27e3)


def names(codes: np.ndarray) -> list[str]:
    return [LIMITS[code] for code in codes]


@pytest.mark.parametrize("height", [0.0, 5e3, 20e3])
@pytest.mark.parametrize("interceptor_mps", [100.0, 240.0, 900.0])
def test_target_and_interceptor_arrive_together(height: float, interceptor_mps: float) -> None:
    track, target, reaction = 150e3, 240.0, 12.0
    met = float(earliest_intercept_m(track, target, reaction, interceptor_mps, height))
    assert met > 0
    one_microsecond = 1e-6
    assert (track - met) / target == pytest.approx(
        reaction + np.hypot(met, height) / interceptor_mps, abs=one_microsecond
    )


def test_a_target_that_passes_overhead_first_is_not_met() -> None:
    assert earliest_intercept_m(2_000.0, 240.0, 10.0, 900.0) == 0.0
    assert earliest_intercept_m(20e3, 1_000.0, 10.0, 900.0, 15e3) == 0.0


def test_an_instant_interceptor_meets_the_target_where_it_is_after_the_reaction() -> None:
    assert earliest_intercept_m(50e3, 200.0, 10.0, np.inf, 3e3) == 48e3
    assert earliest_intercept_m(50e3, 0.0, 10.0, 900.0, 3e3) == 50e3
    assert np.isnan(earliest_intercept_m(np.nan, 200.0, 10.0, 900.0))


def test_slant_and_ground_ranges_are_those_of_points_on_a_sphere() -> None:
    radius = 6_371_008.77
    ground, low, high = 380e3, 800.0, 25e3
    angle = ground / radius
    one = np.array([0.0, radius + low])
    other = (radius + high) * np.array([np.sin(angle), np.cos(angle)])
    one_micrometre = 1e-6
    assert float(ground_to_slant_m(ground, low, high)) == pytest.approx(np.linalg.norm(one - other), abs=one_micrometre)
    assert float(slant_to_ground_m(ground_to_slant_m(ground, low, high), low, high)) == pytest.approx(ground)
    assert slant_to_ground_m(1_000.0, 0.0, 2_000.0) == 0.0


def test_the_smallest_of_time_and_interceptor_binds_by_bearing() -> None:
    met = reach(
        [42_200.0, 400e3, 0.0], [HORIZON, TERRAIN, HORIZON], SAM, target_speed_mps=240.0, altitude_m=50.0, site_m=0.0
    )
    assert names(met.limit) == ["timeline", "interceptor", "timeline"]
    assert names(met.driven_by) == ["horizon", "none", "horizon"]
    np.testing.assert_array_equal(met.range_m[:2], [met.timeline_m[0], met.interceptor_m[1]])
    assert met.range_m[2] == 0.0


def test_the_interceptors_range_is_slant() -> None:
    met = reach(400e3, HORIZON, SAM, target_speed_mps=240.0, altitude_m=20e3, site_m=900.0)
    a_tenth_of_a_percent = 1e-3
    assert names(met.limit) == ["interceptor"]
    assert met.range_m[0] == pytest.approx(np.sqrt(120e3**2 - 19.1e3**2), rel=2 * a_tenth_of_a_percent)


def test_a_target_above_the_ceiling_or_below_the_floor_cannot_be_engaged() -> None:
    high = reach(400e3, HORIZON, SAM, target_speed_mps=240.0, altitude_m=27_001.0, site_m=0.0)
    assert (high.range_m[0], names(high.limit)) == (0.0, ["ceiling"])
    low = reach(
        40e3, HORIZON, SAM, target_speed_mps=240.0, altitude_m=[5.0, 905.0], site_m=0.0, above_ground_m=[5.0, 5.0]
    )
    assert low.range_m.tolist() == [0.0, 0.0]
    assert names(low.limit) == ["ceiling", "ceiling"]
    valley = reach(40e3, HORIZON, SAM, target_speed_mps=240.0, altitude_m=500.0, site_m=800.0, above_ground_m=30.0)
    assert valley.range_m[0] > 0


def test_nothing_is_met_inside_the_least_range() -> None:
    # Met at 2.9 km with a least range of 3 km: in time, but nearer than the interceptor can.
    track = 3_700.0 + 10.0 * 240.0
    met = reach([track, track + 400.0], HORIZON, SAM, target_speed_mps=240.0, altitude_m=50.0, site_m=0.0)
    assert met.timeline_m[0] < 3e3 < met.timeline_m[1]
    assert met.range_m[0] == 0.0
    assert met.range_m[1] == met.timeline_m[1]
    assert names(met.limit) == ["interceptor", "timeline"]


def test_a_target_higher_than_the_interceptor_can_fly_is_out_of_its_range() -> None:
    short = Interceptor(max_range_m=5e3, speed_mps=600.0, reaction_s=5.0)
    met = reach(50e3, HORIZON, short, target_speed_mps=200.0, altitude_m=8e3, site_m=0.0)
    assert (met.range_m[0], names(met.limit)) == (0.0, ["interceptor"])


def test_an_unpublished_speed_leaves_the_track_range_and_its_limit() -> None:
    unknown = Interceptor(max_range_m=120e3, speed_mps=np.nan, reaction_s=10.0)
    met = reach([50e3, 200e3], TERRAIN, unknown, target_speed_mps=240.0, altitude_m=100.0, site_m=0.0)
    assert np.isnan(met.timeline_m).all()
    assert names(met.limit) == ["terrain", "interceptor"]
    assert met.range_m[0] == 50e3
    assert names(met.driven_by) == ["none", "none"]


def test_an_unpublished_range_does_not_bind() -> None:
    unknown = Interceptor(max_range_m=np.nan, speed_mps=900.0, reaction_s=10.0)
    met = reach(200e3, TERRAIN, unknown, target_speed_mps=240.0, altitude_m=100.0, site_m=0.0)
    assert names(met.limit) == ["timeline"]
    assert np.isnan(met.interceptor_m[0])


def test_an_unknown_track_range_gives_an_unknown_reach() -> None:
    met = reach([np.nan, 50e3], HORIZON, SAM, target_speed_mps=240.0, altitude_m=100.0, site_m=0.0)
    assert np.isnan(met.range_m).tolist() == [True, False]
    assert names(met.limit) == ["none", "timeline"]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UseError, match="max_range_m = 0 must be positive"):
        Interceptor(max_range_m=0.0, speed_mps=900.0, reaction_s=10.0)
    with pytest.raises(UseError, match="reaction_s = -1 must not be negative"):
        Interceptor(max_range_m=1e3, speed_mps=900.0, reaction_s=-1.0)
    with pytest.raises(UseError, match="min_range_m = 2000 must be below max_range_m = 1000"):
        Interceptor(max_range_m=1e3, speed_mps=900.0, reaction_s=1.0, min_range_m=2e3)
    with pytest.raises(UseError, match="must not be negative"):
        reach(-5.0, HORIZON, SAM, target_speed_mps=240.0, altitude_m=100.0, site_m=0.0)


def test_on_a_straight_path_the_first_row_agrees_with_the_closed_form() -> None:
    t = np.arange(0.0, 600.0, 0.01)
    ground = 150e3 - 240.0 * t
    inbound = ground > 0
    row = first_intercept_on_path(t[inbound], ground[inbound], 6e3, SAM, tracked_s=0.0, site_m=0.0)
    one_step_and_curvature = 100.0
    closed = min(float(earliest_intercept_m(150e3, 240.0, 10.0, 900.0, 6e3)), float(slant_to_ground_m(120e3, 0.0, 6e3)))
    assert ground[inbound][row] == pytest.approx(closed, abs=one_step_and_curvature)


def test_a_path_that_is_never_reached_has_no_row() -> None:
    t = np.arange(0.0, 100.0)
    assert first_intercept_on_path(t, 500e3 - t, 5e3, SAM, tracked_s=0.0) == -1
    assert first_intercept_on_path(t, 50e3 - t, 40e3, SAM, tracked_s=0.0) == -1
    assert first_intercept_on_path(t, 50e3 - t, 5e3, SAM, tracked_s=95.0) == -1

"""`cover` cell by cell: the compiled passes against plain twins, and the same ranges as `reach` along every bearing."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainhome import coverage, earth, engagement, reach, sensors
from chainhome.coverage import _cell_kernels as kernels
from chainhome.coverage import result, rules
from chainhome.coverage.cells import (
    cumulative_pd,
    mark_detected,
    read_cells,
    sight_of,
    table_of,
    typical_altitude_m,
)
from chainhome.coverage.compute import disc_of, shares_by_limit
from chainhome.coverage.setting import SiteEnd, site_end
from chainhome.coverage.signal import lobing_table
from chainhome.reach.approach import level_approach
from chainhome.reach.detect import detect
from chainhome.scenario.reading import ENDS, FALSE_ALARM_PROBABILITY, SWERLING_CASE, End, gas_beyond_reference_db
from coverage_questions import catalogue, question, small_coverage

INTERPOLATION_DB = 0.02
ROUNDING = 1e-6
ONE_CELL = 1.0
HALF_A_DIAGONAL = math.sqrt(0.5)  # how far a cell's middle stands off the sample of a bearing
ONE_TENTH_CELL = 0.1
BRIDGED_M = 5_000.0  # the gap of the rule range-end


def site_at(asked: coverage.CoverageQuestion, end: End = "value", reach_m: float = 200e3) -> SiteEnd:
    site = asked.sites[0]
    source = asked.grid or coverage.terrain_source(None, asked.cell_m, site.place.ground_m)
    return site_end(asked, site, source(site.place.lat_rad, site.place.lon_rad, reach_m), end)


def plain_cells(
    asked: coverage.CoverageQuestion, at: SiteEnd, height_m: float, boresight_rad: float, reach_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The plain twin: limit, probability, ratio to noise, and how far from any decision each cell is, in dB."""
    grid, radar, target, needed = at.surface.grid, at.radar, at.targets[0], at.needed_db
    along = grid.cell_m * np.arange(-grid.half, grid.half + 1.0)
    east, north = np.meshgrid(along, -along)
    range_m = np.maximum(np.hypot(east, north), 1.0)
    ground, lowest = grid.heights_m.astype(float), at.surface.lowest_visible_m.astype(float)
    altitude = np.full_like(ground, height_m) if asked.above_sea else ground + height_m
    typical = np.interp(range_m, at.fan.ranges_m, typical_altitude_m(asked, at, height_m))
    loss = gas_beyond_reference_db(radar, at.fan, typical, range_m)
    if asked.rain_mm_per_h:
        loss = loss + coverage.rain.rain_loss_db(
            radar.frequency_hz, asked.rain_mm_per_h, at.fan.antenna_msl_m, typical, range_m, at.fan.radius_m
        )
    off = np.arctan2(east, north) - boresight_rad
    in_sector = np.ones(ground.shape, bool)
    if np.isfinite(boresight_rad):
        in_sector = np.cos(off) >= math.cos(radar.sector_width_rad / 2)
        loss = loss + sensors.array_scan_loss_db(np.where(in_sector, off, 0.0))
    slant = engagement.ground_to_slant_m(range_m, at.fan.antenna_msl_m, typical)
    reference_db = float(sensors.required_snr_db(radar.reference_pd, FALSE_ALARM_PROBABILITY, SWERLING_CASE))
    snr = sensors.reference_snr_db(
        slant, target.rcs_m2, radar.reference_range_m, radar.reference_rcs_m2, reference_db, extra_loss_db=loss
    )

    def elevation(height: np.ndarray) -> np.ndarray:
        rise = np.cos(range_m / at.surface.radius_m) - (at.surface.radius_m + at.surface.antenna_msl_m) / (
            at.surface.radius_m + height
        )
        return np.arctan2(rise, np.sin(range_m / at.surface.radius_m))

    shares = sensors.shares_beam_with_ground(elevation(altitude), elevation(np.minimum(lowest, 1e7)), at.clutter)
    clutter = sensors.signal_to_clutter_db(target.rcs_m2, -target.speed_mps, range_m, at.clutter)
    weaker = np.where(shares, np.minimum(snr, clutter), snr)
    mast = at.surface.antenna_msl_m - at.surface.site_ground_m
    own_horizon_m = float(earth.horizon_range_m(mast, 0.0, at.surface.radius_m))
    curve = at.surface.site_ground_m + earth.lowest_visible_altitude_m(range_m, mast, at.surface.radius_m)
    by_curve = (range_m >= own_horizon_m) & (altitude < curve)
    hidden = altitude < lowest
    limit = np.where(weaker >= needed, 0, np.where(weaker < snr, result.CLUTTER, result.SENSITIVITY))
    behind = result.HORIZON if np.ptp(ground) == 0.0 else np.where(by_curve, result.HORIZON, result.TERRAIN)
    limit = np.where(hidden, behind, limit)
    limit = np.where(
        range_m > sight_of(asked, at, height_m, boresight_rad, reach_m).instrumented_m, result.INSTRUMENTED, limit
    )
    limit = np.where(in_sector, limit, result.SECTOR)
    limit = np.where(altitude < ground, result.GROUND, limit)
    limit = np.where(range_m > reach_m, result.OUTSIDE, limit)
    pd = sensors.detection_probability(10.0 ** (weaker / 10.0), FALSE_ALARM_PROBABILITY, SWERLING_CASE)
    reached = np.isin(limit, [result.DETECTED, result.CLUTTER, result.SENSITIVITY])
    margin = np.minimum(np.abs(weaker - needed), np.where(clutter == snr, 0.0, np.abs(clutter - snr)))
    return limit, np.where(reached, pd, 0.0), np.where(reached, snr, np.nan), margin


CASES = {
    "over terrain": ({"target": "f-16"}, 3_000.0),
    "above sea": ({"target": "f-16", "above_sea": True, "altitudes_m": (2_000.0,)}, 2_000.0),
    "below the ground": ({"target": "f-16", "above_sea": True, "altitudes_m": (1_000.0,)}, 1_000.0),
    "smooth": ({"target": "f-16", "smooth": True}, 1_000.0),
    "clutter": ({"target": "one-way-drone"}, 3_000.0),
    "too slow for the filter": ({"target": "quadcopter"}, 500.0),
    "sensitivity": ({"target": "one-way-drone", "smooth": True}, 8_000.0),
    "rain": ({"target": "one-way-drone", "rain_mm_per_h": 25.0}, 8_000.0),
    "sector": ({"system": "patriot", "target": "f-16", "site": {"boresight_rad": 2.0}}, 3_000.0),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("case", CASES)
def test_the_compiled_pass_equals_its_plain_twin(case: str, end: End) -> None:
    given_, height = CASES[case]
    asked = question(cell_m=2_000.0, **given_)
    boresight = asked.sites[0].boresight_rad
    boresight = math.nan if boresight is None else boresight
    at, reach_m = site_at(asked, end), 190e3
    read = read_cells(asked, at, height, boresight, reach_m)
    limit, pd, snr, margin = plain_cells(asked, at, height, boresight, reach_m)
    away = margin > INTERPOLATION_DB
    assert away.mean() > 0.95
    assert np.array_equal(read.limit[away], limit[away])
    assert len(np.unique(limit)) >= (3 if end == "value" else 2)
    # Closer in, the table over range is coarse against the range, and nothing is in doubt.
    far = np.hypot(*np.indices(limit.shape) - at.surface.grid.half) * 2_000.0 > 4_000.0
    assert np.nanmax(np.abs(read.snr_db - snr)[far]) < INTERPOLATION_DB
    assert np.abs(read.pd - pd).max() < 0.003
    assert np.array_equal(np.isnan(read.snr_db), np.isnan(snr))


def test_the_limits_of_the_kernels_are_those_of_the_results() -> None:
    assert tuple(getattr(kernels, name.upper()) for name in result.LIMITS) == tuple(range(len(result.LIMITS)))
    assert len(result.LIMITS) == 9


def test_with_lobing_a_cell_gains_what_the_reflection_gives_where_the_ground_reflects() -> None:
    """Plain loops over the cells: the gain of the table where the cell of the reflection is in view and level."""
    asked = question(cell_m=2_000.0, lobing=coverage.Lobing(roughness_m=0.05))
    at, reach_m, height = site_at(asked, reach_m=120e3), 110e3, 3_000.0
    with_lobes, without = (
        read_cells(one, at, height, math.nan, reach_m) for one in (asked, replace(asked, lobing=None))
    )
    table = table_of(asked, at, at.targets[0], height, reach_m)
    step = asked.cell_m
    heights, lowest, half = at.surface.grid.heights_m, at.surface.lowest_visible_m, at.surface.grid.half
    reflecting = 0
    for i, j in zip(*np.nonzero(np.isfinite(without.snr_db)), strict=True):
        place = max(math.hypot(i - half, j - half), 1e-3)
        gain, share, level, beneath = (
            np.interp(place * step, step * np.arange(table.shape[1]), row) for row in table[2:6]
        )
        row, column = math.floor(half + (i - half) * share + 0.5), math.floor(half + (j - half) * share + 0.5)
        level_there = abs(float(heights[row, column]) - at.surface.site_ground_m) <= level
        level_there &= abs(float(heights[i, j]) - at.surface.site_ground_m) <= beneath
        reflects = level_there and lowest[row, column] <= heights[row, column] + 0.01
        reflecting += reflects
        expected = without.snr_db[i, j] + (gain if reflects else 0.0)
        assert with_lobes.snr_db[i, j] == pytest.approx(expected, abs=0.1)  # the two tables have different steps
    assert 20 < reflecting < np.isfinite(without.snr_db).sum() - 20


def test_lobes_take_and_give_but_never_more_than_twelve_decibels() -> None:
    asked = question(smooth=True, cell_m=1_000.0, lobing=coverage.Lobing(surface="mirror"))
    at = site_at(asked)
    table = table_of(asked, at, at.targets[0], 3_000.0, 190e3)
    gain = table[2]
    assert gain.max() <= 40.0 * math.log10(2.0) + ROUNDING
    assert gain.min() < -3.0
    assert gain.max() > 6.0


def test_a_cell_holds_the_mean_probability_over_the_lobes_that_cross_it() -> None:
    """The plain twin averages five thousand points of range; a cell of 4 km holds many lobes near in, few far out."""
    step, mast, height, radius = 4_000.0, 24.0, 3_000.0, 8_494_678.0
    snr = np.full(50, 18.0)
    table = lobing_table(coverage.Lobing(surface="sea"), 3e9, mast, height, radius, step, snr)
    for k in (10, 20, 30, 45):
        ranges = k * step + step * np.linspace(-0.5, 0.5, 5_001)
        factor = sensors.propagation_factor(3e9, mast, height, ranges, radius_m=radius, surface="sea")
        pd = sensors.detection_probability(10.0**1.8 * factor**4, FALSE_ALARM_PROBABILITY, SWERLING_CASE)
        ours = sensors.detection_probability(
            10.0 ** ((snr[k] + table.gain_db[k]) / 10.0), FALSE_ALARM_PROBABILITY, SWERLING_CASE
        )
        assert float(ours) == pytest.approx(float(pd.mean()), abs=0.005)
        assert pd.max() - pd.min() > 0.05


def test_published_frequencies_are_needed_for_rain_and_lobing_only() -> None:
    asked = question(smooth=True)
    system = asked.sites[0].system
    radar = system.radars["91n6e"]
    bare = replace(radar, claims={k: v for k, v in radar.claims.items() if k not in ("band", "frequency")})
    site = replace(asked.sites[0], system=replace(system, radars={**system.radars, "91n6e": bare}))
    asked = replace(asked, sites=(site,))
    assert coverage.cover(asked, catalogue()).sites[0].layers[0].share > 0.0
    for more in ({"rain_mm_per_h": 5.0}, {"lobing": coverage.Lobing()}):
        with pytest.raises(coverage.question.UseError, match="no frequency"):
            coverage.cover(replace(asked, **more), catalogue())


@pytest.mark.parametrize("target", ["f-16", "one-way-drone", "airliner"])
@pytest.mark.parametrize("end", ENDS)
def test_along_every_bearing_coverage_ends_where_reach_ends_detection(target: str, end: End) -> None:
    """The same ground, the same view: `reach` looks along 360 bearings, coverage at the nearest cells."""
    cell_m = 1_000.0
    asked = question(target=target, cell_m=cell_m)
    at = site_at(asked, end, reach_m=350e3)
    half = at.surface.grid.half
    rings = np.arange(1, half + 1)
    rows = np.rint(half - rings * np.cos(at.fan.bearings_rad)[:, None]).astype(int)
    columns = np.rint(half + rings * np.sin(at.fan.bearings_rad)[:, None]).astype(int)
    for height in (100.0, 1_000.0, 3_000.0, 10_000.0):
        found = detect(
            at.radar, level_approach(height, False, at.targets[0], at.fan), at.fan, pd=0.5, end=end, smooth=False
        )
        read = read_cells(asked, at, height, math.nan, half * cell_m)
        ours = earth.first_lost_m(read.limit[rows, columns] == 0, rings * cell_m, BRIDGED_M)
        apart = np.abs(ours - np.minimum(found.range_m, half * cell_m)) / cell_m
        assert np.mean(apart <= ONE_CELL + HALF_A_DIAGONAL) > 0.98
        # Where a shadow short enough to be bridged runs into the next limit, reach bridges it and cells do not.
        assert apart.max() <= BRIDGED_M / cell_m + ONE_CELL
        names = {"sensitivity", "clutter", "terrain", "horizon", "instrumented"}
        ends_at = np.minimum((ours / cell_m).astype(int), half - 1)
        first_lost = read.limit[rows, columns][np.arange(360), ends_at]
        told = np.array(result.LIMITS)[first_lost]
        ended = (ours < (half - 1) * cell_m) & (ours > 0.0)
        assert set(told[ended]) <= names
        if ended.any():
            assert np.mean(told[ended] == found.binding()[ended]) > 0.9


@pytest.mark.parametrize("target", ["f-16", "one-way-drone", "airliner"])
def test_over_a_smooth_earth_coverage_is_the_circle_of_reach(target: str) -> None:
    cell_m = 2_000.0
    heights = (100.0, 1_000.0, 3_000.0, 10_000.0)
    asked = question(target=target, smooth=True, cell_m=cell_m, altitudes_m=heights)
    site = coverage.cover(asked, catalogue()).sites[0]
    answer = reach.reach(
        reach.Question(asked.sites[0].system, asked.aircraft, asked.sites[0].place, altitudes_m=heights), catalogue()
    )
    for layer, row in zip(site.layers, answer.rows, strict=True):
        for cells, range_km in (
            (layer.detected, row.detect.range_km),
            (layer.detected_low, row.detect.low_km),
            (layer.detected_high, row.detect.high_km),
        ):
            farthest = float(site.range_m[cells].max())
            assert abs(farthest - min(1e3 * range_km, site.range_max_m)) <= ONE_CELL * cell_m
            assert np.all(cells[site.range_m < farthest - ONE_TENTH_CELL * cell_m])


def test_over_terrain_the_median_bearing_is_that_of_reach() -> None:
    """Each with its own sweep of the same terrain: reach along bearings, coverage over cells."""
    cell_m, four_cells = 500.0, 4.0
    heights = (100.0, 1_000.0, 3_000.0)
    asked = question(cell_m=cell_m, altitudes_m=heights, range_max_m=200e3)
    site = coverage.cover(asked, catalogue()).sites[0]
    answer = reach.reach(
        reach.Question(
            asked.sites[0].system,
            asked.aircraft,
            asked.sites[0].place,
            altitudes_m=heights,
            terrain=earth.load_terrain(),
        ),
        catalogue(),
    )
    half = site.surface.grid.half
    rings = np.arange(1, half + 1)
    rows = np.rint(half - rings * np.cos(answer.bearings_rad)[:, None]).astype(int)
    columns = np.rint(half + rings * np.sin(answer.bearings_rad)[:, None]).astype(int)
    for layer, row in zip(site.layers, answer.rows, strict=True):
        ours = earth.first_lost_m(layer.detected[rows, columns], rings * cell_m, BRIDGED_M)
        apart = np.abs(ours - 1e3 * row.detect.by_bearing_km) / cell_m
        assert np.median(apart) <= ONE_CELL
        assert np.mean(apart <= four_cells) > 0.9
        assert abs(np.median(ours) - 1e3 * row.detect.range_km) <= 2.0 * cell_m


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 0.99), st.floats(200.0, 9_000.0))
def test_a_steady_probability_accumulates_as_that_many_scans_do(pd: float, metres_per_scan: float) -> None:
    """1 - (1 - p)^(d / metres per scan), d from the edge of the disc."""
    half, cell_m, reach_m = 40, 1_000.0, 40e3
    ours = cumulative_pd(np.full((2 * half + 1,) * 2, pd, np.float32), cell_m, reach_m, metres_per_scan)
    along = cell_m * np.arange(-half, half + 1)
    flown = reach_m - np.hypot(along[:, None], along)
    expected = -np.expm1(np.float64(np.log1p(-np.float32(pd))) * np.maximum(flown, 0.0) / metres_per_scan)
    assert np.abs(ours - expected).max() < 1e-6


def test_a_flight_straight_in_gathers_what_plain_steps_do() -> None:
    """The plain twin flies in along the axes and diagonals' bearings cell by cell."""
    rng = np.random.default_rng(5)
    half, cell_m = 30, 2_000.0
    pd = rng.random((2 * half + 1,) * 2).astype(np.float32)
    ours = cumulative_pd(pd, cell_m, half * cell_m, 3_000.0)
    for down, right in ((-1, 0), (1, 0), (0, 1), (0, -1)):
        missed, before = 0.0, None
        for ring in range(half, -1, -1):
            here = math.log(1.0 - float(pd[half + ring * down, half + ring * right]))
            if before is not None:
                missed += 0.5 * (before + here) * cell_m / 3_000.0
            before = here
            if ring > 0:
                got = ours[half + ring * down, half + ring * right]
                assert got == pytest.approx(1.0 - math.exp(missed), abs=1e-5)


def test_a_disc_smaller_than_a_cell_is_answered_too() -> None:
    site = small_coverage(smooth=True, range_max_m=10.0, cell_m=1_000.0).sites[0]
    assert site.layers[0].limit.tolist() == [[7, 7, 7], [7, 0, 7], [7, 7, 7]]
    assert site.layers[0].share_by_limit["outside"] > 0.9999
    assert not site.layers[0].cumulative_pd.any()


def test_without_a_published_period_there_is_no_cumulative_probability() -> None:
    assert np.isnan(cumulative_pd(np.zeros((5, 5), np.float32), 1.0, 2.0, math.nan)).all()


def test_the_cumulative_probability_grows_on_the_way_in_and_is_never_below_one_scan_close_by() -> None:
    layer = small_coverage(altitudes_m=(3_000.0,), cell_m=2_000.0).sites[0].layers[0]
    half = layer.pd.shape[0] // 2
    inwards = layer.cumulative_pd[half, : half + 1]
    assert np.all(np.diff(inwards[np.cumsum(inwards) > 0.0]) >= -ROUNDING)
    assert inwards[-1] > 0.999


def test_shares_sum_to_one_and_follow_the_true_areas() -> None:
    half, cell_m = 60, 10_000.0
    limit = np.full((2 * half + 1,) * 2, result.HORIZON, np.int8)
    along = cell_m * np.arange(-half, half + 1)
    limit[np.hypot(along[:, None], along) <= 300e3] = result.DETECTED
    shares = shares_by_limit(limit, disc_of(half, cell_m, 600e3))
    radius = 6_371_008.7714
    caps = (1.0 - math.cos(300e3 / radius)) / (1.0 - math.cos(600e3 / radius))
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["detected"] == pytest.approx(caps, rel=5e-3)
    # What the grid does not hold is outside.
    shares = shares_by_limit(limit, disc_of(half, cell_m, 1_200e3))
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["outside"] == pytest.approx(
        1.0 - (1.0 - math.cos(600e3 / radius)) / (1.0 - math.cos(1.2e6 / radius)), abs=0.25
    )


def test_the_weight_of_a_cell_is_the_area_of_the_sphere_beneath_it() -> None:
    """Rings of cells summed against the ring's area on the sphere, 2 pi R² (cos a - cos b)."""
    radius, half, cell_m = 6_371_008.7714, 400, 1_500.0
    weight = coverage.cell_weights(half, cell_m).astype(float)
    along = cell_m * np.arange(-half, half + 1)
    range_m = np.hypot(along[:, None], along)
    ring = (range_m > 300e3) & (range_m <= 600e3)
    exact = 2.0 * np.pi * radius**2 * (math.cos(300e3 / radius) - math.cos(600e3 / radius))
    assert weight[ring].sum() * cell_m**2 == pytest.approx(exact, rel=1e-3)
    flat = np.pi * (600e3**2 - 300e3**2)
    assert abs(flat / exact - 1.0) > 8e-4, "the flat area is told from the true one"


def test_the_low_end_takes_the_worst_variant_of_the_target_and_the_high_end_the_best() -> None:
    """A slow target hides in clutter, a fast one does not: both ends of the band of its speed are looked at."""
    asked = question(target="one-way-drone", cell_m=1_000.0)
    hidden_and_not = {"low": ((0.8, 35.0), (0.3, 90.0)), "high": ((0.05, 15.0), (0.05, 90.0))}
    for end, both in (("low", np.logical_and), ("high", np.logical_or)):
        at = site_at(asked, end, reach_m=150e3)  # type: ignore[arg-type]
        slow, fast = (replace(at.targets[0], rcs_m2=rcs, speed_mps=speed) for rcs, speed in hidden_and_not[end])
        each = [mark_detected(asked, replace(at, targets=(one,)), 5_000.0, math.nan, 150e3) for one in (slow, fast)]
        assert each[1].sum() > 1.2 * each[0].sum() > 0
        for targets in ((slow, fast), (fast, slow)):
            marked = mark_detected(asked, replace(at, targets=targets), 5_000.0, math.nan, 150e3)
            assert np.array_equal(marked, both(*each))


def test_a_target_that_is_too_slow_at_one_end_is_lost_there_and_not_found() -> None:
    """The filter removes a quadcopter altogether at the low end: no echo is left in any beam that holds ground."""
    layer = (
        small_coverage(target="quadcopter", altitudes_m=(100.0,), cell_m=1_000.0, range_max_m=100e3).sites[0].layers[0]
    )
    assert layer.share_low <= layer.share < layer.share_high
    assert not np.any(layer.detected_low & ~layer.detected)
    assert layer.share_by_limit["clutter"] > 0.0


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("target", ["f-16", "one-way-drone", "quadcopter"])
def test_the_ends_of_the_claims_hold_the_value_between_them(target: str, smooth: bool) -> None:
    site = small_coverage(target=target, smooth=smooth, altitudes_m=(300.0, 8_000.0)).sites[0]
    for layer in site.layers:
        assert not np.any(layer.detected_low & ~layer.detected)
        assert not np.any(layer.detected & ~layer.detected_high)
        assert layer.share_low <= layer.share <= layer.share_high
        assert layer.share_low < layer.share_high
        assert np.array_equal(layer.detected, layer.pd >= np.float32(0.5) - ROUNDING)
        assert sum(layer.share_by_limit.values()) == pytest.approx(1.0)
        assert tuple(layer.share_by_limit) == coverage.LIMITS


def test_the_disc_that_is_computed_holds_all_that_the_favourable_end_detects() -> None:
    for system in ("s-400", "patriot", "nato-3d-radar"):
        site = small_coverage(system=system, target="f-16", smooth=True, altitudes_m=(10_000.0,), cell_m=5_000.0).sites[
            0
        ]
        assert site.range_max_m >= site.headline_m
        edge = site.range_m > site.range_max_m - 5_000.0
        cut = "instrumented" in {rule for rule, _ in site.rules}
        assert cut or not site.layers[0].detected_high[edge].any()


def test_a_sector_that_looks_east_sees_nothing_in_the_west() -> None:
    anyway = small_coverage(system="patriot").sites[0]
    east = small_coverage(system="patriot", site={"boresight_rad": math.pi / 2}).sites[0]
    assert math.isnan(anyway.boresight_rad)
    assert "wherever it is turned" in anyway.notes[0]
    assert "looks to 90°" in east.notes[0]
    assert "boresight" in dict(east.rules)
    assert "boresight" not in dict(anyway.rules)
    half = east.layers[1].detected.shape[0] // 2
    assert not east.layers[1].detected[:, : half - 1].any()
    assert not np.any(east.layers[1].detected & ~anyway.layers[1].detected)
    assert east.layers[1].share_by_limit["sector"] == pytest.approx(0.75, abs=0.01)


def test_less_refraction_covers_less_and_the_exponential_atmosphere_nearly_the_same_as_four_thirds() -> None:
    none, standard, crpl = (
        small_coverage(smooth=True, refraction=name, range_max_m=402e3, cell_m=2_000.0).sites[0].layers[1]
        for name in ("none", "standard", "crpl")
    )
    assert none.share < 0.85 * standard.share
    assert crpl.share == pytest.approx(standard.share, rel=0.05)
    assert crpl.share != standard.share
    assert none.share_low == pytest.approx(none.share, rel=0.05)


def test_the_smooth_earth_through_the_exponential_atmosphere_is_that_of_its_rays() -> None:
    """Rays that leave the antenna level with its own horizon: the range at which they reach a height."""
    asked = question(smooth=True, refraction="crpl", cell_m=1_000.0)
    sea = replace(asked.sites[0], place=replace(asked.sites[0].place, ground_m=0.0))
    at = site_at(replace(asked, sites=(sea,)), reach_m=450e3)
    mast, smooth = at.surface.antenna_msl_m, at.smooth
    one_step_m = smooth.ranges_m[1]
    assert smooth.own_horizon_m == pytest.approx(float(earth.refracted_ray(mast, 0.0, 0.0)[3]), abs=one_step_m)
    # A level ray from the ground reaches mast and target on either side of the place where it touches the sea.
    for height in (100.0, 3_000.0, 10_000.0):
        there, back = (float(earth.refracted_ray(h, 0.0, 0.0)[3]) for h in (height, mast))
        one_tenth_of_a_percent = 1e-3
        assert np.interp(height, smooth.lowest_m, smooth.ranges_m) == pytest.approx(
            there + back, rel=one_tenth_of_a_percent
        )


# What hides, each by itself -------------------------------------------------------------------------------------------


def test_without_hills_is_what_a_smooth_earth_at_the_level_of_the_site_gives() -> None:
    """The share beside each layer against the whole answer over a smooth earth, in the same cells, at all ends."""
    for system, target, boresight in (("s-400", "f-16", None), ("patriot", "one-way-drone", 2.0)):
        given_ = {
            "system": system,
            "target": target,
            "altitudes_m": (300.0, 8_000.0),
            "site": {"boresight_rad": boresight},
        }
        over_hills = question(**given_)  # type: ignore[arg-type]
        site = over_hills.sites[0]
        smooth = replace(over_hills, grid=coverage.terrain_source(None, 4_000.0, site.place.ground_m))
        with_hills, without = (coverage.cover(one, catalogue()).sites[0].layers for one in (over_hills, smooth))
        same = 1e-4
        for one, other in zip(with_hills, without, strict=True):
            assert one.share_smooth == pytest.approx(other.share, abs=same)
            assert one.share_smooth_low == pytest.approx(other.share_low, abs=same)
            assert one.share_smooth_high == pytest.approx(other.share_high, abs=same)
            assert one.share < one.share_smooth or system != "s-400", "these hills take something"
            assert (other.share_smooth, other.share_smooth_low) == (other.share, other.share_low)


def test_hills_take_four_fifths_of_what_a_smooth_earth_would_leave_at_100_m_round_ankara() -> None:
    layer = small_coverage(altitudes_m=(100.0,), cell_m=1_000.0).sites[0].layers[0]
    assert layer.share_smooth == pytest.approx(0.0236, abs=0.0005)  # (61.4 km / 400 km)²
    assert 0.75 < 1.0 - layer.share / layer.share_smooth < 0.85


def test_the_horizon_is_that_of_a_smooth_earth_at_the_level_of_the_site_cell_by_cell() -> None:
    """On a plateau above the site the same height over the ground rises earlier, in a plain below it later."""
    half, cell_m = 60, 2_000.0

    def source(lat_rad: float, lon_rad: float, range_max_m: float) -> earth.SiteGrid:
        heights = np.full((2 * half + 1,) * 2, 800.0, np.float32)
        heights[:, : half - 15], heights[:, half + 16 :] = 1_500.0, 100.0
        heights[half - 2 : half + 3, half - 14] = 3_000.0  # a wall before the plateau
        return earth.SiteGrid(lat_rad, lon_rad, cell_m, heights, 0, 0, "steps", "", "")

    asked = question(target="airliner", grid=source, altitudes_m=(500.0,), range_max_m=half * cell_m)
    site = replace(asked.sites[0], place=replace(asked.sites[0].place, ground_m=800.0))
    found = coverage.cover(replace(asked, sites=(site,)), catalogue()).sites[0]
    west, east = found.layers[0].limit[half, half - 30], found.layers[0].limit[half, half + 45]
    assert result.LIMITS[west] == "terrain", "2,000 m at 60 km is far above the curve, and the wall is before it"
    # 600 m above the sea at 90 km; a smooth earth at 800 m is seen from 800 m + 300 m on.
    assert result.LIMITS[east] == "horizon"


def test_a_target_below_the_ground_is_counted_by_itself_and_before_all_else() -> None:
    """A third of Anatolia round Ankara is higher than 1 km above the sea; no radar is to blame for that."""
    layer = small_coverage(above_sea=True, altitudes_m=(1_000.0,), cell_m=2_000.0).sites[0].layers[0]
    site = small_coverage(above_sea=True, altitudes_m=(1_000.0,), cell_m=2_000.0).sites[0]
    heights = site.surface.grid.heights_m
    inside = site.range_m <= site.range_max_m
    assert np.array_equal(layer.limit[inside] == result.GROUND, heights[inside] > 1_000.0)
    assert layer.share_by_limit["ground"] == pytest.approx(0.42, abs=0.01)


def test_a_radar_on_a_hill_sees_a_target_below_its_own_ground() -> None:
    half, cell_m = 30, 2_000.0

    def source(lat_rad: float, lon_rad: float, range_max_m: float) -> earth.SiteGrid:
        heights = np.full((2 * half + 1,) * 2, 100.0, np.float32)
        heights[half, half] = 1_500.0
        return earth.SiteGrid(lat_rad, lon_rad, cell_m, heights, 0, 0, "a hill", "", "")

    for refraction in ("standard", "crpl"):
        asked = question(
            target="airliner", grid=source, above_sea=True, altitudes_m=(600.0,), range_max_m=half * cell_m,
            refraction=refraction, lobing=coverage.Lobing(),
        )  # fmt: skip
        site = replace(asked.sites[0], place=replace(asked.sites[0].place, ground_m=1_500.0))
        (layer,) = coverage.cover(replace(asked, sites=(site,)), catalogue()).sites[0].layers
        near = np.hypot(*np.indices(layer.limit.shape) - half) * cell_m < 50e3
        near[half, half] = False
        assert layer.detected[near].all()
        assert result.LIMITS[layer.limit[half, half]] == "ground"
        assert math.isnan(layer.share_smooth), "over a smooth earth at the level of the site it would be below it"


def test_where_nothing_is_seen_the_cumulative_probability_is_zero_without_a_sign() -> None:
    nothing = cumulative_pd(np.zeros((21, 21), np.float32), 1_000.0, 10e3, 3_000.0)
    assert not np.signbit(nothing).any()


def test_coarse_cells_say_that_they_see_too_much() -> None:
    coarse, fine = (small_coverage(cell_m=cell_m, range_max_m=60e3).sites[0] for cell_m in (2_000.0, 1_000.0))
    assert any("coarse and see too much" in note for note in coarse.notes)
    assert not any("coarse" in note for note in fine.notes)
    assert coarse.layers[0].share > fine.layers[0].share


def test_the_band_says_what_it_leaves_out() -> None:
    said = " ".join(small_coverage(range_max_m=60e3).sites[0].notes)
    assert "figures as they are read. The disc stays at 400 km; errors of the terrain" in said
    lobes = " ".join(small_coverage(range_max_m=60e3, lobing=coverage.Lobing()).sites[0].notes)
    assert "almost nowhere" in lobes


def test_rain_takes_coverage_and_gives_none() -> None:
    dry, wet = (
        small_coverage(
            target="one-way-drone", smooth=True, altitudes_m=(2_000.0, 8_000.0), rain_mm_per_h=rate, cell_m=1_000.0
        )
        for rate in (0.0, 50.0)
    )
    for one, other in zip(dry.sites[0].layers, wet.sites[0].layers, strict=True):
        assert not np.any(other.detected & ~one.detected)
    assert wet.sites[0].layers[1].share < 0.99 * dry.sites[0].layers[1].share
    assert "rain" in dict(wet.sites[0].rules)
    assert any("50 mm/h" in note for note in wet.sites[0].notes)


def test_three_sites_are_counted_where_their_cells_are() -> None:
    """Random places, each found on each site's own grid by the geodesic."""
    cell_m = 4_000.0
    found = small_coverage(sites=3, altitudes_m=(3_000.0,), cell_m=cell_m, range_max_m=250e3)
    counts = found.counts
    assert counts is not None
    rng = np.random.default_rng(3)
    n = 2 * counts.half + 1
    rows, columns = rng.integers(0, n, (2, 4_000))
    north, east = (counts.half - rows) * counts.cell_m, (columns - counts.half) * counts.cell_m
    lat, lon = earth.destination(counts.lat_rad, counts.lon_rad, np.arctan2(east, north), np.hypot(east, north))
    expected, outside = np.zeros(rows.size, int), np.ones(rows.size, bool)
    for site in found.sites:
        distance, bearing = earth.inverse(site.lat_rad, site.lon_rad, lat, lon)
        within = distance <= site.range_max_m
        half = site.surface.grid.half
        i = np.rint(half - np.where(within, distance, 0.0) * np.cos(bearing) / cell_m).astype(int)
        j = np.rint(half + np.where(within, distance, 0.0) * np.sin(bearing) / cell_m).astype(int)
        expected += within & site.layers[0].detected[i, j]
        outside &= distance > site.headline_m
    assert np.array_equal(counts.by_layer[0][rows, columns], expected)
    assert np.array_equal(counts.outside[rows, columns], outside)
    assert set(expected) == {0, 1, 2}
    assert 0.0 < counts.share(0, 2) < counts.share(0) < 1.0
    assert small_coverage().counts is None


def test_every_rule_that_is_named_says_what_it_means_and_what_was_asked_brings_its_own() -> None:
    plain = small_coverage().sites[0]
    assert {"coverage-cell", "coverage-limit", "coverage-share", "cumulative", "terrain-grid"} <= set(dict(plain.rules))
    assert not {"lobing", "rain", "refraction", "boresight"} & set(dict(plain.rules))
    more = small_coverage(smooth=True, lobing=coverage.Lobing(), rain_mm_per_h=2.0, refraction="none").sites[0]
    assert {"lobing", "rain", "refraction"} <= set(dict(more.rules))
    assert not {"terrain-grid", "horizon-or-terrain"} & set(dict(more.rules))
    for key, text in (*plain.rules, *more.rules):
        assert text == (reach.RULES | coverage.RULES)[key]
    assert not set(reach.RULES) & set(coverage.RULES)
    with pytest.raises(KeyError, match="no reading rule nonsense"):
        rules.in_order(["nonsense"])


def test_what_a_coverage_rests_on_is_named_with_its_sources() -> None:
    site = small_coverage().sites[0]
    paths = {path for path, _ in site.claims}
    assert {"s-400.headline_range", "s-400.91n6e.reference_range", "f-16.rcs", "f-16.cruise_speed"} <= paths
    assert not any("reaction" in path or "92n6e" in path for path in paths), "what engages is no part of it"
    keys = {source.key for source in site.sources}
    assert keys == {key for _, claim in site.claims for key in claim.sources}


def test_progress_is_told_and_ends_at_the_whole() -> None:
    heard: list[tuple[str, float]] = []
    coverage.cover(question(sites=2), catalogue(), progress=lambda stage, share: heard.append((stage, share)))
    shares = [share for _, share in heard]
    assert shares == sorted(shares)
    assert heard[-1] == ("done", 1.0)
    assert {stage for stage, _ in heard} == {"terrain", "line of sight", "coverage", "done"}


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"target": "ballistic-missile"}, "flies an arc"),
        ({"altitudes_m": (-5.0,)}, "must be positive"),
        ({"altitudes_m": (2e5,)}, "at most 100 km"),
        ({"altitudes_m": ()}, "at least one altitude"),
        ({"sites": 0}, "at least one site"),
        ({"detection_probability": 1.0}, "probability of detection is 1"),
        ({"refraction": "odd"}, 'refraction "odd" is unknown'),
        ({"rain_mm_per_h": -1.0}, "rain of -1 mm/h"),
        ({"cell_m": 0.0, "smooth": True}, "cell_m = 0 must be positive"),
        ({"site": {"preset": "best"}}, 'has no preset "best"'),
        ({"site": {"antenna_m": -1.0}}, "antenna height -1 m"),
        ({"site": {"antenna_m": 0.0}, "lobing": coverage.Lobing()}, "lobing needs an antenna above the ground"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(given_: dict[str, object], message: str) -> None:
    with pytest.raises(coverage.question.UseError, match=message):
        small_coverage(**given_)

"""Coverage against published and exact figures: Blake's lobes, horizons and shares of a disc over a smooth earth."""

import math
from dataclasses import replace

import numpy as np
import pytest

from chainhome import coverage, earth, sensors
from chainhome.scenario import Place
from chainhome.verify import all_checks
from coverage_questions import catalogue, question

ONE_TENTH_KM = 0.1


def test_blakes_lobes_lie_where_he_has_them() -> None:
    """100 MHz, antenna 20 m, 100 km in free space, a surface that reflects all [blake1970]."""
    last_digit_rad = math.radians(5e-4)
    degrees = np.array([2.148, 6.455, 10.799, 4.298])
    reach = sensors.vertical_coverage_m(100e6, 20.0, 100e3, np.radians(degrees), radius_m=math.inf)
    assert reach[:3] == pytest.approx(np.full(3, 200e3), rel=1e-6)
    # Near a null the reach grows by 2 pi h cos(angle) / wavelength of free space twice over for each radian.
    per_rad = 100e3 * 2.0 * 2.0 * math.pi * 20.0 / 2.998
    assert reach[3] < per_rad * last_digit_rad


def test_every_lobing_row_of_verify_passes() -> None:
    rows = [row for row in all_checks() if row.subject == "lobing"]
    assert len(rows) == 7
    assert all(row.passes for row in rows)


@pytest.mark.parametrize(
    ("antenna_m", "horizons_km"),
    [(3.0, (29.7, 48.4, 137.5)), (10.0, (35.6, 54.3, 143.4)), (39.0, (48.3, 67.0, 156.1))],
)
def test_a_low_target_is_covered_to_the_horizon_of_the_table(antenna_m: float, horizons_km: tuple[float, ...]) -> None:
    """An airliner, so that nothing but the horizon ends it; a cell of 200 m belongs if its middle does."""
    cell_km = 0.2
    asked = question(
        target="airliner",
        smooth=True,
        cell_m=1e3 * cell_km,
        altitudes_m=(30.0, 100.0, 1_000.0),
        range_max_m=160e3,
        site={"antenna_m": antenna_m},
    )
    site = coverage.cover(asked, catalogue()).sites[0]
    for layer, horizon_km in zip(site.layers, horizons_km, strict=True):
        # Somewhere on the circle a cell's middle lies just within the horizon.
        farthest_km = float(site.range_m[layer.detected].max()) / 1e3
        assert horizon_km - ONE_TENTH_KM < farthest_km < horizon_km + ONE_TENTH_KM


def test_the_share_of_a_disc_of_400_km_is_that_of_the_table() -> None:
    """24 m antenna, target at 50, 300 and 3,000 m: 1.5, 5.2 and 38 % over a smooth earth."""
    asked = question(
        target="airliner", smooth=True, cell_m=1_000.0, altitudes_m=(50.0, 300.0, 3_000.0), site={"antenna_m": 24.0}
    )
    claims = dict(asked.sites[0].system.claims)
    claims["headline_range"] = replace(claims["headline_range"], value=400.0, low=None, high=None, unit="km")
    system = replace(asked.sites[0].system, claims=claims)
    asked = replace(asked, sites=(replace(asked.sites[0], system=system),))
    layers = coverage.cover(asked, catalogue()).sites[0].layers
    half_a_digit = (0.05, 0.05, 0.5)
    for layer, percent, tolerance in zip(layers, (1.5, 5.2, 38.0), half_a_digit, strict=True):
        assert abs(100.0 * layer.share - percent) < tolerance
        assert layer.share_by_limit["horizon"] == pytest.approx(1.0 - layer.share, abs=1e-12)


def test_the_lowest_layer_covered_at_402_km_is_the_lowest_visible_altitude_of_the_table() -> None:
    """8,588 m for an antenna of 24 m: at 8,580 m the cell at 402 km is hidden, at 8,600 m it is not."""
    sea = Place("sea", 0.7, 0.57, 0.0)
    asked = question(target="airliner", smooth=True, cell_m=2_000.0, altitudes_m=(8_580.0, 8_600.0), range_max_m=404e3)
    asked = replace(asked, sites=(replace(asked.sites[0], place=sea, antenna_m=24.0),))
    site = coverage.cover(asked, catalogue()).sites[0]
    half = site.surface.grid.half
    limits = [coverage.LIMITS[layer.limit[half, half + 201]] for layer in site.layers]
    assert limits == ["horizon", "detected"]
    assert float(earth.lowest_visible_altitude_m(402e3, 24.0)) == pytest.approx(8_588.0, abs=0.5)

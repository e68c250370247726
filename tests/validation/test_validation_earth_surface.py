"""The surface over a smooth earth against the table of lowest visible altitudes and shares of the disc."""

from __future__ import annotations

import numpy as np
import pytest

from chainhome import earth


@pytest.fixture(scope="module")
def sea() -> earth.SiteGrid:
    return earth.site_grid(None, np.radians(40.0), np.radians(33.0), range_max_m=403e3, cell_m=400.0)


@pytest.mark.parametrize(("antenna_m", "lowest_m"), [(5.0, 9089.0), (10.0, 8913.0), (24.0, 8588.0), (39.0, 8340.0)])
def test_the_lowest_visible_altitude_at_402_km_is_that_of_the_table(
    sea: earth.SiteGrid, antenna_m: float, lowest_m: float
) -> None:
    rounding_of_the_table_m = 0.55
    found = earth.lowest_at(earth.surface(sea, antenna_m), np.radians([0.0, 10.0, 45.0, 200.0]), 402e3)
    assert np.abs(found - lowest_m).max() < rounding_of_the_table_m


@pytest.mark.parametrize(("height_m", "percent"), [(50.0, 1.5), (300.0, 5.2), (3000.0, 38.0)])
def test_the_share_of_a_400_km_disc_is_that_of_the_table(sea: earth.SiteGrid, height_m: float, percent: float) -> None:
    lowest = earth.surface(sea, 24.0).lowest_visible_m
    along = sea.cell_m * np.arange(-sea.half, sea.half + 1)
    disc = np.hypot(along, along[:, None]) <= 400e3
    rounding_of_the_table = 0.05 if percent < 10.0 else 0.5
    assert abs(100.0 * (lowest[disc] <= height_m).mean() - percent) < rounding_of_the_table

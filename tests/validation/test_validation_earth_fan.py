"""The fan over the shipped terrain against exact rays, beside one ray for each bearing with a sample every 500 m."""

from __future__ import annotations

import numpy as np
import pytest

from chainhome import earth
from chainhome.earth import terrain as terrain_

RADIUS_M = earth.four_thirds_radius_m()
STEP_M, FINE_M = 500.0, 25.0
SITES = {"plain of Ankara": (40.0789, 32.5656), "eastern highlands": (39.0, 41.0)}


def along_rays(site: tuple[float, float], bearings: np.ndarray, ranges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Follow each bearing by itself: ground (b, r), and the lowest altitude that clears every nearer sample of it."""
    terrain = terrain_.load()
    ground = terrain_.height_m(terrain, *earth.destination(*site, bearings[:, None], ranges))
    eye = RADIUS_M + 24.0 + float(terrain_.height_m(terrain, *site))
    sin_arc, cos_arc = np.sin(ranges / RADIUS_M), np.cos(ranges / RADIUS_M)
    slope = (cos_arc - eye / (RADIUS_M + ground)) / sin_arc
    steepest = np.full_like(slope, -np.inf)
    np.maximum.accumulate(slope[:, :-1], axis=1, out=steepest[:, 1:])
    facing = cos_arc - np.maximum(steepest, -1.0) * sin_arc
    return ground, np.maximum(ground, eye / facing - RADIUS_M)


@pytest.mark.parametrize("place", SITES.values(), ids=SITES)
def test_the_fan_is_nearer_to_exact_rays_than_rays_of_500_m_steps(place: tuple[float, float]) -> None:
    site, bearings = tuple(np.radians(place)), np.radians(np.arange(0.0, 360.0, 4.0))
    fine, coarse = (step * np.arange(1.0, round(250e3 / step) + 1) for step in (FINE_M, STEP_M))
    ground, exact = (
        values[:, round(STEP_M / FINE_M) - 1 :: round(STEP_M / FINE_M)] for values in along_rays(site, bearings, fine)
    )
    _, by_steps = along_rays(site, bearings, coarse)
    fan = earth.fan(
        terrain_.load(), *site, 24.0, radius_m=RADIUS_M, range_max_m=250e3, bearings_rad=bearings, range_step_m=STEP_M
    )
    errors = [np.abs(lowest - exact) for lowest in (fan.lowest_visible_m, by_steps)]
    for quantile in (0.5, 0.99):
        ours, theirs = (np.quantile(error, quantile) for error in errors)
        assert ours < theirs
    wrong_of_a_thousand = 1000.0 * np.mean((fan.lowest_visible_m <= ground + 300.0) != (exact <= ground + 300.0))
    assert wrong_of_a_thousand < 2.0

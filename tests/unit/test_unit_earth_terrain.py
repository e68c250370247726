"""The shipped terrain and heights read from a grid."""

from __future__ import annotations

import numpy as np
import pytest

from chainhome.earth import terrain
from chainhome.errors import ChainhomeError, UseError

SLOPES = terrain.Terrain(
    "slopes", np.array([[0, 10, 20], [100, 110, 120]], np.int16), north_deg=41.0, west_deg=30.0, step_deg=0.5, note="",
    source="",
)  # fmt: skip


def at(grid: terrain.Terrain, lat_deg: float, lon_deg: float) -> float:
    return float(terrain.height_m(grid, np.radians(lat_deg), np.radians(lon_deg)))


@pytest.mark.parametrize(
    ("place", "height_m"),
    [((40.0789, 32.5656), 836.0), ((39.9334, 32.8597), 888.0), ((38.75, 33.40), 905.0), ((34.0, 31.0), 0.0)],
)
def test_the_shipped_terrain_has_the_heights_its_readme_states(place: tuple[float, float], height_m: float) -> None:
    rounding_m = 0.5
    assert abs(at(terrain.load(), *place) - height_m) < rounding_m


def test_the_shipped_terrain_is_whole_read_only_and_says_what_it_does_badly() -> None:
    anatolia = terrain.load()
    assert anatolia is terrain.load("anatolia")
    assert anatolia.heights_m.dtype == np.int16
    assert not anatolia.heights_m.flags.writeable
    assert (int(anatolia.heights_m.min()), int(anatolia.heights_m.max())) == (0, 4972)
    assert int(anatolia.heights_m.sum(dtype=np.int64)) == 531757588
    assert "clips" in anatolia.note
    assert "SRTM30_PLUS" in anatolia.source


def test_heights_are_bilinear_between_cell_centres() -> None:
    assert abs(at(SLOPES, 41.0, 30.0) - 0.0) < 1e-9
    assert abs(at(SLOPES, 40.5, 31.0) - 120.0) < 1e-9
    assert abs(at(SLOPES, 40.75, 30.25) - 55.0) < 1e-9


def test_the_outer_half_cell_counts_and_beyond_it_there_is_no_height() -> None:
    assert abs(at(SLOPES, 41.24, 29.76) - 0.0) < 1e-9
    assert np.isnan([at(SLOPES, 41.26, 30.0), at(SLOPES, 40.0, 31.27), at(SLOPES, np.nan, 30.0)]).all()
    inside = terrain.contains(SLOPES, np.radians([41.24, 41.26, np.nan]), np.radians(30.0))
    assert inside.tolist() == [True, False, False]


def test_longitudes_of_either_turn_are_the_same_place() -> None:
    assert at(SLOPES, 40.75, 30.25 - 360.0) == pytest.approx(at(SLOPES, 40.75, 30.25), abs=1e-9)
    assert at(SLOPES, 40.75, 30.25 + 360.0) == pytest.approx(at(SLOPES, 40.75, 30.25), abs=1e-9)


def test_an_unknown_terrain_names_the_nearest_and_a_missing_file_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UseError, match="did you mean anatolia"):
        terrain.load("anatolya")
    monkeypatch.setitem(terrain._SHIPPED, "lost", "lost.npz")
    with pytest.raises(ChainhomeError, match=r"lost\.npz is missing"):
        terrain.load("lost")

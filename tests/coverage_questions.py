"""Small real coverages for tests: up to three sites, coarse cells, the shipped terrain or a smooth earth."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from chainhome import coverage, earth
from chainhome.catalogue import Catalogue
from chainhome.catalogue import load as load_catalogue
from chainhome.scenario import find_place

SITES = ("murted", "gaziantep", "kahramanmaras")


@lru_cache
def catalogue() -> Catalogue:
    return load_catalogue()


def question(
    *, system: str = "s-400", target: str = "f-16", sites: int = 1, smooth: bool = False, cell_m: float = 4_000.0,
    site: dict[str, Any] | None = None, **asked: Any,
) -> coverage.CoverageQuestion:  # fmt: skip
    """A question about one site or several; `site` are fields of every CoverageSite, `asked` those of the question."""
    terrain = None if smooth else earth.load_terrain()
    places = [find_place(name, catalogue(), terrain, "--site") for name in SITES[:sites]]
    settings: dict[str, Any] = {
        "grid": None if smooth else coverage.terrain_source(terrain, cell_m),
        "altitudes_m": (100.0, 3_000.0),
        "cell_m": cell_m,
    }
    return coverage.CoverageQuestion(
        sites=tuple(coverage.CoverageSite(catalogue().system(system), place, **(site or {})) for place in places),
        aircraft=catalogue().aircraft(target),
        **(settings | asked),
    )


def small_coverage(**given: Any) -> coverage.Coverage:
    """The answer to `question(**given)`, in a fraction of a second once the kernels are compiled."""
    return coverage.cover(question(**given), catalogue())

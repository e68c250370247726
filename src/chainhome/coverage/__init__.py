"""Coverage of a system against a target over a site: probability of detection and the binding limit, cell by cell."""

from chainhome.coverage.compute import cover
from chainhome.coverage.question import CoverageQuestion, CoverageSite, GridSource, Lobing, terrain_source
from chainhome.coverage.result import LIMITS, Counts, Coverage, Layer, SiteCoverage, cell_weights
from chainhome.coverage.rules import RULES

__all__ = [
    "LIMITS",
    "RULES",
    "Counts",
    "Coverage",
    "CoverageQuestion",
    "CoverageSite",
    "GridSource",
    "Layer",
    "Lobing",
    "SiteCoverage",
    "cell_weights",
    "cover",
    "terrain_source",
]

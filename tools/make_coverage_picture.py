"""Draw the pictures of docs/coverage.md: the S-400's claimed disc, and the Patriot sites before and after.

    python tools/make_coverage_picture.py docs/images

In: the shipped catalogue and terrain, nothing else. Out: coverage-s-400-f-16.png, the disc that "400 km" draws and what
is seen of it at four heights; coverage-patriot-2015.png, how many border sites see a target before their withdrawal.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from chainhome import catalogue, earth
from chainhome.catalogue import deployments
from chainhome.coverage import Coverage, CoverageQuestion, CoverageSite, cover, terrain_source
from chainhome.report import style
from chainhome.report.coverage_counts import draw_counts
from chainhome.report.coverage_map import draw_summary
from chainhome.scenario import find_place

CELL_M = 500.0


def claimed_disc() -> Coverage:
    """Return the S-400 at Mürted against an F-16 at four heights."""
    claims, terrain = catalogue.load(), earth.load_terrain()
    site = CoverageSite(claims.system("s-400"), find_place("murted", claims, terrain, "site"))
    question = CoverageQuestion(
        sites=(site,),
        aircraft=claims.aircraft("f-16"),
        altitudes_m=(100.0, 1_000.0, 3_000.0, 10_000.0),
        grid=terrain_source(terrain, CELL_M),
    )
    return cover(question, claims)


def border_sites(day: str) -> Coverage:
    """Return the Patriot batteries that stood near the Syrian border on a day, against an F-16 at 1 km."""
    claims, terrain = catalogue.load(), earth.load_terrain()
    there = dict.fromkeys(one.site for one in deployments(day, name="turkey-patriot-2013") if one.covers)
    sites = tuple(
        CoverageSite(claims.system("patriot"), find_place(site, claims, terrain, "site")) for site in sorted(there)
    )
    question = CoverageQuestion(
        sites=sites,
        aircraft=claims.aircraft("f-16"),
        altitudes_m=(1_000.0,),
        grid=terrain_source(terrain, CELL_M),
        date=day,
    )
    return cover(question, claims)


def main() -> None:
    """Write the pictures into a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    disc = claimed_disc()
    style.write_bytes(folder / "coverage-s-400-f-16.png", style.png(draw_summary(disc, disc.sites[0])))
    style.write_bytes(folder / "coverage-patriot-2015.png", style.png(draw_counts(border_sites("2015-03-01"), 0)))


if __name__ == "__main__":
    main()

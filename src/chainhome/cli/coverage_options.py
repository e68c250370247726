"""The words of `chainhome coverage`: its arguments, added to its parser. Imports nothing, so that help stays fast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def add_options(parser: Any, probability: Callable[[str], float]) -> None:
    """Add every argument of the command; `probability` reads one from a text."""
    parser.add_argument(
        "system", metavar="SYSTEM|SCENARIO", help="a system of the catalogue, or a scenario with its batteries"
    )
    parser.add_argument(
        "--target", required=True, metavar="CLASS", help="a target class, such as f-16 or one-way-drone"
    )
    parser.add_argument(
        "--altitude",
        action="append",
        metavar="H",
        help="target altitude, such as 100m or 30000ft (metres without a unit); may be repeated "
        "(default: 100 m, 1 km, 3 km, 10 km)",
    )
    parser.add_argument("--msl", action="store_true", help="altitudes above mean sea level, not above the ground below")
    parser.add_argument(
        "--site",
        action="append",
        metavar="NAME|LAT,LON",
        help="where it stands; may be repeated: the sites are then also counted together (default: murted)",
    )
    parser.add_argument("--date", metavar="DATE", help="the sites on which it stood on a day, such as 2019-09-30")
    parser.add_argument(
        "--antenna", metavar="H", help="antenna height above the ground (default: the published mast, or 24 m)"
    )
    parser.add_argument(
        "--boresight", metavar="B", help="bearing to which a radar that stares looks (default: wherever it is turned)"
    )
    parser.add_argument(
        "--pd", type=probability, default=0.5, metavar="P", help="single-scan probability of detection (default: 0.5)"
    )
    parser.add_argument(
        "--preset",
        choices=("headline", "middle", "sceptic"),
        help="whose reading of the system: the seller's, the best supported, the sceptics' (default: middle)",
    )
    _ground_and_air(parser)
    parser.add_argument("--json", action="store_true", help="print only a JSON object")
    parser.add_argument(
        "--cells",
        action="store_true",
        help="also write for each cell the probability of detection of one scan and cumulative, the signal-to-noise "
        "ratio and the limit, as GeoTIFF (extra geo)",
    )
    parser.add_argument("--out", metavar="DIR", help="write maps, GeoTIFF, GeoJSON, KML, CZML, CSV and a page")


def _ground_and_air(parser: Any) -> None:
    ground = parser.add_mutually_exclusive_group()
    ground.add_argument(
        "--terrain",
        metavar="FILE|DIR",
        help="your own heights instead of the shipped ones: GeoTIFF, .hgt, DTED, or a folder of tiles (extra geo)",
    )
    ground.add_argument("--smooth", action="store_true", help="a smooth earth instead of the terrain")
    parser.add_argument("--cell", metavar="L", help="size of the cells (default: 500 m, or that of your own heights)")
    parser.add_argument(
        "--refraction",
        choices=("standard", "crpl", "none"),
        default="standard",
        help="how the air bends the rays: earth of 4/3 radius, exponential atmosphere, not at all (default: standard)",
    )
    parser.add_argument(
        "--lobing",
        nargs="?",
        const="0m",
        metavar="ROUGHNESS",
        help="also the lobes that the ground's reflection makes, for a surface of this roughness (default: 0 m)",
    )
    parser.add_argument("--rain", metavar="RATE", help="rain of one rate everywhere, such as 10mm/h")

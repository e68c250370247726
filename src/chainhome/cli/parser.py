"""The words of the command line: one parser, one sub-parser for each command, one example in each help text.

A command's module is imported only when it runs, so that `--help` stays fast.
"""

from __future__ import annotations

import argparse
import importlib
import math
import re
from collections.abc import Callable
from typing import Any, NoReturn

from chainhome.cli import coverage_options
from chainhome.errors import UseError, nearest

COMMANDS = ("reach", "coverage", "run", "track", "score", "export", "view", "catalogue", "verify", "schema")
# Of the catalogue, which a help text does not load.
TOPICS = ("combat-record", "radar-physics", "reading-rules", "secondary-radar")


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one sentence, raised and not printed."""

    def error(self, message: str) -> NoReturn:
        """Raise UseError with the sentence and where to find help."""
        if match := re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message):
            given, choices = match.group(1), [c.strip("' ") for c in match.group(2).split(",")]
            what = message.split(":")[0].removeprefix("argument ").replace("COMMAND", "command")
            hint = nearest(given, choices) or f"; expected {', '.join(choices)}"
            raise UseError(f'{what} "{given}" is not known{hint} ({self.prog} --help)')
        raise UseError(f"{message} ({self.prog} --help)")

    def parse_args(self, *given: Any, **more: Any) -> Any:
        """Return the arguments; raises UseError for `--date=--`, of which some versions of argparse make a list."""
        parsed = super().parse_args(*given, **more)
        for name, value in vars(parsed).items():
            if value == [] or (isinstance(value, list) and [] in value):
                raise UseError(
                    f'--{name.replace("_", "-")}: "--" is not a value ({self.prog} {parsed.command_name} --help)'
                )
        return parsed


def _later(module: str) -> Callable[[argparse.Namespace], int]:
    def run(arguments: argparse.Namespace) -> int:
        return int(importlib.import_module(f"chainhome.cli.{module}").run(arguments))

    return run


def _probability(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 1e-3 <= value <= 0.999:
        raise argparse.ArgumentTypeError(f'"{text}" is not a probability; expected a number from 0.001 to 0.999')
    return value


def _seed(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = -1
    if not 0 <= value < 2**63:
        raise argparse.ArgumentTypeError(f'"{text}" is not a seed; expected a whole number from 0 on')
    return value


def _version() -> str:
    from importlib.metadata import version

    return version("chainhome")


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        """Print the version and stop."""
        print(f"chainhome {_version()}")
        parser.exit()


def build_parser() -> Parser:
    """Return the parser of the whole command line."""
    parser = Parser(
        prog="chainhome",
        description="An open laboratory for ground-based air defence and air surveillance:\n"
        "what a radar and a missile system can see, follow, tell apart and reach, on published figures.",
        epilog="Start with:  chainhome reach s-400 --target f-16\n"
        "Exit codes:  0 done, 1 failure, 2 wrong use. Every figure is a claim; chainhome catalogue shows its source.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and stop")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, dest="command_name")
    _reach(commands)
    _coverage(commands)
    _run(commands)
    _track(commands)
    _score(commands)
    _export(commands)
    _view(commands)
    _catalogue(commands)
    _verify(commands)
    _schema(commands)
    return parser


def _command(commands: Any, name: str, module: str, summary: str, description: str, example: str) -> Any:
    parser = commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=f"Example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=_later(module))
    return parser


def _reach(commands: Any) -> None:
    parser = _command(
        commands,
        "reach",
        "reach_command",
        "what a published range means against a target",
        "What a system's published range means against this target, at this height, over this terrain:\n"
        "how far it detects, tracks and engages, the band of the published figures, and which limit binds.",
        "chainhome reach s-400 --target f-16 --altitude 100m --out reach-f16",
    )
    parser.add_argument("system", metavar="SYSTEM", help="a system of the catalogue, such as s-400 or patriot")
    parser.add_argument(
        "--target", required=True, metavar="CLASS", help="a target class, such as f-16 or one-way-drone"
    )
    parser.add_argument(
        "--altitude",
        action="append",
        metavar="H",
        help="target altitude, such as 100m or 30000ft (metres without a unit); may be repeated "
        "(default: 30 m, 100 m, 300 m, 1 km, 3 km, 10 km)",
    )
    parser.add_argument("--msl", action="store_true", help="altitudes above mean sea level, not above the ground below")
    parser.add_argument("--site", default="murted", metavar="NAME|LAT,LON", help="where it stands (default: murted)")
    parser.add_argument(
        "--antenna", metavar="H", help="antenna height above the ground (default: the published mast, or 24 m)"
    )
    parser.add_argument(
        "--pd", type=_probability, default=0.5, metavar="P", help="single-scan probability of detection (default: 0.5)"
    )
    parser.add_argument(
        "--preset",
        choices=("headline", "middle", "sceptic"),
        default="middle",
        help="whose reading of the system: the seller's, the best supported, the sceptics' (default: middle)",
    )
    parser.add_argument("--smooth", action="store_true", help="a smooth earth instead of the terrain")
    parser.add_argument("--json", action="store_true", help="print only a JSON list, one object for each altitude")
    parser.add_argument("--out", metavar="DIR", help="write a map, a vertical chart and a page with every source")


def _coverage(commands: Any) -> None:
    parser = _command(
        commands,
        "coverage",
        "coverage_command",
        "how much of the claimed disc is really covered",
        "How much of the disc that a published range draws a radar really covers, at each height, over this terrain:\n"
        "the share that is seen with its band, and which limit takes the rest; with --out maps and files for GIS.",
        "chainhome coverage s-400 --target f-16 --altitude 100m --altitude 3km --out coverage-f16",
    )
    coverage_options.add_options(parser, _probability)


def _run(commands: Any) -> None:
    parser = _command(
        commands,
        "run",
        "run_command",
        "simulate a scenario: detect, track, identify, score",
        "Simulate a scenario from the first echo to the declared identity and write a run folder with its tables\n"
        "(Parquet), its record (run.json) and report.html. The same seed gives the same bytes.",
        "chainhome run first-trial --seed 1 --out first-trial",
    )
    parser.add_argument("scenario", metavar="SCENARIO", help="a shipped scenario (first-trial) or a .toml file")
    parser.add_argument("--seed", type=_seed, default=1, metavar="N", help="seed of all randomness (default: 1)")
    parser.add_argument("--out", metavar="DIR", help="run folder (default: runs/SCENARIO-seedN, numbered if it exists)")
    parser.add_argument("--replace", action="store_true", help="write over a complete run in --out")
    parser.add_argument(
        "--preset", choices=("headline", "middle", "sceptic"), help="reading of the system, instead of the scenario's"
    )
    parser.add_argument("--no-report", action="store_true", help="leave out report.html")
    parser.add_argument("--json", action="store_true", help="print only the summary, as JSON")


def _track(commands: Any) -> None:
    parser = _command(
        commands,
        "track",
        "track_command",
        "track a recording: plots, ASTERIX, ADS-B",
        "Track a recording and write a run folder with its cleaned plots and its tracks (Parquet). INPUT is plots as\n"
        "CSV or Parquet, an ASTERIX recording, ADS-B state vectors or Mode S frames, or a run. What is left out is\n"
        "counted.",
        "chainhome track plots.csv --sensors sensors.toml --out tracked",
    )
    parser.add_argument("input", metavar="INPUT", help="the recording: a file, or a run folder")
    parser.add_argument("--sensors", metavar="FILE", help="who looked: a sensors file (docs/sensors-file.md)")
    parser.add_argument("--out", metavar="RUN", help="run folder (default: runs/INPUT-track, numbered if it exists)")
    parser.add_argument(
        "--method",
        choices=("pmb", "pmbm", "gnn"),
        default="pmb",
        help="pmb shares every plot by probability, pmbm also keeps joint hypotheses where tracks compete (careful, "
        "slower), gnn gives each plot to one track: the baseline (default: pmb)",
    )
    parser.add_argument("--smooth", action="store_true", help="also use what came later for each estimate")
    parser.add_argument(
        "--register",
        action="store_true",
        help="estimate range, azimuth and time biases of two or more radars from common aircraft, and take them off",
    )
    parser.add_argument(
        "--hide-address",
        action="store_true",
        help="keep Mode S addresses and Mode 3/A codes from the tracker; the plots of the run still have them",
    )
    parser.add_argument(
        "--skip-undeclared", action="store_true", help="leave out plots of sensors that are not declared"
    )
    parser.add_argument("--replace", action="store_true", help="write over a complete run in --out")
    parser.add_argument("--json", action="store_true", help="print only the summary, as JSON")


def _score(commands: Any) -> None:
    parser = _command(
        commands,
        "score",
        "score_command",
        "score the tracks of a run against a truth",
        "Score the tracks of a run: against a truth (GOSPA, trajectory GOSPA, NEES, SIAP, completeness, purity, a\n"
        "table in the style of ED-142), or, for recordings with Mode S, against the addresses, after tracking its\n"
        "plots again without them.",
        "chainhome score tracked --truth truth.csv",
    )
    parser.add_argument("run", metavar="RUN", help="a run folder, of chainhome track or chainhome run")
    against = parser.add_mutually_exclusive_group(required=True)
    against.add_argument(
        "--truth", metavar="FILE", help="CSV or Parquet with the columns of the table truth, or ASTERIX with CAT062"
    )
    against.add_argument(
        "--by-address", action="store_true", help="track the plots again without their addresses; those are the truth"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _export(commands: Any) -> None:
    parser = _command(
        commands,
        "export",
        "export_command",
        "a run as one page, for globes, maps and spreadsheets",
        "Write a run as one self-contained page, as CZML (Cesium), KML (Google Earth), GeoJSON (GIS) or CSV: any of\n"
        "them at once. A file that exists is left alone unless --replace is given.",
        "chainhome export first-trial --html first-trial.html --kml first-trial.kml",
    )
    parser.add_argument("run", metavar="RUN", help="a run folder, of chainhome run or chainhome track")
    parser.add_argument("--html", metavar="FILE", help="one page with map, scope and replay; opens from disk")
    parser.add_argument("--czml", metavar="FILE", help="radars, flights and tracks that move, for Cesium")
    parser.add_argument("--kml", metavar="FILE", help="the same for Google Earth")
    parser.add_argument("--geojson", metavar="FILE", help="radars as points, flights and tracks as lines, for a GIS")
    parser.add_argument("--csv", metavar="DIR", help="every table as a CSV file, with their units in columns.csv")
    parser.add_argument("--plots", action="store_true", help="also a point for each plot in --geojson")
    parser.add_argument("--replace", action="store_true", help="write over files that exist")


def _view(commands: Any) -> None:
    parser = _command(
        commands,
        "view",
        "view_command",
        "open a run in the browser",
        "Open a run in the browser: map, scope and replay in one page. With --serve (extra: live) the page is served\n"
        "on this machine instead, and with --replay the run is played to it as if it happened now.",
        "chainhome view first-trial",
    )
    parser.add_argument("run", metavar="RUN", help="a run folder, of chainhome run or chainhome track")
    parser.add_argument("--no-open", action="store_true", help="print where the page is, and open nothing")
    parser.add_argument(
        "--serve", action="store_true", help="serve the page on this machine until Ctrl-C (extra: live)"
    )
    parser.add_argument("--port", type=_port, default=None, metavar="N", help="with --serve: port (default: 8765)")
    parser.add_argument(
        "--host", default=None, metavar="ADDRESS", help="with --serve: address to listen on (default: 127.0.0.1)"
    )
    parser.add_argument("--replay", action="store_true", help="with --serve: play the run as if it happened now")
    parser.add_argument(
        "--speed", type=_speed, default=None, metavar="X", help="with --replay: times real time (default: 10)"
    )


def _port(text: str) -> int:
    # Digits of other scripts are numbers to Python, and to nobody who reads an address.
    value = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else -1
    if not 0 <= value <= 65_535:
        raise argparse.ArgumentTypeError(f'"{text}" is not a port; expected a whole number from 0 (any free) to 65535')
    return value


def _speed(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.01 <= value <= 10_000.0:
        raise argparse.ArgumentTypeError(f'"{text}" is not a speed; expected a number from 0.01 to 10000')
    return value


def _catalogue(commands: Any) -> None:
    parser = _command(
        commands,
        "catalogue",
        "catalogue_command",
        "the claims: figures with band, source and date",
        "List what the catalogue holds, or every claim about one thing with its band, date, confidence and source.",
        "chainhome catalogue s-400",
    )
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help=f"a system, target class or site, a history (turkey), or a topic ({', '.join(TOPICS)}); "
        "without a NAME all of them are listed",
    )
    parser.add_argument(
        "--date", metavar="DATE", help="with turkey: what was delivered and active on a day (2019-09-30)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _verify(commands: Any) -> None:
    parser = _command(
        commands,
        "verify",
        "verify_command",
        "recompute published numbers",
        "Recompute published numbers with this installation: published, ours, tolerance, source. Exit 1 if one fails.",
        "chainhome verify",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _schema(commands: Any) -> None:
    parser = _command(
        commands,
        "schema",
        "schema_command",
        "the JSON Schema of the scenario file",
        "Print the JSON Schema of the scenario file, or of the sensors file, for editors that complete and check TOML.",
        "chainhome schema > scenario.schema.json",
    )
    parser.add_argument(
        "file", nargs="?", choices=("scenario", "sensors"), default="scenario", help="which file (default: scenario)"
    )

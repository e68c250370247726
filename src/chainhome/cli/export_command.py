"""`chainhome export`: a run → one page, or files for globes, maps and spreadsheets."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from chainhome.cli.folders import given_path
from chainhome.errors import UseError
from chainhome.formats import run_geo
from chainhome.formats.run_folder import KINDS, LOCK, RECORD, SCENARIO, Run, read_record, read_run
from chainhome.formats.text_file import check_target

KINDS_OF_FILE = ("html", "czml", "kml", "geojson", "csv")
PLACED = {"czml", "kml", "geojson"}
OWN_FILES = {RECORD, SCENARIO, LOCK, "report.html", "tracks.png", *(f"{name}.parquet" for name in KINDS)}


def run(arguments: argparse.Namespace) -> int:
    """Export one run."""
    folder = given_path(arguments.run, "RUN", "run folder")
    wanted = {kind: getattr(arguments, kind) for kind in KINDS_OF_FILE if getattr(arguments, kind) is not None}
    if not wanted:
        raise UseError("nothing to export; expected one or more of --html, --czml, --kml, --geojson, --csv")
    if arguments.plots and "geojson" not in wanted:
        raise UseError("--plots adds points to --geojson, which was not asked for")
    read_record(folder)
    paths = {
        kind: given_path(text, f"--{kind}", "folder" if kind == "csv" else "file") for kind, text in wanted.items()
    }
    for kind, path in paths.items():
        _check_free(kind, path, folder, replace=arguments.replace)
    _check_apart(paths)
    exported = read_run(folder)
    if PLACED & set(paths):
        run_geo.check_placed(exported)
    write = writers(plots=arguments.plots, replace=arguments.replace)
    for kind, path in paths.items():
        write[kind](exported, path)
    _tell(exported, paths, complete=exported.record["status"] == "complete")
    return 0


def writers(*, plots: bool, replace: bool) -> dict[str, Callable[[Run, Path], object]]:
    """Return what writes each kind of file."""
    from chainhome.formats.csv_tables import write_run_csv
    from chainhome.formats.run_czml import write_run_czml
    from chainhome.formats.run_geojson import write_run_geojson
    from chainhome.formats.run_kml import write_run_kml

    return {
        "html": _write_html,
        "czml": write_run_czml,
        "kml": write_run_kml,
        "geojson": partial(write_run_geojson, plots=plots),
        "csv": partial(write_run_csv, replace=replace),
    }


def _write_html(run: Run, path: Path) -> None:
    from chainhome.view import write_html

    write_html(run, path)


def _check_free(kind: str, path: Path, folder: Path, *, replace: bool) -> None:
    """Raise UseError where a file may not be written: nothing that somebody owns is lost without --replace."""
    if kind == "csv":
        from chainhome.formats.csv_tables import check_folder

        if path.resolve() == folder.resolve():
            raise UseError(f"--csv {path} is the run itself; choose another folder")
        check_folder(path, replace=replace)
        return
    target = check_target(path) if not path.is_dir() else path.resolve()
    if target.parent == folder.resolve() and target.name in OWN_FILES:
        raise UseError(f"--{kind} {path} is a file of the run itself; choose another name")
    if path.is_dir():
        raise UseError(f"{path} is a folder; --{kind} expects a file")
    if path.is_symlink() and not path.exists():
        raise UseError(f"{path} is a link that leads nowhere; --{kind} expects a file")
    if path.exists() and not replace:
        raise UseError(f"{path} exists already; choose a new name with --{kind}, or add --replace")
    if not path.parent.is_dir():
        raise UseError(f"--{kind} {path}: there is no folder {path.parent}")


def _check_apart(paths: dict[str, Path]) -> None:
    """Raise UseError where two options name one file."""
    seen: dict[Path, str] = {}
    for kind, path in paths.items():
        other = seen.setdefault(path.resolve(), kind)
        if other != kind:
            raise UseError(f"--{other} and --{kind} both name {path}")


def _tell(exported: Run, paths: dict[str, Path], *, complete: bool) -> None:
    if not complete:
        print(f"{exported.folder} is marked incomplete: what is there is exported")
    dated = [f"--{kind}" for kind in paths if kind in PLACED]
    if dated and not run_geo.epoch(exported)[1]:
        zero = run_geo.NO_EPOCH.date()
        print(f"• The run does not say when it was: times in {', '.join(dated)} count from {zero}T00:00:00Z.")
    for path in paths.values():
        print(f"wrote {path}")

"""An ASTERIX recording → plots and who looked: radars matched by SAC/SIC, placed by a sensors file or by themselves.

Without a sensors file a recording is tracked only where nothing has to be guessed about places: all its radars say
where they stand (I034/120), or there is only one, which is then tracked in its own frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from chainhome.errors import ChainhomeError, UseError
from chainhome.formats.column_file import GZIP
from chainhome.formats.detections_file import Piece
from chainhome.process.recording import Recording, SensorsNeededError, sensors_template
from chainhome.scenario.sensors_file import Watch, parse_sensors
from chainhome.tables import Sensors

# What is assumed of a radar that nobody describes: an en-route Mode S radar.
ASSUMED = {
    "height": "0 m",
    "period": "10 s",
    "sigma_range": "70 m",
    "sigma_azimuth": "0.08 deg",
    "detection_probability": 0.9,
    "clutter_per_scan": 5.0,
    "max_range": "475 km",
}
SHOWN_LOSSES = 5
# Names of the codec's counts where ours differ.
_NAMES = {
    "records": "rows",
    "no_position": "without_position",
    "no_time": "without_time",
    "test": "test_targets",
    "simulated": "simulated_targets",
    "field_monitor": "field_monitors",
    "no_detection": "without_plot",
}
_PLOTS = ("cat048", "cat001", "cat021")


def open_asterix(path: Path, watch: Watch | None, skip_undeclared: bool) -> Recording:
    """Return an ASTERIX recording that is ready to be read.

    Raises UseError for a file that holds no ASTERIX, SensorsNeededError where several radars do not say where they
    stand, ChainhomeError for a recording without plots.
    """
    notes: tuple[str, ...] = ()
    if watch is None:
        watch, notes = _watch_of(path)
    known = watch
    return Recording(path, "an ASTERIX recording", known, lambda: _pieces(path, known, skip_undeclared), notes)


def _pieces(path: Path, watch: Watch, skip_undeclared: bool) -> Iterator[Piece]:
    """Yield the plots of a recording; damage is told by its place in the file, up to a handful of sentences."""
    from chainhome.formats.asterix import iter_asterix, iter_detections

    reports: list[Any] = []

    def read() -> Iterator[Any]:
        for piece in iter_asterix(path):
            if not skip_undeclared:
                _refuse_strangers(piece, watch, path)
            reports.append((piece.report, len(piece.cat062)))
            yield piece

    told = found = lost = 0
    for plots, counted in iter_detections(read(), watch.sensors, watch.world):
        report, system_tracks = reports.pop()
        counts = {_NAMES.get(name, name): count for name, count in counted.items() if name != "detections"}
        counts["skipped_blocks"] = sum(report.skipped.values())
        counts["system_tracks"] = system_tracks
        counts["lost_bytes"] = report.bytes_lost
        found, lost = found + report.bytes_read + report.bytes_skipped, lost + report.bytes_lost
        losses = report.losses()
        shown = losses[: max(0, SHOWN_LOSSES - told)]
        told += len(losses)
        piece = Piece(plots, {name: count for name, count in counts.items() if count}, "; ".join(shown))
        yield piece._replace(epoch_unix_s=report.epoch_unix_s)
    if not found:
        raise UseError(_no_block(path, lost))


def _no_block(path: Path, lost: int) -> str:
    with path.open("rb") as file:
        packed = "; it is packed (gzip): unpack it first" if file.read(2) == GZIP else ""
    return (
        f"{path}: neither CSV, Parquet nor JSON lines by its name, and no ASTERIX block in its {lost:,} bytes{packed}"
    )


def _codes(piece: Any) -> set[tuple[int, int]]:
    """Return SAC and SIC of everything that reports plots in a piece of a recording."""
    found: set[tuple[int, int]] = set()
    for name in _PLOTS:
        table = getattr(piece, name)
        sac, sic = table["sac"].astype(np.int64), table["sic"].astype(np.int64)
        keys = np.unique(256 * sac[(sac >= 0) & (sic >= 0)] + sic[(sac >= 0) & (sic >= 0)])
        found |= {divmod(key, 256) for key in keys.tolist()}
    return found


def _refuse_strangers(piece: Any, watch: Watch, path: Path) -> None:
    declared = set(zip(watch.sensors.sac.tolist(), watch.sensors.sic.tolist(), strict=True))
    strangers = sorted(_codes(piece) - declared)
    if strangers:
        known = ", ".join(f"{sac}/{sic}" for sac, sic in sorted(declared) if sac >= 0) or "none"
        raise UseError(
            f"{path}: plots of SAC/SIC {', '.join(f'{sac}/{sic}' for sac, sic in strangers)}, which no sensor declares "
            f"(declared: {known}); declare it, or leave such plots out with --skip-undeclared"
        )


def _watch_of(path: Path) -> tuple[Watch, tuple[str, ...]]:
    """Return who looked as far as the recording tells, and what was assumed."""
    from chainhome.formats.asterix import iter_asterix, sensors_of

    codes: set[tuple[int, int]] = set()
    told: dict[tuple[int, int], Sensors] = {}
    read = lost = 0
    for piece in iter_asterix(path):
        codes |= _codes(piece)
        read, lost = read + piece.report.bytes_read + piece.report.bytes_skipped, lost + piece.report.bytes_lost
        # The first piece, some ten thousand records, tells how the radars turn and where they stand.
        if not told:
            table = sensors_of(piece)
            rows = range(len(table))
            told = {(int(table.sac[row]), int(table.sic[row])): table[row : row + 1] for row in rows}
    if not read:
        raise UseError(_no_block(path, lost))
    if not codes:
        raise ChainhomeError(f"{path} holds no plots: no record of CAT048, CAT001 or CAT021")
    entries = [_entry(code, told.get(code)) for code in sorted(codes)]
    placed = all("lat" in entry or entry.get("kind") == "ads_b" for entry in entries)
    if len(entries) > 1 and not placed:
        found = ", ".join(f"{sac}/{sic}" for sac, sic in sorted(codes))
        raise SensorsNeededError(
            f"{path}: plots of SAC/SIC {found}, whose places the recording does not tell: give --sensors FILE "
            "(a file to fill in was printed)",
            sensors_template(entries),
        )
    return _assumed(path, entries)


def _entry(code: tuple[int, int], told: Sensors | None) -> dict[str, Any]:
    """Return what a recording tells of a radar, as keys of a sensors file."""
    entry: dict[str, Any] = {"name": f"{code[0]}/{code[1]}", "sac": code[0], "sic": code[1]}
    if told is None:
        return entry
    from chainhome.tables import SENSOR_KINDS

    entry["kind"] = SENSOR_KINDS[int(told.kind[0])]
    if np.isfinite(told.lat_deg[0]):
        entry |= {"lat": float(told.lat_deg[0]), "lon": float(told.lon_deg[0])}
        entry["height"] = f"{float(told.height_m[0]):.2f} m"
    if np.isfinite(told.period_s[0]):
        entry["period"] = f"{float(told.period_s[0]):.3f} s"
    return entry


def _assumed(path: Path, entries: list[dict[str, Any]]) -> tuple[Watch, tuple[str, ...]]:
    """Return who looked, with what is assumed of each radar put in."""
    if any(entry.get("kind") == "ads_b" for entry in entries):
        raise SensorsNeededError(
            f"{path}: ADS-B reports (CAT021) need a sensors file with a sensor of kind ads_b: give --sensors FILE "
            "(a file to fill in was printed)",
            sensors_template(entries),
        )
    lines = ["# Made for a recording without a sensors file; what the recording does not tell is assumed.", ""]
    for entry in entries:
        lines.append("[[sensor]]")
        for key, value in ({key: ASSUMED[key] for key in ASSUMED if key not in entry} | entry).items():
            lines.append(f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value!r}")
        lines.append("")
    missing = sorted({key for key in ASSUMED for entry in entries if key not in entry}, key=list(ASSUMED).index)
    said = ", ".join(f"{key} {ASSUMED[key]}" for key in missing)
    return parse_sensors("\n".join(lines), path.name), (f"No sensors file; assumed of every radar: {said}.",)

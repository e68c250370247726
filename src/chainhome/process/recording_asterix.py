"""An ASTERIX recording → plots: sensors matched by SAC/SIC, from a sensors file or as `asterix_watch` finds them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chainhome.errors import UseError
from chainhome.formats.column_file import GZIP
from chainhome.formats.detections_file import Piece
from chainhome.process.asterix_watch import Receiver, codes_in, told_by, watch_of
from chainhome.process.recording import Recording
from chainhome.scenario.sensors_file import Watch

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


def open_asterix(path: Path, watch: Watch | None, skip_undeclared: bool, receiver: Receiver) -> Recording:
    """Return an ASTERIX recording that is ready to be read; `receiver` is what is assumed of who heard ADS-B.

    Raises UseError for a file that holds no ASTERIX, SensorsNeededError where several radars do not say where they
    stand, ChainhomeError for a recording without plots.
    """
    notes: tuple[str, ...] = ()
    if watch is None:
        told, read, lost = told_by(path)
        if not read:
            raise UseError(_no_block(path, lost))
        watch, notes = watch_of(path, told, receiver)
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


def _refuse_strangers(piece: Any, watch: Watch, path: Path) -> None:
    declared = set(zip(watch.sensors.sac.tolist(), watch.sensors.sic.tolist(), strict=True))
    strangers = sorted(codes_in(piece) - declared)
    if strangers:
        known = ", ".join(f"{sac}/{sic}" for sac, sic in sorted(declared) if sac >= 0) or "none"
        raise UseError(
            f"{path}: plots of SAC/SIC {', '.join(f'{sac}/{sic}' for sac, sic in strangers)}, which no sensor declares "
            f"(declared: {known}); declare it, or leave such plots out with --skip-undeclared"
        )

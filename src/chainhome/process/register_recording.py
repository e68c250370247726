"""A recording of several radars → their biases in range, azimuth and time, as plain numbers for the record."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainhome.errors import UseError
from chainhome.process.cleaning import clean
from chainhome.process.recording import Recording
from chainhome.tables import REPORTING, Detections
from chainhome.tracking.registration import Biases, estimate_biases

# Plots with an address from which the biases are estimated: the first ones of the recording.
MOST_PLOTS = 200_000


def biases_of(recording: Recording, *, skip_undeclared: bool = False) -> Biases:
    """Return the biases of a recording's radars, from its first plots that have a Mode S address.

    Raises UseError where fewer than two sensors are declared, or no plot has an address.
    """
    watch = recording.watch
    if len(watch.sensors) < 2:
        raise UseError("--register compares radars: expected two or more sensors in the sensors file")
    parts: list[Detections] = []
    count = 0
    for piece in recording.pieces():
        kept, _ = clean(piece.detections, watch.sensors, skip_undeclared=skip_undeclared, source=str(recording.path))
        kept = kept[kept.mode_s_address >= 0]
        parts.append(kept)
        count += len(kept)
        if count >= MOST_PLOTS:
            break
    if not count:
        raise UseError(
            f"--register needs Mode S addresses to know common aircraft; no plot of {recording.path} has one"
        )
    return estimate_biases(Detections.concat(parts)[:MOST_PLOTS], watch.sensors, watch.world)


def told(biases: Biases, recording: Recording) -> list[dict[str, Any]]:
    """Return what was found for each radar; None = not observable, and then `reason` says why."""
    sensors = recording.watch.sensors
    rows = []
    for row, (name, kind) in enumerate(zip(sensors.name.tolist(), sensors.kind.tolist(), strict=True)):
        if kind in REPORTING:
            continue
        numbers = {
            "range_bias_m": biases.range_bias_m,
            "range_bias_sigma_m": biases.range_bias_sigma_m,
            "azimuth_bias_deg": np.degrees(biases.azimuth_bias_rad),
            "azimuth_bias_sigma_deg": np.degrees(biases.azimuth_bias_sigma_rad),
            "time_bias_s": biases.time_bias_s,
            "time_bias_sigma_s": biases.time_bias_sigma_s,
        }
        rows.append(
            {"sensor": name, "plots": int(biases.plots[row]), "aircraft": int(biases.aircraft[row])}
            | {key: float(value[row]) if np.isfinite(value[row]) else None for key, value in numbers.items()}
            | {"reason": biases.reason[row]}
        )
    return rows

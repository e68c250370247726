"""Plots as they were recorded → plots that can be tracked, and a count of everything that was left out or ignored.

Three steps, each with its state passed in and out: `clean` judges every plot by itself, `take_in` and `release` bring
them into the order of time within a bounded number of plots, and drop what is there twice. Rows in = rows out + the
counts of DROPPED.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainhome.errors import UseError
from chainhome.formats.column_times import EARLIEST_S, LATEST_S
from chainhome.formats.detections_file import GREATEST_HEIGHT_M, LEAST_HEIGHT_M
from chainhome.sensors.scan import in_sector
from chainhome.tables import REPORTING, Bools, Detections, Floats, Sensors

# Why a row is not among the tracked plots, and what the summary says of it.
DROPPED: Mapping[str, str] = {
    "unreadable_lines": "lines with another number of cells than the header",
    "not_a_frame": "lines that are no Mode S frame with a time",
    "repeated_frames": "frames that several receivers heard",
    "frames_without_position": "frames that say no position",
    "test_targets": "test targets",
    "simulated_targets": "simulated targets",
    "field_monitors": "fixed field monitors",
    "without_plot": "track updates without a plot",
    "undeclared_sensor": "of a sensor that is not declared",
    "without_time": "without a time",
    "on_ground": "from the ground",
    "repeated_positions": "positions that are repeated under a new time",
    "without_position": "without a position",
    "range_not_positive": "range zero or negative",
    "beyond_max_range": "beyond the instrumented range",
    "azimuth_out_of_range": "azimuth not from 0 to 2 pi radians",
    "outside_sector": "outside the sector that their radar watches",
    "elevation_out_of_range": "elevation not from -pi/2 to pi/2 radians",
    "duplicates": "there twice (same sensor, time and position)",
    "late": "out of order by more than the buffer holds",
    "time_astray": "at a time far from all others",
}
# What else was ignored, or taken from elsewhere; it takes no row away.
IGNORED: Mapping[str, str] = {
    "unreadable_cells": "cells that are no number, read as missing",
    "elevation_ignored": "elevations of a sensor without sigma_elevation",
    "sigma_ignored": "standard deviations that cannot be true",
    "height_ignored": "flight levels or heights that no aircraft reaches",
    "doppler_ignored": "range rates that nothing flies at",
    "reply_ignored": "addresses of more than 24 bits, or codes that are not four octal digits",
    "pressure_for_height": "positions whose height is the pressure altitude",
    "mode_3a_dropped": "Mode 3/A codes that are garbled or not validated",
    "flight_level_dropped": "flight levels that are garbled or not validated",
    "no_height": "ADS-B reports without a height",
    "other_address": "addresses that are none of ICAO's",
    "time_by_service": "times of plots that have none, taken from their radar's last service message",
    "time_by_container": "times of plots that have none, taken from their reception",
    "lost_bytes": "bytes that are no readable block",
    "skipped_blocks": "blocks of categories that are not read",
    "system_tracks": "system tracks (CAT062), which are no plots",
}

# Full circle written with five decimals is a little more than 2 pi.
AZIMUTH_ROUNDING_RAD = 1e-5
# How far an angle in radians goes, and what that is.
FARTHEST_RAD = {"azimuth_rad": (2.0 * np.pi, "a full circle"), "elevation_rad": (np.pi / 2.0, "the zenith")}
# As many standard deviations beyond the instrumented range or beside the sector, a plot may be of a target within.
EDGE_SIGMAS = 5.0
# Beyond these a figure is a slip of the pen, and its square may be no number.
FARTHEST_M, FASTEST_MPS = 1e8, 1e5
SIGMAS = {
    "range_sigma_m": (1e-3, 1e7),
    "azimuth_sigma_rad": (1e-7, 2.0 * np.pi),
    "elevation_sigma_rad": (1e-7, 2.0 * np.pi),
}
LARGEST_ADDRESS = 0xFFFFFF
# A Mode 3/A code is kept as its four octal digits read as they stand: 7700 is 7700. Which of 0 to 9999 are one:
IS_CODE: Bools = np.all(np.arange(10_000)[:, None] // (1, 10, 100, 1000) % 10 <= 7, axis=1)
BUFFER_PLOTS = 200_000
# A few plots further than this from all others in time carry a wrong time; many are a recording with a pause.
ASTRAY_S, ASTRAY_PLOTS = 3_600.0, 10


@dataclass(frozen=True, eq=False)
class Buffer:
    """Plots that wait for those that may still come before them."""

    waiting: tuple[Detections, ...] = ()
    released_s: float = -np.inf
    """Plots before this time have been given on."""
    next_detection_id: int = 0


def empty_buffer() -> Buffer:
    """Return a buffer that has seen nothing."""
    return Buffer()


def refuse_degrees(plots: Detections, source: str) -> None:
    """Raise UseError, which names the `source`, where most angles of plots with a range are too large for radians.

    >>> refuse_degrees(Detections.make(range_m=9e3, azimuth_rad=[0.5, 170.0, 359.5]), "p.csv")
    Traceback (most recent call last):
    chainhome.errors.UseError: p.csv: azimuth_rad: 170 is beyond a full circle (6.2832); expected radians, not degrees
    """
    for name, (farthest, what) in FARTHEST_RAD.items():
        angle = getattr(plots, name)[np.isfinite(plots.range_m)]
        known = np.isfinite(angle)
        wild = known & (np.abs(angle) > farthest + AZIMUTH_ROUNDING_RAD)
        if 2 * int(wild.sum()) > int(known.sum()):
            given = f"{float(angle[wild][0]):.10g} is beyond {what} ({farthest:.4f})"
            raise UseError(f"{source}: {name}: {given}; expected radians, not degrees")


def clean(
    plots: Detections, sensors: Sensors, *, skip_undeclared: bool = False, source: str = "a plot"
) -> tuple[Detections, dict[str, int]]:
    """Return the plots that can be true, and how many were left out or partly ignored, by reason.

    A plot is left out for the first reason of DROPPED that fits. Raises UseError, which names the `source`, for a
    sensor that is not declared, unless they are to be skipped.

    >>> radar = Sensors.make(sensor_id=[0], max_range_m=400e3, range_sigma_m=50.0, elevation_sigma_rad=0.005)
    >>> plots = Detections.make(time_s=[1.0, 2.0], sensor_id=0, range_m=9e3, azimuth_rad=[0.5, np.radians(400.0)])
    >>> kept, counts = clean(plots, radar)
    >>> kept.time_s.tolist(), counts
    ([1.0], {'azimuth_out_of_range': 1})
    """
    counts: Counter[str] = Counter()
    order = np.argsort(sensors.sensor_id)
    known = np.isin(plots.sensor_id, sensors.sensor_id)
    if not known.all() and not skip_undeclared:
        raise UseError(f"{source}: {_undeclared(int(plots.sensor_id[~known][0]), sensors)}")
    row = order[np.minimum(np.searchsorted(sensors.sensor_id[order], plots.sensor_id), len(sensors) - 1)]
    left = np.ones(len(plots), np.bool_)
    for reason, bad in _faults(plots, sensors, row, known):
        counts[reason] += int((left & bad).sum())
        left &= ~bad
    kept, ignored = _mended(plots[left], sensors, row[left])
    return kept, {name: count for name, count in (counts + ignored).items() if count}


def _undeclared(sensor_id: int, sensors: Sensors) -> str:
    listed = ", ".join(
        f'{key} ("{name}")' for key, name in zip(sensors.sensor_id.tolist(), sensors.name.tolist(), strict=True)
    )
    if sensor_id < 0:
        return (
            f"a plot names no sensor: its sensor_id is missing or no whole number from 0 on; the sensors are {listed}; "
            "give it (a column sensor takes names), or leave such plots out with --skip-undeclared"
        )
    return (
        f"a plot is of sensor_id {sensor_id}, which is not declared; the sensors are {listed}; "
        "declare it, or leave such plots out with --skip-undeclared"
    )


def _faults(plots: Detections, sensors: Sensors, row: NDArray[np.int64], known: Bools) -> list[tuple[str, Bools]]:
    """Return which plots have which fault, in the order in which they count."""
    reports = np.isin(sensors.kind, REPORTING)[row]
    first, second = np.where(reports, plots.x_m, plots.range_m), np.where(reports, plots.y_m, plots.azimuth_rad)
    farthest = sensors.max_range_m + EDGE_SIGMAS * np.nan_to_num(sensors.range_sigma_m)
    full_circle = 2.0 * np.pi + AZIMUTH_ROUNDING_RAD
    azimuth_fits = (plots.azimuth_rad >= -AZIMUTH_ROUNDING_RAD) & (plots.azimuth_rad <= full_circle)
    return [
        ("undeclared_sensor", ~known),
        ("without_time", ~((plots.time_s >= EARLIEST_S) & (plots.time_s <= LATEST_S))),
        ("without_position", ~((np.abs(first) <= FARTHEST_M) & (np.abs(second) <= FARTHEST_M))),
        ("range_not_positive", ~reports & ~(plots.range_m > 0.0)),
        ("beyond_max_range", ~reports & (plots.range_m > farthest[row])),
        ("azimuth_out_of_range", ~reports & ~azimuth_fits),
        ("outside_sector", ~reports & ~_in_sector(plots, sensors, row)),
        ("elevation_out_of_range", ~reports & (np.abs(plots.elevation_rad) > np.pi / 2.0)),
    ]


def _in_sector(plots: Detections, sensors: Sensors, row: NDArray[np.int64]) -> Bools:
    """Return which plots lie in their radar's sector, or no further beside it than their error of azimuth allows."""
    if np.isnan(sensors.sector_width_rad).all():
        return np.ones(len(plots), np.bool_)
    least, most = SIGMAS["azimuth_sigma_rad"]
    own, declared = plots.azimuth_sigma_rad, sensors.azimuth_sigma_rad[row]
    sigma = np.where((own >= least) & (own <= most), own, np.nan_to_num(declared))
    width = sensors.sector_width_rad[row] + 2.0 * EDGE_SIGMAS * sigma
    return in_sector(plots.azimuth_rad, sensors.sector_centre_rad[row], width)


def _mended(plots: Detections, sensors: Sensors, row: NDArray[np.int64]) -> tuple[Detections, Counter[str]]:
    """Return plots without what cannot be used of them, and the counts."""
    counts: Counter[str] = Counter()

    def without(name: str, values: Floats, bad: Bools) -> Floats:
        counts[name] += int((bad & ~np.isnan(values)).sum())
        return np.where(bad, np.nan, values)

    changed: dict[str, Any] = {
        name: without("sigma_ignored", getattr(plots, name), ~((values >= least) & (values <= most)))
        for name, (least, most) in SIGMAS.items()
        for values in (getattr(plots, name),)
    }
    flat = np.isnan(changed["elevation_sigma_rad"]) & np.isnan(sensors.elevation_sigma_rad[row])
    changed["elevation_rad"] = without("elevation_ignored", plots.elevation_rad, flat)
    # Far from the origin z is the depth below its horizon, and no height.
    for name, least, most in (
        ("flight_level_m", LEAST_HEIGHT_M, GREATEST_HEIGHT_M),
        ("z_m", -FARTHEST_M, FARTHEST_M),
    ):
        values: Floats = getattr(plots, name)
        changed[name] = without("height_ignored", values, ~((values >= least) & (values <= most)))
    changed["doppler_mps"] = without("doppler_ignored", plots.doppler_mps, ~(np.abs(plots.doppler_mps) <= FASTEST_MPS))
    code = plots.mode_3a
    for name, bad in (
        ("mode_s_address", plots.mode_s_address > LARGEST_ADDRESS),
        ("mode_3a", (code >= 0) & ~IS_CODE[np.clip(code, 0, len(IS_CODE) - 1)]),
    ):
        counts["reply_ignored"] += int(bad.sum())
        changed[name] = np.where(bad, -1, getattr(plots, name))
    # What a rounding put just below 0 or above the full circle is north.
    rounded = (plots.azimuth_rad < 0.0) & (plots.azimuth_rad >= -AZIMUTH_ROUNDING_RAD)
    rounded |= (plots.azimuth_rad >= 2.0 * np.pi) & (plots.azimuth_rad <= 2.0 * np.pi + AZIMUTH_ROUNDING_RAD)
    changed["azimuth_rad"] = np.where(rounded, 0.0, plots.azimuth_rad)
    return replace(plots, **changed), counts


def take_in(buffer: Buffer, plots: Detections) -> tuple[Buffer, dict[str, int]]:
    """Return the buffer with more plots, and how many came too late for it."""
    late = plots.time_s < buffer.released_s
    kept = plots[~late] if late.any() else plots
    return replace(buffer, waiting=(*buffer.waiting, kept)), {"late": int(late.sum())} if late.any() else {}


def release(
    buffer: Buffer, *, keep: int = BUFFER_PLOTS, everything: bool = False
) -> tuple[Buffer, Detections, dict[str, int]]:
    """Return the buffer, the oldest plots in the order of time, numbered, and what was left out of them.

    Nothing comes out before twice `keep` plots wait; then all but the newest `keep`, plots of one time together. At the
    end `everything` comes out.
    """
    if not everything and sum(len(part) for part in buffer.waiting) < 2 * keep:
        return buffer, Detections.make(0), {}
    d = Detections.concat(list(buffer.waiting))
    plots = d[np.lexsort([d.azimuth_rad, d.range_m, d.sensor_id, d.time_s])]
    plots, astray, held = _without_strays(plots, buffer.released_s, everything)
    cut_s = np.inf
    if not everything:
        cut_s = float(plots.time_s[max(len(plots) - keep, 0)])
    out, rest = plots[plots.time_s < cut_s], plots[plots.time_s >= cut_s]
    twice = _twice(out)
    out = out[~twice]
    first = buffer.next_detection_id
    out = replace(out, detection_id=np.arange(first, first + len(out)))
    counts = {"duplicates": int(twice.sum()), "time_astray": astray}
    buffer = Buffer((rest, held), cut_s, first + len(out))
    return buffer, out, {name: count for name, count in counts.items() if count}


def _without_strays(plots: Detections, released_s: float, everything: bool) -> tuple[Detections, int, Detections]:
    """Return plots in time order without small groups far from all others, how many were astray, and what is held back.

    A small group at the end may be the beginning of what follows: it waits, until there is nothing more.
    """
    cuts = np.flatnonzero(np.diff(plots.time_s) > ASTRAY_S) + 1
    sizes = np.diff(np.concatenate([[0], cuts, [len(plots)]]))
    small = sizes < ASTRAY_PLOTS
    if len(plots) and plots.time_s[0] - released_s <= ASTRAY_S:
        small[0] = False  # it goes on from what has been released
    if not len(cuts) or small.all():
        return plots, 0, plots[:0]
    waits = np.zeros(len(sizes), np.bool_)
    if not everything:
        waits[np.flatnonzero(~small)[-1] + 1 :] = True
    group = np.repeat(np.arange(len(sizes)), sizes)
    bad = (small & ~waits)[group]
    return plots[~bad & ~waits[group]], int(bad.sum()), plots[waits[group]]


def _twice(plots: Detections) -> Bools:
    """Return which plots (in the order of `release`) say the same as one before them."""
    d = plots
    same = np.zeros(len(d), np.bool_)
    if len(d) < 2:
        return same
    place = np.column_stack([d.range_m, d.azimuth_rad, d.elevation_rad, d.x_m, d.y_m, d.z_m])
    # NaN equals NaN here; what differs in z alone is no duplicate, and stands beside its like after a full sort.
    order = np.lexsort([*place.T[::-1], d.sensor_id, d.time_s])
    rows = np.column_stack([d.time_s, d.sensor_id, np.nan_to_num(place, nan=-1e300)])[order]
    same[order[1:]] = (rows[1:] == rows[:-1]).all(axis=1)
    return same

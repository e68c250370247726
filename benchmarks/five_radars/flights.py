"""Real flights of the `traffic` library's samples, cleaned: the wheel in, Truth out.

The samples `switzerland` (842 aircraft over Switzerland, 1 August 2018, 17 hours, a fix every 10 s, all above
30,000 ft) and `quickstart` (213 aircraft about Paris, 7 October 2021, 3 hours, a fix every second, down to the runways)
are ADS-B of The OpenSky Network. The wheel is fetched with pip when it is not in the cache.

What is left out, and counted: fixes on the ground; heights far from those around them; fixes that stand still at speed,
were filled in by whoever stored them, or do not fit the smoothed flight; seconds in which the flight does what no
aircraft does, or its speed is not the one that it sent. Gaps up to 30 s are bridged by the smoothed flight, longer ones
stay: there nobody sees the aircraft.
"""

from __future__ import annotations

import gzip
import itertools
import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainhome import earth
from chainhome.constants import FOOT_M
from chainhome.errors import UseError
from chainhome.motion import Fixes, recorded_truth
from chainhome.tables import Truth

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

WHEEL = "traffic-2.13-py3-none-any.whl"
MEMBER = "traffic/data/samples/collections/{}.json.gz"
CACHE = Path(__file__).resolve().parents[2] / "runs" / "five-radars"
FETCH_S = 120.0

KNOT_MPS = 1852.0 / 3600.0
GAP_S = 30.0
"""A gap in the fixes up to this long is bridged by the smoothed flight; in a longer one nobody sees the aircraft."""
ANOTHER_FLIGHT_S = 120.0
"""After a gap longer than this an aircraft is another flight."""
SHORTEST_FLIGHT_S = 60.0
STEP_S = 1.0
HEIGHT_WINDOW, HEIGHT_OUTLIER_M = 11, 150.0
MOST_SPEED_MPS, MOST_CLIMB_MPS, MOST_ACCELERATION_MPS2 = 350.0, 60.0, 20.0
AROUND_WILD = 10  # rows left out on both sides of what no aircraft does
MOST_DISAGREEMENT_MPS = 40.0
"""Between the speed of the smoothed flight and the speed that was sent: beyond, positions are stale or false."""


class NotFetchedError(Exception):
    """The wheel is neither in the cache nor to be had from the registry."""


@dataclass(frozen=True, eq=False)
class Flights:
    """Cleaned flights: Truth rows every second with `target_id` = the flight, and the address of each flight."""

    truth: Truth
    address: Ints
    """(flights,) 24-bit address; an aircraft that comes back is another flight."""
    world: earth.Frame
    counts: dict[str, int]
    """What became of the fixes and of the aircraft."""


def wheel(cache: Path = CACHE) -> Path:
    """Return the wheel, fetched by the ordinary client of the package registry if it is not there yet."""
    if (cache / WHEEL).exists():
        return cache / WHEEL
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--retries", "1"]
        command += ["--timeout", "15", "--dest", scratch, "traffic==2.13"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotFetchedError(f"{WHEEL} could not be fetched: {type(error).__name__}") from error
        if done.returncode or not (Path(scratch) / WHEEL).exists():
            said = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
            raise NotFetchedError(f"{WHEEL} could not be fetched: {said}")
        # At once, so that two runs that fetch together leave one whole file.
        (Path(scratch) / WHEEL).replace(cache / WHEEL)
    return cache / WHEEL


def flights_of(
    sample: str, *, first_s: float = 0.0, last_s: float = np.inf, fold: int = 1, cache: Path = CACHE
) -> Flights:
    """Return the flights of a sample between two times, counted from its first fix; time_s is since UTC midnight.

    With `fold`, that many equal parts of the time are laid over each other: as many times more aircraft at once.
    """
    fixes, address = _fixes(sample, wheel(cache))
    begin = float(fixes.time_s.min())
    within = (fixes.time_s >= begin + first_s) & (fixes.time_s <= begin + last_s)
    fixes, address = fixes[within], address[within]
    lat, lon = float(np.median(fixes.lat_rad)), float(np.median(fixes.lon_rad))
    world = earth.enu_frame(lat, lon, 0.0)
    counts = {"aircraft_given": len(np.unique(address)), "fixes_given": len(address)}
    parts: list[Truth] = []
    owners: list[int] = []
    for key in np.unique(address).tolist():
        mine = _steady_heights(fixes[address == key])
        try:
            rows, cleaning = recorded_truth(mine, 0, world, gap_s=GAP_S, step_s=STEP_S)
        except UseError:
            _count(counts, aircraft_without_flight=1)
            continue
        cut = [part for part in _cut(rows, mine, counts) if np.ptp(part.time_s) >= SHORTEST_FLIGHT_S]
        parts += [replace(part, target_id=np.full(len(part), len(owners) + n)) for n, part in enumerate(cut)]
        owners += [key] * len(cut)
        _count(counts, outliers=cleaning.outliers, filled=cleaning.filled, duplicates=cleaning.duplicates)
        _count(counts, fixes_used=cleaning.used, aircraft=int(bool(cut)), flights=len(cut))
    return _folded(Flights(Truth.concat(parts), np.array(owners, np.int64), world, counts), fold)


def _folded(flights: Flights, fold: int) -> Flights:
    """Return the flights with `fold` equal parts of their time laid over each other; a flight is cut at the edges."""
    if fold == 1:
        return flights
    truth = flights.truth
    begin = np.floor(truth.time_s.min())
    length = (np.ceil(truth.time_s.max()) + STEP_S - begin) / fold
    part = ((truth.time_s - begin) // length).astype(np.int64)
    names, target_id = np.unique(truth.target_id * fold + part, return_inverse=True)
    truth = replace(truth, time_s=truth.time_s - part * length, target_id=target_id)
    # An aircraft that flies in two parts would meet itself: each part has addresses of its own.
    address = (flights.address[names // fold] + names % fold * 0x3F1) % 2**24
    counts = flights.counts | {"flights": len(names)}
    return replace(flights, truth=truth.sorted_by("target_id", "time_s"), address=address, counts=counts)


def _count(counts: dict[str, int], **more: int) -> None:
    for name, number in more.items():
        counts[name] = counts.get(name, 0) + number


def _fixes(sample: str, path: Path) -> tuple[Fixes, Ints]:
    """Return the fixes in the air of a sample, and the address of each."""
    with zipfile.ZipFile(path) as opened:
        rows = json.loads(gzip.decompress(opened.read(MEMBER.format(sample))))
    rows = [row for row in rows if not row.get("onground")]

    def number(name: str, unit: float) -> Floats:
        return unit * np.array([row.get(name) for row in rows], np.float64)

    unix_s = number("timestamp", 1e-3)
    address = np.array([int(row["icao24"], 16) for row in rows], np.int64)
    degree = np.pi / 180.0
    fixes = Fixes(
        time_s=unix_s - np.floor(unix_s.min() / 86_400.0) * 86_400.0,
        lat_rad=number("latitude", degree),
        lon_rad=number("longitude", degree),
        altitude_m=number("altitude", FOOT_M),
        groundspeed_mps=number("groundspeed", KNOT_MPS),
        track_rad=number("track", degree),
        vertical_rate_mps=number("vertical_rate", FOOT_M / 60.0),
    )
    return fixes, address


def _steady_heights(fixes: Fixes) -> Fixes:
    """Return the fixes of one aircraft in time order, those heights left out that are far from the heights around."""
    fixes = fixes[np.argsort(fixes.time_s, kind="stable")]
    fixes = fixes[np.isfinite(fixes.altitude_m)]
    if len(fixes.time_s) < HEIGHT_WINDOW:
        return fixes
    edge = HEIGHT_WINDOW // 2
    padded = np.pad(fixes.altitude_m, edge, mode="edge")
    middle = np.median(np.lib.stride_tricks.sliding_window_view(padded, HEIGHT_WINDOW), axis=1)
    # A climb of 30 m/s over half a window of 10-s fixes stays: the median of a climb is the fix itself.
    far = np.abs(fixes.altitude_m - middle) > HEIGHT_OUTLIER_M
    return fixes[~far]


def _cut(rows: Truth, fixes: Fixes, counts: dict[str, int]) -> list[Truth]:
    """Return one aircraft's rows as flights: without what no aircraft does, cut at long gaps."""
    velocity = np.column_stack([rows.vx_mps, rows.vy_mps, rows.vz_mps])
    step = np.append(np.diff(rows.time_s), np.inf)
    change = np.linalg.norm(np.diff(velocity, axis=0, append=velocity[-1:]), axis=1) / step
    wild = (np.linalg.norm(velocity[:, :2], axis=1) > MOST_SPEED_MPS) | (np.abs(velocity[:, 2]) > MOST_CLIMB_MPS)
    wild |= (change > MOST_ACCELERATION_MPS2) & (step <= 2.0 * STEP_S)
    told = np.isfinite(fixes.groundspeed_mps)
    if told.any():
        sent = np.interp(rows.time_s, fixes.time_s[told], fixes.groundspeed_mps[told])
        wild |= np.abs(np.linalg.norm(velocity[:, :2], axis=1) - sent) > MOST_DISAGREEMENT_MPS
    _count(counts, wild_seconds=int(wild.sum()))
    rows = rows[~_around(wild, AROUND_WILD)]
    cuts = np.flatnonzero(np.diff(rows.time_s) > ANOTHER_FLIGHT_S) + 1
    edges: list[Any] = [0, *cuts.tolist(), len(rows)]
    return [rows[start:end] for start, end in itertools.pairwise(edges) if end - start > 1]


def _around(bad: Bools, width: int) -> Bools:
    """Return what is bad, and `width` rows on both sides."""
    near = np.flatnonzero(bad)[:, None] + np.arange(-width, width + 1)
    wide = np.zeros(len(bad), np.bool_)
    wide[np.unique(near[(near >= 0) & (near < len(bad))])] = True
    return wide

"""A recording → tracks, step by step in bounded memory: read, clean, order, track. What `chainhome track` runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainhome import earth, tracking
from chainhome.process.cleaning import BUFFER_PLOTS, DROPPED, IGNORED, clean, empty_buffer, release, take_in
from chainhome.process.recording import Recording
from chainhome.scenario.sensors_file import Watch
from chainhome.sensors.scan import in_sector
from chainhome.tables import REPORTING, Detections, Floats, Tracks
from chainhome.tracking.registration import Biases, without_bias
from chainhome.tracking.setup import FAR_M

# Plots that the tracker is given at once: a few seconds of a busy network.
STEP_PLOTS = 20_000
# Where nothing is reported for so long, all that flew has gone: the tracker begins anew, and need not look at nothing
# through a pause of years.
PAUSE_S, PAUSE_PERIODS = 3_600.0, 20.0
# Where false plots are taken to lie: from near the antenna to the instrumented range, up to this elevation or height.
NEAREST_CLUTTER_M = 1_000.0
CLUTTER_ELEVATION_RAD = float(np.radians(20.0))
CLUTTER_HEIGHT_M = 15_000.0


@dataclass(frozen=True, eq=False)
class Step:
    """What one step made: plots in the order of time, as cleaned, and the rows of tracks that came of all until now."""

    detections: Detections
    tracks: Tracks


@dataclass(frozen=True)
class Account:
    """What was done with the rows of a recording; filled when the last step has been taken."""

    rows: int
    tracked: int
    left_out: dict[str, int]
    ignored: dict[str, int]
    cuts: tuple[str, ...]
    epoch_unix_s: float
    tracker: dict[str, int]
    sensors: dict[int, int]
    """Tracked plots of each sensor_id."""
    first_s: float
    last_s: float
    smoothing: dict[str, int]
    """Rows of tracks that were smoothed, and where it began anew; empty = not smoothed."""


def prepared(watch: Watch, *, method: str = "pmb", use_replies: bool = True) -> Any:
    """Return the tracker's setup for sensors that were declared: detection probability and clutter as stated.

    Beside its sector a radar detects nothing: a target there is not blamed for its silence.
    """
    return tracking.prepare(
        watch.sensors,
        watch.world,
        detection_probability={
            key: value if np.isnan(watch.sensors.sector_width_rad[row]) else _in_view(watch, row, value)
            for row, (key, value) in enumerate(watch.detection_probability.items())
        },
        clutter_density=clutter_density(watch),
        params=tracking.TrackerParams(association=method, use_replies=use_replies),
    )


def _in_view(watch: Watch, row: int, value: float) -> tracking.DetectionProbability:
    """Return a radar's probability of detection as a function of place: `value` in its range and sector, else 0."""
    sensor = watch.sensors[row : row + 1]
    lat, lon = np.radians([sensor.lat_deg[0], sensor.lon_deg[0]]).tolist()
    frame = earth.enu_frame(lat, lon, float(sensor.height_m[0]))

    def seen(position_m: Floats, sensor_id: int, time_s: float) -> Floats:
        range_m, azimuth, _ = earth.measure(position_m, frame, watch.world)
        within = in_sector(azimuth, sensor.sector_centre_rad, sensor.sector_width_rad)
        return np.where(within & (range_m <= sensor.max_range_m), value, 0.0)

    return seen


def clutter_density(watch: Watch) -> dict[int, float]:
    """Return false plots in a scan and unit of measurement, for each sensor_id, spread evenly over what it covers.

    With elevation per m rad rad (elevations to 20 degrees), without per m rad; for reported positions per cubic metre
    (heights to 15 km).
    """
    density = {}
    sensors = watch.sensors
    for row, key in enumerate(sensors.sensor_id.tolist()):
        reach = float(sensors.max_range_m[row])
        reach = reach if np.isfinite(reach) else FAR_M
        number = watch.clutter_per_scan[key]
        if int(sensors.kind[row]) in REPORTING:
            density[key] = number / (np.pi * reach**2 * CLUTTER_HEIGHT_M)
            continue
        width = float(sensors.sector_width_rad[row])
        flat = bool(np.isnan(sensors.elevation_sigma_rad[row]))
        density[key] = tracking.uniform_clutter_density(
            number,
            reach - min(NEAREST_CLUTTER_M, reach / 2.0),
            2.0 * np.pi if np.isnan(width) else width,
            None if flat else CLUTTER_ELEVATION_RAD,
        )
    return density


def hidden(plots: Detections) -> Detections:
    """Return plots without what says who replied: the Mode S address and the Mode 3/A code."""
    nobody = np.full(len(plots), -1)
    return replace(plots, mode_s_address=nobody, mode_3a=nobody)


def follow(
    recording: Recording,
    *,
    method: str = "pmb",
    hide_address: bool = False,
    skip_undeclared: bool = False,
    smooth: bool = False,
    biases: Biases | None = None,
    keep: int = BUFFER_PLOTS,
    done: Callable[[Account], None] = lambda account: None,
) -> Iterator[Step]:
    """Yield plots and tracks of a recording as they come; `done` is told the account after the last step.

    At most `2 * keep` plots wait to be brought into order. `hide_address` keeps replies from the tracker, while the
    plots that come out still have them. With `smooth` the tracks of the whole recording are kept, and come smoothed in
    the last step. `biases` are taken off the plots first. Raises UseError for a sensor that is not declared.
    """
    from chainhome.tracking.tracker import feed

    watch = recording.watch
    setup = prepared(watch, method=method, use_replies=not hide_address)
    state = tracking.initial_state(setup)
    ledger, held = _Ledger(), list[Tracks]()
    pause_s = max(PAUSE_S, PAUSE_PERIODS * float(np.nan_to_num(watch.sensors.period_s).max(initial=0.0)))
    last_s = np.inf
    for plots in _ordered(recording, ledger, skip_undeclared, biases, keep):
        for part, until_s in _parts(plots, pause_s):
            if part.time_s[0] - last_s > pause_s:
                state, tracks = feed(state, Detections.make(0), setup, until_s=last_s + pause_s)
                if smooth:
                    held.append(tracks)
                else:
                    yield Step(Detections.make(0), _placed(tracks, watch))
                state = _anew(state, setup)
            last_s = until_s
            state, tracks = feed(state, hidden(part) if hide_address else part, setup, until_s=until_s)
            ledger.took(part)
            if smooth:
                held.append(tracks)
            yield Step(part, Tracks.make(0) if smooth else _placed(tracks, watch))
    state, tracks = feed(state, Detections.make(0), setup, until_s=np.inf)
    smoothing: dict[str, int] = {}
    if smooth:
        held.append(tracks)
        tracks, smoothing = _smoothed(held, setup)
    yield Step(Detections.make(0), _placed(tracks, watch))
    done(ledger.account(dict(state.counts), smoothing))


def _anew(state: tracking.TrackerState, setup: tracking.Setup) -> tracking.TrackerState:
    """Return a tracker that has seen nothing, but goes on to number tracks and to count."""
    return replace(tracking.initial_state(setup, first_track_id=state.next_track_id), counts=state.counts)


def _smoothed(parts: list[Tracks], setup: tracking.Setup) -> tuple[Tracks, dict[str, int]]:
    """Return the tracks of a whole recording, smoothed, and what was done."""
    from chainhome.tracking.smooth import smooth

    whole = Tracks.concat(parts)
    parts.clear()
    found = smooth(whole, setup.params, setup.world)
    return found.tracks, {"rows": found.rows, "broken": found.broken}


def _ordered(
    recording: Recording, ledger: _Ledger, skip_undeclared: bool, biases: Biases | None, keep: int
) -> Iterator[Detections]:
    """Yield the plots of a recording, cleaned and in the order of time, in chunks."""
    buffer = empty_buffer()
    for piece in recording.pieces():
        ledger.read(piece.counts, piece.cut, piece.epoch_unix_s)
        source, sensors = str(recording.path), recording.watch.sensors
        kept, counts = clean(piece.detections, sensors, skip_undeclared=skip_undeclared, source=source)
        if biases is not None:
            kept = without_bias(kept, biases)
        buffer, late = take_in(buffer, kept)
        buffer, out, twice = release(buffer, keep=keep)
        ledger.counted(counts, late, twice)
        if len(out):
            yield out
    buffer, out, twice = release(buffer, keep=keep, everything=True)
    ledger.counted(twice)
    if len(out):
        yield out


def _parts(plots: Detections, pause_s: float) -> Iterator[tuple[Detections, float]]:
    """Yield ordered plots in parts, each with the time until which all has been given.

    Plots of one time stay together, and none have a pause between them.
    """
    pauses = np.append(np.flatnonzero(np.diff(plots.time_s) > pause_s) + 1, len(plots))
    start = 0
    while start < len(plots):
        end = min(start + STEP_PLOTS, len(plots))
        end = int(np.searchsorted(plots.time_s, plots.time_s[end - 1], side="right"))
        end = min(end, int(pauses[np.searchsorted(pauses, start, side="right")]))
        yield plots[start:end], float(plots.time_s[end - 1])
        start = end


def _placed(tracks: Tracks, watch: Watch) -> Tracks:
    """Return tracks without latitude and longitude where nobody knows where the frame is."""
    if watch.placed:
        return tracks
    unknown = np.full(len(tracks), np.nan)
    return replace(tracks, lat_deg=unknown, lon_deg=unknown)


class _Ledger:
    """Counts while a recording is read; lives for one call of `follow`."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._sensors: Counter[int] = Counter()
        self._cuts: list[str] = []
        self._epoch_unix_s = float("nan")
        self._first_s, self._last_s = np.inf, -np.inf

    def read(self, counts: dict[str, int], cut: str, epoch_unix_s: float) -> None:
        self._counts.update(counts)
        if cut:
            self._cuts.append(cut)
        if np.isnan(self._epoch_unix_s):
            self._epoch_unix_s = epoch_unix_s

    def counted(self, *counts: dict[str, int]) -> None:
        for some in counts:
            self._counts.update(some)

    def took(self, plots: Detections) -> None:
        self._sensors.update(
            dict(zip(*(x.tolist() for x in np.unique(plots.sensor_id, return_counts=True)), strict=True))
        )
        self._first_s = min(self._first_s, float(plots.time_s.min(initial=np.inf)))
        self._last_s = max(self._last_s, float(plots.time_s.max(initial=-np.inf)))

    def account(self, tracker: dict[str, int], smoothing: dict[str, int]) -> Account:
        return Account(
            rows=self._counts["rows"],
            tracked=sum(self._sensors.values()),
            left_out={name: self._counts[name] for name in DROPPED if self._counts[name]},
            ignored={name: self._counts[name] for name in IGNORED if self._counts[name]},
            cuts=tuple(self._cuts),
            epoch_unix_s=self._epoch_unix_s,
            tracker=tracker,
            sensors=dict(self._sensors),
            first_s=self._first_s,
            last_s=self._last_s,
            smoothing=smoothing,
        )

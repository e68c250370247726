"""The tracker: plots in any pieces in, tracks out, as a Poisson multi-Bernoulli filter [williams2015].

Every track carries a probability of existence and a mixture of motion models [blom1988]; objects not yet seen are a
Poisson field on the ground, out of which plots make new tracks. The passes of a look are compiled; here they are put
in order.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from chainhome.earth.geodesy import enu_frame
from chainhome.tables import Detections, Sensors, Tracks
from chainhome.tracking.looks import Look, looks_until, next_start_s
from chainhome.tracking.measurement import plots_of, refuse_strangers, refuse_times
from chainhome.tracking.passes import given, in_order_of, pieces_of, take_in
from chainhome.tracking.setup import Setup, prepare
from chainhome.tracking.state import TrackerState, initial_state
from chainhome.tracking.work import Work

Floats = NDArray[np.float64]

_ROWS_A_PLOT = 2  # as a rule at most


def feed(state: TrackerState, detections: Detections, setup: Setup, *, until_s: float) -> tuple[TrackerState, Tracks]:
    """Return the tracker after all plots up to `until_s` have been given, and a row for each track that changed.

    `detections` come in any order and in any pieces, of any of the setup's sensors; looks that are over by `until_s`
    are taken in, the rest waits. The same plots in other pieces give the same tracks. `until_s` = inf says that there
    is no more to come. A plot of a look that is already over is left out and counted as late in `state.counts`.
    Raises ValueError for plots that cannot be used (see `plots_of`).

    >>> from chainhome.earth import enu_frame
    >>> from chainhome.tables import Sensors
    >>> from chainhome.tracking import initial_state, prepare
    >>> radar = Sensors.make(sensor_id=[0], lat_deg=40.0, lon_deg=32.0, height_m=0.0, period_s=12.0,
    ...                      range_sigma_m=50.0, azimuth_sigma_rad=2e-3, elevation_sigma_rad=2e-3)
    >>> setup = prepare(radar, enu_frame(np.radians(40.0), np.radians(32.0), 0.0), clutter_density=1e-9)
    >>> scan = np.arange(6)
    >>> plots = Detections.make(detection_id=scan, sensor_id=0, time_s=12.0 * scan + 1.0, elevation_rad=0.05,
    ...                         range_m=100e3 - 2400.0 * scan, azimuth_rad=0.0)
    >>> state, tracks = feed(initial_state(setup), plots, setup, until_s=np.inf)
    >>> len(state), int(tracks.status[-1]), float(tracks.vy_mps[-1].round(-2))
    (1, 1, -200.0)
    """
    refuse_times(detections)
    on_time = _on_time(state, detections, setup)
    late = len(detections) - int(on_time.sum())
    if len(detections):
        timely = detections[on_time] if late else detections
        state = replace(state, waiting=Detections.concat([state.waiting, timely]) if len(state.waiting) else timely)
    looks, waiting, state = looks_until(state, setup, until_s)
    if late:
        state = replace(state, counts=_counted(state, plots_late=late))
    return step(state, waiting, looks, setup)


def step(
    state: TrackerState,
    detections: Detections,
    looks: list[Look],
    setup: Setup,
    *,
    clutter_density: Floats | None = None,
) -> tuple[TrackerState, Tracks]:
    """Return the tracker after some looks, in the order of their ends, and a row for each track that a look changed.

    `looks` name rows of `detections`; `clutter_density` (m,) stands in for that of the sensors. Rows of tracks: where
    the sensor passed over the track (or at its new plot's time), with the plot that the track took most of, or -1
    where it took none.
    """
    if not looks:
        return state, Tracks.make(0)
    _check(state, looks)
    refuse_strangers(detections, setup)
    try:
        work = setup.works.pop()  # atomic, so that threads may share a setup
    except IndexError:
        work = Work(setup)
    work.load(state)
    clock, taken, last = state.clock_s, 0, 0
    for some in pieces_of(looks):
        if taken:
            work.write_rows(last, len(detections) - taken)
        rows = in_order_of(some)
        density = None if clutter_density is None else clutter_density[rows]
        whole = isinstance(rows, slice) and rows == slice(0, len(detections))
        plots = given(plots_of(detections if whole else detections[rows], setup, density))
        last = len(plots.time_s)
        work.room_for_rows(_ROWS_A_PLOT * last)
        clock = take_in(work, plots, some, clock)
        taken += last
    begun = work.next_id - state.next_track_id
    counts = _counted(state, plots_taken=taken, looks=len(looks), tracks_begun=begun)
    state = replace(state, clock_s=clock, counts=counts, **work.state_columns())
    tracks = work.tracks()
    setup.works.append(work)
    return state, tracks


def warm_up() -> None:
    """Compile the passes, or load them from the disk cache, by following six plots."""
    radar = Sensors.make(
        sensor_id=[0],
        lat_deg=40.0,
        lon_deg=32.0,
        height_m=0.0,
        period_s=10.0,
        range_sigma_m=50.0,
        azimuth_sigma_rad=2e-3,
        elevation_sigma_rad=2e-3,
    )
    setup = prepare(radar, enu_frame(np.radians(40.0), np.radians(32.0), 0.0), clutter_density=1e-9)
    scan = np.repeat(np.arange(3), 2)
    plots = Detections.make(
        detection_id=np.arange(6),
        sensor_id=0,
        time_s=10.0 * scan,
        range_m=100e3 + 30e3 * (np.arange(6) % 2),
        azimuth_rad=0.5,
        elevation_rad=0.05,
    )
    feed(initial_state(setup), plots, setup, until_s=np.inf)


def _counted(state: TrackerState, **more: int) -> MappingProxyType[str, int]:
    counts = dict(state.counts)
    for name, number in more.items():
        counts[name] += number
    return MappingProxyType(counts)


def _on_time(state: TrackerState, detections: Detections, setup: Setup) -> NDArray[np.bool_]:
    """Return which plots (m,) belong to looks that are not over; plots of unknown sensors stay, to be refused."""
    if np.isinf(state.clock_s):
        return np.ones(len(detections), np.bool_)
    on_time = np.ones(len(detections), np.bool_)
    for watcher in setup.watchers:
        early = detections.time_s < next_start_s(watcher, setup, state)
        on_time &= ~(early & (detections.sensor_id == watcher.sensor_id))
    return on_time


def _check(state: TrackerState, looks: list[Look]) -> None:
    # Looks of one sensor come in order; those of several may overlap by the length of a look.
    ends = [look.end_s for look in looks]
    if any(later < earlier for earlier, later in itertools.pairwise(ends)):
        raise ValueError("looks come in the order of their ends")
    if ends[0] < state.clock_s:
        raise ValueError(f"a look ends at {ends[0]} s, before the tracker's clock {state.clock_s} s")

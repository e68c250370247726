"""The tracker: one look of one sensor in, the tracks it changed out.

The engine of this version is the smallest that is honest: an extended Kalman filter with one motion model, global
nearest neighbour association and existence probabilities. The state, `step` and the tables are meant to outlive it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.earth.geodesy import Frame, enu_frame, enu_to_geodetic
from chainhome.tables import TRACK_STATUSES, Detections, Sensors, Tracks
from chainhome.tracking.association import Pairs, assign, evenly_spread, gated_pairs, new_object_density
from chainhome.tracking.birth import born
from chainhome.tracking.filter import update
from chainhome.tracking.life import after_miss, after_plot, judged, survived
from chainhome.tracking.measurement import Plots, plots_of
from chainhome.tracking.model import predict
from chainhome.tracking.params import TrackerParams
from chainhome.tracking.state import TrackerState, joined

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
DetectionProbability = Callable[[Floats, int, float], ArrayLike]

_ENDED = TRACK_STATUSES.index("ended")
_LEAST_DENSITY = 1e-30  # a sensor without false plots: the ratio stays finite
_DEFAULT = TrackerParams()


def step(
    state: TrackerState,
    detections: Detections,
    *,
    sensors: Sensors,
    world: Frame,
    time_s: float,
    detection_probability: DetectionProbability | ArrayLike,
    clutter_density: ArrayLike,
    sensor_id: int | None = None,
    params: TrackerParams = _DEFAULT,
) -> tuple[TrackerState, Tracks]:
    """Return the tracker after one look of one sensor, and one row for each track that the look changed.

    One call is one look: all plots of one scan of one sensor, each with its own time, in any order; `time_s` is the
    end of the scan, and calls come in the order of their ends. Every track is looked at exactly once in a call, so a
    scan must not be split over calls; a scan without plots is a call with an empty table and its `sensor_id`. Scans of
    several sensors may overlap in time: a plot older than its track is taken in as an observation of the past. A
    target that the beam passes twice in a scan (it crosses the seam) gives two plots at least half a period apart;
    both are used.

    `detection_probability(positions (n, 3), sensor_id, time_s)` answers for predicted world positions at `time_s`, 0
    where the sensor does not look; an array (n,) in the order of the state's tracks, or a scalar, serves too.
    `clutter_density` (m,) or a scalar counts false plots per look and unit of the plot's position slots: 1/(m rad rad)
    with elevation, 1/(m rad) without, 1/m³ or 1/m² for reported positions (see `uniform_clutter_density`).

    Tracks rows: updated and new tracks at the time of their plot, missed ones (`detection_id` -1) at `time_s`, ended
    ones at `time_s`; a track where the sensor does not look has no row. Raises ValueError for detections of several
    sensors, a sensor that is not in `sensors`, plots after `time_s`, or a clock that goes back.

    >>> from chainhome.earth import enu_frame
    >>> from chainhome.tracking import initial_state
    >>> radar = Sensors.make(sensor_id=[0], lat_deg=40.0, lon_deg=32.0, height_m=0.0, period_s=12.0,
    ...                      range_sigma_m=50.0, azimuth_sigma_rad=2e-3, elevation_sigma_rad=2e-3)
    >>> world, state = enu_frame(np.radians(40.0), np.radians(32.0), 0.0), initial_state()
    >>> for scan in range(4):
    ...     plot = Detections.make(detection_id=[scan], sensor_id=0, time_s=12.0 * scan, elevation_rad=0.05,
    ...                            range_m=100e3 - 2400.0 * scan, azimuth_rad=0.0)
    ...     state, tracks = step(state, plot, sensors=radar, world=world, time_s=12.0 * scan + 6.0,
    ...                          detection_probability=0.9, clutter_density=1e-5)
    >>> len(state), tracks.status.tolist(), float(tracks.vy_mps[0].round())
    (1, [1], -200.0)
    """
    if state.mean.shape[1] != 1:
        raise ValueError(f"the state has {state.mean.shape[1]} motion models; this engine has one")
    row = _sensor_row(detections, sensors, sensor_id)
    _check_times(state, detections, time_s)
    state = replace(
        state, existence=survived(state.existence, time_s - state.clock_s, params.mean_life_s), clock_s=time_s
    )
    if row is None:
        seen = np.zeros(len(state))
        return _finish(state, np.zeros(len(state), np.bool_), seen > 0, world, time_s, params)
    sensor = enu_frame(float(np.radians(row.lat_deg[0])), float(np.radians(row.lon_deg[0])), float(row.height_m[0]))
    clutter = np.broadcast_to(np.asarray(clutter_density, np.float64), len(detections))
    if not (clutter >= 0).all():
        raise ValueError("clutter_density must not be negative or NaN")
    plots = plots_of(detections, row, clutter, params.flight_level_sigma_m, params.position_sigma_m)
    seen = _seen(state, detection_probability, int(row.sensor_id[0]), time_s, params)
    appearing = new_object_density(plots, params)
    thinned = evenly_spread(plots, params)
    other = np.maximum((plots.clutter_density + appearing) * thinned, _LEAST_DENSITY)
    state, updated, free = _take_in(state, plots, seen, other, float(row.period_s[0]), sensor, world, params)
    missed = ~updated & (seen > 0)
    existence = np.where(missed, after_miss(state.existence, seen, params.gate_probability), state.existence)
    state = replace(state, existence=existence)
    share = appearing / np.maximum(plots.clutter_density + appearing, _LEAST_DENSITY)
    first = np.minimum(share, params.birth_existence_max)[free]
    new = born(plots[free], first, sensor, world, params, first_track_id=state.next_track_id, clock_s=time_s)
    fresh = np.ones(len(new), np.bool_)
    updated, missed = np.append(updated, fresh), np.append(missed, ~fresh)
    return _finish(joined(state, new), updated, missed, world, time_s, params)


def uniform_clutter_density(
    false_plots: float, range_span_m: float, azimuth_span_rad: float, elevation_span_rad: float | None = None
) -> float:
    """Return the density of false plots that lie evenly over a sensor's range, azimuth and (if measured) elevation.

    >>> round(uniform_clutter_density(20.0, 400e3, 2.0 * np.pi, 0.5) * 1e5, 3)
    1.592
    """
    return false_plots / (range_span_m * azimuth_span_rad * (1.0 if elevation_span_rad is None else elevation_span_rad))


def _take_in(
    state: TrackerState,
    plots: Plots,
    seen: Floats,
    other: Floats,
    period_s: float,
    sensor: Frame,
    world: Frame,
    params: TrackerParams,
) -> tuple[TrackerState, Bools, Bools]:
    """Return the state with its plots taken in, which tracks got one, and which plots are left over.

    Tracks that are more likely real than not choose first; a young track of clutter takes no plot from them.
    """
    updated, free = np.zeros(len(state), np.bool_), np.ones(len(plots), np.bool_)
    likely = np.maximum(seen, params.least_detection_probability)
    sure = state.existence >= 0.5
    for group in (np.flatnonzero(sure), np.flatnonzero(~sure)):
        apart_s = 0.0
        while len(group) and free.any():
            left, some = plots[free], state[group]
            pairs = gated_pairs(some, left, np.full(len(group), apart_s), sensor, world, params)
            if pairs is None:
                break
            chosen = assign(pairs, some, left, likely[group], other[free], params)
            if not len(chosen):
                break
            track = group[pairs.track[chosen]]
            state = _updated(state, track, left, pairs, chosen, likely, other[free], updated, params)
            updated[track] = True
            free[np.flatnonzero(free)[pairs.plot[chosen]]] = False
            # Once more, but only with plots from another pass of the beam: one beside the track's own plot at the
            # same time is another aircraft.
            apart_s = np.inf if np.isnan(period_s) else 0.5 * period_s
    return state, updated, free


def _updated(
    state: TrackerState,
    track: NDArray[np.int64],
    plots: Plots,
    pairs: Pairs,
    chosen: NDArray[np.int64],
    likely: Floats,
    other: Floats,
    already: Bools,
    params: TrackerParams,
) -> TrackerState:
    """Return the state with the chosen pairs taken in; existence grows with the first plot of a look only."""
    plot = pairs.plot[chosen]
    mean, covariance, time = state.mean.copy(), state.covariance.copy(), state.time_s.copy()
    existence, last = state.existence.copy(), state.last_detection_id.copy()
    address, code = state.mode_s_address.copy(), state.mode_3a.copy()
    mean[track, 0], covariance[track, 0] = update(
        *(column[chosen] for column in (pairs.mean, pairs.covariance, pairs.innovation, pairs.jacobian, pairs.noise))
    )
    time[track] = np.maximum(time[track], plots.time_s[plot])
    ratio = pairs.log_likelihood[chosen] - np.log(other[plot])
    grown = after_plot(existence[track], likely[track], params.gate_probability, ratio)
    existence[track] = np.where(already[track], existence[track], grown)
    last[track] = plots.detection_id[plot]
    address[track] = np.where(plots.mode_s_address[plot] >= 0, plots.mode_s_address[plot], address[track])
    code[track] = np.where(plots.mode_3a[plot] >= 0, plots.mode_3a[plot], code[track])
    return replace(
        state,
        mean=mean,
        covariance=covariance,
        time_s=time,
        existence=existence,
        last_detection_id=last,
        mode_s_address=address,
        mode_3a=code,
    )


def _finish(
    state: TrackerState, updated: Bools, missed: Bools, world: Frame, time_s: float, params: TrackerParams
) -> tuple[TrackerState, Tracks]:
    """Return the living tracks, and the rows of the tracks that were updated, missed or ended."""
    q = params.horizontal_noise_m2ps3, params.vertical_noise_m2ps3
    mean, covariance = predict(*combined(state), time_s - state.time_s, *q)
    unsure = np.sqrt(np.maximum(covariance[:, 0, 0], covariance[:, 1, 1]))
    state = replace(state, status=judged(state.status, state.existence, unsure, params))
    ended = state.status == _ENDED
    tracks = _rows(state, mean, covariance, updated & ~ended, np.flatnonzero(updated | missed | ended), world)
    return state[~ended], tracks


def combined(state: TrackerState) -> tuple[Floats, Floats]:
    """Return the mean (n, 6) and covariance (n, 6, 6) of each track over its motion models, matched in moments."""
    weight = state.mode_probability
    mean = np.einsum("nk,nki->ni", weight, state.mean)
    apart = state.mean - mean[:, None]
    spread = state.covariance + apart[..., :, None] * apart[..., None, :]
    return mean, np.einsum("nk,nkij->nij", weight, spread)


def _rows(
    state: TrackerState, moved: Floats, spread: Floats, at_plot: Bools, rows: NDArray[np.int64], world: Frame
) -> Tracks:
    """Return the chosen rows: at the plot's time with its id, or moved on to the clock without one."""
    mean, covariance = combined(state)
    mean, covariance = (
        np.where(at_plot[:, None], mean, moved)[rows],
        np.where(at_plot[:, None, None], covariance, spread)[rows],
    )
    lat, lon, altitude = enu_to_geodetic(world, mean[:, :3])
    names = ("x_m", "y_m", "z_m", "vx_mps", "vy_mps", "vz_mps")
    tracks = Tracks(
        time_s=np.where(at_plot, state.time_s, state.clock_s)[rows],
        track_id=state.track_id[rows],
        **dict(zip(names, mean.T, strict=True)),
        covariance=covariance,
        existence=state.existence[rows],
        mode_probability=state.mode_probability[rows],
        detection_id=np.where(at_plot, state.last_detection_id, -1)[rows],
        lat_deg=np.degrees(lat),
        lon_deg=np.degrees(lon),
        altitude_m=altitude,
        status=state.status[rows],
    )
    return tracks.sorted_by("time_s", "track_id")


def _seen(
    state: TrackerState,
    probability: DetectionProbability | ArrayLike,
    sensor_id: int,
    time_s: float,
    params: TrackerParams,
) -> Floats:
    if callable(probability):
        mean = combined(state)[0]
        where = mean[:, :3] + (time_s - state.time_s)[:, None] * mean[:, 3:]
        answer = np.asarray(probability(where, sensor_id, time_s), np.float64)
    else:
        answer = np.asarray(probability, np.float64)
    seen = np.asarray(np.broadcast_to(answer, len(state)))
    if not ((seen >= 0.0) & (seen <= 1.0)).all():
        raise ValueError("detection_probability must be between 0 and 1 for each track")
    return np.minimum(seen, params.greatest_detection_probability)


def _sensor_row(detections: Detections, sensors: Sensors, sensor_id: int | None) -> Sensors | None:
    given = np.unique(detections.sensor_id).tolist()
    wanted = given if sensor_id is None else [sensor_id]
    if len(wanted) > 1 or not set(given) <= set(wanted):
        raise ValueError(f"detections of sensors {given}: expected the plots of one sensor, one look for each call")
    if not wanted:
        return None
    row = sensors[sensors.sensor_id == wanted[0]]
    if len(row) != 1:
        raise ValueError(f"sensor_id {wanted[0]} has {len(row)} rows in sensors: expected one")
    return row


def _check_times(state: TrackerState, detections: Detections, time_s: float) -> None:
    if time_s < state.clock_s:
        raise ValueError(f"time_s = {time_s} is before the tracker's clock {state.clock_s}: looks come in time order")
    if not (detections.time_s <= time_s).all():
        raise ValueError(f"a plot at {detections.time_s.max()} s is after the end of its look, {time_s} s")

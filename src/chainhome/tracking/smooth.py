"""Smoothing of recordings: tracks as the filter made them in, the same rows in the light of all later plots out.

The smoother is that of Rauch, Tung and Striebel [rauch1965], run backwards over the rows of each track. The filter's
rows have all motion models in one mean and covariance, so the step between two rows is that mixture too: the transition
of every model, weighed with how likely the filter held it at the later row, and matched in moments.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from chainhome.earth.geodesy import Frame, enu_to_geodetic
from chainhome.errors import UseError
from chainhome.tables import Floats, Tracks
from chainhome.tracking.params import TrackerParams

if TYPE_CHECKING:
    from chainhome.tracking._smooth_kernels import Way

STATE = ("x_m", "y_m", "z_m", "vx_mps", "vy_mps", "vz_mps")


@dataclass(frozen=True)
class Smoothing:
    """What was smoothed."""

    tracks: Tracks
    rows: int
    """Rows that got an estimate of their own from later ones: all but the last with a plot, and what follows it."""
    broken: int
    """Rows that the next row of their track does not continue, so that smoothing begins anew there."""


def smoothed(tracks: Tracks, params: TrackerParams, world: Frame | None = None, *, lag_s: float = np.inf) -> Tracks:
    """Return the same rows of tracks, states and covariances smoothed by the later plots [rauch1965].

    `tracks` (n,) are rows as `feed` made them with `params`; the rows of a track are taken in the order of time, and
    of equal times in the order given. `lag_s` lets every row look so far ahead only, as a live system with that delay
    would. Without a `world` latitude, longitude and altitude become NaN. A smoothed covariance is positive definite and
    never larger than the filtered one. Existence, motion models, plots and status stay those of the filter; rows after
    a track's last plot stay whole, because nothing later is known. Raises UseError for a negative lag, and for tracks
    of other motion models.

    >>> from chainhome.tracking import MotionModel
    >>> steady = TrackerParams(models=(MotionModel("steady", 2.0, 2.0, 2.0, hold_s=100.0, start=1.0),))
    >>> wide = np.diag([1e4, 1e4, 1e4, 1e4, 1e4, 1e4])
    >>> track = Tracks.make(time_s=[0.0, 10.0], track_id=7, x_m=[0.0, 2000.0], y_m=0.0, z_m=0.0, vx_mps=[0.0, 200.0],
    ...                     vy_mps=0.0, vz_mps=0.0, covariance=np.stack([wide, wide / 100.0]), detection_id=[0, 1],
    ...                     mode_probability=np.ones((2, 1)))
    >>> smoothed(track, steady).vx_mps.round().tolist()
    [200.0, 200.0]
    """
    return smooth(tracks, params, world, lag_s=lag_s).tracks


def smooth(tracks: Tracks, params: TrackerParams, world: Frame | None = None, *, lag_s: float = np.inf) -> Smoothing:
    """Return what `smoothed` does, and what was done."""
    from chainhome.tracking._smooth_kernels import Rows, room_for, smooth_rows

    if not lag_s >= 0.0:
        raise UseError(f"smoothing: lag_s = {lag_s}: expected 0 or more seconds")
    k = len(params.models)
    if not len(tracks):
        return Smoothing(tracks, 0, 0)
    if tracks.mode_probability.shape[1] != k:
        raise UseError(
            f"smoothing: tracks of {tracks.mode_probability.shape[1]} motion models, expected the {k} of the parameters"
        )
    order = np.lexsort([tracks.time_s, tracks.track_id])
    first = np.append(np.flatnonzero(np.append(True, np.diff(tracks.track_id[order]) != 0)), len(order))
    # Only what the kernel needs is copied: a recording's tracks can be as large as the memory.
    mean = np.column_stack([getattr(tracks, name) for name in STATE])[order]
    covariance, weight = tracks.covariance[order], tracks.mode_probability[order]
    given = Rows(tracks.time_s[order], mean, covariance, weight, tracks.detection_id[order] >= 0)
    new_mean, new_covariance = mean.copy(), covariance.copy()
    broken = smooth_rows(first, given, _way(params), float(lag_s), new_mean, new_covariance, room_for(k))
    changed = int((new_mean != mean).any(axis=1).sum())
    mean[order], covariance[order] = new_mean, new_covariance
    return Smoothing(_with_states(tracks, mean, covariance, world), changed, int(broken))


def _way(params: TrackerParams) -> Way:
    from chainhome.tracking._smooth_kernels import Way

    return Way(*(np.array([getattr(model, name) for model in params.models], np.float64) for name in Way._fields))


def _with_states(tracks: Tracks, mean: Floats, covariance: Floats, world: Frame | None) -> Tracks:
    lat = lon = altitude = np.full(len(mean), np.nan)
    if world is not None:
        lat, lon, altitude = enu_to_geodetic(world, mean[:, :3])
        lat, lon = np.degrees(lat), np.degrees(lon)
    columns = dict(zip(STATE, mean.T.copy(), strict=True))
    return replace(tracks, **columns, covariance=covariance, lat_deg=lat, lon_deg=lon, altitude_m=altitude)

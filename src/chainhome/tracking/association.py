"""Which plot belongs to which track: predicted tracks and plots in, the most likely one-to-one pairing out.

Gater and associator. Every pair inside the gate gets the logarithm of how much more likely the plot comes from the
track than from clutter or a new object; the pairing with the largest sum wins (global nearest neighbour).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainhome.earth.geodesy import Frame
from chainhome.earth.polar import measure
from chainhome.tracking.filter import brought_forward, fit
from chainhome.tracking.measurement import AZIMUTH, DOPPLER, ELEVATION, HEIGHT, RANGE, SLOTS, Plots, linearise, wrapped
from chainhome.tracking.model import predict
from chainhome.tracking.params import TrackerParams
from chainhome.tracking.state import TrackerState

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# How much more likely than by chance an equal reply is from the same aircraft. Mode S addresses are unique among 2^24
# [icao_a10]; of the 4096 Mode 3/A codes many are shared or change in flight, so an equal one says less, and a
# different one does not forbid.
_SAME_ADDRESS = float(np.log(2.0**24))
_SAME_CODE = float(np.log(50.0))
_OTHER_CODE = float(np.log(0.05))


@dataclass(frozen=True, eq=False)
class Pairs:
    """k gated pairs of a track and a plot: both predicted to the plot's time and linearised there."""

    track: Ints
    plot: Ints
    mean: Floats
    covariance: Floats
    innovation: Floats
    jacobian: Floats
    noise: Floats
    log_likelihood: Floats
    """(k,) logarithm of the plot's density if it comes from the track, in the plot's own units."""


def gated_pairs(
    state: TrackerState, plots: Plots, apart_s: Floats, sensor: Frame, world: Frame, params: TrackerParams
) -> Pairs | None:
    """Return the pairs of tracks and plots inside the gate, or None if there are none.

    A plot nearer in time to its track than `apart_s` (n,) is left out. A plot that is older than its track is an
    observation of the past and updates the track at the track's own time.
    """
    from scipy.special import chdtri

    q = params.horizontal_noise_m2ps3, params.vertical_noise_m2ps3
    gates = chdtri(np.arange(SLOTS + 1), 1.0 - params.gate_probability)
    measured = (~np.isnan(plots.value)).sum(axis=1)
    track, plot = _near(state, plots, gates[measured], apart_s, sensor, world, params)
    if params.use_replies:
        one, other = state.mode_s_address[track], plots.mode_s_address[plot]
        allowed = (one < 0) | (other < 0) | (one == other)
        track, plot = track[allowed], plot[allowed]
    ahead = plots.time_s[plot] - state.time_s[track]
    late = np.maximum(-ahead, 0.0)
    if not len(track):
        return None
    mean, covariance = predict(state.mean[track, 0], state.covariance[track, 0], np.maximum(ahead, 0.0), *q)
    seen = mean.copy()
    seen[:, :3] -= late[:, None] * mean[:, 3:]
    innovation, jacobian = linearise(seen, plots[plot], sensor, world)
    jacobian, noise = brought_forward(jacobian, late, *q)
    distance2, log_det = fit(covariance, innovation, jacobian, noise)
    log_sigma = np.log(plots.sigma).sum(axis=1)[plot]
    density = -0.5 * (distance2 + log_det + measured[plot] * np.log(2.0 * np.pi)) - log_sigma
    inside = distance2 <= gates[measured[plot]]
    columns = (track, plot, mean, covariance, innovation, jacobian, noise, density)
    return Pairs(*(column[inside] for column in columns))


def _near(
    state: TrackerState, plots: Plots, gate: Floats, apart_s: Floats, sensor: Frame, world: Frame, params: TrackerParams
) -> tuple[Ints, Ints]:
    """Return the pairs that can be in the gate, judged by the first two slots alone.

    The trace of the position covariance bounds its variance along any direction, so no pair inside the gate is lost.
    """
    ahead = plots.time_s[None, :] - state.time_s[:, None]
    position = state.mean[:, None, 0, :3] + ahead[:, :, None] * state.mean[:, None, 0, 3:]
    p = state.covariance[:, 0]
    trace = [np.einsum("nii->n", block)[:, None] for block in (p[:, :3, :3], p[:, :3, 3:], p[:, 3:, 3:])]
    density = 2.0 * params.horizontal_noise_m2ps3 + params.vertical_noise_m2ps3
    spread = trace[0] + 2.0 * ahead * trace[1] + ahead**2 * trace[2] + density * np.abs(ahead) ** 3 / 3.0
    first, second, across2 = position[..., 0], position[..., 1], np.ones_like(ahead)
    polar = ~plots.cartesian
    if polar.any():
        r, azimuth, elevation = measure(position[:, polar], sensor, world)
        first[:, polar], second[:, polar] = r, azimuth
        across2[:, polar] = np.maximum((r * np.cos(elevation)) ** 2, 1e-6)
    off_first = plots.value[:, RANGE] - first
    off_second = plots.value[:, AZIMUTH] - second
    off_second[:, polar] = wrapped(off_second[:, polar])
    near = off_first**2 <= gate * (spread + plots.sigma[:, RANGE] ** 2)
    near &= off_second**2 <= gate * (spread / across2 + plots.sigma[:, AZIMUTH] ** 2)
    near &= np.abs(ahead) >= apart_s[:, None]
    track, plot = np.nonzero(near)
    return track, plot


def assign(
    pairs: Pairs,
    state: TrackerState,
    plots: Plots,
    detection_probability: Floats,
    other_density: Floats,
    params: TrackerParams,
) -> Ints:
    """Return the pairs, as indices into `pairs`, whose summed log-likelihood ratio is largest; each plot goes once.

    The ratio compares "the track gave this plot" with "the track gave none, and the plot is clutter or a new object" of
    density `other_density` (m,), both given that the track follows something real: a young track, still unlikely, must
    get its plots to become likely. A pair that is not the likelier of the two is never made. Solved exactly by shortest
    augmenting paths [crouse2016].
    """
    from scipy.optimize import linear_sum_assignment

    pd = detection_probability[pairs.track]
    ratio = np.log(pd) + pairs.log_likelihood - np.log(other_density[pairs.plot])
    ratio -= np.log1p(-pd * params.gate_probability)
    if params.use_replies:
        ratio += _replies(state, plots, pairs)
    pair = np.flatnonzero(ratio > 0.0)
    # Only rows that have a pair: a track or plot without a pair would cost time and change nothing.
    tracks, row = np.unique(pairs.track[pair], return_inverse=True)
    columns, column = np.unique(pairs.plot[pair], return_inverse=True)
    gain, at = np.zeros((len(tracks), len(columns))), np.full((len(tracks), len(columns)), -1)
    gain[row, column], at[row, column] = ratio[pair], pair
    chosen = at[linear_sum_assignment(gain, maximize=True)]
    return np.asarray(chosen[chosen >= 0], np.int64)


def _replies(state: TrackerState, plots: Plots, pairs: Pairs) -> Floats:
    address, code = plots.mode_s_address[pairs.plot], plots.mode_3a[pairs.plot]
    own_address, own_code = state.mode_s_address[pairs.track], state.mode_3a[pairs.track]
    same_address = (address >= 0) & (address == own_address)
    compared = ~same_address & (code >= 0) & (own_code >= 0)
    by_code = np.where(code == own_code, _SAME_CODE, _OTHER_CODE)
    return np.where(same_address, _SAME_ADDRESS, np.where(compared, by_code, 0.0))


def evenly_spread(plots: Plots, params: TrackerParams) -> Floats:
    """Return the factor (m,) by which range rate and flight level thin out the density of false plots."""
    doppler = np.where(np.isnan(plots.value[:, DOPPLER]), 1.0, 1.0 / params.doppler_span_mps)
    return doppler * np.where(np.isnan(plots.value[:, HEIGHT]), 1.0, 1.0 / params.birth_height_span_m)


def new_object_density(plots: Plots, params: TrackerParams) -> Floats:
    """Return how many newly seen objects per look are expected per unit of each plot's position slots, (m,)."""
    r, elevation = plots.value[:, RANGE], plots.value[:, ELEVATION]
    with_height = ~np.isnan(elevation)
    density = params.births_per_m2 * np.where(with_height, 1.0 / params.birth_height_span_m, 1.0)
    cube = r * np.where(with_height, r * np.cos(elevation), 1.0)
    return np.asarray(density * np.where(plots.cartesian, 1.0, cube), np.float64)

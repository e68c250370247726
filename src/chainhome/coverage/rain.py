"""Rain on the way: its rate and the path in, the two-way loss out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome import sensors

Floats = NDArray[np.float64]

# The 0 degree isotherm of the atmosphere that also gives the gas loss [itu_p835], and the melting layer above it
# [itu_p839]. In summer rain reaches higher.
RAIN_HEIGHT_M = 15.0 / 6.5e-3 + 360.0


def path_in_rain_m(
    antenna_m: ArrayLike,
    target_m: ArrayLike,
    ground_range_m: ArrayLike,
    radius_m: float,
    rain_height_m: float = RAIN_HEIGHT_M,
) -> tuple[Floats, Floats]:
    """Return how much of the straight path over an earth of effective radius lies below the rain height, and its
    elevation at the antenna (radians); heights above mean sea level, all in metres, broadcast.

    >>> length, elevation = path_in_rain_m(0.0, 10_000.0, 10_000.0, 1e12, 2_500.0)
    >>> round(float(length)), round(float(np.degrees(elevation)))
    (3536, 45)
    """
    low, high, ground = (np.asarray(v, np.float64) for v in (antenna_m, target_m, ground_range_m))
    low, high, ground = np.broadcast_arrays(low, high, ground)
    arc = ground / radius_m
    across = (radius_m + high) * np.sin(arc)
    up = (high - low) - 2.0 * (radius_m + high) * np.sin(0.5 * arc) ** 2
    slant = np.hypot(across, up)
    foot = (radius_m + low) * np.divide(up, slant, out=np.ones_like(up), where=slant > 0.0)
    # Along the path s the height is that of the antenna plus (s² + 2 s foot) over about twice the radius.
    below = (rain_height_m - low) * (2.0 * radius_m + rain_height_m + low)
    square = foot**2 + below
    root = np.sqrt(np.maximum(square, 0.0))
    # The roots -foot ± root, without taking the difference of two large numbers.
    outer = np.where(foot > 0.0, below / np.maximum(foot + root, 1e-9), root - foot)
    inner = np.where(foot > 0.0, -foot - root, -below / np.maximum(root - foot, 1e-9))
    inside = np.minimum(slant, outer) - np.maximum(0.0, inner)
    return np.where(square > 0.0, np.maximum(inside, 0.0), 0.0), np.arctan2(up, across)


def rain_loss_db(
    frequency_hz: float,
    rain_mm_per_h: float,
    antenna_m: ArrayLike,
    target_m: ArrayLike,
    ground_range_m: ArrayLike,
    radius_m: float,
) -> Floats:
    """Return the two-way loss in dB of rain of one rate that fills the whole path below the rain height [itu_p838].

    Horizontal polarisation, which loses a little more. A real shower is a few kilometres wide: an upper bound.

    >>> round(float(rain_loss_db(9.5e9, 10.0, 24.0, 1_000.0, 50e3, 8_494_678.0)), 1)
    18.7
    """
    length, elevation = path_in_rain_m(antenna_m, target_m, ground_range_m, radius_m)
    return np.asarray(2.0e-3 * length * sensors.rain_db_per_km(frequency_hz, rain_mm_per_h, elevation))

"""Errors of a plot: published accuracy and signal-to-noise ratio in, standard deviation out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.errors import UseError

Floats = NDArray[np.float64]

PUBLISHED_AT_SNR = 100.0  # 20 dB: how a published accuracy is read
LEAST_DETECTED_SNR = 12.8  # the threshold of one pulse at a false-alarm probability of 1e-6, less the noise itself


def measurement_sigma(
    published_sigma: ArrayLike,
    snr_linear: ArrayLike,
    *,
    published_at_snr: float = PUBLISHED_AT_SNR,
    least_snr: float = LEAST_DETECTED_SNR,
) -> Floats:
    """Return the standard deviation of a measurement, in the unit of the published accuracy, which grows as SNR falls.

    sigma = published sqrt(max(1, published_at_snr / snr)). Range, angle and Doppler alike have an error of
    k / sqrt(2 SNR) from noise [barton2005], so below the ratio at which the accuracy is published (read as 20 dB,
    ASSUMED) it grows with 1 / sqrt(SNR). Above, the published figure stays: fixed errors, which no signal removes.
    `snr_linear` is the mean ratio of the look; an echo that passed the threshold was at least about `least_snr`
    strong, whatever the mean of its fluctuation is, so the error grows no further than there. Arguments broadcast; a
    negative accuracy is a `UseError`; NaN (not measured) stays NaN.

    >>> np.round(measurement_sigma(30.0, [1e4, 100.0, 25.0, 1.0]), 1).tolist()
    [30.0, 30.0, 60.0, 83.9]
    """
    sigma, snr = np.asarray(published_sigma, np.float64), np.asarray(snr_linear, np.float64)
    if np.any(sigma < 0.0):
        raise UseError(f"published_sigma = {np.nanmin(sigma)} must not be negative")
    ratio = published_at_snr / np.maximum(snr, least_snr)
    return np.asarray(sigma * np.sqrt(np.maximum(ratio, 1.0)))

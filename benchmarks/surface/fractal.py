"""Fractal terrain: heights with a power spectrum that falls with wavelength, the longest waves some 60 km."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Of the amplitude over spatial frequency; steeper than Brownian relief (1.5), with mean slopes of some ten degrees.
_FALL = 2.1
_LONGEST_WAVE_CELLS = 700.0


def fractal_heights(n: int, seed: int, relief_m: float = 3000.0) -> NDArray[np.float32]:
    """Return heights (n, n) from 0 to `relief_m`; the same seed gives the same terrain."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(n)[:, None], np.fft.rfftfreq(n)[None, :])
    frequency[0, 0] = 1.0
    amplitude = frequency**-_FALL / (1.0 + 1.0 / (_LONGEST_WAVE_CELLS * frequency) ** 2)
    amplitude[0, 0] = 0.0
    wave = rng.normal(size=frequency.shape) + 1j * rng.normal(size=frequency.shape)
    heights = np.fft.irfft2(amplitude * wave, s=(n, n))
    low, high = heights.min(), heights.max()
    return ((heights - low) * (relief_m / (high - low))).astype(np.float32)

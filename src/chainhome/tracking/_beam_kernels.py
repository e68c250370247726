"""The compiled reading of a beam's rotation off the plots of a look: times and azimuths in, sums of phases out."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import kernel

Floats = NDArray[np.float64]


@kernel
def phases_told(times: Floats, azimuth_rad: Floats, period_s: float, keep: float, phase: Floats) -> None:
    """Let `phase` (5,) fade to its share `keep`, and add what each plot tells of the beam.

    `phase` holds the weight of the plots, the sums of cosine and sine of when each says that the beam points north, and
    of its time in the period.
    """
    for part in range(5):
        phase[part] *= keep
    before = math.nan
    cosine, sine = 0.0, 0.0
    for i in range(len(times)):
        turned = 2.0 * math.pi * times[i] / period_s
        if times[i] != before:
            before, cosine, sine = times[i], math.cos(turned), math.sin(turned)
        phase[0] += 1.0
        phase[1] += math.cos(turned - azimuth_rad[i])
        phase[2] += math.sin(turned - azimuth_rad[i])
        phase[3] += cosine
        phase[4] += sine

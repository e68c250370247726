"""The compiled reading of a sensor's looks off its plots: times and azimuths in, where each look's plots begin, what
they tell of the beam's rotation, and when they were made out."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import inline, lean

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_TURNS = 1.0 / (2.0 * math.pi)
# A beam is taken to rotate where its plots agree on when it points north: their mean resultant, least weight, and by
# how much less than on the time of the look they may.
_AGREE, _LEAST_WEIGHT, _MARGIN = 0.95, 1.5, 1e-4
_MEMORY_PERIODS = 2.0


@inline
def _beam(turns: float) -> tuple[float, float]:
    """Cosine and sine to 3e-16, of an angle in turns by polynomials of half of it."""
    h = math.pi * (turns - np.floor(turns + 0.5))
    z = h * h
    s = (2.73144475909634e-15 * z - 7.643970296165793e-13) * z + 1.6058977312444268e-10
    s = ((s * z - 2.5052107616995878e-08) * z + 2.755731921916323e-06) * z - 0.00019841269841254974
    s = h + h * z * ((s * z + 0.008333333333333316) * z - 0.16666666666666666)
    c = (4.6276759700711356e-14 * z - 1.1464689884521268e-11) * z + 2.087663086738545e-09
    c = ((c * z - 2.755731776731995e-07) * z + 2.4801587292446207e-05) * z - 0.0013888888888860709
    c = 1.0 + z * ((c * z + 0.04166666666666634) * z - 0.5)
    return 1.0 - 2.0 * s * s, 2.0 * s * c


@lean
def phases_told(times: Floats, azimuth_rad: Floats, period_s: float, keep: float, phase: Floats) -> None:
    """Let `phase` (5,) fade to its share `keep`, and add what each plot tells of the beam.

    `phase` holds the weight of the plots, the sums of cosine and sine of when each says that the beam points north, and
    of its time in the period.
    """
    count = len(times)
    north, east, early, late = 0.0, 0.0, 0.0, 0.0
    for i in range(count):
        turned = times[i] / period_s
        cosine, sine = _beam(turned - azimuth_rad[i] * _TURNS)
        north += cosine
        east += sine
        cosine, sine = _beam(turned)
        early += cosine
        late += sine
    phase[0] = phase[0] * keep + count
    phase[1] = phase[1] * keep + north
    phase[2] = phase[2] * keep + east
    phase[3] = phase[3] * keep + early
    phase[4] = phase[4] * keep + late


@inline
def _north(phase: Floats, period_s: float) -> float:
    """When the beam points north; NaN where its plots do not agree on it."""
    weight = phase[0]
    agree = math.sqrt(phase[1] * phase[1] + phase[2] * phase[2])
    at_once = math.sqrt(phase[3] * phase[3] + phase[4] * phase[4])
    if weight < _LEAST_WEIGHT or agree < _AGREE * weight or agree < at_once - _MARGIN * weight:
        return math.nan
    return math.atan2(phase[2], phase[1]) * _TURNS * period_s


@lean
def looks_told(
    times: Floats,
    azimuth_rad: Floats,
    address: Ints,
    edges: Floats,
    period_s: float,
    phase: Floats,
    first: Ints,
    middle: Ints,
    swept_s: Floats,
    mid_s: Floats,
    replied: Bools,
) -> None:
    """Fill what a sensor's plots, in order of time, tell of its n looks between `edges` (n + 1,).

    `first` (n + 1,) and `middle` (n,) are the plots that come first in each look and in its second half; `swept_s` when
    the beam points north, from all plots so far, the newest ones most, NaN where none is known to rotate (`period_s` 0:
    there is none); `mid_s` the middle of the look, or where no beam rotates the mean time of its plots; `replied` where
    any has an address. `phase` as in `phases_told`: a sensor that reports at one moment agrees better in time than in
    phase.
    """
    count, i = len(times), 0
    while i < count and times[i] < edges[0]:
        i += 1
    for k in range(len(edges) - 1):
        start, end = edges[k], edges[k + 1]
        half = 0.5 * (start + end)
        first[k], total, last, answer = i, 0.0, i, False
        while last < count and times[last] < half:
            last += 1
        middle[k] = last
        while last < count and times[last] < end:
            last += 1
        swept_s[k] = math.nan
        if period_s > 0.0:
            keep = math.exp((start - end) / (_MEMORY_PERIODS * period_s))
            phases_told(times[i:last], azimuth_rad[i:last], period_s, keep, phase)
            swept_s[k] = _north(phase, period_s)
        for j in range(i, last):
            total += times[j]
            answer |= address[j] >= 0
        mid_s[k] = total / (last - i) if last > i and swept_s[k] != swept_s[k] else half
        replied[k] = answer
        i = last
    first[len(edges) - 1] = i


@lean
def in_order(time_s: Floats, detection_id: Ints) -> bool:
    """Say whether plots are in the order of time, and of their names where times are equal."""
    for i in range(1, len(time_s)):
        if not (time_s[i] > time_s[i - 1] or (time_s[i] == time_s[i - 1] and detection_id[i] > detection_id[i - 1])):
            return False
    return True

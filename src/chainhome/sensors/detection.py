"""Detection in noise: signal-to-noise ratio in, probability of detection out, exact for Swerling cases 0 to 4.

A square-law detector sums `pulses` samples of noise with unit mean. Given the echo, the sum is a Poisson mixture of
gamma variables; a chi-square fluctuating echo turns the Poisson weights into negative binomial ones. All five cases
are therefore one series of positive terms, so nothing cancels, however small the probability or its complement is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.errors import UseError

Floats = NDArray[np.float64]

_BLOCK_TERMS = 2_000_000  # terms of the series held in memory at once: 16 MB


def _check(pfa: float, swerling: int, pulses: int) -> None:
    if not 0.0 < pfa < 1.0:
        raise UseError(f"probability of false alarm is {pfa}, expected a number between 0 and 1")
    if swerling not in (0, 1, 2, 3, 4):
        raise UseError(f"Swerling case is {swerling}, expected 0, 1, 2, 3 or 4")
    if pulses != int(pulses) or pulses < 1:
        raise UseError(f"number of pulses is {pulses}, expected a whole number from 1 up")


def detection_threshold(pfa: float, pulses: int = 1) -> float:
    """Return the threshold, in units of the mean noise power of one pulse, that noise alone passes with `pfa`.

    >>> round(detection_threshold(1e-6), 4)
    13.8155
    """
    from scipy.special import gammainccinv

    _check(pfa, 0, pulses)
    return float(gammainccinv(float(pulses), pfa))


def _terms(threshold: float, pulses: int) -> int:
    """Return how many terms it takes until noise plus k echo quanta stays below the threshold with less than 1e-30."""
    from scipy.special import gammainc

    terms = 32
    while gammainc(pulses + float(terms), threshold) > 1e-30:
        terms *= 2
    return terms


def _log_weights(k: Floats, mean: Floats, shape: float) -> Floats:
    """Return log P(K = k) with the given mean: Poisson if `shape` is infinite, else negative binomial."""
    from scipy.special import gammaln, xlog1py, xlogy

    if math.isinf(shape):
        return np.asarray(xlogy(k, mean) - mean - gammaln(k + 1.0))
    lower = mean / (mean + shape)
    binomial = gammaln(k + shape) - gammaln(shape) - gammaln(k + 1.0)
    return np.asarray(binomial + xlogy(k, lower) + xlog1py(shape, -lower))


def _weight_beyond(terms: int, mean: Floats, shape: float) -> Floats:
    """Return P(K >= terms) in closed form."""
    from scipy.special import betainc, gammainc

    if math.isinf(shape):
        return np.asarray(gammainc(float(terms), mean))
    return np.asarray(betainc(float(terms), shape, mean / (mean + shape)))


def _series(snr: Floats, threshold: float, pulses: int, shape: float) -> Floats:
    from scipy.special import gammainc, gammaincc

    terms = _terms(threshold, pulses)
    k = np.arange(terms, dtype=np.float64)
    passed, missed = gammaincc(pulses + k, threshold), gammainc(pulses + k, threshold)
    pd = np.empty_like(snr)
    step = max(1, _BLOCK_TERMS // terms)
    for first in range(0, len(snr), step):
        mean = pulses * snr[first : first + step]
        # `multiply` and `sum`, and not a matrix product, whose rounding may depend on the number of threads
        weights = np.exp(_log_weights(k, mean[:, None], shape))
        seen = np.multiply(weights, passed).sum(axis=1) + _weight_beyond(terms, mean, shape)
        unseen = np.multiply(weights, missed).sum(axis=1)
        # Each tail from its own series of positive terms: 1 - 1e-9 is as exact as 1e-9.
        pd[first : first + step] = np.where(seen < 0.5, seen, 1.0 - unseen)
    return pd


def detection_probability(snr_linear: ArrayLike, pfa: float, swerling: int, pulses: int = 1) -> Floats:
    """Return the exact probability of detection of a square-law detector [marcum1960] [swerling1960].

    `snr_linear` is the mean signal-to-noise ratio of one pulse (any shape, a ratio and not dB); `pulses` are summed
    without phase. Cases: 0 steady; 1 and 3 fluctuate from scan to scan, 2 and 4 from pulse to pulse. Relative error
    below 1e-9 for up to 1,000 pulses. NaN stays NaN; a negative ratio, a `pfa` outside (0, 1), an unknown case or
    less than one pulse is a `UseError`.

    >>> round(float(detection_probability(10 ** 1.3, 1e-8, swerling=0)), 4)
    0.6287
    >>> round(float(detection_probability(10 ** 0.36, 1e-4, swerling=1, pulses=256)), 4)
    0.8959
    """
    from scipy.special import gammaincc

    _check(pfa, swerling, pulses)
    snr = np.asarray(snr_linear, np.float64)
    if np.any(snr < 0.0):
        raise UseError(f"signal-to-noise ratio is {np.nanmin(snr)}, expected a ratio of 0 or more (not dB)")
    flat = np.minimum(snr.reshape(-1), 1e200)
    threshold = detection_threshold(pfa, pulses)
    if swerling == 1 and pulses == 1:
        pd = np.exp(math.log(pfa) / (1.0 + flat))
    elif swerling == 2:
        pd = np.asarray(gammaincc(float(pulses), threshold / (1.0 + flat)))
    else:
        shape = {0: math.inf, 1: 1.0, 3: 2.0, 4: 2.0 * pulses}[swerling]
        pd = _series(flat, threshold, pulses, shape)
    return np.asarray(pd.reshape(snr.shape))


def required_snr_db(pd: ArrayLike, pfa: float, swerling: int, pulses: int = 1) -> Floats:
    """Return the mean signal-to-noise ratio of one pulse in dB at which the probability of detection is `pd`.

    Solved by bisection on the exact probability to below 1e-12 dB; any shape. `pd` must lie above `pfa` and
    below 1, else `UseError` [marcum1960] [swerling1960].

    >>> np.round(required_snr_db([0.5, 0.9], 1e-6, swerling=1), 3).tolist()
    [12.772, 21.144]
    """
    _check(pfa, swerling, pulses)
    want = np.asarray(pd, np.float64)
    if not np.all((want > pfa) & (want < 1.0)):
        raise UseError(f"probability of detection is {want.tolist()}, expected values above pfa = {pfa} and below 1")
    flat = want.reshape(-1)
    low, high = np.full(flat.shape, -300.0), np.full(flat.shape, 300.0)
    for _ in range(50):  # 600 dB / 2**50 = 5e-13 dB
        middle = 0.5 * (low + high)
        short = detection_probability(10.0 ** (middle / 10.0), pfa, swerling, pulses) < flat
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.asarray((0.5 * (low + high)).reshape(want.shape))


def albersheim_snr_db(pd: ArrayLike, pfa: float, pulses: int = 1) -> Floats:
    """Return Albersheim's approximation of the required signal-to-noise ratio of one pulse in dB [albersheim1981].

    Steady target. For one pulse within 0.2 dB of exact where `pd` is 0.4 to 0.99 and `pfa` 1e-8 to 1e-3; below, it asks
    for too little (0.9 dB at 0.1 and 1e-6). To compare with published tables; nothing inside uses it.

    >>> round(float(albersheim_snr_db(0.9, 1e-6)), 4)
    13.1145
    """
    _check(pfa, 0, pulses)
    pd = np.asarray(pd, np.float64)
    a, b = math.log(0.62 / pfa), np.log(pd / (1.0 - pd))
    scale = 6.2 + 4.54 / math.sqrt(pulses + 0.44)
    return np.asarray(-5.0 * math.log10(pulses) + scale * np.log10(a + 0.12 * a * b + 1.7 * b))


def beam_shape_loss_db(dimensions: int) -> float:
    """Return the loss of a Gaussian beam that scans past a target, many pulses in the beam [barton2005].

    `dimensions` is 1 for a fan beam that turns, 2 for a pencil beam that scans both ways; else a `UseError`.

    >>> round(beam_shape_loss_db(1), 2), round(beam_shape_loss_db(2), 2)
    (1.23, 2.47)
    """
    if dimensions not in (1, 2):
        raise UseError(f"dimensions of the scan is {dimensions}, expected 1 or 2")
    return dimensions * 5.0 * math.log10(8.0 * math.log(2.0) / math.pi)


@dataclass(frozen=True, eq=False)
class DetectionTable:
    """Probability of detection on an even grid of dB, to be read by linear interpolation; `error` is measured."""

    first_db: float
    step_db: float
    pd: Floats
    error: float
    pfa: float
    swerling: int
    pulses: int

    @property
    def snr_db(self) -> Floats:
        """Return the grid of the table in dB."""
        return np.asarray(self.first_db + self.step_db * np.arange(len(self.pd)), np.float64)

    def __call__(self, snr_db: ArrayLike) -> Floats:
        """Return the probability at signal-to-noise ratios in dB; outside of the grid the nearest end counts."""
        return np.asarray(np.interp(np.asarray(snr_db, np.float64), self.snr_db, self.pd))


def detection_table(pfa: float, swerling: int, pulses: int = 1, *, tolerance: float = 1e-6) -> DetectionTable:
    """Tabulate `detection_probability` for kernels, so finely that linear interpolation errs by less than `tolerance`.

    The grid spans from where the echo no longer adds `tolerance` to where less than `tolerance` is missed. The step
    is halved until the largest error found midway between all grid points is below half of `tolerance`.

    >>> table = detection_table(1e-6, swerling=0)
    >>> abs(float(table(13.183)) - 0.9) < 1e-4, table.error < 1e-6
    (True, True)
    """
    ends = np.array([pfa + min(tolerance, 0.5 * (1.0 - pfa)), 1.0 - tolerance])
    low_db, high_db = required_snr_db(ends, pfa, swerling, pulses)
    steps = 1024
    while True:
        grid = np.linspace(low_db, high_db, 2 * steps + 1)
        pd = detection_probability(10.0 ** (grid / 10.0), pfa, swerling, pulses)
        error = float(np.max(np.abs(0.5 * (pd[:-2:2] + pd[2::2]) - pd[1::2])))
        if error < 0.5 * tolerance:
            coarse = np.ascontiguousarray(pd[::2])
            step_db = float(high_db - low_db) / steps
            return DetectionTable(float(low_db), step_db, coarse, error, pfa, swerling, pulses)
        steps *= 2

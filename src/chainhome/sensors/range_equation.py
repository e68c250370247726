"""The radar range equation: what a radar puts out and a target sends back in, signal-to-noise ratio or range out.

Two forms. The parameter form starts from power, gain and loss, for generic radars. The reference form scales one
published range at one radar cross section, for named systems, of which nothing else is published.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.constants import BOLTZMANN_J_PER_K, REFERENCE_TEMPERATURE_K, SPEED_OF_LIGHT_MPS
from chainhome.errors import UseError

Floats = NDArray[np.float64]


def _positive(**given: ArrayLike) -> None:
    for name, value in given.items():
        if np.any(np.asarray(value, np.float64) <= 0.0):
            raise UseError(f"{name} = {np.min(np.asarray(value, np.float64))} must be positive")


def _ratio(db: ArrayLike) -> Floats:
    return np.asarray(10.0 ** (np.asarray(db, np.float64) / 10.0))


def _bandwidth_hz(pulse_width_s: ArrayLike | None, bandwidth_hz: ArrayLike | None) -> Floats:
    if (pulse_width_s is None) == (bandwidth_hz is None):
        raise TypeError("give either pulse_width_s or bandwidth_hz, and not both")
    if bandwidth_hz is not None:
        _positive(bandwidth_hz=bandwidth_hz)
        return np.asarray(bandwidth_hz, np.float64)
    assert pulse_width_s is not None
    _positive(pulse_width_s=pulse_width_s)
    return np.asarray(1.0 / np.asarray(pulse_width_s, np.float64))


def _echo_of_a_watt_at_a_metre(
    frequency_hz: ArrayLike, gain_tx_db: ArrayLike, gain_rx_db: ArrayLike, rcs_m2: ArrayLike, loss_db: ArrayLike
) -> Floats:
    """Return the received power in watts for one watt transmitted and a target at one metre."""
    _positive(frequency_hz=frequency_hz, rcs_m2=rcs_m2)
    wavelength_m = SPEED_OF_LIGHT_MPS / np.asarray(frequency_hz, np.float64)
    gain = _ratio(np.asarray(gain_tx_db, np.float64) + np.asarray(gain_rx_db, np.float64) - np.asarray(loss_db))
    return np.asarray(gain * wavelength_m**2 * np.asarray(rcs_m2, np.float64) / (4.0 * math.pi) ** 3)


def received_power_dbw(
    power_w: ArrayLike,
    frequency_hz: ArrayLike,
    gain_tx_db: ArrayLike,
    gain_rx_db: ArrayLike,
    rcs_m2: ArrayLike,
    range_m: ArrayLike,
    *,
    loss_db: ArrayLike = 0.0,
) -> Floats:
    """Return the power of the echo at the receiver in dB relative to one watt [skolnik2008]; arguments broadcast.

    Power, frequency, cross section and range must be positive, else `UseError`.

    >>> round(float(received_power_dbw(10e3, 5e9, 45, 40, 9.0, 31e3, loss_db=5)), 2)
    -107.53
    """
    _positive(power_w=power_w, range_m=range_m)
    echo_w = np.asarray(power_w, np.float64) * _echo_of_a_watt_at_a_metre(
        frequency_hz, gain_tx_db, gain_rx_db, rcs_m2, loss_db
    )
    return np.asarray(10.0 * np.log10(echo_w) - 40.0 * np.log10(np.asarray(range_m, np.float64)))


def snr_db(
    power_w: ArrayLike,
    frequency_hz: ArrayLike,
    gain_tx_db: ArrayLike,
    gain_rx_db: ArrayLike,
    rcs_m2: ArrayLike,
    range_m: ArrayLike,
    *,
    pulse_width_s: ArrayLike | None = None,
    bandwidth_hz: ArrayLike | None = None,
    noise_temperature_k: ArrayLike = REFERENCE_TEMPERATURE_K,
    loss_db: ArrayLike = 0.0,
) -> Floats:
    """Return the signal-to-noise ratio of one pulse in dB [skolnik2008]; arguments broadcast.

    The receiver is matched: give the pulse width, or the noise bandwidth that stands for its inverse.

    >>> round(float(snr_db(1e6, 10e9, 20, 20, 1.0, 41_056.6, pulse_width_s=10e-6)), 3)
    6.0
    """
    _positive(noise_temperature_k=noise_temperature_k)
    echo_dbw = received_power_dbw(power_w, frequency_hz, gain_tx_db, gain_rx_db, rcs_m2, range_m, loss_db=loss_db)
    noise_w = (
        BOLTZMANN_J_PER_K * np.asarray(noise_temperature_k, np.float64) * _bandwidth_hz(pulse_width_s, bandwidth_hz)
    )
    return np.asarray(echo_dbw - 10.0 * np.log10(noise_w))


def radar_range_m(
    power_w: ArrayLike,
    frequency_hz: ArrayLike,
    gain_tx_db: ArrayLike,
    gain_rx_db: ArrayLike,
    rcs_m2: ArrayLike,
    required_snr_db: ArrayLike,
    *,
    pulse_width_s: ArrayLike | None = None,
    bandwidth_hz: ArrayLike | None = None,
    noise_temperature_k: ArrayLike = REFERENCE_TEMPERATURE_K,
    loss_db: ArrayLike = 0.0,
) -> Floats:
    """Return the range in free space at which the signal-to-noise ratio is the required one [mathworks_radar].

    >>> round(float(radar_range_m(1e6, 10e9, 40, 40, 0.1, 6.0, pulse_width_s=10e-6, loss_db=3)), 1)
    194259.7
    """
    at_one_metre_db = snr_db(
        power_w,
        frequency_hz,
        gain_tx_db,
        gain_rx_db,
        rcs_m2,
        1.0,
        pulse_width_s=pulse_width_s,
        bandwidth_hz=bandwidth_hz,
        noise_temperature_k=noise_temperature_k,
        loss_db=loss_db,
    )
    return np.asarray(10.0 ** ((at_one_metre_db - np.asarray(required_snr_db, np.float64)) / 40.0))


def radar_power_w(
    frequency_hz: ArrayLike,
    gain_tx_db: ArrayLike,
    gain_rx_db: ArrayLike,
    rcs_m2: ArrayLike,
    range_m: ArrayLike,
    required_snr_db: ArrayLike,
    *,
    pulse_width_s: ArrayLike | None = None,
    bandwidth_hz: ArrayLike | None = None,
    noise_temperature_k: ArrayLike = REFERENCE_TEMPERATURE_K,
    loss_db: ArrayLike = 0.0,
) -> Floats:
    """Return the peak power that gives the required signal-to-noise ratio at a range [mathworks_radar].

    >>> round(float(radar_power_w(1e9, 20, 20, 1.0, 50e3, 6.0, pulse_width_s=1e-6)) / 1e5, 4)
    2.1996
    """
    of_one_watt_db = snr_db(
        1.0,
        frequency_hz,
        gain_tx_db,
        gain_rx_db,
        rcs_m2,
        range_m,
        pulse_width_s=pulse_width_s,
        bandwidth_hz=bandwidth_hz,
        noise_temperature_k=noise_temperature_k,
        loss_db=loss_db,
    )
    return _ratio(np.asarray(required_snr_db, np.float64) - of_one_watt_db)


def reference_range_m(reference_range_m: ArrayLike, reference_rcs_m2: ArrayLike, rcs_m2: ArrayLike) -> Floats:
    """Return the range in free space against a radar cross section, from a published range against another one.

    R = R0 (rcs / rcs0)^(1/4): the range equation with all else equal [skolnik2008]. Arguments broadcast; values that
    are not positive are a `UseError`.

    >>> np.round(reference_range_m(390e3, 4.0, [1.0, 0.0015]) / 1e3, 1).tolist()
    [275.8, 54.3]
    """
    _positive(reference_range_m=reference_range_m, reference_rcs_m2=reference_rcs_m2, rcs_m2=rcs_m2)
    ratio = np.asarray(rcs_m2, np.float64) / np.asarray(reference_rcs_m2, np.float64)
    return np.asarray(np.asarray(reference_range_m, np.float64) * ratio**0.25)


def reference_snr_db(
    range_m: ArrayLike,
    rcs_m2: ArrayLike,
    reference_range_m: ArrayLike,
    reference_rcs_m2: ArrayLike,
    reference_snr_db: ArrayLike,
    extra_loss_db: ArrayLike = 0.0,
) -> Floats:
    """Return the signal-to-noise ratio in dB, scaled from the one at which the published range is read.

    `extra_loss_db` is the two-way loss beyond that of the reference path (gas, rain, scan), so that no loss counts
    twice [skolnik2008]. Arguments broadcast; ranges and cross sections that are not positive are a `UseError`.

    >>> round(float(reference_snr_db(195e3, 4.0, 390e3, 4.0, 12.77)), 2)
    24.81
    """
    _positive(range_m=range_m, rcs_m2=rcs_m2, reference_range_m=reference_range_m, reference_rcs_m2=reference_rcs_m2)
    farther = np.asarray(range_m, np.float64) / np.asarray(reference_range_m, np.float64)
    larger = np.asarray(rcs_m2, np.float64) / np.asarray(reference_rcs_m2, np.float64)
    return np.asarray(
        np.asarray(reference_snr_db, np.float64)
        + 10.0 * np.log10(larger)
        - 40.0 * np.log10(farther)
        - np.asarray(extra_loss_db, np.float64)
    )

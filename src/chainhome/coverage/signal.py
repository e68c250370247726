"""The signal of one target by ground range: noise, the air, rain and lobing as tables over range."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chainhome import earth, engagement, sensors
from chainhome.constants import SPEED_OF_LIGHT_MPS
from chainhome.coverage.question import Lobing
from chainhome.coverage.rain import rain_loss_db
from chainhome.scenario.reading import (
    FALSE_ALARM_PROBABILITY,
    SWERLING_CASE,
    RadarFigures,
    gas_beyond_reference_db,
)

Floats = NDArray[np.float64]

NEAREST_M = 1.0
# Lobes are finer than cells: so many points along each cell's length are averaged.
LOBE_POINTS = 64
LEAST_FACTOR = 1e-6


@dataclass(frozen=True, eq=False)
class LobingTable:
    """By ground range: what the reflection adds in dB, where it lies, and how level the ground must be.

    `level_m` is for the ground that reflects, `target_level_m` for that beneath a target that keeps its height.
    """

    gain_db: Floats
    share: Floats
    level_m: Floats
    target_level_m: Floats


def signal_db(
    radar: RadarFigures,
    rcs_m2: float,
    altitude_msl_m: Floats,
    fan: earth.Fan,
    ranges_m: Floats,
    rain_mm_per_h: float = 0.0,
) -> Floats:
    """Return the mean signal-to-noise ratio in dB at ground ranges, as `reach` reads it, less the loss to rain."""
    loss = gas_beyond_reference_db(radar, fan, altitude_msl_m, ranges_m)
    if rain_mm_per_h > 0.0:
        at = (fan.antenna_msl_m, altitude_msl_m, ranges_m, fan.radius_m)
        loss = loss + rain_loss_db(radar.frequency_hz, rain_mm_per_h, *at)
    return sensors.reference_snr_db(
        np.maximum(engagement.ground_to_slant_m(ranges_m, fan.antenna_msl_m, altitude_msl_m), NEAREST_M),
        rcs_m2,
        radar.reference_range_m,
        radar.reference_rcs_m2,
        float(sensors.required_snr_db(radar.reference_pd, FALSE_ALARM_PROBABILITY, SWERLING_CASE)),
        extra_loss_db=loss,
    )


def lobing_table(
    lobing: Lobing, frequency_hz: float, mast_m: float, height_m: float, radius_m: float, step_m: float, snr_db: Floats
) -> LobingTable:
    """Return what the reflection off a smooth sphere adds at ranges k * `step_m`, for the ratios `snr_db` there.

    Each entry stands for one step of range, in which the target may pass many lobes: it is the gain that gives the
    mean probability of detection over the step. Heights above the sphere. Where the sphere hides the target, or has
    no reflection, nothing is added. Ground is level if it moves the path difference by at most a quarter wavelength:
    2 sin(grazing) for each metre where it reflects, about 2 mast / range for each metre beneath the target.
    """
    within = (np.arange(LOBE_POINTS) + 0.5) / LOBE_POINTS - 0.5
    middle = step_m * np.arange(snr_db.size)
    ranges = np.maximum(middle[:, None] + step_m * within, NEAREST_M)
    factor = sensors.propagation_factor(
        frequency_hz,
        mast_m,
        height_m,
        ranges,
        radius_m=radius_m,
        surface=lobing.surface,
        polarisation=lobing.polarisation,
        roughness_m=lobing.roughness_m,
    )
    ratio = 10.0 ** (snr_db[:, None] / 10.0) * np.maximum(factor, LEAST_FACTOR) ** 4
    mean = sensors.detection_probability(ratio, FALSE_ALARM_PROBABILITY, SWERLING_CASE).mean(axis=1)
    log_pfa = math.log(FALSE_ALARM_PROBABILITY)
    # The ratio of one pulse of a Swerling 1 target with that probability.
    alike = np.maximum(log_pfa / np.log(np.clip(mean, FALSE_ALARM_PROBABILITY, 1.0 - 1e-15)) - 1.0, 1e-12)
    at = sensors.reflection(mast_m, height_m, np.maximum(middle, NEAREST_M), radius_m)
    reflects = np.isfinite(at.ground_m)
    with np.errstate(invalid="ignore", divide="ignore"):
        wavelength = SPEED_OF_LIGHT_MPS / frequency_hz
        level = wavelength / (8.0 * np.sin(at.grazing_rad))
        share = at.ground_m / np.maximum(middle, NEAREST_M)
    gain = 10.0 * np.log10(alike) - snr_db
    return LobingTable(
        np.where(reflects, gain, 0.0),
        np.where(reflects, np.clip(share, 0.0, 1.0), 0.0),
        np.where(reflects, level, -1.0),
        np.asarray(wavelength * middle / (8.0 * mast_m)),
    )

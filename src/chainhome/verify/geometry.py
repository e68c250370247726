"""Horizons, lowest visible altitudes, the effective-earth and the exponential atmosphere."""

from __future__ import annotations

import numpy as np

from chainhome import earth
from chainhome.verify.rows import Check

SUBJECT = "geometry"
ANTENNAS_M = (3.0, 6.0, 10.0, 24.0, 39.0)
HORIZON_KM = {
    30.0: (29.7, 32.7, 35.6, 42.8, 48.3),
    100.0: (48.4, 51.3, 54.3, 61.4, 67.0),
    1_000.0: (137.5, 140.4, 143.4, 150.5, 156.1),
    5_000.0: (298.5, 301.5, 304.4, 311.6, 317.1),
    10_000.0: (419.1, 422.1, 425.0, 432.2, 437.7),
}
LOWEST_AT_402_KM_M = {5.0: 9_089.0, 10.0: 8_913.0, 24.0: 8_588.0, 39.0: 8_340.0}
DISC_SHARE_PERCENT = {50.0: (1.5, 0.05), 300.0: (5.2, 0.05), 3_000.0: (38.0, 0.5)}
EXPONENT_PER_KM = {200.0: 0.1184, 313.0: 0.1439, 450.0: 0.2233}
ARC = "exact arc form"


def checks() -> list[Check]:
    """Return the rows of this subject."""
    found = []
    for target, row in HORIZON_KM.items():
        for antenna, published in zip(ANTENNAS_M, row, strict=True):
            ours = float(earth.horizon_range_m(antenna, target)) / 1e3
            name = f"target at {target:g} m rises over a {antenna:g} m antenna"
            found.append(Check(SUBJECT, name, published, ours, 0.1, "one tenth of a kilometre", "km", ARC))
    for antenna, published in LOWEST_AT_402_KM_M.items():
        ours = float(earth.lowest_visible_altitude_m(402e3, antenna))
        name = f"lowest visible altitude at 402 km, antenna {antenna:g} m"
        found.append(Check(SUBJECT, name, published, ours, 0.5, "last printed metre", "m", ARC))
    for target, (published, digit) in DISC_SHARE_PERCENT.items():
        ours = 100.0 * (float(earth.horizon_range_m(24.0, target)) / 400e3) ** 2
        name = f"share of a 400 km disc seen at {target:g} m from 24 m"
        found.append(Check(SUBJECT, name, published, ours, digit, "last printed digit", "%", ARC))
    return found + _mathworks()


def _mathworks() -> list[Check]:
    source = "mathworks_radar"
    radius = earth.gradient_radius_m()
    height = float(earth.target_height_m(300e3, np.radians(0.5), 10.0, radius))
    slant = float(earth.slant_range_m(1e3, np.radians(2.0), 10.0, radius))
    ground = float(earth.ground_range_m(slant, np.radians(2.0), 10.0, radius))
    path, chord, elevation, _ = (float(part) for part in earth.refracted_ray(1e3, 10.0, np.radians(2.0)))
    metre, digit = "last printed metre", "last printed digit"
    found = [
        Check(SUBJECT, "effective radius, gradient 39e-9 per m", 8_477.4, radius / 1e3, 0.05, digit, "km", source),
        Check(SUBJECT, "effective radius, 4/3", 8_494.7, earth.four_thirds_radius_m() / 1e3, 0.05, digit, "km", source),
        Check(SUBJECT, "height at 300 km slant, 0.5° elevation", 7_932.5, height, 0.1, digit, "m", source),
        Check(SUBJECT, "slant range to 1 km at 2° elevation", 27_125.0, slant, 0.5, metre, "m", source),
        Check(SUBJECT, "ground range to 1 km at 2° elevation", 27_106.0, ground, 0.5, metre, "m", source),
        Check(SUBJECT, "the same, CRPL atmosphere: propagated range", 27_171.0, path, 0.5, metre, "m", source),
        Check(SUBJECT, "the same, CRPL atmosphere: true slant range", 27_163.0, chord, 0.5, metre, "m", source),
        Check(SUBJECT, "the same: true elevation", 1.9666, float(np.degrees(elevation)), 5e-5, digit, "°", source),
    ]
    for refractivity, published in EXPONENT_PER_KM.items():
        ours = float(earth.exponent_per_km(refractivity))
        name = f"refraction exponent, surface refractivity {refractivity:g}"
        found.append(Check(SUBJECT, name, published, ours, 5e-5, digit, "1/km", source))
    return found

"""Attenuation by gas and rain: the validation rows of the ITU-R Recommendations."""

from __future__ import annotations

import numpy as np

from chainhome import sensors
from chainhome.verify.rows import Check

SUBJECT = "attenuation"
GAS_DB_PER_KM = {1.0: 0.005440, 3.0: 0.007539, 5.0: 0.008714, 10.0: 0.014199, 15.0: 0.029058, 60.0: 14.778}


def checks() -> list[Check]:
    """Return the rows of this subject."""
    found = []
    for ghz, published in GAS_DB_PER_KM.items():
        ours = float(sensors.gas_db_per_km(ghz * 1e9))
        digit = 5e-4 if published > 1.0 else 5e-7
        found.append(
            Check(SUBJECT, f"gas at {ghz:g} GHz", published, ours, digit, "last printed digit", "dB/km", "itu_p676")
        )
    k, alpha = (float(part) for part in sensors.rain_coefficients(14.25e9, np.radians(31.077)))
    for name, published, ours in (("k", 0.03975488, k), ("α", 1.12418043, alpha)):
        found.append(
            Check(SUBJECT, f"rain {name} at 14.25 GHz", published, ours, 1e-6, "one in a million", "", "itu_p838")
        )
    rain = float(sensors.rain_db_per_km(14.25e9, 26.48052, np.radians(31.077)))
    found.append(
        Check(
            SUBJECT, "rain of 26.5 mm/h at 14.25 GHz", 1.58130839, rain, 1e-6, "one in a million", "dB/km", "itu_p838"
        )
    )
    return found

"""Detection of steady and fluctuating targets, square law, exact; beam-shape loss."""

from __future__ import annotations

import numpy as np

from chainhome import sensors
from chainhome.verify.rows import Check

SUBJECT = "detection"
# Columns: Swerling case and pulses; rows: Pd → signal-to-noise ratio needed in dB at a false-alarm probability of 1e-6.
CASES = ((0, 1), (1, 1), (3, 1), (0, 10), (1, 10), (2, 10), (3, 10))
NEEDED_DB = {
    0.5: (11.243, 12.772, 11.954, 3.651, 5.187, 3.771, 4.365),
    0.9: (13.183, 21.144, 17.296, 5.267, 13.500, 6.292, 9.601),
    0.99: (14.495, 31.379, 22.946, 6.377, 23.725, 8.401, 15.219),
}
# (Swerling case, false-alarm probability, SNR in dB, pulses) → probability of detection.
EXACT_PD = {
    (0, 1e-8, 13.0, 1): 0.6287,
    (1, 1e-4, 16.0, 1): 0.7980,
    (1, 1e-4, 3.6, 256): 0.8959,
    (3, 1e-4, -0.4, 256): 0.8889,
}
ALBERSHEIM_DB = {1: 13.1145, 10: 4.9904}
SQUARE_LAW = "exact, square law"


def checks() -> list[Check]:
    """Return the rows of this subject."""
    digit = "last printed digit"
    found = []
    for pd, row in NEEDED_DB.items():
        for (case, pulses), published in zip(CASES, row, strict=True):
            ours = float(sensors.required_snr_db(pd, 1e-6, case, pulses))
            name = f"SNR for Pd {pd:g}, Swerling {case}, {pulses} pulse{'s' if pulses > 1 else ''}"
            found.append(Check(SUBJECT, name, published, ours, 5.1e-4, digit, "dB", SQUARE_LAW))
    for (case, pfa, snr_db, pulses), published in EXACT_PD.items():
        ours = float(sensors.detection_probability(10 ** (snr_db / 10), pfa, case, pulses))
        name = f"Pd at {snr_db:g} dB, Pfa {pfa:g}, Swerling {case}, {pulses} pulses"
        found.append(Check(SUBJECT, name, published, ours, 1e-4, "one unit of the last printed digit", "", SQUARE_LAW))
    closed = 1e-6 ** (1.0 / (1.0 + 100.0))
    ours = float(sensors.detection_probability(np.float64(100.0), 1e-6, 1))
    found.append(
        Check(
            SUBJECT, "Swerling 1, one pulse, 20 dB: Pfa^(1/(1+SNR))", closed, ours, 1e-9, "rounding", "", "closed form"
        )
    )
    for pulses, published in ALBERSHEIM_DB.items():
        ours = float(sensors.albersheim_snr_db(0.9, 1e-6, pulses))
        found.append(
            Check(SUBJECT, f"Albersheim, {pulses} pulses", published, ours, 5e-5, digit, "dB", "albersheim1981")
        )
    exact = float(sensors.required_snr_db(0.9, 1e-6, 0))
    ours = float(sensors.albersheim_snr_db(0.9, 1e-6, 1))
    found.append(
        Check(SUBJECT, "Albersheim against exact, 1 pulse", exact, ours, 0.2, "its own claim", "dB", "albersheim1981")
    )
    for dimensions, published in ((1, 1.23), (2, 2.47)):
        ours = sensors.beam_shape_loss_db(dimensions)
        name = f"beam-shape loss, {dimensions}-D"
        found.append(Check(SUBJECT, name, published, ours, 0.005, digit, "dB", "mathworks_radar"))
    return found

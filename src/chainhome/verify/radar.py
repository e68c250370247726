"""The range equation in parameter form and in reference form."""

from __future__ import annotations

from chainhome import sensors
from chainhome.verify.rows import Check

SUBJECT = "radar equation"


def checks() -> list[Check]:
    """Return the rows of this subject."""
    digit, mathworks, curve = "last printed digit", "mathworks_radar", "R ∝ σ^¼"
    plain = float(sensors.radar_range_m(1e6, 10e9, 20.0, 20.0, 1.0, 6.0, pulse_width_s=10e-6))
    lossy = float(sensors.radar_range_m(1e6, 10e9, 40.0, 40.0, 0.1, 6.0, pulse_width_s=10e-6, loss_db=3.0))
    power = float(sensors.radar_power_w(1e9, 20.0, 20.0, 1.0, 50e3, 6.0, pulse_width_s=1e-6))
    more = float(
        sensors.radar_power_w(
            10e9, 30.0, 30.0, 0.5, 50e3, 10.0, pulse_width_s=1e-6, noise_temperature_k=300.0, loss_db=3.0
        )
    )
    received = float(sensors.received_power_dbw(10e3, 5e9, 45.0, 40.0, 9.0, 31e3, loss_db=5.0))
    one, small = (float(sensors.reference_range_m(390e3, 4.0, rcs)) / 1e3 for rcs in (1.0, 0.0015))
    return [
        Check(SUBJECT, "range, 1 MW, 20 dB, 1 m²", 41_056.6, plain, 0.06, digit, "m", mathworks),
        Check(SUBJECT, "range, 40 dB, 0.1 m², loss 3 dB", 194_259.7, lossy, 0.06, digit, "m", mathworks),
        Check(SUBJECT, "power, 1 GHz, 50 km, 6 dB", 2.1996e5, power, 6.0, digit, "W", mathworks),
        Check(SUBJECT, "power, 10 GHz, 50 km, 10 dB", 2.2809e6, more, 60.0, digit, "W", mathworks),
        Check(SUBJECT, "received power at 31 km", -107.52, received, 0.05, "the test's own", "dBW", "simdis"),
        Check(SUBJECT, "390 km at 4 m², against 1 m²", 276.0, one, 0.5, "half a kilometre", "km", curve),
        Check(SUBJECT, "390 km at 4 m², against 0.0015 m²", 54.0, small, 0.5, "half a kilometre", "km", curve),
    ]

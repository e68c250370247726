"""Radars and interrogators: where targets are in, what a sensor gets from them out, as physics and as probability.

Range equation, exact detection, radar cross section by aspect, gas and rain, clutter, scan timing, plot errors and
IFF replies are functions over arrays; `evaluate_looks` runs them together, compiled, for many looks of one radar.
"""

from chainhome.sensors.attenuation import gas_db_per_km, gas_loss_db, rain_coefficients, rain_db_per_km
from chainhome.sensors.clutter import (
    HARSH_CLUTTER,
    KIND_CLUTTER,
    ClutterModel,
    clutter_limited_range_m,
    shares_beam_with_ground,
    signal_to_clutter_db,
    signal_to_interference,
    visible_by_doppler,
)
from chainhome.sensors.detection import (
    DetectionTable,
    albersheim_snr_db,
    beam_shape_loss_db,
    detection_probability,
    detection_table,
    required_snr_db,
)
from chainhome.sensors.interrogation import (
    Interrogator,
    Transponder,
    replies,
    reply_probability,
    secure_reply,
    shared_modes,
)
from chainhome.sensors.lobing import (
    propagation_factor,
    reflection,
    reflection_coefficient,
    roughness_factor,
    vertical_coverage_m,
)
from chainhome.sensors.looks import (
    RadarModel,
    TargetRcs,
    evaluate_looks,
    radar_model,
    target_rcs,
    warm_up,
)
from chainhome.sensors.noise import measurement_sigma
from chainhome.sensors.range_equation import (
    radar_power_w,
    radar_range_m,
    received_power_dbw,
    reference_range_m,
    reference_snr_db,
    snr_db,
)
from chainhome.sensors.rcs import RcsModel, aspect_angles, rcs_m2, shaped, spread_factor
from chainhome.sensors.scan import array_scan_loss_db, in_sector, look_times, nearest_branch, sector_look_times

__all__ = [
    "HARSH_CLUTTER",
    "KIND_CLUTTER",
    "ClutterModel",
    "DetectionTable",
    "Interrogator",
    "RadarModel",
    "RcsModel",
    "TargetRcs",
    "Transponder",
    "albersheim_snr_db",
    "array_scan_loss_db",
    "aspect_angles",
    "beam_shape_loss_db",
    "clutter_limited_range_m",
    "detection_probability",
    "detection_table",
    "evaluate_looks",
    "gas_db_per_km",
    "gas_loss_db",
    "in_sector",
    "look_times",
    "measurement_sigma",
    "nearest_branch",
    "propagation_factor",
    "radar_model",
    "radar_power_w",
    "radar_range_m",
    "rain_coefficients",
    "rain_db_per_km",
    "rcs_m2",
    "received_power_dbw",
    "reference_range_m",
    "reference_snr_db",
    "reflection",
    "reflection_coefficient",
    "replies",
    "reply_probability",
    "required_snr_db",
    "roughness_factor",
    "sector_look_times",
    "secure_reply",
    "shaped",
    "shared_modes",
    "shares_beam_with_ground",
    "signal_to_clutter_db",
    "signal_to_interference",
    "snr_db",
    "spread_factor",
    "target_rcs",
    "vertical_coverage_m",
    "visible_by_doppler",
    "warm_up",
]

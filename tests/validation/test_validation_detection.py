"""Probability of detection against published and twice-recomputed numbers, square law, exact."""

import pytest

from chainhome.sensors import detection

PRINTED_DIGIT_DB = 0.0006
PRINTED_DIGIT = 1e-4
ALBERSHEIM_ERROR_DB = 0.2

REQUIRED_DB = {
    0.5: (11.243, 12.772, 11.954, 3.651, 5.187, 3.771, 4.365),
    0.9: (13.183, 21.144, 17.296, 5.267, 13.500, 6.292, 9.601),
    0.99: (14.495, 31.379, 22.946, 6.377, 23.725, 8.401, 15.219),
}
COLUMNS = ((0, 1), (1, 1), (3, 1), (0, 10), (1, 10), (2, 10), (3, 10))


@pytest.mark.parametrize("pd", REQUIRED_DB)
def test_the_required_signal_to_noise_ratio_is_the_published_one(pd: float) -> None:
    for (swerling, pulses), published_db in zip(COLUMNS, REQUIRED_DB[pd], strict=True):
        ours_db = float(detection.required_snr_db(pd, 1e-6, swerling, pulses))
        assert abs(ours_db - published_db) < PRINTED_DIGIT_DB, (swerling, pulses)


@pytest.mark.parametrize(
    ("swerling", "pfa", "snr_db", "pulses", "published"),
    [(0, 1e-8, 13.0, 1, 0.6287), (1, 1e-4, 16.0, 1, 0.7980), (1, 1e-4, 3.6, 256, 0.8959), (3, 1e-4, -0.4, 256, 0.8889)],
)
def test_the_probability_of_detection_is_the_published_one(
    swerling: int, pfa: float, snr_db: float, pulses: int, published: float
) -> None:
    ours = float(detection.detection_probability(10.0 ** (snr_db / 10.0), pfa, swerling, pulses))
    assert abs(ours - published) < PRINTED_DIGIT


def test_albersheim_is_the_published_approximation_and_close_to_exact_for_one_pulse() -> None:
    assert abs(float(detection.albersheim_snr_db(0.9, 1e-6)) - 13.1145) < PRINTED_DIGIT
    assert abs(float(detection.albersheim_snr_db(0.9, 1e-6, 10)) - 4.9904) < PRINTED_DIGIT
    for pfa in (1e-8, 1e-6, 1e-3):
        for pd in (0.4, 0.5, 0.7, 0.9, 0.99):
            exact_db = float(detection.required_snr_db(pd, pfa, 0))
            assert abs(float(detection.albersheim_snr_db(pd, pfa)) - exact_db) < ALBERSHEIM_ERROR_DB


def test_the_beam_shape_loss_is_the_published_one() -> None:
    half_a_hundredth_db = 0.005
    assert abs(detection.beam_shape_loss_db(1) - 1.23) < half_a_hundredth_db
    assert abs(detection.beam_shape_loss_db(2) - 2.47) < half_a_hundredth_db

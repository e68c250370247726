import numpy as np
import pytest

from chainhome.constants import EARTH_GRAVITATIONAL_PARAMETER_M3PS2 as MU
from chainhome.constants import EARTH_MEAN_RADIUS_M as RADIUS
from chainhome.errors import UseError
from chainhome.motion import BallisticArc, ballistic_arc, minimum_burnout_speed_mps

ROUNDING = 1e-12


@pytest.fixture(params=[(80e3, None, 0.0), (300e3, None, 30e3), (900e3, 3300.0, 50e3), (5_000e3, None, 200e3)])
def arc(request: pytest.FixtureRequest) -> BallisticArc:
    range_m, speed, height = request.param
    return ballistic_arc(range_m, speed, height, steps=2001)


def test_energy_and_angular_momentum_are_conserved(arc: BallisticArc) -> None:
    r = RADIUS + arc.altitude_m
    energy = arc.speed_mps**2 / 2 - MU / r
    momentum = r * arc.speed_mps * np.cos(arc.path_angle_rad)
    assert np.ptp(energy) < ROUNDING * abs(energy[0])
    assert np.ptp(momentum) < ROUNDING * momentum[0]


def test_time_is_path_over_speed(arc: BallisticArc) -> None:
    angle = arc.distance_to_impact_m / RADIUS
    r = RADIUS + arc.altitude_m
    place = np.column_stack([r * np.cos(angle), r * np.sin(angle)])
    path = np.linalg.norm(np.diff(place, axis=0), axis=1)
    took = -np.diff(arc.time_to_impact_s)
    chord_of_a_step = 1e-4
    np.testing.assert_allclose(path / took, (arc.speed_mps[1:] + arc.speed_mps[:-1]) / 2, rtol=chord_of_a_step)


def test_an_arc_ends_on_the_ground_at_its_range(arc: BallisticArc) -> None:
    one_millimetre = 1e-3
    assert arc.time_to_impact_s[-1] == 0.0
    assert arc.distance_to_impact_m[-1] == pytest.approx(0.0, abs=one_millimetre)
    assert arc.altitude_m[-1] == pytest.approx(0.0, abs=one_millimetre)
    assert arc.apogee_m >= arc.altitude_m.max()


def test_a_short_arc_is_the_parabola_of_school() -> None:
    range_m = 2_000.0
    g = MU / RADIUS**2
    arc = ballistic_arc(range_m)
    flat_earth = 5e-4  # range over radius
    assert arc.speed_mps[0] == pytest.approx(np.sqrt(g * range_m), rel=flat_earth)
    assert arc.path_angle_rad[0] == pytest.approx(np.pi / 4, rel=flat_earth)
    assert arc.apogee_m == pytest.approx(range_m / 4, rel=flat_earth)
    assert arc.time_to_impact_s[0] == pytest.approx(np.sqrt(2 * range_m / g), rel=flat_earth)


def test_a_steep_lofted_arc_is_a_free_fall() -> None:
    height = 30e3
    arc = ballistic_arc(10.0, 800.0, lofted=True, steps=200_001)
    g = MU / RADIUS**2
    inverse_square = 800.0**2 / (2 * g) / RADIUS
    assert arc.apogee_m == pytest.approx(800.0**2 / (2 * g) / (1 - inverse_square), rel=1e-5)
    dropped = ballistic_arc(1.0, None, height, steps=3)
    assert dropped.time_to_impact_s[0] == pytest.approx(np.sqrt(2 * height / g), rel=0.01)
    assert dropped.speed_mps[-1] == pytest.approx(np.sqrt(2 * g * height), rel=0.01)


def test_the_minimum_energy_speed_is_the_least_that_arrives() -> None:
    least = minimum_burnout_speed_mps(700e3, 40e3)
    assert ballistic_arc(700e3, least, 40e3).altitude_m[-1] == pytest.approx(0.0, abs=1e-3)
    with pytest.raises(UseError, match="cannot give a ballistic range of 700 km from 40 km"):
        ballistic_arc(700e3, least * (1 - 1e-9), 40e3)


def test_more_speed_gives_a_low_and_a_high_arc_on_either_side_of_the_minimum_energy_arc() -> None:
    middle = ballistic_arc(300e3)
    low, high = (ballistic_arc(300e3, 1.1 * middle.speed_mps[0], lofted=lofted) for lofted in (False, True))
    assert low.apogee_m < middle.apogee_m < high.apogee_m
    assert low.time_to_impact_s[0] < middle.time_to_impact_s[0] < high.time_to_impact_s[0]
    assert low.speed_mps[-1] == pytest.approx(high.speed_mps[-1], rel=ROUNDING)


def test_a_halfway_minimum_energy_arc_to_the_antipodes_is_the_grazing_circle() -> None:
    nearly_round = 0.9999 * np.pi * RADIUS
    circular = np.sqrt(MU / RADIUS)
    assert minimum_burnout_speed_mps(nearly_round) == pytest.approx(circular, rel=1e-4)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((0.0,), "ballistic range = 0 km, expected more than 0"),
        ((21_000e3,), "ballistic range = 21000 km"),
        ((300e3, None, -1.0), "burnout height = -1 m must not be negative"),
        ((300e3, 12_000.0), "less than escape speed"),
        ((10_000e3, 7_910.0), "passes below the ground"),
    ],
)
def test_what_cannot_fly_is_refused(given: tuple[float, ...], words: str) -> None:
    with pytest.raises(UseError, match=words):
        ballistic_arc(*given)

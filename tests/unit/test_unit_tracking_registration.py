"""Radar registration against biases that are known, and its compiled pass against a dense twin that is plain to see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chainhome.earth import enu_frame, measure
from chainhome.earth.geodesy import (
    Frame,
    destination,
    ecef_to_geodetic,
    geodetic_to_ecef,
    geodetic_to_enu,
    to_enu,
)
from chainhome.errors import UseError
from chainhome.tables import SENSOR_KINDS, Detections, Sensors
from chainhome.tracking import registration
from chainhome.tracking.registration import Biases, RegistrationParams, estimate_biases, without_bias
from chainhome.tracking.registration_windows import prepared

PLACES = [(39.5, 31.5, 900.0), (40.8, 31.8, 1100.0), (40.3, 33.6, 700.0), (39.2, 33.2, 1300.0), (40.1, 32.4, 850.0)]
WORLD = enu_frame(np.radians(40.0), np.radians(32.5), 0.0)
RANGE_SIGMA_M = np.array([50.0, 65.0, 50.0, 65.0, 50.0])
AZIMUTH_SIGMA_RAD = np.radians([0.15, 0.08, 0.15, 0.08, 0.15])
PERIOD_S = np.array([4.2, 5.1, 8.0, 9.7, 12.0])
ADS_B = SENSOR_KINDS.index("ads_b")
REFERENCE = 99
HEIGHT_OFFSET = 4  # its place among the coefficients of a window's motion
GOAL = 0.2  # of a sensor's sigma, as asked of the five radars


class Scene:
    """Straight and circling airliners seen by some radars with biases; `bias` (s, 3) is what was added."""

    def __init__(
        self, seed: int, radars: int = 5, flights: int = 40, lasting_s: float = 600.0, places: Any = PLACES, **how: Any
    ) -> None:
        self.rng = rng = np.random.default_rng(seed)
        count = radars
        self.bias = rng.choice([-1, 1], (count, 3)) * rng.uniform(1.0, 3.0, (count, 3))
        self.bias[:, 0] *= RANGE_SIGMA_M[:count]
        self.bias[:, 1] *= AZIMUTH_SIGMA_RAD[:count]
        self.bias[:, 2] = rng.uniform(0.0, 0.5, count)
        self.places = places[:count]
        self.sensors = Sensors.make(
            sensor_id=10 + np.arange(count),
            kind=SENSOR_KINDS.index("secondary"),
            lat_deg=[place[0] for place in self.places],
            lon_deg=[place[1] for place in self.places],
            height_m=[place[2] for place in self.places],
            period_s=PERIOD_S[:count],
            range_sigma_m=RANGE_SIGMA_M[:count],
            azimuth_sigma_rad=AZIMUTH_SIGMA_RAD[:count],
        )
        self.flights, self.lasting_s = flights, lasting_s
        self.start = np.radians([40.0, 32.5]) + rng.uniform(-0.02, 0.02, (flights, 2))
        self.course, self.speed = rng.uniform(0, 2 * np.pi, flights), rng.uniform(150.0, 260.0, flights)
        self.height, self.climb = rng.uniform(3e3, 11e3, flights), rng.choice([0.0, 0.0, 5.0], flights)
        self.radius = np.where(rng.random(flights) < 0.3, self.speed**2 / rng.uniform(0.5, 3.0, flights), np.inf)
        weather = rng.normal(0.0, 150.0), rng.normal(0.0, 0.03)
        self.altimeter = weather[0] + weather[1] * self.height + rng.normal(0.0, 60.0, flights)
        self.detections = Detections.concat([self.seen_by(s, **how) for s in range(count)]).sorted_by("time_s")

    def at(self, flight: Any, time_s: Any) -> Any:
        """Latitude, longitude and height: along a geodesic, or round a circle."""
        away = self.speed[flight] * time_s
        lat, lon, course, radius = *self.start[flight].T, self.course[flight], self.radius[flight]
        round_ = np.isfinite(radius)
        bearing = np.where(round_, course + away / np.where(round_, radius, 1.0), course)
        lat, lon = destination(lat, lon, bearing, np.where(round_, radius, away))
        return lat, lon, self.height[flight] + self.climb[flight] * time_s

    def seen_by(self, s: int, noise: float = 1.0, wrong: float = 0.0, clutter: bool = True) -> Detections:
        scans = int(self.lasting_s / PERIOD_S[s])
        time = (np.arange(scans) + self.rng.random((self.flights, 1))) * PERIOD_S[s]
        hit = self.rng.random(time.shape) < 0.87
        flight, time = np.nonzero(hit)[0], time[hit]
        lat, lon, height = self.at(flight, time)
        place = self.places[s]
        site = enu_frame(np.radians(place[0]), np.radians(place[1]), place[2])
        r, azimuth, _ = measure(geodetic_to_enu(WORLD, lat, lon, height), site, WORLD)
        n = len(r)
        r = r + self.bias[s, 0] + noise * RANGE_SIGMA_M[s] * self.rng.normal(size=n)
        azimuth = azimuth + self.bias[s, 1] + noise * AZIMUTH_SIGMA_RAD[s] * self.rng.normal(size=n)
        lost = self.rng.random(n) < wrong
        plots = Detections.make(
            time_s=time + self.bias[s, 2],
            sensor_id=10 + s,
            range_m=np.where(lost, self.rng.uniform(1e4, 2e5, n), r),
            azimuth_rad=azimuth % (2 * np.pi),
            flight_level_m=7.62 * np.round((height - self.altimeter[flight]) / 7.62),
            mode_s_address=1000 + flight,
            target_id=flight,
        )
        noise_plots = Detections.make(
            time_s=self.rng.uniform(0, self.lasting_s, n // 10),
            sensor_id=10 + s,
            range_m=self.rng.uniform(1e4, 2e5, n // 10),
            azimuth_rad=self.rng.uniform(0, 6.28, n // 10),
        )
        return Detections.concat([plots, noise_plots] if clutter else [plots])

    def ads_b(self) -> tuple[Detections, Sensors]:
        """Position reports of an unbiased reference, and the sensors with it."""
        n = int(self.flights * self.lasting_s / 10)
        flight, time = self.rng.integers(0, self.flights, n), self.rng.uniform(0, self.lasting_s, n)
        position = geodetic_to_enu(WORLD, *self.at(flight, time)) + self.rng.normal(0.0, 20.0, (n, 3))
        x, y, z = position.T
        reports = Detections.make(
            time_s=time, sensor_id=REFERENCE, x_m=x, y_m=y, z_m=z, mode_s_address=1000 + flight, target_id=flight
        )
        reference = Sensors.make(
            sensor_id=[REFERENCE], kind=ADS_B, lat_deg=40.0, lon_deg=32.0, height_m=0.0, range_sigma_m=20.0
        )
        return Detections.concat([self.detections, reports]), Sensors.concat([self.sensors, reference])

    def truth(self) -> Any:
        """The biases as they can be observed: times against their mean."""
        bias = self.bias.copy()
        bias[:, 2] -= bias[:, 2].mean()
        return bias

    def unit(self) -> Any:
        count = len(self.bias)
        return np.column_stack([RANGE_SIGMA_M[:count], AZIMUTH_SIGMA_RAD[:count], np.full(count, 0.25)])


def found(biases: Biases) -> Any:
    return np.column_stack([biases.range_bias_m, biases.azimuth_bias_rad, biases.time_bias_s])


def stated(biases: Biases) -> Any:
    return np.column_stack([biases.range_bias_sigma_m, biases.azimuth_bias_sigma_rad, biases.time_bias_sigma_s])


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene(1)


@pytest.fixture(scope="module")
def biases(scene: Scene) -> Biases:
    return estimate_biases(scene.detections, scene.sensors, WORLD)


def test_biases_of_five_radars_are_recovered_to_a_fifth_of_sigma(scene: Scene, biases: Biases) -> None:
    error = (found(biases) - scene.truth()) / scene.unit()
    assert np.abs(error).max() < GOAL
    assert biases.observable.all()
    assert biases.settled
    assert biases.reason == ("",) * 5
    assert (biases.aircraft == 40).all()


def test_chi_square_falls_to_one_when_the_biases_are_known(biases: Biases) -> None:
    one_tenth = 0.1
    assert biases.chi_square_before > 3.0
    assert abs(biases.chi_square_after - 1.0) < one_tenth


@pytest.mark.parametrize("seeds", [range(100, 120)])
def test_stated_standard_deviations_are_honest_over_many_seeds(seeds: range) -> None:
    from scipy.stats import chi2

    square, freedom, inside = 0.0, 0, []
    for seed in seeds:
        scene = Scene(seed, radars=3, flights=32, lasting_s=300.0)
        biases = estimate_biases(scene.detections, scene.sensors, WORLD)
        error = found(biases) - scene.truth()
        # The times are tied by their mean, so the last of them adds nothing.
        free = np.arange(error.size - 1)
        square += error.ravel()[free] @ np.linalg.solve(biases.covariance[np.ix_(free, free)], error.ravel()[free])
        freedom += len(free)
        inside.append(np.abs(error) < stated(biases))
    one_in_a_thousand = 0.001
    assert chi2.ppf(one_in_a_thousand, freedom) < square < chi2.ppf(1 - one_in_a_thousand, freedom)
    within_one_sigma, a_tenth = 0.683, 0.1
    assert np.abs(np.mean(inside) - within_one_sigma) < a_tenth


def test_two_radars_and_five_aircraft_are_enough_for_an_honest_answer() -> None:
    scene = Scene(7, radars=2, flights=5, lasting_s=1800.0)
    biases = estimate_biases(scene.detections, scene.sensors, WORLD)
    four_sigma = 4.0
    assert (np.abs(found(biases) - scene.truth()) < four_sigma * stated(biases)).all()
    assert (stated(biases)[:, :2] < scene.unit()[:, :2]).all()


def test_tracks_serve_as_well_as_addresses(scene: Scene, biases: Biases) -> None:
    hidden = replace(scene.detections, mode_s_address=np.full(len(scene.detections), -1))
    by_track = estimate_biases(hidden, scene.sensors, WORLD, aircraft=scene.detections.target_id)
    assert np.array_equal(found(by_track), found(biases))


def test_duplicated_plots_count_once(scene: Scene, biases: Biases) -> None:
    twice = Detections.concat([scene.detections, scene.detections[::3]])
    again = estimate_biases(twice, scene.sensors, WORLD)
    assert np.array_equal(found(again), found(biases))
    assert np.array_equal(again.plots, biases.plots)


def test_wrong_pairs_do_not_pull_the_estimate() -> None:
    scene = Scene(2, wrong=0.05)
    biases = estimate_biases(scene.detections, scene.sensors, WORLD)
    assert np.abs((found(biases) - scene.truth()) / scene.unit()).max() < GOAL


def test_biases_of_thirty_sigma_are_found_too() -> None:
    scene = Scene(3, flights=30)
    much = scene.bias * [[30.0, 30.0, 4.0]]
    plots = scene.detections
    more = (much - scene.bias)[plots.sensor_id - 10]
    moved = replace(
        plots,
        range_m=plots.range_m + more[:, 0],
        azimuth_rad=(plots.azimuth_rad + more[:, 1]) % (2 * np.pi),
        time_s=plots.time_s + more[:, 2],
    )
    much[:, 2] -= much[:, 2].mean()
    error = (found(estimate_biases(moved, scene.sensors, WORLD)) - much) / scene.unit()
    assert np.abs(error).max() < GOAL


def test_without_any_height_the_biases_are_still_recovered() -> None:
    scene = Scene(4)
    plots = replace(scene.detections, flight_level_m=np.full(len(scene.detections), np.nan))
    biases = estimate_biases(plots, scene.sensors, WORLD)
    error = (found(biases) - scene.truth()) / scene.unit()
    assert np.abs(error[:, :2]).max() < GOAL
    with_heights = estimate_biases(scene.detections, scene.sensors, WORLD)
    assert (biases.range_bias_sigma_m > with_heights.range_bias_sigma_m).all()


def test_measured_elevations_stand_in_for_flight_levels() -> None:
    scene = Scene(5)
    plots = scene.detections
    lat, lon, height = scene.at(np.maximum(plots.target_id, 0), plots.time_s)
    elevation = np.full(len(plots), np.nan)
    for s, place in enumerate(scene.places):
        site = enu_frame(np.radians(place[0]), np.radians(place[1]), place[2])
        mine = plots.sensor_id == 10 + s
        elevation[mine] = measure(geodetic_to_enu(WORLD, lat[mine], lon[mine], height[mine]), site, WORLD)[2]
    rng = np.random.default_rng(0)
    elevation += np.radians(0.3) * rng.normal(size=len(plots))
    unknown = np.full(len(plots), np.nan)
    three_d = replace(plots, flight_level_m=unknown, elevation_rad=elevation)
    better = estimate_biases(three_d, scene.sensors, WORLD)
    worse = estimate_biases(replace(plots, flight_level_m=unknown), scene.sensors, WORLD)
    assert np.abs((found(better) - scene.truth()) / scene.unit()).max() < GOAL
    assert (better.range_bias_sigma_m < worse.range_bias_sigma_m).all()


def test_a_garbled_flight_level_does_no_harm(scene: Scene, biases: Biases) -> None:
    level = scene.detections.flight_level_m.copy()
    level[::25] = 38_000.0
    again = estimate_biases(replace(scene.detections, flight_level_m=level), scene.sensors, WORLD)
    tenth_of_a_sigma = 0.1
    assert np.abs((found(again) - found(biases)) / scene.unit()).max() < tenth_of_a_sigma


def test_position_reports_are_a_reference_for_time_and_place(scene: Scene) -> None:
    plots, sensors = scene.ads_b()
    biases = estimate_biases(plots, sensors, WORLD)
    error = (found(biases)[:5] - scene.bias) / scene.unit()
    assert np.abs(error).max() < GOAL
    assert found(biases)[5].tolist() == stated(biases)[5].tolist() == [0.0, 0.0, 0.0]
    assert biases.gauge == "sensors 10, 11, 12, 13, 14, 99: time of reference 99"


def test_a_plot_with_a_range_is_a_radar_plot_even_if_its_place_is_given_too(scene: Scene, biases: Biases) -> None:
    count = len(scene.detections)
    both = replace(scene.detections, x_m=np.zeros(count), y_m=np.zeros(count), z_m=np.zeros(count))
    assert np.array_equal(found(estimate_biases(both, scene.sensors, WORLD)), found(biases))


def test_a_chosen_radar_gives_the_time(scene: Scene, biases: Biases) -> None:
    by_12 = estimate_biases(scene.detections, scene.sensors, WORLD, time_reference=12)
    a_microsecond = 1e-6
    assert abs(by_12.time_bias_s[2]) < a_microsecond
    assert by_12.time_bias_sigma_s[2] < 10 * a_microsecond
    assert by_12.gauge.endswith("time of sensor 12")
    assert biases.gauge.endswith("mean time bias is zero")
    difference = biases.time_bias_s - biases.time_bias_s[2]
    assert np.abs(by_12.time_bias_s - difference).max() < 0.1 * by_12.time_bias_sigma_s.max()


def test_a_single_radar_tells_nothing() -> None:
    scene = Scene(1, radars=1, flights=5)
    biases = estimate_biases(scene.detections, scene.sensors, WORLD)
    assert np.isnan(found(biases)).all()
    assert np.isnan(stated(biases)).all()
    assert biases.reason == ("no aircraft in common with another sensor",)
    assert np.isnan([biases.chi_square_before, biases.chi_square_after]).all()


def test_a_radar_that_is_declared_at_a_wrong_place_is_told_of_the_aircraft_that_it_shares() -> None:
    scene = Scene(3, radars=3, flights=20)
    half_a_degree = np.array([0.0, 0.0, 0.5])
    wrong = replace(scene.sensors, lat_deg=scene.sensors.lat_deg + half_a_degree)
    biases = estimate_biases(scene.detections, wrong, WORLD)
    assert biases.component.tolist() == [0, 0, -1]
    assert biases.aircraft[2] == 0
    assert biases.reason[:2] == ("", "")
    seen = [set(scene.detections.mode_s_address[scene.detections.sensor_id == key]) - {-1} for key in (10, 11, 12)]
    shared = len(seen[2] & (seen[0] | seen[1]))
    said = f"{shared} aircraft in common with another sensor, whose plots do not agree; check the radars' places"
    assert biases.reason[2] == f"{said} (and clocks)"


def test_aircraft_that_two_radars_see_hours_apart_are_told_as_such() -> None:
    scene = Scene(3, radars=2, flights=5)
    plots = scene.detections
    hours_later = replace(plots, time_s=plots.time_s + 20_000.0 * (plots.sensor_id == 11))
    biases = estimate_biases(hours_later, scene.sensors, WORLD)
    said = "5 aircraft in common with another sensor, but too few plots of any at the same time"
    assert biases.reason == (said, said)


def test_radars_that_share_no_aircraft_form_groups_of_their_own(scene: Scene) -> None:
    plots = scene.detections
    key = np.where(plots.mode_s_address < 0, -1, plots.mode_s_address + 5000 * (plots.sensor_id >= 12))
    key[plots.sensor_id == 14] = -1
    biases = estimate_biases(plots, scene.sensors, WORLD, aircraft=key)
    assert biases.component.tolist() == [0, 0, 1, 1, -1]
    assert biases.observable.all(axis=1).tolist() == [True] * 4 + [False]
    a_microsecond = 1e-6
    assert abs(biases.time_bias_s[:2].sum()) < a_microsecond
    assert abs(biases.time_bias_s[2:4].sum()) < a_microsecond


def test_radars_at_one_place_know_only_their_time() -> None:
    scene = Scene(6, radars=2, places=[PLACES[0], PLACES[0]])
    biases = estimate_biases(scene.detections, scene.sensors, WORLD)
    assert biases.observable.tolist() == [[False, False, True]] * 2
    assert biases.reason[0] == "range, azimuth: not determined by the aircraft in common"
    error = biases.time_bias_s - scene.truth()[:, 2]
    assert (np.abs(error) < 4 * biases.time_bias_sigma_s).all()


def test_a_radar_that_measures_range_alone_takes_part(scene: Scene) -> None:
    plots = scene.detections
    blind = replace(plots, azimuth_rad=np.where(plots.sensor_id == 10, np.nan, plots.azimuth_rad))
    biases = estimate_biases(blind, scene.sensors, WORLD)
    assert biases.observable.tolist() == [[True, False, True]] + [[True] * 3] * 4
    error = (found(biases) - scene.truth()) / scene.unit()
    assert np.nanmax(np.abs(error)) < GOAL


def test_noise_other_than_stated_is_found_and_widens_the_answer(scene: Scene, biases: Biases) -> None:
    half = replace(
        scene.sensors,
        range_sigma_m=scene.sensors.range_sigma_m / 2,
        azimuth_sigma_rad=scene.sensors.azimuth_sigma_rad / 2,
    )
    again = estimate_biases(scene.detections, half, WORLD)
    a_tenth = 0.1
    assert np.abs(again.noise_ratio / 2 - 1).max() < a_tenth
    assert np.abs(stated(again) / stated(biases) - 1).max() < a_tenth


def test_nothing_is_left_after_the_biases_are_removed(scene: Scene, biases: Biases) -> None:
    clean = without_bias(scene.detections, biases)
    assert ((clean.azimuth_rad >= 0) & (clean.azimuth_rad < 2 * np.pi)).all()
    left = estimate_biases(clean, scene.sensors, WORLD)
    # Windows begin elsewhere when times move, so the same noise is weighed a little differently.
    third_of_a_sigma = 1 / 3
    assert (np.abs(found(left)) < third_of_a_sigma * stated(biases)).all()
    no_worse = 1.01
    assert left.chi_square_before < no_worse * biases.chi_square_after


def test_what_is_not_observable_stays_in_the_plots() -> None:
    scene = Scene(1, radars=1, flights=5)
    same = without_bias(scene.detections, estimate_biases(scene.detections, scene.sensors, WORLD))
    assert np.array_equal(same.range_m, scene.detections.range_m)
    assert np.array_equal(same.time_s, scene.detections.time_s)


def test_wrong_use_is_refused_in_one_sentence(scene: Scene, biases: Biases) -> None:
    plots, sensors = scene.detections, scene.sensors
    with pytest.raises(UseError, match="sensor_id 14, which is not in sensors"):
        estimate_biases(plots, sensors[:4], WORLD)
    with pytest.raises(UseError, match=r"expected integers \("):
        estimate_biases(plots, sensors, WORLD, aircraft=[1, 2])
    with pytest.raises(UseError, match="expected integers"):
        estimate_biases(plots, sensors, WORLD, aircraft=np.zeros(len(plots)))
    with pytest.raises(UseError, match="time_reference: sensor_id 3 given"):
        estimate_biases(plots, sensors, WORLD, time_reference=3)
    with pytest.raises(UseError, match="expected a positive standard deviation"):
        estimate_biases(plots, replace(sensors, range_sigma_m=np.full(5, np.nan)), WORLD)
    with pytest.raises(UseError, match="sensor_id 7, which is not in biases"):
        without_bias(Detections.make(1, sensor_id=7), biases)


def test_no_plots_and_no_sensors_are_answered() -> None:
    scene = Scene(1, radars=2, flights=3, lasting_s=60.0)
    empty = estimate_biases(scene.detections[:0], scene.sensors, WORLD)
    assert not empty.observable.any()
    few = estimate_biases(scene.detections[:10], scene.sensors, WORLD)
    assert not few.observable.any()
    with pytest.raises(UseError, match="sensors: no rows given"):
        estimate_biases(scene.detections, scene.sensors[:0], WORLD)


class Twin:
    """The same least squares without a kernel: one dense system, numerical derivatives, geodetic heights by search."""

    def __init__(self, ready: Any, frames: list[Frame], params: RegistrationParams) -> None:
        self.ready, self.frames, self.params = ready, frames, params
        self.sensors, self.aircraft, self.windows = len(frames), len(ready.key), len(ready.windows.start)
        self.shared = 3 + 3 * self.sensors
        self.size = self.shared + self.aircraft + 5 * self.windows

    def residuals(self, unknown: Any) -> Any:
        """All residuals, priors included: heights' three, sensors' threes, aircraft, then five for each window."""
        plots, windows, out = self.ready.plots, self.ready.windows, []
        aircraft = unknown[self.shared : self.shared + self.aircraft]
        motion = unknown[self.shared + self.aircraft :].reshape(-1, 5)
        for w in range(self.windows):
            a, (e0, n0, e1, n1, offset) = windows.aircraft[w], motion[w]
            lat, lon, _ = ecef_to_geodetic(windows.origin[w])
            tangent = enu_frame(float(lat), float(lon), 0.0)
            for i in range(windows.start[w], windows.stop[w]):
                s = plots.sensor[i]
                range_bias, azimuth_bias, time_bias = unknown[3 + 3 * s : 6 + 3 * s]
                tau = (plots.time_s[i] - time_bias - windows.middle_s[w]) / windows.half_s[w]
                height = plots.height_m[i] * (1 + unknown[2]) + unknown[0] + aircraft[a] + offset
                east, north, up = e0 + tau * e1, n0 + tau * n1, height
                for _ in range(3):
                    place = tangent.ecef + np.array([east, north, up]) @ tangent.rotation
                    up += height - ecef_to_geodetic(place)[2]
                place = tangent.ecef + np.array([east, north, up]) @ tangent.rotation
                r, azimuth, _ = measure(to_enu(WORLD, place)[None], self.frames[s], WORLD)
                off = (plots.azimuth_rad[i] - azimuth_bias - azimuth[0] + np.pi) % (2 * np.pi) - np.pi
                out += [(plots.range_m[i] - range_bias - r[0]) * plots.inverse_sigma[i, 0]]
                out += [off * plots.inverse_sigma[i, 1]]
            out += [offset / windows.height_sigma_m[w]]
        out += [unknown[0] / 150.0, unknown[1] / 4000.0, unknown[2] / 0.03, 1e4 * unknown[5 : self.shared : 3].sum()]
        return np.array(out + list(aircraft / self.params.altimeter_sigma_m))

    def solve(self, start: Any) -> tuple[Any, Any]:
        unknown = start.copy()
        step_size = np.full(self.size, 1.0)
        step_size[2], step_size[4 : self.shared : 3] = 1e-4, 1e-5
        for _ in range(4):
            base = self.residuals(unknown)
            jacobian = np.empty((len(base), self.size))
            for k in range(self.size):
                ahead, behind = unknown.copy(), unknown.copy()
                ahead[k] += step_size[k]
                behind[k] -= step_size[k]
                jacobian[:, k] = (self.residuals(ahead) - self.residuals(behind)) / (2 * step_size[k])
            scaled = jacobian * step_size
            unknown -= step_size * np.linalg.lstsq(scaled, base, rcond=None)[0]
        covariance = np.linalg.inv(scaled.T @ scaled) * np.outer(step_size, step_size)
        return unknown[: self.shared], covariance[: self.shared, : self.shared]


def test_the_compiled_pass_equals_a_dense_twin() -> None:
    scene = Scene(11, radars=2, flights=3, lasting_s=60.0, clutter=False)
    scene.radius[:] = np.inf
    params = RegistrationParams()
    key = scene.detections.mode_s_address
    ready = prepared(scene.detections, scene.sensors, WORLD, key, params)
    fit = registration._begin(ready, scene.sensors, None, params)
    ready.windows.used[:] = True
    start = np.zeros(3 + 6 + len(ready.key) + 5 * len(ready.windows.start))
    start[9 + len(ready.key) :] = ready.windows.motion[:, :5].ravel()
    for _ in range(6):
        solution = registration._solve(fit, registration._pass(fit, 1.0, keep_choice=True))
        fit.biases[:] += solution.step
        aircraft = ready.aircraft
        aircraft.height_error_m[:] += (aircraft.own[:, 1] - aircraft.cross @ solution.step) / aircraft.own[:, 0]
    frames = [enu_frame(np.radians(lat), np.radians(lon), height) for lat, lon, height in scene.places]
    unknown, covariance = Twin(ready, frames, params).solve(start)
    sigma = np.sqrt(np.diag(covariance))
    # Four pivots of a window carry priors that the twin leaves out, and its derivatives are differences.
    thousandth_of_a_sigma = 1e-3
    known = ~np.append([False] * 3, solution.hidden)
    assert known.sum() > 5
    assert np.abs((fit.biases - unknown) / sigma)[known].max() < 10 * thousandth_of_a_sigma
    ratio = np.sqrt(np.diag(solution.covariance)[known]) / sigma[known]
    assert np.abs(ratio - 1).max() < 10 * thousandth_of_a_sigma


def test_the_window_frame_is_exact_to_millimetres() -> None:
    """Height in the pass is a parabola below the tangent plane; here it is compared with the ellipsoid."""
    from chainhome.tracking.registration_windows import _tangent

    lat, lon = np.radians(40.0), np.radians(32.5)
    origin, rotation, radius = _tangent(geodetic_to_ecef([lat], [lon], [9_000.0]))
    height = 9_000.0
    for east, north in ((15e3, 0.0), (0.0, 15e3), (-10e3, 10e3)):
        up = height - east**2 / (2 * (radius[0, 0] + height)) - north**2 / (2 * (radius[0, 1] + height))
        place = origin[0] + np.array([east, north, up]) @ rotation[0]
        one_centimetre = 0.01
        assert abs(float(ecef_to_geodetic(place)[2]) - height) < one_centimetre


def one_window(radars: int = 3) -> tuple[Any, Any, Any]:
    """A prepared scene, a fit that has run one pass, and the number of a window with plots of every radar."""
    scene = Scene(12, radars=radars, flights=6, lasting_s=120.0)
    params = RegistrationParams()
    ready = prepared(scene.detections, scene.sensors, WORLD, scene.detections.mode_s_address, params)
    return ready, registration._begin(ready, scene.sensors, None, params), 2


def test_motion_starts_from_the_reweighted_line_of_a_plain_loop() -> None:
    ready, fit, _ = one_window()
    plots, windows = ready.plots, ready.windows
    arm = plots.range_m * AZIMUTH_SIGMA_RAD[plots.sensor]
    weight = 1.0 / (RANGE_SIGMA_M[plots.sensor] ** 2 + arm**2)
    for w in range(len(windows.start)):
        mine = slice(windows.start[w], windows.stop[w])
        local = (plots.ecef[mine] - windows.origin[w]) @ windows.rotation[w].T
        tau = (plots.time_s[mine] - windows.middle_s[w]) / windows.half_s[w]
        f = weight[mine]
        for _ in range(6):
            system = np.array([[f.sum(), (f * tau).sum()], [(f * tau).sum(), 1.001 * (f * tau**2).sum()]])
            lines = np.linalg.solve(system, np.column_stack([f, f * tau]).T @ local[:, :2])
            off = ((local[:, :2] - lines[0] - tau[:, None] * lines[1]) ** 2).sum(axis=1)
            f = weight[mine] / np.sqrt(1.0 + weight[mine] * off)
        one_centimetre = 0.01
        assert np.abs(windows.motion[w, :4] - lines.ravel()).max() < one_centimetre
    assert len(fit.weight) == len(ready.row)


def test_the_reduced_equations_and_the_noise_of_a_window_equal_dense_algebra() -> None:
    from chainhome.tracking import registration_kernels as kernels

    ready, fit, w = one_window()
    rng = np.random.default_rng(3)
    fit.weight[:] = rng.uniform(0.3, 1.0, len(fit.weight))
    ready.windows.used[:] = np.arange(len(ready.windows.start)) == w
    a, mine = ready.windows.aircraft[w], slice(ready.windows.start[w], ready.windows.stop[w])
    ready.windows.degree[w] = 2
    ready.windows.motion[w, HEIGHT_OFFSET] = 30.0
    before = ready.windows.motion[w].copy()
    rows, line = np.zeros((2 * (mine.stop - mine.start), 15)), np.zeros(6)
    kernels._window_rows(w, ready.plots, ready.windows, ready.sites, fit.biases, 1.0, before[HEIGHT_OFFSET], rows, line)
    sums = registration._pass(fit, 1.0, keep_choice=True)
    root = np.repeat(np.sqrt(fit.weight[mine]), 2)
    rows *= root[:, None]
    sensor = np.repeat(ready.plots.sensor[mine], 2)
    motion = rows[:, :7]
    value = rows[:, 11] + motion @ before[:7]
    design = np.zeros((len(rows), len(fit.biases)))
    design[:, 0], design[:, 2] = rows[:, 9], rows[:, 10]
    for q in range(3):
        design[np.arange(len(rows)), 3 + 3 * sensor + q] = rows[:, 12 + q]
    half = ready.windows.half_s[w]
    prior = np.zeros(7)
    prior[2:4], prior[4] = (500.0 * half) ** -2.0, ready.windows.height_sigma_m[w] ** -2.0
    prior[5:] = (20.0 * half**2) ** -2.0
    inverse = np.linalg.inv(motion.T @ motion + np.diag(prior))
    project = np.eye(len(rows)) - motion @ inverse @ motion.T
    reduced, gradient = design.T @ project @ design, design.T @ project @ value
    # The aircraft's own height error has the column of the common one.
    information = reduced[0, 0] + ready.aircraft.sigma_m[a] ** -2.0
    expected = reduced - np.outer(reduced[0], reduced[0]) / information
    same = 1e-8
    scale = np.sqrt(np.maximum(np.diag(reduced), 1e-30))
    assert np.abs((sums.normal - expected) / np.outer(scale, scale)).max() < same
    assert np.abs((sums.gradient - (gradient - reduced[0] * gradient[0] / information)) / scale).max() < same * 1e3
    assert np.allclose(ready.windows.motion[w, :7], inverse @ motion.T @ value, rtol=1e-7, atol=1e-4)
    left = value - motion @ inverse @ motion.T @ value
    leverage = np.diag(motion @ inverse @ motion.T)
    for s in range(3):
        for q in range(2):
            own = np.flatnonzero((sensor == s) & (np.arange(len(rows)) % 2 == q))
            assert np.isclose(sums.square[s, q], (left[own] ** 2).sum(), rtol=1e-6)
            assert np.isclose(sums.redundancy[s, q], (root[own] ** 2 - leverage[own]).sum(), rtol=1e-9)


@pytest.mark.parametrize("curved", [0.0, 3.0, 8.0])
def test_the_degree_of_motion_is_the_one_that_dense_fits_ask_for(curved: float) -> None:
    from chainhome.tracking import registration_kernels as kernels

    rng = np.random.default_rng(int(curved))
    chosen = []
    for _ in range(60):
        design = rng.normal(size=(30, 9))
        value = design @ np.append(rng.normal(size=5), curved * rng.normal(size=4) / 10) + rng.normal(size=30)
        normal = np.zeros((12, 12))
        joined = np.column_stack([design, np.zeros((30, 2)), value])
        normal[:] = joined.T @ joined
        one, two, three = (
            np.sum((value - design[:, :k] @ np.linalg.lstsq(design[:, :k], value, rcond=None)[0]) ** 2)
            for k in (5, 7, 9)
        )
        expected = 3 if two - three > 9.21 else 2 if one - two > 9.21 else 3 if one - three > 13.28 else 1
        assert kernels._chosen_degree(normal, np.zeros((10, 10)), 30) == expected
        chosen.append(expected)
    assert len(set(chosen)) > 1 or curved == 0.0


def test_the_weight_of_a_plot_falls_to_nothing() -> None:
    from chainhome.tracking.registration_kernels import _weight

    distance = np.array([0.0, 3.4, 4.0, 6.9, 7.1])
    assert [round(_weight(d * d, 1.0), 6) for d in distance] == [1.0, 1.0, 0.875, 0.507246, 0.0]
    assert _weight(7.1**2, 4.0) == 1.0

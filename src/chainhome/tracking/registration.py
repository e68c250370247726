"""Radar registration: the range, azimuth and time biases of radars, from aircraft that two or more of them see.

In: plots of several radars with a key of their aircraft (the Mode S address, or the track that took the plot). Out: the
biases with their standard deviations, and the plots without them. Generalised least squares [zhou1999]: each
aircraft's motion over some tens of seconds and its height error are estimated with the biases of all radars and
eliminated window by window; linearised again until nothing moves; plots and windows that do not fit are weighted down
or left out. Slant range is exact; height is pressure altitude, with the weather's error estimated too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.earth.geodesy import Frame
from chainhome.errors import UseError
from chainhome.tables import Detections, Sensors
from chainhome.tracking.registration_words import met_aircraft, reason_of, shared_aircraft

if TYPE_CHECKING:
    from chainhome.tracking.registration_kernels import Sums
    from chainhome.tracking.registration_windows import Prepared

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_TIME_UNIT_S = 0.5
_LOOSE = (60.0, 15.0, 4.0, 1.5)  # of the first passes: a bias of 100 sigma must not look like a wrong pair
_MOST_PASSES = 15
_STILL = 0.02  # of a standard deviation: the step below which the estimate has come to rest
_NOISE_STILL = 0.01
_WORST_SIGMAS = 5.0  # a direction known no better than this many of the sensors' own sigmas counts as not observable
_LEAK = 0.02  # part of a not observable direction that makes a quantity not observable
_GAUGE = 1e10  # so much more than any information that the gauge holds to microseconds
_COMMON = 3  # unknowns of height before those of the sensors
_MANY = 30  # aircraft from which on their spread says more than the model
_FEWEST_REDUNDANT = 30.0  # degrees of freedom from which on the scatter of a sensor is believed
_NOISE_LIMITS = 0.2, 10.0


@dataclass(frozen=True)
class RegistrationParams:
    """What registration assumes where the plots say nothing.

    Pressure altitude is off by what the weather does to all (offset and scale, estimated with these priors) and by the
    aircraft's own altimeter. All figures are assumptions.
    """

    altimeter_sigma_m: float = 60.0
    pressure_offset_sigma_m: float = 150.0
    pressure_scale_sigma: float = 0.03
    unknown_height_m: float = 8_000.0
    """Height of an aircraft that reports none and of which no elevation is measured."""
    unknown_height_sigma_m: float = 4_000.0
    position_sigma_m: float = 50.0
    """Of each axis of a reported position for which neither plot nor sensor states one."""


@dataclass(frozen=True, eq=False)
class Biases:
    """What is added to each sensor's measurements, in the order of the sensors given; NaN = not observable."""

    sensor_id: Ints
    range_bias_m: Floats
    azimuth_bias_rad: Floats
    time_bias_s: Floats
    """Time stamps are late by this."""
    range_bias_sigma_m: Floats
    azimuth_bias_sigma_rad: Floats
    time_bias_sigma_s: Floats
    plots: Ints
    """Plots of the sensor that took part, with a weight above zero."""
    aircraft: Ints
    component: Ints
    """Sensors with the same number are tied by common aircraft; -1 = tied to none."""
    observable: Bools
    """(s, 3) range, azimuth, time."""
    reason: tuple[str, ...]
    """Why quantities of a sensor are not observable; empty if all are."""
    noise_ratio: Floats
    """(s, 2) scatter of range and azimuth found, divided by the stated sigma; NaN where too few plots tell."""
    covariance: Floats
    """(3 s, 3 s) of range, azimuth and time of the first sensor, then of the next."""
    chi_square_before: float
    """Of the residuals, by the stated sigmas and per degree of freedom, as if there were no bias."""
    chi_square_after: float
    pressure_offset_m: float
    """Height above the ellipsoid = pressure altitude * (1 + scale) + offset, on average."""
    pressure_scale: float
    gauge: str
    """What time is measured from: only differences between sensors are observable."""
    settled: bool
    """Whether the estimate came to rest; if not, it is worth less than its standard deviations say."""


class _Solution(NamedTuple):
    """One step of Gauss-Newton over the global unknowns: heights' three, then three for each sensor."""

    step: Floats
    covariance: Floats
    hidden: Bools
    """(3 s,) which biases are not observable."""


class _Fit(NamedTuple):
    """What an estimation works on; arrays are written over from pass to pass."""

    ready: Prepared
    sensor_id: Ints
    time_reference: int | None
    stated: Floats
    """(n, 2) 1 / stated sigma of each plot."""
    noise_ratio: Floats
    biases: Floats
    """(3 + 3 s,) present estimate."""
    weight: Floats
    unit: Floats
    """(3 + 3 s,) what counts as one: prior sigmas of the heights, sigmas of the sensors."""
    shared: Ints
    """(s,) see `shared_aircraft`"""


def estimate_biases(
    detections: Detections,
    sensors: Sensors,
    world: Frame,
    *,
    aircraft: ArrayLike | None = None,
    time_reference: int | None = None,
    params: RegistrationParams | None = None,
) -> Biases:
    """Return the biases of the sensors from plots (n rows, any order) of aircraft that two or more of them see.

    `aircraft` (n,) is a key of each plot's aircraft, -1 = none; without it, the Mode S address. Sensors of kind `ads_b`
    and `mlat` are references without bias. The mean time bias of the radars that common aircraft tie together is zero,
    unless a reference, or the radar `time_reference`, is among them. Standard deviations rest on the scatter found,
    not on the stated one, and are the larger of what least squares says and what the spread between aircraft says.
    Not modelled: a scale error of range, biases that change with azimuth or time, errors of the radars' own places.
    Raises UseError for a sensor that is not in `sensors`, a plot without standard deviation, or keys of another length.

    >>> from chainhome.earth.geodesy import enu_frame
    >>> radar = Sensors.make(sensor_id=[3], lat_deg=40.0, lon_deg=32.0, height_m=0.0)
    >>> found = estimate_biases(Detections.make(0), radar, enu_frame(0.7, 0.56, 0.0))
    >>> found.observable.tolist(), found.reason
    ([[False, False, False]], ('no aircraft in common with another sensor',))
    """
    from chainhome.tracking.registration_windows import prepared

    keys = np.asarray(detections.mode_s_address if aircraft is None else aircraft)
    if keys.shape != (len(detections),) or keys.dtype.kind not in "iu":
        raise UseError(f"aircraft: {keys.dtype} of shape {keys.shape} given, expected integers ({len(detections)},)")
    if time_reference is not None and time_reference not in sensors.sensor_id:
        raise UseError(f"time_reference: sensor_id {time_reference} given, which is not in sensors")
    assumed = params or RegistrationParams()
    ready = prepared(detections, sensors, world, keys.astype(np.int64), assumed)
    fit = _begin(ready, sensors, time_reference, assumed)._replace(shared=shared_aircraft(detections, sensors, keys))
    if not len(ready.row):
        return _record(fit, None, np.nan, np.nan, settled=True)
    solution, settled = _iterate(fit)
    if solution.hidden.all():
        return _record(fit, solution, np.nan, np.nan, settled=settled)
    after = _chi_square(fit, _pass(fit, 1.0, keep_choice=True), int((~solution.hidden).sum()))
    found = fit.biases.copy()
    fit.biases[_COMMON:] = 0.0
    before = _chi_square(fit, _pass(fit, 1.0, keep_choice=True), 0)
    fit.biases[:] = found
    return _record(fit, solution, before, after, settled=settled)


def without_bias(detections: Detections, biases: Biases) -> Detections:
    """Return the detections with the biases taken off range, azimuth (in [0, 2 pi)) and time, row by row as given.

    What is not observable stays as it is. Rows keep their places, so times can end up slightly out of order. Raises
    UseError for a sensor that is not in `biases`.
    """
    order = np.argsort(biases.sensor_id, kind="stable")
    known = biases.sensor_id[order]
    at = np.minimum(np.searchsorted(known, detections.sensor_id), max(len(known) - 1, 0))
    strangers = known[at] != detections.sensor_id if len(known) else np.ones(len(detections), np.bool_)
    if strangers.any():
        raise UseError(f"detections of sensor_id {detections.sensor_id[strangers][0]}, which is not in biases")
    off = np.nan_to_num(np.column_stack([biases.range_bias_m, biases.azimuth_bias_rad, biases.time_bias_s]))
    off = off[order[at]]
    azimuth = np.mod(detections.azimuth_rad - off[:, 1], 2.0 * np.pi)
    return replace(
        detections,
        range_m=detections.range_m - off[:, 0],
        azimuth_rad=np.where(azimuth >= 2.0 * np.pi, 0.0, azimuth),
        time_s=detections.time_s - off[:, 2],
    )


def _begin(ready: Prepared, sensors: Sensors, time_reference: int | None, params: RegistrationParams) -> _Fit:
    """Return the fit before its first pass: no biases, the stated noise, motion from a straight line."""
    count, stated, sensor = len(sensors), ready.plots.inverse_sigma.copy(), ready.plots.sensor
    heights = [params.pressure_offset_sigma_m, params.unknown_height_sigma_m, params.pressure_scale_sigma]
    unit = np.ones((count, 3))
    for q in range(2):
        # The unit of a bias is the smallest sigma that takes part, or 1 where nothing was measured.
        largest = np.zeros(count)
        np.maximum.at(largest, sensor, stated[:, q])
        unit[:, q] = np.divide(1.0, largest, out=np.ones(count), where=largest > 0)
    unit[:, 2] = _TIME_UNIT_S
    if len(ready.row):
        from chainhome.tracking.registration_kernels import first_motion

        arm = np.where(ready.plots.polar, np.nan_to_num(ready.plots.range_m), 1.0)
        with np.errstate(divide="ignore"):
            variance = 1.0 / stated[:, 0] ** 2 + (arm / stated[:, 1]) ** 2
        first_motion(ready.plots, ready.windows, 1.0 / variance)
    return _Fit(
        ready,
        sensors.sensor_id,
        time_reference,
        stated,
        np.ones((count, 2)),
        np.zeros(_COMMON + 3 * count),
        np.ones(len(ready.row)),
        np.concatenate([heights, unit.ravel()]),
        np.zeros(count, np.int64),
    )


def _iterate(fit: _Fit) -> tuple[_Solution, bool]:
    """Return the last step, and whether the estimate has come to rest."""
    aircraft = fit.ready.aircraft
    for number in range(_MOST_PASSES):
        loosen = _LOOSE[number] if number < len(_LOOSE) else 1.0
        sums = _pass(fit, loosen, keep_choice=False)
        solution = _solve(fit, sums)
        fit.biases[:] += solution.step
        aircraft.height_error_m[:] += (aircraft.own[:, 1] - aircraft.cross @ solution.step) / aircraft.own[:, 0]
        changed = _renew_noise(fit, sums) if number >= len(_LOOSE) - 1 else np.inf
        sigma = np.sqrt(np.diag(solution.covariance)[_COMMON:])
        moved = np.divide(np.abs(solution.step[_COMMON:]), sigma, out=np.zeros_like(sigma), where=sigma > 0)
        if number > len(_LOOSE) and moved.max() < _STILL and changed < _NOISE_STILL:
            return solution, True
    return solution, False


def _pass(fit: _Fit, loosen: float, *, keep_choice: bool) -> Sums:
    """Run the compiled pass over all windows about the present estimate."""
    from chainhome.tracking import registration_kernels as kernels

    ready, unknowns, sensors = fit.ready, len(fit.biases), len(fit.sensor_id)
    longest = int((ready.windows.stop - ready.windows.start).max())
    size = kernels.FIRST_SENSOR + 3 * sensors
    work = kernels.Work(
        np.zeros((size, size)),
        np.zeros((10, 10)),
        np.zeros((2 * longest, 15)),
        np.full(sensors, -2, np.int64),
        np.zeros(size, np.int64),
        np.zeros(6),
        np.zeros(unknowns),
        np.zeros(unknowns),
        np.zeros(2),
    )
    sums = kernels.Sums(
        np.zeros((unknowns, unknowns)),
        np.zeros(unknowns),
        np.zeros((unknowns, unknowns)),
        np.zeros((sensors, 2)),
        np.zeros((sensors, 2)),
    )
    np.divide(fit.stated, fit.noise_ratio[ready.plots.sensor], out=ready.plots.inverse_sigma)
    options = kernels.Options(loosen, loosen < _LOOSE[-1], loosen <= _LOOSE[-1], keep_choice)
    kernels.registration_pass(
        ready.plots, ready.windows, ready.aircraft, ready.sites, fit.biases, fit.weight, work, sums, options
    )
    return sums


def _solve(fit: _Fit, sums: Sums) -> _Solution:
    """Return the step in the directions that the plots determine; the others keep their place."""
    unit = fit.unit
    normal = sums.normal * unit[:, None] * unit[None, :]
    gradient = sums.gradient * unit
    heights = np.arange(_COMMON)
    normal[heights, heights] += 1.0
    gradient[heights] -= fit.biases[heights] / unit[heights]
    for gauge in _gauges(fit):
        normal += _GAUGE * np.outer(gauge, gauge)
        gradient -= _GAUGE * gauge * (gauge @ (fit.biases / unit))
    value, vector = np.linalg.eigh(normal)
    known = value > _WORST_SIGMAS**-2
    inverse = (vector[:, known] / value[known]) @ vector[:, known].T
    leak = np.sqrt((vector[:, ~known] ** 2).sum(axis=1))
    spread = inverse @ (sums.meat * unit[:, None] * unit[None, :]) @ inverse
    # The spread between aircraft counts whatever the model forgets, but needs many of them.
    flights, stretch = len(fit.ready.key), np.ones(len(unit))
    if flights >= _MANY:
        wider = np.diag(spread) / np.maximum(np.diag(inverse), 1e-300) * flights / (flights - 1)
        stretch = np.sqrt(np.maximum(wider, 1.0))
    covariance = inverse * np.outer(stretch * unit, stretch * unit)
    return _Solution(inverse @ gradient * unit, covariance, leak[_COMMON:] > _LEAK)


def _gauges(fit: _Fit) -> list[Floats]:
    """Return for each group of tied radars the combination of time biases that is zero by convention."""
    from chainhome.tracking.registration_windows import tied_sensors

    component, estimated = tied_sensors(fit.ready, fit.weight), fit.ready.sites.estimated
    gauges = []
    for number in range(int(component.max(initial=-1)) + 1):
        member = np.flatnonzero(component == number)
        if not estimated[member].all():
            continue
        chosen = member[fit.sensor_id[member] == fit.time_reference] if fit.time_reference is not None else member[:0]
        gauge = np.zeros(len(fit.biases))
        gauge[_COMMON + 3 * (chosen if len(chosen) else member) + 2] = 1.0
        gauges.append(gauge)
    return gauges


def _renew_noise(fit: _Fit, sums: Sums) -> float:
    """Bring the noise of each sensor to the scatter found, and return the largest change (a ratio less one)."""
    factor = np.ones_like(fit.noise_ratio)
    told = sums.redundancy > _FEWEST_REDUNDANT
    factor[told] = np.sqrt(sums.square[told] / sums.redundancy[told])
    renewed = np.clip(fit.noise_ratio * factor, *_NOISE_LIMITS)
    changed = float(np.abs(renewed / fit.noise_ratio - 1.0).max())
    fit.noise_ratio[:] = renewed
    return changed


def _chi_square(fit: _Fit, sums: Sums, unknowns: int) -> float:
    """Return the residuals' chi-square by the stated sigmas, per degree of freedom."""
    freedom = float(sums.redundancy.sum()) - unknowns
    return float((sums.square * fit.noise_ratio**2).sum() / freedom) if freedom > 0 else np.nan


def _record(fit: _Fit, solution: _Solution | None, before: float, after: float, *, settled: bool) -> Biases:
    """Return what was found as a record."""
    from chainhome.tracking.registration_windows import taking_part, tied_sensors, window_numbers

    count, ready = len(fit.sensor_id), fit.ready
    part, component = taking_part(ready, fit.weight), tied_sensors(ready, fit.weight)
    sensor, flight = ready.plots.sensor[part], ready.windows.aircraft[window_numbers(ready)[part]]
    pairs = np.unique(sensor + count * flight) % count
    estimated = ready.sites.estimated
    hidden = np.ones((count, 3), np.bool_) if solution is None else solution.hidden.reshape(count, 3).copy()
    hidden[component < 0] = True
    hidden[~estimated] = False
    shown = ~hidden.ravel()
    covariance = np.full((3 * count, 3 * count), np.nan)
    covariance[np.ix_(shown, shown)] = 0.0
    if solution is not None:
        moving = shown & np.repeat(estimated, 3)
        both = np.ix_(moving, moving)
        covariance[both] = solution.covariance[_COMMON:, _COMMON:][both]
    value = np.where(hidden, np.nan, fit.biases[_COMMON:].reshape(count, 3))
    sigma = np.sqrt(np.diag(covariance)).reshape(count, 3)
    told = np.isfinite(fit.noise_ratio) & (np.bincount(sensor, minlength=count) > _FEWEST_REDUNDANT)[:, None]
    return Biases(
        fit.sensor_id,
        *(value[:, 0], value[:, 1], value[:, 2]),
        *(sigma[:, 0], sigma[:, 1], sigma[:, 2]),
        np.bincount(sensor, minlength=count),
        np.bincount(pairs, minlength=count),
        component,
        ~hidden,
        tuple(
            reason_of(c < 0, row, met, shared)
            for c, row, met, shared in zip(component, hidden, met_aircraft(ready, count), fit.shared, strict=True)
        ),
        np.where(told, fit.noise_ratio, np.nan),
        covariance,
        before,
        after,
        float(fit.biases[0]),
        float(fit.biases[2]),
        _gauge_words(fit, component),
        settled,
    )


def _gauge_words(fit: _Fit, component: Ints) -> str:
    """Return in words what the time biases of each group are measured from."""
    words = []
    for number in range(int(component.max(initial=-1)) + 1):
        member = np.flatnonzero(component == number)
        fixed = fit.sensor_id[member[~fit.ready.sites.estimated[member]]].tolist()
        names = ", ".join(str(key) for key in fit.sensor_id[member].tolist())
        if fixed:
            words.append(f"sensors {names}: time of reference {', '.join(str(key) for key in fixed)}")
        elif fit.time_reference in fit.sensor_id[member]:
            words.append(f"sensors {names}: time of sensor {fit.time_reference}")
        else:
            words.append(f"sensors {names}: mean time bias is zero")
    return "; ".join(words)

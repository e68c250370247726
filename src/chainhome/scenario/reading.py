"""Claims → the SI figures that the physics needs, at the value or at one end of every band (docs/reading-claims.md).

`end` is "value", "low" (each claim at its unfavourable end, seen from the defender) or "high" (each at its favourable
end). What no claim gives is NaN, or the assumption of a rule, which is then named in `rules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome import earth, sensors
from chainhome.catalogue import Aircraft, Claim, Interceptor, Radar, System
from chainhome.errors import UseError

End = Literal["low", "value", "high"]
ENDS: tuple[End, ...] = ("value", "low", "high")

# range-without-rcs: unfavourable, value, favourable radar cross section in m².
ASSUMED_RCS_M2: dict[End, float] = {"low": 5.0, "value": float(np.sqrt(5.0)), "high": 1.0}
# range-without-pd: the probability that the publisher had in mind.
ASSUMED_PD: dict[End, float] = {"low": 0.5, "value": 0.5, "high": 0.9}
FALSE_ALARM_PROBABILITY = 1e-6
SWERLING_CASE = 1
BAND_FREQUENCY_HZ = {"VHF": 0.17e9, "UHF": 0.43e9, "L": 1.3e9, "S": 3.0e9, "C": 5.5e9, "G": 5.5e9, "X": 9.5e9}
# reference-path: how high the target of a published range is taken to fly, above the site.
REFERENCE_TARGET_HEIGHT_M = 10_000.0
# bearings, range-end: how finely the ground around a radar is swept.
FAN_BEARINGS = 360
FAN_STEP_M = 500.0
# line-of-sight: factor on the earth's radius.
EARTH_FACTOR: dict[End, float] = {"low": 1.0, "value": 4.0 / 3.0, "high": 1.6}


@dataclass(frozen=True)
class RadarFigures:
    """A radar as the physics needs it, in SI units; NaN where nothing is published."""

    key: str
    name: str
    frequency_hz: float
    instrumented_m: float
    reference_range_m: float
    reference_rcs_m2: float
    reference_pd: float
    period_s: float
    sector_width_rad: float
    range_sigma_m: float
    azimuth_sigma_rad: float
    elevation_sigma_rad: float
    rules: tuple[str, ...]


@dataclass(frozen=True)
class InterceptorFigures:
    """An interceptor as the timeline needs it, in SI units."""

    key: str
    name: str
    max_range_m: float
    min_range_m: float
    min_altitude_m: float
    max_altitude_m: float
    average_speed_mps: float
    ballistic_range_m: float
    ballistic_max_altitude_m: float
    ballistic_min_altitude_m: float


@dataclass(frozen=True)
class TargetFigures:
    """A target class as the physics needs it, in SI units."""

    key: str
    name: str
    rcs_m2: float
    speed_mps: float
    flight_range_m: float
    shape: str
    spread_db: float


def at(claims: Mapping[str, Claim], name: str, end: End, *, more_is_better: bool = True) -> float:
    """Return a claim in SI units at its value or at the end that is (un)favourable; NaN where there is none.

    `more_is_better` says which end is the favourable one for the defender.
    """
    claim = claims.get(name)
    if claim is None or isinstance(claim.value, str):
        return float("nan")
    band = claim.si
    if end == "value":
        return band.value
    return band.low if (end == "low") == more_is_better else band.high


def word(claims: Mapping[str, Claim], name: str, default: str = "") -> str:
    """Return a claim in words, or `default` where there is none."""
    claim = claims.get(name)
    return default if claim is None else str(claim.value)


def band_frequency_hz(text: str) -> float:
    """Return the middle of the band that a claim names by its letter; NaN for an unknown letter or none.

    >>> band_frequency_hz("S")
    3000000000.0
    """
    letter = text.split()[0].split("/")[0].strip("(),;") if text.split() else ""
    return BAND_FREQUENCY_HZ.get(letter, float("nan"))


def radar_figures(radar: Radar, end: End) -> RadarFigures:
    """Read a radar's claims at one end; UseError where nothing at all is published of its range."""
    claims = radar.claims
    rules = ["band", "fourth-root", "range-without-pd"]
    reference = at(claims, "reference_range", end)
    if not np.isfinite(reference):
        raise UseError(f"{radar.key}: no detection range of this radar is published, so nothing can be computed")
    rcs = at(claims, "reference_rcs", end, more_is_better=False)
    if not np.isfinite(rcs):
        rcs = ASSUMED_RCS_M2[end]
        rules.append("range-without-rcs")
    frequency = at(claims, "frequency", "value")
    if not np.isfinite(frequency):
        frequency = band_frequency_hz(word(claims, "band"))
        rules.append("frequency-band")
    instrumented = at(claims, "instrumented_range", end)
    if np.isfinite(instrumented):
        rules.append("instrumented")
    sector = at(claims, "sector_width", "value")
    if np.isfinite(sector):
        rules.append("sector")
    # A sector that stares is revisited; the claims say how often, published or assumed.
    period = at(claims, "rotation_period", end, more_is_better=False)
    if not np.isfinite(period):
        period = at(claims, "revisit_period", end, more_is_better=False)
    return RadarFigures(
        key=radar.key,
        name=radar.name,
        frequency_hz=frequency,
        instrumented_m=instrumented,
        reference_range_m=reference,
        reference_rcs_m2=rcs,
        reference_pd=ASSUMED_PD[end],
        period_s=period,
        sector_width_rad=sector if sector < 2 * np.pi - 1e-9 else float("nan"),
        range_sigma_m=at(claims, "range_accuracy", end, more_is_better=False),
        azimuth_sigma_rad=at(claims, "azimuth_accuracy", end, more_is_better=False),
        elevation_sigma_rad=at(claims, "elevation_accuracy", end, more_is_better=False),
        rules=tuple(rules),
    )


def interceptor_figures(interceptor: Interceptor, end: End) -> InterceptorFigures:
    """Read an interceptor's claims at one end."""
    claims = interceptor.claims
    return InterceptorFigures(
        key=interceptor.key,
        name=interceptor.name,
        max_range_m=at(claims, "max_range", end),
        min_range_m=at(claims, "min_range", end, more_is_better=False),
        min_altitude_m=at(claims, "min_altitude", end, more_is_better=False),
        max_altitude_m=at(claims, "max_altitude", end),
        average_speed_mps=at(claims, "average_speed", end),
        ballistic_range_m=at(claims, "ballistic_range", end),
        ballistic_max_altitude_m=_first(claims, ("ballistic_max_altitude", "max_altitude"), end, more_is_better=True),
        ballistic_min_altitude_m=_first(claims, ("ballistic_min_altitude", "min_altitude"), end, more_is_better=False),
    )


def _first(claims: Mapping[str, Claim], names: tuple[str, ...], end: End, *, more_is_better: bool) -> float:
    """Return the first of several claims that exists."""
    found = [at(claims, name, end, more_is_better=more_is_better) for name in names]
    return next((value for value in found if np.isfinite(value)), float("nan"))


def target_figures(aircraft: Aircraft, end: End) -> TargetFigures:
    """Read a target class at one end; a larger cross section counts as favourable for the defender.

    Speed and flight range stand at the same end of their own bands, though neither end is always favourable.
    """
    claims = aircraft.claims
    return TargetFigures(
        key=aircraft.key,
        name=aircraft.name,
        rcs_m2=at(claims, "rcs", end),
        speed_mps=at(claims, "cruise_speed", end),
        flight_range_m=at(claims, "flight_range", end),
        shape=word(claims, "shape", "flat"),
        spread_db=max(0.0, float(np.nan_to_num(at(claims, "spread_db", "value")))),
    )


def reaction_time_s(system: System, end: End) -> float:
    """Return the reaction time of a system; NaN where none is published."""
    return at(system.claims, "reaction_time", end, more_is_better=False)


def gas_beyond_reference_db(
    figures: RadarFigures, view: earth.Fan | earth.Surface, altitude_m: ArrayLike, ground_range_m: ArrayLike
) -> NDArray[np.float64]:
    """Return the two-way gas loss of paths (broadcast) less that of the published range's own path.

    Altitudes above mean sea level, ranges along the ground, both from the view's site. Zero where no band is known.
    """
    altitude, ground = np.broadcast_arrays(np.asarray(altitude_m, np.float64), np.asarray(ground_range_m, np.float64))
    if not np.isfinite(figures.frequency_hz):
        return np.zeros(altitude.shape)
    mast, radius = view.antenna_msl_m, view.radius_m
    reference_height = view.site_ground_m + REFERENCE_TARGET_HEIGHT_M
    paid = sensors.gas_loss_db(figures.frequency_hz, mast, reference_height, figures.reference_range_m, radius)
    return np.asarray(sensors.gas_loss_db(figures.frequency_hz, mast, altitude, ground, radius) - paid)

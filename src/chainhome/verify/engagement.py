"""Engagement arithmetic: timelines, salvoes, leakers, magazines; closed forms."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from chainhome import earth, engagement
from chainhome.verify.rows import Check

SUBJECT = "engagement"
CLOSED = "closed form"
HALF_KM, THREE_DIGITS, TWO_DIGITS = 0.051, 5.1e-4, 5.1e-3


def checks() -> list[Check]:
    """Return the rows of this subject."""
    return _timeline() + _salvoes() + _magazines()


def _row(name: str, published: float, ours: float | NDArray[Any], tolerance: float, unit: str = "") -> Check:
    return Check(SUBJECT, name, published, float(ours), tolerance, "last printed digit", unit, CLOSED)


def _timeline() -> list[Check]:
    found = []
    for antenna, seen_km, out_s, met_km in ((10.0, 42.2, 176.0, 31.4), (24.0, 49.3, 206.0, 37.1)):
        seen = float(earth.horizon_range_m(antenna, 50.0))
        met = float(engagement.earliest_intercept_m(seen, 240.0, 10.0, 900.0))
        which = f"cruise missile at 50 m, antenna {antenna:g} m"
        found += [
            _row(f"{which}: first seen", seen_km, seen / 1e3, HALF_KM, "km"),
            _row(f"{which}: time out", out_s, seen / 240.0, 0.51, "s"),
            _row(f"{which}: earliest intercept", met_km, met / 1e3, HALF_KM, "km"),
        ]
    return found


def _salvoes() -> list[Check]:
    found = []
    for p, n, killed, rounds in ((0.7, 2, 0.910, 1.30), (0.8, 3, 0.992, 1.24)):
        found += [
            _row(f"salvo of {n}, p {p:g}: kill", killed, engagement.salvo_kill_probability(p, n), THREE_DIGITS),
            _row(
                f"shoot-look-shoot, {n} looks, p {p:g}: rounds",
                rounds,
                engagement.shoot_look_shoot_rounds(p, n),
                TWO_DIGITS,
            ),
        ]
    for p, n, raid, none in ((0.8, 1, 8, 0.168), (0.7, 2, 10, 0.3894), (0.9, 2, 10, 0.9044)):
        ours = engagement.no_leaker_probability(p, n, raid)
        found.append(_row(f"no leaker of {raid}, p {p:g}, {n} each", none, ours, THREE_DIGITS))
    common = engagement.no_leaker_probability(0.8, 2, 10, p_common=0.9)
    layers = engagement.layered_kill_probability([0.7, 0.5, 0.4])
    return [
        *found,
        _row("no leaker of 10, failure drawn once per raid", 0.598, common, THREE_DIGITS),
        _row("layers of 0.7, 0.5, 0.4", 0.91, layers, THREE_DIGITS),
        _row("3 v 3, strike 3, defence 2, staying 1: lost", 3.0, engagement.hughes_salvo_losses(3, 3, 3, 2, 1), 1e-9),
    ]


def _magazines() -> list[Check]:
    found = []
    for p, even, looks in ((0.5, 5.000, 4.048), (0.7, 2.760, 1.391), (0.9, 0.840, 0.124)):
        found += [
            _row(f"16 rounds, 12 targets, p {p:g}: even", even, engagement.even_fire_leakers(p, 16, 12), THREE_DIGITS),
            _row(
                f"16 rounds, 12 targets, p {p:g}: two looks",
                looks,
                engagement.shoot_look_shoot_leakers(p, 16, 12, looks=2),
                THREE_DIGITS,
            ),
        ]
    for p, spread, salvo in ((0.5, 24.0, 28.0), (0.7, 17.6, 25.44), (0.9, 11.2, 24.16)):
        found += [
            _row(
                f"32 rounds, 40 targets, p {p:g}: one each", spread, engagement.even_fire_leakers(p, 32, 40), TWO_DIGITS
            ),
            _row(
                f"32 rounds, 40 targets, p {p:g}: salvoes of two",
                salvo,
                engagement.salvo_fire_leakers(p, 32, 40, 2),
                TWO_DIGITS,
            ),
        ]
    return found

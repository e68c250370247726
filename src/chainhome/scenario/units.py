"""What a user writes → SI floats: the only place where "450 kt" on a command line or in a scenario becomes m/s.

(The catalogue's figures carry a unit of a short fixed list; `Claim.si` converts those.)
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from chainhome.errors import UseError

# Dimension → (SI unit, an example for the error message).
DIMENSIONS: dict[str, tuple[str, str]] = {
    "length": ("m", "24 m"),
    "time": ("s", "12 s"),
    "speed": ("m/s", "450 kt"),
    "angle": ("rad", "0.15 deg"),
    "area": ("m**2", "2 m2"),
    "frequency": ("Hz", "3 GHz"),
    "acceleration": ("m/s**2", "4 g"),
}

# Units that people write most; whatever else pint knows of the dimension works too.
UNITS = {
    "length": ("m", "km", "ft", "NM"),
    "time": ("s", "min", "h"),
    "speed": ("m/s", "km/h", "kt", "ft/min"),
    "angle": ("deg", "rad", "mrad"),
    "area": ("m2",),
    "frequency": ("Hz", "kHz", "MHz", "GHz"),
    "acceleration": ("m/s2", "g"),
}

# What is larger is a slip of the pen: bounds in SI.
LARGEST = {
    "length": 2e7,
    "time": 30 * 86_400.0,
    "speed": 20_000.0,
    "angle": 100.0,
    "area": 1e7,
    "frequency": 1e12,
    "acceleration": 1e4,
}

_SYNONYMS = {
    "m2": "m**2",
    "m²": "m**2",
    "°": " deg",
    "g": "standard_gravity",
    "kts": "kt",
    "metres": "m",
    "meters": "m",
    "NM": "nautical_mile",
    "m/s2": "m/s**2",
    "m/s²": "m/s**2",
}
# What reads as one unit and is meant as another is refused.
_MISTAKEN = {("nm", "length"): '"nm" is a nanometre; write NM for nautical miles'}
_QUANTITY = re.compile(r"\s*([-+]?(?:\d+(?:[ _,]\d{3})*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*")


@cache
def _registry() -> Any:
    import pint

    return pint.UnitRegistry()


@cache
def _factor(unit: str, dimension: str) -> float:
    """Return what one `unit` is in SI; raises KeyError where the unit is unknown or of another dimension."""
    import pint

    registry = _registry()
    si, _ = DIMENSIONS[dimension]
    try:
        return float(registry.Quantity(1.0, _SYNONYMS.get(unit, unit)).to(si).magnitude)
    except (pint.PintError, AttributeError, TypeError, AssertionError, ValueError, ArithmeticError) as error:
        raise KeyError(unit) from error


def wanted_words(dimension: str) -> str:
    """Return what a message says was expected: an example, and the units that are written most.

    >>> wanted_words("length")
    'expected a length such as "24 m" (in m, km, ft or NM)'
    """
    *others, last = UNITS[dimension]
    units = f"{', '.join(others)} or {last}" if others else last
    article = "an" if dimension[0] in "aeiou" else "a"
    return f'expected {article} {dimension} such as "{DIMENSIONS[dimension][1]}" (in {units})'


def quantity(
    given: object,
    dimension: str,
    where: str,
    *,
    bare_si: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
) -> float:
    """Return a quantity such as `"450 kt"` in SI units.

    `where` names the place for the error message; `bare_si` allows a number without a unit, read as SI; `minimum` and
    `maximum` (SI) bound the value, by default to what can happen near the earth. Raises UseError for a missing or
    unknown unit, another dimension, or a value out of bounds.

    >>> round(quantity("450 kt", "speed", "speed"), 2)
    231.5
    >>> quantity("0.5 km", "length", "altitude", minimum=0.0)
    500.0
    """
    si, _ = DIMENSIONS[dimension]
    shown = f'"{given}"' if isinstance(given, str) else str(given)
    wanted = wanted_words(dimension)
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        text = str(given)
    elif isinstance(given, str):
        text = given
    else:
        raise UseError(f"{where} = {shown}: {wanted}")
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise UseError(f"{where} = {shown}: {wanted}")
    number = float(re.sub(r"[ _,]", "", match.group(1)))
    unit = match.group(2)
    if not unit and not bare_si:
        raise UseError(f"{where} = {shown} has no unit; {wanted}")
    if (unit, dimension) in _MISTAKEN:
        raise UseError(f"{where} = {shown}: {_MISTAKEN[unit, dimension]}")
    try:
        value = number * (_factor(unit, dimension) if unit else 1.0)
    except KeyError:
        raise UseError(f'{where} = {shown}: "{unit}" is not a unit of {dimension}; {wanted}') from None
    most = LARGEST[dimension] if maximum is None else maximum
    if not abs(value) <= most:
        raise UseError(f"{where} = {shown} must be at most {most:g} {si}")
    if minimum is not None and value < minimum:
        least = "must not be negative" if minimum == 0.0 else f"must be at least {minimum:g} {si}"
        raise UseError(f"{where} = {shown} {least}")
    return value

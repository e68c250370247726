"""Quantities: what people write, and what is refused with a sentence."""

import pytest

from chainhome.errors import UseError
from chainhome.scenario import quantity
from chainhome.scenario.units import DIMENSIONS, UNITS


@pytest.mark.parametrize(
    ("text", "dimension", "expected"),
    [
        ("24 m", "length", 24.0),
        ("402km", "length", 402_000.0),
        ("20000 ft", "length", 6096.0),
        ("20,000 ft", "length", 6096.0),
        ("1e3 m", "length", 1000.0),
        (".5 km", "length", 500.0),
        ("108 NM", "length", 200_016.0),
        ("60nmi", "length", 111_120.0),
        ("450 kt", "speed", 231.5),
        ("900 km/h", "speed", 250.0),
        ("60 min", "time", 3600.0),
        ("180 deg", "angle", 3.141592653589793),
        ("2 m2", "area", 2.0),
        ("3 GHz", "frequency", 3e9),
        ("4 g", "acceleration", 39.2266),
        ("4 m/s2", "acceleration", 4.0),
    ],
)
def test_a_quantity_becomes_si(text: str, dimension: str, expected: float) -> None:
    assert quantity(text, dimension, "here") == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("24 parsnips", '"parsnips" is not a unit of length; expected a length such as "24 m" (in m, km, ft or NM)'),
        ("24 s", '"s" is not a unit of length'),
        ("24", "has no unit"),
        ("m", "expected a length such as"),
        ("", "expected a length such as"),
        ("nan m", "expected a length such as"),
        ("-5 km", "must not be negative"),
        ("1e400 m", "must be at most"),
        ("100m 200m", "is not a unit of length"),
        ("2 min 30 s", "is not a unit of length"),
        (True, "expected a length such as"),
    ],
)
def test_what_cannot_be_a_length_is_refused_with_place_and_example(text: object, sentence: str) -> None:
    with pytest.raises(UseError) as caught:
        quantity(text, "length", 'first-trial.toml: battery "north": antenna', minimum=0.0)
    assert sentence in str(caught.value)
    assert 'battery "north": antenna' in str(caught.value)


def test_a_bare_number_counts_as_si_only_where_it_may() -> None:
    assert quantity("100", "length", "--altitude", bare_si=True) == 100.0


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_every_unit_that_a_message_names_works(dimension: str) -> None:
    with pytest.raises(UseError) as caught:
        quantity("1 parsnip", dimension, "here")
    for unit in UNITS[dimension]:
        assert unit in str(caught.value)
        assert quantity(f"1 {unit}", dimension, "here") > 0.0
        assert quantity(f"1{unit}", dimension, "here") > 0.0


@pytest.mark.parametrize("least", [None, 1.0])
def test_nm_is_no_nautical_mile_and_the_message_says_what_is(least: float | None) -> None:
    with pytest.raises(UseError) as caught:
        quantity("108 nm", "length", 'sensor "North": max_range', minimum=least)
    assert str(caught.value) == (
        'sensor "North": max_range = "108 nm": "nm" is a nanometre; write NM for nautical miles'
    )

"""The reading rules that only coverage has, one sentence each, beside those of `reach`; every result names its own."""

from __future__ import annotations

from collections.abc import Iterable

from chainhome import reach

RULES: dict[str, str] = {
    "coverage-cell": "each cell is read at its middle; ranges are geodesic, areas those of a sphere",
    "coverage-limit": "a cell not detected is counted once, in the order: below ground, sector, instrumented range, "
    "horizon (of a smooth earth at the level of the site), terrain, then the weaker of noise and clutter",
    "coverage-share": "shares are of the area of the disc that the seller's range draws round the site; over a smooth "
    "earth: at the level of the site, all else alike",
    "cumulative": "cumulative: a level flight straight in from the edge of the disc that is computed, at its cruise "
    "speed, one independent look each scan period, clutter as new each time as noise; an upper bound",
    "boresight": "off the middle of its sector a flat array loses cos³ of the angle, two ways, if told where it looks",
    "refraction": "none: straight rays over the earth's own radius at every end; crpl: rays through an exponential "
    "atmosphere as the value, 1.0 and 1.6 of the earth's radius as its ends",
    "lobing": "two rays off a smooth sphere at the level of the site, equally strong, where the ground that reflects "
    "is in view and level to a quarter wave; diffraction near the horizon; lobes are examples; assumed",
    "rain": "rain of one rate fills every path below 2.67 km above the sea (ITU-R P.838, horizontal), an upper bound; "
    "its own echo is left out",
}


def in_order(used: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return (key, sentence) of the rules used, those of `reach` first; KeyError for one that neither has."""
    every = reach.RULES | RULES
    wanted = set(used)
    if unknown := wanted - set(every):
        raise KeyError(f"no reading rule {', '.join(sorted(unknown))}")
    return tuple((key, text) for key, text in every.items() if key in wanted)

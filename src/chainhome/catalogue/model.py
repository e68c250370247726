"""The records of the catalogue: a claim with its band and source, and what claims are about.

Nothing here reads a file or knows a figure. Values stand as their source wrote them, with the unit beside them;
`Claim.si` gives the same band in SI units and radians, so that every reader converts in one place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from chainhome.constants import FOOT_M, KNOT_MPS, NAUTICAL_MILE_M

CONFIDENCES = ("high", "medium", "low")
STATUSES = ("published", "derived", "assumed", "unverified")
SOURCE_KINDS = ("found", "secondary", "recalled")
RADAR_ROLES = ("search", "engagement", "multifunction")
PRESETS = ("headline", "middle", "sceptic")
SHAPES = ("fighter", "airliner", "missile", "drone")
OPEN_MODES = ("mode-1", "mode-2", "mode-3a", "mode-c", "mode-s", "ads-b")
SECURE_MODES = ("mode-4", "mode-5", "russian-secure", "turkish-secure", "chinese-secure")
# The dated steps of a stay, in the order in which they come; `last_reported` stands beside them.
STEPS = (
    "delivery_began", "delivered", "activation_planned", "activated", "activation_complete", "withdrawal_announced",
    "switched_off", "withdrawn",
)  # fmt: skip
POSTING_CLAIMS = ("units", *STEPS, "last_reported")
KEY_DOMAINS = ("nato", "russia", "turkey", "china", "civil", "none")

# Unit as written -> factor to SI. Counts and ratios keep their number; "g" and "Mach" stay multiples.
UNITS: Final[Mapping[str, float]] = {
    "": 1.0,
    "m": 1.0,
    "km": 1e3,
    "ft": FOOT_M,
    "nmi": NAUTICAL_MILE_M,
    "m2": 1.0,
    "s": 1.0,
    "min": 60.0,
    "m/s": 1.0,
    "km/h": 1.0 / 3.6,
    "kt": KNOT_MPS,
    "deg": math.pi / 180.0,
    "GHz": 1e9,
    "dB": 1.0,
    "dB/km": 1e-3,
    "dBm": 1.0,
    "g": 1.0,
    "Mach": 1.0,
    "USD bn": 1e9,
    "battalions": 1.0,
    "fire units": 1.0,
    "launchers": 1.0,
    "missiles": 1.0,
    "targets": 1.0,
}


class Band(NamedTuple):
    """A value with its low and high end, in SI units and radians; without a published band all three are equal."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Reading:
    """One of several ways in which a contested claim is read."""

    value: float | str
    sources: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class Claim:
    """What somebody says about something: a value with its band, unit, sources, date and standing."""

    name: str
    value: float | str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    sources: tuple[str, ...] = ()
    date: str = ""
    confidence: str = "low"
    contested: bool = False
    status: str = "assumed"
    note: str = ""
    readings: tuple[Reading, ...] = ()

    @property
    def si(self) -> Band:
        """The band in SI units and radians; TypeError for a claim in words.

        >>> Claim("range", 402.0, low=250.0, unit="km").si
        Band(value=402000.0, low=250000.0, high=402000.0)
        """
        if isinstance(self.value, str):
            raise TypeError(f"claim {self.name} is a text ({self.value!r}), expected a number")
        factor = UNITS[self.unit]
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        return Band(self.value * factor, low * factor, high * factor)

    @property
    def words(self) -> tuple[str, ...]:
        """The parts of a claim that lists words, as `mode-3a, mode-c`; TypeError for a number.

        >>> Claim("transponder_modes", "mode-3a, mode-c").words
        ('mode-3a', 'mode-c')
        """
        if not isinstance(self.value, str):
            raise TypeError(f"claim {self.name} is a number ({self.value}), expected a text")
        return tuple(part.strip() for part in self.value.split(",") if part.strip() not in ("", "none"))

    def __str__(self) -> str:
        """Show value, band and unit on one line.

        >>> print(Claim("range", 400.0, 250.0, 402.0, "km"))
        400 km [250 to 402]
        """
        if isinstance(self.value, str):
            return self.value
        text = f"{self.value:g}{' ' + self.unit if self.unit else ''}"
        if self.low is None and self.high is None:
            return text
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        return f"{text} [{low:g} to {high:g}]"


Claims: TypeAlias = Mapping[str, Claim]


@dataclass(frozen=True)
class Source:
    """Where claims come from, with an honest sentence on what it is worth."""

    key: str
    title: str
    publisher: str
    date: str
    address: str
    kind: str
    opinion: str


@dataclass(frozen=True)
class Radar:
    """A radar by what is published of its performance."""

    key: str
    name: str
    role: str
    claims: Claims


@dataclass(frozen=True)
class Interceptor:
    """A missile of a system by what is published of its reach."""

    key: str
    name: str
    claims: Claims


@dataclass(frozen=True)
class Preset:
    """Which radars and interceptor stand for a system in one reading of its claims; None = it has none."""

    name: str
    search_radar: str
    engagement_radar: str | None
    interceptor: str | None
    note: str


@dataclass(frozen=True)
class System:
    """A ground-based system: claims of its own, its radars, its interceptors and three ways to read them."""

    key: str
    name: str
    aliases: tuple[str, ...]
    summary: str
    claims: Claims
    radars: Mapping[str, Radar]
    interceptors: Mapping[str, Interceptor]
    presets: Mapping[str, Preset]
    kind: str = field(default="system", init=False)


@dataclass(frozen=True)
class Aircraft:
    """A class of flying object: signature, speeds, heights and what its transponder answers."""

    key: str
    name: str
    aliases: tuple[str, ...]
    summary: str
    claims: Claims
    kind: str = field(default="aircraft", init=False)


@dataclass(frozen=True)
class Occupation:
    """A system at a site from `since` to `until` (ISO dates, `until` empty = not known to have ended)."""

    system: str
    operator: str
    since: str
    until: str
    claim: Claim


@dataclass(frozen=True)
class Site:
    """A place: claims lat_deg, lon_deg and elevation_m, and what is said to have stood there."""

    key: str
    name: str
    aliases: tuple[str, ...]
    summary: str
    claims: Claims
    occupied: tuple[Occupation, ...]
    kind: str = field(default="site", init=False)


@dataclass(frozen=True)
class Event:
    """A dated step in a country's story with a system; `delivered` counts its units in the country afterwards."""

    key: str
    system: str
    type: str
    since: str
    until: str
    delivered: float | None
    activated: bool | None
    claim: Claim


@dataclass(frozen=True)
class Posting:
    """A system that somebody put at a site: a claim for each dated step that is published, none for one that is not.

    `system_name` is given where the catalogue has no such system. `group` holds together what was sent together.
    """

    key: str
    group: str
    name: str
    system: str
    system_name: str
    site: str
    owner: str
    note: str
    claims: Claims


@dataclass(frozen=True)
class History:
    """What a country ordered, received, tried and switched on, in the order of dates, and what stood where when."""

    key: str
    name: str
    aliases: tuple[str, ...]
    summary: str
    events: tuple[Event, ...]
    postings: tuple[Posting, ...] = ()
    kind: str = field(default="history", init=False)


@dataclass(frozen=True)
class Topic:
    """Claims that belong to no single system: reading rules, textbook figures, records of combat."""

    key: str
    name: str
    aliases: tuple[str, ...]
    summary: str
    claims: Claims
    kind: str = field(default="topic", init=False)


Item: TypeAlias = System | Aircraft | Site | Topic | History


def normalise(name: str) -> str:
    """Bring a name to the form of the keys: lower case, plain letters, single hyphens for spaces and underscores.

    >>> normalise(" Cruise_Missile "), normalise("Kahramanmaraş")
    ('cruise-missile', 'kahramanmaras')
    """
    from unicodedata import combining, normalize

    plain = "".join(c for c in normalize("NFKD", name.lower().replace("ı", "i")) if not combining(c))
    return "-".join(plain.replace("_", " ").replace("-", " ").split())


def iter_claims(item: Item) -> Iterator[tuple[str, Claim]]:
    """Yield (path, claim) for every claim of an item, in the order of its file.

    >>> thing = Topic("t", "T", (), "", {"range": Claim("range", 1.0)})
    >>> [path for path, claim in iter_claims(thing)]
    ['range']
    """
    if isinstance(item, History):
        for event in item.events:
            yield f"events.{event.key}", event.claim
        for posting in item.postings:
            for name, claim in posting.claims.items():
                yield f"deployments.{posting.key}.{name}", claim
        return
    yield from item.claims.items()
    if isinstance(item, Site):
        for index, occupation in enumerate(item.occupied):
            yield f"occupied.{index}", occupation.claim
    if isinstance(item, System):
        for part in (item.radars, item.interceptors):
            for key, member in part.items():
                folder = "radars" if isinstance(member, Radar) else "interceptors"
                for name, claim in member.claims.items():
                    yield f"{folder}.{key}.{name}", claim

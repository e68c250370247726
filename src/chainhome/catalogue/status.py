"""What a country had of a system on a given day: ordered, delivered, switched on."""

from __future__ import annotations

from dataclasses import dataclass

from chainhome.catalogue.look_up import Catalogue
from chainhome.catalogue.model import Event
from chainhome.errors import UseError


@dataclass(frozen=True)
class Status:
    """A system in a country's hands on a day; a unit that is delivered but not activated covers nothing."""

    country: str
    system: str
    date: str
    ordered: bool
    delivered_units: float
    activated: bool
    events: tuple[Event, ...]
    sources: tuple[str, ...]

    @property
    def delivered(self) -> bool:
        """Whether at least one unit is in the country."""
        return self.delivered_units > 0

    @property
    def covers(self) -> bool:
        """Whether the system defends anything on that day: delivered and activated."""
        return self.delivered and self.activated


def status_at(catalogue: Catalogue, date: str, system: str = "s-400", country: str = "turkey") -> Status:
    """Return what the country's dated claims say of a system at the end of `date` (YYYY-MM-DD), sources with it.

    An event counts once its last day has come. UseError for a date that is none or a name that is unknown.

    >>> from chainhome.catalogue import load
    >>> status = status_at(load(), "2019-11-25")
    >>> status.delivered_units, status.activated, status.covers
    (2.0, False, False)
    """
    from datetime import date as day

    try:
        if day.fromisoformat(date).isoformat() != date:
            raise ValueError
    except ValueError:
        raise UseError(f'date = "{date}" is not a day; expected YYYY-MM-DD') from None
    found = catalogue.find(system)
    past = tuple(e for e in catalogue.history(country).events if e.system == found.key and _last_day(e.until) <= date)
    ordered = False
    delivered, activated = 0.0, False
    for event in sorted(past, key=lambda e: _last_day(e.until)):
        ordered = {"contract": True, "cancellation": False}.get(event.type, ordered)
        delivered = delivered if event.delivered is None else event.delivered
        activated = activated if event.activated is None else event.activated
    sources = dict.fromkeys(key for event in past for key in event.claim.sources)
    return Status(country, found.key, date, ordered, delivered, activated, past, tuple(sources))


def _last_day(date: str) -> str:
    """Return the latest day that a year or month can mean, so that text comparison works."""
    return (date + "-12-31"[len(date) - 4 :])[:10] if len(date) < 10 else date

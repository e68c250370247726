"""What stood where on a day: delivered, activated or withdrawn, each date a claim with its precision and its sources.

In: a day. Out: every deployment that the catalogue knows, with its status at the end of that day. A date that is known
to the month or the year counts once its last day has come; `doubtful` says where an earlier day would change the
answer, or where nobody has reported on the deployment since.
"""

from __future__ import annotations

import calendar
import datetime
from dataclasses import dataclass

from chainhome.catalogue.look_up import Catalogue
from chainhome.catalogue.model import Claim, Posting, normalise
from chainhome.errors import UseError, nearest

DEPLOYMENT_STATUSES = ("not delivered", "delivered", "activated", "withdrawn")


@dataclass(frozen=True)
class DatedClaim:
    """A day, or any day from `first` to `last` where only the month or the year is published, and the claim itself."""

    first: datetime.date
    last: datetime.date
    precision: str
    claim: Claim

    @property
    def sources(self) -> tuple[str, ...]:
        """The keys of its sources."""
        return self.claim.sources

    def __str__(self) -> str:
        """Show the date as it is published: 2015-10 for a day of October 2015."""
        return str(self.claim.value)


@dataclass(frozen=True)
class Deployment:
    """A system at a site, and its status on a day; a date that is None has not been published.

    `delivered` is when all of it was there, `activated` when the first of it stood ready to fire or under command,
    `switched_off` when it no longer did, `withdrawn` when it had left. `status` is one of DEPLOYMENT_STATUSES: what was
    switched off and has not left is "delivered". `system` is a key of the catalogue unless `known` is false.
    """

    key: str
    group: str
    name: str
    system: str
    system_name: str
    known: bool
    site: str
    lat_deg: float
    lon_deg: float
    owner: str
    units: float | None
    delivered: DatedClaim | None
    activated: DatedClaim | None
    switched_off: DatedClaim | None
    withdrawn: DatedClaim | None
    last_reported: DatedClaim | None
    date: datetime.date
    status: str
    doubtful: bool
    note: str
    sources: tuple[str, ...]

    @property
    def covers(self) -> bool:
        """Whether it defends anything on that day: there, and activated."""
        return self.status == "activated"

    @property
    def present(self) -> bool:
        """Whether it is there on that day, activated or not."""
        return self.status in ("delivered", "activated")


def deployments(
    date: datetime.date | str, *, name: str | None = None, catalogue: Catalogue | None = None
) -> tuple[Deployment, ...]:
    """Return every deployment of the catalogue, in its order, with the status at the end of a day.

    `name` picks one by its key, those of a group, of a country's history or of a system: "turkey-patriot-2013",
    "turkey", "s-400". Raises UseError for a date that is none and for a name that is unknown.

    >>> [(d.site, d.status) for d in deployments("2019-09-30", name="s-400")]
    [('murted', 'delivered'), ('murted', 'delivered'), ('sinop', 'not delivered')]
    >>> [(d.owner, d.status) for d in deployments("2015-03-01", name="turkey-patriot-2013") if d.covers]
    [('Germany', 'activated'), ('United States', 'activated'), ('Spain', 'activated')]
    """
    from chainhome.catalogue.loader import load

    known, day = catalogue or load(), as_day(date)
    postings = [(key, posting) for key, history in known.histories.items() for posting in history.postings]
    if name is not None:
        wanted = _names(normalise(name), known)
        picked = [(key, p) for key, p in postings if wanted & {p.key, p.group, p.system, key}]
        if not picked:
            said = {word for key, p in postings for word in (p.key, p.group, p.system, key)}
            raise UseError(f'the catalogue has no deployment "{name[:80]}"{nearest(normalise(name), sorted(said))}')
        postings = picked
    return tuple(_at(posting, day, known) for _, posting in postings)


def as_day(date: datetime.date | str) -> datetime.date:
    """Return a day given as one or as YYYY-MM-DD; UseError for a text that is none.

    >>> as_day("2019-09-30")
    datetime.date(2019, 9, 30)
    """
    if isinstance(date, datetime.datetime):
        return date.date()
    if isinstance(date, datetime.date):
        return date
    try:
        day = datetime.date.fromisoformat(date)
        if day.isoformat() != date:
            raise ValueError
    except ValueError:
        raise UseError(f'date = "{date}" is not a day; expected YYYY-MM-DD') from None
    return day


def past_day(date: datetime.date | str) -> datetime.date:
    """Return a day as `as_day` does; UseError for one that is still to come, of which nothing can be known.

    >>> past_day("2019-09-30")
    datetime.date(2019, 9, 30)
    """
    day, today = as_day(date), datetime.date.today()
    if day > today:
        raise UseError(f'date = "{day}" is still to come; expected a day until today, {today}')
    return day


def names_deployments(name: str, catalogue: Catalogue) -> bool:
    """Tell whether a name is that of a deployment, a group of them or a country's history, and not of a system.

    >>> from chainhome.catalogue import load
    >>> [names_deployments(name, load()) for name in ("turkey-patriot-2013", "turkey", "s-400", "murted")]
    [True, True, False, False]
    """
    wanted = _names(normalise(name), catalogue)
    stays = [(key, posting) for key, history in catalogue.histories.items() for posting in history.postings]
    return not wanted & set(catalogue.systems) and any(wanted & {p.key, p.group, key} for key, p in stays)


def _names(wanted: str, catalogue: Catalogue) -> set[str]:
    """Return a name with the keys of the systems and histories that it stands for."""
    tables = (catalogue.systems, catalogue.histories)
    return {wanted} | {key for table in tables for key, item in table.items() if wanted in item.aliases}


def _at(posting: Posting, day: datetime.date, catalogue: Catalogue) -> Deployment:
    dates = {name: _dated(claim) for name, claim in posting.claims.items() if name != "units"}
    site, known = catalogue.site(posting.site), posting.system in catalogue.systems
    status = _status(dates, day, early=False)
    last_reported = dates.get("last_reported")
    unheard = status in DEPLOYMENT_STATUSES[1:3] and last_reported is not None and day > last_reported.last
    units = posting.claims.get("units")
    return Deployment(
        key=posting.key,
        group=posting.group,
        name=posting.name,
        system=posting.system,
        system_name=catalogue.systems[posting.system].name if known else posting.system_name,
        known=known,
        site=posting.site,
        lat_deg=float(site.claims["lat_deg"].value),
        lon_deg=float(site.claims["lon_deg"].value),
        owner=posting.owner,
        units=None if units is None else float(units.value),
        delivered=dates.get("delivered"),
        activated=dates.get("activated"),
        switched_off=dates.get("switched_off"),
        withdrawn=dates.get("withdrawn"),
        last_reported=last_reported,
        date=day,
        status=status,
        doubtful=unheard or _status(dates, day, early=True) != status,
        note=posting.note,
        sources=tuple(dict.fromkeys(key for claim in posting.claims.values() for key in claim.sources)),
    )


def _status(dates: dict[str, DatedClaim], day: datetime.date, *, early: bool) -> str:
    """Return the status once every date counts from its first day (`early`) or from its last."""

    def past(step: str) -> bool:
        date = dates.get(step)
        return date is not None and (date.first if early else date.last) <= day

    if past("withdrawn"):
        return "withdrawn"
    if past("activated") and not past("switched_off"):
        return "activated"
    return "delivered" if past("delivered") or past("activated") else "not delivered"


def _dated(claim: Claim) -> DatedClaim:
    """Return the days that an ISO year, month or day can mean."""
    parts = [int(part) for part in str(claim.value).split("-")]
    year, month, day = (*parts, 0, 0)[:3]
    first = datetime.date(year, month or 1, day or 1)
    last = datetime.date(year, month or 12, day or calendar.monthrange(year, month or 12)[1])
    return DatedClaim(first, last, ("year", "month", "day")[len(parts) - 1], claim)

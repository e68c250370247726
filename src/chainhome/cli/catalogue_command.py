"""`chainhome catalogue`: what it holds, or every claim about one thing with its band, date, standing and sources."""

from __future__ import annotations

import argparse
from typing import Any

from chainhome.catalogue import (
    Catalogue,
    Claim,
    Deployment,
    History,
    Item,
    Site,
    Source,
    Status,
    System,
    deployments,
    iter_claims,
    load,
    status_at,
)
from chainhome.catalogue.postings import past_day
from chainhome.cli.text import console, print_json, table
from chainhome.errors import UseError

_LATER = ("activated", "switched_off", "withdrawn", "last_reported")
KINDS = (("system", "systems"), ("aircraft", "targets"), ("site", "sites"), ("history", "history"), ("topic", "topics"))


def run(arguments: argparse.Namespace) -> int:
    """Show the catalogue or one item."""
    catalogue = load()
    if arguments.name is None:
        if arguments.date is not None:
            raise UseError("--date needs a NAME, such as: chainhome catalogue turkey --date 2019-09-30")
        _list_all(catalogue, arguments.json)
        return 0
    item = catalogue.find(arguments.name)
    if arguments.date is not None:
        past_day(arguments.date)
        _status(item, catalogue, arguments.date, arguments.json)
        return 0
    if arguments.json:
        print_json(_item_json(item, catalogue))
    else:
        _print_item(item, catalogue)
    return 0


def _list_all(catalogue: Catalogue, as_json: bool) -> None:
    items = list(catalogue.items())
    if as_json:
        shown = [{"kind": i.kind, "key": i.key, "name": i.name, "aliases": list(i.aliases)} for i in items]
        print_json(shown)
        return
    out = console()
    for kind, title in KINDS:
        rows = table("key", "name", "also", ">claims", title=title)
        for item in items:
            if item.kind == kind:
                rows.add_row(item.key, item.name, ", ".join(item.aliases), str(len(list(iter_claims(item)))))
        out.print(rows)
    print(f"{len(catalogue.sources)} sources (docs/sources.md). One of them in full: chainhome catalogue NAME")


def _claim_json(path: str, claim: Claim) -> dict[str, Any]:
    return {
        "claim": path,
        "value": claim.value,
        "low": claim.low,
        "high": claim.high,
        "unit": claim.unit,
        "sources": list(claim.sources),
        "date": claim.date,
        "confidence": claim.confidence,
        "contested": claim.contested,
        "status": claim.status,
        "note": claim.note,
        "readings": [{"value": r.value, "sources": list(r.sources), "note": r.note} for r in claim.readings],
    }


def _dated_json(item: Item) -> list[dict[str, Any]]:
    """Return when things happened: the events of a history, who stood at a site from when to when."""
    if isinstance(item, History):
        return [
            {
                "event": event.key,
                "type": event.type,
                "system": event.system,
                "since": event.since,
                "until": event.until,
                "delivered_units": event.delivered,
                "activated": event.activated,
                "claim": str(event.claim),
            }
            for event in item.events
        ]
    if isinstance(item, Site):
        return [
            {
                "system": stay.system,
                "operator": stay.operator,
                "since": stay.since,
                "until": stay.until,
                "claim": str(stay.claim),
            }
            for stay in item.occupied
        ]
    return []


def _print_dated(item: Item) -> None:
    out = console()
    if isinstance(item, History):
        rows = table("from", "to", "what", "system", ">units then in the country", "activated", "event")
        for event in item.events:
            delivered = "–" if event.delivered is None else f"{event.delivered:g}"
            activated = "–" if event.activated is None else "yes" if event.activated else "no"
            until = "" if event.until == event.since else event.until
            rows.add_row(event.since, until, event.type, event.system, delivered, activated, event.key)
        out.print(rows)
        if item.postings:
            rows = table(*(name.replace("_", " ") for name in ("deployment", "delivered", *_LATER)))
            for posting in item.postings:
                dates = (posting.claims.get(step) for step in ("delivered", *_LATER))
                rows.add_row(posting.name, *("–" if date is None else str(date) for date in dates))
            out.print(rows)
            print("– = not published; on a day: chainhome catalogue NAME --date 2015-03-01")
    if isinstance(item, Site) and item.occupied:
        rows = table("system", "operator", "from", "to")
        for stay in item.occupied:
            rows.add_row(stay.system, stay.operator, stay.since, stay.until or "not known to have ended")
        out.print(rows)


def _source_json(source: Source) -> dict[str, str]:
    return {
        "key": source.key,
        "title": source.title,
        "publisher": source.publisher,
        "date": source.date,
        "address": source.address,
        "kind": source.kind,
        "opinion": source.opinion,
    }


def _used_sources(item: Item, catalogue: Catalogue) -> list[Source]:
    keys: set[str] = set()
    for _, claim in iter_claims(item):
        keys |= set(claim.sources)
        for reading in claim.readings:
            keys |= set(reading.sources)
    return [catalogue.source(key) for key in sorted(keys)]


def _item_json(item: Item, catalogue: Catalogue) -> dict[str, Any]:
    shown: dict[str, Any] = {"kind": item.kind, "key": item.key, "name": item.name, "summary": item.summary}
    if isinstance(item, System):
        shown["presets"] = {
            preset.name: {
                "search_radar": preset.search_radar,
                "engagement_radar": preset.engagement_radar,
                "interceptor": preset.interceptor,
                "note": preset.note,
            }
            for preset in item.presets.values()
        }
    if dated := _dated_json(item):
        shown["dated"] = dated
    if isinstance(item, History):
        shown["deployments"] = [
            {
                "deployment": stay.key,
                "group": stay.group,
                "name": stay.name,
                "system": stay.system,
                "site": stay.site,
                "owner": stay.owner,
                **{step: str(stay.claims[step]) if step in stay.claims else None for step in ("delivered", *_LATER)},
                "note": stay.note,
            }
            for stay in item.postings
        ]
    shown["claims"] = [_claim_json(path, claim) for path, claim in iter_claims(item)]
    shown["sources"] = [_source_json(source) for source in _used_sources(item, catalogue)]
    return shown


def _standing(claim: Claim) -> str:
    words = [claim.status.upper() if claim.status == "unverified" else claim.status, claim.confidence]
    return ", ".join(words + (["contested"] if claim.contested else []))


def _print_item(item: Item, catalogue: Catalogue) -> None:
    out = console()
    print(f"{item.name} ({item.key})")
    print(item.summary)
    if isinstance(item, System):
        for preset in item.presets.values():
            names = [preset.search_radar, preset.engagement_radar, preset.interceptor]
            print(f"preset {preset.name}: {' + '.join(name for name in names if name)}; {preset.note}")
    _print_dated(item)
    rows = table("claim", "value [low to high]", "standing", "date of the source", "sources")
    for path, claim in iter_claims(item):
        rows.add_row(path, str(claim), _standing(claim), claim.date or "–", ", ".join(claim.sources) or "–")
        if claim.note:
            rows.add_row("", f"[dim]{_plain(claim.note)}[/dim]", "", "", "")
        for reading in claim.readings:
            said = f"or {reading.value} {claim.unit}".rstrip()
            rows.add_row("", f"[dim]{_plain(said)}: {_plain(reading.note)}[/dim]", "", "", ", ".join(reading.sources))
    out.print(rows)
    print("sources")
    for source in _used_sources(item, catalogue):
        date = f", {source.date}" if source.date else ""
        out.print(f"  {source.key}: {_plain(source.title)} ({_plain(source.publisher)}{date}) {source.address}")


def _plain(text: str) -> str:
    """Return text that rich prints as it stands."""
    return text.replace("[", r"\[")


def _status(item: Item, catalogue: Catalogue, date: str, as_json: bool) -> None:
    if not isinstance(item, History):
        raise UseError(
            f'--date: "{item.key}" has no dated deliveries; expected {", ".join(catalogue.names("history"))}'
        )
    systems = sorted({event.system for event in item.events if event.system})
    told = [status_at(catalogue, date, system, item.key) for system in systems]
    there = deployments(date, name=item.key, catalogue=catalogue) if item.postings else ()
    if as_json:
        print_json(_statuses_json(told, there, date))
        return
    rows = table("system", "ordered", ">units delivered", "activated", "covers", "last event")
    for status in told:
        rows.add_row(
            status.system,
            "yes" if status.ordered else "no",
            f"{status.delivered_units:g}",
            "yes" if status.activated else "no",
            "yes" if status.covers else "nothing",
            _last_event(status) or "none yet",
        )
    print(f"{item.name} on {date}; delivered but not activated covers nothing")
    console().print(rows)
    _print_deployments([stay for stay in there if stay.present])


def _statuses_json(told: list[Status], there: tuple[Deployment, ...], date: str) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = [
        {
            "system": status.system,
            "date": status.date,
            "ordered": status.ordered,
            "delivered_units": status.delivered_units,
            "activated": status.activated,
            "covers": status.covers,
            "last_event": _last_event(status),
            "sources": list(status.sources),
        }
        for status in told
    ]
    # Of these the catalogue knows where they stood, and no more.
    nothing = dict.fromkeys(("ordered", "delivered_units", "activated", "covers"))
    for system in dict.fromkeys(stay.system for stay in there):
        if all(system != status.system for status in told):
            shown.append({"system": system, "date": date, **nothing, "last_event": "", "sources": []})
    for entry in shown:
        entry["deployments"] = [_deployment_json(stay) for stay in there if stay.system == entry["system"]]
    return shown


def _print_deployments(there: list[Deployment]) -> None:
    if not there:
        return
    print("What stood there, its own and its allies':")
    rows = table("deployment", "owner", "site", "status", "since", "sources")
    for stay in there:
        since = stay.activated if stay.covers else stay.switched_off or stay.delivered
        rows.add_row(
            stay.name, stay.owner, stay.site, stay.status + (" ?" if stay.doubtful else ""), str(since),
            ", ".join(since.sources) if since else "",
        )  # fmt: skip
    console().print(rows)
    if any(stay.doubtful for stay in there):
        print("? = the dates are known to the month only, or nobody has reported on it since")


def _deployment_json(stay: Deployment) -> dict[str, Any]:
    steps = ("delivered", *_LATER)
    return {
        "deployment": stay.key,
        "group": stay.group,
        "name": stay.name,
        "site": stay.site,
        "owner": stay.owner,
        "status": stay.status,
        "doubtful": stay.doubtful,
        **{step: None if (dated := getattr(stay, step)) is None else str(dated) for step in steps},
        "note": stay.note,
        "sources": list(stay.sources),
    }


def _last_event(status: Status) -> str:
    if not status.events:
        return ""
    last = max(status.events, key=lambda event: event.until)
    return f"{last.until} {last.key}"

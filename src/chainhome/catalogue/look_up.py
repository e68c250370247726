"""The whole catalogue in memory, and how a name finds its entry.

In: a name as somebody typed it. Out: the entry, or a UseError that says what kind was asked and which names are near.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from chainhome.catalogue.model import Aircraft, History, Item, Site, Source, System, Topic, normalise
from chainhome.errors import UseError, nearest

KINDS = ("system", "aircraft", "site", "topic", "history", "source")
T = TypeVar("T", System, Aircraft, Site, Topic, History, Item)


@dataclass(frozen=True)
class Catalogue:
    """Everything that the catalogue holds, by key, with look-ups that also take aliases.

    >>> from chainhome.catalogue import load
    >>> load().system("S 400").key, load().aircraft("tb2").key, len(load().names("system"))
    ('s-400', 'male-drone', 6)
    """

    systems: Mapping[str, System]
    aircraft_classes: Mapping[str, Aircraft]
    sites: Mapping[str, Site]
    topics: Mapping[str, Topic]
    histories: Mapping[str, History]
    sources: Mapping[str, Source]

    def system(self, name: str) -> System:
        """Return a system by key or alias; UseError with the nearest names."""
        return _look_up("system", self.systems, name)

    def aircraft(self, name: str) -> Aircraft:
        """Return a class of aircraft by key or alias; UseError with the nearest names."""
        return _look_up("aircraft class", self.aircraft_classes, name)

    def site(self, name: str) -> Site:
        """Return a site by key or alias; UseError with the nearest names."""
        return _look_up("site", self.sites, name)

    def topic(self, name: str) -> Topic:
        """Return a topic by key or alias; UseError with the nearest names."""
        return _look_up("topic", self.topics, name)

    def history(self, name: str) -> History:
        """Return a country's history by key or alias; UseError with the nearest names."""
        return _look_up("history", self.histories, name)

    def source(self, key: str) -> Source:
        """Return a source by its key; UseError with the nearest keys.

        >>> from chainhome.catalogue import load
        >>> load().source("tass976849").date
        '2017-11-22'
        """
        if key not in self.sources:
            raise UseError(f'the catalogue has no source "{key}"{nearest(key, sorted(self.sources))}')
        return self.sources[key]

    def find(self, name: str) -> Item:
        """Return the item of any kind with this key or alias; UseError with the nearest names over all kinds.

        >>> from chainhome.catalogue import load
        >>> load().find("Mürted").claims["elevation_m"].value
        843.0
        """
        tables: tuple[Mapping[str, Item], ...] = (
            self.systems,
            self.aircraft_classes,
            self.sites,
            self.topics,
            self.histories,
        )
        merged: dict[str, Item] = {key: item for table in reversed(tables) for key, item in table.items()}
        return _look_up("entry", merged, name)

    def names(self, kind: str) -> list[str]:
        """Return the sorted keys of one kind: system, aircraft, site, topic, history or source; else ValueError.

        >>> from chainhome.catalogue import load
        >>> load().names("history")
        ['turkey']
        """
        tables: tuple[Mapping[str, object], ...] = (
            self.systems,
            self.aircraft_classes,
            self.sites,
            self.topics,
            self.histories,
            self.sources,
        )
        if kind not in KINDS:
            raise ValueError(f"kind {kind!r} is not one of {', '.join(KINDS)}")
        return sorted(tables[KINDS.index(kind)])

    def items(self) -> Iterator[Item]:
        """Yield every item but the sources: systems, aircraft, sites, topics, histories."""
        yield from self.systems.values()
        yield from self.aircraft_classes.values()
        yield from self.sites.values()
        yield from self.topics.values()
        yield from self.histories.values()


def _look_up(kind: str, table: Mapping[str, T], name: str) -> T:
    wanted = normalise(name)
    for key, item in table.items():
        if wanted == key or wanted in item.aliases:
            return item
    hint = nearest(wanted, _said(table)) or f"; known are {', '.join(sorted(table))}"
    raise UseError(f'the catalogue has no {kind} "{name[:80]}"{hint}')


def _said(table: Mapping[str, Item]) -> dict[str, str]:
    """Return the key behind every name and alias."""
    return {said: key for key in table for said in (key, *table[key].aliases)}

"""The bibliography: every source of the catalogue with an opinion on it, as Markdown."""

from __future__ import annotations

from chainhome.catalogue.look_up import Catalogue
from chainhome.catalogue.model import Item, Source, iter_claims

_KINDS = {
    "found": "Read where it stands",
    "secondary": "Secondary: quotes others, or was read in a copy",
    "recalled": "Known from general reading, not looked at again",
}

_INTRODUCTION = """# Sources

Every figure of the catalogue and every formula of the code names its source by a key in square brackets.
Behind each source stands how far to trust it. A title such as "Report on ..." describes an article whose own title was
not kept; an address without a link is all that is known of the place.
This page is generated from `src/chainhome/catalogue/data/sources.toml`; change it there.
"""


def sources_markdown(catalogue: Catalogue | None = None) -> str:
    """Return docs/sources.md: the sources in three groups by how they were read, sorted by key, an opinion on each.

    >>> sources_markdown().splitlines()[0]
    '# Sources'
    """
    from chainhome.catalogue.loader import load

    known = (catalogue or load()).sources.values()
    parts = [_INTRODUCTION]
    for kind, heading in _KINDS.items():
        lines = [_line(source) for source in sorted(known, key=lambda s: s.key) if source.kind == kind]
        parts.append(f"## {heading}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def cited_keys(item: Item) -> list[str]:
    """Return the keys of all sources that an item's claims cite, each once, in the order of the file.

    >>> from chainhome.catalogue import load
    >>> cited_keys(load().system("s-400"))[0]
    'tass976849'
    """
    keys: dict[str, None] = {}
    for _, claim in iter_claims(item):
        keys.update(dict.fromkeys(claim.sources))
        for reading in claim.readings:
            keys.update(dict.fromkeys(reading.sources))
    return list(keys)


def _line(source: Source) -> str:
    details = ", ".join(part for part in (source.publisher, source.date) if part)
    address = f" <{source.address}>" if source.address.startswith("http") else ""
    place = f" {source.address}." if source.address and not address else address
    return f"- **[{source.key}]** {source.title}. {details}.{place} *{source.opinion}*"

"""From the TOML files of a catalogue to its records.

In: a folder with `sources.toml` and one file for each item under systems/, aircraft/, sites/, topics/ and history/.
Out: a `Catalogue`. The shipped files are checked by the tests (`chainhome.catalogue.check`), so `load()` only reads
them; a folder of the user's own is checked each time it is loaded.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from chainhome.catalogue.look_up import Catalogue
from chainhome.catalogue.model import (
    Aircraft,
    Claim,
    Claims,
    Event,
    History,
    Interceptor,
    Occupation,
    Posting,
    Preset,
    Radar,
    Reading,
    Site,
    Source,
    System,
    Topic,
)

DATA_FOLDER = Path(__file__).parent / "data"
ITEM_FOLDERS = ("systems", "aircraft", "sites", "topics", "history")
Document = dict[str, Any]


@lru_cache(maxsize=4)
def load(folder: Path | None = None) -> Catalogue:
    """Return the catalogue that ships with chainhome, or one from a folder of the same shape (checked, UseError).

    >>> load().system("s-400").claims["headline_range"].value
    400.0
    """
    documents = read_documents(folder or DATA_FOLDER)
    if folder is not None:
        from chainhome.catalogue.check import check_documents

        check_documents(documents)
    return build(documents)


def data_files(folder: Path = DATA_FOLDER) -> list[Path]:
    """Return the files of a catalogue's folder in a fixed order: the sources first, then item by item.

    >>> data_files()[0].name
    'sources.toml'
    """
    items = [path for name in ITEM_FOLDERS for path in sorted((folder / name).glob("*.toml"))]
    return [folder / "sources.toml", *items]


def content_hash(folder: Path = DATA_FOLDER) -> str:
    """Return the SHA-256 of the catalogue's files, names and contents, as 64 hexadecimal digits.

    >>> len(content_hash())
    64
    """
    import hashlib

    digest = hashlib.sha256()
    for path in data_files(folder):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(folder).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def read_documents(folder: Path) -> dict[str, Document]:
    """Parse the files of a catalogue: "systems/s-400.toml" -> its tables. A malformed file raises UseError.

    >>> read_documents(DATA_FOLDER)["systems/s-400.toml"]["claims"]["headline_range"]["value"]
    400
    """
    import tomllib

    from chainhome.errors import UseError

    documents: dict[str, Document] = {}
    for path in data_files(folder):
        name = path.relative_to(folder).as_posix()
        try:
            documents[name] = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UseError(f"{folder}: has no {name}; a catalogue needs it") from None
        except tomllib.TOMLDecodeError as error:
            raise UseError(f"{name}: is not valid TOML: {error}") from None
    return documents


def build(documents: dict[str, Document]) -> Catalogue:
    """Build the records from parsed files that have been checked.

    >>> len(build(read_documents(DATA_FOLDER)).systems)
    6
    """
    tables: dict[str, dict[str, Any]] = {name: {} for name in ITEM_FOLDERS}
    makers = {"systems": _system, "aircraft": _aircraft, "sites": _site, "topics": _topic, "history": _history}
    for name, document in documents.items():
        folder, _, file = name.partition("/")
        if file:
            key = file.removesuffix(".toml")
            tables[folder][key] = makers[folder](key, document)
    return Catalogue(
        systems=tables["systems"],
        aircraft_classes=tables["aircraft"],
        sites=tables["sites"],
        topics=tables["topics"],
        histories=tables["history"],
        sources={key: Source(key, **fields) for key, fields in sorted(documents["sources.toml"].items())},
    )


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, int) else value


def _claim(name: str, given: Document) -> Claim:
    fields = {key: _number(value) for key, value in given.items() if key not in ("sources", "contested", "readings")}
    readings = tuple(
        Reading(_number(reading["value"]), tuple(reading.get("sources", ())), reading["note"])
        for reading in given.get("readings", ())
    )
    sources = tuple(given.get("sources", ()))
    return Claim(name, sources=sources, contested=given.get("contested", False), readings=readings, **fields)


def _claims(document: Document) -> Claims:
    return {name: _claim(name, given) for name, given in document.get("claims", {}).items()}


def _head(key: str, document: Document) -> dict[str, Any]:
    return {
        "key": key,
        "name": document["name"],
        "aliases": tuple(document.get("aliases", ())),
        "summary": document["summary"],
    }


def _system(key: str, document: Document) -> System:
    radars = {k: Radar(k, given["name"], given["role"], _claims(given)) for k, given in document["radars"].items()}
    missiles = document.get("interceptors", {})
    presets = {
        k: Preset(k, given["search_radar"], given.get("engagement_radar"), given.get("interceptor"), given["note"])
        for k, given in document["presets"].items()
    }
    return System(
        **_head(key, document),
        claims=_claims(document),
        radars=radars,
        interceptors={k: Interceptor(k, given["name"], _claims(given)) for k, given in missiles.items()},
        presets=presets,
    )


def _aircraft(key: str, document: Document) -> Aircraft:
    return Aircraft(**_head(key, document), claims=_claims(document))


def _topic(key: str, document: Document) -> Topic:
    return Topic(**_head(key, document), claims=_claims(document))


def _site(key: str, document: Document) -> Site:
    occupied = tuple(
        Occupation(given["system"], given["operator"], given["since"], given["until"], _claim("status", given["claim"]))
        for given in document.get("occupied", ())
    )
    return Site(**_head(key, document), claims=_claims(document), occupied=occupied)


def _history(key: str, document: Document) -> History:
    events = tuple(
        Event(
            key=name,
            system=given["system"],
            type=given["type"],
            since=given["since"],
            until=given.get("until", given["since"]),
            delivered=_number(given.get("delivered")),
            activated=given.get("activated"),
            claim=_claim(name, given["claim"]),
        )
        for name, given in document["events"].items()
    )
    return History(
        **_head(key, document),
        events=tuple(sorted(events, key=lambda event: (event.since, event.until))),
        postings=tuple(_posting(key, name, given) for name, given in document.get("deployments", {}).items()),
    )


def _posting(history: str, key: str, given: Document) -> Posting:
    return Posting(
        key=f"{history}-{key}",
        group=f"{history}-{given['group']}",
        name=given["name"],
        system=given["system"],
        system_name=given.get("system_name", ""),
        site=given["site"],
        owner=given["owner"],
        note=given.get("note", ""),
        claims=_claims(given),
    )

"""What must be true of a catalogue's files; the first thing that is not is said with file and key.

In: parsed files, as `loader.read_documents` gives them. Out: nothing, or a UseError.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from chainhome.catalogue.model import KEY_DOMAINS, OPEN_MODES, PRESETS, SECURE_MODES, SHAPES, STEPS, normalise
from chainhome.errors import UseError, nearest

Document = dict[str, Any]
_VOCABULARIES = {
    "interrogator_modes": (*OPEN_MODES, *SECURE_MODES, "none"),
    "transponder_modes": (*OPEN_MODES, *SECURE_MODES, "none"),
    "key_domain": KEY_DOMAINS,
    "shape": SHAPES,
}
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


def check_documents(documents: dict[str, Document]) -> None:
    """Check the shape of every file, every claim, and that sources, radars, systems and names fit together.

    UseError names the first file and key that is wrong.

    >>> check_documents({"sources.toml": {"me": {"title": "Mine"}}})
    Traceback (most recent call last):
    chainhome.errors.UseError: sources.toml: me.publisher = {'title': 'Mine'}: Field required
    """
    for name, document in documents.items():
        _check_shape(name, document)
    sources = documents["sources.toml"]
    for name, document in documents.items():
        for path, claim in _claims_of(document, ""):
            _check_claim(name, path, claim, sources)
    _check_names(documents)
    flying = {key for folder in ("systems", "aircraft") for key in _keys(documents, folder)}
    for name, document in documents.items():
        if name.startswith("systems/"):
            _check_presets(name, document)
        for path, given in _dated(document):
            _check_dated(f"{name}: {path}", given, flying)
        for key, given in document.get("deployments", {}).items():
            _check_deployment(f"{name}: deployments.{key}", key, given, flying, set(_keys(documents, "sites")))


def is_date(text: str) -> bool:
    """Tell whether a text is an ISO year, month or day that exists.

    >>> [is_date(text) for text in ("2019", "2019-07", "2019-07-12", "2019-13", "12 July 2019")]
    [True, True, True, False, False]
    """
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat((text + "-01-01")[:10])
    except ValueError:
        return False
    return True


def _check_shape(name: str, document: Document) -> None:
    from pydantic import ValidationError

    from chainhome.catalogue.schema import SHAPES

    try:
        SHAPES[name.partition("/")[0]].model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"])
        raise UseError(f"{name}: {path} = {first['input']!r}: {first['msg']}") from None


def _claims_of(document: Document, path: str) -> Iterator[tuple[str, Document]]:
    for key, value in document.items():
        here = f"{path}.{key}" if path else key
        if key == "claims":
            for name, claim in value.items():
                yield f"{here}.{name}", claim
        elif key == "claim":
            yield here, value
        elif isinstance(value, dict):
            yield from _claims_of(value, here)
        elif key == "occupied":
            for index, occupation in enumerate(value):
                yield from _claims_of(occupation, f"{here}.{index}")


def _check_claim(name: str, path: str, claim: Document, sources: Document) -> None:
    where = f"{name}: {path}"
    low, value, high = claim.get("low"), claim["value"], claim.get("high")
    if isinstance(value, str):
        if low is not None or high is not None or claim.get("unit"):
            raise UseError(f"{where}: a claim in words ({value!r}) takes no low, high or unit")
    elif not (value if low is None else low) <= value <= (value if high is None else high):
        raise UseError(f"{where}: expected low <= value <= high, got {low} <= {value} <= {high}")
    known = _VOCABULARIES.get(path.rpartition(".")[2])
    for word in str(value).split(", ") if known else ():
        if word not in (known or ()):
            raise UseError(f'{where}: "{word}" is none of {", ".join(known or ())}')
    cited = [*claim.get("sources", ()), *(key for r in claim.get("readings", ()) for key in r.get("sources", ()))]
    for key in cited:
        if key not in sources:
            raise UseError(f'{where}: unknown source "{key}"{nearest(key, sorted(sources))}')
    if claim.get("date") and not is_date(claim["date"]):
        raise UseError(f"{where}: date = {claim['date']!r} must be YYYY, YYYY-MM or YYYY-MM-DD")
    if claim["status"] == "published" and all(sources[key]["kind"] == "recalled" for key in claim.get("sources", ())):
        raise UseError(f"{where}: a published claim needs at least one source that was read; else it is unverified")
    if claim["status"] != "published" and not claim.get("note"):
        raise UseError(f"{where}: a claim that is {claim['status']} needs a note that says why it stands here")
    if claim.get("contested") and not (claim.get("readings") or claim.get("note")):
        raise UseError(f"{where}: a contested claim needs both readings, or a note that tells them")


def _keys(documents: dict[str, Document], folder: str) -> list[str]:
    return [n.partition("/")[2].removesuffix(".toml") for n in documents if n.startswith(f"{folder}/")]


def _check_names(documents: dict[str, Document]) -> None:
    taken: dict[str, str] = {}
    for name, document in documents.items():
        if "/" not in name:
            continue
        for word in (name.partition("/")[2].removesuffix(".toml"), *document.get("aliases", ())):
            if word != normalise(word):
                raise UseError(f'{name}: "{word}" must be lower case with hyphens: "{normalise(word)}"')
            if word in taken:
                raise UseError(f'{name}: "{word}" already names {taken[word]}')
            taken[word] = name


def _check_presets(name: str, document: Document) -> None:
    missing = [preset for preset in PRESETS if preset not in document["presets"]]
    if missing:
        raise UseError(f"{name}: presets lacks {', '.join(missing)}")
    for key, preset in document["presets"].items():
        wanted = {
            "search_radar": document["radars"],
            "engagement_radar": document["radars"],
            "interceptor": document.get("interceptors", {}),
        }
        for part, known in wanted.items():
            if part in preset and preset[part] not in known:
                hint = nearest(preset[part], sorted(known))
                raise UseError(f'{name}: presets.{key}.{part} = "{preset[part]}" is not in this file{hint}')


def _dated(document: Document) -> Iterator[tuple[str, Document]]:
    for key, event in document.get("events", {}).items():
        yield f"events.{key}", event
    for index, occupation in enumerate(document.get("occupied", ())):
        yield f"occupied.{index}", occupation


def _check_dated(where: str, given: Document, flying: set[str]) -> None:
    if given["system"] not in flying:
        raise UseError(f'{where}: unknown system "{given["system"]}"{nearest(given["system"], sorted(flying))}')
    since, until = given["since"], given.get("until") or given["since"]
    if not (is_date(since) and is_date(until) and since[: len(until)] <= until):
        raise UseError(f"{where}: since = {since!r}, until = {until!r} must be ISO dates in this order")


def _check_deployment(where: str, key: str, given: Document, flying: set[str], sites: set[str]) -> None:
    for word in (key, given["group"]):
        if word != normalise(word):
            raise UseError(f'{where}: "{word}" must be lower case with hyphens: "{normalise(word)}"')
    if given["system"] not in flying and not given.get("system_name"):
        hint = nearest(given["system"], sorted(flying))
        raise UseError(
            f'{where}: unknown system "{given["system"]}"{hint}; one not in the catalogue needs a system_name'
        )
    if given["site"] not in sites:
        raise UseError(f'{where}: unknown site "{given["site"]}"{nearest(given["site"], sorted(sites))}')
    before, earlier = "", ""
    for step in (*STEPS, "last_reported"):
        if step not in given["claims"]:
            continue
        date = given["claims"][step]["value"]
        if not (isinstance(date, str) and is_date(date)):
            raise UseError(f"{where}.claims.{step}: value = {date!r} must be YYYY, YYYY-MM or YYYY-MM-DD")
        if step in ("activation_planned", "last_reported"):
            continue  # a plan may come to nothing, and a report may come at any time
        if date[: len(earlier)] < earlier[: len(date)]:
            raise UseError(f"{where}: {step} = {date} comes before {before} = {earlier}")
        before, earlier = step, date

"""Scenario files → scenarios: TOML, the check of its words, and messages that name file, key and what was expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chainhome.catalogue import Catalogue
from chainhome.errors import UseError, nearest
from chainhome.scenario.scenario import Scenario
from chainhome.scenario.toml_file import parse_text, read_text

DATA = Path(__file__).parent / "data"


def shipped() -> list[str]:
    """Return the names of the scenarios that the package carries."""
    return sorted(path.stem for path in DATA.glob("*.toml"))


def load(name: str, catalogue: Catalogue, *, preset: str | None = None) -> Scenario:
    """Return a scenario by the name of a shipped one or the path of a file; `preset` replaces its own.

    Raises UseError for an unknown name, a file that is not TOML, and keys or values that do not fit.
    """
    path = DATA / f"{name}.toml" if name in shipped() else Path(name)
    if not path.exists():
        if path.suffix != ".toml":
            hint = nearest(name, shipped()) or f"; known are {', '.join(shipped())}"
            raise UseError(f'no scenario "{name}"{hint}, or give the path of a .toml file')
        raise UseError(f"{path}: no such file")
    return parse(read_text(path, "scenario file"), path.name, catalogue, preset=preset)


def parse(text: str, source: str, catalogue: Catalogue, *, preset: str | None = None) -> Scenario:
    """Return the scenario that `text` (TOML) describes; `source` names it in messages."""
    from pydantic import ValidationError

    from chainhome.scenario.build import build
    from chainhome.scenario.model import ScenarioWords

    document = parse_text(text, source)
    if preset is not None:
        document["preset"] = preset
    try:
        words = ScenarioWords.model_validate(document)
    except ValidationError as error:
        raise UseError(_explain(error.errors()[0], document, source)) from error
    return build(words, text, source, catalogue)


def _explain(problem: Any, document: dict[str, Any], source: str) -> str:
    """Return one sentence for the first thing that is wrong with a document."""
    parts = list(problem["loc"])
    place, here = source, document
    path: list[str] = []
    for part in parts:
        if isinstance(part, int):
            here = here[part] if isinstance(here, list) and part < len(here) else {}
            name = here.get("name") if isinstance(here, dict) else None
            path[-1] += f' "{name}"' if name else f"[{part + 1}]"
        else:
            path.append(str(part))
            here = here.get(part, {}) if isinstance(here, dict) else {}
    place = f"{source}: {' '.join(path)}" if path else source
    kind = problem["type"]
    given = problem.get("input")
    if kind == "missing":
        return f"{place} is missing"
    if kind == "extra_forbidden":
        return f"{place} is not a key that a scenario knows{nearest(path[-1], _keys(parts))}"
    if kind == "list_type" and len(parts) == 1:
        return f"{place} is one table; write [[{parts[0]}]] for each"
    shown = f'"{given}"' if isinstance(given, str) else str(given)
    message = str(problem["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")
    return f"{place} = {shown}: expected {message}"


def _keys(parts: list[Any]) -> list[str]:
    """Return the keys that are known where an unknown one was found."""
    from chainhome.scenario import model

    tables: dict[str, type[model.Words]] = {
        "battery": model.BatteryWords,
        "search": model.RadarWords,
        "engagement": model.RadarWords,
        "aircraft": model.AircraftWords,
        "recording": model.RecordingWords,
        "route": model.WaypointWords,
        "iff": model.TransponderWords,
        "interrogator": model.InterrogatorWords,
        "comparison": model.ComparisonWords,
    }
    holder: type[model.Words] = model.ScenarioWords
    for part in parts[:-1]:
        holder = tables.get(part, holder)
    return [field.alias or name for name, field in holder.model_fields.items()]


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the scenario file, for editors."""
    from chainhome.scenario.model import ScenarioWords

    schema = ScenarioWords.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}

"""The record of a run, `run.json`, read with doubt: whoever edits it by hand gets one sentence, not a traceback.

In: the text of the file. Out: the record, in which every entry that a page, a report or an export takes has the kind
that it expects. What is not named here may be anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn

FORMAT = "chainhome run 1"
STATUSES = ("complete", "incomplete")
_LARGEST = 1e15  # of any number that a run has

Check = Callable[[Any], str]


def parse_record(text: str) -> dict[str, Any] | None:
    """Return a record from its text, None where it is of another format; ValueError says in words what is damaged.

    >>> parse_record('{"format": "other"}') is None
    True
    >>> parse_record('{"format": "chainhome run 1", "status": "complete", "length_s": "10"}')
    Traceback (most recent call last):
    ValueError: length_s is not a number
    """
    try:
        record = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError:
        raise ValueError("it is not JSON") from None
    if not isinstance(record, dict):
        raise ValueError("it is not a JSON object")
    if record.get("format") != FORMAT:
        return None
    if record.get("status") not in STATUSES:
        raise ValueError(f"status is not {' or '.join(STATUSES)}")
    if wrong := _RECORD(record):
        raise ValueError(wrong)
    return record


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _text(value: Any) -> str:
    # Half of a surrogate pair is JSON, but no text that can be written.
    known = isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)
    return "" if known else "is not a text"


def _number(value: Any) -> str:
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return "" if known and abs(value) <= _LARGEST else "is not a number"


def _instant(value: Any) -> str:
    """A year near the ends of the calendar leaves it where a time zone or seconds are added."""
    from datetime import datetime

    try:
        known = not _text(value) and 1000 <= datetime.fromisoformat(value.replace("Z", "+00:00")).year <= 5000
    except ValueError:
        known = False
    return "" if known else "is not a time such as 2024-05-01T06:00:00Z"


def _between(low: float, high: float) -> Check:
    def check(value: Any) -> str:
        return _number(value) or ("" if low <= value <= high else f"is not between {low:g} and {high:g}")

    return check


def _or_none(check: Check) -> Check:
    return lambda value: "" if value is None else check(value)


def _list(of: Check) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, list):
            return "is not a list"
        return next((f"{at} {wrong}" for at, entry in enumerate(value, 1) if (wrong := of(entry))), "")

    return check


def _each(of: Check) -> Check:
    """Check every value of an object."""

    def check(value: Any) -> str:
        if not isinstance(value, dict):
            return "is not an object"
        return next((f"{name} {wrong}" for name, entry in value.items() if (wrong := of(entry))), "")

    return check


def _object(*needed: str, **entries: Check) -> Check:
    """Check the named values of an object, and that those that are needed are there."""

    def check(value: Any) -> str:
        if not isinstance(value, dict):
            return "is not an object"
        if missing := [name for name in needed if name not in value]:
            return f"has no {missing[0]}"
        return next(
            (f"{name} {wrong}" for name, of in entries.items() if name in value and (wrong := of(value[name]))), ""
        )

    return check


def _named(check: Check, *names: str) -> dict[str, Check]:
    return dict.fromkeys(names, check)


_MAYBE_TEXT, _MAYBE_NUMBER = _or_none(_text), _or_none(_number)
_TABLE = _list(_list(_number))
_RADAR = _object(
    "target", "sensor", target=_text, sensor=_text, bound_before=_MAYBE_TEXT, first=_MAYBE_TEXT,
    **_named(_number, "hidden", "passes", "looks", "detected"),
    **_named(_MAYBE_NUMBER, "first_detection_km", "pd_measured", "pd_low", "pd_high", "pd_predicted"),
)  # fmt: skip
_TRACKED = _object(
    "target", target=_text, allegiance=_text,
    **_named(_MAYBE_NUMBER, "flight_s", "tracked_s", "completeness", "breaks", "switches", "purity", "longest_s"),
)  # fmt: skip


def _tracks(value: Any) -> str:
    """Of a simulation one entry for each target, of a recording how many there were."""
    return _list(_TRACKED)(value) if isinstance(value, list) else _each(_number)(value)


def _confusion(value: Any) -> str:
    """Every table has a row for each true label and a number for each declared one."""
    labels, tables = ("labels_true", "labels_declared"), ("as_fielded", "shared_secure_mode")
    if value == {}:
        return ""
    wrong = _object(*labels, **_named(_list(_text), *labels), **_named(_TABLE, *tables))(value)
    if wrong:
        return wrong
    high, wide = (len(value[name]) for name in labels)
    for name in tables:
        if name in value and [len(row) for row in value[name]] != [wide] * high:
            return f"{name} does not have {high} rows of {wide}"
    return ""


_SUMMARY = _object(
    answers=_each(_text), radars=_list(_RADAR), tracks=_tracks, confusion=_confusion, left_out=_each(_number),
    sensors=_list(_object("sensor", "plots", sensor=_text, plots=_number)),
    gospa=_each(_MAYBE_NUMBER), **_named(_number, "rows", "tracked", "false_tracks"),
)  # fmt: skip
_SOURCE = _object(**_named(_MAYBE_TEXT, "key", "title", "publisher", "date", "address", "opinion"))
_ORIGIN = _object(
    "lat_deg", "lon_deg", lat_deg=_between(-90, 90), lon_deg=_between(-180, 180), height_m=_number, name=_MAYBE_TEXT
)
_RECORD = _object(
    title=_text, kind=_text, input_kind=_text, method=_text, command=_text, catalogue_hash=_text, seed=_number,
    length_s=_between(-1e12, 1e12), epoch_utc=_or_none(_instant), origin=_or_none(_ORIGIN),
    **_named(_MAYBE_TEXT, "preset", "terrain"),
    versions=_each(_text), assumptions=_list(_text), sources=_list(_SOURCE), tables=_list(_text), summary=_SUMMARY,
)  # fmt: skip

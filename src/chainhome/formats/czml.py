"""CZML [czml], the JSON that the Cesium globe plays: packets with sampled positions, availability, labels and colours.

The functions here make the parts of a packet from arrays; `write_czml` puts packets into a file. Longitudes and
latitudes are in degrees, heights in metres above the ellipsoid, times in seconds after an epoch in UTC.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from chainhome.formats.geojson import plain, positions
from chainhome.formats.text_file import write_pieces

VERSION = "1.0"
SECOND_DIGITS = 3


def utc(epoch: datetime, time_s: float = 0.0) -> str:
    """Return an instant, seconds after an epoch, as ISO 8601 in UTC to the millisecond.

    >>> utc(datetime(2019, 11, 25, 9, tzinfo=UTC), 61.5)
    '2019-11-25T09:01:01.500Z'
    """
    moment = epoch + timedelta(milliseconds=round(1000.0 * time_s))
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def span(epoch: datetime, first_s: float, last_s: float) -> str:
    """Return the interval between two times, as `availability` takes it."""
    return f"{utc(epoch, first_s)}/{utc(epoch, last_s)}"


def document(name: str, epoch: datetime | None = None, first_s: float = 0.0, last_s: float = 0.0) -> dict[str, Any]:
    """Return the packet that begins every document; with an epoch it sets the clock that plays from first to last."""
    packet: dict[str, Any] = {"id": "document", "name": name, "version": VERSION}
    if epoch is not None:
        whole = span(epoch, first_s, last_s)
        start = utc(epoch, first_s)
        packet["clock"] = {"interval": whole, "currentTime": start, "multiplier": 10, "range": "LOOP_STOP"}
    return packet


def colour(hex_rgb: str, opacity: float = 1.0) -> dict[str, Any]:
    """Return a colour.

    >>> colour("#0072b2", 0.5)
    {'rgba': [0, 114, 178, 128]}
    """
    parts = [int(hex_rgb[start : start + 2], 16) for start in (1, 3, 5)]
    return {"rgba": [*parts, round(255 * opacity)]}


def solid(hex_rgb: str, opacity: float = 1.0) -> dict[str, Any]:
    """Return a material of one colour, as paths, lines and polygons take it."""
    return {"solidColor": {"color": colour(hex_rgb, opacity)}}


def place(lon_deg: float, lat_deg: float, height_m: float = 0.0) -> dict[str, Any]:
    """Return a position that stays where it is."""
    return {"cartographicDegrees": _triple(lon_deg, lat_deg, height_m)}


def sampled(
    epoch: datetime, time_s: ArrayLike, lon_deg: ArrayLike, lat_deg: ArrayLike, height_m: ArrayLike
) -> dict[str, Any]:
    """Return a position sampled at n times, drawn straight between the samples and nowhere else.

    The heights must be numbers: Cesium has no place without one.
    """
    times = np.round(np.asarray(time_s, np.float64), SECOND_DIGITS) + 0.0
    rows = zip(times.tolist(), positions(lon_deg, lat_deg, height_m), strict=True)
    return {
        "epoch": utc(epoch),
        "cartographicDegrees": [number for time, row in rows for number in (time, *row)],
        "interpolationAlgorithm": "LINEAR",
        "interpolationDegree": 1,
        "forwardExtrapolationType": "NONE",
        "backwardExtrapolationType": "NONE",
    }


def ring(lon_deg: ArrayLike, lat_deg: ArrayLike, height_m: ArrayLike = 0.0) -> dict[str, Any]:
    """Return n places one after the other, as lines and polygons take them."""
    places = positions(lon_deg, lat_deg, height_m)
    return {"cartographicDegrees": [number for row in places for number in row]}


def area(outer: ArrayLike, inner: Iterable[ArrayLike] = ()) -> dict[str, Any]:
    """Return the `positions` and, where there are any, the `holes` of a polygon, from rings (n, 2) in degrees.

    >>> area([[0, 0], [1, 0], [1, 1]])
    {'positions': {'cartographicDegrees': [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0]}}
    """
    rings = [np.asarray(part, np.float64) for part in (outer, *inner)]
    lists = [ring(part[:, 0], part[:, 1])["cartographicDegrees"] for part in rings]
    made: dict[str, Any] = {"positions": {"cartographicDegrees": lists[0]}}
    return made | ({"holes": {"cartographicDegrees": lists[1:]}} if len(lists) > 1 else {})


def write_czml(path: Path, packets: Iterable[Mapping[str, Any]]) -> None:
    """Write packets to `path` as one CZML document, whole or not at all; the bytes depend on the packets alone.

    NaN and infinity become null, NumPy values numbers. Raises ValueError where the first packet is not the `document`
    or an id comes twice, ChainhomeError where the file cannot be written.
    """
    write_pieces(path, _pieces(packets))


def _pieces(packets: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    seen: set[str] = set()
    for packet in packets:
        key = str(packet.get("id", ""))
        if not seen and (key != "document" or "version" not in packet):
            raise ValueError(f'the first packet is "{key}", expected the document with its version')
        if not key or key in seen:
            raise ValueError(f'packet id "{key}" comes twice or is empty')
        yield ",\n" if seen else "[\n"
        seen.add(key)
        yield json.dumps(plain(packet), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    if not seen:
        raise ValueError("no packets; expected at least the document")
    yield "\n]\n"


def _triple(lon_deg: float, lat_deg: float, height_m: float) -> list[float]:
    return positions([lon_deg], [lat_deg], [height_m])[0]

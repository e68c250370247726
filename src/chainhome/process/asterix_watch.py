"""Who looked at an ASTERIX recording without a sensors file, as far as it tells, and what is assumed of the rest.

Nothing is guessed about places: either all radars say where they stand (I034/120), or there is only one, which is then
tracked in its own frame. ADS-B reports (CAT021) have places of their own; each SAC/SIC of them is a receiver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from chainhome.constants import FOOT_M
from chainhome.errors import ChainhomeError
from chainhome.formats.adsb import Positions
from chainhome.process.recording import SensorsNeededError
from chainhome.process.sensors_asked import SIGMA_ELEVATION, sensors_template
from chainhome.scenario.sensors_file import Watch, parse_sensors, sensors_text
from chainhome.tables import SENSOR_KINDS, Bools, Sensors

# What is assumed of a radar that nobody describes: an en-route Mode S radar.
ASSUMED = {
    "height": "0 m",
    "period": "10 s",
    "sigma_range": "70 m",
    "sigma_azimuth": "0.08 deg",
    "detection_probability": 0.9,
    "clutter_per_scan": 5.0,
    "max_range": "475 km",
}
REMARK = "Made for a recording without a sensors file; what the recording does not tell is assumed."

Code = tuple[int, int]
"""SAC and SIC."""
Receiver = Callable[[Path, Callable[[], Iterator[tuple[Positions, dict[str, int], str]]]], Watch]
"""What returns the one receiver to assume for positions that can be read again and again."""


@dataclass(frozen=True)
class Told:
    """What a recording tells of who looked."""

    radars: set[Code] = field(default_factory=set)
    reporters: set[Code] = field(default_factory=set)
    """Of ADS-B reports, and of no plots."""
    heard: set[Code] = field(default_factory=set)
    """Reporters with at least one position."""
    high: set[Code] = field(default_factory=set)
    """Radars that measure heights."""
    sensors: dict[Code, Sensors] = field(default_factory=dict)
    """How the radars turn and where they stand, each in a table of one row."""


def codes_in(piece: Any) -> set[Code]:
    """Return SAC and SIC of everything that reports plots in a piece of a recording."""
    return _codes(piece.cat048) | _codes(piece.cat001) | _codes(piece.cat021)


def _codes(table: Any, rows: Bools | slice = slice(None)) -> set[Code]:
    from chainhome.formats.asterix.clock import sensor_keys

    keys = np.unique(sensor_keys(table)[rows])
    return {divmod(key, 256) for key in keys[keys >= 0].tolist()}


def told_by(path: Path) -> tuple[Told, int, int]:
    """Return what a recording tells of who looked, and how many of its bytes are blocks and how many none."""
    from chainhome.formats.asterix import iter_asterix, sensors_of

    told = Told()
    read = lost = 0
    for piece in iter_asterix(path):
        told.radars.update(_codes(piece.cat048) | _codes(piece.cat001))
        told.reporters.update(_codes(piece.cat021))
        told.heard.update(_codes(piece.cat021, _placed(piece.cat021)))
        told.high.update(_codes(piece.cat048, np.isfinite(piece.cat048["height_3d_ft"])))
        read, lost = read + piece.report.bytes_read + piece.report.bytes_skipped, lost + piece.report.bytes_lost
        # The first piece, some ten thousand records, tells how the radars turn and where they stand.
        if not told.sensors:
            table = sensors_of(piece)
            rows = range(len(table))
            told.sensors.update({(int(table.sac[row]), int(table.sic[row])): table[row : row + 1] for row in rows})
    told.reporters.difference_update(told.radars)
    return told, read, lost


def _placed(table: Any) -> Bools:
    """Return which ADS-B reports have a position."""
    return np.asarray(np.isfinite(table["lat_deg"]) | np.isfinite(table["lat_fine_deg"]), np.bool_)


def watch_of(path: Path, told: Told, receiver: Receiver) -> tuple[Watch, tuple[str, ...]]:
    """Return who looked, and the notes that say what was assumed.

    Raises SensorsNeededError where several sensors need a place that the recording does not tell, ChainhomeError for a
    recording without plots.
    """
    if not told.radars | told.reporters:
        raise ChainhomeError(f"{path} holds no plots: no record of CAT048, CAT001 or CAT021")
    radars = [_entry(code, told.sensors.get(code)) for code in sorted(told.radars)]
    receivers = _receivers(path, told, receiver)
    if len(radars) + len(receivers) > 1 and not all("lat" in entry for entry in radars):
        raise _needed(path, told, radars, receivers)
    return _assumed(path, radars, receivers)


def _receivers(path: Path, told: Told, receiver: Receiver) -> list[Watch]:
    """Return what is assumed of each receiver of ADS-B; of one without a position, what all together tell."""
    found = []
    for sac, sic in sorted(told.reporters) if told.heard or not told.radars else ():
        own = {(sac, sic)} if (sac, sic) in told.heard else told.reporters
        watch = receiver(path, partial(_positions, path, own))
        named = {"name": np.array([f"{sac}/{sic}"]), "sac": np.array([sac]), "sic": np.array([sic])}
        found.append(replace(watch, sensors=replace(watch.sensors, **named)))
    return found


def _needed(path: Path, told: Told, radars: list[dict[str, Any]], receivers: list[Watch]) -> SensorsNeededError:
    """Return the question where the radars stand, with a file to fill in."""
    entries = [
        entry | ({"sigma_elevation": SIGMA_ELEVATION} if (entry["sac"], entry["sic"]) in told.high else {})
        for entry in radars
    ]
    for watch in receivers:
        one = watch.sensors
        entries.append(
            {
                "name": str(one.name[0]),
                "sac": int(one.sac[0]),
                "sic": int(one.sic[0]),
                "kind": "ads_b",
                "period": f"{float(one.period_s[0]):g} s",
                "sigma_position": f"{float(one.range_sigma_m[0]):g} m",
                "detection_probability": next(iter(watch.detection_probability.values())),
            }
        )
    found = ", ".join(entry["name"] for entry in entries)
    return SensorsNeededError(
        f"{path}: plots of SAC/SIC {found}, whose places the recording does not tell: give --sensors FILE "
        "(a file to fill in was printed)",
        sensors_template(entries),
    )


def _entry(code: Code, sensor: Sensors | None) -> dict[str, Any]:
    """Return what a recording tells of a radar, as keys of a sensors file."""
    entry: dict[str, Any] = {"name": f"{code[0]}/{code[1]}", "sac": code[0], "sic": code[1]}
    if sensor is None:
        return entry
    entry["kind"] = SENSOR_KINDS[int(sensor.kind[0])]
    if np.isfinite(sensor.lat_deg[0]):
        entry |= {"lat": float(sensor.lat_deg[0]), "lon": float(sensor.lon_deg[0])}
        entry["height"] = f"{float(sensor.height_m[0]):.2f} m"
    if np.isfinite(sensor.period_s[0]):
        entry["period"] = f"{float(sensor.period_s[0]):.3f} s"
    return entry


def _assumed(path: Path, radars: list[dict[str, Any]], receivers: list[Watch]) -> tuple[Watch, tuple[str, ...]]:
    """Return who looked, with what is assumed of each radar and receiver put in."""
    notes: list[str] = []
    if radars:
        missing = sorted({key for key in ASSUMED for entry in radars if key not in entry}, key=list(ASSUMED).index)
        said = ", ".join(f"{key} {ASSUMED[key]}" for key in missing)
        notes.append(f"No sensors file; assumed of every radar: {said}.")
    for number, watch in enumerate(receivers):
        name, sigma_m = watch.sensors.name[0], float(watch.sensors.range_sigma_m[0])
        origin = "" if radars or number else "; the origin of the frame is near the first one"
        notes.append(
            f"No sensors file: positions that {name} reports are taken as good to {sigma_m:g} m on each axis{origin}."
        )
    watch_of_radars = [_watch_of_radars(path, radars)] if radars else []
    return (_together(path, watch_of_radars + receivers) if receivers else watch_of_radars[0]), tuple(notes)


def _watch_of_radars(path: Path, radars: list[dict[str, Any]]) -> Watch:
    lines = [f"# {REMARK}", ""]
    for entry in radars:
        lines.append("[[sensor]]")
        for key, value in ({key: ASSUMED[key] for key in ASSUMED if key not in entry} | entry).items():
            lines.append(f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value!r}")
        lines.append("")
    return parse_sensors("\n".join(lines), path.name)


def _together(path: Path, watches: list[Watch]) -> Watch:
    """Return all radars and receivers as one, in the world frame of the first."""
    sensors = Sensors.concat([watch.sensors for watch in watches])
    sensors = replace(sensors, sensor_id=np.arange(len(sensors)))
    world = watches[0].world
    lat, lon = np.degrees([world.lat_rad, world.lon_rad]).round(9).tolist()
    told = [
        [value for watch in watches for value in getattr(watch, name).values()]
        for name in ("detection_probability", "clutter_per_scan")
    ]
    text = sensors_text(
        sensors,
        detection_probability=dict(enumerate(told[0])),
        clutter_per_scan=dict(enumerate(told[1])),
        origin=(lat, lon, world.height_m),
        remark=REMARK,
    )
    return parse_sensors(text, path.name)


def _positions(path: Path, codes: set[Code]) -> Iterator[tuple[Positions, dict[str, int], str]]:
    """Yield the positions that some receivers report; times are seconds since the midnight before the first record."""
    from chainhome.formats.asterix import iter_asterix
    from chainhome.formats.asterix.clock import Clock, sensor_keys, times_of
    from chainhome.formats.asterix.to_tables import FLIGHT_LEVEL_M

    clock, wanted = Clock(), [256 * sac + sic for sac, sic in codes]
    for piece in iter_asterix(path):
        times, clock = times_of(piece, clock)
        rows = np.isin(sensor_keys(piece.cat021), wanted) & _placed(piece.cat021) & np.isfinite(times.cat021)
        if not rows.any():
            continue
        chosen = piece.cat021.rows(rows)
        fine = np.isfinite(chosen["lat_fine_deg"])
        yield (
            Positions(
                unix_s=times.cat021[rows],
                address=chosen["address"].astype(np.int64),
                lat_deg=np.where(fine, chosen["lat_fine_deg"], chosen["lat_deg"]),
                lon_deg=np.where(fine, chosen["lon_fine_deg"], chosen["lon_deg"]),
                pressure_m=chosen["flight_level_fl"] * FLIGHT_LEVEL_M,
                geometric_m=chosen["geometric_height_ft"] * FOOT_M,
                on_ground=np.zeros(int(rows.sum()), np.bool_),
            ),
            {},
            "",
        )

"""Radars for the page: where they stand, when their beam points where, what is published of them, what they see.

In: a run; its scenario is read again with the catalogue of this installation, and the page says so where the catalogue
has changed since. Out: descriptions for the header, and the visibility surfaces that they share.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from chainhome import earth, sensors
from chainhome.catalogue import Catalogue, content_hash
from chainhome.catalogue import load as load_catalogue
from chainhome.errors import ChainhomeError
from chainhome.process.recording import TRACKED
from chainhome.scenario import Flight, Post, Replay, Scenario, parse
from chainhome.scenario.reading import RadarFigures
from chainhome.tables import SENSOR_KINDS, Detections, Sensors
from chainhome.view.coverage_layer import BEARINGS, CoverageLayer, coverage_layer
from chainhome.view.payload_tables import Floats, table

if TYPE_CHECKING:
    from chainhome.formats.run_folder import Run

LOOKING = tuple(SENSOR_KINDS.index(name) for name in ("primary", "secondary", "combined"))
# A surface for each place costs up to 70 kB; a recording of a whole network gets them for its first places.
MOST_SURFACES = 6
GENERIC_RCS_M2 = 1.0
# The slider ends at 20 km, and no ground is higher than 9 km: beyond their horizon nothing is seen.
HIGHEST_M = 29_000.0
MOST_OFF_RAD, BIN_S, LEAST_PLOTS = 0.25, 60.0, 30
TURN = 2.0 * np.pi


@dataclass(frozen=True, eq=False)
class Looking:
    """What the page knows of those that look: descriptions, surfaces, reference targets, batteries, notes."""

    sensors: list[dict[str, Any]]
    surfaces: list[CoverageLayer]
    references: list[dict[str, Any]]
    batteries: list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)


def looking(run: Run, *, placed: bool = True) -> Looking:
    """Return the sensors of a run, with the surface and the published figures where there are any.

    Where the world has no place on the earth (`placed` false), a single sensor stands in its middle.
    """
    table_ = table(run, Sensors)
    notes: list[str] = []
    scenario, catalogue = _scenario(run, notes)
    posts = {post.sensor_id: post for post in scenario.posts} if scenario else {}
    references = _references(scenario)
    terrain = None
    if scenario is None:
        terrain = earth.load_terrain()  # for the places that lie on it
    elif scenario.terrain:
        terrain = earth.load_terrain(scenario.terrain)
    surfaces: list[CoverageLayer] = []
    places: dict[tuple[float, ...], int] = {}
    systems = _systems(run)
    described = []
    for row in range(len(table_)):
        post = posts.get(int(table_.sensor_id[row]))
        entry = _describe(run, table_, row, post, references)
        entry |= _headline(table_, row, post, systems, catalogue)
        if not placed and len(table_) == 1:
            entry |= {"lat_deg": 0.0, "lon_deg": 0.0}
        entry["surface"] = _surface(table_, row, post, terrain, surfaces, places)
        described.append(entry)
    if scenario is None and surfaces:
        notes.append(
            "Nobody says how high the antennas stand above their ground: it is taken as their height above sea level "
            "less that of the shipped terrain."
        )
    if not all(layer.terrain for layer in surfaces):
        notes.append("Where there is no terrain the surface is that of a smooth earth at sea level.")
    return Looking(described, surfaces, references, _batteries(scenario, systems, catalogue), notes)


def _scenario(run: Run, notes: list[str]) -> tuple[Scenario | None, Catalogue | None]:
    """Return the scenario of a simulated run, read again; None for a recording or one that cannot be read any more."""
    if not run.scenario_text or run.record.get("kind") == TRACKED or "catalogue_hash" not in run.record:
        return None, None
    try:
        catalogue = load_catalogue()
        scenario = parse(run.scenario_text, "scenario.toml", catalogue, preset=run.record.get("preset"))
    except ChainhomeError as error:
        notes.append(f"The scenario could not be read again, so published ranges are missing: {error}.")
        return None, None
    if run.record["catalogue_hash"] != content_hash():
        notes.append("The catalogue has changed since this run; published ranges on the map are those of today's.")
    return scenario, catalogue


def _references(scenario: Scenario | None) -> list[dict[str, Any]]:
    """Return the targets that sensitivity is told against: one square metre, and the classes that fly in the run."""
    if scenario is None:
        return []
    found = {"1 m²": GENERIC_RCS_M2}
    flown: list[Flight | Replay] = [*scenario.flights, *scenario.replays]
    for entry in flown:
        if np.isfinite(entry.figures.rcs_m2) and entry.figures.rcs_m2 > 0:
            found.setdefault(f"{entry.figures.name}, {entry.figures.rcs_m2:g} m²", float(entry.figures.rcs_m2))
    return [{"name": name, "rcs_m2": rcs} for name, rcs in found.items()]


def _describe(run: Run, rows: Sensors, row: int, post: Post | None, references: list[dict[str, Any]]) -> dict[str, Any]:
    sector = [_number(rows.sector_centre_rad[row]), _number(rows.sector_width_rad[row])]
    entry: dict[str, Any] = {
        "id": int(rows.sensor_id[row]),
        "name": str(rows.name[row]) or f"sensor {int(rows.sensor_id[row])}",
        "kind": SENSOR_KINDS[int(rows.kind[row])],
        "lat_deg": _number(rows.lat_deg[row], 6),
        "lon_deg": _number(rows.lon_deg[row], 6),
        "height_m": _number(rows.height_m[row], 1),
        "antenna_m": post.antenna_m if post else None,
        "period_s": _number(rows.period_s[row], 4),
        "sector_rad": sector if None not in sector else None,
        "max_range_m": _number(rows.max_range_m[row], 0),
        "limits_m": None,
        "boresight_factor": None,
    }
    entry |= _beam(run, rows, row, simulated=post is not None)
    if post is None:
        return entry
    figures = post.figures
    reach = sensors.reference_range_m(
        figures.reference_range_m, figures.reference_rcs_m2, np.array([item["rcs_m2"] for item in references] or [1.0])
    )
    entry["limits_m"] = [round(float(value)) for value in np.atleast_1d(reach)]
    entry["battery"] = post.battery
    entry["reading"] = _reading(figures)
    if np.isfinite(post.boresight_rad):
        off = np.arange(BEARINGS) * TURN / BEARINGS - post.boresight_rad
        loss = np.minimum(sensors.array_scan_loss_db(off), 400.0)
        entry["boresight_factor"] = [round(float(value), 3) for value in 10.0 ** (-loss / 40.0)]
    return entry


def _reading(figures: RadarFigures) -> str:
    """Return how the claim of a radar's range is read, in words."""
    rcs = f"{figures.reference_rcs_m2:.2g} m²"
    against = f"without a cross section, read as against {rcs} (assumed)"
    if "range-without-rcs" not in figures.rules:
        against = f"against {rcs}"
    pd = f"a detection probability of {figures.reference_pd:g} a scan"
    return f"{figures.reference_range_m / 1e3:,.0f} km {against}, read as {pd}"


def _beam(run: Run, rows: Sensors, row: int, *, simulated: bool) -> dict[str, Any]:
    """Return the phase at second 0 and the turn time of the beam; both None where plots do not tell them."""
    period = float(rows.period_s[row])
    if not (np.isfinite(period) and period > 0.0):
        return {"phase_rad": None, "turn_s": None}
    if simulated:
        return {"phase_rad": 0.0, "turn_s": period}
    plots = table(run, Detections)
    mine = (plots.sensor_id == rows.sensor_id[row]) & np.isfinite(plots.azimuth_rad)
    found = beam_of_plots(plots.time_s[mine], plots.azimuth_rad[mine], period)
    return {"phase_rad": None, "turn_s": None} if found is None else {"phase_rad": found[0], "turn_s": found[1]}


def beam_of_plots(time_s: Floats, azimuth_rad: Floats, period_s: float) -> tuple[float, float] | None:
    """Return phase at second 0 and true turn time of a beam from its plots (n,); None where they do not keep time.

    Each minute's plots give a mean phase; a line through the minutes takes up that the true turn time is not quite the
    one that was told.

    >>> t = np.arange(0.0, 600.0, 1.7)
    >>> phase, turn = beam_of_plots(t, np.mod(0.5 + 2 * np.pi * t / 10.01, 2 * np.pi), 10.0)
    >>> round(phase, 2), round(turn, 2)
    (0.5, 10.01)
    """
    if len(time_s) < LEAST_PLOTS:
        return None
    off = np.exp(1j * (azimuth_rad - TURN * time_s / period_s))
    # Only minutes with plots: a recording with a pause of years has few.
    bins = np.unique(np.floor((time_s - time_s.min()) / BIN_S).astype(np.int64), return_inverse=True)[1]
    total = np.bincount(bins, off.real) + 1j * np.bincount(bins, off.imag)
    count = np.bincount(bins)
    full = count > 2
    if not full.any():
        return None
    centre = np.bincount(bins, time_s)[full] / count[full]
    phase = np.unwrap(np.angle(total[full]))
    slope, start = np.polyfit(centre, phase, 1, w=np.sqrt(count[full])) if full.sum() > 1 else (0.0, phase[0])
    rest = off * np.exp(-1j * (start + slope * time_s))
    if abs(rest.mean()) < np.exp(-(MOST_OFF_RAD**2) / 2):
        return None
    rate = TURN / period_s + slope
    return (float(np.mod(start + np.angle(rest.mean()), TURN)), float(TURN / rate)) if rate > 0 else None


def _surface(
    rows: Sensors, row: int, post: Post | None, terrain: earth.Terrain | None,
    surfaces: list[CoverageLayer], places: dict[tuple[float, ...], int],
) -> int | None:  # fmt: skip
    """Return the number of the sensor's surface, made where its place is new; None where nothing can be said."""
    far, height = float(rows.max_range_m[row]), float(rows.height_m[row])
    lat, lon = float(rows.lat_deg[row]), float(rows.lon_deg[row])
    if int(rows.kind[row]) not in LOOKING or not all(np.isfinite([far, height, lat, lon])) or far <= 0.0:
        return None
    key = (lat, lon, height)
    if key in places:
        return places[key]
    if len(surfaces) >= MOST_SURFACES:
        return None
    # All sensors of a place share one surface, as wide as the farthest of them sees.
    here = (rows.lat_deg == lat) & (rows.lon_deg == lon) & (rows.height_m == height)
    far = min(float(np.nanmax(rows.max_range_m[here])), float(earth.horizon_range_m(max(height, 0.0), HIGHEST_M)))
    if post is not None:
        ground, antenna = post.place.ground_m, post.antenna_m
    else:
        terrain = terrain if terrain and bool(earth.on_terrain(terrain, *np.radians([lat, lon]))) else None
        ground = float(earth.terrain_height_m(terrain, *np.radians([lat, lon]))) if terrain else 0.0
        antenna = max(height - ground, 0.0)
    places[key] = len(surfaces)
    surfaces.append(coverage_layer(terrain, lat, lon, ground, antenna, far))
    return places[key]


def _systems(run: Run) -> dict[str, str]:
    """Return the key of the system of each battery, as the scenario names them."""
    try:
        batteries = tomllib.loads(run.scenario_text).get("battery", []) if run.scenario_text else []
    except tomllib.TOMLDecodeError:
        return {}
    return {str(b.get("name")): str(b.get("system", "")) for b in batteries if isinstance(b, dict)}


def _headline(
    rows: Sensors, row: int, post: Post | None, systems: dict[str, str], catalogue: Catalogue | None
) -> dict[str, Any]:
    """Return the range that the seller names and whose word it is, else the range to which the radar is set."""
    if post is not None and catalogue is not None:
        try:
            system = catalogue.find(systems.get(post.battery, ""))
        except ChainhomeError:
            system = None
        claim = getattr(system, "claims", {}).get("headline_range")
        if claim is not None:
            whose = f"headline range of {getattr(system, 'name', 'the system')}"
            return {"headline_m": float(claim.si.value), "ring": "published", "headline": whose}
    far = _number(rows.max_range_m[row], 0)
    return {"headline_m": far, "ring": "instrumented", "headline": "as far as the run lets this sensor report"}


def _batteries(scenario: Scenario | None, systems: dict[str, str], catalogue: Catalogue | None) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for post in scenario.posts if scenario else ():
        name = systems.get(post.battery, "")
        try:
            system = getattr(catalogue.find(name), "name", name) if catalogue and name else name
        except ChainhomeError:
            system = name
        place = {
            "lat_deg": _number(np.degrees(post.place.lat_rad), 6),
            "lon_deg": _number(np.degrees(post.place.lon_rad), 6),
        }
        found.setdefault(post.battery, {"name": post.battery, "system": system, **place})
    return list(found.values())


def _number(value: float, digits: int = 9) -> float | None:
    return round(float(value), digits) if np.isfinite(value) else None

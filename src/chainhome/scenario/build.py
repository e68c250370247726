"""The words of a scenario and the catalogue → a `Scenario` in SI units. Every message says where and what fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

import numpy as np

from chainhome import earth
from chainhome.catalogue import Aircraft, Catalogue, Claim, System
from chainhome.errors import UseError
from chainhome.motion import SHIPPED, FlightLimits, Route, check_route
from chainhome.scenario import model
from chainhome.scenario.places import find_place
from chainhome.scenario.reading import RadarFigures, at, radar_figures, target_figures
from chainhome.scenario.scenario import Flight, Post, Replay, Scenario
from chainhome.scenario.terrain_following import follow_ground
from chainhome.scenario.units import quantity
from chainhome.sensors import Interrogator, Transponder
from chainhome.tables import ALLEGIANCES

P = ParamSpec("P")
T = TypeVar("T")

AIRLINER_LOAD_FACTOR = 2.5
FIGHTER_LOAD_FACTOR = 3.0
# Addresses of simulated aircraft start in a block that no state has been given.
FIRST_ADDRESS = 0xF00001


def build(words: model.ScenarioWords, text: str, source: str, catalogue: Catalogue) -> Scenario:
    """Return the scenario in SI units; `source` names the file in messages. Raises UseError."""
    terrain = None if words.terrain == "none" else earth.load_terrain(words.terrain)
    epoch = _placed(source, _utc, words.start)
    origin = find_place(words.origin, catalogue, terrain, f"{source}: origin")
    posts: list[Post] = []
    for battery in words.battery:
        posts += _posts(battery, words, catalogue, terrain, source, first_id=len(posts))
    flights = _flights(words, catalogue, terrain, source)
    replays = [
        _replay(recording, epoch, len(flights) + index, catalogue, source)
        for index, recording in enumerate(words.recording)
    ]
    if not flights and not replays:
        raise UseError(f"{source}: nothing flies; expected at least one [[aircraft]] or [[recording]]")
    _check_names([battery.name for battery in words.battery], f"{source}: battery")
    _check_names([flight.name for flight in flights] + [replay.name for replay in replays], f"{source}: aircraft")
    compared = words.comparison
    items = {b.system for b in words.battery}
    items |= {a.class_ for a in words.aircraft} | {r.class_ for r in words.recording}
    return Scenario(
        title=words.title,
        text=text,
        epoch=epoch,
        length_s=quantity(words.length, "time", f"{source}: length", minimum=1.0, maximum=86_400.0),
        origin=origin,
        terrain=None if terrain is None else terrain.name,
        preset=words.preset,
        posts=tuple(posts),
        flights=tuple(flights),
        replays=tuple(replays),
        flight_plans=words.flight_plans,
        comparison_name=compared.name if compared else "",
        comparison=_placed(f"{source}: comparison", _interrogator, compared.interrogator) if compared else None,
        notes=(*words.notes, *_replaced(words)),
        items=tuple(sorted(items)),
    )


def _replaced(words: model.ScenarioWords) -> list[str]:
    """Return a sentence for each place where the scenario's figures stand instead of the catalogue's."""
    told = []
    for battery in words.battery:
        for role, figures in (("search", battery.search), ("engagement", battery.engagement)):
            given = ", ".join(f"{key} = {value}" for key, value in figures.model_dump(exclude_none=True).items())
            if given:
                told.append(f"Replaced by the scenario: {role} radar of {battery.name}: {given}.")
        if battery.interrogator is not None:
            told.append(f"Replaced by the scenario: interrogator of {battery.name}.")
    for entry in words.aircraft:
        kept = entry.model_dump(include={"rcs", "spread_db", "max_load_factor"}, exclude_none=True)
        given = ", ".join(f"{key} = {value}" for key, value in kept.items())
        if entry.iff is not None and (entry.iff.modes is not None or entry.iff.keys is not None):
            given = f"{given}, transponder" if given else "transponder"
        if given:
            told.append(f"Replaced by the scenario: {entry.name}: {given}.")
    return told


def _check_names(names: list[str], where: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UseError(f'{where} "{twice[0]}" is there twice; expected a name of its own for each')


def _utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise UseError(f"start = {moment} is no time that a calendar knows; expected one such as 2019-11-25") from None


def _interrogator(words: model.InterrogatorWords) -> Interrogator:
    return Interrogator(modes=frozenset(words.modes), keys=frozenset(words.keys))


def _posts(
    words: model.BatteryWords,
    scenario: model.ScenarioWords,
    catalogue: Catalogue,
    terrain: earth.Terrain | None,
    source: str,
    first_id: int,
) -> list[Post]:
    where = f'{source}: battery "{words.name}"'
    system = _named(catalogue.system, words.system, f"{where}: system")
    place = find_place(words.site, catalogue, terrain, f"{where}: site")
    antenna_m = quantity(words.antenna, "length", f"{where}: antenna", minimum=0.0, maximum=10e3)
    boresight = quantity(words.boresight, "angle", f"{where}: boresight")
    given = words.interrogator
    asks = _placed(f"{where}: interrogator", _interrogator, given) if given else catalogue_interrogator(system)
    preset = system.presets[scenario.preset]
    posts: list[Post] = []
    for role, key in (("search", preset.search_radar), ("engagement", preset.engagement_radar)):
        if key is None or (role == "engagement" and key == preset.search_radar):
            continue
        figures = radar_figures(system.radars[key], "value")
        figures = _overridden(figures, words.search if role == "search" else words.engagement, f"{where}: {role}")
        stares = bool(np.isfinite(figures.sector_width_rad))
        if not figures.period_s > 0.0:
            raise UseError(
                f'{where}: no scan period of {figures.name} is published; give {role} = {{ period = "4 s" }}'
            )
        posts.append(
            Post(
                sensor_id=first_id + len(posts),
                name=f"{words.name} {figures.name}",
                battery=words.name,
                role=role,
                place=place,
                antenna_m=antenna_m,
                figures=figures,
                boresight_rad=boresight % (2 * np.pi) if stares else float("nan"),
                false_alarms_per_scan=scenario.false_alarms * (figures.sector_width_rad / (2 * np.pi) if stares else 1),
                interrogator=asks if role == "search" else None,
                may_engage=words.status == "operational",
            )
        )
    return posts


def _overridden(figures: RadarFigures, words: model.RadarWords, where: str) -> RadarFigures:
    """Return a radar's figures with those that the scenario gives in place of the claims."""
    fields = {
        "instrumented_range": ("instrumented_m", "length", 1.0),
        "reference_range": ("reference_range_m", "length", 1.0),
        "reference_rcs": ("reference_rcs_m2", "area", 1e-9),
        "period": ("period_s", "time", 0.01),
        "sector": ("sector_width_rad", "angle", 1e-3),
        "range_accuracy": ("range_sigma_m", "length", 0.0),
        "azimuth_accuracy": ("azimuth_sigma_rad", "angle", 0.0),
        "elevation_accuracy": ("elevation_sigma_rad", "angle", 0.0),
    }
    given: dict[str, Any] = {
        field: quantity(text, dimension, f"{where}: {key}", minimum=least)
        for key, (field, dimension, least) in fields.items()
        if (text := getattr(words, key)) is not None
    }
    if given.get("sector_width_rad", 0.0) >= 2 * np.pi - 1e-9:
        given["sector_width_rad"] = float("nan")
    return replace(figures, **given)


def catalogue_interrogator(system: System) -> Interrogator:
    """Return what a system asks, by the catalogue's claims."""
    return Interrogator(modes=_words(system.claims, "interrogator_modes"), keys=_keys(system.claims))


def catalogue_transponder(aircraft: Aircraft, words: model.TransponderWords | None) -> Transponder:
    """Return what an aircraft answers: the catalogue's claims, replaced by what the scenario says."""
    modes, keys = _words(aircraft.claims, "transponder_modes"), _keys(aircraft.claims)
    if words is not None and words.modes is not None:
        modes = frozenset(words.modes)
    if words is not None and words.keys is not None:
        keys = frozenset(words.keys)
    return Transponder(modes=modes, keys=keys, on=bool(modes))


def _words(claims: Mapping[str, Claim], name: str) -> frozenset[str]:
    return frozenset(claims[name].words) if name in claims else frozenset()


def _keys(claims: Mapping[str, Claim]) -> frozenset[str]:
    """Return the key domains of a claim; "civil" says that there are no secure keys, so two of them share none."""
    return _words(claims, "key_domain") - {"civil"}


def _flights(
    words: model.ScenarioWords, catalogue: Catalogue, terrain: earth.Terrain | None, source: str
) -> list[Flight]:
    flights: list[Flight] = []
    for entry in words.aircraft:
        where = f'{source}: aircraft "{entry.name}"'
        aircraft = _named(catalogue.aircraft, entry.class_, f"{where}: class")
        if "burnout_speed" in aircraft.claims:
            raise UseError(f"{where}: a {aircraft.name} flies an arc, which a route is not; reach knows its arc")
        route = _route(entry, terrain, where)
        start = quantity(entry.start, "time", f"{where}: start", minimum=0.0)
        interval = quantity(entry.interval, "time", f"{where}: interval", minimum=0.0)
        figures = target_figures(aircraft, "value")
        if entry.rcs is not None:
            figures = replace(figures, rcs_m2=quantity(entry.rcs, "area", f"{where}: rcs", minimum=1e-9))
        if entry.spread_db is not None:
            figures = replace(figures, spread_db=entry.spread_db)
        load = entry.max_load_factor or at(aircraft.claims, "max_load_factor", "value")
        limits = flight_limits(load if np.isfinite(load) else 2.0)
        transponder = _placed(f"{where}: iff", catalogue_transponder, aircraft, entry.iff)
        _placed(f"{where}: route", check_route, route, limits)
        for number in range(entry.count):
            target_id = len(flights)
            code, address = _addresses(entry.iff, target_id, transponder)
            flights.append(
                Flight(
                    target_id=target_id,
                    name=entry.name if entry.count == 1 else f"{entry.name} {number + 1}",
                    figures=figures,
                    allegiance=ALLEGIANCES.index(entry.allegiance),
                    route=route,
                    start_s=start + number * interval,
                    limits=limits,
                    transponder=transponder,
                    mode_3a=code,
                    icao_address=address,
                )
            )
    return flights


def flight_limits(max_load_factor: float) -> FlightLimits:
    """Return what an aircraft may do: what pulls more than airliners do turns at up to 3 g here."""
    if max_load_factor <= AIRLINER_LOAD_FACTOR:
        return FlightLimits()
    load = min(FIGHTER_LOAD_FACTOR, max_load_factor)
    return FlightLimits(
        max_bank_rad=float(np.arccos(1.0 / load)), max_load_factor=load, max_acceleration_mps2=8.0, max_climb_mps=150.0
    )


def _addresses(words: model.TransponderWords | None, target_id: int, transponder: Transponder) -> tuple[int, int]:
    """Return the Mode 3/A code (as its four digits read) and the Mode S address; -1 where it does not answer."""
    code, address = -1, -1
    if "mode-3a" in transponder.modes:
        # The four octal digits are kept as they read: 4321 stands for code 4321.
        code = int(words.code) if words is not None and words.code else int(f"{0o2000 + target_id % 0o6000:o}")
    if "mode-s" in transponder.modes:
        address = int(words.address, 16) if words is not None and words.address else FIRST_ADDRESS + target_id
    return code, address


def _route(entry: model.AircraftWords, terrain: earth.Terrain | None, where: str) -> Route:
    heights, speeds, grounds = [], [], []
    for index, point in enumerate(entry.route):
        place = f"{where}: route[{index + 1}]"
        above_ground = point.above == "ground"
        heights.append(quantity(point.height, "length", f"{place}: height", minimum=0.0 if above_ground else None))
        speeds.append(quantity(point.speed, "speed", f"{place}: speed", minimum=1.0))
        grounds.append(above_ground)
        _check_above_ground(point, heights[-1], above_ground, terrain, f"{place}: height")
    return follow_ground(
        np.radians([point.lat for point in entry.route]),
        np.radians([point.lon for point in entry.route]),
        np.array(heights),
        np.array(speeds),
        np.array(grounds),
        terrain,
        repeat=entry.repeat,
    )


def _check_above_ground(
    point: model.WaypointWords, height_m: float, above_ground: bool, terrain: earth.Terrain | None, where: str
) -> None:
    """Raise UseError where a waypoint lies in the ground."""
    if above_ground:
        if height_m <= 0.0:
            raise UseError(f'{where} = "{point.height}" above ground must be positive')
        return
    ground = 0.0 if terrain is None else float(earth.terrain_height_m(terrain, *np.radians([point.lat, point.lon])))
    if height_m <= ground:
        raise UseError(f'{where} = "{point.height}" above sea level is below the ground there ({ground:.0f} m)')


def _replay(words: model.RecordingWords, epoch: datetime, target_id: int, catalogue: Catalogue, source: str) -> Replay:
    where = f'{source}: recording "{words.file}"'
    if words.file not in SHIPPED:
        raise UseError(f"{where}: not a recording that the package carries; expected {' or '.join(SHIPPED)}")
    aircraft = _named(catalogue.aircraft, words.class_, f"{where}: class")
    return Replay(
        target_id=target_id,
        name=words.file.upper(),
        recording=words.file,
        figures=target_figures(aircraft, "value"),
        allegiance=ALLEGIANCES.index(words.allegiance),
        first_fix_s=(_utc(words.shift) - epoch).total_seconds(),
        transponder=catalogue_transponder(aircraft, None),
    )


def _placed(where: str, make: Callable[P, T], *arguments: P.args, **more: P.kwargs) -> T:
    """Return what `make` makes, or say where it was that it could not."""
    try:
        return make(*arguments, **more)
    except UseError as error:
        raise UseError(f"{where}: {error}") from None


def _named(find: Callable[[str], T], name: str, where: str) -> T:
    return _placed(where, find, name)

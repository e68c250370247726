"""Who stands where, for `chainhome coverage`: sites of the command line, of a day, or the batteries of a scenario."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from chainhome import earth
from chainhome.catalogue import Catalogue, Deployment, deployments
from chainhome.catalogue.postings import names_deployments, past_day
from chainhome.coverage import CoverageSite
from chainhome.coverage.result import NOT_ACTIVATED
from chainhome.errors import UseError
from chainhome.scenario import find_place, load, quantity, shipped

DEFAULT_SITE = "murted"
SHORTEST_MAST_M, TALLEST_MAST_M = 1.0, 300.0
STATUS_WORDS = {
    "delivered": NOT_ACTIVATED,
    "activated": "activated",
    "withdrawn": "withdrawn",
    "not delivered": "not delivered",
}


@dataclass
class Standing:
    """The sites, whether the earth is to be smooth, what was there on the day, and what to say of it all.

    `notes` stand with the answer, `lead` before it, `told` goes to standard error.
    """

    sites: list[CoverageSite] = field(default_factory=list)
    smooth: bool = False
    notes: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    lead: str = ""
    deployments: tuple[Deployment, ...] = ()


def sites_of(arguments: argparse.Namespace, catalogue: Catalogue) -> Standing:
    """Return who stands where; raises UseError for names that are unknown and options that do not go together."""
    name = arguments.system
    if arguments.terrain == "":
        raise UseError('--terrain "" is no file; expected a file of heights or a folder of tiles')
    if name.endswith(".toml") or name in shipped():
        if arguments.site or arguments.date or arguments.antenna or arguments.boresight:
            raise UseError("--site, --date, --antenna and --boresight do not go with a scenario: its batteries stand")
        return _of_scenario(arguments, catalogue)
    if arguments.date is not None:
        return _remarked(_of_day(arguments, catalogue), arguments)
    if names_deployments(name, catalogue):
        raise UseError(
            f'"{name[:80]}" is a deployment and not a system: add the day, such as --date 2015-03-01, or name a system'
        )
    names = arguments.site or [DEFAULT_SITE]
    if len(set(names)) < len(names):
        raise UseError(f"--site {next(n for n in names if names.count(n) > 1)} is there twice")
    return _remarked(Standing([_site(arguments, catalogue, name, site) for site in names], arguments.smooth), arguments)


def _remarked(standing: Standing, arguments: argparse.Namespace) -> Standing:
    """Return who stands where, with what must be told of options that do nothing, or more than a mast can."""
    for system in dict.fromkeys(site.system.key for site in standing.sites):
        site = next(site for site in standing.sites if site.system.key == system)
        preset = site.system.presets.get(site.preset)
        radar = site.system.radars[preset.search_radar] if preset is not None else None
        if site.boresight_rad is not None and radar is not None and "sector_width" not in radar.claims:
            standing.told.append(f"--boresight changes nothing: {radar.name} turns all round")
        if site.antenna_m is not None and not SHORTEST_MAST_M <= site.antenna_m <= TALLEST_MAST_M:
            standing.told.append(f"--antenna {arguments.antenna}: no mast stands {site.antenna_m:g} m above the ground")
    return standing


def _site(arguments: argparse.Namespace, catalogue: Catalogue, system: str, site: str, name: str = "") -> CoverageSite:
    terrain = None if arguments.smooth or arguments.terrain else earth.load_terrain()
    antenna, angle = arguments.antenna, arguments.boresight
    antenna_m = None
    if antenna is not None:
        antenna_m = quantity(antenna, "length", "--antenna", bare_si=True, minimum=0.0, maximum=10e3)
    return CoverageSite(
        system=catalogue.system(system),
        place=find_place(site, catalogue, terrain, "--site"),
        preset=arguments.preset or "middle",
        antenna_m=antenna_m,
        name=name,
        boresight_rad=None if angle is None else _bearing(angle),
    )


def _bearing(text: str) -> float:
    """Return a bearing in radians; a number without a unit is in degrees."""
    try:
        degrees = float(text)
    except ValueError:
        return quantity(text, "angle", "--boresight") % (2.0 * math.pi)
    if not abs(degrees) <= 360.0:
        raise UseError(f'--boresight "{text}" is not a bearing; expected -360 to 360 degrees')
    return math.radians(degrees) % (2.0 * math.pi)


def _of_day(arguments: argparse.Namespace, catalogue: Catalogue) -> Standing:
    """Return the sites on which a system, or a named group of deployments, stood on a day."""
    found = deployments(past_day(arguments.date), name=_deployed(arguments.system, catalogue), catalogue=catalogue)
    if arguments.site:
        wanted = {catalogue.site(site).key for site in arguments.site}
        found = tuple(one for one in found if one.site in wanted)
        if not found:
            raise UseError(f"--site {', '.join(arguments.site)}: no deployment of {arguments.system} there is known")
    standing = Standing(smooth=arguments.smooth, deployments=found)
    there = sorted((one for one in found if one.present and one.known), key=lambda one: (one.system, one.site))
    for (system, site), group in groupby(there, key=lambda one: (one.system, one.site)):
        units = list(group)
        place = catalogue.site(site)
        status = "activated" if any(one.covers for one in units) else NOT_ACTIVATED
        standing.sites.append(replace(_site(arguments, catalogue, system, site, place.name), status=status))
        state = " and ".join(dict.fromkeys(STATUS_WORDS[one.status] for one in units))
        switched = "" if any(one.covers for one in units) else "; drawn as if it were switched on"
        standing.notes.append(
            f"On {arguments.date}, {units[0].system_name} at {place.name}: {_number(units)}, {state}{switched}."
        )
    if there and not any(one.covers for one in there):
        standing.lead = (
            f"On {arguments.date} it had been delivered and not activated: nothing was covered. Switched on, it would "
            "have seen what follows."
        )
    doubtful = [one.name for one in found if one.doubtful]
    if doubtful:
        standing.notes.append(f"Not certain on that day, by what is published: {'; '.join(doubtful)}.")
    for one in found:
        if one.present and not one.known:
            standing.notes.append(
                f"{one.name} stood there too; the catalogue has no figures of it, so it is not drawn."
            )
    return standing


def _deployed(name: str, catalogue: Catalogue) -> str:
    """Return the key of a system by any of its names, or the name of a group of deployments as it is."""
    try:
        return catalogue.system(name).key
    except UseError:
        return name


def _number(units: list[Deployment]) -> str:
    given = [one.units for one in units]
    number = sum(1.0 if count is None else count for count in given)
    return f"{number:g} unit{'' if number == 1 else 's'}"


def _of_scenario(arguments: argparse.Namespace, catalogue: Catalogue) -> Standing:
    """Return the batteries of a scenario, each with the antenna and the boresight that it has there."""
    import tomllib

    scenario = load(arguments.system, catalogue, preset=arguments.preset)
    batteries: dict[str, Any] = {battery["name"]: battery for battery in tomllib.loads(scenario.text)["battery"]}
    standing = Standing(smooth=arguments.smooth or scenario.terrain is None)
    for name, battery in batteries.items():
        post = next(post for post in scenario.posts if post.battery == name)
        if "search" in battery:
            standing.told.append(
                f'battery "{name}": its own radar figures are not used; coverage reads those of the catalogue'
            )
        standing.sites.append(
            CoverageSite(
                system=catalogue.system(battery["system"]),
                place=post.place,
                preset=scenario.preset,
                antenna_m=post.antenna_m,
                name=name,
                boresight_rad=post.boresight_rad,
            )
        )
    return standing

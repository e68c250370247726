"""Who stands where, for `chainhome coverage`: sites of the command line, of a day, or the batteries of a scenario."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from chainhome import earth
from chainhome.catalogue import Catalogue, Deployment, deployments
from chainhome.coverage import CoverageSite
from chainhome.errors import UseError
from chainhome.scenario import find_place, load, quantity, shipped

DEFAULT_SITE = "murted"
STATUS_WORDS = {
    "delivered": "delivered, not activated",
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
    if name.endswith(".toml") or name in shipped():
        if arguments.site or arguments.date or arguments.antenna or arguments.boresight:
            raise UseError("--site, --date, --antenna and --boresight do not go with a scenario: its batteries stand")
        return _of_scenario(arguments, catalogue)
    if arguments.date is not None:
        return _of_day(arguments, catalogue)
    names = arguments.site or [DEFAULT_SITE]
    if len(set(names)) < len(names):
        raise UseError(f"--site {next(n for n in names if names.count(n) > 1)} is there twice")
    return Standing([_site(arguments, catalogue, name, site) for site in names], arguments.smooth)


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
        raise UseError(f'--boresight "{text}" is not a bearing; expected 0 to 360 degrees')
    return math.radians(degrees) % (2.0 * math.pi)


def _of_day(arguments: argparse.Namespace, catalogue: Catalogue) -> Standing:
    """Return the sites on which a system, or a named group of deployments, stood on a day."""
    found = deployments(arguments.date, name=_deployed(arguments.system, catalogue), catalogue=catalogue)
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
        standing.sites.append(_site(arguments, catalogue, system, site, place.name))
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

"""Sites by name or by coordinates → a place on the ground."""

from __future__ import annotations

import re

import numpy as np

from chainhome import earth
from chainhome.catalogue import Catalogue
from chainhome.errors import UseError, nearest
from chainhome.scenario.scenario import Place

_COORDINATES = re.compile(r"\s*([-+]?\d+(?:\.\d*)?)\s*,\s*([-+]?\d+(?:\.\d*)?)\s*")


def find_place(text: str, catalogue: Catalogue, terrain: earth.Terrain | None, where: str) -> Place:
    """Return a site of the catalogue, or a "lat, lon" in degrees whose ground is that of the terrain (0 without).

    Raises UseError for an unknown name, with the nearest ones, and for coordinates that are not on the globe.
    """
    match = _COORDINATES.fullmatch(text)
    if match:
        lat_deg, lon_deg = float(match.group(1)), float(match.group(2))
        if not (abs(lat_deg) <= 90.0 and abs(lon_deg) <= 180.0):
            hint = "; latitude comes first" if abs(lat_deg) > 90.0 and abs(lon_deg) <= 90.0 else ""
            raise UseError(f'{where} = "{text}": expected latitude -90 to 90 and longitude -180 to 180{hint}')
        lat, lon = float(np.radians(lat_deg)), float(np.radians(lon_deg))
        return Place(f"{lat_deg:.4f}, {lon_deg:.4f}", lat, lon, ground_at(terrain, lat, lon, 0.0))
    try:
        site = catalogue.site(text)
    except UseError:
        hint = nearest(text, catalogue.names("site")) or f"; known are {', '.join(catalogue.names('site'))}"
        raise UseError(f'{where} = "{text}": no such site{hint}, or give "lat, lon" in degrees') from None
    # Degrees are converted to radians by Claim.si.
    lat, lon = site.claims["lat_deg"].si.value, site.claims["lon_deg"].si.value
    elevation = site.claims["elevation_m"].si.value
    return Place(site.name, lat, lon, ground_at(terrain, lat, lon, elevation))


def ground_at(terrain: earth.Terrain | None, lat_rad: float, lon_rad: float, published_m: float) -> float:
    """Return the ground height at a site.

    Where there is terrain its own height counts, so that the antenna stands on the same ground that hides its targets.
    """
    if terrain is None:
        return published_m
    height = float(earth.terrain_height_m(terrain, lat_rad, lon_rad))
    return published_m if np.isnan(height) else height

"""The earth: positions on it, what a sensor measures there, refraction, terrain and what can be seen over it."""

from chainhome.earth.geodesy import (
    Frame,
    destination,
    ecef_to_geodetic,
    enu_frame,
    enu_to_geodetic,
    frame_rotation,
    from_enu,
    geodetic_to_ecef,
    geodetic_to_enu,
    inverse,
    to_enu,
)
from chainhome.earth.polar import measure, measure_jacobian, polar_to_world, range_rate
from chainhome.earth.refraction import (
    exponent_per_km,
    four_thirds_radius_m,
    gradient_radius_m,
    ground_range_m,
    horizon_range_m,
    lowest_visible_altitude_m,
    refracted_ray,
    slant_range_m,
    target_height_m,
)
from chainhome.earth.site_grid import SiteGrid, grid_positions, site_grid
from chainhome.earth.surface import (
    REFRACTIONS,
    MergedSurface,
    Surface,
    lowest_at,
    merged,
    sites_in_view,
    surface,
    surface_visible,
)
from chainhome.earth.terrain import Terrain
from chainhome.earth.terrain import contains as on_terrain
from chainhome.earth.terrain import height_m as terrain_height_m
from chainhome.earth.terrain import load as load_terrain
from chainhome.earth.visibility import Fan, fan, fan_grid, farthest_m, first_lost_m, visible

__all__ = [
    "REFRACTIONS",
    "Fan",
    "Frame",
    "MergedSurface",
    "SiteGrid",
    "Surface",
    "Terrain",
    "destination",
    "ecef_to_geodetic",
    "enu_frame",
    "enu_to_geodetic",
    "exponent_per_km",
    "fan",
    "fan_grid",
    "farthest_m",
    "first_lost_m",
    "four_thirds_radius_m",
    "frame_rotation",
    "from_enu",
    "geodetic_to_ecef",
    "geodetic_to_enu",
    "gradient_radius_m",
    "grid_positions",
    "ground_range_m",
    "horizon_range_m",
    "inverse",
    "load_terrain",
    "lowest_at",
    "lowest_visible_altitude_m",
    "measure",
    "measure_jacobian",
    "merged",
    "on_terrain",
    "polar_to_world",
    "range_rate",
    "refracted_ray",
    "site_grid",
    "sites_in_view",
    "slant_range_m",
    "surface",
    "surface_visible",
    "target_height_m",
    "terrain_height_m",
    "to_enu",
    "visible",
]

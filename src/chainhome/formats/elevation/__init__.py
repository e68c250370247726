"""Elevation files ↔ the square grid round a site: the user's GeoTIFF, .hgt, DTED or a folder of tiles (extra `geo`).

`read_site_grid` brings heights of any kind onto a `SiteGrid`; `write_geotiff` and `write_surface_geotiff` write what
was computed on one, so that QGIS and GDAL place it.
"""

from chainhome.formats.elevation.geotiff import write_geotiff, write_surface_geotiff
from chainhome.formats.elevation.read import data_share, read_site_grid

__all__ = ["data_share", "read_site_grid", "write_geotiff", "write_surface_geotiff"]

"""Files of heights: which there are, where each lies, and their heights in metres, window by window.

In: a file or a folder. Out: `Tile` records, checked, and arrays of heights with NaN for voids. What cannot be used is
refused with the file's name, what was found and what is expected.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainhome.constants import FOOT_M
from chainhome.errors import ChainhomeError, UseError

Heights = NDArray[np.float32]

ENDINGS = (".tif", ".tiff", ".hgt", ".hgt.zip", ".dt0", ".dt1", ".dt2", ".bil", ".flt", ".asc", ".img", ".vrt", ".jp2")
# Copernicus, ASTER and NASADEM put masks and counts of images beside the heights.
NOT_HEIGHTS = re.compile(r"(_(EDM|FLM|HEM|WBM|ACM|NUM|QA|QC|SWB)|[._]NUM|[._]SWB)$", re.IGNORECASE)
MOST_FILES = 100_000  # looked through in a folder: a whole world of tiles has 65,000
CACHE_BYTES = 256 << 20  # holds a band of whole strips of a country at 30 m

# Voids of files that do not declare them, and what cannot be a height on earth even in feet.
_USUAL_VOIDS = (-9999.0, -32767.0, -32768.0)
_LEAST, _MOST = -12_000.0, 30_000.0
_HIGHEST_M = 9000.0
_METRES = ("m", "metre", "metres", "meter", "meters")
_FEET = {
    "ft": FOOT_M, "foot": FOOT_M, "feet": FOOT_M, "international foot": FOOT_M,
    "us-ft": 1200.0 / 3937.0, "ftus": 1200.0 / 3937.0, "us survey foot": 1200.0 / 3937.0, "foot_us": 1200.0 / 3937.0,
}  # fmt: skip
_VERTICAL_UNIT = re.compile(r'VERT(?:_CS|CRS|ICALCRS).*?(?:LENGTH)?UNIT\["([^"]+)"', re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Tile:
    """One raster of heights: its size, its affine transform (a, b, c, d, e, f), its coordinate system, its numbers."""

    path: Path
    rows: int
    columns: int
    transform: tuple[float, float, float, float, float, float]
    crs: Any
    void: float  # the declared value, NaN for none
    sea_is_void: bool  # the declared value is 0, which marks the sea
    scale: float
    offset: float
    unit_m: float

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name


def rasterio() -> Any:
    """Return the package rasterio; ChainhomeError that names the extra where it is not installed."""
    try:
        import rasterio as package
        import rasterio.warp
    except ImportError as error:
        raise ChainhomeError(
            'elevation files need the package rasterio, which is not installed: pip install "chainhome[geo]"'
        ) from error
    return package


@contextmanager
def environment() -> Iterator[Any]:
    """Give rasterio with GDAL's cache held small."""
    package = rasterio()
    with package.Env(GDAL_CACHEMAX=CACHE_BYTES):
        yield package


def find_tiles(path: Path) -> list[Tile]:
    """Return the rasters of a file or of a folder and the folders in it, checked; UseError for what cannot be used."""
    if not path.exists():
        raise UseError(f"{path}: no such file or folder")
    if not path.is_dir():
        return [open_tile(path)]
    files = sorted(_rasters_in(path))
    if not files:
        raise UseError(f"{path}: holds no elevation file; expected files that end in {', '.join(ENDINGS)}")
    return [open_tile(file) for file in files]


def _rasters_in(folder: Path) -> Iterator[Path]:
    """Yield the elevation files of a folder and the folders in it; UseError where that cannot be a folder of tiles."""

    def refuse(error: OSError) -> None:
        raise UseError(
            f"{error.filename}: cannot be read ({error.strerror}); expected a folder of elevation files, all readable"
        ) from error

    looked = 0
    for where, _, names in os.walk(folder, onerror=refuse):
        looked += len(names)
        if looked > MOST_FILES:
            raise UseError(f"{folder}: holds more than {MOST_FILES:,} files; name the folder that holds the tiles")
        paths = (Path(where, name) for name in names)
        yield from (path for path in paths if _is_wanted(path) and os.path.isfile(path))


def open_tile(path: Path) -> Tile:
    """Return what a raster says of itself; UseError for what is no raster of heights with a known place and unit."""
    package = rasterio()
    if path.stat().st_size == 0:
        raise UseError(f"{path}: is empty; expected an elevation file (GeoTIFF, .hgt, DTED)")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", package.errors.NotGeoreferencedWarning)
            dataset = package.open(path)
    except package.errors.RasterioError as error:
        raise UseError(
            f"{path}: is not a raster that can be read, or is cut off; expected an elevation file such as a GeoTIFF, "
            f".hgt or DTED ({_reason(error, path)})"
        ) from error
    with dataset:
        _check_place(path, dataset)
        return _tile(path, dataset)


def read_window(dataset: Any, tile: Tile, first_row: int, first_column: int, shape: tuple[int, int]) -> Heights:
    """Return the heights (m) of a window of an open tile; voids are NaN. UseError where the file is damaged."""
    package = rasterio()
    window = package.windows.Window(first_column, first_row, shape[1], shape[0])
    try:
        raw = dataset.read(1, window=window)
        masked = package.enums.MaskFlags.per_dataset in dataset.mask_flag_enums[0]
        mask = dataset.read_masks(1, window=window) == 0 if masked else None
    except package.errors.RasterioError as error:
        raise UseError(
            f"{tile.path}: cannot be read near row {first_row}, column {first_column} of {tile.rows} x {tile.columns}; "
            f"the file is damaged or cut off ({_reason(error, tile.path)})"
        ) from error
    heights = np.asarray(raw, np.float32)
    with np.errstate(invalid="ignore"):
        voids = ~((heights > _LEAST) & (heights < _MOST)) if tile.scale == 1.0 else ~np.isfinite(heights)
    for usual in _USUAL_VOIDS:
        voids |= heights == np.float32(usual)
    if not np.isnan(tile.void):
        voids |= heights == np.float32(tile.void)
    if mask is not None:
        voids |= mask
    if (tile.scale, tile.offset, tile.unit_m) != (1.0, 0.0, 1.0):
        heights = (heights * np.float32(tile.scale) + np.float32(tile.offset)) * np.float32(tile.unit_m)
    heights[voids] = 0.0 if tile.sea_is_void else np.nan
    _check_heights(tile, heights)
    return heights


def _is_wanted(path: Path) -> bool:
    name = path.name.lower()
    ending = next((ending for ending in sorted(ENDINGS, key=len, reverse=True) if name.endswith(ending)), "")
    return bool(ending) and not name.startswith(".") and not NOT_HEIGHTS.search(name.removesuffix(ending))


def _check_place(path: Path, dataset: Any) -> None:
    rows, columns = dataset.height, dataset.width
    if rows < 2 or columns < 2:
        raise UseError(f"{path}: is a grid of {rows} x {columns} cells; expected at least 2 x 2")
    if dataset.crs is None or not dataset.crs.to_wkt():
        raise UseError(
            f"{path}: has no coordinate system, so that nobody knows where it lies; expected one in the file "
            f"(if it is latitude and longitude, write it in: rio edit-info --crs EPSG:4326 {path.name})"
        )
    if not (dataset.crs.is_geographic or dataset.crs.is_projected):
        raise UseError(f"{path}: its coordinate system is neither geographic nor projected; expected one that is")
    if dataset.transform.is_identity or dataset.transform.determinant == 0.0:
        raise UseError(f"{path}: says its coordinate system but not where its cells lie in it; expected a geotransform")
    if dataset.count > 1 and dataset.dtypes[0] == "uint8":
        raise UseError(f"{path}: has {dataset.count} bands of bytes, which is a picture; expected one band of heights")
    if dataset.dtypes[0].startswith("complex"):
        raise UseError(f"{path}: holds complex numbers; expected heights")
    d, e, f = tuple(dataset.transform)[3:6]
    corners = [d * column + e * row + f for column in (0, columns) for row in (0, rows)]
    south, north = min(corners), max(corners)
    if dataset.crs.is_geographic and not (south > -91.0 and north < 91.0):
        raise UseError(
            f"{path}: its latitudes go from {south:g} to {north:g}; expected -90 to 90 "
            "(are latitude and longitude changed over in it?)"
        )


def _tile(path: Path, dataset: Any) -> Tile:
    void = float("nan") if dataset.nodata is None else float(dataset.nodata)
    return Tile(
        path=path,
        rows=dataset.height,
        columns=dataset.width,
        transform=tuple(dataset.transform)[:6],
        crs=dataset.crs,
        void=void,
        sea_is_void=void == 0.0,
        scale=float(dataset.scales[0]),
        offset=float(dataset.offsets[0]),
        unit_m=_unit_m(path, dataset),
    )


def _unit_m(path: Path, dataset: Any) -> float:
    """Return how many metres a height of 1 is: what the band or the vertical coordinate system says, else 1."""
    said = (dataset.units[0] or "").strip()
    if not said and (vertical := _VERTICAL_UNIT.search(dataset.crs.to_wkt())):
        said = vertical[1]
    unit = said.lower()
    if unit in _METRES:
        return 1.0
    if unit in _FEET:
        return _FEET[unit]
    if said:
        raise UseError(f'{path}: its heights are in "{said[:40]}"; expected metres or feet')
    if dataset.crs.is_projected:
        name, factor = dataset.crs.linear_units_factor
        if abs(factor - FOOT_M) < 1e-3:
            raise UseError(
                f"{path}: is projected in feet ({name}) and does not say whether its heights are in feet or in metres; "
                f"write it in: gdal_edit.py -units ft {path.name} (or -units m)"
            )
    return 1.0


def _check_heights(tile: Tile, heights: Heights) -> None:
    highest = float(np.nanmax(heights, initial=-np.inf)) if heights.size else -np.inf
    if highest > _HIGHEST_M:
        raise UseError(
            f"{tile.path}: holds a height of {highest:,.0f} m, and none on earth is over {_HIGHEST_M:,.0f} m; are its "
            f"heights in feet? Then write it in: gdal_edit.py -units ft {tile.name}"
        )


def _reason(error: BaseException, path: Path) -> str:
    """Return GDAL's first line without the file's folder."""
    cause = error.__cause__ or error
    line = (str(cause) or str(error) or type(error).__name__).splitlines()[0]
    return line.replace(str(path), path.name)[:160]

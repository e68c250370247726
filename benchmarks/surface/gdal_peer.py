"""GDAL's viewshed in this process, on rasters in memory, through the C library of Debian's package gdal-bin."""

from __future__ import annotations

import ctypes
import ctypes.util
import time

import numpy as np
from numpy.typing import NDArray

# From gdal.h and gdal_alg.h
_READ, _WRITE, _FLOAT32, _FLOAT64 = 0, 1, 6, 7
_EDGE_MODE = 2  # what gdal_viewshed uses
OUTPUTS = {"visible at one height": 1, "lowest height above ground": 3}
_SEMI_MAJOR_M = 6_378_137.0
_WGS84 = (
    'LOCAL_CS["metres"]',
    'PROJCS["utm",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],'
    'PARAMETER["central_meridian",33],PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",500000],'
    'PARAMETER["false_northing",0],UNIT["metre",1]]',
)


class Gdal:
    """The library, with the heights of one terrain in its memory."""

    def __init__(self, heights_m: NDArray[np.float32], cell_m: float) -> None:
        found = ctypes.util.find_library("gdal")
        if found is None:
            raise OSError("libgdal is not installed (Debian: apt install gdal-bin)")
        library = ctypes.CDLL(found)
        for name in ("GDALGetDriverByName", "GDALCreate", "GDALGetRasterBand", "GDALViewshedGenerate"):
            getattr(library, name).restype = ctypes.c_void_p
        library.GDALVersionInfo.restype = ctypes.c_char_p
        library.GDALAllRegister()
        self.library, self.n, self.cell_m = library, heights_m.shape[0], cell_m
        self.version = library.GDALVersionInfo(b"RELEASE_NAME").decode()
        driver = ctypes.c_void_p(library.GDALGetDriverByName(b"MEM"))
        n = ctypes.c_int(self.n)
        self.data = ctypes.c_void_p(library.GDALCreate(driver, b"", n, n, ctypes.c_int(1), _FLOAT32, None))
        place = (ctypes.c_double * 6)(0.0, cell_m, 0.0, 0.0, 0.0, -cell_m)
        library.GDALSetGeoTransform(self.data, place)
        library.GDALSetProjection(self.data, _WGS84[1].encode())
        self.band = ctypes.c_void_p(library.GDALGetRasterBand(self.data, ctypes.c_int(1)))
        self._raster_io(self.band, _WRITE, np.ascontiguousarray(heights_m, np.float32), _FLOAT32)

    def viewshed(self, output: str, antenna_m: float, target_m: float, radius_m: float) -> tuple[float, NDArray]:
        """Return the CPU seconds and the raster (n, n) of a viewshed from the middle of the terrain."""
        library, middle = self.library, self.cell_m * (self.n // 2 + 0.5)
        d = ctypes.c_double
        start = time.process_time()
        found = library.GDALViewshedGenerate(
            self.band, b"MEM", b"", None, d(middle), d(-middle), d(antenna_m), d(target_m),
            d(255.0), d(0.0), d(0.0), d(-1.0), d(_SEMI_MAJOR_M / radius_m), ctypes.c_int(_EDGE_MODE), d(0.0),
            None, None, ctypes.c_int(OUTPUTS[output]), None,
        )  # fmt: skip
        spent = time.process_time() - start
        if not found:
            raise RuntimeError("GDALViewshedGenerate gave nothing")
        data = ctypes.c_void_p(found)
        raster = np.empty((self.n, self.n), np.float64)
        self._raster_io(ctypes.c_void_p(library.GDALGetRasterBand(data, ctypes.c_int(1))), _READ, raster, _FLOAT64)
        library.GDALClose(data)
        return spent, raster

    def _raster_io(self, band: ctypes.c_void_p, way: int, array: NDArray, kind: int) -> None:
        n = ctypes.c_int(self.n)
        zero = ctypes.c_int(0)
        self.library.GDALRasterIO(
            band, ctypes.c_int(way), zero, zero, n, n, array.ctypes.data_as(ctypes.c_void_p), n, n, ctypes.c_int(kind),
            zero, zero,
        )  # fmt: skip

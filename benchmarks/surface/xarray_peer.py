"""xarray-spatial's viewshed, run by another interpreter: heights and antenna in, CPU seconds for each cell out.

Run with a Python that has xarray-spatial: `python xarray_peer.py HEIGHTS.npy CELL_M ANTENNA_M`.
"""

from __future__ import annotations

import json
import sys
import time


def main() -> None:
    """Time the second viewshed (the first compiles) and print what came out."""
    import numpy as np
    import xarray
    import xrspatial

    heights = np.load(sys.argv[1]).astype(np.float64)
    cell_m, antenna_m = float(sys.argv[2]), float(sys.argv[3])
    along = cell_m * np.arange(heights.shape[0])
    raster = xarray.DataArray(heights, coords={"y": along[::-1], "x": along}, dims=("y", "x"))
    middle = float(along[heights.shape[0] // 2])
    spent = []
    for _ in range(2):
        start = time.process_time()
        xrspatial.viewshed(raster, x=middle, y=middle, observer_elev=antenna_m)
        spent.append(time.process_time() - start)
    print(json.dumps({"version": xrspatial.__version__, "seconds": spent[-1], "cells": heights.size}))


if __name__ == "__main__":
    main()

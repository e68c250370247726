"""The lowest visible altitude: its accuracy against exact rays, its speed against GDAL and xarray-spatial.

Run `python benchmarks/bench_surface.py`. The terrain is fractal (4000 x 4000 cells of 90 m, 3,000 m of relief), the
antenna 20 m high on the highest ground near its middle, then in the lowest. Accuracy is over 4,000 random cells,
against rays through finely sampled bilinear ground. Ours and GDAL take turns in one process, in memory; the best CPU
time of each counts; GDAL answers one target height ("visible"), ours and GDAL's other mode every height. xarray-spatial
needs a Python that has it: `--xarray PYTHON`.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chainhome import earth
from surface.fractal import fractal_heights
from surface.rays import lowest_by_rays

CELL_M, ANTENNA_M, RADIUS_M = 90.0, 20.0, earth.four_thirds_radius_m()
SEARCH_CELLS = 300  # round the middle of the terrain, in which the sites are looked for
HEIGHTS_M = (100, 300, 1000, 3000)
COUNTRY_HALF = 4445  # cells of 90 m to 400 km
XARRAY_CELLS = 1501
Heights = NDArray[np.float32]


def grid_of(heights: Heights) -> earth.SiteGrid:
    return earth.SiteGrid(0.7, 0.57, CELL_M, heights, 0, 0, "fractal", "", "")


def around(terrain: Heights, pick: Callable[[Heights], np.intp]) -> Heights:
    """Return the largest odd square of the terrain round the picked cell near its middle."""
    n = terrain.shape[0]
    low = (n - SEARCH_CELLS) // 2
    near = terrain[low : low + SEARCH_CELLS, low : low + SEARCH_CELLS]
    row, column = (int(place) + low for place in np.unravel_index(pick(near), near.shape))
    half = min(row, column, n - 1 - row, n - 1 - column)
    return np.ascontiguousarray(terrain[row - half : row + half + 1, column - half : column + half + 1])


def told(label: str, lowest: NDArray, exact: NDArray, ground: NDArray) -> None:
    error = np.abs(lowest - exact)
    hidden = exact > ground + 0.01
    wrong = [100.0 * np.mean((lowest <= ground + h) != (exact <= ground + h)) for h in HEIGHTS_M]
    quantiles = " / ".join(f"{q:.3f}" for q in np.quantile(error, (0.5, 0.9, 0.99, 1.0)))
    print(
        f"  {label:13s} error m, median / 90 % / 99 % / max: {quantiles}; median of the hidden"
        f" {np.median(error[hidden]):.3f}; mean {np.mean(lowest - exact):+.2f}; wrong % at "
        + ", ".join(f"{h} m: {w:.3f}" for h, w in zip(HEIGHTS_M, wrong, strict=True)),
        flush=True,
    )


def site(label: str, heights: Heights, cells: int, rounds: int, use_gdal: bool) -> None:
    """Compare accuracy and speed at one site."""
    print(f"{label}: {heights.shape[0]} x {heights.shape[0]} cells", flush=True)
    grid = grid_of(heights)
    rows, columns = np.random.default_rng(4).integers(0, heights.shape[0], (2, cells))
    antenna_m = float(heights[grid.half, grid.half]) + ANTENNA_M
    exact = lowest_by_rays(heights, rows, columns, cell_m=CELL_M, antenna_m=antenna_m, radius_m=RADIUS_M)
    ground = heights[rows, columns]
    ours = earth.surface(grid, ANTENNA_M)
    told("chainhome", ours.lowest_visible_m[rows, columns], exact, ground)
    peers: dict[str, Callable[[], float]] = {}
    if use_gdal:
        from surface.gdal_peer import OUTPUTS, Gdal

        gdal = Gdal(heights, CELL_M)
        above = gdal.viewshed("lowest height above ground", ANTENNA_M, 0.0, RADIUS_M)[1]
        told(f"GDAL {gdal.version}", (heights + above)[rows, columns], exact, ground)
        for output in OUTPUTS:
            peers[f"GDAL, {output}"] = lambda output=output: gdal.viewshed(output, ANTENNA_M, 300.0, RADIUS_M)[0]
    best = dict.fromkeys(("chainhome", *peers), np.inf)
    for _ in range(rounds):
        start = time.process_time()
        earth.surface(grid, ANTENNA_M)
        best["chainhome"] = min(best["chainhome"], time.process_time() - start)
        for name, run in peers.items():
            best[name] = min(best[name], run())
    for name, seconds in best.items():
        per_cell = 1e9 * seconds / heights.size
        print(
            f"  {name}: {1e3 * seconds:.1f} ms CPU, {per_cell:.2f} ns a cell, ratio {seconds / best['chainhome']:.2f}"
        )


def country(terrain: Heights, rounds: int) -> None:
    """Time the square round a disc of 400 km at 90 m, one thread, and the peak memory of this process."""
    n = 2 * COUNTRY_HALF + 1
    times = -(-n // (2 * terrain.shape[0]))
    tile = np.block([[terrain, terrain[:, ::-1]], [terrain[::-1], terrain[::-1, ::-1]]])
    heights = np.ascontiguousarray(np.tile(tile, (times, times))[:n, :n])
    del tile
    grid = grid_of(heights)
    spent = []
    for _ in range(rounds):
        start = time.process_time()
        earth.surface(grid, ANTENNA_M)
        spent.append(time.process_time() - start)
    print(
        f"400 km at 90 m, {heights.size / 1e6:.1f} M cells: best {min(spent):.3f} s CPU, all "
        + ", ".join(f"{s:.2f}" for s in spent)
        + f"; peak memory of the process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB",
        flush=True,
    )


def two_sites(heights: Heights, rounds: int) -> None:
    """Time two sites one after the other and on two threads (wall time: says something on a quiet machine only)."""
    grids = [grid_of(heights), grid_of(np.ascontiguousarray(heights[::-1]))]
    best = [np.inf, np.inf, np.inf]
    with ThreadPoolExecutor(2) as executor:
        runs = (
            lambda: [earth.surface(grid, ANTENNA_M) for grid in grids],
            lambda: list(executor.map(lambda grid: earth.surface(grid, ANTENNA_M), grids)),
            lambda: [earth.surface(grid, ANTENNA_M, executor=executor) for grid in grids],
        )
        for _ in range(rounds):
            for k, run in enumerate(runs):
                start = time.perf_counter()
                run()
                best[k] = min(best[k], time.perf_counter() - start)
    print(
        f"two sites: one thread {1e3 * best[0]:.0f} ms wall; a site on each of two threads"
        f" {best[0] / best[1]:.2f} times as fast; octants on two threads {best[0] / best[2]:.2f} times",
        flush=True,
    )


def against_xarray(python: str, terrain: Heights) -> None:
    """Compare the time for each cell with xarray-spatial's on a smaller grid, ours on the same."""
    heights = around(terrain, np.argmax)
    middle, half = heights.shape[0] // 2, XARRAY_CELLS // 2
    small = np.ascontiguousarray(heights[middle - half : middle + half + 1, middle - half : middle + half + 1])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "heights.npy"
        np.save(path, small)
        script = Path(__file__).parent / "surface" / "xarray_peer.py"
        command = [python, str(script), str(path), str(CELL_M), str(ANTENNA_M)]
        told_by = subprocess.run(command, capture_output=True, text=True, check=True)
    peer = json.loads(told_by.stdout.splitlines()[-1])
    grid, spent = grid_of(small), []
    for _ in range(20):
        start = time.process_time()
        earth.surface(grid, ANTENNA_M)
        spent.append(time.process_time() - start)
    print(
        f"xarray-spatial {peer['version']}, {XARRAY_CELLS} x {XARRAY_CELLS} cells: {peer['seconds']:.2f} s CPU,"
        f" {1e9 * peer['seconds'] / peer['cells']:.0f} ns a cell; ours {1e9 * min(spent) / small.size:.1f} ns a cell;"
        f" ratio {peer['seconds'] / min(spent):.0f}",
        flush=True,
    )


def main() -> None:
    """Read the arguments and run the comparisons."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--size", type=int, default=4000, help="cells on a side of the terrain")
    options.add_argument("--cells", type=int, default=4000, help="random cells whose accuracy is looked at")
    options.add_argument("--seed", type=int, default=1, help="of the terrain")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--xarray", metavar="PYTHON", help="an interpreter that has xarray-spatial")
    options.add_argument("--no-gdal", action="store_true")
    options.add_argument("--no-country", action="store_true", help="leave out the 80 million cells")
    given = options.parse_args()
    terrain = fractal_heights(given.size, given.seed)
    if not given.no_country:
        country(terrain, given.rounds)
    for label, pick in (("on the highest ground", np.argmax), ("in the lowest ground", np.argmin)):
        site(label, around(terrain, pick), given.cells, given.rounds, not given.no_gdal)
    two_sites(around(terrain, np.argmax), given.rounds)
    if given.xarray:
        against_xarray(given.xarray, terrain)


if __name__ == "__main__":
    sys.exit(main())

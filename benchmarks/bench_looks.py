"""Radar looks per second on one core: ours, the same physics in vectorised NumPy, and Stone Soup's measurement.

Run `python benchmarks/bench_looks.py`. The three take turns in one run and the best CPU time of each counts. Ours and
NumPy do the same work: geometry, aspect, bilinear cross section, place on the ground, bilinear lowest visible altitude,
clutter, signal, Swerling 1, draw. Calls of 20,000 looks stay in the processor's caches, as those of a simulation do;
calls of 200,000 go through main memory. Stone Soup's `RadarElevationBearingRange.measure` does less: geometry and
measurement noise of each target object, no signal, no terrain and no decision; it is timed on fewer looks.
"""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Callable

import numpy as np

from chainhome import draws, earth
from chainhome.constants import EARTH_MEAN_RADIUS_M, WGS84_FLATTENING, WGS84_SEMI_MAJOR_M
from chainhome.sensors import looks, rcs

LOOKS = 200_000
CALLS = (20_000, 200_000)
STONE_SOUP_LOOKS = 500
ROUNDS = 25
ANTENNA_M = 24.0
SITE_LAT_RAD, SITE_LON_RAD = math.radians(40.0), math.radians(32.5)
TURN = 2.0 * math.pi
_SQUARED = WGS84_FLATTENING * (2.0 - WGS84_FLATTENING)
EAST_RADIUS_M = WGS84_SEMI_MAJOR_M / math.sqrt(1.0 - _SQUARED * math.sin(SITE_LAT_RAD) ** 2)
NORTH_RADIUS_M = EAST_RADIUS_M**3 * (1.0 - _SQUARED) / WGS84_SEMI_MAJOR_M**2


def scene(n: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    azimuth, arc = rng.uniform(0.0, TURN, n), rng.uniform(5e3, 400e3, n) / EARTH_MEAN_RADIUS_M
    altitude_m = rng.uniform(50.0, 12e3, n)
    height = EARTH_MEAN_RADIUS_M + altitude_m
    flat = height * np.sin(arc)
    up = altitude_m - ANTENNA_M - 2.0 * height * np.sin(0.5 * arc) ** 2
    return {
        "position_m": np.vstack([flat * np.sin(azimuth), flat * np.cos(azimuth), up]),
        "velocity_mps": rng.normal(0.0, 150.0, (3, n)) * np.array([[1.0], [1.0], [0.05]]),
        "altitude_m": altitude_m,
        "target": rng.integers(0, 100, n),
        "keys": draws.key(1, np.arange(n)),
    }


def lowest_visible() -> earth.Surface:
    """A smooth earth with rough ground: what hides is the horizon, some hundred metres up and down."""
    grid = earth.site_grid(None, SITE_LAT_RAD, SITE_LON_RAD, range_max_m=450e3, cell_m=1e3)
    along_m = grid.cell_m * np.arange(-grid.half, grid.half + 1.0)
    smooth_m = np.maximum(np.hypot(along_m, along_m[:, None]) - 20e3, 0.0) ** 2 / (2.0 * 8.4947e6)
    lowest_m = smooth_m + np.random.default_rng(2).uniform(0.0, 300.0, smooth_m.shape)
    radius_m = earth.four_thirds_radius_m()
    return earth.Surface(grid, radius_m, "standard", 0.0, ANTENNA_M, lowest_m.astype(np.float32))


def with_numpy(
    given: dict[str, np.ndarray], radar: looks.RadarModel, target: looks.TargetRcs, surface: earth.Surface
) -> np.ndarray:
    """Return the decisions; all round radars with clutter and Swerling 1, as the benchmark needs."""
    (x, y, z), (vx, vy, vz) = given["position_m"], given["velocity_mps"]
    flat = np.hypot(x, y)
    reach = np.sqrt(flat * flat + z * z)
    along = x * vx + y * vy + z * vz
    np.arctan2(x, y) % TURN  # the azimuth and the elevation, which are columns of the result
    np.arctan2(z, flat)
    up = z + (EARTH_MEAN_RADIUS_M + ANTENNA_M)
    rx, ry, rz = vy * up - vz * y, vz * x - vx * up, vx * y - vy * x
    tx, ty, tz = ry * vz - rz * vy, rz * vx - rx * vz, rx * vy - ry * vx
    speed, right = np.sqrt(vx * vx + vy * vy + vz * vz), np.sqrt(rx * rx + ry * ry + rz * rz)
    ahead, abeam = -along / speed, -(x * rx + y * ry + z * rz) / right
    above = -(x * tx + y * ty + z * tz) / (right * speed)
    turn = (np.arctan2(abeam, ahead) + math.pi) / TURN
    lift = (np.arctan2(above, np.hypot(ahead, abeam)) + 0.5 * math.pi) / math.pi
    model = target.model[given["target"]]
    a, e = turn * 360.0, lift * 180.0
    ia, ie = np.minimum(a.astype(np.int64), 359), np.minimum(e.astype(np.int64), 179)
    fa, fe = a - ia, e - ie
    table = target.tables_m2
    low = (1.0 - fa) * table[model, ia, ie] + fa * table[model, ia + 1, ie]
    high = (1.0 - fa) * table[model, ia, ie + 1] + fa * table[model, ia + 1, ie + 1]
    cells_a, cells_e = target.spread.shape[1:]
    cell_a = np.minimum((turn * cells_a).astype(np.int64), cells_a - 1)
    cell_e = np.minimum((lift * cells_e).astype(np.int64), cells_e - 1)
    cross = ((1.0 - fe) * low + fe * high) * target.spread[given["target"], cell_a, cell_e]

    radius = flat * flat / (y * y / NORTH_RADIUS_M + x * x / EAST_RADIUS_M)
    ground = radius * np.arctan2(flat, radius + ANTENNA_M + z)
    half, table_m = surface.grid.half, surface.lowest_visible_m
    stretch = ground / (flat * surface.grid.cell_m)
    column, row = half + stretch * x, half - stretch * y
    j, i = np.minimum(column.astype(np.int64), 2 * half - 1), np.minimum(row.astype(np.int64), 2 * half - 1)
    fj, fi = column - j, row - i
    north = (1.0 - fj) * table_m[i, j] + fj * table_m[i, j + 1]
    south = (1.0 - fj) * table_m[i + 1, j] + fj * table_m[i + 1, j + 1]
    over = given["altitude_m"] - ((1.0 - fi) * north + fi * south)

    scale = 10.0 ** (0.1 * radar.reference_snr_db) * radar.reference_range_m**4 / radar.reference_rcs_m2
    snr = scale * cross / reach**4
    ground_model = radar.clutter
    assert ground_model is not None
    radial = np.abs(along / reach)
    share = np.minimum(radial / ground_model.full_speed_mps, 1.0) ** 4
    cell_m = ground_model.azimuth_beamwidth_rad * ground_model.range_cell_m
    clutter_m = 10.0 ** (0.1 * ground_model.sigma0_db) * cell_m
    ratio = cross * 10.0 ** (0.1 * ground_model.improvement_db) * share / (clutter_m * reach)
    ratio[radial < ground_model.minimum_speed_mps] = 0.0
    holds_ground = over < math.tan(ground_model.clear_elevation_rad) * ground
    snr = np.where(holds_ground, snr * ratio / (snr + ratio), snr)
    snr[(over < 0.0) | (reach > radar.max_range_m)] = 0.0
    with np.errstate(divide="ignore"):
        np.log10(snr)  # the column in dB
    pd = np.where(snr > 0.0, np.exp(math.log(radar.pfa) / (1.0 + snr)), 0.0)
    return np.asarray(draws.uniform(given["keys"]) < pd)


def stone_soup(given: dict[str, np.ndarray]) -> Callable[[], int]:
    from stonesoup.sensor.radar import RadarElevationBearingRange
    from stonesoup.types.groundtruth import GroundTruthState
    from stonesoup.types.state import StateVector

    radar = RadarElevationBearingRange(
        position_mapping=[0, 2, 4],
        noise_covar=np.diag([1e-6, 1e-6, 2500.0]),
        ndim_state=6,
        position=StateVector([0.0, 0.0, 0.0]),
    )
    now = datetime.datetime(2019, 11, 25)
    both = np.stack([given["position_m"], given["velocity_mps"]], axis=1).reshape(6, -1)[:, :STONE_SOUP_LOOKS]
    truths = {GroundTruthState(StateVector(state), timestamp=now) for state in both.T}
    return lambda: len(radar.measure(truths, noise=True))


def compare(calls: int, given: dict[str, np.ndarray], stone: Callable[[], object] | None) -> None:
    """Print looks per second of all for calls of so many looks."""
    surface, radar = lowest_visible(), looks.radar_model(390e3, 4.0, 450e3)
    models = [rcs.fighter(2.0), rcs.airliner(40.0), rcs.drone()]
    target = looks.target_rcs(models, np.arange(100) % 3, draws.key(1, np.arange(100)))
    some = {name: np.ascontiguousarray(column[..., :calls]) for name, column in given.items()}

    def ours() -> np.ndarray:
        for _ in range(LOOKS // calls):
            found = looks.evaluate_looks(**some, radar=radar, rcs=target, surface=surface)
        return found.detected

    def numpy() -> np.ndarray:
        for _ in range(LOOKS // calls):
            detected = with_numpy(some, radar, target, surface)
        return detected

    started = time.perf_counter()
    decisions = ours()
    print(f"calls of {calls:,} looks; the first took {time.perf_counter() - started:.2f} s, compiled if not cached")
    same = float((decisions == numpy()).mean())
    print(f"decisions equal to NumPy's: {100.0 * same:.3f} %; detected: {100.0 * decisions.mean():.1f} %")
    tasks: dict[str, tuple[Callable[[], object], int]] = {"chainhome": (ours, LOOKS), "NumPy": (numpy, LOOKS)}
    if stone is not None:
        tasks["Stone Soup"] = (stone, STONE_SOUP_LOOKS)
    best = dict.fromkeys(tasks, math.inf)
    for _ in range(ROUNDS):
        for name, (task, count) in tasks.items():
            started = time.thread_time()
            task()
            best[name] = min(best[name], (time.thread_time() - started) / count)
    for name, seconds in best.items():
        ratio = seconds / best["chainhome"]
        print(
            f"{name:10s} {1e-6 / seconds:9.4f} M looks/s  {1e9 * seconds:10.1f} ns a look"
            f"  {ratio:8.1f} x the time of ours"
        )


def main() -> None:
    given = scene(LOOKS)
    stone = None
    try:
        stone = stone_soup(given)
    except ImportError:
        print("Stone Soup is not installed (python3 start.py test installs it); going on without it")
    for calls in CALLS:
        compare(calls, given, stone)


if __name__ == "__main__":
    main()

"""The compiled looks against a plain NumPy twin and against the public functions that they are made of.

Equal means: the same limit and the same decision for every look, azimuth, elevation and dB to 1e-9, ranges and cross
sections to one part in 1e12 or 1e9. Not to the bit: the kernel may contract a product and a sum into one rounding.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from chainhome import draws, earth, tables
from chainhome.constants import EARTH_MEAN_RADIUS_M, WGS84_FLATTENING, WGS84_SEMI_MAJOR_M
from chainhome.sensors import _look_kernels, clutter, detection, looks, range_equation, rcs, scan

ROUNDING_RAD = 1e-9
ROUNDING_DB = 1e-9
TABLE_ERROR = 1e-6
ANTENNA_M = 24.0
SITE_LAT_RAD = 0.7
TURN = 2.0 * math.pi


def scene(n: int = 20_000, seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    azimuth, arc = rng.uniform(0.0, TURN, n), rng.uniform(2e3, 460e3, n) / EARTH_MEAN_RADIUS_M
    altitude_m = rng.uniform(10.0, 12_000.0, n)
    height = EARTH_MEAN_RADIUS_M + altitude_m
    flat = height * np.sin(arc)
    up = altitude_m - ANTENNA_M - 2.0 * height * np.sin(0.5 * arc) ** 2
    velocity = rng.normal(0.0, 150.0, (3, n)) * np.array([[1.0], [1.0], [0.05]])
    velocity[:, ::7] *= 0.1
    return {
        "position_m": np.vstack([flat * np.sin(azimuth), flat * np.cos(azimuth), up]),
        "velocity_mps": velocity,
        "altitude_m": altitude_m,
        "target": rng.integers(0, 60, n),
        "keys": draws.key(seed, np.arange(n)),
    }


def terrain(seed: int = 3) -> earth.Surface:
    """Rough ground that rises with the horizon, and here and there a cell that nothing reaches."""
    rng = np.random.default_rng(seed)
    grid = earth.site_grid(None, SITE_LAT_RAD, 0.57, range_max_m=451e3, cell_m=1e3)
    along_m = grid.cell_m * np.arange(-grid.half, grid.half + 1.0)
    smooth_m = np.maximum(np.hypot(along_m, along_m[:, None]) - 20e3, 0.0) ** 2 / (2.0 * 8.4947e6)
    lowest_m = smooth_m + rng.uniform(0.0, 300.0, smooth_m.shape)
    lowest_m[rng.random(smooth_m.shape) < 0.01] = np.inf
    return surface_of(grid, lowest_m)


def surface_of(grid: earth.SiteGrid, lowest_m: np.ndarray) -> earth.Surface:
    return earth.Surface(grid, 8.4947e6, "standard", 0.0, ANTENNA_M, lowest_m.astype(np.float32))


def targets() -> looks.TargetRcs:
    models = [rcs.fighter(2.0), rcs.airliner(40.0), rcs.drone(0.05)]
    return looks.target_rcs(models, np.arange(60) % 3, draws.key(5, np.arange(60)))


def twin(
    given: dict[str, np.ndarray],
    radar: looks.RadarModel,
    target: looks.TargetRcs,
    surface: earth.Surface,
    extra_loss_db: np.ndarray,
) -> dict[str, np.ndarray]:
    """Evaluate the looks with the public functions, slowly and plainly."""
    position, velocity = given["position_m"].T, given["velocity_mps"].T
    out: dict[str, np.ndarray] = {}
    reach = np.linalg.norm(position, axis=1)
    flat = np.hypot(position[:, 0], position[:, 1])
    azimuth = np.mod(np.arctan2(position[:, 0], position[:, 1]), TURN)
    out |= {"range_m": reach, "azimuth_rad": azimuth, "elevation_rad": np.arctan2(position[:, 2], flat)}
    radial = (position * velocity).sum(axis=1) / reach
    centre = position + np.array([0.0, 0.0, EARTH_MEAN_RADIUS_M + ANTENNA_M])
    squared = WGS84_FLATTENING * (2.0 - WGS84_FLATTENING)
    prime_m = WGS84_SEMI_MAJOR_M / math.sqrt(1.0 - squared * math.sin(SITE_LAT_RAD) ** 2)
    meridian_m = prime_m**3 * (1.0 - squared) / WGS84_SEMI_MAJOR_M**2
    radius_m = 1.0 / (np.cos(azimuth) ** 2 / meridian_m + np.sin(azimuth) ** 2 / prime_m)
    ground = radius_m * np.arctan2(flat, radius_m + ANTENNA_M + position[:, 2])

    aspect_a, aspect_e = rcs.aspect_angles(-position, velocity, centre)
    model = target.model[given["target"]]
    a = (aspect_a + math.pi) / TURN * (target.tables_m2.shape[1] - 1)
    e = (aspect_e + 0.5 * math.pi) / math.pi * (target.tables_m2.shape[2] - 1)
    ia, ie = (np.minimum(a.astype(int), 359), np.minimum(e.astype(int), 179))
    square = [[target.tables_m2[model, ia + j, ie + k] for k in (0, 1)] for j in (0, 1)]
    fa, fe = a - ia, e - ie
    low = (1.0 - fa) * square[0][0] + fa * square[1][0]
    high = (1.0 - fa) * square[0][1] + fa * square[1][1]
    spread = target.spread.reshape(len(target.model), -1)[given["target"], rcs.aspect_cell(aspect_a, aspect_e)]
    cross = ((1.0 - fe) * low + fe * high) * spread
    out |= {"radial_speed_mps": radial, "rcs_m2": cross}

    over = given["altitude_m"] - earth.lowest_at(surface, azimuth, ground)
    snr_db = range_equation.reference_snr_db(
        reach, cross, radar.reference_range_m, radar.reference_rcs_m2, radar.reference_snr_db, extra_loss_db
    )
    snr = 10.0 ** (snr_db / 10.0)
    limit = np.full(len(reach), tables.LIMITS.index("sensitivity"))
    if radar.clutter is not None:
        low_target = over < math.tan(radar.clutter.clear_elevation_rad) * ground
        over_clutter = 10.0 ** (clutter.signal_to_clutter_db(cross, radial, reach, radar.clutter) / 10.0)
        limit[low_target & (over_clutter < snr)] = tables.LIMITS.index("clutter")
        snr = np.where(low_target, clutter.signal_to_interference(snr, over_clutter), snr)
    snr = np.where(snr > 0.0, snr, np.nan)
    for name, hidden in (
        ("terrain", over < 0.0),
        ("instrumented", (reach > radar.max_range_m) | (reach < radar.min_range_m)),
        ("sector", ~scan.in_sector(azimuth, radar.sector_centre_rad, radar.sector_width_rad)),
    ):
        limit[hidden] = tables.LIMITS.index(name)
        snr[hidden] = np.nan
    pd = np.zeros(len(reach))
    seen = ~np.isnan(snr)
    pd[seen] = detection.detection_probability(snr[seen], radar.pfa, radar.swerling, radar.pulses)
    with np.errstate(divide="ignore"):
        out |= {"snr_db": 10.0 * np.log10(snr), "detection_probability": pd, "limit": limit}
    return out | {"detected": draws.uniform(given["keys"]) < pd}


RADARS = {
    "swerling 1 all round": looks.radar_model(390e3, 4.0, 400e3),
    "swerling 1 in a sector": looks.radar_model(
        390e3, 4.0, 300e3, min_range_m=10e3, sector_centre_rad=0.1, sector_width_rad=math.radians(120.0)
    ),
    "swerling 3 with ten pulses": looks.radar_model(250e3, 1.0, 400e3, swerling=3, pulses=10),
    "steady without clutter": looks.radar_model(200e3, 1.0, 400e3, pd=0.9, swerling=0, clutter=None),
    "in harsh clutter": looks.radar_model(390e3, 4.0, 400e3, clutter=clutter.HARSH_CLUTTER),
}


@pytest.mark.parametrize("name", RADARS)
def test_the_kernel_equals_its_plain_twin(name: str) -> None:
    radar, given, target, surface = RADARS[name], scene(), targets(), terrain()
    loss_db = np.random.default_rng(4).uniform(-0.5, 3.0, len(given["altitude_m"]))
    ours = looks.evaluate_looks(**given, radar=radar, rcs=target, surface=surface, extra_loss_db=loss_db)
    want = twin(given, radar, target, surface, loss_db)
    assert np.array_equal(ours.limit, want["limit"])
    assert np.array_equal(ours.detected, want["detected"])
    assert 0.1 < ours.detected.mean() < 0.9, "the scene must decide both ways"
    assert len(np.unique(ours.limit)) >= (4 if "sector" in name else 2)
    assert np.allclose(ours.range_m, want["range_m"], rtol=1e-12, atol=0.0)
    assert np.allclose(ours.azimuth_rad, want["azimuth_rad"], rtol=0.0, atol=ROUNDING_RAD)
    assert np.allclose(ours.elevation_rad, want["elevation_rad"], rtol=0.0, atol=ROUNDING_RAD)
    assert np.allclose(ours.radial_speed_mps, want["radial_speed_mps"], rtol=0.0, atol=1e-9)
    assert np.allclose(ours.rcs_m2, want["rcs_m2"], rtol=1e-9, atol=0.0)
    assert np.allclose(ours.snr_db, want["snr_db"], rtol=0.0, atol=ROUNDING_DB, equal_nan=True)
    closed = radar.swerling == 1 and radar.pulses == 1
    error = np.max(np.abs(ours.detection_probability - want["detection_probability"]))
    assert error < (1e-12 if closed else 1.05 * TABLE_ERROR)


def test_a_run_in_pieces_gives_the_same_bits_as_a_run_in_one() -> None:
    radar, given, target, surface = RADARS["swerling 1 all round"], scene(5_000), targets(), terrain()

    def run(rows: slice) -> _look_kernels.Columns:
        part = {name: column[..., rows] for name, column in given.items()}
        return looks.evaluate_looks(**part, radar=radar, rcs=target, surface=surface, extra_loss_db=0.3)

    whole = run(slice(None))
    edges = [0, 1, 4, 11, 300, 812, 1337, 4999, 5000]
    pieces = [run(slice(a, b)) for a, b in itertools.pairwise(edges)]
    for name, column in whole._asdict().items():
        joined = np.concatenate([getattr(piece, name) for piece in pieces])
        assert joined.tobytes() == column.tobytes(), name


def test_columns_of_tables_which_are_read_only_do_not_compile_the_kernel_again() -> None:
    radar, given, target, surface = RADARS["swerling 1 all round"], scene(10), targets(), terrain()
    looks.evaluate_looks(**given, radar=radar, rcs=target, surface=surface)
    for column in given.values():
        column.flags.writeable = False
    looks.evaluate_looks(**given, radar=radar, rcs=target, surface=surface, extra_loss_db=0.3)
    assert len(_look_kernels.fill.signatures) == 1


def test_the_kernel_draws_the_bits_of_draws() -> None:
    keys = draws.key(11, np.arange(4096))
    assert np.array_equal([_look_kernels._uniform(key) for key in keys], draws.uniform(keys))


def test_the_arc_tangent_is_exact_to_its_stated_error() -> None:
    stated = 1e-15
    angle = np.concatenate([np.linspace(-math.pi, math.pi, 20_001), [0.0, 1e-9, -1e-9]])
    for size in (1e-6, 1.0, 4e5):
        y, x = size * np.sin(angle), size * np.cos(angle)
        ours = np.array([_look_kernels._atan2(b, a) for b, a in zip(y, x, strict=True)])
        assert np.max(np.abs(ours - np.arctan2(y, x))) <= stated


def test_the_codes_of_the_kernel_are_those_of_the_tables() -> None:
    assert tables.LIMITS.index("none") == _look_kernels.NO_LIMIT
    assert tables.LIMITS.index("instrumented") == _look_kernels.INSTRUMENTED
    assert tables.LIMITS.index("sensitivity") == _look_kernels.SENSITIVITY
    assert tables.LIMITS.index("clutter") == _look_kernels.CLUTTER
    assert tables.LIMITS.index("sector") == _look_kernels.SECTOR
    declared = list(tables.Looks.columns())
    assert tuple(declared[declared.index("range_m") :]) == _look_kernels.Columns._fields


def one_look(
    position: tuple[float, float, float],
    velocity: tuple[float, float, float],
    altitude_m: float,
    rcs_m2: float = 4.0,
    **bounds: float,
) -> _look_kernels.Columns:
    grid = earth.site_grid(None, 0.7, 0.57, range_max_m=450e3, cell_m=5e3)
    along_m = grid.cell_m * np.arange(-grid.half, grid.half + 1.0)
    return looks.evaluate_looks(
        np.array(position)[:, None],
        np.array(velocity)[:, None],
        [altitude_m],
        [0],
        draws.key(1, [0]),
        radar=looks.radar_model(390e3, 4.0, 450e3, **bounds),
        rcs=looks.target_rcs([rcs.flat(rcs_m2)], [0], [1]),
        surface=surface_of(grid, 0.01 * np.hypot(along_m, along_m[:, None])),
        hidden_by="horizon",
    )


def named(columns: _look_kernels.Columns) -> str:
    return tables.LIMITS[columns.limit[0]]


def test_the_limit_that_binds_is_named_in_the_stated_order() -> None:
    north = (0.0, 0.0, 200.0)
    assert named(one_look((0.0, 200e3, 7e3), (0.0, -200.0, 0.0), 10e3)) == "sensitivity"
    assert named(one_look((0.0, 200e3, -3e3), (0.0, -200.0, 0.0), 100.0)) == "horizon"
    assert named(one_look((0.0, 449.99e3, 20e3), (0.0, -200.0, 0.0), -1.0)) == "instrumented"
    aside = {"sector_centre_rad": math.pi, "sector_width_rad": 1.0}
    assert named(one_look((0.0, 470e3, -3e3), (0.0, -200.0, 0.0), 0.0, **aside)) == "sector"
    assert named(one_look((0.0, 20e3, 200.0), (0.0, -10.0, 0.0), 300.0)) == "clutter"
    assert named(one_look((0.0, 20e3, 200.0), north, 300.0)) == "clutter"


def test_a_target_too_slow_for_doppler_is_hidden_only_near_the_ground() -> None:
    low = one_look((0.0, 20e3, 200.0), (0.0, -10.0, 0.0), 300.0)
    assert np.isnan(low.snr_db[0])
    assert low.detection_probability[0] == 0.0
    assert not low.detected[0]
    high = one_look((0.0, 20e3, 5e3), (0.0, -10.0, 0.0), 5.1e3)
    assert named(high) == "sensitivity"
    assert high.detection_probability[0] > 0.99


def test_a_position_that_is_not_known_gives_no_limit_and_no_detection() -> None:
    unknown = one_look((math.nan, 20e3, 200.0), (0.0, -10.0, 0.0), 300.0)
    assert named(unknown) == "none"
    assert not unknown.detected[0]
    for name in ("range_m", "rcs_m2", "snr_db", "detection_probability"):
        assert np.isnan(getattr(unknown, name)[0]), name


def test_columns_that_do_not_fit_are_refused() -> None:
    given, target, surface = scene(10), targets(), terrain()
    radar = RADARS["swerling 1 all round"]
    with pytest.raises(ValueError, match="altitude_m has shape"):
        looks.evaluate_looks(**(given | {"altitude_m": np.zeros(9)}), radar=radar, rcs=target, surface=surface)
    with pytest.raises(ValueError, match="row of rcs"):
        looks.evaluate_looks(**(given | {"target": np.full(10, 60)}), radar=radar, rcs=target, surface=surface)
    with pytest.raises(ValueError, match="expected at least the radar's"):
        looks.evaluate_looks(**given, radar=looks.radar_model(390e3, 4.0, 600e3), rcs=target, surface=surface)
    with pytest.raises(ValueError, match="expected 'terrain' or 'horizon'"):
        looks.evaluate_looks(**given, radar=radar, rcs=target, surface=surface, hidden_by="night")


@pytest.mark.parametrize("lat_deg", [0.0, 40.0, -75.0])
def test_a_target_stands_on_the_map_where_the_geodesic_ends(lat_deg: float) -> None:
    stated_m = {450e3: 4.0, 600e3: 7.0}
    lat_rad, antenna_m, n = math.radians(lat_deg), 900.0, _look_kernels.BLOCK
    rng = np.random.default_rng(6)
    for range_m, error_m in stated_m.items():
        grid = earth.site_grid(None, lat_rad, 0.5, range_max_m=range_m, cell_m=range_m)
        numbers, _ = looks._numbers(
            looks.radar_model(390e3, 4.0, range_m),
            earth.Surface(grid, 8.4947e6, "standard", 0.0, antenna_m, grid.heights_m),
            "terrain",
        )
        arc_m, bearing = np.sqrt(rng.uniform(0.0, range_m**2, n)), rng.uniform(0.0, TURN, n)
        lat, lon = earth.destination(lat_rad, 0.5, bearing, arc_m)
        frame = earth.enu_frame(lat_rad, 0.5, antenna_m)
        work = np.zeros(_look_kernels.ROWS * n)
        work[: 3 * n] = earth.geodetic_to_enu(frame, lat, lon, rng.uniform(0.0, 20e3, n)).T.reshape(-1)
        _look_kernels._geometry(numbers, work)
        east, north = (work[row : row + n] for row in (_look_kernels._EAST, _look_kernels._NORTH))
        assert np.hypot(east - arc_m * np.sin(bearing), north - arc_m * np.cos(bearing)).max() < error_m


def test_exponentials_and_logarithms_are_exact_to_their_stated_error() -> None:
    stated, stated_slope, rounding = 1e-15, 4e-17, np.finfo(float).eps
    x = np.concatenate([np.linspace(-700.0, 700.0, 5_001), np.linspace(-1.0, 1.0, 5_001)])
    ours = np.array([_look_kernels._exp(value) for value in x])
    assert np.all(np.abs(ours / np.exp(x) - 1.0) <= stated + stated_slope * np.abs(x) + rounding)
    assert _look_kernels._exp(-1e9) == _look_kernels._exp(-700.0) < 1e-300
    assert math.isnan(_look_kernels._exp(math.nan))
    y = np.concatenate([np.exp(x[:5_001]), 1.0 + np.linspace(-1e-3, 1e-3, 2_001)])
    ours = np.array([_look_kernels._log(value) for value in y])
    assert np.all(np.abs(ours - np.log(y)) <= stated * np.maximum(np.abs(np.log(y)), 1.0))


def test_a_look_from_the_antenna_itself_and_one_of_hardly_an_echo_stay_numbers() -> None:
    assert one_look((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 20.0).snr_db[0] == np.inf
    faint = one_look((0.0, 200e3, 7e3), (0.0, -200.0, 0.0), 10e3, rcs_m2=1e-30)
    assert faint.detection_probability[0] == pytest.approx(1e-6)

"""The looks of one radar: where targets are when the beam passes them in, signal, limit, probability and decision out.

`evaluate_looks` takes looks as flat columns, for one scan or for a whole run, and returns the columns of
`tables.Looks`. Each look is named the limit that binds it, in this order: the sector, the instrumented range, the
ground in between (horizon or terrain), clutter, and sensitivity where nothing else does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome import earth
from chainhome.constants import EARTH_MEAN_RADIUS_M, WGS84_FLATTENING, WGS84_SEMI_MAJOR_M
from chainhome.errors import UseError
from chainhome.sensors.clutter import ClutterModel
from chainhome.sensors.detection import DetectionTable, detection_table, required_snr_db
from chainhome.sensors.rcs import RcsModel, aspect_cells, rcs_m2, spread_factor
from chainhome.tables import LIMITS

if TYPE_CHECKING:
    from chainhome.sensors import _look_kernels

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]

TURN = 2.0 * math.pi
DEFAULT_CLUTTER = ClutterModel()
_AZIMUTHS, _ELEVATIONS = 361, 181  # one degree


@dataclass(frozen=True)
class RadarModel:
    """A radar in reference form: one published range at one cross section, how it is read, and its bounds."""

    reference_range_m: float
    reference_rcs_m2: float
    reference_snr_db: float  # what the published range stands for, see `detection.required_snr_db`
    max_range_m: float
    pfa: float = 1e-6
    swerling: int = 1
    pulses: int = 1
    min_range_m: float = 0.0
    sector_centre_rad: float = math.nan  # NaN = all round
    sector_width_rad: float = math.nan
    clutter: ClutterModel | None = DEFAULT_CLUTTER  # None = the ground does not return

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for name in ("reference_range_m", "reference_rcs_m2", "max_range_m"):
            if not getattr(self, name) > 0.0:
                raise UseError(f"RadarModel: {name} = {getattr(self, name)} must be positive")


def radar_model(
    reference_range_m: float,
    reference_rcs_m2: float,
    max_range_m: float,
    *,
    pd: float = 0.5,
    pfa: float = 1e-6,
    swerling: int = 1,
    pulses: int = 1,
    min_range_m: float = 0.0,
    sector_centre_rad: float = math.nan,
    sector_width_rad: float = math.nan,
    clutter: ClutterModel | None = DEFAULT_CLUTTER,
) -> RadarModel:
    """Return a radar whose published range is read as a single-scan `pd` at `pfa` [swerling1960].

    >>> round(radar_model(390e3, 4.0, 600e3).reference_snr_db, 3)
    12.772
    """
    snr_db = float(required_snr_db(pd, pfa, swerling, pulses))
    return RadarModel(
        reference_range_m,
        reference_rcs_m2,
        snr_db,
        max_range_m,
        pfa,
        swerling,
        pulses,
        min_range_m,
        sector_centre_rad,
        sector_width_rad,
        clutter,
    )


@dataclass(frozen=True, eq=False)
class TargetRcs:
    """Radar cross sections ready for look-up: a table for each model, and the spread of each target by aspect cell.

    In single precision (3e-7 dB), so that they stay in the cache.
    """

    tables_m2: Singles  # (model, azimuth from -pi to pi, elevation from -pi/2 to pi/2), both ends included
    model: Ints  # (target,)
    spread: Singles  # (target, azimuth cell, elevation cell)


def target_rcs(models: Sequence[RcsModel], model_of_target: ArrayLike, target_keys: ArrayLike) -> TargetRcs:
    """Tabulate models at one degree and draw the spread of each target once for each aspect cell [tgpp38901].

    `model_of_target` (t,) are rows of `models`, `target_keys` (t,) draw keys; an index out of range is a ValueError.

    >>> from chainhome.sensors.rcs import flat
    >>> target_rcs([flat(2.0)], [0, 0], [1, 2]).tables_m2.shape
    (1, 361, 181)
    """
    model = np.asarray(model_of_target, np.int64)
    if len(model) and not (model.min() >= 0 and model.max() < len(models)):
        raise ValueError(f"model_of_target runs from {model.min()} to {model.max()}, expected 0 to {len(models) - 1}")
    azimuth = np.linspace(-math.pi, math.pi, _AZIMUTHS)[:, None]
    elevation = np.linspace(-0.5 * math.pi, 0.5 * math.pi, _ELEVATIONS)
    tables = np.stack([rcs_m2(one, azimuth, elevation) for one in models])
    cells = aspect_cells()
    numbers = np.arange(cells[0] * cells[1]).reshape(cells)
    spread_db = np.array([one.spread_db for one in models])[model]
    keys = np.asarray(target_keys, np.uint64)
    spread = spread_factor(keys[:, None, None], numbers, spread_db[:, None, None])
    return TargetRcs(tables.astype(np.float32), model, spread.astype(np.float32))


@lru_cache(maxsize=16)
def _detection_table(pfa: float, swerling: int, pulses: int) -> DetectionTable:
    return detection_table(pfa, swerling, pulses)


def _curvatures(lat_rad: float) -> tuple[float, float]:
    """Return the ellipsoid's curvatures towards north and towards east, 1/m."""
    squared = WGS84_FLATTENING * (2.0 - WGS84_FLATTENING)
    flattened = 1.0 - squared * math.sin(lat_rad) ** 2
    east = math.sqrt(flattened) / WGS84_SEMI_MAJOR_M
    return east * flattened / (1.0 - squared), east


def _numbers(radar: RadarModel, surface: earth.Surface, hidden_by: str) -> tuple[_look_kernels.Radar, Floats]:
    """Return the numbers that the passes need, and the table of detection."""
    from chainhome.sensors import _look_kernels

    closed = radar.swerling == 1 and radar.pulses == 1
    table = None if closed else _detection_table(radar.pfa, radar.swerling, radar.pulses)
    clutter = radar.clutter or ClutterModel()
    north, east = _curvatures(surface.grid.lat_rad)
    half_width = 0.5 * radar.sector_width_rad
    all_round = math.isnan(half_width) or math.isnan(radar.sector_centre_rad)
    numbers = _look_kernels.Radar(
        snr_at_one_metre=10.0 ** (0.1 * radar.reference_snr_db) * radar.reference_range_m**4 / radar.reference_rcs_m2,
        log_pfa=math.log(radar.pfa),
        closed_form=closed,
        min_range_m=float(radar.min_range_m),
        max_range_m=float(radar.max_range_m),
        sector_centre_rad=0.0 if all_round else float(radar.sector_centre_rad),
        sector_half_width_rad=math.inf if all_round else float(half_width),
        earth_centre_m=EARTH_MEAN_RADIUS_M + surface.antenna_msl_m,
        curvature_north=north,
        curvature_east=east,
        height_m=float(surface.antenna_msl_m),
        cell_m=float(surface.grid.cell_m),
        hidden_limit=float(LIMITS.index(hidden_by)),
        clutter_m=10.0 ** (0.1 * clutter.sigma0_db) * clutter.azimuth_beamwidth_rad * clutter.range_cell_m,
        improvement=10.0 ** (0.1 * clutter.improvement_db),
        full_speed_mps=float(clutter.full_speed_mps),
        minimum_speed_mps=float(clutter.minimum_speed_mps),
        tan_clear_elevation=-math.inf if radar.clutter is None else math.tan(clutter.clear_elevation_rad),
        table_first_db=0.0 if table is None else table.first_db,
        table_step_db=1.0 if table is None else table.step_db,
    )
    return numbers, np.zeros(2) if table is None else table.pd


def _column(values: ArrayLike, dtype: type[np.generic]) -> NDArray[Any]:
    """Return a contiguous view that is read-only: columns of tables are, and a kernel is compiled for each kind."""
    view = np.ascontiguousarray(values, dtype).view()
    view.flags.writeable = False
    return view


def _check(
    inputs: _look_kernels.Inputs, n: int, radar: RadarModel, rcs: TargetRcs, surface: earth.Surface, hidden_by: str
) -> None:
    loss = (n,) if inputs.extra_loss_db.size != 1 else (1,)
    for name, got, want in zip(inputs._fields, inputs, ((3, n), (3, n), (n,), loss, (n,), (n,)), strict=True):
        if got.shape != want:
            raise ValueError(f"evaluate_looks: {name} has shape {got.shape}, expected {want}")
    if n and not (inputs.target.min() >= 0 and inputs.target.max() < len(rcs.model)):
        raise ValueError(f"evaluate_looks: target must be a row of rcs, 0 to {len(rcs.model) - 1}")
    reach_m = surface.grid.half * surface.grid.cell_m
    if reach_m < radar.max_range_m * (1.0 - 1e-9):
        raise ValueError(
            f"evaluate_looks: the surface ends at {reach_m} m, expected at least the radar's {radar.max_range_m} m"
        )
    if hidden_by not in ("terrain", "horizon"):
        raise ValueError(f"evaluate_looks: hidden_by is {hidden_by!r}, expected 'terrain' or 'horizon'")


def evaluate_looks(
    position_m: ArrayLike,
    velocity_mps: ArrayLike,
    altitude_m: ArrayLike,
    target: ArrayLike,
    keys: ArrayLike,
    *,
    radar: RadarModel,
    rcs: TargetRcs,
    surface: earth.Surface,
    hidden_by: str = "terrain",
    extra_loss_db: ArrayLike = 0.0,
) -> _look_kernels.Columns:
    """Evaluate n looks of one radar: signal, limit, probability of detection and decision [skolnik2008] [swerling1960].

    `position_m` and `velocity_mps` are (3, n) in the east-north-up frame at the antenna; `altitude_m` (n,) is the
    target's above mean sea level; `target` (n,) are rows of `rcs`; `keys` (n,) are draw keys, one for each look, whose
    lane 0 decides; `surface` is the lowest altitude that the antenna sees and must reach as far as the radar does;
    `hidden_by` ("terrain" or "horizon") names what hides a target below; `extra_loss_db` is the two-way loss beyond
    that of the reference path. Returns the columns of `tables.Looks` from `range_m` on, as arrays (n,).

    `snr_db` counts the residue of clutter as noise for targets that stand less than the clear elevation over the
    lowest visible altitude at their range. `limit` is clutter if the target is too slow, or if more clutter than noise
    is left. Where a limit hides the target, `snr_db` is NaN and the probability 0. A NaN position gives NaN columns,
    no limit and no detection. The surface is read bilinearly, where a target stands on its map to 4 m at 450 km and 7 m
    at 600 km; beyond it all is hidden. Arrays of unequal length, a target without a row or a surface that ends short
    of the radar's range are a ValueError. The first call compiles.

    >>> from chainhome import draws
    >>> from chainhome.sensors.rcs import flat
    >>> sea = earth.surface(earth.site_grid(None, 0.7, 0.57, range_max_m=450e3, cell_m=5e3), 24.0)
    >>> looks = evaluate_looks([[0.0], [195e3], [8e3]], [[0.0], [-200.0], [0.0]], [11e3], [0], draws.key(1, [0]),
    ...     radar=radar_model(390e3, 4.0, 450e3), rcs=target_rcs([flat(4.0)], [0], [1]), surface=sea)
    >>> round(float(looks.snr_db[0]), 1), LIMITS[looks.limit[0]]
    (24.8, 'sensitivity')
    """
    from chainhome.sensors import _look_kernels

    n = np.shape(position_m)[-1]
    inputs = _look_kernels.Inputs(
        _column(position_m, np.float64),
        _column(velocity_mps, np.float64),
        _column(altitude_m, np.float64),
        _column(np.atleast_1d(extra_loss_db), np.float64),
        _column(target, np.int64),
        _column(keys, np.uint64),
    )
    _check(inputs, n, radar, rcs, surface, hidden_by)
    numbers, detection = _numbers(radar, surface, hidden_by)
    tables = _look_kernels.Tables(
        _column(rcs.tables_m2, np.float32),
        _column(rcs.model, np.int64),
        _column(rcs.spread, np.float32),
        _column(surface.lowest_visible_m, np.float32),
        _column(detection, np.float64),
    )
    a, b, c, d, e, f, g = np.empty((7, n))
    out = _look_kernels.Columns(a, b, c, d, e, f, g, np.empty(n, np.int8), np.empty(n, np.bool_))
    _look_kernels.fill(inputs, numbers, tables, out, np.zeros(_look_kernels.ROWS * _look_kernels.BLOCK))
    return out


def warm_up() -> None:
    """Compile the kernels, or read them from Numba's cache on disk, by evaluating one look.

    >>> warm_up()
    """
    from chainhome.sensors.rcs import flat

    grid = earth.site_grid(None, 0.0, 0.0, range_max_m=2e5, cell_m=2e5)
    evaluate_looks(
        [[0.0], [1e5], [5e3]],
        np.zeros((3, 1)),
        [5e3],
        [0],
        [1],
        radar=radar_model(1e5, 1.0, 2e5),
        rcs=target_rcs([flat(1.0)], [0], [1]),
        surface=earth.Surface(grid, earth.four_thirds_radius_m(), "standard", 0.0, 0.0, grid.heights_m),
    )

"""What does not change while a tracker runs: sensors, world, motion models, prepared once for the compiled passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.earth.geodesy import Frame, enu_frame, frame_rotation, geodetic_to_enu, to_enu
from chainhome.errors import UseError
from chainhome.tables import REPORTING, Sensors
from chainhome.tracking.params import TrackerParams
from chainhome.tracking.slots import SLOTS

if TYPE_CHECKING:
    from chainhome.tracking._gate_kernels import Replies
    from chainhome.tracking._motion_kernels import Models
    from chainhome.tracking._update_kernels import Limits
    from chainhome.tracking.work import Work

Floats = NDArray[np.float64]
DetectionProbability = Callable[[Floats, int, float], ArrayLike]

FAR_M = 500_000.0  # the reach of a sensor that states none
# How much more likely than by chance an equal reply is from the same aircraft. Mode S addresses are unique among 2^24
# [icao_a10]; of the 4096 Mode 3/A codes many are shared or change in flight, so an equal one says less, and a
# different one does not forbid.
_SAME_ADDRESS, _SAME_CODE, _OTHER_CODE = 2.0**24, 50.0, 2e-3


@dataclass(frozen=True, eq=False)
class Watcher:
    """One sensor as the compiled passes need it."""

    sensor_id: int
    frame: Frame
    origin_m: Floats
    """(3,) in the world frame."""
    rotation: Floats
    """(3, 3) from the world to the sensor's east, north and up."""
    polar: bool
    period_s: float
    max_range_m: float
    azimuth_sigma_rad: float
    sigma: Floats
    """(5,) standard deviations of the slots where the plot gives none; NaN = the slot is not measured."""
    clutter_density: float
    probability: float | DetectionProbability
    cell_probability: Floats
    """(rows, columns) of the grid: probability of detection at the height of the birth prior."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Square cells on the ground about the sensors, in which objects not yet seen are counted."""

    x_m: float
    y_m: float
    cell_m: float
    shape: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Setup:
    """Sensors, world and settings of a tracker; made by `prepare`."""

    sensors: Sensors
    world: Frame
    params: TrackerParams
    watchers: tuple[Watcher, ...]
    row_of: dict[int, int]
    grid: Grid
    gates: Floats
    """(2, 6) squared distance that a plot with so many measured slots may have: of a track, and of one of one plot."""
    models: Models
    limits: Limits
    replies: Replies
    noise_m2ps3: float
    """Horizontal noise of the most restless model."""
    works: list[Work] = field(default_factory=list, repr=False)
    """Work arrays that no call is using; a call takes one and gives it back."""


def probability_at(function: DetectionProbability, where_m: Floats, sensor_id: int, time_s: float) -> Floats:
    """Return what the caller's function says of positions (n, 3): probabilities (n,). Raises UseError if it is not."""
    answer, n = np.asarray(function(where_m, sensor_id, time_s), np.float64), len(where_m)
    expected = f"expected a number from 0 to 1 for each of {n} positions"
    if answer.shape not in ((), (n,)):
        raise UseError(f"sensor_id {sensor_id}: detection_probability gave an array {answer.shape}: {expected}")
    wrong = ~((answer >= 0.0) & (answer <= 1.0))
    if wrong.any():
        raise UseError(f"sensor_id {sensor_id}: detection_probability gave {answer[wrong].flat[0]}: {expected}")
    return np.broadcast_to(answer, n)


def prepare(
    sensors: Sensors,
    world: Frame,
    *,
    detection_probability: DetectionProbability | Mapping[int, DetectionProbability | float] | float = 0.9,
    clutter_density: Mapping[int, float] | float = 1e-6,
    params: TrackerParams | None = None,
) -> Setup:
    """Return what `step` and `feed` need besides the plots, checked.

    `detection_probability` is that of a whole scan: a number or a function of (positions (n, 3) in the world,
    sensor_id, time_s), for all sensors or one for each sensor_id. `clutter_density` counts false plots in a scan and
    unit of the plot's position slots (see `uniform_clutter_density`), a number or one for each sensor_id. Raises
    UseError for a sensor that cannot be used.
    """
    from scipy.special import chdtri

    from chainhome.tracking._gate_kernels import Replies
    from chainhome.tracking._motion_kernels import Models
    from chainhome.tracking._update_kernels import Limits

    params = params or TrackerParams()
    if not len(sensors):
        raise UseError("the tracker has no sensors: expected at least one")
    keys = sensors.sensor_id.tolist()
    if len(set(keys)) != len(keys):
        most = max(keys, key=keys.count)
        raise UseError(f"sensor_id {most} has {keys.count(most)} rows in sensors: expected one")
    grid = _grid(sensors, world, params)
    watchers = tuple(
        _watcher(sensors[row : row + 1], world, grid, detection_probability, clutter_density, params)
        for row in range(len(sensors))
    )
    m = params.models
    columns = [
        np.array([getattr(model, name) for model in m], np.float64)
        for name in ("along_m2ps3", "across_m2ps3", "vertical_m2ps3", "turn_radps", "hold_s", "start")
    ]
    outside = 1.0 - np.array([[params.gate_probability], [params.first_gate_probability]])
    gates = np.column_stack([np.zeros(2), chdtri(np.arange(1, SLOTS + 1), outside)])
    return Setup(
        sensors=sensors,
        world=world,
        params=params,
        watchers=watchers,
        row_of={key: row for row, key in enumerate(keys)},
        grid=grid,
        gates=gates,
        models=Models(*columns),
        limits=Limits(
            params.confirm_existence,
            params.end_existence,
            params.drop_existence,
            params.birth_existence_min,
            params.birth_existence_max,
            params.report_existence,
            params.show_existence,
            params.same_address_m,
            params.same_address_mps,
        ),
        replies=Replies(params.use_replies, _SAME_ADDRESS, _SAME_CODE, _OTHER_CODE),
        noise_m2ps3=float(max(max(model.along_m2ps3, model.across_m2ps3) for model in m)),
    )


def uniform_clutter_density(
    false_plots: float, range_span_m: float, azimuth_span_rad: float, elevation_span_rad: float | None = None
) -> float:
    """Return the density of false plots that lie evenly over a sensor's range, azimuth and (if measured) elevation.

    >>> round(uniform_clutter_density(20.0, 400e3, 2.0 * np.pi, 0.5) * 1e5, 3)
    1.592
    """
    return false_plots / (range_span_m * azimuth_span_rad * (1.0 if elevation_span_rad is None else elevation_span_rad))


def _reach_m(row: Sensors) -> float:
    reach = float(row.max_range_m[0])
    return reach if np.isfinite(reach) and reach > 0 else FAR_M


def _grid(sensors: Sensors, world: Frame, params: TrackerParams) -> Grid:
    at = geodetic_to_enu(world, np.radians(sensors.lat_deg), np.radians(sensors.lon_deg), sensors.height_m)
    at = np.where(np.isfinite(at), at, 0.0)
    reach = np.array([_reach_m(sensors[row : row + 1]) for row in range(len(sensors))])
    low, high = (at[:, :2] - reach[:, None]).min(axis=0), (at[:, :2] + reach[:, None]).max(axis=0)
    count = np.maximum(np.ceil((high - low) / params.birth_cell_m), 1).astype(int)
    return Grid(float(low[0]), float(low[1]), params.birth_cell_m, (int(count[1]), int(count[0])))


def _watcher(
    row: Sensors,
    world: Frame,
    grid: Grid,
    probability: DetectionProbability | Mapping[int, DetectionProbability | float] | float,
    clutter: Mapping[int, float] | float,
    params: TrackerParams,
) -> Watcher:
    key = int(row.sensor_id[0])
    polar = int(row.kind[0]) not in REPORTING
    place = (float(row.lat_deg[0]), float(row.lon_deg[0]), float(row.height_m[0]))
    if polar and not np.isfinite(place).all():
        raise UseError(f"sensor_id {key}: lat, lon, height = {place}: expected the place of the antenna")
    frame = enu_frame(np.radians(place[0]), np.radians(place[1]), place[2]) if np.isfinite(place).all() else world
    for name, given in (("clutter_density", clutter), ("detection_probability", probability)):
        if isinstance(given, Mapping) and key not in given:
            raise UseError(f"sensor_id {key} is not in {name}: expected one number for each sensor")
    density = float(clutter[key] if isinstance(clutter, Mapping) else clutter)
    if not density >= 0.0:
        raise UseError(f"sensor_id {key}: clutter_density = {density}: expected 0 or more")
    seen = probability[key] if isinstance(probability, Mapping) else probability
    reach = _reach_m(row)
    y, x = np.meshgrid(*(np.arange(n) + 0.5 for n in grid.shape), indexing="ij")
    cells = np.column_stack([grid.x_m + grid.cell_m * x.ravel(), grid.y_m + grid.cell_m * y.ravel(), np.zeros(x.size)])
    if callable(seen):
        cells[:, 2] = params.birth_height_m
        there = probability_at(seen, cells, key, 0.0)
    else:
        seen = float(seen)
        if not 0.0 <= seen <= 1.0:
            raise UseError(f"sensor_id {key}: detection_probability = {seen}: expected 0 to 1")
        apart = np.linalg.norm(cells[:, :2] - to_enu(world, frame.ecef)[:2], axis=1)
        there = np.where(apart <= reach + grid.cell_m, seen, 0.0)
    sigma = np.array(
        [
            row.range_sigma_m[0],
            row.azimuth_sigma_rad[0],
            row.elevation_sigma_rad[0],
            row.doppler_sigma_mps[0],
            params.flight_level_sigma_m,
        ]
    )
    if not polar:
        sigma[:3] = params.position_sigma_m if np.isnan(sigma[0]) else sigma[0]
    return Watcher(
        sensor_id=key,
        frame=frame,
        origin_m=to_enu(world, frame.ecef),
        rotation=np.ascontiguousarray(frame_rotation(world, frame)),
        polar=polar,
        period_s=float(row.period_s[0]),
        max_range_m=reach if polar else np.inf,
        azimuth_sigma_rad=0.0 if np.isnan(sigma[1]) else float(sigma[1]),
        sigma=sigma,
        clutter_density=density,
        probability=seen,
        cell_probability=np.minimum(there, params.greatest_detection_probability).reshape(grid.shape),
    )

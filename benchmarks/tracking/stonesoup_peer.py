"""The peer of the tracking benchmark, Stone Soup 1.9.1: one scene and settings in, rows of tracks and CPU times out.

Global nearest neighbour (`GNNWith2DAssignment`) and JPDA (`JPDAwithEHM2`), both behind Stone Soup's tree gating, with
an extended Kalman filter in elevation, bearing and range and a nearly constant velocity model in three dimensions.
Tracks begin in its `MultiMeasurementInitiator` and end after missed scans or when they have become too uncertain. The
settings of each kind of scene come from `stonesoup_settings.json`, which `tune_peer.py` writes from tuning seeds.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracking.scenes import Scene

Floats = NDArray[np.float64]

TUNING_SEEDS = (9001, 9002)
"""Only the tuning uses these; the benchmark refuses to report them."""

SETTINGS_FILE = Path(__file__).with_name("stonesoup_settings.json")
START = datetime(2020, 1, 1)
POSITION, VELOCITY = [0, 2, 4], [1, 3, 5]


@dataclass(frozen=True)
class Settings:
    """What can be tuned in the peer; the defaults are the start of the tuning."""

    associator: str = "jpda"
    """"gnn" or "jpda"."""
    horizontal_noise_m2ps3: float = 300.0
    vertical_noise_m2ps3: float = 10.0
    gate_sigma: float = 4.0
    """GNN: the Mahalanobis distance at which a miss is preferred. JPDA: the gate holds that share of a chi-square."""
    tree: str = "kd"
    """"kd": a kd-tree over the plots; "tpr": a TPR-tree over the tracks."""
    tree_distance_m: float = 3_000.0
    start_points: int = 3
    """Plots that a new track needs before it is shown."""
    start_missed: int = 2
    """Scans without a plot that end a track before it is shown."""
    missed: int = 5
    """Scans without a plot that end a shown track."""
    deleted_position_sigma_m: float = 6_000.0
    """A track less certain of its position than this ends."""
    first_speed_sigma_mps: float = 200.0
    first_climb_sigma_mps: float = 30.0
    clutter_factor: float = 1.0
    """JPDA: the clutter density that it is told, over the true one."""


def chosen(kind: str, associator: str) -> Settings:
    """Return the tuned settings for a kind of scene."""
    table = json.loads(SETTINGS_FILE.read_text(encoding="utf-8"))["chosen"]
    return replace(Settings(associator=associator), **table[kind][associator])


def version() -> str:
    """Return the version of Stone Soup that is installed."""
    return metadata.version("stonesoup")


def record(settings: Settings) -> dict[str, Any]:
    """Return the settings by name, for the key of the cache and for reports."""
    return asdict(settings)


def run_peer(scene: Scene, settings: Settings) -> tuple[Floats, Floats]:
    """Return rows (m, 8) as in `Scene.truth`, with track ids, and the CPU seconds of each scan (scans,).

    The plots become Stone Soup's objects before the clock starts, and the rows are read off while it stands.
    """
    model = _measurement_model(scene)
    scans = [_detections(scene, scan, model) for scan in range(scene.scans)]
    tracker = iter(_tracker(scene, settings, model, iter(scans)))
    rows, seconds = [], np.zeros(scene.scans)
    ids: dict[str, int] = {}
    for scan in range(scene.scans):
        start = time.process_time()
        _, tracks = next(tracker)
        seconds[scan] = time.process_time() - start
        for track in tracks:
            mean = np.asarray(track.state.mean, np.float64).ravel()
            rows.append([scan, ids.setdefault(track.id, len(ids)), *mean[POSITION], *mean[VELOCITY]])
    return np.array(rows, np.float64).reshape(-1, 8), seconds


def _measurement_model(scene: Scene) -> Any:
    from stonesoup.models.measurement.nonlinear import CartesianToElevationBearingRange
    from stonesoup.types.array import StateVector

    reach, azimuth, elevation = scene.sigma
    return CartesianToElevationBearingRange(
        ndim_state=6,
        mapping=POSITION,
        noise_covar=np.diag(np.square([elevation, azimuth, reach])),
        translation_offset=StateVector([[0.0], [0.0], [scene.antenna_m]]),
    )


def _detections(scene: Scene, scan: int, model: Any) -> tuple[datetime, set[Any]]:
    """Return the plots of a scan as Stone Soup has them: its bearing runs from east to north."""
    from stonesoup.types.angle import Bearing, Elevation
    from stonesoup.types.array import StateVector
    from stonesoup.types.detection import Detection

    now = START + timedelta(seconds=scan * scene.period_s)
    return now, {
        Detection(
            StateVector([Elevation(elevation), Bearing(0.5 * np.pi - azimuth), reach]),
            timestamp=now,
            measurement_model=model,
        )
        for reach, azimuth, elevation in scene.plots_at(scan).tolist()
    }


def _tracker(scene: Scene, settings: Settings, model: Any, detector: Any) -> Any:
    from stonesoup.initiator.simple import MultiMeasurementInitiator
    from stonesoup.models.transition.linear import CombinedLinearGaussianTransitionModel, ConstantVelocity
    from stonesoup.predictor.kalman import KalmanPredictor
    from stonesoup.tracker.simple import MultiTargetMixtureTracker, MultiTargetTracker
    from stonesoup.types.state import GaussianState
    from stonesoup.updater.kalman import ExtendedKalmanUpdater

    q, qz = settings.horizontal_noise_m2ps3, settings.vertical_noise_m2ps3
    predictor = KalmanPredictor(
        CombinedLinearGaussianTransitionModel([ConstantVelocity(q), ConstantVelocity(q), ConstantVelocity(qz)])
    )
    updater = ExtendedKalmanUpdater(model)
    nearest = _nearest(settings, predictor, updater, model)
    speed, climb = settings.first_speed_sigma_mps, settings.first_climb_sigma_mps
    initiator = MultiMeasurementInitiator(
        prior_state=GaussianState(np.zeros((6, 1)), np.diag(np.square([0.0, speed, 0.0, speed, 0.0, climb]))),
        deleter=_deleter(settings.start_missed, settings),
        data_associator=_nearest(settings, predictor, updater, model),
        updater=updater,
        measurement_model=model,
        min_points=settings.start_points,
    )
    parts = {
        "initiator": initiator,
        "deleter": _deleter(settings.missed, settings),
        "detector": detector,
        "updater": updater,
    }
    if settings.associator == "gnn":
        return MultiTargetTracker(data_associator=nearest, **parts)
    return MultiTargetMixtureTracker(data_associator=_joint(scene, settings, predictor, updater, model), **parts)


def _deleter(missed: int, settings: Settings) -> Any:
    from stonesoup.deleter.error import CovarianceBasedDeleter
    from stonesoup.deleter.multi import CompositeDeleter
    from stonesoup.deleter.time import UpdateTimeStepsDeleter

    trace = 3.0 * settings.deleted_position_sigma_m**2
    return CompositeDeleter(
        [UpdateTimeStepsDeleter(missed), CovarianceBasedDeleter(trace, mapping=POSITION)], intersect=False
    )


def _in_tree(base: Any, settings: Settings, hypothesiser: Any, predictor: Any, updater: Any, model: Any) -> Any:
    """Return the associator `base` behind one of Stone Soup's trees."""
    from stonesoup.dataassociator.tree import DetectionKDTreeMixIn, TPRTreeMixIn

    if settings.tree == "kd":
        kind = type("KdTree" + base.__name__, (DetectionKDTreeMixIn, base), {})
        return kind(
            hypothesiser=hypothesiser, predictor=predictor, updater=updater, max_distance=settings.tree_distance_m
        )
    kind = type("TprTree" + base.__name__, (TPRTreeMixIn, base), {})
    return kind(hypothesiser=hypothesiser, measurement_model=model, horizon_time=timedelta(seconds=30))


def _nearest(settings: Settings, predictor: Any, updater: Any, model: Any) -> Any:
    from stonesoup.dataassociator.neighbour import GNNWith2DAssignment
    from stonesoup.hypothesiser.distance import DistanceHypothesiser
    from stonesoup.measures import Mahalanobis

    hypothesiser = DistanceHypothesiser(predictor, updater, Mahalanobis(), missed_distance=settings.gate_sigma)
    return _in_tree(GNNWith2DAssignment, settings, hypothesiser, predictor, updater, model)


def _joint(scene: Scene, settings: Settings, predictor: Any, updater: Any, model: Any) -> Any:
    from scipy.stats import chi2
    from stonesoup.dataassociator.probability import JPDAwithEHM2
    from stonesoup.hypothesiser.probability import PDAHypothesiser

    hypothesiser = PDAHypothesiser(
        predictor=predictor,
        updater=updater,
        clutter_spatial_density=scene.clutter_density * settings.clutter_factor,
        prob_detect=scene.detection_probability,
        prob_gate=float(chi2.cdf(settings.gate_sigma**2, 3)),
    )
    return _in_tree(JPDAwithEHM2, settings, hypothesiser, predictor, updater, model)

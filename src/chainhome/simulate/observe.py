"""One radar of a scenario over a span of time: Truth → Looks (what physics gave) and Detections (what it reports).

Every draw is keyed by (seed, replication, sensor, scan, target), so neither the span nor the order can change it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome import draws, earth, motion, sensors
from chainhome.constants import FOOT_M
from chainhome.scenario import Flight, Post, Replay, Scenario
from chainhome.scenario.reading import (
    FALSE_ALARM_PROBABILITY,
    SWERLING_CASE,
    gas_beyond_reference_db,
)
from chainhome.sensors import Interrogator, Transponder
from chainhome.tables import (
    HIDING_LIMITS,
    SECURE_REPLIES,
    SENSOR_KINDS,
    Bools,
    Codes,
    Detections,
    Floats,
    Ints,
    Looks,
    Sensors,
    Targets,
)

# Lanes of a look's key: each draw of a look has its own.
DECIDE, SECURE, MODE_A, MODE_S, RANGE, AZIMUTH, ELEVATION = range(7)
# Purposes that keep the keys of looks, of cross sections and of false alarms apart.
LOOK_KEY, RCS_KEY, FALSE_KEY = 1, 2, 3
NOT_ASKED = SECURE_REPLIES.index("not_asked")
FALSE_ALARM_MAX_ELEVATION_RAD = float(np.radians(15.0))
REPLY_SNR = 1e4
NEAREST_FALSE_ALARM_M = 5_000.0
SURFACE_CELL_M = 500.0  # a third of the shipped terrain's; with half of it 2 looks in 1,000 change


@dataclass(frozen=True, eq=False)
class Observer:
    """A radar made ready: its frame, the lowest altitudes that it sees, its model and the targets' cross sections."""

    post: Post
    row: Sensors
    frame: earth.Frame
    surface: earth.Surface
    hidden_by: str
    model: sensors.RadarModel
    rcs: sensors.TargetRcs
    transponders: tuple[Transponder, ...]
    mode_3a: Ints
    icao_address: Ints
    seed: int
    replication: int


def observer(
    scenario: Scenario,
    post: Post,
    table: Sensors,
    targets: Targets,
    terrain: earth.Terrain | None,
    seed: int,
    replication: int,
) -> Observer:
    """Make a radar of a scenario ready to look; target ids are rows of `targets`."""
    row = table[table.sensor_id == post.sensor_id]
    max_range = float(row.max_range_m[0])
    grid = earth.site_grid(
        terrain,
        post.place.lat_rad,
        post.place.lon_rad,
        range_max_m=max_range + SURFACE_CELL_M,
        cell_m=SURFACE_CELL_M,
        smooth_m=post.place.ground_m,
        site_anywhere=True,
    )
    surface = earth.surface(grid, post.antenna_m, site_ground_m=post.place.ground_m)
    figures = post.figures
    model = sensors.radar_model(
        figures.reference_range_m,
        figures.reference_rcs_m2,
        max_range,
        pd=figures.reference_pd,
        pfa=FALSE_ALARM_PROBABILITY,
        swerling=SWERLING_CASE,
        sector_centre_rad=post.boresight_rad,
        sector_width_rad=figures.sector_width_rad,
    )
    entries: list[Flight | Replay] = [*scenario.flights, *scenario.replays]
    wanted = [(entry.figures.shape, entry.figures.rcs_m2, entry.figures.spread_db) for entry in entries]
    kinds = list(dict.fromkeys(wanted))
    shapes = [sensors.shaped(*kind) for kind in kinds]
    model_of = [kinds.index(kind) for kind in wanted]
    ids = np.array([entry.target_id for entry in entries], np.int64)
    return Observer(
        post,
        row,
        earth.enu_frame(post.place.lat_rad, post.place.lon_rad, surface.antenna_msl_m),
        surface,
        "horizon" if terrain is None else "terrain",
        model,
        sensors.target_rcs(shapes, model_of, draws.key(seed, replication, RCS_KEY, ids)),
        tuple(entry.transponder for entry in entries),
        targets.mode_3a,
        targets.icao_address,
        seed,
        replication,
    )


def look(
    watcher: Observer, truth: motion.TruthIndex, world: earth.Frame, start_s: float, end_s: float
) -> tuple[Looks, Floats]:
    """Return every look from `start_s` up to `end_s`, detected or not, in time order, and its target's altitude."""
    target, scan, times = _schedule(watcher, truth, world, start_s, end_s)
    position, velocity = motion.interpolate(truth, target, times)
    there = np.isfinite(position[:, 0])
    target, scan, times = target[there], scan[there], times[there]
    position, velocity = position[there], velocity[there]
    local = earth.to_enu(watcher.frame, earth.from_enu(world, position))
    turned = velocity @ earth.frame_rotation(world, watcher.frame).T
    altitude = earth.enu_to_geodetic(world, position)[2]
    loss = gas_beyond_reference_db(watcher.post.figures, watcher.surface, altitude, np.hypot(local[:, 0], local[:, 1]))
    if np.isfinite(watcher.post.boresight_rad):
        # A flat array that stares loses gain off its boresight; what is published is read as the range along it.
        loss = loss + sensors.array_scan_loss_db(np.arctan2(local[:, 0], local[:, 1]) - watcher.post.boresight_rad)
    found = sensors.evaluate_looks(
        local.T,
        turned.T,
        altitude,
        target,
        look_keys(watcher, scan, target),
        radar=watcher.model,
        rcs=watcher.rcs,
        surface=watcher.surface,
        hidden_by=watcher.hidden_by,
        extra_loss_db=loss,
    )
    made = Looks.make(
        len(times), time_s=times, sensor_id=watcher.post.sensor_id, scan=scan, target_id=target, **found._asdict()
    )
    order = np.lexsort([target, times])
    return made[order], altitude[order]


def look_keys(watcher: Observer, scan: Ints, target: Ints) -> NDArray[np.uint64]:
    """Return the key of each look."""
    return draws.key(watcher.seed, watcher.replication, LOOK_KEY, watcher.post.sensor_id, scan, target)


def _schedule(
    watcher: Observer, truth: motion.TruthIndex, world: earth.Frame, start_s: float, end_s: float
) -> tuple[Ints, Ints, Floats]:
    """Return target, scan and time of each look of a span: once a scan for each target that exists."""
    period = float(watcher.row.period_s[0])
    tracks = _azimuths(watcher, truth, world)
    targets, scans = [], []
    for number, (times, azimuth) in tracks.items():
        if times[-1] < start_s or times[0] > end_s:
            continue
        # The beam's turns are counted from the azimuth that the target had when it appeared; a target that has gone
        # around the radar has been passed that many times more or less.
        first = int(np.floor(start_s / period - azimuth.max() / (2 * np.pi))) - 1
        last = int(np.ceil(end_s / period - azimuth.min() / (2 * np.pi))) + 1
        scans.append(np.arange(first, last + 1))
        targets.append(np.full(last - first + 1, number))
    if not targets:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    target, scan = np.concatenate(targets), np.concatenate(scans)
    order = np.searchsorted(list(tracks), target)
    knots = list(tracks.values())

    def azimuth_of(time_s: Floats) -> Floats:
        azimuth = np.empty(len(time_s))
        for index, (times, unwrapped) in enumerate(knots):
            mine = order == index
            azimuth[mine] = np.interp(time_s[mine], times, unwrapped)
        return azimuth

    if np.isnan(watcher.model.sector_width_rad):
        times = sensors.look_times(scan, period, 0.0, azimuth_of)
    else:
        times = sensors.sector_look_times(
            scan, period, watcher.model.sector_centre_rad, watcher.model.sector_width_rad, azimuth_of
        )
    with np.errstate(invalid="ignore"):
        kept = (times >= start_s) & (times < end_s)
    return target[kept], scan[kept], times[kept]


def _azimuths(watcher: Observer, truth: motion.TruthIndex, world: earth.Frame) -> dict[int, tuple[Floats, Floats]]:
    """Return the unwrapped azimuth of each target over its life, by target."""
    azimuth = earth.measure(truth.position_m, watcher.frame, world)[1]
    result = {}
    for index, number in enumerate(truth.target_id.tolist()):
        rows = slice(truth.first[index], truth.first[index + 1])
        result[number] = (truth.time_s[rows], np.unwrap(azimuth[rows]))
    return result


class Replies(NamedTuple):
    """What the interrogator heard in each look (n,), and what a second one would have heard of the secure question."""

    mode_a: Bools
    mode_s: Bools
    mode_c: Bools
    secure: Codes
    compared: Codes


def replies(watcher: Observer, looks: Looks, comparison: Interrogator | None) -> Replies:
    """Return the replies of each look: by the modes and keys that both sides share, from targets that nothing hides."""
    keys = look_keys(watcher, looks.scan, looks.target_id)
    asks = watcher.post.interrogator
    mode_a, mode_s, mode_c = (np.zeros(len(looks), np.bool_) for _ in range(3))
    secure, compared = (np.full(len(looks), NOT_ASKED, np.int8) for _ in range(2))
    if asks is None:
        return Replies(mode_a, mode_s, mode_c, secure, compared)
    in_view = ~np.isin(looks.limit, HIDING_LIMITS)
    for number in np.unique(looks.target_id).tolist():
        rows = (looks.target_id == number) & in_view
        has, mine = watcher.transponders[number], keys[rows]
        mode_a[rows] = sensors.replies(asks, has, "mode-3a", mine, lane=MODE_A)
        mode_s[rows] = sensors.replies(asks, has, "mode-s", mine, lane=MODE_S)
        # One reply of the aircraft carries code and height, or address and height.
        mode_c[rows] = sensors.replies(asks, has, "mode-c", mine, lane=MODE_A) | mode_s[rows]
        secure[rows] = sensors.secure_reply(asks, has, mine, lane=SECURE)
        if comparison is not None:
            compared[rows] = sensors.secure_reply(comparison, has, mine, lane=SECURE)
    return Replies(mode_a, mode_s, mode_c, secure, compared)


def plots_of(
    watcher: Observer, looks: Looks, altitude_m: Floats, comparison: Interrogator | None
) -> tuple[Detections, Codes]:
    """Return the plots of detected or answered looks, and what a second interrogator would have heard of each."""
    keys = look_keys(watcher, looks.scan, looks.target_id)
    heard = replies(watcher, looks, comparison)
    answered = heard.mode_a | heard.mode_s
    made = looks.detected | answered
    kind = np.where(looks.detected & answered, "combined", np.where(answered, "secondary", "primary"))
    row = watcher.row
    echo = np.where(looks.detected, 10.0 ** (looks.snr_db / 10.0), np.nan)
    # A reply is strong: its errors are those at high SNR. Only the echo has an elevation.
    snr = np.where(answered, REPLY_SNR, echo)
    sigma_range = sensors.measurement_sigma(float(row.range_sigma_m[0]), snr)
    sigma_azimuth = sensors.measurement_sigma(float(row.azimuth_sigma_rad[0]), snr)
    sigma_elevation = sensors.measurement_sigma(float(row.elevation_sigma_rad[0]), echo)
    quantum = np.where(heard.mode_s, 25.0, 100.0) * FOOT_M
    table = Detections.make(
        len(looks),
        time_s=looks.time_s,
        sensor_id=looks.sensor_id,
        kind=[SENSOR_KINDS.index(name) for name in kind.tolist()],
        range_m=np.maximum(looks.range_m + sigma_range * draws.normal(keys, RANGE), 1.0),
        azimuth_rad=np.mod(looks.azimuth_rad + sigma_azimuth * draws.normal(keys, AZIMUTH), 2 * np.pi),
        elevation_rad=looks.elevation_rad + sigma_elevation * draws.normal(keys, ELEVATION),
        flight_level_m=np.where(heard.mode_c, np.round(altitude_m / quantum) * quantum, np.nan),
        range_sigma_m=sigma_range,
        azimuth_sigma_rad=sigma_azimuth,
        elevation_sigma_rad=sigma_elevation,
        snr_db=np.where(looks.detected, looks.snr_db, np.nan),
        mode_3a=np.where(heard.mode_a, watcher.mode_3a[looks.target_id], -1),
        mode_s_address=np.where(heard.mode_s, watcher.icao_address[looks.target_id], -1),
        secure_reply=heard.secure,
        target_id=looks.target_id,
    )
    return table[made], heard.compared[made]


def false_alarms(watcher: Observer, start_s: float, end_s: float) -> Detections:
    """Return the false alarms of the scans that begin from `start_s` up to `end_s`: Poisson, even over the sector."""
    row = watcher.row
    period = float(row.period_s[0])
    scans = np.arange(int(np.ceil(start_s / period)), int(np.ceil(end_s / period)))
    base = draws.key(watcher.seed, watcher.replication, FALSE_KEY, watcher.post.sensor_id, scans)
    counts = draws.poisson(base, watcher.post.false_alarms_per_scan)
    scan = np.repeat(scans, counts)
    number = np.arange(len(scan)) - np.repeat(np.cumsum(counts) - counts, counts)
    keys = draws.key(watcher.seed, watcher.replication, FALSE_KEY, watcher.post.sensor_id, scan, number)
    share = draws.uniform(keys, 0)
    width = float(row.sector_width_rad[0])
    if np.isnan(width):
        azimuth = 2 * np.pi * share
    else:
        azimuth = np.mod(float(row.sector_centre_rad[0]) + (share - 0.5) * width, 2 * np.pi)
    farthest = float(row.max_range_m[0])
    made = Detections.make(
        len(scan),
        time_s=period * (scan + share),
        sensor_id=watcher.post.sensor_id,
        kind=SENSOR_KINDS.index("primary"),
        range_m=NEAREST_FALSE_ALARM_M + (farthest - NEAREST_FALSE_ALARM_M) * draws.uniform(keys, 1),
        azimuth_rad=azimuth,
        elevation_rad=FALSE_ALARM_MAX_ELEVATION_RAD * draws.uniform(keys, 2),
        range_sigma_m=row.range_sigma_m[0],
        azimuth_sigma_rad=row.azimuth_sigma_rad[0],
        elevation_sigma_rad=row.elevation_sigma_rad[0],
        snr_db=10 * np.log10(-np.log(FALSE_ALARM_PROBABILITY)),
        secure_reply=NOT_ASKED,
    )
    return made[made.time_s < end_s + period]

"""One run: fly, look, report, track, identify, score. Progress is told through a callback; nothing is written here.

This version is an open loop: nothing that is tracked changes what flies or looks. So all radars look first, span by
span, and the chain then takes in their scans in the order of their ends, as it would those of a recording.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainhome import earth, identity, motion, process, sensors, tracking
from chainhome.scenario import Scenario
from chainhome.scenario.reading import FALSE_ALARM_PROBABILITY, SWERLING_CASE
from chainhome.simulate.observe import (
    FALSE_ALARM_MAX_ELEVATION_RAD,
    NEAREST_FALSE_ALARM_M,
    Observer,
    false_alarms,
    look,
    observer,
    plots_of,
)
from chainhome.simulate.world import fly, sensors_table, world_frame
from chainhome.tables import (
    ALLEGIANCES,
    TRACK_STATUSES,
    Codes,
    Detections,
    Events,
    Evidence,
    Floats,
    Identities,
    Looks,
    Scores,
    Sensors,
    Targets,
    Tracks,
    Truth,
)

Progress = Callable[[str, float], None]

SPAN_S = 300.0
# What the tracker expects to see: a target of 2 m² at the radar's published range, seldom better than 0.95.
EXPECTED_RCS_M2 = 2.0
BEST_EXPECTED_PD = 0.95
PIECE_S = 60.0


@dataclass(frozen=True, eq=False)
class RunTables:
    """All tables of a run; `identities_shared_mode` is empty where the scenario compares nothing."""

    targets: Targets
    sensors: Sensors
    truth: Truth
    looks: Looks
    detections: Detections
    tracks: Tracks
    identities: Identities
    identities_shared_mode: Identities
    evidence: Evidence
    events: Events
    scores: Scores
    summary: dict[str, Any]


def simulate(
    scenario: Scenario, *, seed: int, replication: int = 0, progress: Progress = lambda stage, share: None
) -> RunTables:
    """Run a scenario; the same seed and replication give the same tables, bit for bit."""
    progress("fly", 0.0)
    world = world_frame(scenario)
    targets, truth = fly(scenario, world)
    table = sensors_table(scenario, world)
    terrain = None if scenario.terrain is None else earth.load_terrain(scenario.terrain)
    progress("compile", 0.0)
    sensors.warm_up()
    tracking.warm_up()
    watchers = [observer(scenario, post, table, targets, terrain, seed, replication) for post in scenario.posts]
    progress("compile", 1.0)
    looks, detections, compared = _sense(scenario, watchers, motion.index(truth), world, progress)
    chain = _chain(scenario, watchers, table, targets, world)
    tracks, evidence, identities = _follow(chain, detections, scenario.length_s, progress)
    shared = Identities.make(0)
    if scenario.comparison is not None:
        shared = _identify_again(chain, detections, compared, tracks)
    cases = {"as_fielded": identities}
    if scenario.comparison is not None:
        cases["shared_secure_mode"] = shared
    progress("score", 0.0)
    summary = process.score(targets, table, truth, looks, detections, tracks, cases)
    progress("score", 1.0)
    return RunTables(
        targets,
        table,
        truth,
        looks,
        detections,
        tracks,
        identities,
        shared,
        evidence,
        _events(targets, sensors_=table, looks=looks, tracks=tracks, identities=identities),
        summary.scores,
        summary.plain,
    )


def _sense(
    scenario: Scenario, watchers: list[Observer], truth: motion.TruthIndex, world: earth.Frame, progress: Progress
) -> tuple[Looks, Detections, Codes]:
    """Let every radar look over the whole run; return looks, plots and what the compared interrogator heard of them."""
    looks, made, heard = [], [], []
    starts = np.arange(0.0, scenario.length_s, SPAN_S)
    for number, start in enumerate(starts):
        end = min(start + SPAN_S, scenario.length_s)
        for watcher in watchers:
            seen, altitude = look(watcher, truth, world, float(start), float(end))
            looks.append(seen)
            plot, answer = plots_of(watcher, seen, altitude, scenario.comparison)
            false = false_alarms(watcher, float(start), float(end))
            false = false[false.time_s < scenario.length_s]
            made += [plot, false]
            heard += [answer, false.secure_reply]
        progress("look", (number + 1) / len(starts))
    merged = Detections.concat(made)
    order = np.lexsort([merged.range_m, merged.sensor_id, merged.time_s])
    detections = replace(merged[order], detection_id=np.arange(len(merged)))
    return Looks.concat(looks).sorted_by("time_s", "sensor_id", "target_id"), detections, np.concatenate(heard)[order]


def _chain(
    scenario: Scenario, watchers: list[Observer], table: Sensors, targets: Targets, world: earth.Frame
) -> process.Chain:
    by_id = {watcher.post.sensor_id: watcher for watcher in watchers}
    # Once, and not for each of the many questions: the ratio of the target that the tracker expects.
    snr_at_reference = {
        key: 10.0 ** (0.1 * float(watcher.model.reference_snr_db)) * EXPECTED_RCS_M2 / watcher.model.reference_rcs_m2
        for key, watcher in by_id.items()
    }

    def expected(position_m: Floats, sensor_id: int, time_s: float) -> Floats:
        """Return what the tracker may expect: in view, in the sector, and near enough for a 2 m² target."""
        watcher, model = by_id[sensor_id], by_id[sensor_id].model
        place = earth.from_enu(world, position_m)
        altitude = earth.ecef_to_geodetic(place)[2]
        east, north, up = earth.to_enu(watcher.frame, place).T
        azimuth, ground = np.arctan2(east, north), np.hypot(east, north)
        range_m = np.hypot(ground, up)
        open_ = earth.surface_visible(watcher.surface, azimuth, ground, altitude)
        open_ &= range_m <= model.max_range_m
        if np.isfinite(model.sector_width_rad):
            open_ &= sensors.in_sector(azimuth, model.sector_centre_rad, model.sector_width_rad)
        snr = snr_at_reference[sensor_id] * (model.reference_range_m / range_m) ** 4
        pd = sensors.detection_probability(snr, FALSE_ALARM_PROBABILITY, SWERLING_CASE)
        return np.where(open_, np.minimum(pd, BEST_EXPECTED_PD), 0.0)

    density = {}
    for watcher in watchers:
        width = watcher.model.sector_width_rad
        density[watcher.post.sensor_id] = tracking.uniform_clutter_density(
            watcher.post.false_alarms_per_scan,
            watcher.model.max_range_m - NEAREST_FALSE_ALARM_M,
            2 * np.pi if np.isnan(width) else width,
            FALSE_ALARM_MAX_ELEVATION_RAD,
        )
    filed = (targets.allegiance == ALLEGIANCES.index("neutral")) & scenario.flight_plans
    setup = tracking.prepare(table, world, detection_probability=expected, clutter_density=density)
    return process.Chain(
        tracker=setup,
        known_addresses=targets.icao_address[filed & (targets.icao_address >= 0)],
        known_codes=targets.mode_3a[filed & (targets.mode_3a >= 0)],
    )


def _follow(
    chain: process.Chain, detections: Detections, length_s: float, progress: Progress
) -> tuple[Tracks, Evidence, Identities]:
    """Feed the chain with the plots of all radars, a minute at a time."""
    state = process.start(chain)
    ends = np.append(np.arange(PIECE_S, length_s, PIECE_S), np.inf)
    cuts = np.searchsorted(detections.time_s, np.append(0.0, ends))
    for number, end in enumerate(ends):
        state = process.advance(chain, state, detections[cuts[number] : cuts[number + 1]], float(end))
        progress("track", (number + 1) / len(ends))
    return process.finished(state)


def _identify_again(chain: process.Chain, detections: Detections, compared: Codes, tracks: Tracks) -> Identities:
    """Return what would have been declared of the same tracks with what the compared interrogator heard."""
    evidence = process.identify(chain, replace(detections, secure_reply=compared), tracks)
    beliefs, parts = identity.no_beliefs(), []
    for time in np.unique(evidence.time_s):
        beliefs, rows = identity.step(beliefs, evidence[evidence.time_s == time])
        parts.append(rows)
    return Identities.concat(parts)


def _events(targets: Targets, sensors_: Sensors, looks: Looks, tracks: Tracks, identities: Identities) -> Events:
    """Return what happened, for the event log: first detections, tracks confirmed and ended, declarations."""
    parts = []
    names = dict(zip(sensors_.sensor_id.tolist(), sensors_.name.tolist(), strict=True))
    found = looks[looks.detected].sorted_by("time_s")
    _, first = np.unique(np.column_stack([found.sensor_id, found.target_id]), axis=0, return_index=True)
    seen = found[np.sort(first)]
    parts.append(
        Events.make(
            len(seen),
            time_s=seen.time_s,
            kind="first_detection",
            actor=np.array([names[number] for number in seen.sensor_id.tolist()], np.str_),
            target_id=seen.target_id,
            value=seen.range_m,
        )
    )
    ordered = tracks.sorted_by("track_id", "time_s")
    for status in ("confirmed", "ended"):
        rows = ordered[ordered.status == TRACK_STATUSES.index(status)]
        _, first = np.unique(rows.track_id, return_index=True)
        rows = rows[first]
        parts.append(
            Events.make(len(rows), time_s=rows.time_s, kind=f"track_{status}", actor="tracker", track_id=rows.track_id)
        )
    changes = identities.sorted_by("track_id", "time_s")
    for code, allegiance in enumerate(ALLEGIANCES):
        rows_ = changes[(changes.declared == code) & _changed(changes)]
        parts.append(
            Events.make(
                len(rows_),
                time_s=rows_.time_s,
                kind=f"declared_{allegiance}",
                actor="identity",
                track_id=rows_.track_id,
            )
        )
    return Events.concat([part for part in parts if len(part)]).sorted_by("time_s", "target_id", "track_id")


def _changed(rows: Identities) -> NDArray[np.bool_]:
    """Return which rows (sorted by track and time) declare something else than the row before of their track."""
    if not len(rows):
        return np.zeros(0, np.bool_)
    before = np.append(0, rows.declared[:-1])
    before[np.append(True, rows.track_id[1:] != rows.track_id[:-1])] = ALLEGIANCES.index("unknown")
    return np.asarray(rows.declared != before)

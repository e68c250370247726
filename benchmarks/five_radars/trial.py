"""One trial: flights seen by five radars, written as CAT048, read back, registered, tracked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from chainhome.formats.asterix import cat048_of, decode, detections_of
from chainhome.formats.detections_file import Piece
from chainhome.metrics.ownership import CONFIRMED
from chainhome.process.follow import Account, follow
from chainhome.process.recording import Recording
from chainhome.process.register_recording import biases_of
from chainhome.scenario.sensors_file import Watch, parse_sensors
from chainhome.tables import Detections, Tracks
from chainhome.tracking.registration import Biases, estimate_biases
from five_radars.flights import Flights
from five_radars.radars import SAC, Radar, Seen

PIECE = 50_000
FIRST_PLOTS = 200_000
"""Of these the biases are estimated, as in `biases_of`."""


@dataclass(frozen=True, eq=False)
class Tracked:
    """What the tracker made of the plots, and what it cost."""

    plots: Detections
    """As they were tracked, with the true flight in `target_id`."""
    tracks: Tracks
    account: Account
    cpu_s: float


def sensors_toml(radars: tuple[Radar, ...]) -> str:
    """Return the sensors file of a network, as a user would write it: nothing of it knows the biases."""
    lines = []
    for number, radar in enumerate(radars):
        lines += [
            "[[sensor]]",
            f'name = "{radar.name}"',
            f'kind = "{radar.kind}"',
            f"sac = {SAC}",
            f"sic = {number + 1}",
            f"lat = {radar.lat_deg}",
            f"lon = {radar.lon_deg}",
            f'height = "{radar.height_m} m"',
            f'period = "{radar.period_s} s"',
            f'sigma_range = "{radar.range_sigma_m} m"',
            f'sigma_azimuth = "{radar.azimuth_sigma_deg} deg"',
            f"detection_probability = {radar.detection_probability}",
            f"clutter_per_scan = {radar.clutter_per_scan}",
            f'max_range = "{radar.max_range_m / 1e3} km"',
            "",
        ]
    return "\n".join(lines)


def watch_of(radars: tuple[Radar, ...], flights: Flights) -> Watch:
    """Return the sensors file's watch, in the world frame of the flights."""
    lat, lon = np.degrees([flights.world.lat_rad, flights.world.lon_rad]).tolist()
    return parse_sensors(f"[origin]\nlat = {lat!r}\nlon = {lon!r}\n\n{sensors_toml(radars)}", "sensors.toml")


def through_asterix(seen: Seen, watch: Watch) -> tuple[Detections, int]:
    """Return the plots after they were CAT048, their true flights put back by their rows, and the size in bytes."""
    wire = cat048_of(seen.plots, watch.sensors)
    again, counts = detections_of(decode(wire), watch.sensors, watch.world)
    same = counts["detections"] == len(seen.plots) and np.array_equal(again.sensor_id, seen.plots.sensor_id)
    half_bit_m = 0.5 * 1852.0 / 256.0 + 1e-6
    if not same or np.abs(again.range_m - seen.plots.range_m).max() > half_bit_m:
        raise AssertionError(f"CAT048 gave back other plots than were written: {counts}")
    return replace(again, target_id=seen.plots.target_id), len(wire)


def recording_of(plots: Detections, watch: Watch) -> Recording:
    """Return plots as a recording that `chainhome track` would have opened."""

    def pieces() -> Iterator[Piece]:
        for start in range(0, len(plots), PIECE):
            part = plots[start : start + PIECE]
            yield Piece(part, {"rows": len(part)})

    return Recording(Path("five-radars.ast"), "an ASTERIX recording", watch, pieces)


def registered(recording: Recording) -> tuple[Biases, float]:
    """Return the biases of all radars, and the CPU seconds that it took.

    First those that common addresses tell, as `chainhome track --register` does. A radar that hears no replies has no
    part in them: the first plots are tracked without the biases known so far, and now the track that took a plot says
    which aircraft it is of.
    """
    started = time.process_time()
    first = biases_of(recording)
    if first.observable.all():
        return first, time.process_time() - started
    beginning = replace(recording, pieces=lambda: islice(recording.pieces(), -(-FIRST_PLOTS // PIECE)))
    done = tracked(beginning, first, hide_address=False)
    sure = done.tracks[(done.tracks.detection_id >= 0) & (done.tracks.status == CONFIRMED)]
    taker = np.full(len(done.plots), -1, np.int64)
    taker[np.searchsorted(done.plots.detection_id, sure.detection_id)] = sure.track_id
    rest = estimate_biases(done.plots, recording.watch.sensors, recording.watch.world, aircraft=taker)
    total = {
        name: np.nan_to_num(getattr(first, name)) + getattr(rest, name)
        for name in ("range_bias_m", "azimuth_bias_rad", "time_bias_s")
    }
    return replace(rest, **total), time.process_time() - started


def tracked(recording: Recording, biases: Biases | None, *, hide_address: bool, method: str = "pmb") -> Tracked:
    """Return the tracks of a recording whose biases are taken off first."""
    accounts: list[Account] = []
    started = time.process_time()
    steps = list(
        follow(recording, method=method, hide_address=hide_address, biases=biases, keep=PIECE, done=accounts.append)
    )
    spent = time.process_time() - started
    plots = Detections.concat([step.detections for step in steps])
    return Tracked(plots, Tracks.concat([step.tracks for step in steps]), accounts[0], spent)

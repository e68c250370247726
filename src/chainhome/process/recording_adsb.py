"""ADS-B as a recording: reported positions → plots of one sensor, and what is assumed of it where nobody says.

How good the positions are, how often they come and how reliably, the recording itself tells: state vectors are stamped
with another time than that of their position, by parts of a second or by several seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainhome import earth
from chainhome.errors import ChainhomeError, UseError
from chainhome.formats import adsb
from chainhome.formats.detections_file import Piece
from chainhome.process.recording import Recording
from chainhome.scenario.sensors_file import Watch, parse_sensors, sensors_text
from chainhome.tables import SENSOR_KINDS, Sensors

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CLUTTER = 0.01
ASSUMED_SIGMA_M, LEAST_SIGMA_M, MOST_SIGMA_M = 50.0, 20.0, 1_000.0
LEAST_PD, MOST_PD = 0.5, 0.9
# A look is so short that it seldom holds two reports of one aircraft; aircraft send two positions a second.
SHORTEST_PERIOD_S, LONGEST_PERIOD_S = 0.4, 60.0
SHORT_INTERVALS_PERCENT = 10.0
# An aircraft that is silent for longer was away. A share of gaps is told from at least so many of them.
AWAY_S, LONG_GAPS, FEWEST_GAPS = 60.0, 1e-3, 10
# From so many of the first positions everything is told, within so many batches.
ENOUGH_POSITIONS, BATCHES = 20_000, 20
# Errors of position are told from three in a row within this time, between which an aircraft flew so far.
THREE_WITHIN_S, FLOWN_M, FEWEST_ERRORS = 40.0, 100.0, 50
# No late position makes an aircraft seem faster; a wrong one, or another aircraft of the same address, does.
FASTEST_MPS = 1_000.0
# Shares of a normal distribution, and how many standard deviations they reach to either side.
QUANTILES = ((0.68, 0.9945), (0.95, 1.9600), (0.99, 2.5758))


@dataclass(frozen=True)
class Quality:
    """What reported positions tell of themselves."""

    period_s: float
    """A time between two positions of one aircraft that few are below, in tenths of a second."""
    probability: float
    """With which a position comes in each period."""
    sigma_m: float
    """Standard deviation on each axis; NaN = too few positions to tell."""
    errors: int
    """Positions from which it was told."""


def of_positions(path: Path, what: str, watch: Watch | None, read: Callable[[], Iterator[Any]]) -> Recording:
    """Return ADS-B positions as a recording of one sensor of kind ads_b.

    `read` begins to read them from the beginning: positions, counts, and a sentence if the file is cut off. Raises
    UseError where `watch` has not one such sensor, ChainhomeError for a file without a position.
    """
    notes: tuple[str, ...] = ()
    if watch is None:
        watch, note = assumed_receiver(path, read)
        notes = (note,)
    receivers = np.flatnonzero(watch.sensors.kind == SENSOR_KINDS.index("ads_b"))
    if len(receivers) != 1:
        raise UseError(
            f'{path}: {what} are of one sensor of kind = "ads_b"; the sensors file has {len(receivers)} of that kind'
        )
    sensor_id, world = int(watch.sensors.sensor_id[receivers[0]]), watch.world

    def pieces() -> Iterator[Piece]:
        epoch = float("nan")
        for positions, counts, cut in read():
            made = adsb.plots_of_positions(positions, world, sensor_id=sensor_id, epoch_unix_s=epoch)
            epoch = made.epoch_unix_s
            told = dict(made.counts)
            for name, count in counts.items():
                told[name] = told.get(name, 0) + count
            yield made._replace(counts=told, cut=cut)

    return Recording(path, what, watch, pieces, notes)


def assumed_receiver(path: Path, read: Callable[[], Iterator[Any]]) -> tuple[Watch, str]:
    """Return one pseudo-sensor for reported positions, its frame near the first of them, and what was taken of it."""
    some: list[adsb.Positions] = []
    place: tuple[float, float] | None = None
    for positions, _, _ in islice(read(), BATCHES):
        place = place or adsb.first_place(positions)
        some.append(positions)
        if place is not None and sum(len(one.unix_s) for one in some) >= ENOUGH_POSITIONS:
            break
    if place is None:
        raise ChainhomeError(f"{path} holds no position that could be tracked")
    quality = quality_of(
        adsb.Positions(*(np.concatenate([getattr(one, field.name) for one in some]) for field in fields(some[0])))
    )
    told = not np.isnan(quality.sigma_m)
    sigma_m = float(np.clip(quality.sigma_m, LEAST_SIGMA_M, MOST_SIGMA_M).round()) if told else ASSUMED_SIGMA_M
    text = sensors_text(
        Sensors.make(
            sensor_id=[0],
            name=["ADS-B"],
            kind=SENSOR_KINDS.index("ads_b"),
            period_s=quality.period_s,
            range_sigma_m=sigma_m,
        ),
        detection_probability={0: quality.probability},
        clutter_per_scan={0: CLUTTER},
        origin=(round(place[0], 1), round(place[1], 1), 0.0),
        remark="Made for a recording without a sensors file. Told by it: period, detection_probability, origin. "
        f"Assumed: clutter_per_scan. Positions: {_why(quality)}.",
    )
    note = (
        f"No sensors file: reported positions are taken as good to {sigma_m:g} m on each axis ({_why(quality)}); the "
        "origin of the frame is near the first one."
    )
    return parse_sensors(text, path.name), note


def _why(quality: Quality) -> str:
    """Return where the standard deviation comes from."""
    if np.isnan(quality.sigma_m):
        return "assumed, because there are too few positions in a row to tell"
    told = f"{quality.errors:,} lie about {quality.sigma_m:.0f} m before or behind where their neighbours say"
    if quality.sigma_m < LEAST_SIGMA_M:
        return f"the least that is assumed; {told}"
    return told if quality.sigma_m <= MOST_SIGMA_M else f"the most that is assumed; {told}"


def quality_of(positions: adsb.Positions) -> Quality:
    """Return how often positions come, how reliably, and how good they are.

    The probability is that with which gaps as long as one in a thousand would come by chance. The error of a position
    is how far, along the line of flight, it lies from where it should be between the one before and the one after:
    a wrong time shows there, and a turn does not. The standard deviation is that of the narrowest normal distribution
    which has no fewer errors beyond 68, 95 and 99 in a hundred; what is rarer is left to the gate.

    >>> time, row = np.arange(300.0), np.arange(300)
    >>> late = np.random.default_rng(1).uniform(0.0, 2.0, 300)
    >>> north = adsb.Positions(10.0 * time, row * 0, 47.0 + (10.0 * time - late) * 200.0 / 111e3, 8.0 + time * 0.0,
    ...                        time, time, row < 0)
    >>> quality = quality_of(north)
    >>> quality.period_s, quality.probability, bool(100.0 < quality.sigma_m < 140.0)  # 200 m/s times 2 s / root 12
    (10.0, 0.9, True)
    """
    flying = np.flatnonzero(~positions.on_ground & np.isfinite(positions.lat_deg + positions.lon_deg))
    order = flying[np.lexsort([positions.unix_s[flying], positions.address[flying]])]
    time, address = positions.unix_s[order], positions.address[order]
    steps = np.diff(time)
    steps = steps[(address[1:] == address[:-1]) & (steps > 0.0) & (address[1:] >= 0)]
    errors = _errors_m(time, address, positions.lat_deg[order], positions.lon_deg[order])
    sigma = np.nan
    if len(errors) >= FEWEST_ERRORS:
        sigma = max(float(np.quantile(errors, share)) / reach for share, reach in QUANTILES)
    return Quality(*_rhythm(steps), sigma, len(errors))


def _rhythm(steps_s: Floats) -> tuple[float, float]:
    """Return the period and the probability that times between two positions of one aircraft tell."""
    if not len(steps_s):
        return SHORTEST_PERIOD_S, MOST_PD
    short = float(np.floor(10.0 * np.percentile(steps_s, SHORT_INTERVALS_PERCENT) + 1e-6)) / 10.0
    period_s = min(max(short, SHORTEST_PERIOD_S), LONGEST_PERIOD_S)
    probability = min(MOST_PD, period_s / float(np.median(steps_s)))
    gaps = steps_s[steps_s <= max(AWAY_S, 3.0 * period_s)]
    share = max(LONG_GAPS, FEWEST_GAPS / max(len(gaps), 1))
    if share < 1.0:
        missed = float(np.quantile(gaps, 1.0 - share)) / period_s - 1.0
        if missed > 0.0:
            # Of gaps with so many misses there would be that share.
            probability = min(probability, max(LEAST_PD, 1.0 - share ** (1.0 / missed)))
    return period_s, round(probability, 2)


def _errors_m(time_s: Floats, address: Ints, lat_deg: Floats, lon_deg: Floats) -> Floats:
    """Return how far positions lie before or behind where their neighbours say, as if all three had the same error."""
    first = np.flatnonzero((address[2:] == address[:-2]) & (address[2:] >= 0))
    before, after = time_s[first + 1] - time_s[first], time_s[first + 2] - time_s[first + 1]
    kept = (before > 0.0) & (after > 0.0) & (before + after <= THREE_WITHIN_S)
    first, before, after = first[kept], before[kept], after[kept]
    height = np.zeros(len(lat_deg))
    place = earth.geodetic_to_ecef(np.radians(lat_deg), np.radians(lon_deg), height)
    flown = place[first + 2] - place[first]
    length = np.linalg.norm(flown, axis=1)
    legs = [np.linalg.norm(place[first + 1 + k] - place[first + k], axis=1) for k in range(2)]
    far = (length >= FLOWN_M) & (legs[0] <= FASTEST_MPS * before) & (legs[1] <= FASTEST_MPS * after)
    first, flown, length = first[far], flown[far], length[far]
    share = (before / (before + after))[far]
    off = place[first + 1] - place[first] - share[:, None] * flown
    along = np.einsum("ni,ni->n", off, flown) / length
    return np.asarray(np.abs(along) / np.sqrt(1.0 + share**2 + (1.0 - share) ** 2))

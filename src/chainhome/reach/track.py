"""Where a target that flies in has a confirmed track: three detections in five scans, with probability 0.9.

The chain over the last four scans (hit or miss, 16 states) and one absorbing state "confirmed" is exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainhome import sensors
from chainhome.reach.detect import SNR_RANGES_M, Approach, Detection
from chainhome.scenario.reading import FALSE_ALARM_PROBABILITY, SWERLING_CASE

Floats = NDArray[np.float64]

HITS, WINDOW = 3, 5
CONFIDENCE = 0.9
# A scan finds the inbound target anywhere in the distance that it flies during one; the middle stands for it.
FIRST_SCAN = 0.5
MOST_SCANS = 4000


def confirmed_m(detection: Detection, approach: Approach, ranges_m: Floats, period_s: float) -> Floats:
    """Return for each bearing (b,) the range at which the track is confirmed; 0 where it never is.

    The target starts at the end of the detection range; each scan finds it one period further on its way. Where no
    period is published (NaN) the detection range is returned: a confirmed track cannot then be told from a detection.
    """
    if not np.isfinite(period_s):
        return detection.range_m.copy()
    bearings = np.arange(len(detection.range_m))
    way_m, way_s = np.append(0.0, ranges_m), np.append(0.0, approach.time_to_go_s)
    start_s = np.interp(detection.range_m, way_m, way_s)
    state = np.zeros((bearings.size, 2 ** (WINDOW - 1)))
    state[:, 0] = 1.0
    confirmed = np.zeros(bearings.size)
    result = np.zeros(bearings.size)
    pd_db = np.asarray(detection.snr_db)
    for scan in range(MOST_SCANS):
        left_s = start_s - (FIRST_SCAN + scan) * period_s
        at = np.where(left_s > 0.0, np.interp(left_s, way_s, way_m), 0.0)
        open_ = (at > 0.0) & (result == 0.0)
        if not open_.any():
            break
        snr = 10.0 ** (np.interp(np.maximum(at, 0.0), SNR_RANGES_M, pd_db) / 10.0)
        column = np.clip(np.searchsorted(ranges_m, at), 0, len(ranges_m) - 1)
        if detection.shares_beam is not None:
            to_clutter = detection.clutter_at_one_metre / np.maximum(at, 1.0)
            both = sensors.signal_to_interference(snr, np.maximum(to_clutter, 1e-30))
            row = bearings if len(detection.shares_beam) > 1 else 0
            snr = np.where(detection.shares_beam[row, column], both, snr)
        pd = sensors.detection_probability(snr, FALSE_ALARM_PROBABILITY, SWERLING_CASE)
        pd = np.where(detection.seen[bearings, column], pd, 0.0)
        state, newly = advance(state, pd)
        confirmed += newly
        result = np.where(open_ & (confirmed >= CONFIDENCE), at, result)
    return result


def advance(state: Floats, pd: Floats) -> tuple[Floats, Floats]:
    """Move the chain by one scan: `state` (b, 16) by hit pattern of the last four scans, `pd` (b,).

    Returns the new state and the probability (b,) of a confirmation in this very scan.

    >>> start = np.zeros((1, 16)); start[0, 0b0011] = 1.0
    >>> advance(start, np.array([0.5]))[1].tolist()
    [0.5]
    """
    size = state.shape[1]
    moved = np.zeros_like(state)
    newly = np.zeros(len(state))
    for pattern in range(size):
        weight = state[:, pattern]
        after_hit, after_miss = (pattern << 1 | 1) % size, (pattern << 1) % size
        moved[:, after_miss] += weight * (1.0 - pd)
        if pattern.bit_count() + 1 >= HITS:
            newly += weight * pd
        else:
            moved[:, after_hit] += weight * pd
    return moved, newly

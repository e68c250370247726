"""Four targets meet: a seed in, truths and measurements of the scenario of García-Fernández and others out.

[garciafernandez2018], IEEE Trans. AES 54(4), after Williams 2015: 300 m by 300 m, 81 steps of 1 s. The state is
(x, vx, y, vy), in this order, as in the paper. At step 41, the middle, the four states are drawn from
N((150, 0, 150, 0), 0.1 I); from there they run forwards with x' = F x + w and backwards with x = F^-1 (x' + w),
w ~ N(0, Q) of nearly constant velocity with q = 0.01. All four are alive from step 1; target 1 dies at step 41, so
step 40 is its last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS = 81
TARGETS = 4
DEATH_STEP = 41
SIDE_M = 300.0
NOISE = 0.01
MIDDLE_VARIANCE = 0.1
MEASUREMENT_SIGMA_M = 1.0
DETECTION_PROBABILITY = 0.9
SURVIVAL_PROBABILITY = 0.99
CLUTTER_PER_STEP = 10.0
BIRTH_WEIGHT = 0.005
INITIAL_WEIGHT = 3.0
BIRTH_MEAN = (100.0, 0.0, 100.0, 0.0)
BIRTH_SIGMA = (150.0, 1.0, 150.0, 1.0)
GOSPA_CUT_OFF_M = 10.0
GOSPA_ORDER = 2.0


@dataclass(frozen=True, eq=False)
class Meeting:
    """One truth and one set of measurements of it."""

    truth_seed: int
    measurement_seed: int
    truth: Floats
    """(81, 4, 4) step, target, state (x, vx, y, vy); NaN where the target is dead."""
    measurements: tuple[Floats, ...]
    """81 arrays (m, 2) of x and y: targets and clutter in an order that says nothing."""


def motion() -> tuple[Floats, Floats]:
    """Return F and Q (4, 4) for a step of 1 s."""
    F: Floats = np.kron(np.eye(2), np.array([[1.0, 1.0], [0.0, 1.0]]))
    Q: Floats = NOISE * np.kron(np.eye(2), np.array([[1.0 / 3.0, 0.5], [0.5, 1.0]]))
    return F, Q


def truth(seed: int) -> Floats:
    """Return states (81, 4, 4) of all targets, NaN after death."""
    rng = np.random.default_rng([20260, 5, seed])
    F, Q = motion()
    back, root = np.linalg.inv(F), np.linalg.cholesky(Q)
    middle = STEPS // 2
    states = np.empty((STEPS, TARGETS, 4))
    states[middle] = [150.0, 0.0, 150.0, 0.0] + np.sqrt(MIDDLE_VARIANCE) * rng.normal(size=(TARGETS, 4))
    for step in range(middle + 1, STEPS):
        states[step] = states[step - 1] @ F.T + rng.normal(size=(TARGETS, 4)) @ root.T
    for step in range(middle - 1, -1, -1):
        states[step] = (states[step + 1] + rng.normal(size=(TARGETS, 4)) @ root.T) @ back.T
    states[DEATH_STEP - 1 :, 0] = np.nan
    return states


def meeting(truth_seed: int, measurement_seed: int) -> Meeting:
    """Return one truth with one set of measurements; sets of the same truth differ in noise and clutter only."""
    states = truth(truth_seed)
    rng = np.random.default_rng([20260, 6, truth_seed, measurement_seed])
    scans = []
    for alive in states:
        at = alive[np.isfinite(alive[:, 0])][:, [0, 2]]
        seen = at[rng.uniform(size=len(at)) < DETECTION_PROBABILITY]
        real = seen + MEASUREMENT_SIGMA_M * rng.normal(size=seen.shape)
        false = rng.uniform(0.0, SIDE_M, (rng.poisson(CLUTTER_PER_STEP), 2))
        scans.append(rng.permutation(np.concatenate([real, false])))
    return Meeting(truth_seed, measurement_seed, states, tuple(scans))


def meetings(truths: int = 20, sets: int = 5, *, first_seed: int = 1) -> list[Meeting]:
    """Return all pairs of `truths` truths and `sets` measurement sets, truth by truth."""
    return [meeting(first_seed + t, s) for t in range(truths) for s in range(sets)]


def rms_gospa(one: Meeting, estimates: list[Floats]) -> float:
    """Return the rms over the 81 steps of GOSPA (p 2, c 10 m) of estimated positions, 81 arrays (n, 2)."""
    from chainhome.metrics import gospa

    squares = []
    for states, estimate in zip(one.truth, estimates, strict=True):
        at = states[np.isfinite(states[:, 0])][:, [0, 2]]
        squares.append(gospa(estimate, at, c=GOSPA_CUT_OFF_M, p=GOSPA_ORDER).distance ** 2)
    return float(np.sqrt(np.mean(squares)))

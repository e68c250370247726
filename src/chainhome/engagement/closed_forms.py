"""Closed forms of engagement arithmetic: what salvos, looks, layers and magazines do on average.

Kill probabilities and counts go in; probabilities, mean rounds and mean leakers come out. Shots are independent unless
a function says otherwise. They are yardsticks that a simulation must meet, and answers to first questions
[washburn2009].
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from chainhome.errors import UseError
from chainhome.tables import Floats, Ints


def salvo_kill_probability(p_kill: ArrayLike, rounds: ArrayLike) -> Floats:
    """Return the probability 1 - (1 - p)^n that at least one of n rounds kills; broadcast.

    >>> round(float(salvo_kill_probability(0.7, 2)), 3)
    0.91
    """
    p, n = _probability(p_kill), np.asarray(rounds, np.float64)
    return np.asarray(1 - (1 - p) ** n)


def shoot_look_shoot_rounds(p_kill: ArrayLike, rounds: ArrayLike) -> Floats:
    """Return the mean number of rounds, (1 - (1 - p)^n) / p, when each is fired only if the one before it missed.

    The probability of a kill is that of a salvo of n. At p = 0 all n are fired; broadcast.

    >>> round(float(shoot_look_shoot_rounds(0.7, 2)), 2)
    1.3
    """
    p, n = np.broadcast_arrays(_probability(p_kill), np.asarray(rounds, np.float64))
    return np.where(p > 0, salvo_kill_probability(p, n) / np.where(p > 0, p, 1.0), n)


def leaker_distribution(p_kill: float, rounds: int, targets: int) -> Floats:
    """Return the probabilities (targets + 1,) of 0, 1, ... leakers: binomial, each target leaks with (1 - p)^n.

    >>> leaker_distribution(0.8, 1, 8).round(3).tolist()[:3]
    [0.168, 0.336, 0.294]
    """
    from scipy.stats import binom

    leak = 1 - salvo_kill_probability(p_kill, rounds)
    return np.asarray(binom.pmf(np.arange(targets + 1), targets, leak), np.float64)


def no_leaker_probability(
    p_kill: ArrayLike, rounds: ArrayLike, targets: ArrayLike, p_common: ArrayLike = 1.0
) -> Floats:
    """Return the probability that no target of a raid leaks, when one cause common to all shots works with `p_common`.

    The common cause (the track, the network) is drawn once per raid: it fails for every target together. Drawn for each
    target by mistake it would give a far smaller number. Broadcast.

    >>> round(float(no_leaker_probability(0.8, 2, 10, p_common=0.9)), 3)
    0.598
    """
    each = salvo_kill_probability(p_kill, rounds)
    return np.asarray(_probability(p_common) * each ** np.asarray(targets, np.float64))


def layered_kill_probability(p_layers: ArrayLike) -> Floats:
    """Return the kill probability of layers met one after the other, 1 - prod(1 - p), over the last axis.

    >>> round(float(layered_kill_probability([0.7, 0.5, 0.4])), 2)
    0.91
    """
    return np.asarray(1 - np.prod(1 - _probability(p_layers), axis=-1))


def even_fire_leakers(p_kill: ArrayLike, magazine: ArrayLike, targets: ArrayLike) -> Floats:
    """Return the mean number of leakers when a magazine is spread evenly over a raid in one go; broadcast.

    >>> even_fire_leakers([0.5, 0.7, 0.9], 16, 12).round(3).tolist()
    [5.0, 2.76, 0.84]
    """
    p, m, n = _probability(p_kill), _count("magazine", magazine), _count("targets", targets)
    each, more = np.divmod(m, np.maximum(n, 1))
    miss = 1 - p
    return np.asarray((n - np.minimum(more, n)) * miss**each * (n > 0) + np.minimum(more, n) * miss ** (each + 1))


def salvo_fire_leakers(p_kill: ArrayLike, magazine: ArrayLike, targets: ArrayLike, salvo: int) -> Floats:
    """Return the mean number of leakers when salvoes of a fixed size are fired at targets in turn until all is fired.

    A last salvo may be smaller; rounds left when every target has had its salvo stay in the magazine. Broadcast.

    >>> salvo_fire_leakers([0.5, 0.7, 0.9], 32, 40, 2).round(2).tolist()
    [28.0, 25.44, 24.16]
    """
    p, m, n = _probability(p_kill), _count("magazine", magazine), _count("targets", targets)
    if salvo < 1:
        raise UseError(f"salvo = {salvo} must be at least 1")
    full = np.minimum(m // salvo, n)
    rest = np.where(full < n, np.minimum(m - full * salvo, salvo), 0)
    return np.asarray(n - full * (1 - (1 - p) ** salvo) - (1 - (1 - p) ** rest))


def shoot_look_shoot_leakers(p_kill: float, magazine: int, targets: int, looks: int = 2) -> float:
    """Return the mean number of leakers when each look fires one round at each survivor, while rounds last.

    Exact over the Markov chain of (survivors, rounds left); every look sees which targets were killed.

    >>> [round(shoot_look_shoot_leakers(p, 16, 12), 3) for p in (0.5, 0.7, 0.9)]
    [4.048, 1.391, 0.124]
    """
    from scipy.stats import binom

    p = float(_probability(p_kill))
    m, n = int(_count("magazine", magazine)), int(_count("targets", targets))
    if looks < 1:
        raise UseError(f"looks = {looks} must be at least 1")
    state = np.zeros((n + 1, m + 1))  # probability of (survivors, rounds left)
    state[n, m] = 1.0
    for _ in range(looks):
        after = np.zeros_like(state)
        for survivors, rounds in np.argwhere(state > 0):
            fired = min(survivors, rounds)
            killed = np.arange(fired + 1)
            after[survivors - killed, rounds - fired] += state[survivors, rounds] * binom.pmf(killed, fired, p)
        state = after
    return float(np.arange(n + 1) @ state.sum(axis=1))


def hughes_salvo_losses(
    units: ArrayLike, enemy_units: ArrayLike, enemy_strike: ArrayLike, defence: ArrayLike, staying: ArrayLike
) -> Floats:
    """Return how many of one side's units a single salvo of the other puts out of action [hughes1995]; broadcast.

    Each enemy unit lands `enemy_strike` good shots, each own unit stops `defence` of them, and `staying` hits put a
    unit out of action: (strike x enemy - defence x units) / staying, between 0 and all. Both sides fire at the same
    time, so the other side's losses are the same function with the roles exchanged.

    >>> float(hughes_salvo_losses(3, 3, 3, 2, 1))
    3.0
    """
    own = np.asarray(units, np.float64)
    through = np.multiply(enemy_strike, enemy_units) - np.multiply(defence, own)
    return np.clip(through / np.asarray(staying, np.float64), 0.0, own)


def _count(name: str, value: ArrayLike) -> Ints:
    array = np.asarray(value)
    if array.dtype.kind not in "iu" or np.any(array < 0):
        raise UseError(f"{name} = {array.tolist()} must be a whole number, not negative")
    return array.astype(np.int64)


def _probability(p: ArrayLike) -> Floats:
    array = np.asarray(p, np.float64)
    if np.any((array < 0) | (array > 1)):
        raise UseError(f"a probability of {array[(array < 0) | (array > 1)].flat[0]:g} must be between 0 and 1")
    return array

"""The boundary of the laboratory: only simulated objects are ever assigned a weapon.

Recorded and live objects are tracked and identified like any other; asking to engage one is refused before a run
starts.
"""

from __future__ import annotations

import numpy as np

from chainhome.errors import UseError
from chainhome.tables import ORIGINS, Bools, Targets

SIMULATED = ORIGINS.index("simulated")


def assignable(targets: Targets) -> Bools:
    """Return which rows (n,) of targets may be assigned a weapon: the simulated ones, and no other.

    >>> assignable(Targets.make(target_id=[1, 2, 3], origin=[0, 1, 2])).tolist()
    [True, False, False]
    """
    return np.asarray(targets.origin == SIMULATED)


def require_simulated(targets: Targets) -> None:
    """Raise UseError naming the first target that is not simulated; call it with every target a scenario would engage.

    >>> require_simulated(Targets.make(target_id=[7], name=["THY1920"], origin=1))
    Traceback (most recent call last):
    chainhome.errors.UseError: target "THY1920" (target_id 7) is recorded: only simulated targets are engaged, ...
    """
    refused = np.flatnonzero(~assignable(targets))
    if len(refused):
        row = refused[0]
        origin = int(targets.origin[row])
        what = ORIGINS[origin] if 0 <= origin < len(ORIGINS) else f"of unknown origin {origin}"
        raise UseError(
            f'target "{targets.name[row]}" (target_id {targets.target_id[row]}) is {what}: only simulated targets are '
            "engaged, recorded and live ones are tracked and identified; remove it from the engagement"
        )

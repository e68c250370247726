import numpy as np
import pytest

from chainhome.engagement import assignable, require_simulated
from chainhome.errors import UseError
from chainhome.tables import ORIGINS, Targets


def targets(*origins: str) -> Targets:
    return Targets.make(
        target_id=10 + np.arange(len(origins)),
        name=[f"{origin} {i}" for i, origin in enumerate(origins)],
        origin=[ORIGINS.index(origin) for origin in origins],
    )


def test_only_simulated_targets_may_be_assigned_a_weapon() -> None:
    assert {origin: bool(assignable(targets(origin))[0]) for origin in ORIGINS} == {
        "simulated": True,
        "recorded": False,
        "live": False,
    }


@pytest.mark.parametrize("origin", ["recorded", "live"])
def test_engaging_what_is_real_is_refused_by_name(origin: str) -> None:
    with pytest.raises(UseError, match=f'target "{origin} 1" \\(target_id 11\\) is {origin}: only simulated'):
        require_simulated(targets("simulated", origin, "live"))


def test_an_origin_that_nobody_declared_is_refused_too() -> None:
    with pytest.raises(UseError, match="unknown origin 9"):
        require_simulated(Targets.make(target_id=[1], name=["x"], origin=9))


def test_simulated_targets_and_none_pass() -> None:
    require_simulated(targets("simulated", "simulated"))
    require_simulated(Targets.make(0))

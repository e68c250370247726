"""One row of `chainhome verify`, and the list of all of them by subject."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """A published number, ours, and a tolerance with a physical name."""

    subject: str
    name: str
    published: float
    ours: float
    tolerance: float
    tolerance_name: str
    unit: str
    source: str

    @property
    def passes(self) -> bool:
        """Whether the two numbers agree; NaN never does."""
        return abs(self.ours - self.published) <= self.tolerance


def all_checks() -> list[Check]:
    """Recompute everything that is reached so far, in the order of the subjects."""
    from chainhome.verify import detection, engagement, geometry, lobing, propagation, radar, tracking

    checks: list[Check] = []
    for subject in (geometry, radar, detection, propagation, lobing, tracking, engagement):
        checks += subject.checks()
    return checks

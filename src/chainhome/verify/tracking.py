"""The tracking metric GOSPA on sets small enough to do by hand."""

from __future__ import annotations

from chainhome import metrics
from chainhome.verify.rows import Check

SUBJECT = "tracking metric"


def checks() -> list[Check]:
    """Return the rows of this subject."""
    nothing: list[list[float]] = []
    cases = (
        ("GOSPA: one missed", 7.0711, nothing, [[0.0, 0.0]]),
        ("GOSPA: two missed, one false", 12.2474, [[100.0, 100.0]], [[0.0, 0.0], [50.0, 0.0]]),
        ("GOSPA: one pair 3 apart, one missed", 7.6811, [[3.0, 0.0]], [[0.0, 0.0], [50.0, 0.0]]),
    )
    return [
        Check(
            SUBJECT,
            name,
            published,
            metrics.gospa(estimates, truths, c=10.0, p=2.0).distance,
            5e-5,
            "last printed digit",
            "",
            "rahmathullah2017",
        )
        for name, published, estimates, truths in cases
    ]

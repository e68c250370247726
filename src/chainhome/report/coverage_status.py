"""What a system was on the day that was asked for: activated, or there and not switched on; and whose the claims are.

In comes a `Coverage`; out come the words that every file of it says.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainhome.catalogue import Claim
    from chainhome.coverage.result import Coverage, SiteCoverage


def status_text(coverage: Coverage, site: SiteCoverage) -> str:
    """Return what a site was on the day that was asked for, and the day; empty where none was asked for."""
    if not (site.status and coverage.date):
        return ""
    return f"{site.status} {'on' if site.switched_off else 'by'} {coverage.date}"


def switched_off(coverage: Coverage) -> bool:
    """Tell whether on the day nothing of it was switched on, so that nothing was covered."""
    return all(site.switched_off for site in coverage.sites)


def status_of_all(coverage: Coverage) -> str:
    """Return what all sites were on the day, and the day; where they differ, which of them were not switched on."""
    told = dict.fromkeys(status_text(coverage, site) for site in coverage.sites)
    if len(told) == 1:
        return next(iter(told))
    off = ", ".join(site.name for site in coverage.sites if site.switched_off)
    return f"not activated on {coverage.date}: {off}"


def key_sources(claims: Iterable[tuple[str, Claim]]) -> str:
    """Return whose the claimed range is, and the radar cross-section: what a reader of a picture asks first."""
    told, known = [], dict(claims)
    for ending, words in ((".headline_range", "Claimed range"), (".rcs", "Radar cross-section")):
        keys = dict.fromkeys(key for path, claim in known.items() if path.endswith(ending) for key in claim.sources)
        if keys:
            told.append(f"{words}: {', '.join(keys)} (docs/sources.md).")
    return " ".join(told)

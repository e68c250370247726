"""`chainhome verify`: published | ours | tolerance | source, exit 1 if one fails."""

from __future__ import annotations

import argparse

from chainhome.catalogue import load as load_catalogue
from chainhome.cli.text import console, print_json, table
from chainhome.verify import all_checks


def run(arguments: argparse.Namespace) -> int:
    """Recompute and compare."""
    checks = all_checks()
    failed = [check for check in checks if not check.passes]
    if arguments.json:
        shown = [
            {
                "subject": check.subject,
                "name": check.name,
                "published": check.published,
                "ours": check.ours,
                "tolerance": check.tolerance,
                "tolerance_name": check.tolerance_name,
                "unit": check.unit,
                "source": check.source,
                "passes": check.passes,
            }
            for check in checks
        ]
        print_json(shown)
        return 1 if failed else 0
    rows = table("subject", "number", ">published", ">ours", ">tolerance", "source", "")
    subject = ""
    for check in checks:
        rows.add_row(
            check.subject if check.subject != subject else "",
            check.name,
            f"{check.published:g} {check.unit}".strip(),
            f"{check.ours:.7g}",
            f"{check.tolerance:g}",
            check.source,
            "ok" if check.passes else "FAILS",
        )
        subject = check.subject
    console().print(rows)
    keys = set(load_catalogue().names("source"))
    printed = sum(check.source in keys for check in checks)
    print(
        f"{len(checks) - len(failed)} of {len(checks)} numbers recomputed within their tolerance: "
        f"{printed} that a source prints, {len(checks) - printed} of tables and closed forms"
    )
    return 1 if failed else 0

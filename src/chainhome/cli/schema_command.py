"""`chainhome schema`: the JSON Schema of the scenario file."""

from __future__ import annotations

import argparse
import json


def run(arguments: argparse.Namespace) -> int:
    """Print the schema."""
    from chainhome.scenario import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0

"""`chainhome schema`: the JSON Schema of the scenario file."""

from __future__ import annotations

import argparse


def run(arguments: argparse.Namespace) -> int:
    """Print the schema."""
    from chainhome.cli.text import print_json
    from chainhome.scenario import json_schema

    print_json(json_schema())
    return 0

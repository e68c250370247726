"""`chainhome schema`: the JSON Schema of the scenario file, or of the sensors file."""

from __future__ import annotations

import argparse


def run(arguments: argparse.Namespace) -> int:
    """Print the schema."""
    from chainhome.cli.text import print_json
    from chainhome.scenario import json_schema, sensors_file

    print_json(sensors_file.json_schema() if arguments.file == "sensors" else json_schema())
    return 0

"""Make src/chainhome/sensors/_data/p676_lines.csv from the public line tables of Recommendation ITU-R P.676-12.

The argument is a wheel of the package `itur` (MIT licence), of which only the two tables of numbers are taken:
`pip download --no-deps itur==0.4.0`, then `python tools/make_p676_lines.py itur-0.4.0-py2.py3-none-any.whl`.
"""

from __future__ import annotations

import argparse
import csv
import io
import zipfile
from pathlib import Path

TABLES = (("oxygen", "itur/data/676/v12_lines_oxygen.txt"), ("vapour", "itur/data/676/v12_lines_water_vapour.txt"))
OUTPUT = Path(__file__).parents[1] / "src" / "chainhome" / "sensors" / "_data" / "p676_lines.csv"


def rows(wheel: Path) -> list[list[str]]:
    """Return gas, line frequency in GHz and the six coefficients of each line, without padding zeros."""
    lines: list[list[str]] = []
    with zipfile.ZipFile(wheel) as archive:
        for gas, member in TABLES:
            table = csv.reader(io.StringIO(archive.read(member).decode()))
            next(table)
            for row in table:
                if row:
                    lines.append([gas, *(repr(float(cell)) for cell in row)])
    return lines


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    lines = rows(parser.parse_args().wheel)
    with OUTPUT.open("w", newline="\n") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["gas", "line_ghz", "c1", "c2", "c3", "c4", "c5", "c6"])
        writer.writerows(lines)


if __name__ == "__main__":
    main()

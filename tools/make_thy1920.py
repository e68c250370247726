"""Quote flight THY1920 from a wheel of the `traffic` library as the small CSV that the package ships.

    python tools/make_thy1920.py traffic-2.13-py3-none-any.whl src/chainhome/motion/_data/thy1920.csv

The wheel (MIT) holds the flight resampled to 10 s; the quote keeps every row and the units of the source: seconds of
UTC, degrees, feet of pressure altitude, knots, feet per minute.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import zipfile
from pathlib import Path

MEMBER = "traffic/data/samples/featured/turkish_flag.json.gz"
COLUMNS = {
    "latitude": "latitude_deg",
    "longitude": "longitude_deg",
    "altitude": "altitude_ft",
    "groundspeed": "groundspeed_kt",
    "track": "track_deg",
    "vertical_rate": "vertical_rate_ft_per_min",
}
IDENTITY = ("icao24", "callsign", "squawk")


def rows(wheel: Path) -> list[str]:
    """Return the lines of the CSV, header first."""
    with zipfile.ZipFile(wheel) as archive:
        fixes = json.loads(gzip.decompress(archive.read(MEMBER)))
    lines = [",".join(["timestamp_s", *COLUMNS.values(), *IDENTITY])]
    for fix in sorted(fixes, key=lambda fix: fix["timestamp"]):
        numbers = [f"{fix[name]:.12g}" for name in COLUMNS]
        lines.append(",".join([str(fix["timestamp"] // 1000), *numbers, *(fix[name] for name in IDENTITY)]))
    return lines


def main() -> int:
    """Write the CSV and say how many fixes it holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("csv", type=Path)
    given = parser.parse_args()
    lines = rows(given.wheel)
    given.csv.write_text("\n".join(lines) + "\n", encoding="ascii")
    sys.stdout.write(f"{given.csv}: {len(lines) - 1} fixes\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

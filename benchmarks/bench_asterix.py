"""CAT048 records decoded per second on one core: ours and libasterix, in turns, CPU time.

    python benchmarks/bench_asterix.py [RECORDING...]

The generated records are a realistic mix: Mode S roll-call plots with BDS registers, plain SSR plots, primary plots,
some with test flags and track data; 250,000 of them. libasterix (pure Python) parses the first 400 of the same bytes;
ours decodes all of them to columns. Then the recordings that are named, whole, by both. The best of several turns
counts; libasterix leaves every item parsed, and reading its values as numbers is not counted.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from chainhome.formats.asterix import decode, encode_cat048, read_asterix

RECORDS = 250_000
THEIR_RECORDS = 400
WRITTEN = 20_000
ROUNDS = 5
EDITIONS = {1: "1_4", 2: "1_2", 34: "1_29", 48: "1_32"}


def mix(n: int, seed: int = 48) -> dict[str, Any]:
    """Return columns: 70 % Mode S roll-call, 20 % SSR, 10 % primary."""
    rng = np.random.default_rng(seed)
    share = rng.random(n)
    mode_s, primary = share < 0.7, share > 0.9
    ssr = ~primary
    tracked = rng.random(n) < 0.95

    def where(there: np.ndarray, values: np.ndarray | float) -> np.ndarray:
        missing = np.nan if np.asarray(values).dtype.kind == "f" else -1
        return np.where(there, values, missing)

    registers = [bytes([2]) + rng.bytes(16) if one else b"" for one in mode_s & (rng.random(n) < 0.6)]
    octal = np.array([int(f"{code:o}") for code in range(4096)])
    return {
        "sac": 20,
        "sic": rng.integers(1, 12, n),
        "time_of_day_s": np.sort(rng.uniform(0.0, 86_399.0, n)),
        "typ": np.select([mode_s, primary], [5, 1], 2),
        "sim": 0,
        "range_nm": rng.uniform(1.0, 250.0, n),
        "azimuth_deg": rng.uniform(0.0, 360.0, n),
        "mode_3a_v": where(ssr, np.zeros(n, np.int64)),
        "mode_3a": where(ssr, octal[rng.integers(0, 4096, n)]),
        "flight_level_v": where(ssr, np.zeros(n, np.int64)),
        "flight_level_fl": where(ssr, rng.uniform(0.0, 450.0, n)),
        "srl_deg": where(ssr, rng.uniform(0.0, 5.0, n)),
        "srr": where(ssr, rng.integers(1, 20, n)),
        "sam_dbm": where(ssr, rng.uniform(-90.0, -40.0, n)),
        "pam_dbm": where(primary, rng.uniform(-90.0, -40.0, n)),
        "address": where(mode_s, rng.integers(1, 1 << 24, n)),
        "callsign": where(mode_s, np.full(n, 0x508671E72C20)),
        "bds": registers,
        "track_number": where(tracked, rng.integers(0, 4096, n)),
        "ground_speed_nmps": where(tracked, rng.uniform(0.05, 0.15, n)),
        "heading_deg": where(tracked, rng.uniform(0.0, 360.0, n)),
        "cnf": where(tracked, np.zeros(n, np.int64)),
        "com": where(mode_s, np.ones(n, np.int64)),
        "stat": where(mode_s, np.zeros(n, np.int64)),
    }


def theirs(blocks: list[bytes]) -> int:
    """Parse blocks with libasterix; return the records."""
    import asterix.base as base
    import asterix.generated as generated

    records = 0
    for block in blocks:
        category = block[0]
        if category not in EDITIONS:
            continue
        uap = getattr(generated, f"Cat_{category:03}_{EDITIONS[category]}").cv_uap
        (raw,) = base.RawDatablock.parse(base.Bits.from_bytes(block))
        parsed = uap.parse(raw.get_raw_records()) if category != 1 else older(uap, raw.get_raw_records())
        records += len(parsed) if isinstance(parsed, list) else 0
    return records


def older(uap: Any, bits: Any) -> Any:
    """Return the records of a CAT001 block, all as plots or, where that fails, as tracks."""
    for name in ("plot", "track"):
        parsed = uap.parse(name, bits)
        if isinstance(parsed, list):
            return parsed
    return []


def split(data: bytes, begin: int = 0, gap: int = 0) -> list[bytes]:
    blocks, at = [], begin
    while at + 3 <= len(data):
        size = int.from_bytes(data[at + 1 : at + 3], "big")
        blocks.append(data[at : at + size])
        at += size + gap
    return blocks


def seconds(work: Any) -> tuple[float, Any]:
    begin = time.process_time()
    result = work()
    return time.process_time() - begin, result


def report(name: str, ours: tuple[int, float], peer: tuple[int, float]) -> None:
    (n, mine), (m, other) = ours, peer
    ratio = (n / mine) / (m / other)
    print(f"{name:<26}{n:>9}{n / mine:>14,.0f}{m / other:>14,.0f}{ratio:>10,.0f}")


def main() -> None:
    data = encode_cat048(**mix(RECORDS))
    first = split(encode_cat048(**mix(THEIR_RECORDS)))
    columns = mix(WRITTEN)
    decode(data), theirs(first[:1])
    print(f"{'':<26}{'records':>9}{'ours /s':>14}{'libasterix /s':>14}{'ratio':>10}")
    mine, other, written = [], [], []
    for _ in range(ROUNDS):
        spent, recording = seconds(lambda: decode(data))
        assert len(recording.cat048) == RECORDS
        del recording
        mine.append(spent)
        spent, records = seconds(lambda: theirs(first))
        assert records == THEIR_RECORDS
        other.append(spent)
        written.append(seconds(lambda: encode_cat048(**columns))[0])
    report("generated CAT048", (RECORDS, min(mine)), (THEIR_RECORDS, min(other)))
    turns = ", ".join(f"{RECORDS / one:,.0f}" for one in mine)
    print(f"{len(data) / RECORDS:.1f} bytes for each record; our turns: {turns} /s")
    print(f"encoded from columns: {WRITTEN / min(written):,.0f} /s")
    for path in map(Path, sys.argv[1:]):
        whole = read_asterix(path)
        gps = whole.report.container == "gps"
        blocks = split(path.read_bytes(), 2200, 10) if gps else split(path.read_bytes())
        mine, other = [], []
        for _ in range(ROUNDS):
            repeats = 20
            mine.append(seconds(lambda path=path, n=repeats: [read_asterix(path) for _ in range(n)])[0] / repeats)
            spent, records = seconds(lambda blocks=blocks: theirs(blocks))
            other.append(spent)
        report(path.name, (sum(whole.report.records.values()), min(mine)), (records, min(other)))


if __name__ == "__main__":
    main()

"""How long it takes to make a live frame: what 5,000 changed tracks cost between the tables and the socket.

    python benchmarks/bench_view_frames.py [--tracks 5000]

Prints the median and the 95th percentile of each step, in microseconds of CPU, over many frames.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from chainhome.view.frames import encode, rows_of
from chainhome.view.live import Listener, Picture, put, since

ROUNDS = 400
GOAL_US = 100.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tracks", type=int, default=5_000, metavar="N")
    n = parser.parse_args().tracks
    rng = np.random.default_rng(1)
    columns = (
        np.arange(n),
        rng.uniform(0.0, 9_000.0, n),
        rng.uniform(30.0, 50.0, n),
        rng.uniform(20.0, 50.0, n),
        rng.uniform(0.0, 12_000.0, n),
        rng.uniform(50.0, 300.0, n),
        rng.uniform(0.0, 360.0, n),
        rng.integers(0, 4, n).astype(np.int8),
    )
    rows = rows_of(*columns)
    picture = put(put(Picture(), rows, 1.0), rows, 2.0)

    def to_a_listener() -> bytes | None:
        return Listener(seen=1).next_message(picture, 7)

    steps: dict[str, Callable[[], object]] = {
        "encode the frame (rows to bytes)": lambda: encode(rows, time_s=1.0, number=1),
        "columns to rows": lambda: rows_of(*columns),
        "rows into the picture": lambda: put(picture, rows, 3.0),
        "what a listener lacks": lambda: since(picture, 1),
        "what a listener lacks, as a message": to_a_listener,
    }
    message = to_a_listener() or b""
    print(f"{n:,} tracks, {len(message):,} bytes a frame; microseconds of CPU, median and 95 %")
    for name, step in steps.items():
        median, high = np.percentile(_times_us(step), [50, 95])
        goal = f"   goal {GOAL_US:.0f} at 5,000: {'met' if median < GOAL_US else 'NOT met'}" if "encode" in name else ""
        print(f"{median:9.1f} {high:9.1f}  {name}{goal}")


def _times_us(step: Callable[[], object]) -> np.ndarray:
    for _ in range(20):
        step()
    times = []
    for _ in range(ROUNDS):
        start = time.process_time_ns()
        step()
        times.append(time.process_time_ns() - start)
    return np.array(times) / 1000.0


if __name__ == "__main__":
    main()

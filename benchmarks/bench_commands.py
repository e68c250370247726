"""How long the commands take, warm and cold: wall and CPU seconds of whole processes, best and median of several.

    python benchmarks/bench_commands.py

Warm means that Numba's cache on disk is filled; cold starts with an empty one. One process at a time.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMANDS = {
    "--help": (["--help"], 7),
    "reach s-400 --target f-16": (["reach", "s-400", "--target", "f-16"], 5),
    "reach ... --out": (["reach", "s-400", "--target", "f-16", "--out", "{folder}/reach"], 3),
    "verify": (["verify"], 3),
    "run first-trial": (["run", "first-trial", "--replace", "--out", "{folder}/run"], 3),
}


def timed(arguments: list[str], folder: str, cache: str) -> tuple[float, float]:
    """Return wall and CPU seconds of one command."""
    words = [sys.executable, "-m", "chainhome", *(word.format(folder=folder) for word in arguments)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(words, check=True, capture_output=True, env=os.environ | {"NUMBA_CACHE_DIR": cache})
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Time every command."""
    with tempfile.TemporaryDirectory() as folder:
        cache = str(Path(folder) / "cache")
        cold = timed(COMMANDS["run first-trial"][0], folder, cache)
        print(f"{'command':<28}{'best wall':>10}{'median wall':>13}{'best CPU':>10}   seconds")
        print(f"{'run first-trial, cold':<28}{cold[0]:>10.2f}{cold[0]:>13.2f}{cold[1]:>10.2f}")
        for name, (arguments, repeats) in COMMANDS.items():
            times = sorted(timed(arguments, folder, cache) for _ in range(repeats))
            cpu = min(seconds for _, seconds in times)
            print(f"{name:<28}{times[0][0]:>10.2f}{times[len(times) // 2][0]:>13.2f}{cpu:>10.2f}")


if __name__ == "__main__":
    main()

"""Real flights seen by five simulated radars: are the biases found, and is every flight one pure, unbroken track?

    python benchmarks/bench_five_radars.py [--seed 11] [--samples switzerland,quickstart] [--hours 17] [--fold 1]
                                           [--method pmb|gnn] [--cache FOLDER]

The flights are those of two samples of the `traffic` library (2.13): 842 aircraft above Switzerland in 17 hours and 213
about Paris in 3, cleaned (see five_radars/flights.py). Each sample has its own five radars, of 4 to 12 s, not in step:
three with Mode S and echoes, one with Mode S alone, one with echoes alone. Their plots have noise, biases of 1 to 3
sigma in range and azimuth and up to 0.3 s in time, misses, missing addresses and false plots, and pressure altitudes
that the weather and the altimeters falsify. They are written as CAT048, read back, registered and tracked, once with
all replies hidden from the tracker and once with them. What is scored is defined in five_radars/score.py; CPU time is
`time.process_time`, after a first run that compiles. Seeds 1 to 3 served development; 11 is reported.

`--fold N` lays N equal parts of a sample's time over each other, so that N times as many aircraft are in the air at
once. No controller kept these apart: many pass through each other, so the figure is a stress test and no traffic.
"""

from __future__ import annotations

import os

os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")

import argparse
from pathlib import Path

import numpy as np

from five_radars import flights, radars, score, trial

LEAST_PURITY, LEAST_COMPLETENESS, MOST_BIAS_SIGMAS = 0.99, 0.98, 0.2
HEAD = (
    f"{'sample':<12}{'replies':<8}{'purity':>8}{'complete':>9}{'flights':>9}{'tracked':>8}{'tracks':>7}{'switches':>9}"
    f"{'breaks':>7}{'false':>6}{'false share':>12}{'ambiguity':>10}{'CPU s':>8}{'x real time':>12}"
)


def line(name: str, hidden: bool, found: score.Score, cpu_s: float, span_s: float) -> str:
    """Return the row of the table of one sample tracked in one way."""
    return (
        f"{name:<12}{'hidden' if hidden else 'used':<8}{found.purity:>8.5f}{found.completeness:>9.5f}"
        f"{found.flights:>9}{found.tracked:>8}{found.tracks:>7}{found.switches:>9}{found.breaks:>7}"
        f"{found.false_tracks:>6}{found.false_share:>12.5f}{found.ambiguity:>10.4f}{cpu_s:>8.1f}{span_s / cpu_s:>12.0f}"
    )


def print_biases(network: tuple[radars.Radar, ...], errors: score.BiasErrors) -> None:
    """Print what was put in and what is left, in the radar's own sigma and in milliseconds."""
    print("   biases: put in and left over      range (sigma)     azimuth (sigma)        time (ms)")
    for radar, before, after in zip(network, errors.before, errors.value, strict=True):
        pairs = "".join(f"{b:>+10.2f} {a:>+8.3f}" for b, a in zip(before[:2], after[:2], strict=True))
        print(f"   {radar.name:<10}{radar.kind:<12}    {pairs}{1e3 * before[2]:>+11.0f} {1e3 * after[2]:>+6.1f}")
    print(f"   worst error of range and azimuth: {errors.worst:.3f} sigma", flush=True)


def run(name: str, options: argparse.Namespace) -> tuple[dict[bool, score.Score], float, int]:
    """Run one sample, print it, and return its scores by whether replies were hidden, its worst bias, its aircraft."""
    network = radars.NETWORKS[name]
    flown = flights.flights_of(name, last_s=3600.0 * options.hours, fold=options.fold, cache=options.cache)
    # Each network has biases and luck of its own.
    seen = radars.observe(flown, network, 1_000 * list(radars.NETWORKS).index(name) + options.seed)
    watch = trial.watch_of(network, flown)
    plots, size = trial.through_asterix(seen, watch)
    recording = trial.recording_of(plots, watch)
    span_s = float(np.ptp(plots.time_s))
    print(f"{name}: {', '.join(f'{key} {value:,}' for key, value in flown.counts.items())}")
    print(
        f"   {span_s:,.0f} s, {len(seen.look_time_s) / len(network) / span_s:.1f} looks of each radar a second; "
        f"{len(plots):,} plots ({(plots.target_id < 0).mean():.0%} false), {size:,} bytes of CAT048",
        flush=True,
    )
    trial.tracked(trial.recording_of(plots[:5_000], watch), None, hide_address=True)  # compiles
    biases, cpu_s = trial.registered(recording)
    errors = score.bias_errors(network, seen, biases)
    print_biases(network, errors)
    print(f"   registration: {cpu_s:.1f} s CPU, settled: {biases.settled}", flush=True)
    found = {}
    for hidden in (True, False):
        done = trial.tracked(recording, biases, hide_address=hidden, method=options.method)
        found[hidden] = score.score(flown, network, seen, done)
        print(HEAD if hidden else "", end="\n" if hidden else "")
        print(line(name, hidden, found[hidden], done.cpu_s, span_s), flush=True)
    return found, errors.worst, flown.counts["aircraft"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--samples", default=",".join(radars.NETWORKS), help=f"of {', '.join(radars.NETWORKS)}")
    parser.add_argument("--hours", type=float, default=24.0, help="only so much from the beginning of each sample")
    parser.add_argument("--fold", type=int, default=1, help="parts of a sample's time that are laid over each other")
    parser.add_argument("--method", choices=("pmb", "gnn"), default="pmb")
    parser.add_argument("--cache", type=Path, default=flights.CACHE, help="folder that keeps the wheel")
    options = parser.parse_args()
    names = options.samples.split(",")
    for name in names:
        if name not in radars.NETWORKS:
            parser.error(f"--samples {name}: expected {', '.join(radars.NETWORKS)}")
    results = [run(name, options) for name in names]
    aircraft = sum(number for _, _, number in results)
    worst = max(bias for _, bias, _ in results)
    for hidden in (True, False):
        every = [found[hidden] for found, _, _ in results]
        purity = sum(one.plots_pure for one in every) / max(sum(one.plots_in_tracks for one in every), 1)
        completeness = sum(one.samples_shown for one in every) / max(sum(one.samples for one in every), 1)
        met = purity >= LEAST_PURITY and completeness >= LEAST_COMPLETENESS and worst <= MOST_BIAS_SIGMAS
        print(
            f"replies {'hidden' if hidden else 'used'}: {aircraft} aircraft, purity {purity:.5f} (goal "
            f"{LEAST_PURITY}), completeness {completeness:.5f} ({LEAST_COMPLETENESS}), worst bias error {worst:.3f} "
            f"sigma ({MOST_BIAS_SIGMAS}): {'met' if met else 'not met'}"
        )


if __name__ == "__main__":
    main()

"""The page of a run, measured in Chromium: its size, how long it loads, and what a frame costs to draw.

    python benchmarks/bench_view.py [--tracks 1000 5000] [--minutes 10] [--keep FOLDER]

The run is made here: tracks that fly straight and turn, with the noise of a tracker, four radars, plots, beliefs. The
cost of a frame is that of drawing one and of rasterising it: each measured frame ends by reading one pixel of every
canvas back, so that software rendering has to finish. On a machine that others use too, the best tenth tells what the
drawing costs, the median what the neighbours do. The CPU time is that of the page's main thread over whole frames, its
event loop included, rasterising in another process not.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from chainhome import earth
from chainhome.formats.run_folder import Run
from chainhome.tables import ALLEGIANCES, Detections, Events, Evidence, Identities, Sensors, Tracks

BROWSER_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LAT_DEG, LON_DEG = 39.5, 33.0
ROW_S = 10.0
NOISE_M = 60.0
HALF_M = 350_000.0
FRAMES = 60
LOADS = 5


def synthetic_run(tracks: int, minutes: float, seed: int = 1) -> Run:
    """Return a run of so many tracks, all there for the whole time, over the middle of Anatolia."""
    rng = np.random.default_rng(seed)
    steps = int(minutes * 60.0 / ROW_S) + 1
    clock = ROW_S * np.arange(steps)
    world = earth.enu_frame(np.radians(LAT_DEG), np.radians(LON_DEG), 0.0)
    heading = rng.uniform(0, 2 * np.pi, tracks)
    rate = np.where(rng.random(tracks) < 0.3, rng.uniform(-0.01, 0.01, tracks), 0.0)
    speed = rng.uniform(120.0, 280.0, tracks)
    angle = heading[:, None] + rate[:, None] * clock
    vx, vy = speed[:, None] * np.sin(angle), speed[:, None] * np.cos(angle)
    start = rng.uniform(-HALF_M, HALF_M, (2, tracks))
    x = start[0][:, None] + np.cumsum(vx * ROW_S, axis=1)
    y = start[1][:, None] + np.cumsum(vy * ROW_S, axis=1)
    climb = rng.choice([-5.0, 0.0, 0.0, 5.0], tracks)
    altitude = np.clip(rng.uniform(300.0, 12_000.0, tracks)[:, None] + climb[:, None] * clock, 100.0, 14_000.0)
    x += rng.normal(0.0, NOISE_M, x.shape)
    y += rng.normal(0.0, NOISE_M, y.shape)
    altitude += rng.normal(0.0, NOISE_M, altitude.shape)
    lat, lon = earth.destination(np.radians(LAT_DEG), np.radians(LON_DEG), np.arctan2(x, y), np.hypot(x, y))
    sensors = _sensors(world)
    order = np.argsort(np.tile(clock, tracks) + np.repeat(np.arange(tracks), steps) * 1e-9, kind="stable")
    ids = np.repeat(np.arange(tracks), steps)[order]
    times = np.tile(clock, tracks)[order] + rng.uniform(0.0, 2.0, tracks)[ids]
    which = rng.integers(0, len(sensors), tracks)[ids]
    flat = {"x": x.ravel()[order], "y": y.ravel()[order]}
    away = np.hypot(flat["x"] - sensors.x_m[which], flat["y"] - sensors.y_m[which])
    azimuth = np.mod(np.arctan2(flat["x"] - sensors.x_m[which], flat["y"] - sensors.y_m[which]), 2 * np.pi)
    rows = np.arange(len(ids))
    table = Tracks.make(
        time_s=times, track_id=ids, x_m=flat["x"], y_m=flat["y"], z_m=altitude.ravel()[order],
        vx_mps=vx.ravel()[order], vy_mps=vy.ravel()[order], existence=1.0, detection_id=rows,
        lat_deg=np.degrees(lat).ravel()[order], lon_deg=np.degrees(lon).ravel()[order],
        altitude_m=altitude.ravel()[order], status=1,
    )  # fmt: skip
    plots = Detections.make(time_s=times, detection_id=rows, sensor_id=which, range_m=away, azimuth_rad=azimuth, kind=2)
    by_time = np.argsort(times, kind="stable")
    beliefs, evidence = _beliefs(rng, tracks, minutes * 60.0)
    events = Events.make(
        time_s=beliefs.time_s, kind=[f"declared_{ALLEGIANCES[code]}" for code in beliefs.declared],
        actor="identity", track_id=beliefs.track_id,
    )  # fmt: skip
    record: dict[str, Any] = {
        "title": f"{tracks:,} synthetic tracks", "seed": seed, "epoch_utc": "2024-05-01T06:00:00Z",
        "length_s": minutes * 60.0,
        "origin": {"name": "the middle", "lat_deg": LAT_DEG, "lon_deg": LON_DEG, "height_m": 0.0},
        "status": "complete", "summary": {},
    }  # fmt: skip
    tables = {
        t.file_name: t for t in (sensors, table[by_time], plots[by_time], beliefs, evidence, events.sorted_by("time_s"))
    }
    return Run(Path("synthetic"), record, "", tables)


def _sensors(world: earth.Frame) -> Sensors:
    lat = np.array([39.9, 38.0, 41.2, 38.7])
    lon = np.array([32.8, 32.5, 36.3, 35.5])
    place = earth.geodetic_to_enu(world, np.radians(lat), np.radians(lon), np.full(4, 1000.0))
    return Sensors.make(
        sensor_id=np.arange(4), name=[f"Radar {name}" for name in "ABCD"], kind=2, lat_deg=lat, lon_deg=lon,
        height_m=1000.0, x_m=place[:, 0], y_m=place[:, 1], z_m=place[:, 2], period_s=ROW_S, max_range_m=450_000.0,
    )  # fmt: skip


def _beliefs(rng: np.random.Generator, tracks: int, length_s: float) -> tuple[Identities, Evidence]:
    ids = np.repeat(np.arange(tracks), 2)
    times = rng.uniform(5.0, length_s / 2, len(ids))
    times[1::2] += length_s / 4
    declared = rng.choice([0, 1, 2, 3], len(ids), p=[0.2, 0.15, 0.55, 0.1])
    share = rng.dirichlet([1, 1, 1], len(ids))
    order = np.argsort(times, kind="stable")
    beliefs = Identities.make(
        time_s=times,
        track_id=ids,
        declared=declared,
        p_friend=share[:, 0],
        p_neutral=share[:, 1],
        p_hostile=share[:, 2],
    )[order]
    evidence = Evidence.make(
        time_s=times, track_id=ids, kind="civil_reply", llr_friend=-0.67, llr_hostile=-1.59, source="sensor 0"
    )
    return beliefs, evidence[order]


MEASURE = """async (count) => {
  const page = window.chainhome;
  const canvases = [...document.querySelectorAll('canvas')].filter((c) => c.clientWidth);
  const read = () => { for (const c of canvases) c.getContext('2d').getImageData(0, 0, 1, 1); };
  const costs = [];
  for (let i = 0; i < count; i++) {
    await new Promise(requestAnimationFrame);
    page.clock.time_s += 0.4;
    read();
    const before = performance.now();
    page.frames.draw(new Set(['time']));
    read();
    costs.push(performance.now() - before);
  }
  return { costs, labels: page.map.drawn.labels.length };
}"""


def measure(path: Path) -> dict[str, float]:
    """Open a page in Chromium and return what it took, ms: loading, a frame (median, and the best tenth), CPU time."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER_FLAGS)
        loads = []
        for _ in range(LOADS):
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(path.resolve().as_uri())
            page.wait_for_selector("html[data-ready='1']")
            loads.append(page.evaluate("window.chainhome.readyAt_ms"))
            if len(loads) < LOADS:
                page.close()
        page.wait_for_timeout(300)
        tap = page.context.new_cdp_session(page)
        tap.send("Performance.enable", {"timeDomain": "threadTicks"})

        def spent_s() -> float:
            metrics = tap.send("Performance.getMetrics")["metrics"]
            return float(next(entry["value"] for entry in metrics if entry["name"] == "TaskDuration"))

        before = spent_s()
        found = page.evaluate(MEASURE, FRAMES)
        cpu_ms = 1000.0 * (spent_s() - before) / FRAMES
        browser.close()
    return {
        "load_ms": statistics.median(loads),
        "load_best_ms": min(loads),
        "frame_ms": statistics.median(found["costs"]),
        "frame_best_ms": sorted(found["costs"])[FRAMES // 10],
        "cpu_ms": cpu_ms,
        "labels": found["labels"],
    }


def main() -> None:
    """Print one line for each size."""
    from chainhome.formats import read_run
    from chainhome.view.page import write_html

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--run", help="a run folder to measure instead")
    parser.add_argument("--keep", help="folder to keep the pages in")
    arguments = parser.parse_args()
    folder = Path(arguments.keep or tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    if arguments.run:
        cases = [(Path(arguments.run).name, read_run(Path(arguments.run)))]
    else:
        cases = [(f"{count:,} tracks", synthetic_run(count, arguments.minutes)) for count in arguments.tracks]
    for number, (name, run) in enumerate(cases):
        begun = time.perf_counter()
        path = write_html(run, folder / f"bench-{number}.html")
        made = time.perf_counter() - begun
        got = measure(path)
        print(f"{name}: {path.stat().st_size / 1e3:,.0f} kB, made in {made:.2f} s")
        print(f"  ready after {got['load_ms']:,.0f} ms (best of {LOADS}: {got['load_best_ms']:,.0f})")
        print(
            f"  a frame: {got['frame_ms']:.1f} ms by the clock (best tenth: {got['frame_best_ms']:.1f}), "
            f"{got['cpu_ms']:.1f} ms CPU of the page's thread; {got['labels']} labels"
        )


if __name__ == "__main__":
    main()

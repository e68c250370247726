"""Make the map shapes that the package ships from a world-atlas TopoJSON file (Natural Earth, public domain).

In: `countries-10m.json` of the npm package world-atlas 2.0.2. Out: one small `.npz` with the coast, the borders and the
land of the region, cropped, simplified and quantised; `chainhome.earth.shapes` reads it. The same input gives the same
bytes.

    npm pack world-atlas@2.0.2 && tar xf world-atlas-2.0.2.tgz
    python tools/make_shapes.py package/countries-10m.json src/chainhome/earth/_data/shapes.npz
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

WEST_DEG, EAST_DEG = 18.0, 52.0
SOUTH_DEG, NORTH_DEG = 28.0, 50.0
TOLERANCE_DEG = 0.004  # of latitude: 450 m; the source itself is rounded to 0.0036 x 0.0017 deg
STEP_DEG = 0.001  # what the file is rounded to; 34 deg of longitude fit 16 bits
SMALLEST_DEG = 0.02  # a ring that fits a square of this side is dropped: no map shows it
# Longitudes shrink by this where the tolerance is measured, so that it means the same distance east and north.
LON_SCALE = float(np.cos(np.radians(0.5 * (SOUTH_DEG + NORTH_DEG))))


def decode_arcs(topology: dict[str, Any]) -> list[Points]:
    """Return the arcs in degrees: TopoJSON stores the steps between points, in units of its own grid."""
    scale = np.array(topology["transform"]["scale"])
    origin = np.array(topology["transform"]["translate"])
    return [np.cumsum(np.array(arc, dtype=np.int64), axis=0) * scale + origin for arc in topology["arcs"]]


def rings(geometry: dict[str, Any]) -> list[list[list[int]]]:
    """Return the polygons of a geometry; a polygon is a list of rings, a ring one of arc numbers (~n reversed)."""
    if geometry["type"] == "Polygon":
        return [geometry["arcs"]]
    if geometry["type"] == "MultiPolygon":
        return list(geometry["arcs"])
    return []


def simplify(line: Points, tolerance_deg: float) -> Points:
    """Drop the points that lie within the tolerance of the line between those that stay (Douglas and Peucker, 1973).

    The ends stay. A closed line is halved at the point farthest from its start, so that it stays a ring.
    """
    flat = line * (LON_SCALE, 1.0)
    keep = np.zeros(len(line), dtype=bool)
    keep[[0, -1]] = True
    spans = [(0, len(line) - 1)]
    if len(line) > 3 and np.array_equal(line[0], line[-1]):
        far = int(np.argmax(np.hypot(*(flat - flat[0]).T)))
        keep[far] = True
        spans = [(0, far), (far, len(line) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        chord = flat[last] - flat[first]
        inner = flat[first + 1 : last] - flat[first]
        length2 = float(chord @ chord)
        along = np.clip(inner @ chord / length2, 0.0, 1.0) if length2 > 0 else np.zeros(len(inner))
        away = np.hypot(*(inner - along[:, None] * chord).T)
        worst = int(np.argmax(away))
        if away[worst] > tolerance_deg:
            split = first + 1 + worst
            keep[split] = True
            spans += [(first, split), (split, last)]
    return line[keep]


def join(arcs: list[Points], numbers: list[int]) -> Points:
    """Return the closed ring that the numbered arcs make; neighbours share their end point."""
    parts = [arcs[n] if n >= 0 else arcs[~n][::-1] for n in numbers]
    return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])


def without_holes(outer: Points, holes: list[Points]) -> Points:
    """Return one ring that leaves the holes out, by a cut of no width from each hole to the ring."""
    ring = outer
    for hole in holes:
        east = int(np.argmax(hole[:, 0]))
        turned = np.concatenate([hole[east:-1], hole[: east + 1]])
        near = int(np.argmin(np.hypot(*(ring - turned[0]).T)))
        ring = np.concatenate([ring[: near + 1], turned, ring[near:]])
    return ring


def clip_ring(ring: Points) -> Points:
    """Return the part of a closed ring inside the region (Sutherland and Hodgman, 1974); open at the end."""
    kept = ring[:-1]
    for axis, limit, sign in ((0, WEST_DEG, 1), (0, EAST_DEG, -1), (1, SOUTH_DEG, 1), (1, NORTH_DEG, -1)):
        if not len(kept):
            break
        inside = sign * (kept[:, axis] - limit) >= 0
        made: list[Points] = []
        for i in range(len(kept)):
            before, here = kept[i - 1], kept[i]
            if inside[i] != inside[i - 1]:
                made.append(before + (here - before) * (limit - before[axis]) / (here[axis] - before[axis]))
            if inside[i]:
                made.append(here)
        kept = np.array(made).reshape(-1, 2)
    return kept


def clip_line(line: Points) -> list[Points]:
    """Return the pieces of a line inside the region, cut where they cross its edge (Liang and Barsky, 1984)."""
    low, high = np.array([WEST_DEG, SOUTH_DEG]), np.array([EAST_DEG, NORTH_DEG])
    if (line.max(axis=0) < low).any() or (line.min(axis=0) > high).any():
        return []
    pieces: list[list[Points]] = []
    for start, end in itertools.pairwise(line):
        step = end - start
        enter, leave = 0.0, 1.0
        for axis in (0, 1):
            if step[axis] == 0.0:
                if not low[axis] <= start[axis] <= high[axis]:
                    enter, leave = 1.0, 0.0
                continue
            ends = sorted(((low[axis] - start[axis]) / step[axis], (high[axis] - start[axis]) / step[axis]))
            enter, leave = max(enter, ends[0]), min(leave, ends[1])
        if enter >= leave:
            continue
        if not pieces or enter > 0.0 or not np.array_equal(pieces[-1][-1], start):
            pieces.append([start + enter * step])
        pieces[-1].append(end if leave == 1.0 else start + leave * step)
    return [np.array(piece) for piece in pieces]


def chain(lines: list[Points]) -> list[Points]:
    """Join lines end to end where exactly two of them meet, so that a map draws few long lines."""
    ends = Counter(tuple(p) for line in lines for p in (line[0], line[-1]))
    open_at: dict[tuple[float, ...], list[int]] = {}
    for i, line in enumerate(lines):
        for p in (line[0], line[-1]):
            open_at.setdefault(tuple(p), []).append(i)
    used: set[int] = set()
    chains: list[Points] = []
    for first in range(len(lines)):
        if first in used:
            continue
        used.add(first)
        line = lines[first]
        for _ in range(2):
            while ends[tuple(line[-1])] == 2 and (rest := [i for i in open_at[tuple(line[-1])] if i not in used]):
                used.add(rest[0])
                nxt = lines[rest[0]]
                line = np.concatenate([line, (nxt if np.array_equal(nxt[0], line[-1]) else nxt[::-1])[1:]])
            line = line[::-1]
        chains.append(line)
    return chains


def big_enough(points: Points) -> bool:
    """Say whether a map can show the shape."""
    return len(points) > 1 and bool((np.ptp(points, axis=0) > SMALLEST_DEG).any())


def pack(lines: list[Points]) -> tuple[NDArray[np.uint16], NDArray[np.int32]]:
    """Return the points of all lines, rounded to the file's grid without repeats, and the number of points of each."""
    origin = np.array([WEST_DEG, SOUTH_DEG])
    kept: list[NDArray[np.uint16]] = []
    for line in lines:
        grid = np.rint((line - origin) / STEP_DEG).astype(np.uint16)
        fresh = np.concatenate([[True], (np.diff(grid.astype(np.int64), axis=0) != 0).any(axis=1)])
        if fresh.sum() > 1:
            kept.append(grid[fresh])
    return np.concatenate(kept), np.array([len(line) for line in kept], dtype=np.int32)


def make(topology: dict[str, Any]) -> dict[str, Any]:
    """Return the arrays of the file. An arc of two countries is a border; an arc of one is a coast."""
    arcs = [simplify(arc, TOLERANCE_DEG) for arc in decode_arcs(topology)]
    countries = topology["objects"]["countries"]["geometries"]
    uses = Counter(n if n >= 0 else ~n for g in countries for polygon in rings(g) for ring in polygon for n in ring)
    land: list[Points] = []
    for geometry in topology["objects"]["land"]["geometries"]:
        for polygon in rings(geometry):
            outer, *holes = (join(arcs, ring) for ring in polygon)
            low, high = outer.min(axis=0), outer.max(axis=0)
            if low[0] < EAST_DEG and high[0] > WEST_DEG and low[1] < NORTH_DEG and high[1] > SOUTH_DEG:
                land.append(clip_ring(without_holes(outer, holes)))
    layers = {
        "coast": [p for line in chain([arcs[n] for n, c in uses.items() if c == 1]) for p in clip_line(line)],
        "borders": [p for line in chain([arcs[n] for n, c in uses.items() if c > 1]) for p in clip_line(line)],
        "land": [ring for ring in land if len(ring) > 2],
    }
    arrays: dict[str, Any] = {
        "origin_deg": np.array([WEST_DEG, SOUTH_DEG]),
        "size_deg": np.array([EAST_DEG - WEST_DEG, NORTH_DEG - SOUTH_DEG]),
        "step_deg": np.array(STEP_DEG),
    }
    for name, lines in layers.items():
        lines = sorted((p for p in lines if big_enough(p)), key=lambda p: (-len(p), *p[0]))
        arrays[f"{name}_points"], arrays[f"{name}_counts"] = pack(lines)
    return arrays


def main(argv: list[str] | None = None) -> int:
    """Read the TopoJSON file and write the shapes."""
    parser = argparse.ArgumentParser(description="Make the map shapes that chainhome ships.")
    parser.add_argument("topojson", type=Path, help="countries-10m.json of world-atlas 2.0.2")
    parser.add_argument("npz", type=Path, help="file to write")
    given = parser.parse_args(argv)
    arrays = make(json.loads(given.topojson.read_text(encoding="utf-8")))
    np.savez_compressed(given.npz, **arrays)
    for name in ("coast", "borders", "land"):
        print(f"{name}: {len(arrays[f'{name}_counts'])} lines, {len(arrays[f'{name}_points'])} points")
    print(f"{given.npz}: {given.npz.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""How a page was made from its run, in sentences: the first part of the method tab.

In: a run and what the payload took from it. Out: texts, each a thing that a reader might otherwise get wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainhome import earth
from chainhome.view.coverage_layer import BEARINGS, GAP_M
from chainhome.view.payload_sensors import Looking
from chainhome.view.payload_tracks import Moving, hold_s

if TYPE_CHECKING:
    from chainhome.formats.run_folder import Run

SHIPPED = "anatolia"


def how_made(run: Run, header: dict[str, Any], tracks: Moving, sees: Looking) -> list[str]:
    """Return how the page was made from the run."""
    place, step = header["centre"]["name"], tracks.pieces.step_s
    said = [
        f"The map is azimuthal equidistant about {place}: distances and bearings from there are true (WGS-84).",
        f"Motion is sampled every {step:g} s, at 0.00001° and 10 m of height; straight lines join the samples.",
        f"Only confirmed tracks are shown. A track without a row of the tracker for more than {hold_s(run):g} s is not "
        "shown until it has one again.",
        "Speed, heading and climb are those of the drawn path, over one step of it.",
        "Shape and colour of a track tell what was declared of it; without enough evidence that is unknown, never "
        "hostile.",
    ]
    if header.get("truth"):
        said.append("Truth is drawn as small crosses with thin grey lines; no radar and no tracker knew it.")
    if (header.get("plots") or {}).get("thinned", 1) > 1:
        said.append(f"The scope shows one plot in {header['plots']['thinned']}; the run has them all.")
    if sees.surfaces:
        said += _surfaces(run, sees)
    if header["ground"]["known"]:
        said.append("Coast and borders: Natural Earth; cities: GeoNames; hills: SRTM30_PLUS, 1 arc-minute.")
    return [*said, *sees.notes]


def _surfaces(run: Run, sees: Looking) -> list[str]:
    """Return what the coverage is and is not."""
    said = [
        f"Coverage: the lowest visible height by bearing (every {360 / BEARINGS:g}°) and range, straight rays over an "
        f"earth of 4/3 radius; the contour ends where a target is lost for more than {GAP_M / 1e3:g} km, at the "
        "instrumented range, or where the echo of the chosen target is too weak in free space (no gas, no clutter).",
        "The dashed ring is the published range (where none is known, the instrumented one); it says nothing of a "
        "target's height, and limits nothing here.",
    ]
    if any(layer.terrain for layer in sees.surfaces):
        terrain = earth.load_terrain(str(run.record.get("terrain") or SHIPPED))
        said.append(f"Terrain: {terrain.source.rstrip('.')}. {terrain.note}")
    outside = max(layer.outside_share for layer in sees.surfaces)
    if outside > 0:
        said.append(f"{outside:.0%} of the surface lies outside the terrain and was taken as sea: optimistic there.")
    return said

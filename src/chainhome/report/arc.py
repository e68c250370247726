"""The side view of a ballistic missile: its arc to the site, and where it is detected, tracked and met.

In comes a reach result with an arc; out comes a figure. Heights and ranges have one scale; the ground is drawn flat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainhome.report import style
from chainhome.report.verbs import binding_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from chainhome.reach.result import Arc, ReachResult


# Where the names of the three verbs stand under the arc, as shares of its height; a ceiling runs between the lower two.
LABEL_HEIGHTS = (0.72, 0.52, 0.14)


def _mark(axes: Axes, arc: Arc, verb: str, range_km: float, words: str, place: tuple[float, float]) -> None:
    """Mark where one verb begins on the arc, and name it under the arc at `place`, joined by a thin line."""
    height_km = float(np.interp(range_km, arc.ground_range_km, arc.altitude_km))
    colour = style.VERB_COLOURS[verb]
    fill = "white" if verb == "detect" else colour
    axes.plot(range_km, height_km, style.VERB_MARKERS[verb], ms=8, mfc=fill, mec=colour, mew=1.6, zorder=6)
    axes.annotate(
        f"{verb} {style.distance_text(range_km)}: {words}", (range_km, height_km), xytext=place, size=8.2,
        ha="left", va="center", color=colour, weight="bold", path_effects=style.halo(), zorder=7,
        arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.6, "shrinkA": 2, "shrinkB": 4, "relpos": (0.0, 0.5)},
    )  # fmt: skip


def draw_arc(result: ReachResult) -> Figure:
    """Return the arc of a ballistic missile with the three verbs; raises ValueError where the result has no arc."""
    arc = result.arc
    if arc is None:
        raise ValueError("the result has no arc to draw")
    (row,) = result.rows
    top_km, far_km = 1.1 * float(arc.altitude_km.max()), 1.12 * float(arc.ground_range_km[-1])
    with style.look():
        title = f"Where {result.system_name} finds {style.with_article(result.target_name)} on its way"
        subtitle = f"Site {result.site_name}; the missile flies from right to left and ends at the site"
        caption = (
            "An arc of least energy without drag, of the published range of its class. Markers: the ground distance "
            f"from the site on the median bearing, preset {result.preset}. {style.source_line(result.sources)}"
        )
        frame = style.framed(title, subtitle, caption, 6.6 * top_km / far_km + 0.9)
        axes = frame.axes(0.62, 0.5, 0.2, 0.05)
        axes.plot(np.append(0.0, arc.ground_range_km), np.append(0.0, arc.altitude_km), color=style.QUIET, lw=1.4)
        axes.plot(0.0, 0.0, "^", ms=9, color=style.INK, zorder=6, clip_on=False)
        if np.isfinite(arc.ceiling_km) and row.engage.range_km > 0.0:
            axes.axhline(arc.ceiling_km, color=style.QUIET, lw=0.9, ls=(0, (4, 3)), zorder=1)
            words = f"highest intercept, {arc.ceiling_km:g} km"
            axes.text(0.64 * far_km, arc.ceiling_km, words, size=8, ha="center", va="bottom", color=style.QUIET)
        found = {verb: getattr(row, verb) for verb in style.VERBS}
        shown = [verb for verb in style.VERBS if style.known(found[verb].range_km) and found[verb].range_km > 0.0]
        # In the order of their heights, so that no line to a name crosses another.
        shown.sort(key=lambda verb: -np.interp(found[verb].range_km, arc.ground_range_km, arc.altitude_km))
        for verb, share in zip(shown, LABEL_HEIGHTS, strict=False):
            place = (0.36 * far_km, share * float(arc.altitude_km.max()))
            _mark(axes, arc, verb, found[verb].range_km, binding_text(found[verb]), place)
        axes.set_xlim(-0.01 * far_km, far_km)
        axes.set_ylim(0.0, top_km)
        axes.set_aspect("equal")
        axes.set_xlabel("Ground range from the site [km]")
        axes.set_ylabel("Height [km]")
        return frame.figure

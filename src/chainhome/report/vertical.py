"""Vertical charts: what a radar sees at which height and ground range, over the round earth.

In comes a reach result; out comes a figure of two charts of the same numbers. The upper keeps the earth round (straight
lines of sight, four-thirds radius); the lower stretches the low heights by a square-root scale, on which the horizon
of a smooth earth is nearly a straight line [blake1986].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainhome.earth.refraction import four_thirds_radius_m, lowest_visible_altitude_m
from chainhome.report import style
from chainhome.report.verbs import has_interceptor

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from chainhome.reach.result import ReachResult, VerticalChart

Floats = NDArray[np.float64]
EFFECTIVE_RADIUS_KM = four_thirds_radius_m() / 1000.0
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95, 1.0001)
SHARE_COLOURS = ("#e3eef8", "#c3daee", "#9cc3e2", "#6fa6d2", "#4a8bc2")
# A chart of low flight alone still shows what is seen above it.
LOWEST_TOP_M = 3000.0
RAYS_DEG = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)


def round_earth(ground_range_km: ArrayLike, altitude_km: ArrayLike) -> tuple[Floats, Floats]:
    """Return the level distance and height, km, at which a point lies seen from the site on an earth of 4/3 radius.

    >>> x, y = round_earth(400.0, 0.0)
    >>> round(float(x), 1), round(float(y), 2)
    (399.9, -9.42)
    """
    angle = np.asarray(ground_range_km, np.float64) / EFFECTIVE_RADIUS_KM
    radius = EFFECTIVE_RADIUS_KM + np.asarray(altitude_km, np.float64)
    return radius * np.sin(angle), radius * np.cos(angle) - EFFECTIVE_RADIUS_KM


def ray_height_m(ground_range_km: ArrayLike, elevation_deg: float, antenna_m: float) -> Floats:
    """Return the height, m, of a ray that leaves an antenna at an elevation, over a smooth earth of 4/3 radius.

    >>> round(float(ray_height_m(300.0, 0.5, 10.0)), -1)
    7930.0
    """
    angle = np.asarray(ground_range_km, np.float64) / EFFECTIVE_RADIUS_KM
    elevation = np.radians(elevation_deg)
    start_km = EFFECTIVE_RADIUS_KM + antenna_m / 1000.0
    height_km = start_km * np.cos(elevation) / np.cos(elevation + angle) - EFFECTIVE_RADIUS_KM
    return np.asarray(1000.0 * height_km)


def _limits(result: ReachResult, chart: VerticalChart) -> tuple[float, float]:
    """Return the farthest range, km, and the greatest height, m, worth showing."""
    ranges = [getattr(row, verb).range_km for row in result.rows for verb in style.VERBS]
    seen = np.asarray(chart.seen_share).max(axis=0) > SHARES[0]
    ranges += [chart.ground_range_km[np.flatnonzero(seen)[-1]]] if seen.any() else []
    far = 1.06 * max([value for value in [*ranges, result.claim_km] if style.known(value)] + [20.0])
    heights = [row.altitude_m for row in result.rows if row.altitude_m is not None]
    top = float(chart.altitude_m[-1])
    return far, min(top, max(1.45 * max(heights), LOWEST_TOP_M)) if heights else top


def _from_the_site(chart: VerticalChart) -> tuple[Floats, Floats]:
    """Return ground ranges and shares of a chart, drawn out to range 0 so that no white strip looks like blindness."""
    ranges = np.concatenate([[0.0], np.asarray(chart.ground_range_km, np.float64)])
    share = np.asarray(chart.seen_share, np.float64)
    return ranges, np.concatenate([share[:, :1], share], axis=1)


def _draw_round(axes: Axes, result: ReachResult, chart: VerticalChart, far_km: float, top_m: float) -> None:
    top = top_m / 1000.0
    kept = np.asarray(chart.altitude_m) <= top_m * 1.001
    ranges, share = _from_the_site(chart)
    x, y = round_earth(*np.meshgrid(ranges, np.asarray(chart.altitude_m)[kept] / 1000.0))
    axes.contourf(x, y, share[kept], levels=SHARES, colors=SHARE_COLOURS)
    along = np.linspace(0.0, far_km, 300)
    ground = np.column_stack(round_earth(along, 0.0))
    bottom = 1.09 * float(ground[-1, 1]) - 0.09 * top
    axes.fill_between(ground[:, 0], ground[:, 1], bottom - 50.0, color="#d9d2c5", lw=0, zorder=2)
    axes.plot(*ground.T, color="#7d735f", lw=1.0, zorder=3)
    for height in [row.altitude_m for row in result.rows if row.altitude_m and row.altitude_m >= 0.06 * top_m]:
        level = np.column_stack(round_earth(along, height / 1000.0))
        axes.plot(*level.T, color=style.QUIET, lw=0.6, ls=(0, (3, 2)), zorder=3)
        axes.annotate(
            style.height_text(height), level[-1], xytext=(3, 0), textcoords="offset points", ha="left", va="center",
            size=8, zorder=6, annotation_clip=False,
        )  # fmt: skip
    _draw_line_of_sight(axes, result, far_km, top)
    stretch = far_km / (top * 1.02 - bottom) * axes.bbox.height / axes.bbox.width
    axes.text(
        0.02 * far_km, bottom + 0.02 * (top - bottom), f"earth, heights drawn {stretch:.0f} times too large", size=8,
        color="#5d543f", ha="left", va="bottom", zorder=4,
    )  # fmt: skip
    axes.set_xlim(0.0, far_km)
    axes.set_ylim(bottom, top * 1.02)
    ticks = [tick for tick in (0, 1, 2, 5, 10, 15, 20, 30, 50, 100) if tick <= top]
    axes.set_yticks([tick for tick in ticks if tick == 0 or tick >= 0.15 * top])
    axes.set_ylabel("Height at the site [km]", y=1.0, ha="right")
    axes.tick_params(labelbottom=False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(bottom=False)


def _draw_line_of_sight(axes: Axes, result: ReachResult, far_km: float, top_km: float) -> None:
    """Draw the line that grazes the earth, named from inside the ground, where nothing else is drawn."""
    antenna = result.antenna_m / 1000.0
    dip = float(np.arccos(EFFECTIVE_RADIUS_KM / (EFFECTIVE_RADIUS_KM + antenna)))
    along = np.array([0.0, far_km])
    axes.plot(along, antenna - along * np.tan(dip), color=style.CLAIM, lw=1.0, zorder=4)
    at = 0.7 * far_km
    lowest = [row.altitude_m for row in result.rows if row.altitude_m and row.altitude_m >= 60.0 * top_km]
    if lowest:  # the leader must not cross a line of constant height, which sinks below the line of sight far out
        at = min(at, 0.9 * float(np.sqrt(2.0 * EFFECTIVE_RADIUS_KM * min(lowest) / 1000.0)))
    text = "line of sight: below it the earth hides all"
    wide = style.text_size_in(text, 8.0)[0] * axes.figure.dpi / axes.bbox.width * far_km
    left = max(at - wide, 0.02 * far_km)
    ground = float(round_earth(left + wide, 0.0)[1])
    y = ground - 0.025 * (top_km - float(round_earth(far_km, 0.0)[1]))
    axes.plot([at, at], [antenna - at * np.tan(dip), y], color=style.INK, lw=0.6, zorder=4)
    axes.text(left, y, text, size=8, va="top", zorder=5)


def _draw_rays(axes: Axes, antenna_m: float, far_km: float, top_m: float) -> None:
    along = np.linspace(0.0, far_km, 400)
    nearest = np.inf
    for elevation in RAYS_DEG:
        height = ray_height_m(along, elevation, antenna_m)
        axes.plot(along, np.where(height <= top_m, height, np.nan), color=style.QUIET, lw=0.5, alpha=0.7, zorder=3)
        inside = np.flatnonzero(height <= top_m)
        if len(inside) == 0:
            continue
        end = inside[-1]
        at_top = end < len(along) - 1
        if at_top and (along[end] > nearest - 0.05 * far_km or along[end] < 0.02 * far_km):
            continue  # no room for its name beside the last one
        nearest = along[end] if at_top else nearest
        offset, ha, va = ((0, 2), "center", "bottom") if at_top else ((3, 0), "left", "center")
        look: dict[str, Any] = {"ha": ha, "va": va, "size": 7.5, "color": style.QUIET}
        axes.annotate(f"{elevation:g}°", (along[end], height[end]), offset, textcoords="offset points", **look)
    hidden = lowest_visible_altitude_m(1000.0 * along, antenna_m)
    axes.plot(along, np.minimum(hidden, 1.2 * top_m), color=style.CLAIM, lw=1.0, zorder=3.5)


def _mark_rows(axes: Axes, result: ReachResult, far_km: float) -> None:
    for row in result.rows:
        if row.altitude_m is None:
            continue
        axes.plot([0, far_km], [row.altitude_m] * 2, color=style.QUIET, lw=0.6, ls=(0, (3, 2)), zorder=3)
        for verb, size in zip(style.VERBS, (9.0, 6.0, 4.6), strict=True):
            reach = getattr(row, verb).range_km
            if reach is None or not reach > 0:
                continue
            colour = style.VERB_COLOURS[verb]
            # Detect is a ring, so that a track that ends at the same place shows inside it.
            fill, edge, wide = ("white", colour, 1.8) if verb == "detect" else (colour, "white", 0.7)
            look: dict[str, Any] = {"ms": size, "mfc": fill, "mec": edge, "mew": wide, "clip_on": False}
            axes.plot(reach, row.altitude_m, style.VERB_MARKERS[verb], zorder=6, **look)


def _draw_stretched(axes: Axes, result: ReachResult, chart: VerticalChart, far_km: float, top_m: float) -> None:
    axes.set_yscale("function", functions=(lambda h: np.sqrt(np.maximum(h, 0.0)), np.square))
    ranges, share = _from_the_site(chart)
    axes.contourf(ranges, chart.altitude_m, share, levels=SHARES, colors=SHARE_COLOURS, zorder=1)
    _draw_rays(axes, result.antenna_m, far_km, top_m)
    _mark_rows(axes, result, far_km)
    if style.known(result.claim_km):
        axes.axvline(result.claim_km, color=style.CLAIM, lw=1.4, ls=(0, (6, 2.5)), zorder=4)
        text = f"claim\n{style.distance_text(result.claim_km)}"
        axes.text(
            result.claim_km - 0.008 * far_km, 0.02 * top_m, text, size=8.2, weight="bold", ha="right", va="center",
            path_effects=style.halo(), zorder=7,
        )  # fmt: skip
    axes.set_xlim(0.0, far_km)
    axes.set_ylim(0.0, top_m)
    heights = [row.altitude_m for row in result.rows if row.altitude_m is not None]
    heights = heights or [tick for tick in (100.0, 1e3, 3e3, 1e4, 3e4, 1e5, 2e5) if tick <= top_m]
    axes.set_yticks(heights, [style.height_text(height) for height in heights])
    axes.minorticks_off()
    axes.set_xlabel("Ground range [km]")
    _label_horizon(axes, result.antenna_m, far_km, top_m)


def _label_horizon(axes: Axes, antenna_m: float, far_km: float, top_m: float) -> None:
    """Write along the horizon line, below it, where nothing is seen."""
    place = 0.62 * min(far_km, float(np.sqrt(2.0 * EFFECTIVE_RADIUS_KM * top_m / 1000.0)))
    at_km = np.array([0.95, 1.05]) * place
    ends = np.column_stack([at_km, lowest_visible_altitude_m(1000.0 * at_km, antenna_m)])
    (x0, y0), (x1, y1) = axes.transData.transform(ends)
    slope = float(np.degrees(np.arctan2(y1 - y0, x1 - x0)))
    axes.annotate(
        "radar horizon, smooth earth", (at_km.mean(), ends[:, 1].mean()), xytext=(5, -9), textcoords="offset points",
        size=8, rotation=slope, rotation_mode="anchor", ha="center", va="center", path_effects=style.halo(), zorder=5,
    )  # fmt: skip


def _draw_key(axes: Axes, verbs: tuple[str, ...]) -> None:
    """Draw the scale of shares and the markers of the verbs into axes of their own."""
    axes.set_axis_off()
    axes.set_xlim(0.0, 100.0)
    axes.set_ylim(0.0, 1.0)
    axes.text(0.0, 0.5, "detected on", size=8.2, va="center")
    for k, colour in enumerate(SHARE_COLOURS):
        axes.fill_between([12.5 + 6 * k, 18.5 + 6 * k], 0.32, 0.95, color=colour, lw=0)
    for k, share in enumerate(SHARES):
        axes.text(12.5 + 6 * k, 0.22, f"{min(share, 1.0):.0%}".replace("%", ""), size=7, ha="center", va="top")
    axes.text(44.5, 0.5, "% of bearings", size=8.2, va="center")
    places = (66.0, 79.0, 90.0)
    for verb, place in zip(verbs, places, strict=False):
        colour = style.VERB_COLOURS[verb]
        fill, wide = ("white", 1.8) if verb == "detect" else (colour, 0.7)
        axes.plot(place, 0.52, style.VERB_MARKERS[verb], ms=7, mfc=fill, mec=colour, mew=wide, clip_on=False)
        axes.text(place + 1.8, 0.5, verb, size=8.2, va="center", color=style.VERB_COLOURS[verb], weight="bold")


def draw_vertical(result: ReachResult) -> Figure:
    """Return the vertical coverage chart of a reach result: round earth above, low heights stretched below.

    Raises ValueError where the result has no vertical chart.
    """
    chart = result.vertical
    if chart is None:
        raise ValueError("the result has no vertical chart to draw")
    far_km, top_m = _limits(result, chart)
    reference = {"ground": "above the ground beneath the target", "sea level": "above mean sea level"}
    with style.look():
        title = f"At which height {result.system_name} detects {style.with_article(result.target_name)}"
        where = "smooth earth" if result.smooth else "terrain in every direction"
        subtitle = f"Site {result.site_name}, antenna {result.antenna_m:.0f} m above the ground, {where}"
        heights = reference.get(result.altitude_reference, "above mean sea level")
        turned = "" if result.sector_deg is None else f", turned to each: it watches {result.sector_deg:.0f}° at a time"
        caption = (
            f"Heights {heights}. Shading, up to the top of the chart: share of bearings on which "
            f"{result.search_radar_name} detects the target there, preset {result.preset}{turned}. Lines of sight, "
            "rays and horizon: smooth earth of 4/3 radius at the height of the site. Markers: median over bearings. "
            f"The lower chart stretches low heights by a square-root scale. {style.source_line(result.sources)}"
        )
        frame = style.framed(title, subtitle, caption, 6.55)
        _draw_round(frame.axes(0.72, 3.95, 0.5, 0.05), result, chart, far_km, top_m)
        _draw_key(frame.axes(0.1, 3.52, 0.1, 2.72), style.VERBS if has_interceptor(result) else style.VERBS[:2])
        _draw_stretched(frame.axes(0.72, 0.52, 0.5, 3.25), result, chart, far_km, top_m)
        return frame.figure

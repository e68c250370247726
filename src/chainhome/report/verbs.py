"""Detect, track, engage against the claim: three ranges for each height, each with its band and what binds.

In comes a reach result; out comes a figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainhome.report import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from chainhome.reach.result import ReachResult

ROW_IN = 0.66


def binding_text(reach: Any) -> str:
    """Say in a few words what binds a range, and the detect limit behind it where the timeline binds.

    >>> from types import SimpleNamespace
    >>> binding_text(SimpleNamespace(binding="timeline", driven_by="horizon"))
    'timeline, driven by horizon'
    """
    words = style.LIMIT_WORDS.get(reach.binding or "none", str(reach.binding))
    behind = style.LIMIT_WORDS.get(reach.driven_by, reach.driven_by) if reach.driven_by else ""
    return f"{words}, driven by {behind}" if behind else words


def _draw_verb(axes: Axes, y: float, verb: str, reach: Any, claim_km: float) -> None:
    axes_in = axes.bbox.width / axes.figure.dpi
    colour = style.VERB_COLOURS[verb]
    nothing = not style.known(reach.range_km) or reach.range_km <= 0
    end = 0.0 if nothing else float(reach.range_km)
    tip = end
    if not nothing:
        axes.plot([0, end], [y, y], color=colour, lw=2.2, alpha=0.55, solid_capstyle="butt", zorder=3)
    if style.known(reach.low_km) and style.known(reach.high_km) and reach.high_km - reach.low_km > 1.0:
        axes.plot([reach.low_km, reach.high_km], [y, y], color=colour, lw=0.9, zorder=4)
        for edge in (reach.low_km, reach.high_km):
            axes.plot([edge, edge], [y - 0.09, y + 0.09], color=colour, lw=0.9, zorder=4)
        tip = max(tip, float(reach.high_km))
    axes.plot(end, y, style.VERB_MARKERS[verb], ms=6.2, color=colour, mec="white", mew=0.8, zorder=5, clip_on=False)
    text = f"{verb} {'not at all' if nothing else style.km_text(end)}: {binding_text(reach)}"
    label_km = style.text_size_in(text, 8.0)[0] / axes_in * axes.get_xlim()[1]
    crosses = style.known(claim_km) and tip < claim_km < tip + 1.15 * label_km
    plate = {"boxstyle": "square,pad=0.12", "fc": "white", "ec": "none", "alpha": 0.9} if crosses else None
    axes.annotate(
        text, (tip, y), xytext=(6, 0), textcoords="offset points", size=8, color=colour, va="center", zorder=6,
        path_effects=style.halo(), bbox=plate,
    )  # fmt: skip


def _right_edge_km(result: ReachResult, axes_in: float) -> float:
    """Return the range at the right edge such that every label after its whisker still fits."""
    claims = [value for value in (result.claim_km, result.claim_high_km) if style.known(value)]
    edge = 1.04 * max([*claims, 10.0])
    for row in result.rows:
        for verb in style.VERBS:
            reach = getattr(row, verb)
            tip = max((float(value) for value in (reach.range_km, reach.high_km) if style.known(value)), default=0.0)
            words = f"{verb} {style.km_text(reach.range_km)}: {binding_text(reach)}"
            label_in = style.text_size_in(words, 8.0)[0] + 0.16
            edge = max(edge, tip / max(1.0 - label_in / axes_in, 0.2))
    return edge


def _draw_claim(axes: Axes, result: ReachResult, top: float) -> None:
    if not style.known(result.claim_km):
        return
    low, high = result.claim_low_km, result.claim_high_km
    if style.known(low) and style.known(high) and high > low:
        axes.axvspan(low, high, color="#3a3f4a", alpha=0.09, lw=0, zorder=1)
    axes.axvline(result.claim_km, color=style.CLAIM, lw=1.4, ls=(0, (6, 2.5)), zorder=2)
    spread = f" ({low:.0f}–{high:.0f} published)" if style.known(low) and style.known(high) and high > low else ""
    text = f"claim {style.km_text(result.claim_km)}{spread}"
    side = "right" if result.claim_km > 0.5 * axes.get_xlim()[1] else "left"
    place: dict[str, Any] = {"xytext": (0, 3), "textcoords": "offset points", "ha": side, "va": "bottom"}
    axes.annotate(text, (result.claim_km, top), size=8.2, weight="bold", **place)


def draw_verbs(result: ReachResult) -> Figure:
    """Return the chart of the three verbs for each height beside the published claim."""
    rows = list(result.rows)
    left_in, right_in = 0.8, 0.05
    with style.look():
        title = f"Detect, track, engage: {result.system_name} against {style.with_article(result.target_name)}"
        subtitle = "Range by height of the target, and what binds it" if len(rows) > 1 else "Range and what binds it"
        caption = (
            f"Thick bar and marker: preset {result.preset}, median over bearings. Whisker: every published figure at "
            f"its unfavourable and at its favourable end. Search {result.search_radar_name}, engagement "
            f"{result.engagement_radar_name}, interceptor {result.interceptor_name}. Dashed: the published range, "
            f"which is a yardstick and no limit. {style.source_line(result.sources)}"
        )
        frame = style.framed(title, subtitle, caption, ROW_IN * len(rows) + 0.85)
        axes = frame.axes(left_in, 0.5, right_in, 0.25)
        right = _right_edge_km(result, frame.width_in - left_in - right_in)
        axes.set_xlim(0.0, right)
        axes.set_ylim(-0.5, len(rows) - 0.5)
        for k, row in enumerate(rows):
            for verb, offset in zip(style.VERBS, (0.28, 0.0, -0.28), strict=True):
                _draw_verb(axes, k + offset, verb, getattr(row, verb), result.claim_km)
            if k:
                axes.axhline(k - 0.5, color=style.FAINT, lw=0.6, zorder=0)
        _draw_claim(axes, result, len(rows) - 0.5)
        axes.set_yticks(range(len(rows)), [style.height_text(row.altitude_m) for row in rows], weight="bold")
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("Range [km]")
        return frame.figure

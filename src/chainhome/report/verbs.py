"""Detect, track, engage against the claim: three ranges for each height, each with its band and what binds.

In comes a reach result; out comes a figure. Each range is written after its whisker; where that text would cross the
line of the claim, it stands on its bar, or on two lines, or beyond the claim, so that nothing hides that line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from chainhome.reach import distance_digits
from chainhome.report import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from chainhome.reach.result import ReachResult

ROW_IN = 0.7
TEXT_PT = 8.0
GAP_IN = 0.09
NO_INTERCEPTOR = "no interceptor"
Side = Literal["after", "on", "beyond"]


class _Label(NamedTuple):
    """A text and where it stands: after the whisker, on the bar or beyond the claim; its ends in km."""

    text: str
    side: Side
    left_km: float
    right_km: float


def has_interceptor(result: ReachResult) -> bool:
    """Tell whether the system can engage at all; without an interceptor its engage ranges are NaN."""
    return any(style.known(row.engage.range_km) for row in result.rows)


def binding_text(reach: Any) -> str:
    """Say in a few words what binds a range, and the detect limit behind it where the timeline binds.

    >>> from types import SimpleNamespace
    >>> binding_text(SimpleNamespace(range_km=40.0, binding="timeline", driven_by="horizon"))
    'timeline, driven by horizon'
    >>> binding_text(SimpleNamespace(range_km=float("nan"), binding="interceptor", driven_by=None))
    'no interceptor'
    """
    if not style.known(reach.range_km):
        return NO_INTERCEPTOR
    words = style.LIMIT_WORDS.get(reach.binding or "none", str(reach.binding))
    behind = style.LIMIT_WORDS.get(reach.driven_by, reach.driven_by) if reach.driven_by else ""
    return f"{words}, driven by {behind}" if behind else words


def verb_text(verb: str, reach: Any) -> str:
    """Say how far a verb reaches.

    >>> from types import SimpleNamespace
    >>> [verb_text("engage", SimpleNamespace(range_km=km)) for km in (61.4, 0.0, float("nan"))]
    ['engage 61 km', 'engage not at all', 'engage: no interceptor']
    """
    if not style.known(reach.range_km):
        return f"{verb}: {NO_INTERCEPTOR}"
    return f"{verb} {style.distance_text(reach.range_km) if reach.range_km > 0 else 'not at all'}"


def _words(verb: str, reach: Any) -> str:
    said = verb_text(verb, reach)
    return f"{said}: {binding_text(reach)}" if style.known(reach.range_km) else said


def _tip_km(reach: Any) -> float:
    """Return where bar and whisker end."""
    return max((float(value) for value in (reach.range_km, reach.high_km) if style.known(value)), default=0.0)


def _place(verb: str, reach: Any, claim_km: float, km_per_in: float) -> _Label:
    """Return a text that crosses neither whisker nor claim, with its place."""
    words = _words(verb, reach)
    broken = words.replace(": ", ":\n")
    wide, narrow = (
        km_per_in * max(style.text_size_in(line, TEXT_PT)[0] for line in text.split("\n")) for text in (words, broken)
    )
    gap, tip = GAP_IN * km_per_in, _tip_km(reach)
    free = not style.known(claim_km) or claim_km < tip + 0.3 * gap
    if free or tip + 1.6 * gap + wide < claim_km:
        return _Label(words, "after", tip + gap, tip + gap + wide)
    start = min(value for value in (reach.range_km, reach.low_km) if style.known(value))
    if wide + 4.0 * gap < start:
        return _Label(words, "on", start - 1.6 * gap - wide, start - 1.6 * gap)
    if tip + 1.6 * gap + narrow < claim_km:
        return _Label(broken, "after", tip + gap, tip + gap + narrow)
    return _Label(broken, "beyond", claim_km + gap, claim_km + gap + narrow)


def _right_edge_km(result: ReachResult, axes_in: float) -> float:
    """Return the range at the right edge such that every text still fits, wherever it has to stand."""
    claims = [value for value in (result.claim_km, result.claim_high_km) if style.known(value)]
    verbs = [(verb, getattr(row, verb)) for row in result.rows for verb in style.VERBS]
    edge = 1.04 * max([*claims, *(_tip_km(reach) for _, reach in verbs), 10.0])
    # A wider scale makes texts longer in km, so that one more may have to move: a few rounds settle it.
    for _ in range(40):
        ends = [_place(verb, reach, result.claim_km, edge / axes_in).right_km for verb, reach in verbs]
        if max(ends) <= edge:
            break
        edge *= 1.02
    return edge


def _draw_verb(axes: Axes, y: float, verb: str, reach: Any, claim_km: float) -> None:
    km_per_in = axes.get_xlim()[1] / (axes.bbox.width / axes.figure.dpi)
    colour = style.VERB_COLOURS[verb]
    end = max(float(reach.range_km), 0.0) if style.known(reach.range_km) else 0.0
    if end > 0:
        axes.plot([0, end], [y, y], color=colour, lw=2.2, alpha=0.55, solid_capstyle="butt", zorder=3)
    if style.known(reach.low_km) and style.known(reach.high_km) and reach.high_km - reach.low_km > 1.0:
        axes.plot([reach.low_km, reach.high_km], [y, y], color=colour, lw=0.9, zorder=4)
        covered = 0.06 * km_per_in  # what the marker hides
        for edge in (edge for edge in (reach.low_km, reach.high_km) if abs(edge - end) > covered):
            axes.plot([edge, edge], [y - 0.09, y + 0.09], color=colour, lw=0.9, zorder=4)
    if style.known(reach.range_km):
        axes.plot(end, y, style.VERB_MARKERS[verb], ms=6.2, color=colour, mec="white", mew=0.8, zorder=5, clip_on=False)
    label = _place(verb, reach, claim_km, km_per_in)
    if label.side == "beyond":
        tip = _tip_km(reach) + 0.5 * GAP_IN * km_per_in
        axes.plot([tip, label.left_km - 0.3 * GAP_IN * km_per_in], [y, y], color=colour, lw=0.5, ls=":", zorder=1.5)
    plate = {"boxstyle": "square,pad=0.25", "fc": "white", "ec": "none"} if label.side == "on" else None
    look: dict[str, Any] = {"size": TEXT_PT, "color": colour, "va": "center", "zorder": 6, "bbox": plate}
    axes.text(label.left_km, y, label.text, linespacing=1.0, **look)


def _draw_claim(axes: Axes, result: ReachResult, top: float) -> None:
    if not style.known(result.claim_km):
        return
    low, high = result.claim_low_km, result.claim_high_km
    spread = ""
    if style.known(low) and style.known(high) and high > low:
        axes.axvspan(low, high, color="#3a3f4a", alpha=0.09, lw=0, zorder=1)
        spread = f" ({distance_digits(low)}–{distance_digits(high)} published)"
    axes.axvline(result.claim_km, color=style.CLAIM, lw=1.4, ls=(0, (6, 2.5)), zorder=2)
    text = f"claim {style.distance_text(result.claim_km)}{spread}"
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
        second = f", engagement {result.engagement_radar_name}, interceptor {result.interceptor_name}"
        claim = (
            "Dashed: the published range, which is a yardstick and no limit. " if style.known(result.claim_km) else ""
        )
        caption = (
            f"Thick bar and marker: preset {result.preset}, median over bearings. Whisker: every published figure at "
            f"its unfavourable and at its favourable end. Search {result.search_radar_name}"
            f"{second if has_interceptor(result) else ', no interceptor'}. {claim}{style.source_line(result.sources)}"
        )
        frame = style.framed(title, subtitle, caption, ROW_IN * len(rows) + 0.85)
        axes = frame.axes(left_in, 0.5, right_in, 0.25)
        axes.set_xlim(0.0, _right_edge_km(result, frame.width_in - left_in - right_in))
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

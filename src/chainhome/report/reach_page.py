"""The page of `reach`: the sentence, the table of the three verbs, the pictures, the rules, claims and sources.

In comes a reach result; out come three PNG files and one HTML file that holds them all.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainhome.reach import distance_digits
from chainhome.report import page, style
from chainhome.report.arc import draw_arc
from chainhome.report.reach_map import draw_reach_map
from chainhome.report.verbs import binding_text, draw_verbs, has_interceptor, verb_text
from chainhome.report.vertical import draw_vertical

if TYPE_CHECKING:
    from chainhome.reach.result import ReachResult

REFERENCES = {
    "ground": "height above the ground beneath the target",
    "sea level": "height above mean sea level",
    "trajectory": "ballistic trajectory",
}
NOT_SHOWN = (
    "One site alone: other sensors, other batteries and what they would hand over are not counted.",
    "No jamming, no decoys, no weather beyond standard air, no ducting, no failures, no crews, no rules of engagement.",
    "A range is where the numbers above end, and no promise that anything is detected or hit inside it.",
)


def _alt_texts(result: ReachResult) -> dict[str, str]:
    shown = [f"{style.height_text(row.altitude_m)}: {style.distance_text(row.detect.range_km)}" for row in result.rows]
    target = style.with_article(result.target_name)
    claim = style.distance_text(result.claim_km)
    verbs = [
        f"{style.height_text(row.altitude_m)}: "
        + ", ".join(verb_text(verb, getattr(row, verb)) for verb in style.VERBS)
        for row in result.rows
    ]
    return {
        "map": f"Map around {result.site_name}: contours of where {target} is detected (median by height: "
        f"{'; '.join(shown)}) inside the dashed ring of the claimed {claim}.",
        "vertical": f"Vertical chart: share of bearings on which {target} is detected, by ground range and height, "
        f"with the radar horizon and the claimed {claim}. The table of the three verbs gives its numbers.",
        "verbs": f"Bars of detect, track and engage ranges beside the claimed {claim}. {'; '.join(verbs)}.",
    }


def _arc_words(result: ReachResult) -> list[str]:
    (row,) = result.rows
    return [verb_text(verb, getattr(row, verb)) for verb in style.VERBS]


def draw_pictures(result: ReachResult) -> dict[str, page.Picture]:
    """Return the pictures by name: map, vertical (if the result has a vertical chart) and verbs."""
    alt = _alt_texts(result)
    named = {
        "map": (
            "Map of detection",
            "Where a contour lies inside the dashed ring, a target at that height is lost nearer than the claim says.",
        ),
        "vertical": (
            "Vertical chart of detection",
            "White beneath the shading is where the target comes unseen: the lower it flies, the nearer it comes.",
        ),
        "verbs": (
            "Detect, track, engage against the claim",
            "To detect is not yet to engage: each step needs time and has limits of its own.",
        ),
    }
    figures = {"map": draw_reach_map(result)}
    if result.vertical is not None:
        figures["vertical"] = draw_vertical(result)
    if result.arc is not None:
        figures["vertical"] = draw_arc(result)
        alt["vertical"] = f"Side view of the arc: {'; '.join(_arc_words(result))}."
        named["vertical"] = ("The arc from the side", "It is met where it comes low and near, if there is time.")
    figures["verbs"] = draw_verbs(result)
    return {
        name: page.Picture(style.png(drawn), named[name][0], alt[name], named[name][1])
        for name, drawn in figures.items()
    }


def _range_cell(reach: Any) -> page.Markup:
    if not style.known(reach.range_km):
        return page.element("strong", binding_text(reach))
    if not reach.range_km > 0:
        return page.cell(page.element("strong", "not at all"), binding_text(reach))
    band = f"{style.distance_text(reach.low_km)} to {style.distance_text(reach.high_km)}"
    spread = f"by bearing {style.distance_text(reach.bearing_p10_km)} to {style.distance_text(reach.bearing_p90_km)}"
    farthest = f"farthest point {style.distance_text(reach.farthest_km)}"
    small = page.joined((f"band {band}", spread, farthest), page.Markup("<br>"))
    words = page.joined((page.element("strong", style.distance_text(reach.range_km)), binding_text(reach)), ", ")
    return page.cell(words, small)


def _verb_table(result: ReachResult) -> page.Markup:
    reference = REFERENCES.get(result.altitude_reference, result.altitude_reference)
    head = ("Height", *(verb.capitalize() for verb in style.VERBS))
    rows = [
        (style.height_text(row.altitude_m), *(_range_cell(getattr(row, verb)) for verb in style.VERBS))
        for row in result.rows
    ]
    caption = (
        f"Median range over bearings and what binds it; {reference}. Band: every published figure at its unfavourable "
        "and favourable end. By bearing: 10th to 90th percentile. Farthest: the last point seen on any bearing."
    )
    return page.table(caption, head, rows)


def _limit_table(result: ReachResult) -> page.Markup:
    names = [name for name in style.LIMIT_WORDS if any(row.limits_km.get(name) is not None for row in result.rows)]
    head = ("Limit", *(style.height_text(row.altitude_m) for row in result.rows))
    rows = [
        (style.LIMIT_WORDS[name], *(_limit_text(name, row.limits_km.get(name)) for row in result.rows))
        for name in names
    ]
    caption = (
        "Every limit on the median bearing, by height of the target; a dash where a limit does not apply. A radar that "
        "stares leaves nothing outside its sector; the notes say which radar that is."
    )
    return page.table(caption, head, rows, range(1, len(head)))


def _limit_text(name: str, limit_km: float | None) -> str:
    return "0 km outside it" if name == "sector" and limit_km == 0.0 else style.distance_text(limit_km)


def _claim_table(result: ReachResult) -> page.Markup:
    rows = []
    for path, claim in result.claims:
        standing = ", ".join(
            part
            for part in (
                page.field(claim, "status"),
                f"confidence {page.field(claim, 'confidence')}",
                "contested" if getattr(claim, "contested", False) else "",
            )
            if part
        )
        rows.append((path, page.cell(claim, page.field(claim, "note")), standing, _claim_sources(claim)))
    head = ("Claim", "Value and band", "Standing", "Source and date")
    return page.table("Every claim that the result used.", head, rows) if rows else page.Markup("")


def _claim_sources(claim: Any) -> str:
    parts = [", ".join(getattr(claim, "sources", ())) or "no source", page.field(claim, "date")]
    return "; ".join(part for part in parts if part)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:].rstrip('.')}." if words else ""


def reach_html(result: ReachResult, pictures: dict[str, page.Picture]) -> str:
    """Return the page of a result with its pictures inside."""
    about = f"{result.system_name} against {style.with_article(result.target_name)} at {result.site_name}"
    claimed = "No range of it is published"
    if style.known(result.claim_km):
        claimed = f"The published range is {style.distance_text(result.claim_km)}"
    if style.known(result.claim_high_km) and result.claim_high_km > result.claim_low_km:
        low, high = distance_digits(result.claim_low_km), style.distance_text(result.claim_high_km)
        claimed += f" (published figures run from {low} to {high})"
    ground = "smooth earth" if result.smooth else "real terrain"
    second = f"engagement {result.engagement_radar_name}, interceptor {result.interceptor_name}"
    second = second if has_interceptor(result) else "no interceptor"
    setting = (
        f"{claimed}. Antenna {result.antenna_m:.0f} m above the ground at {result.lat_deg:.4f}°, "
        f"{result.lon_deg:.4f}°, ground {result.site_ground_m:.0f} m above sea level; {ground}. Preset "
        f"{result.preset}: search {result.search_radar_name}, {second}. "
        f"{_sentence(result.preset_note)}"
    )
    if result.sector_deg is not None:
        setting += f" The radar watches {result.sector_deg:.0f}° at a time; ranges are inside that sector."
    header = page.joined(
        (
            page.element("p", about, "kicker"),
            page.element("h1", result.sentence),
            page.element("p", result.second_sentence, "answer"),
            page.element("p", setting),
        )
    )
    rules = [page.joined((page.element("strong", key), value), ": ") for key, value in result.rules]
    vertical = page.figure(pictures["vertical"]) if "vertical" in pictures else ""
    body = (
        page.section("Detect, track, engage", _verb_table(result), page.figure(pictures["verbs"])),
        page.section("Where", page.figure(pictures["map"])),
        page.section("At which height", vertical),
        page.section("What binds", _limit_table(result)),
        page.section("What this does not show", page.items((*result.notes, *NOT_SHOWN))),
        page.section("Rules by which the claims were read", page.items(rules)),
        page.section("Claims used", _claim_table(result)),
        page.section("Sources", page.sources(result.sources)),
    )
    footer = "Made with chainhome from published figures. Coast, borders and cities: Natural Earth and GeoNames."
    return page.document(about, header, body, footer)


def write_reach_report(result: ReachResult, folder: Path) -> list[Path]:
    """Write map.png, vertical.png, verbs.png and reach.html into a folder, which is made; return their paths.

    Without a vertical chart in the result there is no vertical.png. Raises ChainhomeError where writing fails.
    """
    pictures = draw_pictures(result)
    # The page first: it marks the folder as an answer, which may be written over, should the pictures fail.
    contents = {"reach.html": reach_html(result, pictures).encode("utf-8")}
    contents |= {f"{name}.png": picture.png for name, picture in pictures.items()}
    page, *drawn = [style.write_bytes(folder / name, content) for name, content in contents.items()]
    return [*drawn, page]

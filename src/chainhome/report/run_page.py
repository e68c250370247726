"""The report of a run: the two questions and their answers, tables, pictures, assumptions, sources, versions.

In comes a run as it was read from its folder; out comes one HTML file that asks for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainhome.process import background
from chainhome.report import page, run_data, style
from chainhome.report.ppi import draw_ppi
from chainhome.report.run_map import draw_run_map
from chainhome.report.run_side import draw_side_view
from chainhome.report.score_plots import draw_confusion, draw_detection, draw_gospa, draw_timeline

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chainhome.formats.run_folder import Run

QUESTIONS = {"radars": "Do the radars work?", "identity": "Can they tell friend from enemy?"}
VARIANTS = {"as_fielded": "as fielded", "shared_secure_mode": "with a secure IFF mode that radar and aircraft share"}
NOT_SHOWN = (
    "One simulated trial with one seed: another seed gives other numbers.",
    "A simulation on published figures proves nothing of the real radar.",
    "No jamming, no decoys, no weather beyond standard air, no failures, no crews; nothing is fired.",
    "Flights of the trial follow plausible routes; the true ones were not published.",
)


GOSPA_ROWS = {
    "mean_m": "GOSPA, mean over time",
    "rms_m": "GOSPA, root mean square over time",
    "localisation_m": "its part from misplaced tracks",
    "missed_m": "its part from missed aircraft",
    "false_m": "its part from false tracks",
    "localisation_per_target_m": "misplaced by, for one aircraft",
}
WORDS = (
    ("pass", "The beam of a radar sweeps across the direction of an aircraft, once a scan."),
    ("look", "A pass at which the aircraft is in view: no ground, sector edge or end of range hides it."),
    ("plot", "What a look that succeeds leaves: one measured place at one time. A false alarm is a plot of nothing."),
    ("scan", "One full turn of a radar, or one sweep of its sector."),
    ("track", "Plots joined to one flight; confirmed once enough of them agree."),
    ("purity", "The share of a track's plots that truly came from its aircraft."),
    ("GOSPA", "One length for how far all tracks are from all aircraft: misplaced, missed and false ones together."),
)


def _percent(share: float | None) -> str:
    return "–" if share is None or share != share else f"{share:.0%}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} s"


def _radar_tables(run: Run) -> page.Markup:
    """Return the table of the trial's own aircraft, and folded up behind it that of the civil traffic."""
    entries = run_data.summary(run, "radars") or []
    traffic = background({"tracks": run_data.summary(run, "tracks"), "radars": entries})
    own = _radar_table(run, "Detection", [entry for entry in entries if entry["target"] not in traffic])
    civil = [entry for entry in entries if entry["target"] in traffic]
    rest = _radar_table(run, "Detection of the civil traffic", civil)
    folded = f"<details><summary>The same for the civil traffic</summary>{rest}</details>" if rest else ""
    return page.Markup(f"{own}{folded}")


def _radar_table(run: Run, what: str, entries: list[dict[str, Any]]) -> page.Markup:
    rows = []
    for entry in entries:
        first = "never"
        if entry.get("first_detection_s") is not None:
            away = style.distance_text(entry.get("first_detection_km"))
            first = f"{away}, {run_data.clock(run, entry['first_detection_s'])}"
        before = entry.get("bound_before") or ""
        interval = f"{_percent(entry.get('pd_low'))} to {_percent(entry.get('pd_high'))}"
        counts: str = "–"
        measured = predicted = page.text("–")
        if entry.get("looks"):
            counts = f"{entry.get('detected', 0):,} of {entry['looks']:,}"
            measured = page.cell(_percent(entry.get("pd_measured")), interval)
            predicted = page.cell(_percent(entry.get("pd_predicted")), f"{entry.get('predicted') or 0.0:,.0f} plots")
        limit = style.LIMIT_WORDS.get(before, before) or ("–" if first == "never" else "in view from its start")
        rows.append((entry["target"], entry["sensor"], first, limit, counts, measured, predicted))
    head = ("Target", "Sensor", "First detection", "Hidden until then by", "Plots of looks", "Measured", "Predicted")
    caption = f"{what} by target and sensor: share of looks that gave a plot, its 95% interval, and the prediction."
    return page.table(caption, head, rows, (4, 5, 6)) if rows else page.Markup("")


def _track_table(run: Run) -> page.Markup:
    rows = [
        (
            page.cell(entry["target"], f"{entry.get('allegiance', '')}, {entry.get('origin', '')}"),
            "never" if entry.get("first_confirmed_s") is None else run_data.clock(run, entry["first_confirmed_s"]),
            page.cell(_percent(_of_flight(entry)), _seconds(entry.get("tracked_s"))),
            _percent(entry.get("completeness")),
            entry.get("breaks", "–"),
            entry.get("switches", "–"),
            _percent(entry.get("purity")),
            _seconds(entry.get("longest_s")),
        )
        for entry in run_data.summary(run, "tracks") or []
    ]
    head = (
        "Target",
        "First confirmed",
        "Of its flight",
        "Of its time in view",
        "Lost in view",
        "Switches",
        "Purity",
        "Longest track",
    )
    caption = (
        "Track continuity by target: share of its whole flight and of its time in view under a confirmed track; how "
        "often it was lost while in view, or took another track number; share of its track's plots that were its own."
    )
    return page.table(caption, head, rows, range(2, 8)) if rows else page.Markup("")


def _of_flight(entry: dict[str, Any]) -> float | None:
    flight = entry.get("flight_s") or 0.0
    return entry.get("tracked_s", 0.0) / flight if flight > 0 else None


def _gospa_table(run: Run) -> page.Markup:
    whole = run_data.summary(run, "gospa")
    if not whole:
        return page.Markup("")
    rows = [(words, f"{whole[key]:,.0f} m") for key, words in GOSPA_ROWS.items() if style.known(whole.get(key))]
    caption = (
        f"GOSPA over the run: order {whole.get('p', 2):g}, cut-off {whole.get('c_m', 0):,.0f} m. The parts are root "
        "mean squares over time; their squares add up to that of the whole."
    )
    return page.table(caption, ("Part", "Value"), rows, (1,)) if rows else page.Markup("")


def _confusion_table(confusion: dict[str, Any], variant: str) -> page.Markup:
    columns = [str(name) for name in confusion["labels_declared"]]
    rows = []
    for label, seconds in zip(confusion["labels_true"], confusion[variant], strict=True):
        total = sum(seconds)
        shares = [page.cell(_percent(part / total if total else None), _seconds(part)) for part in seconds]
        rows.append((f"truly {label}", *shares))
    caption = f"Who was taken for whom, {VARIANTS[variant]}: share of track time, and seconds."
    return page.table(caption, ("", *(f"declared {name}" for name in columns)), rows, range(1, len(columns) + 1))


def _pictures(run: Run) -> dict[str, page.Picture]:
    cases = len([name for name in VARIANTS if name in run_data.summary(run, "confusion")])
    draws: dict[str, tuple[Callable[[Run], Figure | None], str, str, str]] = {
        "map": (
            draw_run_map,
            "Map of the run",
            _map_alt(run),
            "Colour is what the system declared, not what the aircraft is; black alone means that no confirmed track "
            "followed it there.",
        ),
        "detection": (
            draw_detection,
            "Detection against prediction",
            "Measured share of looks detected beside the predicted one, by target; the table has the numbers.",
            "Simulation and prediction agree where the line lies inside the bar; about one bar in twenty misses by "
            "chance.",
        ),
        "side": (
            draw_side_view,
            "Height against ground range",
            _first_alt(run),
            "The lower an aircraft flies, the nearer it comes before it is seen first.",
        ),
        "ppi": (
            draw_ppi,
            "Scope of the acquisition radar",
            "Plots of the acquisition radar by range and azimuth.",
            "What the radar alone delivers: the tracker must find the aircraft among the false alarms.",
        ),
        "timeline": (
            draw_timeline,
            "Track life by target",
            "For each aircraft the times at which a confirmed track followed it; the track table has the numbers.",
            "",
        ),
        "gospa": (
            draw_gospa,
            "GOSPA over time",
            "GOSPA and its localisation part over time, and how often an aircraft was missed or a track was false.",
            "0 would be a perfect picture; the lower panel tells how often it lacked something or showed too much.",
        ),
        "confusion": (
            draw_confusion,
            "Who was taken for whom",
            f"{'Two tables' if cases > 1 else 'A table'} of what was declared of friends, neutrals and hostiles; the "
            f"{'tables' if cases > 1 else 'table'} below {'have' if cases > 1 else 'has'} the numbers.",
            "",
        ),
    }
    found: dict[str, page.Picture] = {}
    for key, (draw, name, alt, caption) in draws.items():
        drawn = draw(run)
        if drawn is not None:
            found[key] = page.Picture(style.png(drawn), name, alt, caption)
    return found


def _map_alt(run: Run) -> str:
    flights = run_data.paths(run)
    named = ", ".join(path.name for path in flights if path.named)
    return (
        f"Map of {len(flights)} flights with their confirmed tracks by declared affiliation; named: {named or 'none'}."
    )


def _first_alt(run: Run) -> str:
    firsts = [
        f"{entry['target']} at {style.distance_text(entry.get('first_detection_km'))}"
        for entry in run_data.summary(run, "radars") or []
        if entry.get("first_detection_s") is not None
    ]
    return f"Height against ground range of every flight. First detections: {'; '.join(firsts[:12]) or 'none'}."


def _header(run: Run) -> page.Markup:
    record = run.record
    answers = run_data.summary(run, "answers")
    parts: list[object] = [page.element("p", "A simulated trial, with its numbers", "kicker")]
    parts.append(page.element("h1", record.get("title", "Run")))
    if record.get("status") != "complete":
        parts.append(
            page.element("p", f"This run is {record.get('status', 'of unknown status')}: it shows a part.", "answer")
        )
    for key, question in QUESTIONS.items():
        answer = answers.get(key) or "The run does not say."
        parts.append(page.element("p", page.joined((page.element("strong", question), answer), " "), "answer"))
    return page.joined(parts)


def _made_with(run: Run) -> page.Markup:
    record = run.record
    origin = record.get("origin", {})
    versions = ", ".join(f"{name} {version}" for name, version in record.get("versions", {}).items())
    rows = [
        ("Seed", record.get("seed", "–")),
        ("Start (UTC)", record.get("epoch_utc", "–")),
        ("Origin", f"{origin.get('name', '')} {origin.get('lat_deg', 0):.4f}°, {origin.get('lon_deg', 0):.4f}°"),
        ("Versions", versions or "–"),
        ("Catalogue", record.get("catalogue_hash", "–")),
        ("Status", record.get("status", "–")),
    ]
    return page.table("The same seed, versions and catalogue give the same tables.", ("What", "Value"), rows)


def _command(run: Run) -> page.Markup:
    command = run.record.get("command")
    return page.element("p", page.element("code", command)) if isinstance(command, str) else page.Markup("")


def run_html(run: Run) -> str:
    """Return the report of a run as one HTML text."""
    pictures = _pictures(run)
    confusion = run_data.summary(run, "confusion")

    def picture(name: str) -> object:
        return page.figure(pictures[name]) if name in pictures else ""

    tables = [_confusion_table(confusion, variant) for variant in VARIANTS if variant in confusion]
    record = run.record
    body = (
        page.section("Words used here", page.terms(WORDS)),
        page.section("The trial on the map", picture("map")),
        page.section(QUESTIONS["radars"], _radar_tables(run), picture("detection"), picture("side"), picture("ppi")),
        page.section("Tracks", _track_table(run), picture("timeline"), _gospa_table(run), picture("gospa")),
        page.section(QUESTIONS["identity"], picture("confusion"), *tables),
        page.section("Assumptions", page.items(record.get("assumptions", []))),
        page.section("What this does not show", page.items(NOT_SHOWN)),
        page.section("Sources", page.sources(record.get("sources", []))),
        page.section("How to repeat it", _command(run), _made_with(run)),
    )
    footer = "Made with chainhome from published figures. Coast, borders and cities: Natural Earth and GeoNames."
    return page.document(str(record.get("title", "Run")), _header(run), body, footer)


def write_run_report(run: Run, path: Path) -> Path:
    """Write the report of a run to a file, which is replaced, and return its path. Raises ChainhomeError on failure."""
    return style.write_bytes(path, run_html(run).encode("utf-8"))

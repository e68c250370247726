"""`reach`: a claim against a target. For each altitude, at the value and at both ends of every claim, each limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chainhome import earth, motion
from chainhome.catalogue import Aircraft, Catalogue, Claim, System
from chainhome.errors import UseError
from chainhome.reach.approach import ballistic_approach, level_approach
from chainhome.reach.detect import Detection, detect
from chainhome.reach.ends import Setting, common_grid, mast_note, of_variants, setting
from chainhome.reach.engage import Engaged, chain_start, engage
from chainhome.reach.narrate import claims_used, first_sentence, notes, second_sentence
from chainhome.reach.result import LIMIT_NAMES, Arc, ReachResult, ReachRow, VerbRange, VerticalChart, rule_texts
from chainhome.reach.rules import in_order
from chainhome.reach.track import confirmed_m
from chainhome.scenario import Place
from chainhome.scenario.reading import ENDS, End, TargetFigures

Floats = NDArray[np.float64]

DEFAULT_ALTITUDES_M = (30.0, 100.0, 300.0, 1_000.0, 3_000.0, 10_000.0)
VERTICAL_TOP_M = 20_000.0
HIGHEST_ALTITUDE_M = 100_000.0


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked: whose claim, against what, where, how high, how sure."""

    system: System
    aircraft: Aircraft
    place: Place
    preset: str = "middle"
    altitudes_m: tuple[float, ...] = DEFAULT_ALTITUDES_M
    above_sea: bool = False
    antenna_m: float | None = None
    detection_probability: float = 0.5
    terrain: earth.Terrain | None = None
    vertical: bool = False


def reach(question: Question, catalogue: Catalogue) -> ReachResult:
    """Answer a question; raises UseError where it cannot be asked."""
    system, preset_name, place = question.system, question.preset, question.place
    grid = None if question.terrain is None else common_grid(system, preset_name, place, question.terrain)
    ends = {
        end: setting(system, preset_name, question.aircraft, place, question.terrain, question.antenna_m, end, grid)
        for end in ENDS
    }
    value = ends["value"]
    trajectory = is_ballistic(question.aircraft)
    heights: Sequence[float | None] = (None,) if trajectory else question.altitudes_m
    for height in heights:
        _check_height(question, height, value.fan)
    rows = tuple(_row(question, height, ends) for height in heights)
    preset = question.system.presets[question.preset]
    headline = question.system.claims["headline_range"].si
    sector = value.search.sector_width_rad
    used = claims_used(question.system, preset, question.aircraft)
    rules = in_order(_rules(question, value, used))
    return ReachResult(
        system_key=question.system.key,
        system_name=question.system.name,
        target_key=question.aircraft.key,
        target_name=question.aircraft.name,
        preset=question.preset,
        preset_note=preset.note,
        search_radar_name=value.search.name,
        engagement_radar_name=value.engagement.name,
        interceptor_name=value.interceptor.name if value.interceptor else "none",
        site_name=question.place.name,
        lat_deg=float(np.degrees(question.place.lat_rad)),
        lon_deg=float(np.degrees(question.place.lon_rad)),
        antenna_m=value.fan.antenna_msl_m - value.fan.site_ground_m,
        site_ground_m=value.fan.site_ground_m,
        altitude_reference="trajectory" if trajectory else "sea level" if question.above_sea else "ground",
        smooth=question.terrain is None,
        detection_probability=question.detection_probability,
        claim_km=headline.value / 1e3,
        claim_low_km=headline.low / 1e3,
        claim_high_km=headline.high / 1e3,
        sector_deg=float(np.degrees(sector)) if np.isfinite(sector) else None,
        bearings_rad=value.fan.bearings_rad,
        rows=rows,
        vertical=_vertical(question, value) if question.vertical and not trajectory else None,
        arc=_arc(value) if trajectory else None,
        rules=rule_texts(rules),
        sources=tuple(catalogue.source(key) for key in sorted({k for _, claim in used for k in claim.sources})),
        claims=used,
        sentence=first_sentence(question.aircraft, question.system, rows, sector),
        second_sentence=second_sentence(rows, headline.value / 1e3),
        notes=notes(
            question.terrain,
            value,
            used,
            ballistic=trajectory,
            mast=mast_note(question.system, question.antenna_m),
        ),
    )


def is_ballistic(aircraft: Aircraft) -> bool:
    """Return whether a target class flies a ballistic arc, which has no altitude row."""
    return "burnout_speed" in aircraft.claims


def _check_height(question: Question, height: float | None, fan: earth.Fan) -> None:
    if height is None:
        return
    if not height <= HIGHEST_ALTITUDE_M:
        raise UseError(f"altitude {height:g} m must be at most {HIGHEST_ALTITUDE_M / 1e3:g} km")
    if height <= 0.0 and not question.above_sea:
        raise UseError(f"altitude {height:g} m above ground must be positive")
    if question.above_sea and height <= fan.site_ground_m:
        raise UseError(
            f"altitude {height:g} m above mean sea level is below the ground at {question.place.name} "
            f"({fan.site_ground_m:.0f} m); leave out --msl to count from the ground"
        )


@dataclass(frozen=True, eq=False)
class _Verbs:
    """The three verbs against one variant of the target, by bearing."""

    search: Detection
    track_m: Floats
    engaged: Engaged | None


def _verbs(question: Question, height: float | None, at_end: Setting, target: TargetFigures) -> _Verbs:
    fan, end, pd = at_end.fan, at_end.end, question.detection_probability
    smooth = question.terrain is None
    approach = (
        ballistic_approach(target, fan) if height is None else level_approach(height, question.above_sea, target, fan)
    )
    search = detect(at_end.search, approach, fan, pd=pd, end=end, smooth=smooth)
    track = confirmed_m(search, approach, fan.ranges_m, at_end.search.period_s)
    if at_end.interceptor is None:
        return _Verbs(search, track, None)
    same = at_end.engagement is at_end.search
    second = search if same else detect(at_end.engagement, approach, fan, pd=pd, end=end, smooth=smooth)
    start, behind = chain_start(track, search, second)
    return _Verbs(search, track, engage(start, behind, approach, fan, at_end.interceptor, at_end.reaction_s))


def _row(question: Question, height: float | None, ends: dict[End, Setting]) -> ReachRow:
    by_end = {
        end: [_verbs(question, height, at_end, target) for target in at_end.targets] for end, at_end in ends.items()
    }
    (value,) = by_end["value"]
    detected = [of_variants(end, [verbs.search.range_m for verbs in by_end[end]]) for end in ENDS]
    tracked = [of_variants(end, [verbs.track_m for verbs in by_end[end]]) for end in ENDS]
    binding = value.search.binding()
    index = _median_index(value.search.range_m)
    shown = {name: values[index] for name, values in value.search.limits_m.items()}
    if _stares(ends["value"]):
        # What a radar that stares leaves outside its sector.
        shown["sector"] = 0.0
    engaged = value.engaged
    if engaged is None:
        engage_verb = _nothing(len(binding))
    else:
        ranges = [of_variants(end, [_engaged_m(verbs) for verbs in by_end[end]]) for end in ENDS]
        engage_verb = _verb(ranges, engaged.binding, engaged.range_m)
        index = _median_index(engaged.range_m)
        if engage_verb.binding == "timeline":
            engage_verb = replace(engage_verb, driven_by=str(engaged.driven_by[index]))
        shown |= {name: values[index] for name, values in engaged.limits_m.items()}
    return ReachRow(
        altitude_m=height,
        detect=_verb(detected, binding, value.search.farthest_m),
        track=_verb(tracked, binding, value.track_m),
        engage=engage_verb,
        limits_km={name: _km_or_none(shown.get(name, np.nan)) for name in LIMIT_NAMES},
    )


def _stares(at_end: Setting) -> bool:
    """Return whether one of the two radars watches a sector only, so that something ends at its edge."""
    widths = [at_end.search.sector_width_rad]
    if at_end.interceptor is not None:
        widths.append(at_end.engagement.sector_width_rad)
    return bool(np.isfinite(widths).any())


def _km_or_none(limit_m: float) -> float | None:
    return float(limit_m) / 1e3 if np.isfinite(limit_m) else None


def _engaged_m(verbs: _Verbs) -> Floats:
    return np.zeros_like(verbs.track_m) if verbs.engaged is None else verbs.engaged.range_m


def _median_index(range_m: Floats) -> int:
    """Return the bearing that holds the (lower) median."""
    return int(np.argsort(range_m, kind="stable")[(len(range_m) - 1) // 2])


def _verb(at_ends: list[Floats], binding: NDArray[np.str_], farthest_m: Floats) -> VerbRange:
    value, low, high = at_ends
    index = _median_index(value)
    middle = value[index]
    return VerbRange(
        range_km=float(middle) / 1e3,
        low_km=float(low[_median_index(low)]) / 1e3,
        high_km=float(high[_median_index(high)]) / 1e3,
        binding=str(binding[index]),
        farthest_km=float(farthest_m.max()) / 1e3,
        bearing_p10_km=float(np.percentile(value, 10)) / 1e3,
        bearing_p90_km=float(np.percentile(value, 90)) / 1e3,
        by_bearing_km=value / 1e3,
    )


def _nothing(bearings: int) -> VerbRange:
    """Return the answer of a system without interceptors: no range, and not one of zero."""
    none = float("nan")
    return VerbRange(none, none, none, "interceptor", none, none, none, np.full(bearings, none))


def _vertical(question: Question, value: Setting) -> VerticalChart:
    """Return the share of bearings on which the target is detected, over ground range and altitude."""
    altitudes = np.concatenate([np.arange(25.0, 1000.0, 25.0), np.arange(1000.0, VERTICAL_TOP_M + 1, 250.0)])
    if question.above_sea:
        altitudes = altitudes[altitudes > value.fan.site_ground_m]
    coarse = replace(value, fan=_every(value.fan, 4, 2))
    shares = []
    for altitude in altitudes:
        approach = level_approach(float(altitude), question.above_sea, value.targets[0], coarse.fan)
        found = detect(
            value.search,
            approach,
            coarse.fan,
            pd=question.detection_probability,
            end="value",
            smooth=question.terrain is None,
        )
        shares.append(found.seen.mean(axis=0))
    return VerticalChart(coarse.fan.ranges_m / 1e3, altitudes, np.array(shares))


def _arc(value: Setting) -> Arc:
    """Return the way of a ballistic missile to the site, at the value of its claims."""
    way = motion.ballistic_arc(value.targets[0].flight_range_m)
    inward = np.argsort(way.distance_to_impact_m)
    altitude = way.altitude_m[inward] + value.fan.site_ground_m
    ceiling = value.interceptor.ballistic_max_altitude_m if value.interceptor else float("nan")
    return Arc(way.distance_to_impact_m[inward] / 1e3, altitude / 1e3, ceiling / 1e3)


def _every(fan: earth.Fan, bearing: int, sample: int) -> earth.Fan:
    """Return a fan with every so many bearings and samples kept (the last of each group of samples)."""
    rows, columns = slice(None, None, bearing), slice(sample - 1, None, sample)
    return replace(
        fan,
        bearings_rad=fan.bearings_rad[rows],
        ranges_m=fan.ranges_m[columns],
        ground_m=fan.ground_m[rows, columns],
        lowest_visible_m=fan.lowest_visible_m[rows, columns],
        ground_visible=fan.ground_visible[rows, columns],
    )


def _rules(question: Question, value: Setting, claims: Sequence[tuple[str, Claim]]) -> set[str]:
    rules = {
        "headline",
        "reference-path",
        "mean-rcs",
        "line-of-sight",
        "clutter",
        "confirmed-track",
        "preset",
        "bearings",
    }
    rules |= {"range-end", "horizon-or-terrain"} | set(value.search.rules) | set(value.engagement.rules)
    rules |= {"ballistic"} if is_ballistic(question.aircraft) else {"inbound", "height-datum"}
    if value.interceptor is not None:
        rules |= {"engagement-chain", "interceptor", "ceiling"}
    if question.terrain is not None:
        rules.add("terrain-grid")
    if any(claim.status == "unverified" for _, claim in claims):
        rules.add("unverified")
    return rules

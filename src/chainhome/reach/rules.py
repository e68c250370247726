"""The reading rules, one sentence each, by the headings of docs/reading-claims.md. Every result names those it used."""

from __future__ import annotations

from collections.abc import Iterable

RULES: dict[str, str] = {
    "band": "low and high put every claim at its unfavourable or favourable end at once: an envelope, no interval",
    "headline": "the seller's range stands beside the rows as a yardstick and limits nothing",
    "range-without-rcs": "a range published without a cross section is read as against 1 to 5 m² (2.2 m²); assumed",
    "range-without-pd": "a published range is read at Pd 0.5 (up to 0.9), Pfa 1e-6, Swerling 1, one scan; assumed",
    "fourth-root": "free-space range goes with the fourth root of the radar cross section",
    "frequency-band": "a radar known by its band letter is computed at the middle of the band",
    "reference-path": "gas loss counts only as the difference from the path of the published range (target at 10 km)",
    "mean-rcs": "the target shows its published cross section, seen from the front",
    "inbound": "the target flies straight at the site at its cruise speed and keeps its height",
    "height-datum": "altitudes are above the ground beneath the target unless --msl; sea level is the ellipsoid",
    "line-of-sight": "straight rays over an earth of 4/3 its radius (band 1.0 to 1.6)",
    "terrain-grid": "terrain cells of 1 arc-minute with clipped peaks: what they hide is too little (optimistic)",
    "range-end": "along a bearing the range is where the target is first lost for more than 5 km",
    "bearings": "each verb has its own median bearing; the limits are those of detection's, and of engagement's",
    "horizon-or-terrain": "terrain binds where the ground ends the range before the smooth horizon would",
    "sector": "a radar that stares sees only its sector: ranges are along its middle, outside they are zero",
    "clutter": "low targets must exceed the ground's echo after Doppler filtering, at any range; assumed",
    "instrumented": "no radar shows targets beyond its instrumented range",
    "confirmed-track": "three detections in five scans, reached with probability 0.9 while flying in; assumed",
    "engagement-chain": "track, engagement radar, reaction time, then fly out at the average speed: the timeline",
    "interceptor": "the interceptor's maximum and minimum slant range, at an assumed average speed",
    "ceiling": "outside the interceptor's altitude band there is no engagement",
    "ballistic": "a two-body arc of least energy without drag that ends at the site, of the published range",
    "preset": "a preset chooses the search radar, the engagement radar and the interceptor",
    "unverified": "claims that no source supports are marked unverified",
}


def in_order(used: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of the rules used, each once, in the order of the page; KeyError for one that it lacks."""
    wanted = set(used)
    if unknown := wanted - set(RULES):
        raise KeyError(f"no reading rule {', '.join(sorted(unknown))}")
    return tuple(key for key in RULES if key in wanted)

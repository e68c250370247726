"""The vertical chart of lobing: how far a target is seen at each elevation, with and without the echo off the ground.

In comes what the reflection is computed from (`LobeChart`); out comes ground range against height over an earth of
effective radius [blake1970]. The ground is one smooth sphere at the level of the site, whatever the
terrain of the maps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chainhome import earth, sensors
from chainhome.coverage.question import CoverageSite, Lobing
from chainhome.report import page, style
from chainhome.report.coverage_key import OUTLINE
from chainhome.report.coverage_raster import SEEN_AT_VALUE, draw_image, rgba
from chainhome.report.coverage_words import site_slugs, unbroken, unverified
from chainhome.scenario.reading import FALSE_ALARM_PROBABILITY, SWERLING_CASE, radar_figures, target_figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from chainhome.catalogue import Aircraft
    from chainhome.coverage.result import Coverage, SiteCoverage

Floats = NDArray[np.float64]

LEAST_TOP_M = 12_000.0
PIXELS = (1_200, 640)
GROUND = "#d9d2c5"


@dataclass(frozen=True, eq=False)
class LobeChart:
    """One radar over a smooth sphere: its frequency, how far it sees the target in free space, and the reflection."""

    radar_name: str
    frequency_hz: float
    free_space_m: float
    antenna_m: float
    radius_m: float
    lobing: Lobing


def lobe_chart(
    asked: CoverageSite, found: SiteCoverage, aircraft: Aircraft, lobing: Lobing, detection_probability: float
) -> LobeChart:
    """Return the chart of one site: everything at the value of its claims, the air's loss left out."""
    radar = radar_figures(asked.system.radars[asked.system.presets[asked.preset].search_radar], "value")
    target = target_figures(aircraft, "value")
    needed, published = (
        float(sensors.required_snr_db(probability, FALSE_ALARM_PROBABILITY, SWERLING_CASE))
        for probability in (detection_probability, radar.reference_pd)
    )
    larger = (target.rcs_m2 / radar.reference_rcs_m2) ** 0.25
    free_space = radar.reference_range_m * larger * 10.0 ** ((published - needed) / 40.0)
    return LobeChart(radar.name, radar.frequency_hz, float(free_space), found.antenna_m, found.surface.radius_m, lobing)


def seen(chart: LobeChart, ground_m: Floats, height_m: Floats) -> NDArray[np.bool_]:
    """Return where a target is seen, at heights above the sphere and ground ranges (m) that broadcast."""
    factor = sensors.propagation_factor(
        chart.frequency_hz,
        chart.antenna_m,
        height_m,
        ground_m,
        radius_m=chart.radius_m,
        surface=chart.lobing.surface,
        polarisation=chart.lobing.polarisation,
        roughness_m=chart.lobing.roughness_m,
    )
    low, high = chart.radius_m + chart.antenna_m, chart.radius_m + height_m
    slant = np.sqrt((high - low) ** 2 + 4.0 * low * high * np.sin(0.5 * ground_m / chart.radius_m) ** 2)
    return np.asarray(chart.free_space_m * factor >= slant)


def draw_lobes(coverage: Coverage, site: SiteCoverage, chart: LobeChart) -> Figure:
    """Return the vertical chart of a site's lobes, with free space and the asked heights beside them."""
    heights = [layer.height_m for layer in site.layers]
    ground_m = site.surface.site_ground_m
    above = [height - ground_m if site.layers[0].above_sea else height for height in heights]
    top = max(1.3 * max(above), LEAST_TOP_M)
    farthest = float(earth.horizon_range_m(chart.antenna_m, top, chart.radius_m))
    far = min(2.05 * chart.free_space_m, 1.05 * farthest)
    target = style.with_article(coverage.target_name)
    with style.look():
        title = f"Lobes: {chart.radar_name} against {target}"
        rough = f"roughness\u00a0{chart.lobing.roughness_m:g} m" if chart.lobing.roughness_m else "no roughness"
        subtitle = unbroken(
            f"{site.name}, {chart.frequency_hz / 1e9:.2g} GHz, {chart.lobing.polarisation} polarisation, antenna "
            f"{chart.antenna_m:.0f} m above a sphere of {chart.lobing.surface} ({rough})"
        )
        text = (
            f"Blue: where a single scan detects it with probability {coverage.detection_probability:g} or more; near "
            "the site the lobes are finer than the picture. Black dashes: how far it would be seen without a "
            "reflection. The frequency is the middle of the published band: true lobes lie elsewhere, about as many "
            "and as deep. White: in view and too weak, between the lobes, beyond them, and along the horizon, where "
            "only diffraction is left. No loss in the air, no terrain. "
            f"{style.source_line(site.sources, unverified(site.claims))}"
        )
        frame = style.framed(title, subtitle, text, 4.2)
        axes = frame.axes(0.62, 0.48, 0.12, 0.05)
        _draw_chart(axes, chart, far / 1e3, top)
        for height, label in zip(above, heights, strict=True):
            if height <= 0.0:  # below the level that reflects
                continue
            axes.axhline(height, color=style.QUIET, lw=0.6, ls=(0, (3, 2)), zorder=4)
            axes.text(
                far / 1e3, height, style.height_text(label), size=7.8, ha="right", va="bottom", zorder=6,
                path_effects=style.halo(),
            )  # fmt: skip
        return frame.figure


def lobe_pictures(coverage: Coverage, charts: list[LobeChart]) -> dict[str, page.Picture]:
    """Return the chart of each site by file name."""
    made = {}
    for site, slug, chart in zip(coverage.sites, site_slugs(coverage), charts, strict=True):
        alt = (
            f"Vertical chart at {site.name}: where {chart.radar_name} sees {style.with_article(coverage.target_name)} "
            f"over a smooth sphere, in lobes; without a reflection to {style.distance_text(chart.free_space_m / 1e3)}."
        )
        said = "White between the lobes: the echo off the ground cancels the direct one, and the target is lost there."
        drawn = style.png(draw_lobes(coverage, site, chart))
        made[f"lobes-{slug}.png" if slug else "lobes.png"] = page.Picture(drawn, f"Lobes at {site.name}", alt, said)
    return made


def _draw_chart(axes: Axes, chart: LobeChart, far_km: float, top_m: float) -> None:
    columns, rows = PIXELS
    ground_km = (np.arange(columns) + 0.5) * far_km / columns
    height_m = (np.arange(rows) + 0.5) * top_m / rows
    hidden_m = np.asarray(earth.lowest_visible_altitude_m(1e3 * ground_km, chart.antenna_m, chart.radius_m))
    image = np.full((rows, columns, 4), rgba("#ffffff"), np.uint8)
    image[seen(chart, 1e3 * ground_km, height_m[:, None])] = rgba(SEEN_AT_VALUE)
    image[height_m[:, None] < hidden_m] = rgba(GROUND)
    draw_image(axes, image[::-1], (0.0, far_km, 0.0, top_m), 1.0)
    axes.set_aspect("auto")
    axes.set_xlim(0.0, far_km)
    axes.set_ylim(0.0, top_m)
    axes.plot(ground_km, hidden_m, color=OUTLINE, lw=0.8, zorder=4)
    place = int(np.clip(np.searchsorted(hidden_m, 0.45 * top_m), 0, columns - 1))
    axes.text(
        ground_km[place] + 0.02 * far_km, 0.3 * top_m, "hidden by the earth", size=8.2, va="center", color="#5d543f"
    )
    _draw_free_space(axes, chart, far_km, top_m)
    axes.set_xlabel("Ground range [km]")
    axes.yaxis.set_major_formatter(lambda height, _: f"{height / 1e3:g}")
    axes.set_ylabel("Height above the level of the site [km]")


def _draw_free_space(axes: Axes, chart: LobeChart, far_km: float, top_m: float) -> None:
    """Draw the arc of the range without a reflection, as far as the earth does not hide it, and name it."""
    elevation = np.linspace(-0.01, 0.2, 2_000)
    at = (np.full_like(elevation, chart.free_space_m), elevation, chart.antenna_m, chart.radius_m)
    x, y = earth.ground_range_m(*at) / 1e3, earth.target_height_m(*at)
    shown = (y >= earth.lowest_visible_altitude_m(1e3 * x, chart.antenna_m, chart.radius_m)) & (y <= top_m)
    if not shown.any() or float(x[shown].min()) > far_km:
        return
    axes.plot(x[shown], y[shown], color=style.CLAIM, lw=1.3, ls=(0, (5, 2)), zorder=5)
    axes.annotate(
        f"without a reflection: {style.distance_text(chart.free_space_m / 1e3)}",
        (float(x[shown][-1]), float(y[shown][-1])), (-6, -8), textcoords="offset points", size=8.2, ha="right",
        va="top", zorder=7, bbox={"boxstyle": "round,pad=0.2", "fc": "white", "ec": "none", "alpha": 0.9},
    )  # fmt: skip

"""One look for every picture: colours, words for limits and heights, framed figures, measured text, PNG bytes.

In come texts and numbers; out come matplotlib figures and PNG files whose bytes depend on their input alone. Colours
are those of Okabe and Ito [okabe2008], which stay apart for colour-blind readers; no meaning rests on colour alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainhome import reach
from chainhome.errors import ChainhomeError
from chainhome.formats import text_file
from chainhome.reach.narrate import article

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Where the home folder cannot be written, matplotlib warns of its cache; no picture depends on it.
logging.getLogger("matplotlib").setLevel(logging.ERROR)

INK = "#1f2430"
QUIET = "#5d6675"
FAINT = "#c9ced6"
SEA = "#dde8f0"
LAND = "#f4f2ec"
CLAIM = "#111111"
VERBS = ("detect", "track", "engage")
VERB_COLOURS = {"detect": "#0072b2", "track": "#00785a", "engage": "#c2500a"}
VERB_MARKERS = {"detect": "o", "track": "s", "engage": "D"}
SIDE_COLOURS = {"friend": "#0072b2", "neutral": "#00855f", "hostile": "#c8281e", "unknown": "#d79b00"}
LIMIT_WORDS = {
    "none": "nothing",
    "instrumented": "instrumented range",
    "sensitivity": "sensitivity",
    "clutter": "clutter",
    "horizon": "horizon",
    "terrain": "terrain",
    "sector": "sector",
    "ceiling": "ceiling",
    "interceptor": "interceptor",
    "timeline": "timeline",
}
DPI = 200
SOURCES_NAMED = 6
WIDTH_IN = 7.2
MARGIN_IN = 0.18

_RC: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "text.color": INK,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "lines.solid_capstyle": "round",
    "text.parse_math": False,
    "svg.hashsalt": "chainhome",
}


@contextmanager
def look() -> Iterator[None]:
    """Draw with the settings of this module inside the context, whatever the user's are; a missing glyph is a box."""
    import warnings

    import matplotlib

    params: Any = matplotlib.rcParams
    defaults: Any = matplotlib.rcParamsDefault
    # To ask for the backend would import pyplot; the figures here have their own canvas.
    wanted = {name: value for name, value in {**defaults, **_RC}.items() if name != "backend"}
    # Each setting is validated when it is set, which takes longer than to compare it.
    changed: Any = {name: value for name, value in wanted.items() if params[name] != value}
    with warnings.catch_warnings(), matplotlib.rc_context(changed):
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


@dataclass(frozen=True)
class Frame:
    """A figure with its title and caption written, and the free rectangle between them in inches."""

    figure: Figure
    left_in: float
    bottom_in: float
    width_in: float
    height_in: float

    def axes(self, left: float, bottom: float, right: float, top: float, **kwargs: Any) -> Axes:
        """Add axes with the given distances in inches from the edges of the free rectangle."""
        width, height = self.figure.get_size_inches()
        box = (
            (self.left_in + left) / width,
            (self.bottom_in + bottom) / height,
            (self.width_in - left - right) / width,
            (self.height_in - bottom - top) / height,
        )
        return self.figure.add_axes(box, **kwargs)


@cache
def _measurer() -> Any:
    from matplotlib.backends import backend_agg

    agg: Any = backend_agg
    return agg.RendererAgg(8, 8, DPI)


@lru_cache(maxsize=4096)
def text_size_in(text: str, size_pt: float, weight: str = "normal") -> tuple[float, float]:
    """Return the width and height in inches of one line of text in the pictures' typeface.

    >>> wide, high = text_size_in("detect", 9.0)
    >>> bool(0.3 < wide < 0.6 and 0.05 < high < 0.2)
    True
    """
    from matplotlib.font_manager import FontProperties

    font = FontProperties(family="DejaVu Sans", size=size_pt, weight=weight)
    width, height, _ = _measurer().get_text_width_height_descent(text, font, False)
    return width / DPI, height / DPI


def wrap(text: str, width_in: float, size_pt: float, weight: str = "normal") -> list[str]:
    """Break text into lines that fit the width, by measuring; a word longer than the line is cut.

    >>> wrap("one two", 0.4, 9.0)
    ['one', 'two']
    """
    space = text_size_in("n n", size_pt, weight)[0] - text_size_in("nn", size_pt, weight)[0]
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, used = "", 0.0
        for word in filter(None, paragraph.split(" ")):  # a space that does not break stays
            wide = text_size_in(word, size_pt, weight)[0]
            if line and used + space + wide <= width_in:
                line, used = f"{line} {word}", used + space + wide
                continue
            if line:
                lines.append(line)
            while len(word) > 1 and wide > width_in:
                fit = max(1, int(len(word) * width_in / wide) - 1)
                lines.append(word[:fit])
                word = word[fit:]
                wide = text_size_in(word, size_pt, weight)[0]
            line, used = word, wide
        if line:
            lines.append(line)
    return lines


def framed(title: str, subtitle: str, caption: str, body_in: float, width_in: float = WIDTH_IN) -> Frame:
    """Return a figure as wide as asked, as high as its texts and its body need, with the texts written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    inner = width_in - 2 * MARGIN_IN
    blocks = [(wrap(title, inner, 12.0, "bold"), 12.0, "bold", INK), (wrap(subtitle, inner, 9.0), 9.0, "normal", QUIET)]
    notes = wrap(caption, inner, 7.2)
    spacing = 1.36 / 72.0
    head = sum(len(lines) * size * spacing for lines, size, _, _ in blocks) + 0.14
    foot = len(notes) * 7.2 * spacing + (0.1 if notes else 0.0)
    height = MARGIN_IN * 2 + head + body_in + foot
    figure = Figure(figsize=(width_in, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    y = height - MARGIN_IN
    for lines, size, weight, colour in blocks:
        for line in lines:
            figure.text(MARGIN_IN / width_in, y / height, line, size=size, weight=weight, color=colour, va="top")
            y -= size * spacing
    y = MARGIN_IN + len(notes) * 7.2 * spacing
    for line in notes:
        figure.text(MARGIN_IN / width_in, y / height, line, size=7.2, color=QUIET, va="top")
        y -= 7.2 * spacing
    return Frame(figure, MARGIN_IN, MARGIN_IN + foot, inner, body_in)


def halo(width_pt: float = 2.4, colour: str = "white") -> list[Any]:
    """Return the outline that keeps a label legible over lines and shading."""
    from matplotlib import patheffects

    return [patheffects.withStroke(linewidth=width_pt, foreground=colour)]


def png(figure: Figure) -> bytes:
    """Return the figure as PNG with at most 256 colours; the same figure gives the same bytes."""
    from io import BytesIO

    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas: Any = FigureCanvasAgg(figure)
    with look():
        canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    image = Image.fromarray(np.ascontiguousarray(pixels))
    # A palette cuts the file to a third, which keeps a page with all its pictures below two megabytes.
    image = image.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    paper = image.getpixel((0, 0))
    colours = image.getpalette() or []
    if isinstance(paper, int):  # the octree averages white with its neighbours: the paper stays white
        colours[3 * paper : 3 * paper + 3] = [255, 255, 255]
        image.putpalette(colours)
    out = BytesIO()
    image.save(out, "PNG", optimize=False, compress_level=7, dpi=(DPI, DPI))
    return out.getvalue()


def height_text(altitude_m: float | None) -> str:
    """Write a height as `chainhome reach` prints it; a ballistic trajectory has none.

    >>> height_text(300.0), height_text(1500.0), height_text(None)
    ('300 m', '1.5 km', 'trajectory')
    """
    return "trajectory" if altitude_m is None else reach.height_text(altitude_m)


def distance_text(range_km: float | None) -> str:
    """Write a distance as `chainhome reach` prints it; what a record leaves open (null) is a dash like NaN.

    >>> distance_text(61.2), distance_text(8.75), distance_text(None), distance_text(float("nan"))
    ('61 km', '8.8 km', '–', '–')
    """
    return reach.distance_text(float("nan") if range_km is None else range_km)


def legible(colour: str) -> str:
    """Return the colour, darkened until text in it stands out from white at 4.5 to 1 [wcag22].

    >>> legible("#000000"), legible("#f89540")
    ('#000000', '#a5632b')
    """
    from matplotlib.colors import to_hex, to_rgb

    rgb = to_rgb(colour)
    while True:
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb]
        if 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05) >= 4.5:
            return str(to_hex(rgb))
        rgb = (0.96 * rgb[0], 0.96 * rgb[1], 0.96 * rgb[2])


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file whole or not at all and return its path; its folder is made. Raises ChainhomeError on failure."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ChainhomeError(f"cannot write {path}: {error.strerror or error}") from error
    text_file.write_bytes(path, content)
    return path


def known(value: float | None) -> bool:
    """Tell whether a figure is there: neither None nor NaN nor infinite.

    >>> known(0.0), known(None), known(float("nan"))
    (True, False, False)
    """
    return value is not None and abs(value) < float("inf")


def source_line(sources: Iterable[Any], unverified: int = 0) -> str:
    """Name the sources of a picture's figures by their keys, or count them where they are many.

    `unverified` is how many of the figures no source supports.

    >>> source_line([]), source_line([None] * 9, 5)
    ('', 'Figures: 9 sources, named on the page of this result; 5 of the figures unverified.')
    """
    listed = list(sources)
    doubt = f"; {unverified} of the figures unverified" if unverified else ""
    if len(listed) > SOURCES_NAMED:
        return f"Figures: {len(listed)} sources, named on the page of this result{doubt}."
    return f"Figures: {', '.join(str(source.key) for source in listed)}{doubt}." if listed else ""


def with_article(name: str) -> str:
    """Put "a" or "an" before a name, by how it is said.

    >>> with_article("F-16"), with_article("one-way drone"), with_article("airliner")
    ('an F-16', 'a one-way drone', 'an airliner')
    """
    return f"{article(name)} {name}"


def height_colours(count: int) -> list[str]:
    """Return `count` line colours in order of height, lowest first: from orange through magenta to dark blue."""
    import numpy as np
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    places = np.linspace(0.76, 0.0, count) if count > 1 else np.array([0.25])
    return [to_hex(colormaps["plasma"](place)) for place in places]

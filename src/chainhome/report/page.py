"""Self-contained HTML: one file, no request to anywhere, readable on a phone, on paper and by ear.

In come texts, tables and PNG bytes; out comes one HTML text whose bytes depend on its input alone. Every text is
escaped here, and the content security policy refuses all but the inline pictures and this module's style sheet.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape
from typing import Any, NamedTuple

STYLE = """
:root { color-scheme: light dark; --paper: #fcfcfb; --ink: #1f2430; --quiet: #5b6472; --line: #d3d7dd; --tint: #f0f2f4;
  --link: #0b5c94; }
@media (prefers-color-scheme: dark) { :root { --paper: #16191e; --ink: #e6e8ec; --quiet: #a3abb8; --line: #3a404a;
  --tint: #20252c; --link: #84bff0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, "Segoe UI", Roboto,
  "Helvetica Neue", Arial, sans-serif; overflow-wrap: break-word; }
header, main, footer { max-width: 62rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 2rem; }
h1 { font-size: clamp(1.5rem, 1.1rem + 2vw, 2.4rem); line-height: 1.2; margin: 0 0 .6rem; text-wrap: balance; }
h2 { font-size: 1.3rem; margin: 2.6rem 0 .6rem; padding-top: .6rem; border-top: 2px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.6rem 0 .3rem; }
p, ul, ol, dl { max-width: 46rem; margin: .5rem 0; }
.kicker, .note, figcaption, footer, small { color: var(--quiet); }
.kicker { margin: 0 0 .3rem; font-weight: 600; }
.answer { font-size: 1.15rem; line-height: 1.4; }
a { color: var(--link); }
.scroll { overflow-x: auto; margin: .8rem 0; }
.scroll:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; min-width: 60%; }
.tabled figcaption { padding: .2rem 0 0; font-size: 1rem; }
.tabled .scroll { margin: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .4rem .9rem .4rem 0; border-bottom: 1px solid var(--line); }
thead th { border-bottom: 2px solid var(--line); }
td.number, th.number { text-align: right; }
td small, th small { display: block; line-height: 1.35; font-weight: 400; }
code { background: var(--tint); padding: .1rem .35rem; border-radius: .2rem; font-size: .92em; }
.terms { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
.terms dt, .terms dd { margin: 0; }
figure { margin: 1.2rem 0; }
figure img { display: block; width: 100%; min-width: 34rem; max-width: 46rem; height: auto; background: #fff;
  border: 1px solid var(--line); }
figure .scroll { margin: .4rem 0; }
figcaption { max-width: 46rem; font-size: .9rem; }
dt { font-weight: 600; margin-top: .7rem; }
dd { margin: 0 0 0 1rem; }
.tag { border: 1px solid var(--line); border-radius: .3rem; padding: 0 .35rem; font-size: .85em; white-space: nowrap; }
footer { padding-top: 2rem; padding-bottom: 2rem; font-size: .9rem; }
@media (max-width: 32rem) { figure img { min-width: 0; } th, td { padding: .3rem .5rem .3rem 0; font-size: .86rem; }
  td small, th small { font-size: .74rem; } .terms { display: block; } .terms dd { margin-bottom: .4rem; } }
@media print { :root { --paper: #fff; --ink: #000; --quiet: #444; --line: #bbb; --link: #000; }
  body { font-size: 10pt; }
  h2, h3 { break-after: avoid; } figure, tr { break-inside: avoid; } .scroll { overflow: visible; }
  figure img { min-width: 0; max-width: 100%; max-height: 23cm; width: auto; } }
"""
POLICY = "default-src 'none'; img-src data:; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"


class Markup(str):
    """HTML made by this module, which is not escaped a second time."""

    __slots__ = ()


class Picture(NamedTuple):
    """PNG bytes with a short name, the text that stands for them and what to see in them."""

    png: bytes
    name: str
    alt: str
    caption: str


def text(value: object) -> Markup:
    """Escape a value for HTML; what is markup already stays.

    >>> text("<b>1 & 2</b>")
    '&lt;b&gt;1 &amp; 2&lt;/b&gt;'
    """
    return value if isinstance(value, Markup) else Markup(escape(str(value), quote=True))


def joined(parts: Iterable[object], between: str = "\n") -> Markup:
    """Join escaped parts."""
    return Markup(between.join(text(part) for part in parts))


def element(name: str, content: object, css: str = "") -> Markup:
    """Return one element around escaped content.

    >>> element("p", "a < b", "note")
    '<p class="note">a &lt; b</p>'
    """
    attribute = f' class="{text(css)}"' if css else ""
    return Markup(f"<{name}{attribute}>{text(content)}</{name}>")


def section(title: str, *content: object) -> Markup:
    """Return a section under a heading of the second order; empty content gives nothing."""
    body = joined(part for part in content if str(part))
    return Markup(f"<section>\n{element('h2', title)}\n{body}\n</section>") if body else Markup("")


def items(entries: Iterable[object]) -> Markup:
    """Return an unordered list, or nothing."""
    rows = [element("li", entry) for entry in entries]
    return Markup(f"<ul>\n{joined(rows)}\n</ul>") if rows else Markup("")


def cell(main: object, small: object = "") -> Markup:
    """Return the content of a table cell: a figure and, in small type beneath it, what to know of it.

    >>> cell("97%", "96% to 98%")
    '97% <br><small>96% to 98%</small>'
    """
    return Markup(f"{text(main)} <br><small>{text(small)}</small>") if str(small) else text(main)


def terms(entries: Iterable[tuple[object, object]]) -> Markup:
    """Return a list of words with what they mean, or nothing."""
    rows = [f"<dt>{text(word)}</dt><dd>{text(meaning)}</dd>" for word, meaning in entries]
    return Markup(f'<dl class="terms">\n{chr(10).join(rows)}\n</dl>') if rows else Markup("")


def table(
    caption: str, head: Sequence[object], rows: Iterable[Sequence[object]], numbers: Iterable[int] = ()
) -> Markup:
    """Return a table under its caption; the first cell of a row is its heading, `numbers` are aligned right.

    On a narrow screen the table scrolls in a box of its own; its caption stands outside that box, whole.
    """
    right = set(numbers)

    def css(column: int) -> str:
        return ' class="number"' if column in right else ""

    heads = "".join(f'<th scope="col"{css(k)}>{text(title)}</th>' for k, title in enumerate(head))
    lines = []
    for row in rows:
        first, *others = row
        cells = "\n".join(f"<td{css(k)}>{text(value)}</td>" for k, value in enumerate(others, 1))
        lines.append(f'<tr><th scope="row"{css(0)}>{text(first)}</th>\n{cells}</tr>')
    name = text(re.split(r"[.:;]", caption)[0])
    return Markup(
        f'<figure class="tabled"><figcaption>{text(caption)}</figcaption>\n'
        f'<div class="scroll" role="region" aria-label="{name}" tabindex="0"><table>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{chr(10).join(lines)}\n</tbody></table></div></figure>"
    )


def figure(picture: Picture) -> Markup:
    """Return a figure with its picture inside the page; its size is read from the PNG header."""
    width, height = (int.from_bytes(picture.png[at : at + 4], "big") for at in (16, 20))
    data = b64encode(picture.png).decode("ascii")
    size = f'width="{width // 2}" height="{height // 2}"'
    image = f'<img src="data:image/png;base64,{data}" alt="{text(picture.alt)}" {size}>'
    caption = element("figcaption", picture.caption) if picture.caption else ""
    return Markup(
        f'<figure><div class="scroll" role="region" aria-label="{text(picture.name)}" tabindex="0">{image}</div>\n'
        f"{caption}</figure>"
    )


def field(record: Any, name: str) -> str:
    """Return a field of a record or of a JSON object as text, empty if it has none."""
    value = record.get(name) if isinstance(record, dict) else getattr(record, name, None)
    return "" if value is None else str(value)


def sources(records: Iterable[Any]) -> Markup:
    """Return the list of sources with their opinions; web addresses become links, which are followed by hand only."""
    rows = []
    for record in records:
        key, title, publisher, date, address, opinion = (
            field(record, name) for name in ("key", "title", "publisher", "date", "address", "opinion")
        )
        where: object = address
        if address.startswith(("https://", "http://")):
            where = Markup(f'<a href="{text(address)}" rel="noreferrer noopener">{text(address)}</a>')
        about = joined((part for part in (publisher, date) if part), ", ")
        rows.append(f"<dt>{element('span', key, 'tag')} {text(title)}</dt>")
        rows.append(f"<dd>{joined((part for part in (about, where, opinion) if str(part)), '<br>')}</dd>")
    return Markup("<dl>\n" + "\n".join(rows) + "\n</dl>") if rows else Markup("")


def document(title: str, header: Markup, body: Iterable[Markup], footer: object) -> str:
    """Return the whole page."""
    digest = b64encode(sha256(STYLE.encode()).digest()).decode("ascii")
    parts = joined(part for part in body if part)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY.format(style=digest)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<header>\n{header}\n</header>\n<main>\n{parts}\n</main>\n<footer>\n{text(footer)}\n</footer>\n</body>\n</html>\n"
    )

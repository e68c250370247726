"""What goes wrong, in one sentence each: what was given, what was expected, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class ChainhomeError(Exception):
    """A failure that is not the user's wording: a full disk, a missing file. The command line exits with 1."""

    exit_code = 1


class UseError(ChainhomeError, ValueError):
    """Something given that cannot be used: a name, a unit, a scenario key. The command line exits with 2."""

    exit_code = 2


def nearest(name: str, known: Iterable[str] | Mapping[str, str], limit: int = 3) -> str:
    """Return `; did you mean ...?` with the known names nearest to `name`, or an empty string.

    A mapping gives for each name (an alias, say) the one to show.

    >>> nearest("s-40", ["s-400", "s-500", "patriot"])
    '; did you mean s-400 or s-500?'
    >>> nearest("f16x", {"f16": "f-16", "f-16": "f-16"})
    '; did you mean f-16?'
    """
    from difflib import get_close_matches

    shown = known if isinstance(known, Mapping) else {word: word for word in known}
    close = get_close_matches(name.lower()[:80], shown, n=limit, cutoff=0.5)
    words = list(dict.fromkeys(shown[word] for word in close))
    return f"; did you mean {' or '.join(words)}?" if words else ""

"""What goes wrong, in one sentence each: what was given, what was expected, and where."""


class ChainhomeError(Exception):
    """A failure that is not the user's wording: a full disk, a missing file. The command line exits with 1."""

    exit_code = 1


class UseError(ChainhomeError, ValueError):
    """Something given that cannot be used: a name, a unit, a scenario key. The command line exits with 2."""

    exit_code = 2


def nearest(name: str, known: list[str], limit: int = 3) -> str:
    """Return `; did you mean ...?` with the known names nearest to `name`, or an empty string.

    >>> nearest("s-40", ["s-400", "s-500", "patriot"])
    '; did you mean s-400 or s-500?'
    """
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), known, n=limit, cutoff=0.5)
    return f"; did you mean {' or '.join(close)}?" if close else ""

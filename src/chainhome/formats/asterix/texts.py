"""Codes of characters ↔ texts: the 6-bit characters of a call sign, and ASCII."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

# The 6-bit characters: letters, blank and digits; any other code is shown as "?".
_SIX_BITS = np.array(list("?ABCDEFGHIJKLMNOPQRSTUVWXYZ????? ???????????????0123456789??????"))


def callsigns(codes: ArrayLike) -> NDArray[np.str_]:
    """Return the eight characters of 48-bit call signs [icao_a10], without trailing blanks; empty where there is none.

    >>> callsigns([0x508671E72C20, -1]).tolist()
    ['THY1920', '']
    """
    values = np.asarray(codes, np.int64)
    six = (values[..., None] >> np.arange(42, -1, -6)) & 63
    text = np.ascontiguousarray(_SIX_BITS[six]).view("<U8")[..., 0]
    return np.where(values < 0, "", np.char.rstrip(text))


def callsign_codes(texts: ArrayLike) -> NDArray[np.int64]:
    """Return the 48-bit codes of call signs; -1 for an empty text, blanks for characters that there are not.

    >>> callsigns(callsign_codes(["THY1920", "", "KLM-1"])).tolist()
    ['THY1920', '', 'KLM 1']
    """
    given = np.char.upper(np.asarray(texts, np.str_))
    if not given.size:
        return np.empty(given.shape, np.int64)
    padded = np.ascontiguousarray(np.char.ljust(given, 8).astype("<U8"))
    points = padded.view(np.uint32).reshape(*padded.shape, 8).astype(np.int64)
    known = np.zeros(128, np.int64) + 32
    known[[ord(c) for c in _SIX_BITS if c != "?"]] = [n for n, c in enumerate(_SIX_BITS) if c != "?"]
    six = known[np.where(points < 128, points, 0)]
    codes = (six << np.arange(42, -1, -6)).sum(axis=-1)
    return np.where(given == "", -1, codes)


def ascii_texts(codes: ArrayLike, characters: int) -> NDArray[np.str_]:
    """Return the texts of ASCII codes (I062/390), trailing blanks removed; empty where there is none (-1).

    >>> ascii_texts([0x4132304E, -1], 4).tolist()
    ['A20N', '']
    """
    values = np.asarray(codes, np.int64)
    octets = (values[..., None] >> np.arange(8 * (characters - 1), -1, -8)) & 127
    text = np.ascontiguousarray(octets.astype(np.uint32)).view(f"<U{characters}")[..., 0]
    return np.where(values < 0, "", np.char.rstrip(text))

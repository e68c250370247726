"""The one place that names Numba's compiler flags.

A kernel calls only kernels of its own file: Numba's disk cache is keyed by the file of the outer kernel alone, so a
cached kernel that called one in another file would keep the old callee after an edit. `tests/unit/test_kernels.py`
proves that none does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

# nnan and ninf are left out: with them `isnan` is always false.
FAST = frozenset({"contract", "reassoc", "nsz", "arcp"})


def kernel(function: F) -> F:
    """Compile `function` on first call, keep the machine code on disk, release the interpreter lock while it runs."""
    from numba import njit

    flags: dict[str, Any] = {"error_model": "numpy", "nogil": True, "fastmath": set(FAST)}
    try:
        return cast(F, njit(cache=True, **flags)(function))
    except RuntimeError:
        # Neither the package's folder nor the user's can be written: compile in every process.
        return cast(F, njit(**flags)(function))


def inline(function: F) -> F:
    """Compile `function` into the kernels of its own file that call it."""
    from numba import njit

    return cast(F, njit(inline="always", error_model="numpy", fastmath=set(FAST))(function))

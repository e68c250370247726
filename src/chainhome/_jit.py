"""The one place that names Numba's compiler flags.

A kernel calls only kernels of its own file: Numba's disk cache is keyed by the file of the outer kernel alone, so a
cached kernel that called one in another file would keep the old callee after an edit. `tests/unit/test_kernels.py`
proves that none does, but for those that are built with `linked`.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

# Compiling makes millions of objects of which few go: Python's search for those that refer to each other, which by
# default goes through all of them again and again, was a tenth of the time.
_COMPILING = (100_000, 20, 100)

# nnan and ninf are left out: with them `isnan` is always false.
FAST = frozenset({"contract", "reassoc", "nsz", "arcp"})


def kernel(function: F) -> F:
    """Compile `function` on first call, keep the machine code on disk, release the interpreter lock while it runs."""
    return _compiled(function)


def lean(function: F) -> F:
    """Compile like `kernel` a function that owns no memory: it allocates nothing, and no call in it returns an array.

    Numba then leaves out all counting of references: atomic operations that cost more than the work of a small kernel.
    """
    return _compiled(function, _nrt=False)


def _compiled(function: F, **more: bool) -> F:
    from numba import njit

    _watch_compiler()
    # What would make it a function for C is left out: nobody calls one, and it is a sixteenth of what is compiled.
    flags: dict[str, Any] = {
        "error_model": "numpy", "nogil": True, "fastmath": set(FAST), "no_cfunc_wrapper": True, **more
    }  # fmt: skip
    try:
        return cast(F, njit(cache=True, **flags)(function))
    except RuntimeError:
        # Neither the package's folder nor the user's can be written: compile in every process.
        return cast(F, njit(**flags)(function))


def inline(function: F) -> F:
    """Compile `function` into the kernels of its own file that call it."""
    from numba import njit

    return cast(F, njit(inline="always", error_model="numpy", fastmath=set(FAST))(function))


@functools.cache
def _watch_compiler() -> None:
    """Let Python look for garbage more rarely while Numba compiles."""
    from numba.core import event

    usual: list[tuple[int, int, int]] = []  # one for each kernel that is being compiled, the outermost first

    class Rarely(event.Listener):  # type: ignore[misc]
        def on_start(self, event: Any) -> None:
            usual.append(gc.get_threshold())
            gc.set_threshold(*(max(a, b) if a else 0 for a, b in zip(usual[0], _COMPILING, strict=True)))

        def on_end(self, event: Any) -> None:
            gc.set_threshold(*usual.pop())

    event.register("numba:compile", Rarely())


def linked(build: Callable[[int], F]) -> F:
    """Compile the function that `build` makes: a kernel that calls kernels of other files in its folder.

    `build` gets a digest of all kernel files of the folder, and its function must use it: what a function has from
    around it is part of the key of Numba's disk cache, so an edit of any of these files makes the kernel anew.
    """
    return lean(build(_digest(Path(inspect.getfile(build)).parent)))


def _digest(folder: Path) -> int:
    """Return a positive number of 56 bits that tells the texts of the kernel files in a folder."""
    text = hashlib.sha256()
    for path in sorted(folder.glob("*kernels.py")):
        text.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return int.from_bytes(text.digest()[:7], "big")

"""While Numba compiles, Python looks for garbage more rarely, and as before afterwards."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from numba.core import event

from chainhome._jit import lean


def function_of(text: str) -> Any:
    """A function that Numba finds no file of, so that it is compiled here and now."""
    space: dict[str, Any] = {}
    exec(f"def function(x):\n    return {text}\n", space)
    return space["function"]


@pytest.mark.parametrize("usual", [(700, 10, 10), (0, 10, 10), (10**9, 500, 500)], ids=["usual", "off", "rare"])
def test_garbage_is_looked_for_more_rarely_while_a_kernel_is_compiled(usual: tuple[int, int, int]) -> None:
    seen: list[tuple[int, int, int]] = []

    class Look(event.Listener):  # type: ignore[misc]
        def on_start(self, event: Any) -> None:
            seen.append(gc.get_threshold())

        def on_end(self, event: Any) -> None:
            pass

    good, bad = lean(function_of("2.0 * x")), lean(function_of("x + 'one'"))
    before = gc.get_threshold()
    try:
        gc.set_threshold(*usual)
        with event.install_listener("numba:compile", Look()):
            assert good(3.0) == 6.0
            with pytest.raises(Exception, match="nopython"):
                bad(3.0)
        assert gc.get_threshold() == usual
    finally:
        gc.set_threshold(*before)
    assert len(seen) == 2
    for now in seen:
        assert now[0] == usual[0] if usual[0] in (0, 10**9) else now[0] > usual[0]

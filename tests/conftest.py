"""Hypothesis: new examples on a developer's machine, the same ones in CI; no deadlines, since machines are shared.

Two workers that run the whole suite first compile a half of the kernels each (`compile_ahead.py`).
"""

import contextlib
import os

import pytest
from hypothesis import settings

settings.register_profile("explore", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "explore")


def pytest_sessionstart(session: pytest.Session) -> None:
    config = session.config
    worker: str = getattr(config, "workerinput", {}).get("workerid", "")
    if worker and config.args == config.getini("testpaths") and not config.option.keyword:
        from compile_ahead import HALVES

        for half in HALVES.get(worker, ()):
            # What is broken is for the tests to say.
            with contextlib.suppress(Exception):
                half()

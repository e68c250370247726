"""Hypothesis: new examples on a developer's machine, the same ones in CI; no deadlines, since machines are shared."""

import os

from hypothesis import settings

settings.register_profile("explore", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "explore")

"""chainhome: an open laboratory for ground-based air defence and air surveillance."""

from importlib.metadata import version

__version__ = version("chainhome")

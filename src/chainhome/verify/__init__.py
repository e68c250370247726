"""Published numbers recomputed: what a source prints, what this installation computes, how far apart they may be."""

from chainhome.verify.rows import Check, all_checks

__all__ = ["Check", "all_checks"]

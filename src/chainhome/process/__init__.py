"""Detections → tracks → identities → scores: one chain for a simulation, a file and a live stream."""

from chainhome.process.chain import Chain, ChainState, advance, finished, identify, start
from chainhome.process.score import Summary, background, score

__all__ = ["Chain", "ChainState", "Summary", "advance", "background", "finished", "identify", "score", "start"]

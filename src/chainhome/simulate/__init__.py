"""The clock: a scenario and a seed → the tables of one run."""

from chainhome.simulate.run import RunTables, simulate

__all__ = ["RunTables", "simulate"]

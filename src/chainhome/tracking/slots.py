"""The slots of a plot, by number: what a sensor may measure."""

from __future__ import annotations

RANGE, AZIMUTH, ELEVATION, DOPPLER, HEIGHT = range(5)
"""Range, azimuth, elevation (x, y, z of a sensor that reports positions), range rate, height above mean sea level."""
SLOTS = 5

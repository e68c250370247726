"""The real flight that the package ships: THY1920, which drew the Turkish flag around Ankara on 23 April 2020.

Nothing goes in but where and when to put it; its fixes or its Truth come out. ADS-B data by The OpenSky Network
[schafer2014], quoted from the samples of the `traffic` library [olive2019]; see `_data/README.md`.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np

from chainhome import earth
from chainhome.constants import FOOT_M, KNOT_MPS
from chainhome.motion.recorded import Cleaning, Fixes, Noise, recorded_truth
from chainhome.tables import Truth

CALL_SIGN = "THY1920"
ICAO_ADDRESS = 0x4BA946
MODE_3A = 0o5163

GAP_S = 75.0
"""On straight legs the source keeps about one fix a minute, rounded to 10 s: 70 s apart is its usual rhythm."""

NOISE = Noise(time_s=3.0, velocity_mps=8.0, acceleration_density=20.0)
"""A fix is stamped with its 10 s bin, whenever in the bin it was received: uniform, so 10 s / sqrt(12). In a turn of
25° of bank, 3 s is also 8 m/s or more of velocity."""


@cache
def thy1920_fixes() -> Fixes:
    """Return the 917 fixes of the quote, times in seconds of UTC; 666 of them were filled in by its source.

    >>> fixes = thy1920_fixes()
    >>> len(fixes.time_s), round(float(fixes.altitude_m.max()))  # flight level 260
    (917, 7925)
    """
    text = resources.files(__package__).joinpath("_data/thy1920.csv").read_text(encoding="ascii")
    table = np.loadtxt(text.splitlines(), delimiter=",", skiprows=1, usecols=range(7)).T
    return Fixes(
        time_s=table[0],
        lat_rad=np.radians(table[1]),
        lon_rad=np.radians(table[2]),
        altitude_m=table[3] * FOOT_M,
        groundspeed_mps=table[4] * KNOT_MPS,
        track_rad=np.radians(table[5]),
        vertical_rate_mps=table[6] * FOOT_M / 60.0,
    )


def load_thy1920(world: earth.Frame, shift_s: float, target_id: int, *, step_s: float = 1.0) -> tuple[Truth, Cleaning]:
    """Return the Truth of THY1920, its first fix put at `shift_s` of the scenario's clock, and how it was cleaned.

    The altitude is pressure altitude (standard atmosphere), taken as height above mean sea level.

    >>> truth, cleaning = load_thy1920(earth.enu_frame(np.radians(40.08), np.radians(32.57), 843.0), 300.0, 9)
    >>> float(truth.time_s[0]), cleaning.given, cleaning.filled
    (300.0, 917, 666)
    """
    fixes = thy1920_fixes()
    shifted = Fixes(
        fixes.time_s - fixes.time_s[0] + shift_s,
        fixes.lat_rad,
        fixes.lon_rad,
        fixes.altitude_m,
        fixes.groundspeed_mps,
        fixes.track_rad,
        fixes.vertical_rate_mps,
    )
    return recorded_truth(shifted, target_id, world, gap_s=GAP_S, step_s=step_s, noise=NOISE)

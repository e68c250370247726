"""The table of tracks: geodetic positions anywhere near a frame, and the order of any rows."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from chainhome.earth import enu_frame, enu_to_geodetic
from chainhome.tracking.rows import Ledger, room_for_rows

A_PICORADIAN, A_MICROMETRE = 1e-12, 1e-6
WORLD = enu_frame(0.7, 0.6, 900.0)


@given(
    st.floats(-np.pi / 2, np.pi / 2),
    st.floats(-np.pi, np.pi),
    st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(-1e4, 1e5)),
)
def test_any_position_has_the_geodetic_one_of_the_earth_module(
    lat_rad: float, lon_rad: float, where: tuple[float, float, float]
) -> None:
    world = enu_frame(lat_rad, lon_rad, 0.0)
    rows = room_for_rows(1, 1)
    rows.state[0, :3] = where
    tracks = Ledger(1, world).closed(rows, 1)
    lat, lon, height = enu_to_geodetic(world, np.array([where]))
    turn = abs(np.radians(tracks.lon_deg[0]) - lon[0])
    assert abs(np.radians(tracks.lat_deg[0]) - lat[0]) < A_PICORADIAN
    assert min(turn, abs(2.0 * np.pi - turn)) * np.cos(lat[0]) < A_PICORADIAN
    assert abs(tracks.altitude_m[0] - height[0]) < A_MICROMETRE


@given(
    st.integers(0, 200).flatmap(
        lambda n: st.tuples(
            arrays(np.float64, n, elements=st.floats(-1e9, 1e9) | st.sampled_from([0.0, 1.0, 1.0 + 1e-12])),
            arrays(np.int64, n, elements=st.integers(0, 2**40) | st.integers(0, 3)),
            st.lists(st.integers(0, n), max_size=4),
        )
    ),
    st.integers(0, 50),
)
def test_any_rows_come_in_the_order_of_time_and_track_in_any_pieces(
    given_rows: tuple[np.ndarray, np.ndarray, list[int]], reach: int
) -> None:
    time_s, track_id, cuts = given_rows
    n, kept = len(time_s), 0
    rows, ledger = room_for_rows(n, 2), Ledger(2, WORLD, reach=reach)
    for begin, end in itertools.pairwise([0, *sorted(cuts), n]):
        here = slice(kept, kept + end - begin)
        rows.time_s[here], rows.track_id[here] = time_s[begin:end], track_id[begin:end]
        rows.detection_id[here] = np.arange(begin, end)
        kept = ledger.write(rows, here.stop, end - begin, n - end)
    order = np.lexsort([track_id, time_s])
    np.testing.assert_array_equal(ledger.closed(rows, kept).detection_id, order)

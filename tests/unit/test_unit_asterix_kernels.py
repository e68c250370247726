"""The compiled reader and writer do what a reader of one bit at a time does; their codes are the declared ones."""

from __future__ import annotations

import numpy as np
import pytest

from asterix_records import random_columns, slow_records
from chainhome.errors import UseError
from chainhome.formats.asterix import (
    _capture_kernels,
    _codec_kernels,
    _encode_kernels,
    compiled,
    decode,
    encode_cat048,
    encode_records,
    layout,
)
from chainhome.formats.asterix.encode import _encode
from chainhome.formats.asterix.recording import PACKETS, REASONS, Recording, Records

WRITTEN = (21, 34, 48, 62)


def table_of(recording: Recording, category: int) -> Records:
    return next(table for table in recording.tables() if table.category == category)


def assert_holds(table: Records, row: int, record: dict[str, object]) -> None:
    """Each column of the row has the record's value, or says that there is none."""
    raw = {name: table.rows([row]).raw(name)[0] for name in compiled.LAYOUTS[table.category][0].raw_columns}
    for name, value in raw.items():
        assert value == record.get(name, b""), name
    for name, column in table.columns.items():
        if name in ("record_at", "received_s") or name.removesuffix("_at").removesuffix("_size") in raw:
            continue
        absent = np.nan if column.dtype.kind == "f" else -1
        np.testing.assert_equal(column[row], record.get(name, absent), err_msg=name)


@pytest.mark.parametrize("category", WRITTEN)
def test_random_records_are_read_as_a_reader_of_single_bits_reads_them(category: int) -> None:
    declared = compiled.LAYOUTS[category][0]
    columns = random_columns(declared, 300, np.random.default_rng(category))
    written = _encode(category, columns, 60_000)
    table = table_of(decode(written), category)
    assert written[0] == category
    records, at = [], 0
    while at < len(written):
        size = int.from_bytes(written[at + 1 : at + 3], "big")
        records += slow_records(declared, written[at + 3 : at + size])
        at += size
    assert len(records) == len(table) == 300
    for row, record in enumerate(records):
        assert_holds(table, row, record)


@pytest.mark.parametrize("category", WRITTEN)
def test_what_is_read_is_what_was_written(category: int) -> None:
    declared = compiled.LAYOUTS[category][0]
    columns = random_columns(declared, 400, np.random.default_rng(7 + category))
    written = _encode(category, columns, 1400)
    table = table_of(decode(written), category)
    for name, values in columns.items():
        if name in declared.raw_columns:
            assert table.raw(name) == values, name
        else:
            np.testing.assert_array_equal(table[name], values, err_msg=name)
    assert encode_records(table) == written


@pytest.mark.parametrize("is_track", [False, True])
def test_records_of_cat001_are_plots_or_tracks_as_they_say(is_track: bool) -> None:
    declared = compiled.LAYOUTS[1][is_track]
    first = bytes([0b11110000 if is_track else 0b11111010])
    plot = bytes.fromhex("1402202a0040000fc001180080")
    track = bytes.fromhex("1402a000072a004000")
    content = first + (track if is_track else plot)
    recording = decode(bytes([1, 0, 3 + len(content)]) + content)
    (record,) = slow_records(declared, content)
    assert len(recording.cat001) == 1
    assert record["range_nm"] == 84.0
    assert_holds(recording.cat001, 0, record)


def test_items_in_random_order_are_stepped_over() -> None:
    rfs = (
        bytes([0b10000001, 0b00000001, 0b00000010])
        + bytes.fromhex("1402")
        + bytes([2, 3])
        + bytes(4)
        + bytes([5, 0, 0])
    )
    plain = bytes([0b10000000]) + bytes.fromhex("1403")
    content = rfs + plain
    recording = decode(bytes([1, 0, 3 + len(content)]) + content)
    assert recording.cat001["sic"].tolist() == [2, 3]
    assert recording.report.bytes_lost == 0


def test_the_codes_of_the_kernels_are_the_declared_ones() -> None:
    for name in ("FIXED", "EXTENDED", "REPEATED", "REPEATED_FX", "COMPOUND", "EXPLICIT", "RFS"):
        assert getattr(_codec_kernels, name) == getattr(layout, name)
    for kernels in (_codec_kernels, _encode_kernels):
        assert [getattr(kernels, name) for name in ("F8", "I1", "I4", "I8")] == [0, 1, 2, 3]
        assert kernels.OCTAL == compiled.OCTAL
    assert (_encode_kernels.EXTENDED, _encode_kernels.COMPOUND) == (layout.EXTENDED, layout.COMPOUND)
    assert (_encode_kernels.WRAPPED, _codec_kernels.UNDEFINED) == (compiled.WRAPPED, compiled.UNDEFINED)
    assert REASONS[_codec_kernels.UNDEFINED_ITEM] == "an item that the category does not define"
    assert REASONS[_codec_kernels.NO_BLOCK] == "no block begins here"
    assert PACKETS[_capture_kernels.CUT] == "cut UDP"
    for layouts in compiled.LAYOUTS.values():
        for declared in layouts:
            assert max(field.at + field.bits for field in declared.fields) <= 8 * _codec_kernels.WORD


def test_columns_have_names_of_their_own() -> None:
    for layouts in compiled.LAYOUTS.values():
        for declared in layouts:
            names = [field.name for field in declared.fields] + declared.raw_columns
            assert len(names) == len(set(names))


def slow_unwrap(times: list[float]) -> list[float]:
    """Whole days are added so that each time is nearest to the one before."""
    out: list[float] = []
    for time in times:
        before = out[-1] if out else time
        out.append(min((time + 86_400.0 * k for k in range(-2, 9)), key=lambda one: abs(one - before)))
    return out


def test_times_are_unwrapped_as_a_plain_loop_does_it() -> None:
    rng = np.random.default_rng(5)
    true_s = 80_000.0 + np.cumsum(rng.uniform(-20.0, 60.0, 20_000))
    times = true_s % 86_400.0
    fast = _codec_kernels.unwrap(times, 86_400.0, 3600.0, 5)
    np.testing.assert_array_equal(fast, slow_unwrap(times.tolist()))
    np.testing.assert_allclose(fast - fast[0], true_s - true_s[0], atol=1e-6)


def test_wrong_times_shift_nobody_elses_day() -> None:
    times = np.array([100.0, 101.0, 30_000.0, 60_000.0, 102.0, np.nan, 86_399.0, 103.0])
    fast = _codec_kernels.unwrap(times, 86_400.0, 3600.0, 5)
    np.testing.assert_array_equal(fast[[0, 1, 4, 6, 7]], [100.0, 101.0, 102.0, -1.0, 103.0])
    assert np.isnan(fast[5])


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"range_nm": [1.0, 256.0]}, "range_nm = 256.0 in row 1 does not fit its field, expected 0 to 255.996 NM"),
        ({"range_nm": [-1.0]}, "range_nm = -1.0 in row 0"),
        ({"flight_level_fl": [3000.0]}, "expected -2048 to 2047.75 FL"),
        ({"mode_3a": [7780]}, "mode_3a = 7780 in row 0 does not fit its field, expected octal digits up to 7777"),
        ({"typ": [8]}, "typ = 8 in row 0 does not fit its field, expected 0 to 7"),
        ({"address": [1 << 24]}, "address = 16777216 in row 0"),
        ({"address": [1 << 40]}, "address = 1099511627776 does not fit its field"),
        ({"sac": [1, 2], "sic": [1, 2, 3]}, "sac has 2 values, the other columns have 3"),
        ({"range_m": [1.0]}, "has no column 'range_m'; did you mean range_nm"),
        ({"bds_at": [1]}, "has no column 'bds_at'"),
        ({"typ": [1.5]}, "typ holds whole numbers"),
    ],
)
def test_what_cannot_be_written_is_refused_in_one_sentence(columns: dict[str, list[float]], said: str) -> None:
    with pytest.raises(UseError) as error:
        encode_cat048(**columns)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_blocks_hold_no_more_bytes_than_asked() -> None:
    written = encode_cat048(sac=1, sic=2, range_nm=np.linspace(0.0, 200.0, 1000), azimuth_deg=10.0, block_bytes=300)
    at, sizes = 0, []
    while at < len(written):
        sizes.append(int.from_bytes(written[at + 1 : at + 3], "big"))
        at += sizes[-1]
    assert max(sizes) <= 300
    assert len(decode(written).cat048) == 1000


def test_nothing_gives_no_bytes_and_empty_tables() -> None:
    assert encode_cat048(sac=[], sic=[]) == b""
    recording = decode(b"")
    assert recording.report.bytes_total == 0
    assert [len(table) for table in recording.tables()] == [0] * 6


def test_an_unknown_column_of_a_table_is_named() -> None:
    with pytest.raises(UseError, match="CAT048 has no column 'rnge_nm'; did you mean range_nm"):
        decode(b"").cat048["rnge_nm"]

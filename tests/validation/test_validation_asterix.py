"""Our ASTERIX codec against two others, `libasterix` (MIT) and `aviconv-asterix` (MIT), field by field.

On generated records of every category that is written, and on the two recordings of the Spanish network that lie
beside the repository where they are available.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asterix_records import random_columns, random_record
from chainhome.formats.asterix import decode, detections_of, encode_cat048, periods_of, read_asterix, sensors_of
from chainhome.formats.asterix.compiled import LAYOUTS
from chainhome.formats.asterix.encode import _encode
from chainhome.formats.asterix.layout import (
    COMPOUND,
    EXPLICIT,
    EXTENDED,
    FIXED,
    REPEATED,
    REPEATED_FX,
    RFS,
    Field,
    Item,
    Layout,
)
from chainhome.formats.asterix.recording import Records
from chainhome.process.cleaning import clean

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "data" / "asterix"
EDITIONS = {1: "1_4", 2: "1_2", 21: "2_6", 34: "1_29", 48: "1_32", 62: "1_21"}
WRITTEN = (21, 34, 48, 62)
# aviconv-asterix 0.4.0 takes I034/050 MDS for one byte and I062/380 FSS for three; the specifications and libasterix
# have two for both. The columns of these two subitems:
THEIR_ERRORS = ("mds_", "final_mv", "final_ah", "final_am", "final_altitude")
ROUNDING = 1e-12  # relative, of the least significant bits: theirs are quotients, ours too


@cache
def category_of(category: int) -> Any:
    generated = pytest.importorskip("asterix.generated", reason="libasterix is not installed")
    return getattr(generated, f"Cat_{category:03}_{EDITIONS[category]}")


def recording_of(name: str) -> Path:
    path = RECORDINGS / name
    if not path.exists():
        pytest.skip("the real recordings are not beside the repository (../shared/data/asterix)")
    return path


def their_records(layout: Layout) -> Any:
    uap = category_of(layout.category).cv_uap
    return uap.cv_uaps[layout.variant] if layout.variant else uap.cv_record


def leaves(variation: Any) -> list[Any]:
    """The elements of one of their variations that are not spare, in order."""
    name = next(kind.__name__ for kind in variation.__mro__ if kind.__module__ == "asterix.base")
    if name == "Element":
        return [variation]
    lists = variation.cv_items_list if name == "Extended" else [variation.cv_items_list]
    items = [item[0] if isinstance(item, tuple) else item for group in lists for item in group]
    return [leaf for item in items if hasattr(item, "cv_non_spare") for leaf in leaves(variation_of(item.cv_non_spare))]


def variation_of(non_spare: Any) -> Any:
    rule = non_spare.cv_rule
    return rule.cv_variation if hasattr(rule, "cv_variation") else rule.cv_default_variation


def assert_same_field(field: Field, theirs: list[Any]) -> None:
    """One of our fields is one of theirs, or a mask of several flags of theirs."""
    assert field.bits == sum(leaf.cv_bit_size for leaf in theirs)
    if len(theirs) > 1:
        return
    content = getattr(theirs[0].cv_rule, "cv_content", None)
    lsb = getattr(content, "cv_lsb", None)
    if field.lsb and lsb is not None:
        assert field.lsb == pytest.approx(lsb, rel=ROUNDING)
        assert (field.form == "s") == (content.cv_signedness.__name__ == "Signed")
    octal = getattr(getattr(content, "cv_string_type", None), "__name__", "") == "StringOctal"
    assert octal == (field.form == "o")


def assert_same_item(item: Item, non_spare: Any) -> None:
    assert item.name == non_spare.cv_name
    variation = variation_of(non_spare)
    name = next(kind.__name__ for kind in variation.__mro__ if kind.__module__ == "asterix.base")
    if item.kind == COMPOUND:
        assert name == "Compound"
        theirs = {frn: sub for frn, sub in enumerate(variation.cv_items_list, 1) if sub is not None}
        assert [sub.frn for sub in item.items] == list(theirs)
        for sub in item.items:
            assert_same_item(sub, theirs[sub.frn])
        return
    kinds = {FIXED: ("Element", "Group"), EXTENDED: ("Extended",), EXPLICIT: ("Explicit",)}
    assert name in kinds.get(item.kind, ("Repetitive",))
    if item.kind in (REPEATED, REPEATED_FX):
        assert (variation.cv_rep_bytes is None) == (item.kind == REPEATED_FX)
        bits = sum(size_of(leaf) for leaf in [variation.cv_variation])
        assert 8 * item.size == bits + (item.kind == REPEATED_FX)
        return
    if item.kind == EXPLICIT:
        return
    theirs = leaves(variation)
    for field in item.fields:
        taken = [theirs.pop(0)]
        while sum(leaf.cv_bit_size for leaf in taken) < field.bits:
            taken.append(theirs.pop(0))
        assert_same_field(field, taken)
    assert theirs == []


def size_of(variation: Any) -> int:
    """The bits of one of their elements or groups, spare ones included."""
    if hasattr(variation, "cv_bit_size"):
        return int(variation.cv_bit_size)
    return sum(size for _, size in variation.cv_items_list)


@pytest.mark.parametrize(
    "layout", [one for layouts in LAYOUTS.values() for one in layouts], ids=lambda one: f"{one.category}{one.variant}"
)
def test_every_declared_item_is_the_one_that_libasterix_knows(layout: Layout) -> None:
    theirs = dict(enumerate(their_records(layout).cv_items_list, 1))
    named = {frn: item.cv_non_spare for frn, item in theirs.items() if hasattr(item, "cv_non_spare")}
    ours = {item.frn: item for item in layout.items if item.kind != RFS}
    assert sorted(ours) == sorted(named)
    for frn, item in ours.items():
        assert_same_item(item, named[frn])


def their_parse(category: int, data: bytes) -> list[Any]:
    """The records that libasterix finds in blocks of one category."""
    base = pytest.importorskip("asterix.base")
    records = []
    for block in base.RawDatablock.parse(base.Bits.from_bytes(data)):
        parsed = category_of(category).cv_uap.parse(block.get_raw_records())
        assert isinstance(parsed, list), parsed
        records += parsed
    return records


def elements(variation: Any) -> list[Any]:
    """The parsed elements of a variation that are not spare, in order."""
    if not hasattr(variation, "arg"):
        return [variation]
    groups = variation.arg if type(variation).__mro__[1].__name__ == "Extended" else [variation.arg]
    return [
        one
        for group in groups
        for item in group
        if item is not None and hasattr(item, "cv_non_spare")
        for one in elements(item.arg.arg.arg)
    ]


def assert_same_values(table: Records, row: int, item: Item, parsed: Any) -> None:
    """Our row holds what libasterix parsed; an absent item (None) is absent."""
    if item.kind == COMPOUND:
        for sub in item.items:
            assert_same_values(table, row, sub, parsed.arg.arg.arg.get(sub.name) if parsed else None)
        return
    if item.column:
        raw = table.rows([row]).raw(item.column)[0]
        assert raw == (parsed.unparse().to_bytes() if parsed else b""), item.column
        return
    found = elements(parsed.arg.arg) if parsed else []
    for field in item.fields:
        ours, taken = table[field.name][row], []
        while found and sum(len(one.bs) for one in taken) < field.bits:
            taken.append(found.pop(0))
        if not taken:
            assert ours == -1 or np.isnan(ours), field.name
            continue
        bits = "".join(f"{one.bs.to_uinteger():0{len(one.bs)}b}" for one in taken)
        value: float = int(bits, 2) - ((1 << field.bits) if field.form == "s" and bits[0] == "1" else 0)
        if field.lsb:
            rule = taken[0]._get_rule()
            content = rule._get_content() if hasattr(type(rule), "cv_content") else None
            their = content._as_quantity() if hasattr(content, "_as_quantity") else value * field.lsb
            assert ours == pytest.approx(their, rel=ROUNDING), field.name
        else:
            assert ours == (int(f"{int(value):o}") if field.form == "o" else value), field.name


def items_in(record: Any) -> dict[str, Any]:
    return dict(record.items_regular)


def assert_same_table(table: Records, layouts: dict[str, Layout], records: list[Any]) -> None:
    assert len(table) == len(records) > 0
    for row, record in enumerate(records):
        held = items_in(record)
        layout = layouts["track" if "track" in layouts and table["is_track"][row] == 1 else next(iter(layouts))]
        for item in layout.items:
            if item.kind != RFS:
                assert_same_values(table, row, item, held.get(item.name))


@pytest.mark.parametrize("category", WRITTEN)
def test_libasterix_reads_what_we_write(category: int) -> None:
    layout = LAYOUTS[category][0]
    columns = random_columns(layout, 60, np.random.default_rng(category))
    data = _encode(category, columns, 1400)
    records = their_parse(category, data)
    (table,) = (one for one in decode(data).tables() if one.category == category)
    assert_same_table(table, {"": layout}, records)
    assert b"".join(record.unparse().to_bytes() for record in records) == without_headers(data)


@pytest.mark.parametrize(
    ("category", "variant"), [(category, layout.variant) for category in EDITIONS for layout in LAYOUTS[category]]
)
def test_records_of_random_bits_are_read_as_libasterix_reads_them(category: int, variant: str) -> None:
    """Of every category and every table of items that is read, those that are not written too: CAT001 and CAT002."""
    layout = next(one for one in LAYOUTS[category] if one.variant == variant)
    rng = np.random.default_rng(1000 + category)
    records = [random_record(layout, rng, always=("020",) if variant else ()) for _ in range(120)]
    if variant:
        records = [as_variant(record, variant) for record in records]
    data = b""
    for first in range(0, len(records), 5):
        content = b"".join(records[first : first + 5])
        data += bytes([category]) + (len(content) + 3).to_bytes(2, "big") + content
    recording = decode(data)
    assert (recording.report.bytes_lost, recording.report.records) == (0, {category: len(records)})
    (table,) = (one for one in recording.tables() if one.category == category)
    their = [one for record in records for one in their_parse_as(category, variant, record)]
    assert_same_table(table, {variant: layout}, their)


def as_variant(record: bytes, variant: str) -> bytes:
    """The record with the bit of I001/020 that says whether it is a plot or a track."""
    at = next(number for number, octet in enumerate(record) if not octet & 1) + 1
    at += 2 if record[0] & 128 else 0  # I001/010 stands before it
    return record[:at] + bytes([(record[at] & 127) | (128 if variant == "track" else 0)]) + record[at + 1 :]


def their_parse_as(category: int, variant: str, record: bytes) -> list[Any]:
    if not variant:
        return their_parse(category, bytes([category]) + (len(record) + 3).to_bytes(2, "big") + record)
    base = pytest.importorskip("asterix.base", reason="libasterix is not installed")
    uap = category_of(category).cv_uap.cv_uaps[variant]
    return [uap._parse(base.ParsingMode.StrictParsing, base.Bits.from_bytes(record))[0]]


def without_headers(data: bytes) -> bytes:
    content, at = b"", 0
    while at < len(data):
        size = int.from_bytes(data[at + 1 : at + 3], "big")
        content += data[at + 3 : at + size]
        at += size
    return content


def test_we_read_what_libasterix_writes() -> None:
    base = pytest.importorskip("asterix.base")
    record = category_of(48).cv_uap.cv_record.create(
        {
            "010": (("SAC", 25), ("SIC", 7)),
            "140": 460_864,
            "020": ((5, 0, 1, 1, 0, None), (1, 0, 0, 0, 1, 2, None)),
            "040": (("RHO", (42.5, "NM")), ("THETA", (90.0, "°"))),
            "070": (0, 0, 0, 0, ("MODE3A", "7700")),
            "090": (0, 1, ("FL", (-2.25, "FL"))),
            "130": {"SAM": (-70.0, "dBm"), "APD": (-0.5, "°")},
            "220": 0x4840D6,
            "240": "THY1920",
            "250": [0x1122334455667720, 0x0102030405060730],
        }
    )
    content = record.unparse().to_bytes()
    table = decode(bytes([48]) + (len(content) + 3).to_bytes(2, "big") + content).cat048
    assert isinstance(record, base.Record)
    read = {name: table[name].tolist()[0] for name in ("sac", "sic", "time_of_day_s", "typ", "rdp", "spi", "tst", "mi")}
    assert list(read.values()) == [25, 7, 3600.5, 5, 1, 1, 1, 1]
    assert (table["range_nm"][0], table["azimuth_deg"][0], table["mode_3a"][0]) == (42.5, 90.0, 7700)
    assert (table["flight_level_fl"][0], table["flight_level_g"][0], table["sam_dbm"][0]) == (-2.25, 1, -70.0)
    half_azimuth_bit_deg = 360.0 / 16384 / 2
    assert abs(table["apd_deg"][0] + 0.5) <= half_azimuth_bit_deg
    assert (table["address"][0], table.raw("bds")[0].hex()) == (0x4840D6, "0211223344556677200102030405060730")


@pytest.mark.parametrize("name", ["068test_rrd3.gps", "068test_bds30.gps"])
def test_the_real_recordings_are_read_as_libasterix_reads_them(name: str) -> None:
    path = recording_of(name)
    data, recording = path.read_bytes(), read_asterix(path)
    assert recording.report.bytes_lost == 0
    blocks: dict[int, list[bytes]] = {}
    at = 2200
    while at < len(data):
        size = int.from_bytes(data[at + 1 : at + 3], "big")
        blocks.setdefault(data[at], []).append(data[at : at + size])
        at += size + 10
    for table in recording.tables():
        found = blocks.get(table.category, [])
        assert len(found) == recording.report.blocks.get(table.category, 0)
        layouts = {layout.variant: layout for layout in LAYOUTS[table.category]}
        if table.category == 1:
            records = [one for block in found for one in their_older_records(block)]
        else:
            records = [one for block in found for one in their_parse(table.category, block)]
        if found:
            assert_same_table(table, layouts, records)
    others = {category: len(found) for category, found in blocks.items() if category not in LAYOUTS}
    assert recording.report.skipped == others


def their_older_records(block: bytes) -> list[Any]:
    """The records of a CAT001 block: libasterix wants to be told which are plots and which are tracks."""
    base = pytest.importorskip("asterix.base")
    uaps = category_of(1).cv_uap.cv_uaps
    bits, records = base.Bits.from_bytes(block[3:]), []
    while not bits.null():
        mode = base.ParsingMode.StrictParsing
        parsed = uaps["plot"].parse(mode, bits) if hasattr(uaps["plot"], "parse") else uaps["plot"]._parse(mode, bits)
        descriptor = None if isinstance(parsed, ValueError) else items_in(parsed[0]).get("020")
        if descriptor is None or elements(descriptor.arg.arg)[0].bs.to_uinteger() == 1:
            parsed = uaps["track"]._parse(mode, bits)
        record, bits = parsed
        records.append(record)
    return records


def test_the_recording_of_the_network_holds_what_its_description_says() -> None:
    plots = read_asterix(recording_of("068test_rrd3.gps")).cat048
    pairs = sorted(set(zip(plots["sac"].tolist(), plots["sic"].tolist(), strict=True)))
    assert pairs == [(20, 1), (20, 4), (20, 7), (20, 9), (20, 11)]
    address, sic = plots["address"], plots["sic"]
    radars = [len(set(sic[address == one].tolist())) for one in np.unique(address[address >= 0])]
    assert (len(radars), sum(n >= 2 for n in radars), radars.count(5)) == (262, 173, 12)


def test_the_recording_of_one_radar_holds_what_its_description_says() -> None:
    recording = read_asterix(recording_of("068test_bds30.gps"))
    assert recording.report.records == {34: 951, 48: 1830}
    assert (recording.cat048["acas_report"] >= 0).sum() > 0
    period = periods_of(recording)[20, 4]
    one_time_bit_s = 1.0 / 128
    assert abs(period.period_s - 4.984375) < one_time_bit_s
    found, counts = detections_of(recording, sensors_of(recording))
    minutes = (found.time_s[-1] - found.time_s[0]) / 60.0
    assert round(minutes) == 79
    assert counts["detections"] == len(found) == 1830


def test_its_valid_codes_come_to_the_tracker() -> None:
    recording = read_asterix(recording_of("068test_bds30.gps"))
    sensors = replace(sensors_of(recording), max_range_m=np.array([475e3]))
    found, told = detections_of(recording, sensors)
    kept, counts = clean(found, sensors)
    assert (counts, len(kept)) == ({}, 1830)
    assert (told["mode_3a_dropped"], told["flight_level_dropped"]) == (9, 9)
    assert sorted(set(kept.mode_3a.tolist())) == [-1, 5050, 5173]
    assert (kept.mode_3a == -1).sum() == 9


def test_trailers_tell_when_a_block_was_received() -> None:
    recording = read_asterix(recording_of("068test_bds30.gps"))
    delay_s = recording.cat048["received_s"] - recording.cat048["time_of_day_s"]
    a_radar_and_a_line_s = 1.0
    assert 0.0 < float(np.median(delay_s)) < a_radar_and_a_line_s
    assert float(np.abs(delay_s).max()) < a_radar_and_a_line_s


def test_aviconv_reads_the_same_positions() -> None:
    aviconv = pytest.importorskip("aviconv_asterix", reason="aviconv-asterix is not installed")
    rng = np.random.default_rng(3)
    n = 50
    data = encode_cat048(
        sac=25,
        sic=1,
        time_of_day_s=np.sort(rng.uniform(0.0, 86_399.0, n)),
        typ=5,
        range_nm=rng.uniform(1.0, 250.0, n),
        azimuth_deg=rng.uniform(0.0, 359.9, n),
        mode_3a=np.full(n, 7700),
        flight_level_fl=rng.uniform(0.0, 400.0, n),
        address=rng.integers(1, 1 << 24, n),
    )
    ours, theirs = decode(data).cat048, list(aviconv.iter_records(data))
    assert len(theirs) == n
    names = {"range_nm": "rho_nm", "azimuth_deg": "theta_deg", "flight_level_fl": "flight_level"}
    for ours_name, theirs_name in {**names, "time_of_day_s": "time_of_day_s"}.items():
        np.testing.assert_array_equal(ours[ours_name], [getattr(record, theirs_name) for record in theirs], ours_name)
    assert {record.mode3a for record in theirs} == {"7700"}
    assert [int(record.aircraft_address, 16) for record in theirs] == ours["address"].tolist()


@pytest.mark.parametrize("category", WRITTEN)
def test_aviconv_finds_the_same_items(category: int) -> None:
    aviconv = pytest.importorskip("aviconv_asterix", reason="aviconv-asterix is not installed")
    layout = LAYOUTS[category][0]
    columns = random_columns(layout, 30, np.random.default_rng(30 + category))
    columns = {name: values for name, values in columns.items() if not name.startswith(THEIR_ERRORS)}
    data = _encode(category, columns, 1400)
    theirs = list(aviconv.iter_records(data))
    assert len(theirs) == 30
    items = [bytes.fromhex("".join(record.raw_items.values())) for record in theirs]
    assert items == [items_only(record.unparse().to_bytes()) for record in their_parse(category, data)]


def items_only(record: bytes) -> bytes:
    """A record's bytes without its FSPEC."""
    at = 0
    while record[at] & 1:
        at += 1
    return record[at + 1 :]

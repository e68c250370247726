"""Raw blocks, the .gps layout, pcap and pcapng: found, read in pieces, and mended after damage."""

from __future__ import annotations

import struct
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from chainhome.errors import UseError
from chainhome.formats.asterix import decode, encode_cat034, encode_cat048, iter_asterix, merge_reports, read_asterix
from chainhome.formats.asterix.blocks import detect
from chainhome.formats.asterix.recording import Recording

UNIX_S = 1_700_006_400  # a midnight
UDP_PORT = 8600


def blocks_of(n: int, seed: int = 1) -> list[bytes]:
    """Blocks of a few plots each, with a service message now and then."""
    rng = np.random.default_rng(seed)
    blocks = []
    for number in range(n):
        plots = int(rng.integers(1, 6))
        blocks.append(
            encode_cat048(
                sac=20,
                sic=int(rng.integers(1, 4)),
                time_of_day_s=np.full(plots, 0.25 * number % 86_400.0),
                typ=5,
                range_nm=rng.uniform(1.0, 200.0, plots),
                azimuth_deg=rng.uniform(0.0, 360.0, plots),
                address=rng.integers(0, 1 << 24, plots),
                bds=[bytes([1]) + rng.bytes(8) for _ in range(plots)],
            )
        )
        if number % 7 == 0:
            blocks.append(encode_cat034(sac=20, sic=1, message_type=[1], time_of_day_s=[0.25 * number % 86_400.0]))
    return blocks


def gps_of(blocks: list[bytes], header: bytes = b"\xcd") -> bytes:
    trailers = [b"\x20" * 6 + (128 * (100 + n)).to_bytes(3, "big") + b"\x07" for n in range(len(blocks))]
    return header * 2200 + b"".join(block + trailer for block, trailer in zip(blocks, trailers, strict=True))


def udp(payload: bytes) -> bytes:
    return struct.pack(">HHHH", UDP_PORT, UDP_PORT, 8 + len(payload), 0) + payload


def ipv4(payload: bytes, protocol: int = 17, fragment: int = 0) -> bytes:
    return struct.pack(">BBHHHBBH8x", 0x45, 0, 20 + len(payload), 0, fragment, 64, protocol, 0) + payload


def ipv6(payload: bytes) -> bytes:
    return struct.pack(">IHBB32x", 6 << 28, len(payload), 17, 64) + payload


FRAMES = {
    "ethernet": (1, lambda block: bytes(12) + b"\x08\x00" + ipv4(udp(block))),
    "ethernet, VLAN": (1, lambda block: bytes(12) + b"\x81\x00\x00\x05\x08\x00" + ipv4(udp(block))),
    "ethernet, padded": (1, lambda block: bytes(12) + b"\x08\x00" + ipv4(udp(block)) + bytes(9)),
    "ethernet, IPv6": (1, lambda block: bytes(12) + b"\x86\xdd" + ipv6(udp(block))),
    "linux cooked": (113, lambda block: bytes(14) + b"\x08\x00" + ipv4(udp(block))),
    "linux cooked 2": (276, lambda block: b"\x08\x00" + bytes(18) + ipv4(udp(block))),
    "raw IP": (101, lambda block: ipv4(udp(block))),
    "loopback": (0, lambda block: b"\x02\x00\x00\x00" + ipv4(udp(block))),
}


def pcap_of(frames: list[bytes], link: int = 1, order: str = "<", nano: bool = False) -> bytes:
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65_535, link)]
    for number, frame in enumerate(frames):
        part = 500_000_000 if nano else 500_000
        parts.append(struct.pack(order + "IIII", UNIX_S + number, part, len(frame), len(frame)) + frame)
    return b"".join(parts)


def ng_block(kind: int, content: bytes, order: str) -> bytes:
    padded = content + bytes(-len(content) % 4)
    size = struct.pack(order + "I", 12 + len(padded))
    return struct.pack(order + "I", kind) + size + padded + size


def pcapng_of(frames: list[bytes], link: int = 1, order: str = "<") -> bytes:
    section = ng_block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)
    nanoseconds = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0)
    parts = [section, ng_block(1, struct.pack(order + "HHI", link, 0, 65_535) + nanoseconds, order)]
    for number, frame in enumerate(frames):
        clock = (UNIX_S + number) * 10**9 + 500_000_000
        head = struct.pack(order + "IIIII", 0, clock >> 32, clock & 0xFFFFFFFF, len(frame), len(frame))
        parts += [ng_block(6, head + frame, order), ng_block(5, bytes(8), order)]
    return b"".join(parts)


def assert_same(ours: Recording, theirs: Recording, *, places: bool = False) -> None:
    """Two recordings hold the same records; places in the file and times of reception may differ."""
    for one, other in zip(ours.tables(), theirs.tables(), strict=True):
        for name, column in one.columns.items():
            if places or not (name.endswith("_at") or name == "received_s"):
                np.testing.assert_array_equal(column, other[name], err_msg=name)
        assert one.raw("special_purpose") == other.raw("special_purpose")
    assert ours.cat048.raw("bds") == theirs.cat048.raw("bds")


def assert_accounts_for(recording: Recording, size: int) -> None:
    """Every byte is read, skipped, lost or the container's, and losses do not overlap."""
    report = recording.report
    assert report.bytes_total == size
    assert report.bytes_container >= 0
    ends = report.loss_at + report.loss_size
    assert (report.loss_size > 0).all()
    assert (report.loss_at[1:] >= ends[:-1]).all()
    assert not len(ends) or (report.loss_at[0] >= 0 and ends[-1] <= size)


@pytest.mark.parametrize("header", [b"\xcd", b"\x20", b"\x00", b"\xff"])
def test_the_gps_layout_is_found_and_its_trailers_tell_the_time_of_reception(header: bytes) -> None:
    blocks = blocks_of(60)
    data = gps_of(blocks, header)
    recording = decode(data)
    assert_same(recording, decode(b"".join(blocks)))
    assert recording.report.container == "gps"
    assert recording.report.bytes_container == 2200 + 10 * len(blocks)
    assert recording.cat048["received_s"][0] == 100.0
    assert recording.cat034["received_s"][:2].tolist() == [101.0, 109.0]
    assert_accounts_for(recording, len(data))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", list(FRAMES))
def test_captures_give_what_their_datagrams_hold(kind: str, order: str) -> None:
    blocks = blocks_of(30)
    link, framed = FRAMES[kind]
    frames = [framed(block) for block in blocks]
    for data, container in (
        (pcap_of(frames, link, order), "pcap"),
        (pcap_of(frames, link, order, nano=True), "pcap"),
        (pcapng_of(frames, link, order), "pcapng"),
    ):
        recording = decode(data)
        assert recording.report.container == container
        assert recording.report.packets == {"UDP": len(blocks)}
        assert recording.report.bytes_lost == 0
        assert_same(recording, decode(b"".join(blocks)))
        assert recording.report.epoch_unix_s == UNIX_S
        assert recording.cat048["received_s"][0] == 0.5
        assert_accounts_for(recording, len(data))


def test_packets_that_hold_no_datagram_are_counted() -> None:
    (block,) = blocks_of(1)[:1]
    head = bytes(12) + b"\x08\x00"
    frames = [
        head + ipv4(udp(block)),
        head + ipv4(udp(block), protocol=6),
        head + ipv4(udp(block), fragment=0x2000),
        bytes(12) + b"\x08\x06" + bytes(28),
        (head + ipv4(udp(block)))[:-3],
        b"\x01",
    ]
    recording = decode(pcap_of(frames))
    assert recording.report.packets == {"UDP": 1, "not UDP": 3, "fragment": 1, "cut UDP": 1}
    assert recording.report.blocks == {48: 1}
    assert recording.report.bytes_lost == len(block) - 3


def test_datagrams_of_others_are_lost_and_no_more() -> None:
    blocks = blocks_of(10)
    _, framed = FRAMES["ethernet"]
    frames = [framed(block) for block in blocks]
    frames.insert(3, framed(b"hello, this is no radar"))
    recording = decode(pcap_of(frames))
    assert recording.report.blocks[48] == 10
    assert recording.report.loss_size.tolist() == [len("hello, this is no radar")]


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_file_that_is_cut_loses_its_last_block_only(cut: int) -> None:
    blocks = [*blocks_of(6), encode_cat048(sac=20, sic=1, range_nm=np.full(8, 3.0), azimuth_deg=1.0)]
    data = b"".join(blocks)[:-cut]
    report = decode(data).report
    begin = sum(map(len, blocks[:-1]))
    assert report.loss_at.tolist() == [begin]
    assert report.loss_size.tolist() == [len(data) - begin]
    assert report.losses()[0].startswith(
        f"byte {begin}: {len(data) - begin} bytes lost, a block that is cut off, or whose length cannot be right"
    )


@pytest.mark.parametrize("gps", [False, True])
@pytest.mark.parametrize("length", [0, 1, 3, 30, 5000, 65_535])
def test_a_wrong_length_loses_that_block_only(length: int, gps: bool) -> None:
    blocks = blocks_of(60)
    bad = bytearray(blocks[20])
    bad[1:3] = length.to_bytes(2, "big")
    damaged = [*blocks[:20], bytes(bad), *blocks[21:]]
    data = gps_of(damaged) if gps else b"".join(damaged)
    recording = decode(data, "gps" if gps else "raw")
    assert sum(recording.report.blocks.values()) == len(blocks) - 1
    assert_same(recording, decode(b"".join(blocks[:20] + blocks[21:])))
    assert int(recording.report.loss_at[0]) == (2200 + 10 * 20 if gps else 0) + sum(map(len, blocks[:20]))
    assert_accounts_for(recording, len(data))


def test_an_item_that_is_not_defined_loses_its_block_only() -> None:
    first, last = encode_cat034(sac=1, sic=2, message_type=[1]), encode_cat034(sac=3, sic=4, message_type=[2])
    undefined = bytes([34, 0, 8, 0x81, 0x01, 0x02, 20, 1])
    report = decode(first + undefined + last).report
    assert (report.records, report.undefined_items) == ({34: 2}, 1)
    assert report.losses() == [f"byte {len(first)}: 8 bytes lost, an item that the category does not define"]


def test_other_categories_are_skipped_and_counted() -> None:
    plots = blocks_of(3)
    weather, unknown = bytes([8, 0, 6, 1, 2, 3]), bytes([200, 0, 5, 9, 9])
    data = plots[0] + weather + weather + plots[1] + unknown + plots[2]
    report = decode(data).report
    assert report.skipped == {8: 2, 200: 1}
    assert (report.bytes_skipped, report.bytes_lost) == (17, 0)


def test_a_record_without_items_is_no_record() -> None:
    report = decode(bytes([48, 0, 6, 0, 0, 0])).report
    assert report.records == {}
    assert report.losses() == ["byte 0: 6 bytes lost, a record without items"]


@pytest.mark.parametrize("container", ["raw", "gps", "pcap", "pcapng"])
def test_a_file_read_in_pieces_is_the_file_read_whole(
    container: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Room for the longest block, 64 KiB: what is read at a time need not be a megabyte for a test.
    monkeypatch.setattr(import_module("chainhome.formats.asterix.decode"), "_LEAST_PIECE", 1 << 17)
    blocks = blocks_of(4000, seed=4)
    blocks[2500] = bytes([48, 255, 255]) + blocks[2500][3:]
    _, framed = FRAMES["ethernet"]
    data = {
        "raw": lambda: b"".join(blocks),
        "gps": lambda: gps_of(blocks),
        "pcap": lambda: pcap_of([framed(block) for block in blocks]),
        "pcapng": lambda: pcapng_of([framed(block) for block in blocks]),
    }[container]()
    path = tmp_path / "recording"
    path.write_bytes(data)
    whole = read_asterix(path)
    pieces = list(iter_asterix(path, piece_bytes=1))
    assert len(pieces) >= 2
    assert whole.report.container == container == pieces[-1].report.container
    for number, table in enumerate(whole.tables()):
        parts = [piece.tables()[number] for piece in pieces]
        for name, column in table.columns.items():
            np.testing.assert_array_equal(column, np.concatenate([part[name] for part in parts]), err_msg=name)
    assert whole.cat048.raw("bds") == [raw for piece in pieces for raw in piece.cat048.raw("bds")]
    merged = merge_reports(piece.report for piece in pieces)
    for name in ("bytes_total", "bytes_read", "bytes_lost", "blocks", "records", "packets", "bytes_container"):
        assert getattr(merged, name) == getattr(whole.report, name), name
    trailer = 10 if container == "gps" else 0
    assert whole.report.bytes_lost == len(blocks[2500]) + trailer


def test_captures_with_damaged_packet_headers_go_on_after_them() -> None:
    blocks = blocks_of(40)
    _, framed = FRAMES["ethernet"]
    for data in (pcap_of([framed(b) for b in blocks]), pcapng_of([framed(b) for b in blocks])):
        bad = bytearray(data)
        at = data.index(blocks[20]) - 42 - 12
        bad[at : at + 4] = b"\xff\xff\xff\x7f"
        at = data.index(blocks[20]) - 42 - 28 + 4
        if data[:4] == b"\x0a\x0d\x0d\x0a":
            bad[at : at + 4] = b"\xff\xff\xff\x7f"
        else:
            bad[at + 16 : at + 24] = b"\xff" * 8
        recording = decode(bytes(bad))
        assert sum(recording.report.blocks.values()) >= len(blocks) - 2
        assert recording.report.bytes_lost > 0
        assert_accounts_for(recording, len(data))


@pytest.mark.parametrize(
    "data", [b"", b"\x30", b"no recording at all, just a text " * 200, bytes(5000), b"\xff" * 5000]
)
def test_what_is_no_recording_gives_empty_tables_and_lost_bytes(data: bytes) -> None:
    recording = decode(data)
    assert recording.report.records == {}
    assert_accounts_for(recording, len(data))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UseError, match=r"missing\.ast: cannot be read \(No such file"):
        read_asterix(tmp_path / "missing.ast")
    with pytest.raises(UseError, match="cannot be read"):
        list(iter_asterix(tmp_path))
    with pytest.raises(UseError, match="container = 'zip' is not known, expected one of raw, gps, pcap, pcapng"):
        decode(b"", "zip")
    with pytest.raises(UseError, match="does not begin with the magic number of a pcap"):
        decode(b"0000", "pcap")


def test_the_container_is_told_from_the_first_bytes() -> None:
    blocks = blocks_of(50)
    assert detect(np.frombuffer(b"".join(blocks), np.uint8)) == "raw"
    assert detect(np.frombuffer(gps_of(blocks), np.uint8)) == "gps"
    assert detect(np.frombuffer(pcapng_of([]), np.uint8)) == "pcapng"

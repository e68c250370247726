"""The compiled passes over network captures [pcap_ietf]: packets in, the spans of their UDP payloads out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainhome._jit import kernel

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Whole = Any  # int or np.int64, which a kernel does not tell apart

# Link types of the capture formats.
NULL, ETHERNET, RAW_IP, LOOP, LINUX_COOKED, RAW_IPV4, RAW_IPV6, LINUX_COOKED_2 = 0, 1, 101, 108, 113, 228, 229, 276
MOST_PACKET = 262_144
DAY_S = 86_400
SECTION, BYTE_ORDER, MOST_BLOCK = 0x0A0D0D0A, 0x1A2B3C4D, 1 << 24  # of pcapng

# Codes of blocks.PACKETS; what a packet was.
UDP, NOT_UDP, FRAGMENT, CUT = 0, 1, 2, 3


class Packets(NamedTuple):
    """What `scan_pcap` and `scan_pcapng` fill: the payload of each UDP packet."""

    at: Ints
    end: Ints
    received_s: NDArray[np.float64]
    counts: Ints  # (4,) by what a packet was
    lost_at: Ints
    lost_size: Ints


@kernel
def number(data: Bytes, p: Whole, size: Whole, little: bool) -> Whole:
    """Return an unsigned number of some bytes."""
    value = np.int64(0)
    for k in range(size):
        value = (value << 8) | np.int64(data[p + size - 1 - k] if little else data[p + k])
    return value


@kernel
def ether_type(data: Bytes, p: Whole, end: Whole) -> tuple[Whole, Whole]:
    """Return the type at `p`, past any VLAN tags, and where its payload begins."""
    while p + 2 <= end:
        kind = number(data, p, 2, False)
        p += 2
        if kind != 0x8100 and kind != 0x88A8 and kind != 0x9100:
            return kind, p
        p += 2
    return 0, end


@kernel
def network(data: Bytes, p: Whole, end: Whole, link: Whole) -> tuple[Whole, Whole]:
    """Return the version of IP that a packet carries (0 = none) and where its header begins."""
    kind = 0
    if link == ETHERNET:
        kind, p = ether_type(data, p + 12, end)
    elif link == LINUX_COOKED:
        kind, p = ether_type(data, p + 14, end)
    elif link == LINUX_COOKED_2:
        if p + 20 <= end:
            kind, p = number(data, p, 2, False), p + 20
    elif link in (NULL, LOOP, RAW_IP, RAW_IPV4, RAW_IPV6):
        p += 4 if link in (NULL, LOOP) else 0
        if p < end:
            kind = 0x0800 if data[p] >> 4 == 4 else 0x86DD
    if p < end and kind == 0x0800 and data[p] >> 4 == 4:
        return 4, p
    if p < end and kind == 0x86DD and data[p] >> 4 == 6:
        return 6, p
    return 0, end


@kernel
def udp_payload(data: Bytes, p: Whole, end: Whole, link: Whole) -> tuple[Whole, Whole, Whole]:
    """Return what a packet is, and where the payload of its UDP datagram begins and ends."""
    version, p = network(data, p, end, link)
    if version == 4 and p + 20 <= end:
        protocol = data[p + 9]
        fragment = number(data, p + 6, 2, False) & 0x3FFF
        p += 4 * (np.int64(data[p]) & 15)
        if protocol == 17 and fragment:
            return FRAGMENT, end, end
    elif version == 6 and p + 40 <= end:
        protocol = data[p + 6]
        p += 40
        if protocol == 44:
            return FRAGMENT, end, end
    else:
        return NOT_UDP, end, end
    if protocol != 17 or p + 8 > end:
        return NOT_UDP, end, end
    stop = p + number(data, p + 4, 2, False)
    if stop > end:
        return CUT, p + 8, end
    return UDP, p + 8, max(stop, p + 8)


@kernel
def put(data: Bytes, p: Whole, end: Whole, link: Whole, time_s: float, out: Packets, n: Whole) -> Whole:
    """Note the payload of one packet; return how many there are then."""
    what, begin, stop = udp_payload(data, p, end, link)
    out.counts[what] += 1
    if stop > begin:
        out.at[n], out.end[n], out.received_s[n] = begin, stop, time_s
        return n + 1
    return n


@kernel
def packet_at(data: Bytes, p: Whole, little: bool, last_s: Whole, parts: Whole) -> Whole:
    """Return the length of the packet whose pcap header is at `p`, or -1 where none can be."""
    kept, sent = number(data, p + 8, 4, little), number(data, p + 12, 4, little)
    seconds, part = number(data, p, 4, little), number(data, p + 4, 4, little)
    if kept > MOST_PACKET or kept > sent or sent > MOST_PACKET or part >= parts:
        return -1
    if last_s >= 0 and abs(seconds - last_s) > DAY_S:
        return -1
    return kept


@kernel
def scan_pcap(
    data: Bytes, p: Whole, little: bool, parts: Whole, link: Whole, final: bool, last_s: Whole, out: Packets
) -> tuple[Whole, Whole, Whole, Whole]:
    """Note the UDP payloads of pcap packets; return how many, how many losses, where it stopped, and the last second.

    `parts` are the units of a second. Where a packet's header cannot be right, the next place is searched at which one
    can be that is followed by another.
    """
    n, lost, since = 0, 0, -1
    size = len(data)
    while p < size and n < len(out.at) and lost < len(out.lost_at):
        kept = packet_at(data, p, little, last_s, parts) if p + 16 <= size else -1
        if p + 16 > size or p + 16 + kept > size:
            if not final or since >= 0:
                break
            kept = -1
        if kept >= 0 and since >= 0:
            after = p + 16 + kept
            if after != size and (after + 16 > size or packet_at(data, after, little, last_s, parts) < 0):
                kept = -1
        if kept < 0:
            since = p if since < 0 else since
            p += 1
            continue
        if since >= 0:
            out.lost_at[lost], out.lost_size[lost] = since, p - since
            lost += 1
            since = -1
        last_s = number(data, p, 4, little)
        time_s = last_s + number(data, p + 4, 4, little) / parts
        n = put(data, p + 16, p + 16 + kept, link, time_s, out, n)
        p += 16 + kept
    if since >= 0 and lost < len(out.lost_at):
        stop = size if final else p
        out.lost_at[lost], out.lost_size[lost] = since, stop - since
        lost += 1
        p = stop
    return n, lost, p, last_s


@kernel
def scan_pcapng(
    data: Bytes, p: Whole, little: bool, links: Ints, ticks: Ints, final: bool, state: Ints, out: Packets
) -> tuple[Whole, Whole, Whole]:
    """Note the UDP payloads of pcapng blocks; return how many, how many losses, and where it stopped.

    `links` and `ticks` (of a second) of the interfaces fill as their blocks appear; `state` holds how many there are
    and the byte order (1 = little). Where a block's two lengths differ, the next block of a known kind is searched.
    """
    n, lost, since = 0, 0, -1
    size = len(data)
    while p < size and n < len(out.at) and lost + 1 < len(out.lost_at):
        if p + 28 > size and not final:
            break
        kind, length, little = block_header(data, p, little, since >= 0)
        if length > 0 and p + length > size:
            if not final and since < 0:
                break
            length = 0
        if length > 0 and number(data, p + length - 4, 4, little) != length:
            length = 0
        if length == 0:
            since = p if since < 0 else since
            p += 1
            continue
        if since >= 0:
            out.lost_at[lost], out.lost_size[lost] = since, p - since
            lost += 1
            since = -1
        state[1] = 1 if little else 0
        if kind == SECTION:
            state[0] = 0
        elif kind == 1 and state[0] < len(links) and length >= 20:
            links[state[0]] = number(data, p + 8, 2, little)
            ticks[state[0]] = tick_of(data, p + 16, p + length - 4, little)
            state[0] += 1
        elif kind == 6 and length >= 32:
            which = number(data, p + 8, 4, little)
            kept = number(data, p + 20, 4, little)
            if which < state[0] and p + 28 + kept <= p + length - 4:
                clock = (number(data, p + 12, 4, little) << 32) | number(data, p + 16, 4, little)
                part = clock % ticks[which]
                time_s = clock // ticks[which] + part / ticks[which]
                n = put(data, p + 28, p + 28 + kept, links[which], time_s, out, n)
        elif kind == 3 and length >= 16 and state[0] > 0:
            kept = min(number(data, p + 8, 4, little), length - 16)
            n = put(data, p + 12, p + 12 + kept, links[0], np.nan, out, n)
        p += length
    if since >= 0:
        out.lost_at[lost], out.lost_size[lost] = since, p - since
        lost += 1
    return n, lost, p


@kernel
def block_header(data: Bytes, p: Whole, little: bool, searching: bool) -> tuple[Whole, Whole, bool]:
    """Return kind and length of the pcapng block at `p` (0 where none can be), and the byte order from there on."""
    if p + 12 > len(data):
        return 0, 0, little
    if number(data, p, 4, little) == SECTION:
        if number(data, p + 8, 4, True) == BYTE_ORDER:
            little = True
        elif number(data, p + 8, 4, False) == BYTE_ORDER:
            little = False
        else:
            return 0, 0, little
    kind, length = number(data, p, 4, little), number(data, p + 4, 4, little)
    if length < 12 or length % 4 or length > MOST_BLOCK:
        return 0, 0, little
    if searching and not (kind == SECTION or (1 <= kind <= 6)):
        return 0, 0, little
    return kind, length, little


@kernel
def tick_of(data: Bytes, p: Whole, end: Whole, little: bool) -> Whole:
    """Return the ticks of a second of a pcapng interface, from its option if_tsresol (a million without)."""
    while p + 4 <= end:
        code, size = number(data, p, 2, little), number(data, p + 2, 2, little)
        if code == 9 and size >= 1 and p + 5 <= end:
            power = np.int64(data[p + 4]) & 127
            base, most = (2, 62) if data[p + 4] & 128 else (10, 18)
            ticks: Whole = np.int64(1)
            for _ in range(most if power > most else power):
                ticks *= base
            return ticks
        if code == 0:
            break
        p += 4 + (size + 3) // 4 * 4
    return np.int64(1_000_000)

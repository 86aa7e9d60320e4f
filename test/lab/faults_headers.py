"""Frames in which one length is wrong: of every header, every value that could be believed, and every cut.

Checksums of IPv4 and TCP are right all the same, so that the length itself is what has to be seen through.
"""

import socket
import struct

import faults_flood as flood

CLIENT6, SERVER6 = (socket.inet_pton(socket.AF_INET6, text) for text in ("fd66::1", "2001:db8:77::14"))
OPTIONS = bytes.fromhex("020405b4" "0402" "080a0000000100000000" "01" "030307")
ETHERNET, IP4, IP6 = 14, 20, 40
GRE, IN_IP4, HOP_BY_HOP, DESTINATION = 47, 4, 0, 60


def tcp_header(payload=b"GET / HTTP/1.0\r\n\r\n"):
    size = 20 + len(OPTIONS)
    return struct.pack("!HHIIBBHHH", 40000, 80, 1, 0, size << 2, 0x02, 65535, 0, 0) + OPTIONS + payload


def udp_header(port, payload):
    return struct.pack("!HHHH", 40000, port, 8 + len(payload), 0) + payload


def ip4(protocol, payload):
    return flood.frame(flood.stranger(77), protocol, payload)[ETHERNET:]


def ip6(kind, payload):
    return struct.pack("!IHBB", 6 << 28, len(payload), kind, 64) + CLIENT6 + SERVER6 + payload


def ethernet(kind, payload):
    return flood.frame(flood.stranger(77), 0, b"")[:12] + struct.pack("!H", kind) + payload


QUESTION = flood.udp(flood.stranger(77), 40000, 53, b"\0\1" + flood.name_of_question("www.example.org"))[ETHERNET + IP4 + 8:]
PLAIN = ethernet(0x0800, ip4(flood.TCP, tcp_header()))
# Name, a right frame, and where its lengths are: (offset, bytes).
FRAMES = (
    ("IPv4 and TCP", PLAIN, ((14, 1), (16, 2), (20, 2), (46, 1), (55, 1), (59, 1), (61, 1), (72, 1))),
    ("IPv4 and UDP", ethernet(0x0800, ip4(flood.UDP, udp_header(53, QUESTION))), ((14, 1), (16, 2), (20, 2), (38, 2))),
    ("a name's labels", ethernet(0x0800, ip4(flood.UDP, udp_header(53, QUESTION))), ((46, 2), (54, 1), (58, 1))),
    ("IPv6 and TCP", ethernet(0x86dd, ip6(flood.TCP, tcp_header())), ((14, 1), (18, 2), (66, 1))),
    ("IPv6 and extension headers", ethernet(0x86dd, ip6(HOP_BY_HOP, bytes((DESTINATION, 0, 1, 4, 0, 0, 0, 0))
                                                        + bytes((flood.TCP, 0, 1, 4, 0, 0, 0, 0)) + tcp_header())),
     ((18, 2), (55, 1), (57, 1), (63, 1), (65, 1))),
    ("802.1Q", ethernet(0x8100, b"\0\x64" + PLAIN[12:]), ((18, 1), (20, 2))),
    ("PPPoE", ethernet(0x8864, b"\x11\0\0\1" + struct.pack("!HH", len(PLAIN) - 12, 0x0021) + PLAIN[14:]),
     ((18, 2), (22, 1), (24, 2))),
    ("MPLS", ethernet(0x8847, b"\0\1\1\x40" + PLAIN[14:]), ((18, 1), (20, 2))),
    ("IP in IP", ethernet(0x0800, ip4(IN_IP4, PLAIN[14:])), ((16, 2), (34, 1), (36, 2))),
    ("GRE", ethernet(0x0800, ip4(GRE, b"\0\0\x08\0" + PLAIN[14:])), ((34, 1), (38, 1), (40, 2))),
    ("VXLAN", ethernet(0x0800, ip4(flood.UDP, udp_header(4789, b"\x08\0\0\0\0\0\1\0" + PLAIN))),
     ((38, 2), (64, 1), (66, 2))),
    ("GTP-U", ethernet(0x0800, ip4(flood.UDP, udp_header(2152, b"\x30\xff" + struct.pack(
        "!HI", len(PLAIN) - 14, 1) + PLAIN[14:]))), ((38, 2), (42, 1), (44, 2), (50, 1), (52, 2))),
)
VALUES = {1: range(256), 2: (*range(0, 72, 3), 255, 256, 1023, 1500, 0x1fff, 0x2000, 0x3fff, 0x7fff, 0x8000, 0xffff)}


def with_checksums(frame):
    """The outer IPv4 header's made right, and that of TCP behind it, as far as these are whole."""
    size = (frame[14] & 15) * 4 if len(frame) > 34 else 0
    if frame[12:14] != b"\x08\0" or size < 20 or len(frame) < ETHERNET + size:
        return frame
    header = frame[14:24] + b"\0\0" + frame[26:14 + size]
    frame = frame[:24] + struct.pack("!H", flood.checksum(header)) + frame[26:]
    total = int.from_bytes(frame[16:18], "big")
    segment = frame[14 + size:14 + max(total, size)]
    if frame[23] != flood.TCP or len(segment) < 20:
        return frame
    pseudo = frame[26:34] + struct.pack("!BBH", 0, flood.TCP, len(segment))
    segment = segment[:16] + b"\0\0" + segment[18:]
    value = struct.pack("!H", flood.checksum(pseudo + segment))
    at = ETHERNET + size
    return frame[:at] + segment[:16] + value + segment[18:] + frame[at + len(segment):]


def frames():
    """All of them, each once."""
    for _, right, places in FRAMES:
        for at, size in places:
            was = int.from_bytes(right[at:at + size], "big")
            for value in {*VALUES[size], max(was - 1, 0), (was + 1) % 256 ** size}:
                if value != was:
                    yield with_checksums(right[:at] + value.to_bytes(size, "big") + right[at + size:])
        yield from (right[:length] for length in range(ETHERNET, len(right)))

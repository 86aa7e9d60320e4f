#!/usr/bin/python3
"""Floods of frames that nobody answers, from the interface eth0 of the namespace this runs in.

usage: faults_flood.py KIND SECONDS [MOST [RATE]]

At most MOST frames; then also no faster than RATE a second, by itself what a gateway without a core of its own can
follow. Prints how many frames were sent. Sources are spoofed, so that answers go nowhere. Checksums are right, so that
nothing but the flood itself is a reason to drop, except where headers are wrong on purpose.
"""

import random
import socket
import struct
import sys
import time

from clients import client_hello
from lab import CLIENT_MAC, INTERNET4, SERVER_MAC

BLOCKED = "web.whatsapp.com"
SERVER = socket.inet_aton(INTERNET4.format(20))
DISTINCT = 6000  # frames made before the flood begins
TCP, UDP = 6, 17
SYN, ACK = 0x02, 0x10
MORE_FRAGMENTS = 0x2000


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def frame(source, protocol, payload, identification=0, fragment=0, destination=SERVER):
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), identification, fragment, 64,
                         protocol, 0, source, destination)
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    macs = bytes.fromhex((SERVER_MAC + CLIENT_MAC).replace(":", ""))
    return macs + b"\x08\x00" + header + payload


def transport(source, protocol, segment, at, destination=SERVER):
    """The segment with its checksum, which stands at `at`."""
    pseudo = source + destination + struct.pack("!BBH", 0, protocol, len(segment))
    return segment[:at] + struct.pack("!H", checksum(pseudo + segment)) + segment[at + 2:]


def tcp(source, port, flags, payload=b"", destination=SERVER, destination_port=443, sequence=1):
    header = struct.pack("!HHIIBBHHH", port, destination_port, sequence, flags >> 4 & 1, 0x50, flags, 65535,
                         0, 0)
    return frame(source, TCP, transport(source, TCP, header + payload, 16, destination),
                 destination=destination)


def udp(source, port, destination_port, payload):
    header = struct.pack("!HHHH", port, destination_port, 8 + len(payload), 0)
    return frame(source, UDP, transport(source, UDP, header + payload, 6))


def stranger(number):
    """An address outside of every network of the lab."""
    return bytes((10, 66, number >> 8 & 255, number & 255))


def syns(number, _):
    return tcp(stranger(number), 1024 + number, SYN, sequence=number)


def fragments(number, _):
    """The first part of a datagram whose rest never comes."""
    part = struct.pack("!HHHH", 1024, 9000, 2000, 0) + bytes(1000)
    return frame(stranger(number), UDP, part, number & 0xffff, MORE_FRAGMENTS)


def halves(number, half):
    return tcp(stranger(number), 1024 + number, ACK, half)


def questions(number, question):
    """Each an alert, and an answer made by the gateway."""
    return udp(stranger(number), 1024 + number, 53, struct.pack("!H", number & 0xffff) + question)


def collisions(number, _):
    """Addresses, and ports, whose exclusive or and whose sum's fold are the same for all."""
    high, low = number >> 8 & 255, number & 255
    source = bytes((10, 66, high, low))
    destination = bytes((198, 51, 100 ^ high, 0x20 ^ low))
    port = 1024 + number
    return tcp(source, port, SYN, destination=destination, destination_port=port ^ 0x1234)


def name_of_question(name):
    labels = b"".join(bytes((len(label),)) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 1, 1)


def garbage(number, _):
    """Bytes without a meaning, on ports with and without one."""
    dice = random.Random(number)
    port = dice.choice((80, 443, 5222, 6667, 1863, 5190, 53, dice.randrange(1024, 65536)))
    payload = dice.randbytes(dice.randrange(1, 1200))
    if dice.random() < 0.5:
        return udp(stranger(number), 1024 + number, port, payload)
    return tcp(stranger(number), 1024 + number, dice.choice((SYN, ACK, SYN | ACK, 0x18, 0x29, 0)), payload,
               destination_port=port, sequence=dice.getrandbits(32))


KINDS = {
    "syns": (syns, None),
    "fragments": (fragments, None),
    "halves": (halves, client_hello("www.example.org")[:60]),
    "questions": (questions, name_of_question(BLOCKED)),
    "collisions": (collisions, None),
    "garbage": (garbage, None),
}
FOLLOWED = 12000  # frames a second that a gateway without a core of its own can follow


def made(kind, most):
    """The frames of a flood, made before it begins."""
    if kind == "headers":
        import faults_headers  # pylint: disable=import-outside-toplevel,cyclic-import
        return list(faults_headers.frames())
    make, what = KINDS[kind]
    start = random.SystemRandom().randrange(1, 20000)
    return [make(number, what) for number in range(start, start + min(DISTINCT, most))]


def main(kind, seconds, most=0, rate=FOLLOWED):
    frames = made(kind, most or DISTINCT)
    sent, at, failed = 0, 0, 0
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("eth0", 0))
        due = time.monotonic()
        end = due + seconds
        while time.monotonic() < end and not 0 < most <= sent + failed:
            for _ in range(min(16, most - sent - failed) if most else 64):
                try:
                    wire.send(frames[at])
                    sent += 1
                except OSError:
                    failed += 1
                at = (at + 1) % len(frames)
            if most:
                due = max(due + 16 / rate, time.monotonic() - 0.01)
                time.sleep(max(0.0, due - time.monotonic()))
    print(sent, failed)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), *map(int, sys.argv[3:5]))

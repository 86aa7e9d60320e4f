"""AIM and ICQ: OSCAR, TOC, the connections between users, and ICQ's old datagrams."""

import re
import struct
from pathlib import Path

from talks import Talk, be16, be32, le16, le32, sized

OSCAR = "AOL: OSCAR protocol, FLAP, SNAC and ICBM"
COOKIE = bytes(range(8))
VERSION = be32(1)


def flap(channel, body):
    return bytes([0x2A, channel]) + be16(0x1234) + sized(2, body)


def snac(family, subtype, body=b"", flags=0):
    return flap(2, be16(family) + be16(subtype) + be16(flags) + be32(7) + body)


def tlv(kind, value):
    return be16(kind) + sized(2, value)


def capability(number):
    return b"\x09\x46" + be16(number) + bytes.fromhex("4c7f11d18222444553540000")


def to_peer(channel, more):
    return snac(4, 6, COOKIE + be16(channel) + sized(1, b"bob") + more)


def from_peer(channel, more):
    return snac(4, 7, COOKIE + be16(channel) + sized(1, b"bob") + be16(0) + be16(1) + tlv(1, be16(0x10)) + more)


def proposal(number, *more):
    return [("c", to_peer(2, tlv(5, be16(0) + COOKIE + capability(number) + tlv(0x0A, be16(1)) + b"".join(more))))]


HELLO = tlv(2, tlv(0x0501, b"\1") + tlv(0x0101, bytes(4) + b"hello"))
TEXTS = [("c", to_peer(1, HELLO)), ("s", from_peer(1, HELLO))]
READY = [("s", snac(1, 3, be16(1) + be16(2) + be16(4))), ("c", snac(1, 0x17, be16(1) + be16(3))),
         ("s", snac(1, 0x18, be16(1) + be16(3))), ("c", snac(1, 2, be16(1) + be16(3)))]
FILE = tlv(0x2711, be16(1) + be16(1) + be32(9) + b"plan.doc\0")
SERVICES = {
    "presence": [("c", snac(3, 4, sized(1, b"bob")))],
    "file-transfer": proposal(0x1343, tlv(3, bytes([10, 0, 0, 1])), tlv(5, be16(4443)), FILE),
    "voice": proposal(0x1341),
    "video": proposal(0x0100),
    "webcam": proposal(0x0102),
    "conference": [("c", snac(0x0E, 5, COOKIE + be16(3) + tlv(5, tlv(1, b"hello"))))],
    "games": proposal(0x134A),
    "other": proposal(0x1346),
}

AIM = Talk("aim", "OSCAR", OSCAR, 5190,
           login=[("s", flap(1, VERSION)), ("c", flap(1, VERSION + tlv(6, bytes(256))))] + READY,
           text=TEXTS, services=SERVICES)
ICQ = Talk("icq", "OSCAR", OSCAR, 5190,
           login=[("s", flap(1, VERSION)),
                  ("c", flap(1, VERSION + tlv(1, b"123456789") + tlv(2, b"\xf3\x26") +
                             tlv(3, b"ICQ Inc. - Product of ICQ")))] + READY,
           text=TEXTS, services=SERVICES)

TOC_SERVICES = {
    "presence": [("c", flap(2, b"toc_add_buddy bob\0"))],
    "file-transfer": [("c", flap(2, b"toc_rvous_accept bob Y29va2ll 09461343-4C7F-11D1-8222-444553540000\0"))],
    "voice": [("c", flap(2, b"toc_rvous_propose bob 09461341-4C7F-11D1-8222-444553540000 Y29va2ll 1\0"))],
    "conference": [("c", flap(2, b"toc_chat_join 4 Room\0"))],
}
TOC = Talk("aim", "TOC", "AOL: TOC protocol, version 1", 9898,
           login=[("c", b"FLAPON\r\n\r\n"), ("s", flap(1, VERSION)), ("c", flap(1, VERSION + tlv(1, b"alice"))),
                  ("c", flap(2, b"toc_signon login.oscar.aol.com 5190 alice 0x2408105c english TIC\0")),
                  ("s", flap(2, b"SIGN_ON:TOC1.0"))],
           text=[("c", flap(2, b"toc_send_im bob hello\0")), ("s", flap(2, b"IM_IN:bob:F:hello"))],
           services=TOC_SERVICES)

OFT_HEADER = b"OFT2" + be16(256) + be16(0x0101) + COOKIE + struct.pack(
    ">HHHHHHIIIIIIIIII", 0, 0, 1, 1, 1, 1, 300, 300, 0, 0, 0, 0, 0, 0, 0, 0) + b"Cool FileXfer".ljust(32, b"\0") + \
    b"\x20\x1c\x11" + bytes(85) + be16(0) + be16(0) + b"plan.doc".ljust(64, b"\0")
OFT = Talk("aim", "file connection (OFT)", "free clients' descriptions of OFT2", 4443,
           services={"file-transfer": [("c", OFT_HEADER)]})
ODC = Talk("aim", "direct text (ODC)", "free clients' descriptions of ODC2", 4444,
           text=[("c", b"ODC2" + struct.pack(">HHHH", 76, 1, 6, 0) + COOKIE + be32(0) + be32(0) + be32(5) +
                  struct.pack(">HIHI", 2, 0, 2, 0) + b"alice".ljust(32, b"\0") + b"hello")])
PROXY = Talk("aim", "rendezvous proxy", "free clients' descriptions of the proxy", 5191,
             services={"file-transfer": [("c", sized(2, struct.pack(">HHIH", 0x044A, 2, 0, 0x0220) +
                                                     sized(1, b"alice") + COOKIE + tlv(1, capability(0x1343))))]})


# ---- Version 5 over UDP. The table that ciphers it is as published; it is read where it stands.

SOURCE = Path(__file__).resolve().parents[2] / "lib" / "proto" / "icq_cipher.h"
TABLE = bytes(int(number, 16) for number in re.findall(
    r"0x([0-9a-f]{2})\b", SOURCE.read_text(encoding="utf-8").split("kTable = {")[1].split("}")[0]))
NUMBER = 1234567


def version5(command, more):
    """A client's datagram, with its check code, ciphered."""
    data = bytearray(le16(5) + le32(0) + le32(NUMBER) + le32(0x12345678) + le16(command) + le16(1) + le16(2) +
                     le32(0) + more)
    at, entry = 25, 9
    header = data[8] << 24 | data[4] << 16 | data[2] << 8 | data[6]
    check = header ^ (at << 24 | data[at] << 16 | entry << 8 | TABLE[entry]) ^ 0x00FF00FF
    key = (len(data) * 0x68656C6C + check) & 0xFFFFFFFF
    for block in range(10, len(data), 4):
        mask = struct.pack("<I", (key + TABLE[block & 0xFF]) & 0xFFFFFFFF)
        for i, byte in enumerate(mask[:len(data) - block]):
            data[block + i] ^= byte
    data[20:24] = le32((check & 0x1F) << 12 | (check & 0x03E003E0) << 1 | (check & 0xF8000400) >> 10 |
                       (check & 0xF800) << 16 | (check & 0x041F0000) >> 15)
    return bytes(data)


def icq_message(kind, text):
    return version5(270, le32(7654321) + le16(kind) + le16(len(text) + 1) + text + b"\0")


DATAGRAMS = Talk("icq", "version 5 over UDP", "the public description of ICQ's version 5", 4000, udp=True,
                 login=[("c", version5(1000, le32(0x38000000) + le32(1999) + le16(7) + b"secret\0" + le32(0x98) +
                                       bytes([10, 0, 0, 1]) + bytes(20)))],
                 text=[("c", icq_message(1, b"hello"))],
                 services={"presence": [("c", version5(1030, le32(99)))],
                           "file-transfer": [("c", icq_message(3, b"plan.doc"))],
                           "conference": [("c", icq_message(2, b"come"))]})

TALKS = [AIM, TOC, OFT, ODC, PROXY, ICQ, DATAGRAMS]
HIDDEN = []

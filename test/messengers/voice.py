"""Programs for voice: what they say in datagrams. What else they do is in TLS."""

import struct
import zlib

from talks import Hidden, Talk, ciphertext, noise, within_tls

# ---- TeamSpeak

NUMBERS = bytes.fromhex("5bf84c000100000001000000")


def field(text):
    return (bytes([len(text)]) + text).ljust(30, b"\0")


def with_crc(head, rest):
    return head + struct.pack("<I", zlib.crc32(head + bytes(4) + rest)) + rest


def class_of(mark, seed):
    return bytes.fromhex(mark) + NUMBERS + noise(60, seed)


LOGIN2 = with_crc(bytes.fromhex("f4be0300000000000000000001000000"),
                  field(b"TeamSpeak") + field(b"Linux") + bytes.fromhex("0200000020003c000001") + field(b"alice") +
                  field(b"secret") + field(b"nick"))
TS3 = Talk("teamspeak", "version 3", "Wireshark's dissector of TeamSpeak 3", 9987, udp=True,
           login=[("c", b"TS3INIT1" + bytes.fromhex("00650000880a7e8c00005e4d1c05") + noise(12, 1)),
                  ("s", b"TS3INIT1" + bytes.fromhex("006588") + noise(20, 2))])
TS2 = Talk("teamspeak", "version 2", "Wireshark's dissector of TeamSpeak 2", 8767, udp=True,
           login=[("c", LOGIN2), ("s", with_crc(bytes.fromhex("f4be0400") + NUMBERS, noise(300, 3)))],
           text=[("c", class_of("f0be8200", 4))],
           services={"presence": [("s", class_of("f0be0700", 5))], "voice": [("c", class_of("f2be000b", 6))]})
QUERY = Talk("teamspeak", "query port", "TeamSpeak's manual of the server query", 10011, known_by=0,
             login=[("s", b"TS3\n\rWelcome to the TeamSpeak 3 ServerQuery interface\n\r"), ("c", b"serverinfo\n\r")])

# ---- Zoom

PRINCETON = "Enabling Passive Measurement of Zoom Performance in Production Networks (2022)"
IDENTIFIER = bytes.fromhex("c84ac4528718cda2b8477a1b899f3383")


def media(kind, at, first, seed):
    return bytes.fromhex("050002004f837804") + bytes([kind]).ljust(at, b"\1") + bytes([first]) + noise(60, seed)


GREETING = bytes.fromhex("010003") + IDENTIFIER + bytes.fromhex("0000000000000002006f613f006f613f00000040") + noise(84, 7)
MEETING = [("c", GREETING), ("s", bytes.fromhex("020003") + IDENTIFIER +
                             bytes.fromhex("004f8378006f613f0000000000000000004000400003e00300"))]
ZOOM = Talk("zoom", "meeting", PRINCETON, 8801, udp=True, begins_as=("conference",),
            services={"conference": MEETING[:1],
                      "voice": MEETING + [("c", media(15, 19, 0x90, 8))],
                      "video": MEETING + [("c", media(16, 24, 0x90, 9))],
                      "screen-share": MEETING + [("c", media(30, 20, 0x90, 10))]})

# ---- One kind of datagram each

def stun(kind, *attributes):
    """RFC 8489 section 5; attributes are (type, value), of whole words."""
    body = b"".join(struct.pack(">HH", number, len(value)) + value for number, value in attributes)
    return struct.pack(">HHI", kind, len(body), 0x2112A442) + noise(12, 31) + body


LIBPROTOIDENT = "libprotoident and nDPI"
OTHERS = [
    Talk("discord", "voice", "Discord's developer documentation: IP discovery", 50001, udp=True,
         services={"voice": [("c", bytes.fromhex("00010046001a7e73") + bytes(66))]}),
    Talk("line", "calls", LIBPROTOIDENT + ": LINE", 20610, udp=True,
         services={"voice": [("c", bytes.fromhex("b6130006") + noise(31, 11))]}),
    Talk("viber", "calls", LIBPROTOIDENT + ": Viber", 7985, udp=True, known_by=1,
         services={"voice": [("c", bytes.fromhex("12340300") + noise(8, 12)),
                             ("s", bytes.fromhex("12340400") + noise(8, 13))]}),
    Talk("zalo", "calls", LIBPROTOIDENT + ": Zalo", 3001, udp=True, known_by=1,
         services={"voice": [("c", bytes.fromhex("01010000") + noise(22, 14)),
                             ("s", bytes.fromhex("01010000") + noise(22, 15))]}),
    Talk("whatsapp", "calls", "captures and nDPI: STUN", 3478, udp=True,
         services={"voice": [("c", stun(0x0003, (0x4000, noise(102, 32))))]}),
    Talk("whatsapp", "calls between two ends", "captures and nDPI: STUN", 41107, udp=True,
         services={"voice": [("c", stun(0x0801))]}),
    Talk("ms-teams", "calls", "MS-ICE2 and MS-TURN", 3479, udp=True,
         services={"voice": [("c", stun(0x0001, (0x0006, b"a:b\0"), (0x8070, b"\0\0\0\3"), (0x8054, b"1234")))]}),
    Talk("mumble", "ping", "Mumble's protocol description", 64738, udp=True, known_by=1,
         services={"presence": [("c", bytes(4) + bytes.fromhex("0102030405060708")),
                                ("s", bytes.fromhex("000102040102030405060708000000050000006400012010"))]}),
    Talk("tox", "distributed hash table", "Tox's protocol specification", 33445, udp=True, known_by=1,
         login=[("c", b"\0" + noise(81, 16)), ("s", b"\1" + noise(81, 17))]),
]

TALKS = [TS3, TS2, QUERY, ZOOM] + OTHERS
HIDDEN = [
    Hidden("teamspeak", ("file-transfer",), "a connection of its own that begins with a random key", 30033,
           ciphertext(20)),
    Hidden("zoom", ("login", "presence", "text-chat", "file-transfer"),
           "within TLS, under names that meetings have too", 443, within_tls("us04web.zoom.us")),
    Hidden("discord", ("login", "presence", "text-chat", "file-transfer", "video", "conference", "screen-share"),
           "within TLS; video goes the way of voice", 443, within_tls("gateway.discord.gg")),
    Hidden("line", ("login", "presence", "text-chat", "file-transfer", "video", "conference"),
           "within TLS", 443, within_tls("legy-jp.line-apps.com")),
    Hidden("zalo", ("login", "presence", "text-chat", "file-transfer", "video", "conference"),
           "within TLS", 443, within_tls("chat.zalo.me")),
    Hidden("ms-teams", ("login", "presence", "text-chat", "file-transfer", "video", "conference", "screen-share"),
           "within TLS, under names that Microsoft's other services have too; a call's pictures go the way of voice",
           443, within_tls("login.microsoftonline.com")),
    Hidden("mumble", ("login", "text-chat", "voice"), "within TLS of a server without a name of its own; "
           "voice is ciphertext without a mark", 64738, within_tls("voice.example.net")),
    Hidden("tox", ("presence", "text-chat", "file-transfer", "voice", "video", "conference"),
           "encrypted between two users behind the first exchange", 33445,
           OTHERS[-1].login + [("c", b"\x1b" + noise(200, 21)), ("s", b"\x1b" + noise(200, 22))], udp=True),
]

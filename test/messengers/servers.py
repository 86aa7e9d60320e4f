"""Gadu-Gadu, QQ and Sametime."""

from talks import Hidden, Talk, be16, be32, le16, le32, noise, sized

# ---- Gadu-Gadu

LIBGADU = "the public description of Gadu-Gadu's protocol, libgadu"
NUMBER = 2345678


def gadu(kind, body=b""):
    return le32(kind) + le32(len(body)) + body


CLIENT = b"Gadu-Gadu Client Build 8.0.0.8731"
LOGIN80 = gadu(0x31, le32(NUMBER) + b"pl" + b"\2" + b"h" * 64 + le32(2) + le32(0) + le32(0x367) +
               bytes([10, 0, 0, 1]) + le16(1550) + bytes(4) + le16(0) + b"\xff\x64" + le32(len(CLIENT)) + CLIENT + le32(0))
TO = le32(777) + le32(1)
HTML = b"<b>hi</b>\0hi\0"

GADU_GADU = Talk(
    "gadu-gadu", "version 8", LIBGADU, 8074,
    login=[("s", gadu(0x01, b"seed")), ("c", LOGIN80), ("s", gadu(0x35, le32(1)))],
    text=[("c", gadu(0x2D, TO + le32(8) + le32(30) + le32(33) + HTML)),
          ("s", gadu(0x2E, TO + le32(0x50000000) + le32(8) + le32(24) + le32(27) + b"hi\0"))],
    services={
        "presence": [("c", gadu(0x38, le32(2) + le32(0) + le32(0)))],
        "file-transfer": [("c", gadu(0x20, bytes(8) + le32(NUMBER) + le32(777) + le32(4) +
                                     b"plan.doc".ljust(255, b"\0") + le32(9) + le32(0) + b"h" * 20))],
        "voice": [("c", gadu(0x20, bytes(8) + le32(NUMBER) + le32(777) + le32(1) + bytes(255) + le32(0) + le32(0) +
                             b"h" * 20))],
        "conference": [("c", gadu(0x2D, TO + le32(8) + le32(30) + le32(33) + HTML + b"\1" + le32(2) + le32(888) +
                                  le32(999)))],
    })
OLD = Talk(
    "gadu-gadu", "version 6", LIBGADU, 8074,
    login=[("s", gadu(0x01, b"seed")),
           ("c", gadu(0x15, le32(NUMBER) + le32(1) + le32(2) + le32(0x20) + b"\0" + bytes([10, 0, 0, 1]) + le16(1550) +
                      bytes(4) + le16(0) + b"\x40\xbe")),
           ("s", gadu(0x03))],
    text=[("c", gadu(0x0B, TO + le32(8) + b"hi\0")), ("s", gadu(0x0A, TO + le32(0x50000000) + le32(8) + b"hi\0"))],
    services={
        "presence": [("c", gadu(0x02, le32(2)))],
        "file-transfer": [("c", gadu(0x0B, TO + le32(0x10) + b"\2"))],
        "conference": [("c", gadu(0x0B, TO + le32(8) + b"hi\0\1" + le32(2) + le32(888) + le32(999)))],
    })

# ---- QQ

WIRESHARK = "Wireshark's fields of the protocol oicq"


def oicq(command, seed=1):
    return b"\2" + be16(0x0D55) + be16(command) + be16(0x1234) + be32(565052022) + noise(40, seed) + b"\3"


def over_tcp(steps):
    return [(end, be16(len(data) + 2) + data) for end, data in steps]


QQ_LOGIN = [("c", oicq(0x22)), ("s", oicq(0x22, 2))]
QQ_TEXT = [("c", oicq(0x16, 3)), ("s", oicq(0x17, 4))]
QQ_SERVICES = {"presence": [("c", oicq(0x0D, 5))], "conference": [("c", oicq(0x3C, 6))]}
QQ = Talk("qq", "OICQ over UDP", WIRESHARK, 8000, udp=True, login=QQ_LOGIN, text=QQ_TEXT, services=QQ_SERVICES)
QQ_TCP = Talk("qq", "OICQ over TCP", WIRESHARK, 8080, login=over_tcp(QQ_LOGIN), text=over_tcp(QQ_TEXT),
              services={service: over_tcp(steps) for service, steps in QQ_SERVICES.items()})

# ---- Sametime

MEANWHILE = "the published description of Sametime's community protocol, Meanwhile"


def place(kind, channel, body):
    return sized(4, be16(kind) + be16(0) + be32(channel) + body)


def create(channel, service, detail=b""):
    return place(2, 0, be32(0) + be32(channel) + sized(2, b"bob@example.com") + sized(2, b"") + be32(service) +
                 be32(1) + be32(3) + be32(0) + sized(4, detail) + b"\0" + be32(0))


SAMETIME = Talk(
    "sametime", "Virtual Places", MEANWHILE, 1533,
    login=[("c", place(0, 0, be16(0x1E) + be16(0x1D) + be32(0) + be32(0) + be16(0x1700) + be32(0x0A000001) +
                       be16(0x100) + be32(0) + sized(2, b"host"))),
           ("s", place(0x8000, 0, be16(0x1E) + be16(0x1D) + be32(0) + be32(0x01234567) + sized(4, b"key"))),
           ("c", place(1, 0, be16(0x1700) + sized(2, b"alice") + sized(4, b"secret") + be16(4))),
           ("s", place(0x8001, 0, sized(2, b"id") + be16(0x1002) + sized(2, b"CN=alice/O=example") +
                       sized(2, b"Alice") + sized(2, b"") + b"\0"))],
    text=[("c", create(1, 0x1000)), ("s", place(6, 1, be32(0x1000) + be32(1))),
          ("c", place(4, 1, be16(0x64) + sized(4, b"ciphertext")))],
    services={
        "presence": [("c", place(0x0B, 0, b"list"))],
        "file-transfer": [("c", create(2, 0x38, be32(0) + sized(2, b"plan.doc") + sized(2, b"look") + be32(9)))],
        "conference": [("c", create(3, 0x80000010))],
        "other": [("c", create(4, 0x1234))],
    })

TALKS = [GADU_GADU, OLD, QQ, QQ_TCP, SAMETIME]
HIDDEN = [
    Hidden("qq", ("file-transfer", "voice", "video"),
           "all but a packet's command is encrypted for each session, and one command asks for the keys of them all",
           8000, QQ_LOGIN + [("c", oicq(0x1D, 7)), ("s", oicq(0x1D, 8)), ("c", oicq(0x80, 9))], udp=True),
]

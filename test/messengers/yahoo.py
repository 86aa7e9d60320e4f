"""Yahoo! Messenger."""

from talks import Talk, be16, le32, sized

LIBYAHOO = "libyahoo2 and libpurple: services and keys of YMSG"


def packet(service, *pairs):
    body = b"".join(f"{key}".encode() + b"\xc0\x80" + value.encode() + b"\xc0\x80" for key, value in pairs)
    return b"YMSG" + be16(16) + be16(0) + be16(len(body)) + be16(service) + bytes.fromhex("000000004037b700") + body


ALICE, BOB = (1, "alice"), (5, "bob")
LOGIN = [("c", packet(0x57, ALICE)), ("s", packet(0x57, ALICE, (94, "i|z^2"), (13, "2"))),
         ("c", packet(0x54, ALICE, (0, "alice"), (277, "secret"), (278, "secret"), (135, "9.0.0.2162"))),
         ("s", packet(0x54, ALICE, (0, "alice")))]
TEXTS = [("c", packet(0x06, ALICE, BOB, (14, "hello"), (97, "1"))),
         ("s", packet(0x06, (4, "bob"), (5, "alice"), (14, "hello"), (15, "1163")))]

SESSION = Talk(
    "yahoo", "YMSG", LIBYAHOO, 5050, login=LOGIN, text=TEXTS,
    services={
        "presence": [("c", packet(0x4B, (49, "TYPING"), ALICE, (14, " "), (13, "1"), BOB))],
        "file-transfer": [("c", packet(0xDC, ALICE, BOB, (222, "1"), (265, "id$$"), (27, "plan.doc")))],
        "voice": [("c", packet(0x4A, ALICE, BOB, (57, "alice-call")))],
        "webcam": [("c", packet(0x4B, (49, "WEBCAMINVITE"), ALICE, (14, " "), (13, "0"), BOB))],
        "conference": [("c", packet(0x18, ALICE, (50, "alice"), (57, "room"), (52, "bob")))],
        "games": [("c", packet(0x4B, (49, "GAME"), ALICE, (14, "chess"), (13, "1"), BOB))],
    })


def old_packet(name, service, content):
    return name + b"\0" + le32(104 + len(content)) + le32(service) + bytes(16) + \
        b"alice".ljust(72, b"\0") + content


OLD = Talk("yahoo", "the older header", "Wireshark's fields of the protocol yhoo", 5050,
           login=[("c", old_packet(b"YPNS2.0", 0x01, b"")), ("s", old_packet(b"YHOO1.0", 0x01, b"alice"))],
           text=[("c", old_packet(b"YPNS2.0", 0x06, b"bob,hello"))],
           services={"file-transfer": [("c", old_packet(b"YPNS2.0", 0x46, b"bob,plan.doc"))],
                     "conference": [("c", old_packet(b"YPNS2.0", 0x18, b"bob"))]})

REQUEST = b"a=2\r\nu=alice\r\nt=token\r\ni=192.0.2.7\r\ng=bob\r\no=w-2-5-1\r\n"
WEBCAM = Talk("yahoo", "webcam connection", "Kopete: the webcam of Yahoo", 5100,
              services={"webcam": [("c", b"<REQIMG>" + bytes.fromhex("08000100000000") +
                                    sized(1, REQUEST))]})

TALKS = [SESSION, OLD, WEBCAM]
HIDDEN = []

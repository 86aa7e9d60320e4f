"""The same sessions within HTTP, BOSH, AOL's proxy and WebSockets."""

import gzip
import struct

import msn
import open_protocols
import oscar
import yahoo
from talks import Talk

BOSH = "http://jabber.org/protocol/httpbind"
FRAMING = "urn:ietf:params:xml:ns:xmpp-framing"
HEAD = b"POST /x HTTP/1.1\r\nHost: gateway.example\r\n"
OK = b"HTTP/1.1 200 OK\r\n"


def sized(head, data):
    return head + b"Content-Length: %d\r\n\r\n" % len(data) + data


def chunked(head, data):
    chunks = [data[at:at + 90] for at in range(0, len(data), 90)]
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + \
        b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def coded(head, data):
    return sized(head + b"Content-Encoding: gzip\r\n", gzip.compress(data, mtime=0))


def in_bodies(request=sized, answer=sized, wrap=lambda end, data: data):
    """Each step in a message of its own on one connection; a poll goes before what the server says unasked."""
    def carry(steps, at):
        out, asked, place = [], False, None
        for number, (end, data) in enumerate(steps):
            if end == "c" and asked:
                out.append(("s", sized(OK, b"")))
            if end == "s" and not asked:
                out.append(("c", sized(HEAD, b"")))
            if number == at:
                place = len(out)
            asked = end == "c"
            data = wrap(end, data)
            out.append((end, request(HEAD, data) if asked else answer(OK, data)))
        return out, place
    return carry


def in_frames(steps, at):
    key = b"\x37\xfa\x21\x3d"

    def frame(end, data):
        length = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack(">H", len(data))
        if end == "s":
            return b"\x81" + length + data
        masked = bytes(byte ^ key[i % 4] for i, byte in enumerate(data))
        return b"\x81" + bytes([length[0] | 0x80]) + length[1:] + key + masked

    upgrade = [("c", b"GET /ws HTTP/1.1\r\nHost: gateway.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                     b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"),
               ("s", b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")]
    return upgrade + [(end, frame(end, framed(end, data))) for end, data in steps], at + len(upgrade)


def behind_header(data):
    """What a step says behind the stream's header; None where it has none."""
    begin = data.find(b"<stream:stream")
    return None if begin < 0 else data[data.index(b">", begin) + 1:]


def in_body(end, data):
    within = behind_header(data)
    said = "rid='1' sid='a'" if within is None else \
        "rid='1' to='chat.example' wait='60'" if end == "c" else "sid='a' from='chat.example'"
    return f"<body {said} xmlns='{BOSH}'>".encode() + (data if within is None else within) + b"</body>"


def framed(end, data):
    within = behind_header(data)
    if within is None:
        return data
    said = "to" if end == "c" else "id='1' from"
    return f"<open xmlns='{FRAMING}' {said}='chat.example'/>".encode() + within


def proxied(_, data):
    """At most 512 bytes of FLAP in a packet, as clients have it."""
    pieces = [data[at:at + 512] for at in range(0, len(data), 512)]
    return b"".join(struct.pack(">HHHII", 12 + len(piece), 0x0443, 5, 0, 1) + piece for piece in pieces)


class Carried(Talk):
    """Another talk, carried."""

    def __init__(self, talk, name, source, carry):
        super().__init__(talk.application, f"{talk.name}, {name}", f"{talk.source}; {source}", 80, talk.login,
                         talk.text, talk.services, known_by=talk.known_by, begins_as=talk.begins_as)
        self.carry = carry

    def conversation(self, service):
        return self.carry(*super().conversation(service))

    def opening(self):
        steps = super().opening()
        return self.carry(steps, len(steps) - 1)[0]


GATEWAY = "hypothetic.org: connecting through gateway.dll"
MIRANDA = "free clients: http.proxy.icq.com"
TALKS = [
    Carried(msn.NOTIFICATION, "gateway.dll", GATEWAY, in_bodies()),
    Carried(msn.SWITCHBOARD, "gateway.dll", GATEWAY, in_bodies(answer=chunked)),
    Carried(yahoo.SESSION, "shttp.msg.yahoo.com", yahoo.LIBYAHOO, in_bodies(request=chunked)),
    Carried(oscar.AIM, "AOL's proxy", MIRANDA, in_bodies(wrap=proxied)),
    Carried(oscar.ICQ, "AOL's proxy", MIRANDA, in_bodies(wrap=proxied)),
    Carried(open_protocols.XMPP, "BOSH", "XEP-0124 and XEP-0206", in_bodies(answer=coded, wrap=in_body)),
    Carried(open_protocols.XMPP, "WebSocket", "RFC 7395", in_frames),
]
HIDDEN = []

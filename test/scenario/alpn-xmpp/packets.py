import struct

from wire import SERVER_HELLO, Capture, vector


def hello(name, protocol):
    """A ClientHello with a server name and one ALPN (RFC 7301)."""
    extensions = b""
    for kind, body in ((0, vector(b"\0" + vector(name, 2), 2)), (16, vector(vector(protocol, 1), 2)),
                       (43, b"\x02\x03\x04")):
        extensions += struct.pack(">H", kind) + vector(body, 2)
    body = b"\x03\x03" + bytes(32) + b"\0" + vector(b"\x13\x01", 2) + b"\x01\0" + vector(extensions, 2)
    return b"\x16\x03\x01" + vector(b"\x01" + vector(body, 3), 2)


capture = Capture()
for protocol in (b"xmpp-client", b"h2", b"xmpp-clientele"):
    talk = capture.tcp(443)
    talk.open()
    talk.client(hello(b"chat.private.example", protocol))
    talk.server(SERVER_HELLO)

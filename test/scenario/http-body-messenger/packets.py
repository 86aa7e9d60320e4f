from wire import Capture, http_get

HEAD = b"POST /notify HTTP/1.1\r\nHost: proxy.example\r\n"
OK = b"HTTP/1.1 200 OK\r\n"


def sized(head, body):
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def packet(service, *pairs):
    body = b"".join(b"%d\xc0\x80%s\xc0\x80" % pair for pair in pairs)
    return b"YMSG\0\x10\0\0" + len(body).to_bytes(2, "big") + service.to_bytes(2, "big") + bytes(8) + body


TEXT = packet(0x06, (1, b"alice"), (5, b"bob"), (14, b"hello"))
REPLY = packet(0x06, (4, b"bob"), (5, b"alice"), (14, b"hello"))
FILE = packet(0xDC, (1, b"alice"), (5, b"bob"), (222, b"1"), (27, b"plan.doc"))

capture = Capture()
talk = capture.tcp(8088)
talk.open()
talk.client(http_get("www.example.com"))
talk.server(sized(OK, b"<html><body>YMSG</body></html>"))
talk.client(sized(HEAD, TEXT))
talk.server(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n" + REPLY[:5] + b"\r\n")
talk.server(b"%x\r\n" % (len(REPLY) - 5) + REPLY[5:] + b"\r\n0\r\n\r\n")
talk.client(sized(HEAD, FILE)[:90])
talk.client(sized(HEAD, FILE)[90:])

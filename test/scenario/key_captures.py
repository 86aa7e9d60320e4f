"""The captures of keys.py, each small and by name."""

import struct

from wire import HTTP_OK, SYN, Capture, client_hello, dns_answer, dns_query, ethernet, http_get, ip, \
    tcp, vector

WHATSAPP = "web.whatsapp.com"
NOISE = bytes((i * 73 + 41) % 251 | 1 for i in range(200))
PROGRAM = bytes.fromhex("4d5a90000300000004000000ffff0000")


def flows(*said, port=443, udp=False, answer=None, wait=0, **ends):
    """A connection for each thing that is said."""
    capture = Capture()
    for data in said:
        talk = capture.udp(port, **ends) if udp else capture.tcp(port, **ends)
        if not udp:
            talk.open()
        talk.client(data)
        if answer:
            talk.server(answer)
        if wait:
            capture.wait(wait)
            talk.client(data)
    return capture


def hello(name=WHATSAPP, **ends):
    return flows(client_hello(name), **ends)


def ymsg():
    def packet(service, *pairs):
        body = b"".join(b"%d\xc0\x80%s\xc0\x80" % pair for pair in pairs)
        return b"YMSG\0\x10\0\0" + len(body).to_bytes(2, "big") + service.to_bytes(2, "big") + bytes(8) + body

    capture = Capture()
    talk = capture.tcp(5050)
    talk.open()
    talk.client(packet(0x06, (1, b"alice"), (5, b"bob"), (14, b"hello")))
    talk.client(packet(0xDC, (1, b"alice"), (5, b"bob"), (222, b"1"), (27, b"plan.doc")))
    return capture


def offered_ech(name):
    """A hello with an encrypted one beside it (RFC 9849 section 5)."""
    plain = client_hello(name)
    ech = b"\0" + bytes.fromhex("00010001") + b"\x07" + vector(bytes(range(32)), 2) + vector(bytes(144), 2)
    extension = struct.pack(">H", 0xFE0D) + vector(ech, 2)
    at = 9 + 2 + 32 + 1 + 32 + 2 + 10 + 2  # the length of the extensions
    size = int.from_bytes(plain[at:at + 2], "big") + len(extension)
    body = plain[9:at] + size.to_bytes(2, "big") + plain[at + 2:] + extension
    return b"\x16\x03\x01" + vector(b"\x01" + vector(body, 3), 2)


def question(name=WHATSAPP):
    return flows(dns_query(name), port=53, udp=True)


def learned():
    """An answer, and a connection to the address that it gave, which names nobody."""
    capture = Capture()
    resolver = capture.udp(53)
    resolver.client(dns_query(WHATSAPP))
    resolver.server(dns_answer(WHATSAPP, "198.51.100.20"))
    talk = capture.tcp(443, server="198.51.100.20")
    talk.open()
    talk.client(NOISE)
    return capture


def not_whole(wait):
    """The beginning of a hello, and after a while its rest."""
    capture = Capture()
    talk = capture.tcp(443)
    talk.open()
    said = client_hello(WHATSAPP)
    talk.client(said[:60])
    capture.wait(wait)
    talk.client(said[60:])
    return capture


def tunnelled():
    """A connection within IP in IP (RFC 2003)."""
    capture = Capture()
    steps = ((True, SYN, b""), (False, 18, b""), (True, 16, b""), (True, 24, client_hello(WHATSAPP)))
    seq = {True: 1000, False: 5000}
    for to_server, flags, payload in steps:
        ends, ports = ("10.0.0.5", "192.0.2.9"), (40001, 443)
        if not to_server:
            ends, ports = ends[::-1], ports[::-1]
        inner = tcp(*ends, ports, seq[to_server], seq[not to_server] if flags & 16 else 0, flags, payload)
        outer = ("10.9.9.1", "198.51.100.1") if to_server else ("198.51.100.1", "10.9.9.1")
        capture.add(ethernet(ip(*outer, 4, inner), to_server))
        seq[to_server] += len(payload) + (flags & SYN) // SYN
    return capture


def midstream():
    capture = Capture()
    capture.tcp(443).client(client_hello("www.example.com"))
    return capture


def silent(seconds, *, udp=False, said=b"", answer=b"", close=False, then=NOISE, port=4444):
    """A connection, silence in which other packets come, and one more packet of it."""
    capture = Capture()
    talk = capture.udp(port) if udp else capture.tcp(port)
    if not udp:
        talk.open()
    if said:
        talk.client(said)
    if answer:
        talk.server(answer)
    if close:
        talk.close()
    for _ in range(2):
        capture.wait(seconds / 2)
        capture.udp(9).client(b"the time goes on")
    talk.client(then)
    return capture


def many_flows():
    """More than a small table has room for, none of them idle."""
    capture = Capture()
    for number in range(200):
        talk = capture.tcp(4444, client_port=20000 + number)
        talk.open()
        talk.client(b"x")
    return capture


def many_openings():
    """More messages that are not whole than are inspected at once; their connections stood before."""
    capture = Capture()
    begun = client_hello(WHATSAPP)[:60]
    for number in range(4200):
        capture.tcp(443, client=f"10.0.{number // 250}.{number % 250 + 1}", client_port=20000).client(begun)
    return capture


def many_fragments():
    """Of more datagrams than are held at once, the first part of each (RFC 791)."""
    capture = Capture()
    for number in range(1100):
        source = bytes([10, 0, number // 250, number % 250 + 1])
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + 64, number, 0x2000, 64, 17, 0)
        head += source + bytes([192, 0, 2, 9])
        total = sum(struct.unpack(">10H", head))
        total = (total & 0xFFFF) + (total >> 16)
        total = (total & 0xFFFF) + (total >> 16)
        head = head[:10] + struct.pack(">H", ~total & 0xFFFF) + head[12:]
        capture.add(ethernet(head + bytes(64)))
    return capture


def request(line="GET / HTTP/1.1", *fields, body=b""):
    return "\r\n".join((line, "Host: www.example.com", *fields, "", "")).encode() + body


def web(*requests, answer=None, port=80):
    return flows(*requests, port=port, answer=answer)


def image_that_is_a_program():
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nContent-Length: 16\r\n\r\n" + PROGRAM
    return web(http_get("www.example.com"), answer=answer)


CONNECT = b"CONNECT web.whatsapp.com:443 HTTP/1.1\r\nHost: web.whatsapp.com:443\r\n\r\n"
GNUTELLA = (b"GET /uri-res/N2R?urn:sha1:PLSTHIPQGSSZTS5FJUPAKUZWUGYQYPFB HTTP/1.1\r\nHost: 192.0.2.9\r\n"
            b"User-Agent: gtk-gnutella/1.2.2\r\n\r\n")
# A long header of a version that nobody knows (RFC 9000 section 17.2), as long as a client's first has to be.
UNKNOWN_QUIC = b"\xc0\x12\x34\xab\xcd\x08" + bytes(range(8)) + b"\x00" + NOISE * 6
# An Initial of version 1 that does not decrypt.
BAD_QUIC = b"\xc3\x00\x00\x00\x01\x08" + bytes(range(8)) + b"\x00\x00\x44\xb0" + (NOISE * 6)
BAD_QUESTION = dns_query("www.example.com")[:2] + b"\x01\x40" + dns_query("www.example.com")[4:]

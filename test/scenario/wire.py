"""Captures written packet by packet, the same bytes every time.

A scenario's packets.py makes a `Capture`, adds packets to it, and leaves it under the name `capture`:

    from wire import Capture, client_hello
    capture = Capture()
    talk = capture.tcp(443)
    talk.open()                                  # three packets
    talk.client(client_hello("web.whatsapp.com"))

The client is 10.0.0.5 and the server 192.0.2.9 unless said otherwise; a client's first sequence number
is 1000, a server's 5000. Packets are a millisecond apart.
"""

import ipaddress
import struct

CLIENT_MAC = bytes.fromhex("020000000005")
SERVER_MAC = bytes.fromhex("020000000009")
CLIENT, SERVER = "10.0.0.5", "192.0.2.9"
CLIENT6, SERVER6 = "fd00::5", "2001:db8::9"
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
BEGIN = 1_795_464_000_000_000_000  # 2026-11-23T20:00:00Z
MILLISECOND = 1_000_000


def checksum(data):
    """RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def pseudo_header(source, destination, protocol, length):
    if source.version == 4:
        return source.packed + destination.packed + struct.pack(">BBH", 0, protocol, length)
    return source.packed + destination.packed + struct.pack(">IHBB", length, 0, 0, protocol)


def ip(source, destination, protocol, payload):
    """An IPv4 or IPv6 packet, as the addresses say."""
    source, destination = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if source.version == 6:
        return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + source.packed + \
            destination.packed + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0)
    head += source.packed + destination.packed
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def with_checksum(source, destination, protocol, segment, at):
    """The segment with its checksum filled in at the offset."""
    addresses = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    value = checksum(pseudo_header(*addresses, protocol, len(segment)) + segment)
    if protocol == 17 and value == 0:
        value = 0xFFFF
    return segment[:at] + struct.pack(">H", value) + segment[at + 2:]


def tcp(source, destination, ports, seq, ack, flags, payload=b""):
    segment = struct.pack(">HHIIBBHHH", *ports, seq, ack, 5 << 4, flags, 64240, 0, 0) + payload
    return ip(source, destination, 6, with_checksum(source, destination, 6, segment, 16))


def udp(source, destination, ports, payload):
    datagram = struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload
    return ip(source, destination, 17, with_checksum(source, destination, 17, datagram, 6))


def ethernet(payload, to_server=True, vlans=(), ethertype=None):
    """`vlans` are (ethertype, identifier), outermost first."""
    if ethertype is None:
        ethertype = 0x86DD if payload[0] >> 4 == 6 else 0x0800
    ends = SERVER_MAC + CLIENT_MAC if to_server else CLIENT_MAC + SERVER_MAC
    tags = b"".join(struct.pack(">HH", kind, identifier) for kind, identifier in vlans)
    return ends + tags + struct.pack(">H", ethertype) + payload


class Capture:
    """A pcap file with nanosecond times."""

    def __init__(self):
        self.packets = []  # (nanoseconds, bytes, length on the wire)
        self.now = BEGIN
        self.cut = None  # how many bytes of the file there are; None: all
        self.next_port = 40000

    def add(self, frame, wire_length=None):
        self.packets.append((self.now, frame, wire_length or len(frame)))
        self.now += MILLISECOND

    def wait(self, seconds):
        self.now += int(seconds * 1_000_000_000)

    def port(self):
        self.next_port += 1
        return self.next_port

    def tcp(self, server_port, **more):
        return Tcp(self, server_port, **more)

    def udp(self, server_port, **more):
        return Udp(self, server_port, **more)

    def file(self):
        out = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)
        for time, frame, wire_length in self.packets:
            out += struct.pack("<IIII", *divmod(time, 1_000_000_000), len(frame), wire_length) + frame
        return out[:self.cut]


class Conversation:
    def __init__(self, capture, server_port, client=CLIENT, server=SERVER, client_port=None,
                 vlans=()):
        self.capture = capture
        self.ends = client, server
        self.ports = client_port or capture.port(), server_port
        self.vlans = vlans

    def send(self, to_server, packet):
        self.capture.add(ethernet(packet, to_server, self.vlans))


class Tcp(Conversation):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.seq = {True: 1000, False: 5000}  # next of the client, of the server

    def segment(self, to_server, flags, payload=b"", seq=None):
        ends, ports = (self.ends, self.ports) if to_server else (self.ends[::-1], self.ports[::-1])
        ack = self.seq[not to_server] if flags & ACK else 0
        here = self.seq[to_server] if seq is None else seq
        self.send(to_server, tcp(*ends, ports, here, ack, flags, payload))
        if seq is None:
            self.seq[to_server] += len(payload) + (1 if flags & (SYN | FIN) else 0)

    def syn(self, again=False):
        self.segment(True, SYN, seq=1000 if again else None)

    def open(self):
        self.syn()
        self.segment(False, SYN | ACK)
        self.segment(True, ACK)

    def client(self, payload):
        self.segment(True, PSH | ACK, payload)

    def server(self, payload):
        self.segment(False, PSH | ACK, payload)

    def client_again(self, payload):
        """The same payload again: the client has heard nothing."""
        self.segment(True, PSH | ACK, payload, self.seq[True] - len(payload))

    def close(self):
        self.segment(True, FIN | ACK)
        self.segment(False, FIN | ACK)
        self.segment(True, ACK)


class Udp(Conversation):
    def client(self, payload):
        self.send(True, udp(*self.ends, self.ports, payload))

    def server(self, payload):
        self.send(False, udp(*self.ends[::-1], self.ports[::-1], payload))


def vector(data, width):
    return len(data).to_bytes(width, "big") + data


def client_hello(name, pad_to=0, alpn=(b"h2", b"http/1.1")):
    """A TLS record with a ClientHello (RFC 8446 section 4.1.2), padded to a number of bytes, with what it offers in ALPN."""
    def extension(number, body):
        return struct.pack(">H", number) + vector(body, 2)

    extensions = extension(0, vector(b"\0" + vector(name.encode(), 2), 2))
    extensions += extension(10, vector(bytes.fromhex("001d00170018"), 2))
    extensions += extension(13, vector(bytes.fromhex("040308040401"), 2))
    extensions += extension(16, vector(b"".join(vector(each, 1) for each in alpn), 2))
    extensions += extension(43, vector(bytes.fromhex("03040303"), 1))
    extensions += extension(51, vector(bytes.fromhex("001d") + vector(bytes(range(32)), 2), 2))
    fixed = b"\x03\x03" + bytes(range(32)) + vector(bytes(32), 1) + \
        vector(bytes.fromhex("130113021303c02bc02f"), 2) + b"\x01\x00"
    without = 9 + len(fixed) + 2 + len(extensions)
    if pad_to > without + 4:
        extensions += extension(21, bytes(pad_to - without - 4))
    body = fixed + vector(extensions, 2)
    return b"\x16\x03\x01" + vector(b"\x01" + vector(body, 3), 2)


SERVER_HELLO = b"\x16\x03\x03" + vector(
    b"\x02" + vector(b"\x03\x03" + bytes(range(32, 64)) + vector(bytes(32), 1) + b"\x13\x01\x00" +
                     vector(bytes.fromhex("002b00020304"), 2), 3), 2)


def tls_data(size):
    return b"\x17\x03\x03" + vector(bytes(i * 7 % 256 for i in range(size)), 2)


def http_get(host, path="/"):
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n".encode()


HTTP_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Type: text/plain\r\n\r\nhello\n"


def dns_name(name):
    return b"".join(vector(label.encode(), 1) for label in name.split(".")) + b"\0"


def dns_query(name, identifier=0x1234, kind=1):
    return struct.pack(">HHHHHH", identifier, 0x0100, 1, 0, 0, 0) + dns_name(name) + \
        struct.pack(">HH", kind, 1)


def dns_answer(name, address, identifier=0x1234):
    question = dns_name(name) + struct.pack(">HH", 1, 1)
    record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 300, 4) + ipaddress.ip_address(address).packed
    return struct.pack(">HHHHHH", identifier, 0x8180, 1, 1, 0, 0) + question + record

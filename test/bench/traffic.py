"""Captures made up for measuring: datagrams of many flows, and short TLS connections."""

import struct

MAGIC = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
CLIENT, SERVER = b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02"
# The sizes of a simple Internet mix, without the check sequence, and how often each comes.
IMIX = (60,) * 7 + (590,) * 4 + (1514,)


def folded(total):
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def words_of(data):
    if len(data) % 2:
        data += b"\0"
    return sum(struct.unpack(f">{len(data) // 2}H", data))


def ipv4(source, target, protocol, body, there=True):
    head = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(body), 0, 0x4000, 64, protocol, 0, source, target)
    head = head[:10] + struct.pack(">H", folded(words_of(head))) + head[12:]
    macs = SERVER + CLIENT if there else CLIENT + SERVER
    return macs + b"\x08\0" + head + body


def ends(i):
    """Addresses and the client's port of flow number i: different for all of some millions."""
    mixed = i * 0x9E3779B1 & 0xFFFFFFFF
    return 0x0A000000 | mixed & 0xFFFFFF, 0xC6120000 | i * 40503 & 0xFFFF, 20000 + (mixed >> 24) * 97


def datagram(i, size):
    source, target, port = ends(i)
    body = b"\x55" * (size - 42)
    # Without a checksum of its own, which UDP over IPv4 allows.
    return ipv4(source, target, 17, struct.pack(">HHHH", port, 47111, 8 + len(body), 0) + body)


def segment(i, there, sequence, answer, flags, body=b""):
    client, server, port = ends(i)
    source, target = (client, server) if there else (server, client)
    ports = (port, 443) if there else (443, port)
    head = struct.pack(">HHIIBBHHH", *ports, sequence, answer, 0x50, flags, 65535, 0, 0)
    pseudo = struct.pack(">IIBBH", source, target, 0, 6, len(head) + len(body))
    checksum = folded(words_of(pseudo) + words_of(head + body))
    head = head[:16] + struct.pack(">H", checksum) + head[18:]
    return ipv4(source, target, 6, head + body, there)


def client_hello(name):
    """A ClientHello of 517 bytes, as browsers pad it (RFC 8446, RFC 7685)."""
    host = name.encode()
    name_list = b"\0" + struct.pack(">H", len(host)) + host
    extensions = struct.pack(">HHH", 0, len(name_list) + 2, len(name_list)) + name_list
    extensions += struct.pack(">HHBH", 43, 3, 2, 0x0304)
    fixed = b"\x03\x03" + b"\x11" * 32 + b"\0" + struct.pack(">HHH", 4, 0x1301, 0x1302) + b"\x01\0"
    room = 512 - 4 - len(fixed) - 2 - len(extensions) - 4
    extensions += struct.pack(">HH", 21, room) + bytes(room)
    body = fixed + struct.pack(">H", len(extensions)) + extensions
    body = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + struct.pack(">H", len(body)) + body


def connection(i, name):
    """A short TLS connection in eleven packets, from SYN to the last ACK."""
    hello = client_hello(name)
    answer = b"\x16\x03\x03" + struct.pack(">H", 90) + b"\x02\0\0\x56\x03\x03" + b"\x22" * 84
    request, reply = b"\x17\x03\x03\x01\0" + b"\x33" * 256, b"\x17\x03\x03\x04\0" + b"\x44" * 1024
    here, back = 1000, 5000
    packets = [segment(i, True, here, 0, 0x02), segment(i, False, back, here + 1, 0x12)]
    here, back = here + 1, back + 1
    packets.append(segment(i, True, here, back, 0x10))
    for there, body in ((True, hello), (False, answer), (True, request), (False, reply)):
        mine, other = (here, back) if there else (back, here)
        packets.append(segment(i, there, mine, other, 0x18, body))
        if there:
            here += len(body)
        else:
            back += len(body)
    packets.append(segment(i, True, here, back, 0x10))
    packets.append(segment(i, True, here, back, 0x11))
    packets.append(segment(i, False, back, here + 1, 0x11))
    packets.append(segment(i, True, here + 1, back + 1, 0x10))
    return packets


class Capture:
    """A file that is being written, a packet each ten microseconds."""

    def __init__(self, path):
        self.out, self.time, self.count = open(path, "wb"), 1_700_000_000_000_000, 0
        self.out.write(MAGIC)

    def add(self, frame):
        self.time += 10
        self.count += 1
        self.out.write(struct.pack("<IIII", self.time // 1_000_000, self.time % 1_000_000,
                                   len(frame), len(frame)) + frame)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.out.close()


def write_datagrams(path, flows, sizes=(60,)):
    with Capture(path) as capture:
        for i in range(flows):
            capture.add(datagram(i, sizes[i % len(sizes)]))
        return capture.count


def write_connections(path, flows, name="www.example.org"):
    with Capture(path) as capture:
        # A few at a time, as they come on a wire.
        for first in range(0, flows, 16):
            for packets in zip(*(connection(i, name) for i in range(first, min(flows, first + 16)))):
                for frame in packets:
                    capture.add(frame)
        return capture.count


def merge(path, captures):
    """Classic captures of Ethernet one behind the other, with times that go on."""
    with Capture(path) as out:
        for capture in captures:
            data = capture.read_bytes()
            order = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">"}.get(data[:4])
            if order is None or struct.unpack_from(order + "I", data, 20)[0] != 1:
                continue
            at = 24
            while at + 16 <= len(data):
                held, size = struct.unpack_from(order + "II", data, at + 8)
                if held == size and at + 16 + held <= len(data):
                    out.add(data[at + 16:at + 16 + held])
                at += 16 + held
        return out.count

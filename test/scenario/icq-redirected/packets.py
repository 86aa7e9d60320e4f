import struct

from wire import Capture


def flap(channel, body):
    return struct.pack(">BBHH", 0x2A, channel, 1, len(body)) + body


def tlv(kind, value):
    return struct.pack(">HH", kind, len(value)) + value


VERSION = b"\0\0\0\1"
COOKIE = flap(1, VERSION + tlv(6, bytes(range(64))))
TEXT = flap(2, struct.pack(">HHHI", 4, 6, 0, 7) + bytes(8) + b"\0\1\x03bob" + tlv(2, b"hello"))

capture = Capture()
asking = capture.tcp(5190)
asking.open()
asking.server(flap(1, VERSION))
asking.client(flap(1, VERSION + tlv(1, b"123456789") + tlv(2, b"\xf3\x26") + tlv(3, b"ICQBasic")))
asking.server(flap(4, tlv(1, b"123456789") + tlv(5, b"192.0.2.40:5190") + tlv(6, bytes(range(64)))))
asking.close()
for server in "192.0.2.40", "192.0.2.41":
    session = capture.tcp(5190, server=server)
    session.open()
    session.server(flap(1, VERSION))
    session.client(COOKIE)
    session.client(TEXT)

from wire import Capture

SERVER = "91.108.8.7"  # an address of Telegram's alone
COOKIE = bytes.fromhex("2112a442")


def stun(kind, transaction, attributes=b""):
    """RFC 8489 section 5."""
    head = kind.to_bytes(2, "big") + len(attributes).to_bytes(2, "big")
    return head + COOKIE + bytes([transaction]) * 12 + attributes


def attribute(kind, value):
    """RFC 8489 section 14."""
    return kind.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value + bytes(-len(value) % 4)


capture = Capture()
talk = capture.udp(3478, server=SERVER)
allocate = attribute(0x0019, b"\x11\0\0\0")  # REQUESTED-TRANSPORT, UDP (RFC 8656)
for number in range(4):
    talk.client(stun(0x0003, number, attribute(0x0014, b"telegram.org") + allocate))  # says its realm
    talk.client(stun(0x0001, number + 100))  # says nothing
    talk.server(stun(0x0101, number + 100))

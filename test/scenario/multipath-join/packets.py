import struct

from wire import ACK, SYN, Capture, ip, with_checksum

CAPABLE = b"\x1e\x04\x01\x81"  # RFC 8684 section 3.1
JOIN = b"\x1e\x0c\x10\x01" + bytes(range(8))  # section 3.2

capture = Capture()
for option in (CAPABLE, JOIN, b"\x01\x01" + JOIN + b"\x01\x01"):
    talk = capture.tcp(443)
    size = (20 + len(option)) // 4
    syn = struct.pack(">HHIIBBHHH", *talk.ports, 1000, 0, size << 4, SYN, 64240, 0, 0) + option
    talk.send(True, ip(*talk.ends, 6, with_checksum(*talk.ends, 6, syn, 16)))
    talk.seq[True] = 1001
    talk.segment(False, SYN | ACK)

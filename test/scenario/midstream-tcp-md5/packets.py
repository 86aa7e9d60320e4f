import struct

from wire import ACK, PSH, Capture, ip, with_checksum

SIGNED = b"\x13\x12" + bytes(range(16)) + b"\x01\x01"  # RFC 2385
KEEPALIVE = b"\xff" * 16 + b"\x00\x13\x04"  # RFC 4271 section 4.4

capture = Capture()
talk = capture.tcp(179)


def say(to_server, seq, ack):
    ends, ports = (talk.ends, talk.ports) if to_server else (talk.ends[::-1], talk.ports[::-1])
    segment = struct.pack(">HHIIBBHHH", *ports, seq, ack, 10 << 4, PSH | ACK, 64240, 0, 0)
    segment += SIGNED + KEEPALIVE
    talk.send(to_server, ip(*ends, 6, with_checksum(*ends, 6, segment, 16)))


for turn in range(3):
    said = turn * len(KEEPALIVE)
    say(True, 1001 + said, 5001 + said)
    say(False, 5001 + said, 1001 + said + len(KEEPALIVE))
    capture.wait(30)

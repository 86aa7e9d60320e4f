import struct

from wire import CLIENT, CLIENT6, SERVER, SERVER6, Capture, ethernet, http_get, ip, with_checksum

capture = Capture()
for client in ("10.0.0.60", "10.0.0.5", "110.0.0.6"):
    talk = capture.tcp(80, client=client)
    talk.open()
    talk.client(http_get("innocent.example"))
for port in (24, 26, 2525):
    capture.tcp(port).open()
capture.udp(25).client(b"hello")
# The port of the one who opens is not the server's.
capture.tcp(8080, client_port=25).open()
# The outside opens to the one who may not.
answered = capture.tcp(80, client="192.0.2.9", server="10.0.0.6")
answered.open()
capture.add(ethernet(ip("10.0.0.6", SERVER, 47, b"\0\0\x88\xbe" + bytes(20))))
# An echo to the denied one, and his answer: the other opened.
capture.add(ethernet(ip(SERVER, "10.0.0.8", 1, struct.pack(">BBHHH", 8, 0, 0xf7f8, 7, 0)), False))
capture.add(ethernet(ip("10.0.0.8", SERVER, 1, struct.pack(">BBHHH", 0, 0, 0xfff8, 7, 0)), True))
capture.add(ethernet(ip(SERVER6, CLIENT6, 58, bytes([135, 0, 0, 0]) + bytes(20)), False))

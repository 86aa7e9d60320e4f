import struct

from wire import Capture, checksum, client_hello, ethernet, ip


def echo(kind, source, destination, to_server):
    message = struct.pack(">BBHHH", kind, 0, 0, 7, 1) + b"payload"
    message = message[:2] + struct.pack(">H", checksum(message)) + message[4:]
    capture.add(ethernet(ip(source, destination, 1, message), to_server))


capture = Capture()
silent = capture.tcp(443, client="10.0.0.6")
silent.syn()
silent.syn(again=True)
capture.udp(4000, client="10.0.0.6").client(b"hello")
echo(8, "10.0.0.6", "192.0.2.9", True)
capture.tcp(25).syn()
echo(8, "10.0.0.5", "192.0.2.66", True)
echo(0, "192.0.2.66", "10.0.0.5", False)
talk = capture.tcp(443)
talk.open()
talk.client(client_hello("web.whatsapp.com"))

from wire import Capture

capture = Capture()
talk = capture.udp(4000)
login = bytes.fromhex("0200 0000 e803 0100 01000000".replace(" ", ""))
talk.client(login)
talk.client(login)
clock = capture.udp(123, client_port=4000)
clock.client(b"\x23" + bytes(47))
clock.server(b"\x24" + bytes(47))

from wire import Capture

capture = Capture()
talk = capture.udp(22466)
call = bytes.fromhex("8065 0001 0000 03e8 0000 0001".replace(" ", "")) + bytes(20)
talk.client(call)
talk.client(call)
clock = capture.udp(123, client_port=22466)
clock.client(b"\x23" + bytes(47))
clock.server(b"\x24" + bytes(47))
foreign = capture.udp(4000, client_port=40001)
foreign.client(b"position report 60.17 24.94")
foreign.server(b"received")

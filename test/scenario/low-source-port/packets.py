from wire import Capture

LISTED = "91.108.56.10"  # an address of Telegram's alone

capture = Capture()
for number in (443, 500):
    call = capture.udp(50000, server=LISTED, client_port=number)
    call.client(b"\x05" * 60)
    call.server(b"\x07" * 90)
answer = capture.udp(443, server=LISTED)  # its beginning was not seen
answer.server(b"\x45" * 90)
answer.client(b"\x45" * 60)
other = capture.udp(50000, client_port=443)
other.client(b"\x05" * 60)
other.server(b"\x07" * 90)

from wire import Capture, client_hello

capture = Capture()
hello = client_hello("web.whatsapp.com", pad_to=1900)
talk = capture.tcp(443)
talk.open()
talk.client(hello[:60])
talk.client(hello[60:])
clock = capture.udp(123, client="10.0.0.77", server="192.0.2.123")
for number in range(120):
    capture.wait(1)
    clock.client(b"\x23" + bytes(47))
talk.client_again(hello[60:])

from wire import Capture, client_hello

TCP_CHECKSUM = 14 + 20 + 16

capture = Capture()
talk = capture.tcp(443)
talk.open()
talk.client(client_hello("web.whatsapp.com"))
for number in (0, 2, 3):  # the client's
    time, frame, size = capture.packets[number]
    frame = frame[:TCP_CHECKSUM] + b"\x12\x34" + frame[TCP_CHECKSUM + 2:]
    capture.packets[number] = time, frame, size

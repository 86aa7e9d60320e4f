from wire import Capture, client_hello, ethernet

capture = Capture()
talk = capture.tcp(443)
talk.open()
talk.client(client_hello("web.whatsapp.com"))
time, hello, size = capture.packets.pop()
capture.packets.append((time, hello[:96], size))

from wire import Capture, client_hello

capture = Capture()
talk = capture.tcp(443)
hello = client_hello("web.whatsapp.com", pad_to=517)
within_name = hello.index(b"whatsapp") + 3
talk.open()
talk.client(hello[:20])
talk.client(hello[20:within_name])
talk.client(hello[within_name:])

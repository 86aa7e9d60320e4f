from wire import SERVER_HELLO, Capture, client_hello, tls_data

capture = Capture()
talk = capture.tcp(443, vlans=[(0x8100, 100)])
talk.open()
talk.client(client_hello("web.whatsapp.com"))

from wire import SERVER_HELLO, Capture, client_hello, tls_data

capture = Capture()
talk = capture.tcp(443)
talk.open()
talk.client(client_hello("web.whatsapp.com"))
capture.cut = len(capture.file()) - 10

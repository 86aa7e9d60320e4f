from wire import SERVER_HELLO, Capture, client_hello, tls_data

capture = Capture()
talk = capture.tcp(443)
talk.open()
talk.client(client_hello("web.whatsapp.com"))
talk.client_again(client_hello("web.whatsapp.com"))

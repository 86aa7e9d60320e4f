from wire import SERVER_HELLO, Capture, client_hello, tls_data

capture = Capture()
talk = capture.tcp(443)
talk.open()
talk.client(client_hello("www.example.org"))
talk.server(SERVER_HELLO + tls_data(900))
talk.client(tls_data(80))
talk.server(tls_data(1200))
talk.close()

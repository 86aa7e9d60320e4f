from wire import SERVER_HELLO, Capture, client_hello, tls_data

capture = Capture()  # 22:00 on a Monday in Helsinki
first = capture.tcp(443)
first.open()
first.client(client_hello("web.whatsapp.com"))
first.server(SERVER_HELLO)
first.client(tls_data(50))
capture.wait(58)
first.client(tls_data(50))
capture.wait(2)
first.client(tls_data(50))
second = capture.tcp(443)
second.open()
second.client(client_hello("web.whatsapp.com"))

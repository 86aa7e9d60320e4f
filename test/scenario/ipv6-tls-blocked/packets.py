from wire import CLIENT6, SERVER6, Capture, client_hello

capture = Capture()
talk = capture.tcp(443, client=CLIENT6, server=SERVER6)
talk.open()
talk.client(client_hello("web.whatsapp.com"))

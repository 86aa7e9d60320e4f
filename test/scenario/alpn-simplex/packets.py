from wire import SERVER_HELLO, Capture, client_hello

capture = Capture()
for port, protocol in ((5223, b"smp/1"), (443, b"xftp/1"), (443, b"xftp/12"), (8443, b"smp/1")):
    talk = capture.tcp(port)
    talk.open()
    talk.client(client_hello("relay.private.example", alpn=[protocol]))
    talk.server(SERVER_HELLO)

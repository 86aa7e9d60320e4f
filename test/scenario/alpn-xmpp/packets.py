from wire import SERVER_HELLO, Capture, client_hello

capture = Capture()
for protocol in (b"xmpp-client", b"h2", b"xmpp-clientele"):
    talk = capture.tcp(443)
    talk.open()
    talk.client(client_hello("chat.private.example", alpn=[protocol]))
    talk.server(SERVER_HELLO)

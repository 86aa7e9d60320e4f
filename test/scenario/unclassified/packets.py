from wire import SERVER_HELLO, Capture, client_hello

NOISE = bytes((i * 73 + 41) % 251 | 1 for i in range(200))
capture = Capture()
for port in (4444, 443):
    talk = capture.tcp(port)
    talk.open()
    talk.client(NOISE)
datagrams = capture.udp(40000)
datagrams.client(NOISE)
datagrams.client(NOISE)
# A hello without a name, and an answer that does not tell one.
hello = client_hello("n.example")
at = hello.index(b"\0\0\0\x0e\0\x0c\0\0\x09n.example")
nameless = hello[:at] + b"\x0a\x0a" + hello[at + 2:]
talk = capture.tcp(9443)
talk.open()
talk.client(nameless)
talk.server(SERVER_HELLO)

from wire import Capture

YMSG = b"YMSG\0\x10\0\0\0\0\0\x06" + bytes(8)
BODIES = (
    b"<html><body>YMSG and <stream:stream to='chat.example'></body></html>",
    b"<?xml version='1.0'?><soap:Envelope xmlns:soap='http://schemas.xmlsoap.org/soap/envelope/'><soap:Body/>"
    b"</soap:Envelope>",
    b"<body xmlns='http://www.w3.org/1999/xhtml'>http://jabber.example/protocol</body>",
    b'{"protocol":"YMSG","message":"VER 1 MSNP8 CVR0"}',
    b"text=VER+1+MSNP8&app=YMSG",
    b"A log\r\nVER 1 MSNP8 CVR0\r\nUSR 2 TWN I alice@example.com\r\n",
    b"--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n" + YMSG + b"\r\n--x--\r\n",
    b"VER 2 of the plan\r\n",
    b"YMSG is what Yahoo! Messenger spoke",
)

capture = Capture()
for port in 80, 8088:
    talk = capture.tcp(port)
    talk.open()
    for body in BODIES:
        length = b"Content-Length: %d\r\n\r\n" % len(body)
        talk.client(b"POST / HTTP/1.1\r\nHost: www.example.com\r\n" + length + body)
        talk.server(b"HTTP/1.1 200 OK\r\n" + length + body)
socket = capture.tcp(80)
socket.open()
socket.client(b"GET /play HTTP/1.1\r\nHost: www.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
socket.server(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
for text in b'{"move":"e4"}', b"x" + YMSG, b"<open/>":
    socket.client(b"\x81" + bytes([0x80 | len(text)]) + bytes(4) + text)
    socket.server(b"\x81" + bytes([len(text)]) + text)

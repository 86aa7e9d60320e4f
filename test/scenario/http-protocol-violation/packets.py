from wire import Capture, client_hello, http_get

SSH = b"SSH-2.0-OpenSSH_9.2\r\n" + bytes.fromhex("0000052c0614") + bytes(i * 89 % 256 for i in range(200))

capture = Capture()
for port, said in ((80, SSH), (443, SSH), (8080, b"GET / HTTP/1.1\r\nHost : www.example.com\r\n\r\n"), (22, SSH),
                   (80, http_get("www.example.com")), (443, client_hello("www.example.com"))):
    talk = capture.tcp(port)
    talk.open()
    talk.client(said)

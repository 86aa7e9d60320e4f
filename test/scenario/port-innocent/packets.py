from wire import HTTP_OK, Capture, http_get, client_hello

capture = Capture()
for port, said, answer in [(22, b"SSH-2.0-OpenSSH_9.2\r\n", b"SSH-2.0-OpenSSH_9.2\r\n"),
                           (8080, http_get("intranet.example.org"), HTTP_OK),
                           (18630, b"\x00\x01\x02\x03", b"\x04"),
                           (5432, b"\x00\x00\x00\x08\x04\xd2\x16\x2f", b"S")]:
    talk = capture.tcp(port)
    talk.open()
    talk.client(said)
    talk.server(answer)
    talk.close()
for client_port in (1863, 5050, 5190, 5222):
    talk = capture.tcp(443, client_port=client_port)
    talk.open()
    talk.client(client_hello("www.example.org"))
    talk.close()
clock = capture.udp(123, client_port=4000)
clock.client(b"\x23" + bytes(47))
clock.server(b"\x24" + bytes(47))

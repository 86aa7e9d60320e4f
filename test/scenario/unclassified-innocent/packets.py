from wire import SERVER_HELLO, Capture, client_hello, dns_query, http_get, tls_data

NOISE = bytes((i * 73 + 41) % 251 | 1 for i in range(200))
capture = Capture()
for port, server in ((22, "192.0.2.9"), (993, "192.0.2.9"), (5222, "192.0.2.9"), (4444, "192.0.2.77")):
    talk = capture.tcp(port, server=server)
    talk.open()
    talk.client(NOISE)
    talk.client(NOISE)
web = capture.tcp(8081)
web.open()
web.client(http_get("innocent.example"))
web.close()
tls = capture.tcp(9443)
tls.open()
tls.client(client_hello("innocent.example"))
tls.server(SERVER_HELLO)
tls.client(tls_data(100))
capture.udp(53).client(dns_query("innocent.example"))

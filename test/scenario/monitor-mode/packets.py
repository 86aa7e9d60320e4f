from wire import HTTP_OK, SERVER_HELLO, Capture, client_hello, dns_answer, dns_query, http_get

capture = Capture()
resolver = capture.udp(53)
resolver.client(dns_query("web.whatsapp.com"))
resolver.server(dns_answer("web.whatsapp.com", "198.51.100.7"))
for port, said, answer in [(443, client_hello("web.whatsapp.com"), SERVER_HELLO),
                           (80, http_get("web.whatsapp.com"), HTTP_OK),
                           (1863, b"VER 1 MSNP8 CVR0\r\n", b"VER 1 MSNP8 CVR0\r\n")]:
    talk = capture.tcp(port)
    talk.open()
    talk.client(said)
    talk.server(answer)
    talk.close()

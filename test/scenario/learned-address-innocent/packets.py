from wire import HTTP_OK, SERVER_HELLO, Capture, client_hello, dns_answer, dns_query, http_get

SHARED = "203.0.113.50"

capture = Capture()
question = capture.udp(53, client="10.0.7.7", server="9.9.9.9")
question.client(dns_query("cdn.discordapp.com"))
question.server(dns_answer("cdn.discordapp.com", SHARED))
for opening, answer in ((client_hello("www.example.org"), SERVER_HELLO),
                        (http_get("www.example.org"), HTTP_OK),
                        (http_get(SHARED), HTTP_OK),
                        (b"\x7e" * 100, b"\x7e" * 100),
                        (client_hello("cdn.discordapp.com"), SERVER_HELLO)):
    talk = capture.tcp(443, server=SHARED)
    talk.open()
    talk.client(opening)
    talk.server(answer)

from wire import HTTP_OK, SERVER_HELLO, Capture, client_hello, dns_answer, dns_query, http_get

NAMES = ["notwhatsapp.com", "web.notwhatsapp.com", "whatsapp.com.example.org", "web-whatsapp.com",
         "whatsapp.example", "whatsapp", "whatsap.com", "whatsapp.co", "telegram.org.example.net",
         "mytelegram.org", "signal.example.org", "discord.com.evil.example", "xn--whatsapp-com.example"]
capture = Capture()
resolver = capture.udp(53)
for name in NAMES:
    resolver.client(dns_query(name))
    resolver.server(dns_answer(name, "198.51.100.7"))
    for port, said, answer in [(443, client_hello(name), SERVER_HELLO), (80, http_get(name), HTTP_OK)]:
        talk = capture.tcp(port)
        talk.open()
        talk.client(said)
        talk.server(answer)
        talk.close()

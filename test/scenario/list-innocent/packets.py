from wire import HTTP_OK, SERVER_HELLO, Capture, client_hello, dns_answer, dns_query, http_get

# Look-alikes, an exception with what is below it, what lies below an exact name, an option's rule,
# and addresses beside a list's.
NAMES = ["notchat.example.com", "chat.example.com.example.org", "example.com", "good.chat.example.com",
         "very.good.chat.example.com", "below.exact.example.net", "example.net", "some.example.org",
         "localhost", "198.51.101.1", "198.51.99.255"]
capture = Capture()
resolver = capture.udp(53)
for name in NAMES:
    resolver.client(dns_query(name))
    resolver.server(dns_answer(name, "203.0.113.7"))
    for port, said, answer in [(443, client_hello(name), SERVER_HELLO), (80, http_get(name), HTTP_OK)]:
        talk = capture.tcp(port, server="198.51.101.0")
        talk.open()
        talk.client(said)
        talk.server(answer)
        talk.close()

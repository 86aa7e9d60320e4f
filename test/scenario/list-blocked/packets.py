from wire import Capture, client_hello, dns_query, http_get

capture = Capture()
for port, said in [(443, client_hello("www.chat.example.com")), (80, http_get("Exact.Example.NET"))]:
    talk = capture.tcp(port)
    talk.open()
    talk.client(said)
resolver = capture.udp(53)
resolver.client(dns_query("a.b.chat.example.com"))
talk = capture.tcp(4443, server="198.51.100.77")
talk.syn()
talk = capture.tcp(443)
talk.open()
talk.client(client_hello("xn--bcher-kva.example"))

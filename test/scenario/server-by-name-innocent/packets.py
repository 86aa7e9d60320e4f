from wire import Capture, client_hello, dns_query, http_get

capture = Capture()
for name in ("example.com", "notchat.example.com", "chat.example.com.evil.example", "chat.example"):
    talk = capture.tcp(443)
    talk.open()
    talk.client(client_hello(name))
    capture.udp(53).client(dns_query(name))
capture.tcp(7777, server="198.51.101.1").open()
capture.tcp(7777, server="198.51.99.255").open()
exempt = capture.tcp(80, client="10.0.0.7", server="198.51.100.9")
exempt.open()
exempt.client(http_get("chat.example.com"))
capture.udp(53, server="198.51.100.53").client(dns_query("innocent.example"))

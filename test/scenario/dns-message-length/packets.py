from wire import Capture, dns_answer, dns_query

capture = Capture()
talk = capture.udp(53)
talk.client(dns_query("a" * 40 + ".example.com"))
talk.client(dns_query("www.example.com"))
talk.server(dns_answer("www.example.com", "192.0.2.9"))

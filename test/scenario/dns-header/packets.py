from wire import Capture, dns_answer, dns_query

QUERY = dns_query("www.example.com")

capture = Capture()
talk = capture.udp(53)
talk.client(QUERY)
talk.server(dns_answer("www.example.com", "192.0.2.9"))
talk.client(QUERY[:4] + b"\0\2" + QUERY[6:] + QUERY[12:])
talk.client(QUERY[:12] + b"\xc0\x0c\0\1\0\1")
talk.client(QUERY + b"data")
talk.server(dns_answer("www.example.com", "192.0.2.9") + b"data")
talk.client(QUERY)
capture.udp(53).client(b"\1\0\0\0" + bytes(range(100, 200)))
capture.udp(5353).client(QUERY + b"data")
over_tcp = capture.tcp(53)
over_tcp.open()
over_tcp.client(len(QUERY).to_bytes(2, "big") + QUERY)
over_tcp.client((len(QUERY) + 1).to_bytes(2, "big") + QUERY + b"x")

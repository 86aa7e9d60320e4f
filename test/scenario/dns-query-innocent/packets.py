import struct

from wire import Capture, dns_answer, dns_name, dns_query

capture = Capture()
resolver = capture.udp(53)
resolver.client(dns_query("www.example.org"))
resolver.server(dns_answer("www.example.org", "198.51.100.7"))
resolver.client(dns_query("chat.example.org", 9))
alias = dns_name("edge.example.net")
answer = struct.pack(">HHHHHH", 9, 0x8180, 1, 1, 0, 0) + dns_query("chat.example.org")[12:]
resolver.server(answer + b"\xc0\x0c" + struct.pack(">HHIH", 5, 1, 300, len(alias)) + alias)

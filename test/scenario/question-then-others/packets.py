from wire import Capture, dns_query

capture = Capture()
for port in (53, 443):
    talk = capture.udp(port)
    talk.client(dns_query("www.example.org"))
    talk.client(b"\xff" * 80)
    talk.client(dns_query("web.whatsapp.com"))

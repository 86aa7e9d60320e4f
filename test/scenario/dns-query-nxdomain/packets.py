from wire import Capture, dns_answer, dns_query

capture = Capture()
resolver = capture.udp(53)
resolver.client(dns_query("web.whatsapp.com"))
resolver.client(dns_query("www.example.org", 7))
resolver.server(dns_answer("www.example.org", "198.51.100.7", 7))
resolver.client(dns_query("Web.WhatsApp.COM", 8, kind=28))

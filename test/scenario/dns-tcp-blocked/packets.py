from wire import Capture, dns_query, vector

capture = Capture()
talk = capture.tcp(53)
talk.open()
talk.client(vector(dns_query("web.whatsapp.com"), 2))

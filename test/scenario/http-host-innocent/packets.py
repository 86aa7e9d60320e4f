from wire import Capture, http_get

capture = Capture()
talk = capture.tcp(80)
talk.open()
request = http_get("news.example.org", "/web.whatsapp.com/Host:%20web.whatsapp.com")
talk.client(request[:-2] + b"Referer: http://web.whatsapp.com/\r\nX-Host: web.whatsapp.com\r\n\r\n")
talk.server(b"HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\nHost: web.whatsapp.com\r\n\r\n")
talk.client(http_get("news.example.org", "/second"))
talk.close()

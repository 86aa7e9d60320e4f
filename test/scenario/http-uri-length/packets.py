from wire import HTTP_OK, Capture, http_get

capture = Capture()
talk = capture.tcp(80)
talk.open()
talk.client(http_get("www.example.com", "/" + "a" * 63))
talk.server(HTTP_OK)
talk.client(http_get("www.example.com", "/" + "a" * 64))

from wire import Capture, http_get

capture = Capture()
talk = capture.tcp(80)
talk.open()
talk.client(http_get("Web.WhatsApp.com:80"))

from wire import Capture, http_get

capture = Capture()
for path in ("/gateway/help.html", "/a/..//%67ateway/gateway.dll?Action=open", "/a?b=/gateway/", "http://www.example.com/gateway/x"):
    talk = capture.tcp(80)
    talk.open()
    talk.client(http_get("www.example.com", path))

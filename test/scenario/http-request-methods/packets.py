from wire import Capture

capture = Capture()
for method in ("GET", "PROPFIND", "POST"):
    talk = capture.tcp(80)
    talk.open()
    talk.client(f"{method} /POST HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 0\r\n\r\n".encode())

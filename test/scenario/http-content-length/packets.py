from wire import Capture, http_get


def post(length):
    return f"POST /form HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: {length}\r\n\r\n".encode()


capture = Capture()
for said in (post(0), post(1) + b"a", post(1000), post(1001), http_get("www.example.com")):
    talk = capture.tcp(80)
    talk.open()
    talk.client(said)

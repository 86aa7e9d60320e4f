from wire import Capture, http_get


def post(length):
    return f"POST /form HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: {length}\r\n\r\n".encode()


def answer(length):
    return f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode()


GET = http_get("www.example.com")

capture = Capture()
for said, answered in ((post(0), None), (post(1) + b"a", None), (post(1000), None), (post(1001), None),
                       (GET, answer(1000)), (GET, answer(1001))):
    talk = capture.tcp(80)
    talk.open()
    talk.client(said)
    if answered:
        talk.server(answered)

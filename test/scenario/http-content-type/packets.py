from wire import Capture, http_get

PROGRAM = bytes.fromhex("4d5a90000300000004000000ffff0000")
GIF = b"GIF89a" + bytes(10)


def answer(kind, body):
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


IMAGES_ONLY = http_get("www.example.com").replace(b"Accept: */*", b"Accept: image/*")

capture = Capture()
for asked, answered in ((http_get("www.example.com"), answer("image/gif", PROGRAM)),
                        (http_get("www.example.com"), answer("image/gif", GIF)),
                        (IMAGES_ONLY, answer("application/x-msdownload", PROGRAM)),
                        (IMAGES_ONLY, answer("image/gif", GIF)),
                        (http_get("www.example.com"), answer("application/octet-stream", PROGRAM))):
    talk = capture.tcp(80)
    talk.open()
    talk.client(asked)
    talk.server(answered)

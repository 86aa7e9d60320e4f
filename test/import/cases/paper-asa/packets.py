from sessions import GATOR, MSN_HELLO, SSH, yahoo_chat
from wire import HTTP_OK, Capture, http_get

capture = Capture()
for port in (4444, 8081):  # MSN, on ports of nobody
    talk = capture.tcp(port)
    talk.open()
    talk.client(MSN_HELLO)
    talk.client_again(MSN_HELLO)
yahoo_chat(capture.tcp(2323))
talk = capture.tcp(80)
talk.open()
talk.client(SSH)
talk = capture.tcp(80)
talk.open()
talk.client(GATOR)
talk = capture.tcp(80)
talk.open()
talk.client(http_get("www.example.com"))
talk.server(HTTP_OK)
talk = capture.tcp(5190)
talk.open()
talk.server(b"\x2a\x01\x00\x01\x00\x04\x00\x00\x00\x01")
talk.client(b"\x2a\x01\x00\x01\x00\x04\x00\x00\x00\x01")

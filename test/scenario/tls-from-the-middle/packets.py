from wire import Capture, tls_data

capture = Capture()
for port in (443, 9999):
    talk = capture.tcp(port)
    talk.server(tls_data(70)[7:])
    talk.client(tls_data(60))
    talk.server(tls_data(70))
talk = capture.tcp(443)
talk.client(b"\x17\x05" + bytes(range(200)))

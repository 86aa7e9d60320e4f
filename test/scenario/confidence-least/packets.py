from wire import Capture

capture = Capture()
msn = capture.tcp(1863)
msn.open()
msn.client(bytes(range(100)))
capture.tcp(443, server="198.51.100.7", client_port=40001).syn()
capture.tcp(6667, client_port=40002).syn()

from wire import CLIENT6, Capture

capture = Capture()
talk = capture.tcp(443, client=CLIENT6, server="64:ff9b::91.108.56.10")
talk.syn()
call = capture.udp(50000, client=CLIENT6, server="64:ff9b::91.108.56.10")
call.client(b"\x05" * 60)
other = capture.udp(50000, client=CLIENT6, server="64:ff9b::192.0.2.9")
other.client(b"\x05" * 60)

from wire import Capture

capture = Capture()
talk = capture.tcp(7000)
talk.open()
talk.client(b"CHAT/1 LO")
talk.client(b"GIN alice\r\n")
other = capture.tcp(7000)
other.open()
other.client(b"Re: CHAT/1 LOGIN and other words of an innocent text, long enough to be nobody's protocol\r\n")

from wire import Capture

capture = Capture()
talk = capture.tcp(1863)
talk.syn()
capture.wait(1)
talk.syn(again=True)

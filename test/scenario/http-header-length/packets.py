from wire import Capture, http_get

capture = Capture()
for said in (http_get("www.example.com", "/" + "a" * 200), http_get("www." + "a" * 40 + ".example.com")):
    talk = capture.tcp(80)
    talk.open()
    talk.client(said)

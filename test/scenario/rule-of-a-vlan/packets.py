from wire import Capture, client_hello

capture = Capture()
for vlans in (((0x8100, 105),), ((0x8100, 111),), ()):
    talk = capture.tcp(443, vlans=vlans)
    talk.open()
    talk.client(client_hello("web.whatsapp.com"))
inward = capture.tcp(443, client="192.0.2.9", server="10.0.0.5")
inward.segment(True, 2)
inward.segment(False, 18)
inward.segment(True, 16)
inward.client(client_hello("web.whatsapp.com"))

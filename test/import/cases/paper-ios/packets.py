from sessions import GATEWAY, MSN_HELLO, alias_answer, play, yahoo_chat, yahoo_service
from wire import HTTP_OK, Capture, dns_answer, dns_query, http_get

YAHOO, AOL, MSN, CHAT_PORT = "192.0.2.50", "192.0.2.60", "192.0.2.70", 5050

capture = Capture()
for name, address in (("scs.msg.yahoo.com", YAHOO), ("login.oscar.aol.com", AOL), ("messenger.hotmail.com", MSN)):
    look = capture.udp(53, server="192.0.2.53")
    look.client(dns_query(name))
    look.server(dns_answer(name, address))
# By other names, as behind a load balancer: their addresses are known before anybody connects.
for asked, name, address in (("a.example.net", "login.oscar.aol.com", AOL),
                             ("m.example.net", "messenger.hotmail.com", MSN)):
    look = capture.udp(53, server="192.0.2.53")
    look.client(dns_query(asked))
    look.server(alias_answer(asked, name, address))
yahoo_chat(capture.tcp(CHAT_PORT, server=YAHOO))
for service in ("file-transfer", "webcam"):
    talk = capture.tcp(CHAT_PORT, server=YAHOO)
    yahoo_chat(talk)
    play(talk, yahoo_service(service))
capture.tcp(443, server=AOL).syn()
capture.tcp(1863, server=MSN).syn()
talk = capture.tcp(80)
talk.open()
talk.client(MSN_HELLO)
talk = capture.tcp(8080)
talk.open()
talk.client(GATEWAY)
talk = capture.tcp(80)
talk.open()
talk.client(http_get("www.example.com"))
talk.server(HTTP_OK)
talk = capture.tcp(5190, server="192.0.2.61")
talk.open()
talk.server(b"\x2a\x01\x00\x01\x00\x04\x00\x00\x00\x01")
talk.client(b"\x2a\x01\x00\x01\x00\x04\x00\x00\x00\x01")

from wire import Capture, http_get

POST = (b"POST http://gateway.messenger.hotmail.com/gateway/gateway.dll?Action=open&Server=NS&IP=messenger.hotmail.com"
        b" HTTP/1.1\r\nHost: gateway.messenger.hotmail.com\r\nUser-Agent: MSMSGS\r\n"
        b"Content-Type: application/x-msn-messenger\r\nContent-Length: 18\r\n\r\nVER 1 MSNP8 CVR0\r\n")
GNUTELLA = (b"GET /uri-res/N2R?urn:sha1:PLSTHIPQGSSZTS5FJUPAKUZWUGYQYPFB HTTP/1.1\r\nHost: 192.0.2.9\r\n"
            b"User-Agent: gtk-gnutella/1.2.2\r\n\r\n")

capture = Capture()
for port, said in ((8080, POST), (80, b"VER 1 MSNP8 CVR0\r\n"), (1863, b"VER 1 MSNP8 CVR0\r\n"), (8080, GNUTELLA),
                   (80, http_get("web.whatsapp.com")), (80, http_get("www.example.com"))):
    talk = capture.tcp(port)
    talk.open()
    talk.client(said)

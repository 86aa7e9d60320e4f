from wire import Capture, client_hello

capture = Capture()
talk = capture.tcp(5222)
talk.open()
talk.client(b"<?xml version='1.0'?><stream:stream to='chat.example.org' xmlns='jabber:client' "
            b"xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>")
talk.server(b"<?xml version='1.0'?><stream:stream id='1' from='chat.example.org'>")
talk.client(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
capture.tcp(1863).syn()
talk = capture.tcp(443)
talk.open()
talk.client(client_hello("web.whatsapp.com"))

from wire import Capture

KEY = b"\x37\xfa\x21\x3d"


def frame(first, payload, masked=True):
    length = bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + len(payload).to_bytes(2, "big")
    if not masked:
        return bytes([first]) + length + payload
    return bytes([first, length[0] | 0x80]) + length[1:] + KEY + \
        bytes(byte ^ KEY[i % 4] for i, byte in enumerate(payload))


OPEN = b"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' %s='chat.example' version='1.0'/>"
TEXT = b"<message xmlns='jabber:client' to='bob@chat.example' type='chat'><body>hello</body></message>"
REPLY = TEXT.replace(b" to='bob", b" from='bob@chat.example' to='alice")
CALL = b"<iq xmlns='jabber:client' type='set' id='j' to='bob@chat.example/x'><jingle xmlns='urn:xmpp:jingle:1' " \
       b"action='session-initiate' sid='s'><content creator='initiator' name='a'><description " \
       b"xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'/></content></jingle></iq>"

capture = Capture()
talk = capture.tcp(5280)
talk.open()
talk.client(b"GET /xmpp-websocket HTTP/1.1\r\nHost: chat.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Protocol: xmpp\r\n\r\n")
talk.server(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Protocol: xmpp\r\n\r\n")
talk.client(frame(0x81, OPEN % b"to"))
talk.server(frame(0x81, OPEN % b"from", masked=False))
talk.client(frame(0x81, TEXT))
talk.server(frame(0x81, REPLY, masked=False))
talk.client(frame(0x01, CALL[:100]) + frame(0x89, b"still there?"))
talk.client(frame(0x80, CALL[100:])[:-1])
talk.client(frame(0x80, CALL[100:])[-1:])
talk.server(frame(0x81, REPLY, masked=False))

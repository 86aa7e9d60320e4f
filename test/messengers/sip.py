"""SIP as Office Communications Server, Lync and Skype for Business speak it in the open, over TCP and UDP."""

from talks import Talk

RFC = "RFC 3261, 3428, 4566 and 4975; [MS-SIPREGE], [MS-SDPEXT], [MS-CONFIM]"
PORT = 5060
AGENT = "UCCAPI/15.0.4971.1000 OC/15.0.4971.1000 (Skype for Business)"


def message(first, sequence, method, body="", kind="", fields=()):
    lines = [first, "Via: SIP/2.0/TCP 10.0.0.5:50111;branch=z9hG4bK1", "Max-Forwards: 70",
             "From: <sip:alice@corp.example>;tag=a1", "To: <sip:bob@corp.example>", "Call-ID: 77@10.0.0.5",
             f"CSeq: {sequence} {method}", f"User-Agent: {AGENT}", *fields]
    if kind:
        lines.append(f"Content-Type: {kind}")
    lines += [f"Content-Length: {len(body)}", "", body]
    return "\r\n".join(lines).encode()


def request(method, sequence=1, body="", kind="", fields=(), uri="sip:bob@corp.example"):
    return ("c", message(f"{method} {uri} SIP/2.0", sequence, method, body, kind, fields))


def answer(method, sequence=1):
    return ("s", message("SIP/2.0 200 OK", sequence, method))


def invite(media):
    session = "v=0\r\no=- 0 0 IN IP4 10.0.0.5\r\ns=session\r\nc=IN IP4 10.0.0.5\r\nt=0 0\r\n" + media
    return request("INVITE", 5, session, "application/sdp")


LOGIN = [request("REGISTER", uri="sip:corp.example"), answer("REGISTER")]
TEXT = [request("MESSAGE", 3, "hello", "text/plain"), answer("MESSAGE", 3)]
SERVICES = {
    "presence": [request("SUBSCRIBE", 2, fields=("Event: presence",))],
    "file-transfer": [invite("m=x-data 6891 TCP *\r\na=ms-data-protocol: ms-filetransfer\r\n"
                             "a=file-selector:name:\"plan.doc\" size:14\r\n")],
    "voice": [invite("m=audio 50040 RTP/AVP 0\r\n")],
    "video": [invite("m=audio 50040 RTP/AVP 0\r\nm=video 50042 RTP/AVP 121\r\n")],
    "conference": [request("INVITE", 5, fields=("Contact: <sip:room@corp.example>;isfocus",))],
    "screen-share": [invite("m=applicationsharing 50044 TCP/RTP/AVP 127\r\n")],
}

TALKS = [
    Talk("lync", "SIP over TCP", RFC, PORT, login=LOGIN, text=TEXT, services=SERVICES),
    Talk("lync", "SIP over UDP", RFC, PORT, login=LOGIN, text=TEXT, services=SERVICES, udp=True),
]
HIDDEN = []

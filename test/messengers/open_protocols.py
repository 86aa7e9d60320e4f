"""XMPP, with the services that speak it, and IRC."""

import base64

from talks import Talk, lines

# ---- XMPP

RFC = "RFC 6120 and 6121, and the XEPs named in docs/design/messengers/xmpp.md"
STREAM = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
PLAIN = base64.b64encode(b"\0alice\0secret").decode()
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"


def client(stanza):
    return ("c", stanza.encode())


def server(stanza):
    return ("s", stanza.encode())


def login(host, mechanism="PLAIN"):
    return [
        client(f"<?xml version='1.0'?><stream:stream to='{host}' {STREAM}"),
        server(f"<?xml version='1.0'?><stream:stream from='{host}' id='7' {STREAM}<stream:features>"
               f"<mechanisms xmlns='{SASL}'><mechanism>{mechanism}</mechanism></mechanisms></stream:features>"),
        client(f"<auth xmlns='{SASL}' mechanism='{mechanism}'>{PLAIN}</auth>"),
        server(f"<success xmlns='{SASL}'/>"),
        client(f"<stream:stream to='{host}' {STREAM}"),
        server(f"<stream:stream from='{host}' id='8' {STREAM}<stream:features>"
               "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"),
        client("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"),
        server("<iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
               "<jid>alice@chat.example/home</jid></bind></iq>"),
    ]


TEXTS = [client("<message to='bob@chat.example' type='chat'><body>hello</body></message>"),
         server("<message from='bob@chat.example/x' to='alice@chat.example' type='chat'><body>hello</body></message>")]
PRESENCE = [client("<presence/>")]


def jingle(*contents):
    return [client("<iq type='set' id='j' to='bob@chat.example/x'><jingle xmlns='urn:xmpp:jingle:1' "
                   "action='session-initiate' sid='s'>" + "".join(contents) + "</jingle></iq>")]


def rtp(media):
    return (f"<content creator='initiator' name='{media}'><description xmlns='urn:xmpp:jingle:apps:rtp:1' "
            f"media='{media}'><payload-type id='96'/></description></content>")


FILE = [client("<iq type='set' to='bob@chat.example/x' id='f'><si xmlns='http://jabber.org/protocol/si' id='a' "
               "profile='http://jabber.org/protocol/si/profile/file-transfer'><file "
               "xmlns='http://jabber.org/protocol/si/profile/file-transfer' name='plan.doc' size='1'/></si></iq>")]
XMPP = Talk(
    "xmpp", "client and server", RFC, 5222, login=login("chat.example"), text=TEXTS,
    services={
        "presence": PRESENCE,
        "file-transfer": FILE,
        "voice": jingle(rtp("audio")),
        "video": jingle(rtp("audio"), rtp("video")),
        "conference": [client("<presence to='room@muc.example/alice'>"
                              "<x xmlns='http://jabber.org/protocol/muc'/></presence>")],
        "games": [client("<iq type='set' to='bob@chat.example'><create xmlns='games:board' type='chess'/></iq>")],
        "screen-share": [client("<iq type='set'><inputevt xmlns='http://jitsi.org/protocol/inputevt'/></iq>")],
    })
SERVERS = Talk(
    "xmpp", "between servers", RFC, 5269,
    login=[client("<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
                  "xmlns:db='jabber:server:dialback' from='a.example' to='b.example'>"),
           server("<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
                  "xmlns:db='jabber:server:dialback' id='1' from='b.example' to='a.example'>"),
           client("<db:result from='a.example' to='b.example'>98AF014</db:result>"),
           server("<db:result from='b.example' to='a.example' type='valid'/>")],
    text=[client("<message from='x@a.example/1' to='y@b.example'><body>hello</body></message>")],
    services={"presence": [client("<presence from='x@a.example' to='y@b.example' type='subscribe'/>")]})

GOOGLE = "Google's published extensions of XMPP"
GOOGLE_FILE = [client("<iq type='set' to='b@c.example'><session xmlns='http://www.google.com/session' type='initiate'>"
                      "<description xmlns='http://www.google.com/session/share'><manifest><file size='1'>"
                      "<name>plan.doc</name></file></manifest></description></session></iq>")]
GOOGLE_CALL = [client("<iq type='set' to='b@c.example'><session xmlns='http://www.google.com/session' type='initiate'>"
                      "<description xmlns='http://www.google.com/session/phone'/></session></iq>")]
GOOGLE_VIDEO = [(end, data.replace(b"session/phone", b"session/video")) for end, data in GOOGLE_CALL]
GOOGLE_SERVICES = {"presence": PRESENCE, "file-transfer": GOOGLE_FILE, "voice": GOOGLE_CALL,
                   "video": GOOGLE_VIDEO, "conference": XMPP.services["conference"]}
TALK = Talk("google-talk", "by the stream's name", GOOGLE, 5222, login=login("talk.google.com"), text=TEXTS,
            services=GOOGLE_SERVICES)
# Gmail's own domain is everybody's; who logs in by Google's token is on Google Talk. The step before is XMPP's.
TOKEN = Talk("google-talk", "by the log-in", GOOGLE, 5222, login=login("gmail.com", "X-GOOGLE-TOKEN"), text=TEXTS,
             services=GOOGLE_SERVICES, known_by=2, begins_as=("xmpp",))
FACEBOOK = Talk("facebook-chat-xmpp", "by the stream's name", "Facebook's Chat API of 2010", 5222,
                login=login("chat.facebook.com", "X-FACEBOOK-PLATFORM"), text=TEXTS, services={"presence": PRESENCE})

# ---- IRC

IRC_RFC = "RFC 1459, RFC 2812 and the description of DCC"


def ctcp(text):
    return [("c", f"PRIVMSG bob :\1{text}\1\r\n".encode())]


IRC = Talk(
    "irc", "client and server", IRC_RFC, 6667,
    login=[("c", lines("NICK alice", "USER alice 0 * :Alice")),
           ("s", lines(":irc.example NOTICE * :*** Looking up your hostname")),
           ("s", lines(":irc.example 001 alice :Welcome to the network, alice"))],
    text=[("c", lines("PRIVMSG bob :hello")), ("s", lines(":bob!b@h.example PRIVMSG alice :hello"))],
    services={
        "presence": [("c", lines("AWAY :gone"))],
        "file-transfer": ctcp("DCC SEND plan.doc 167772161 5555 12"),
        "voice": ctcp("DCC VOICE gsm 167772161 5557 8000"),
        "video": ctcp("DCC VIDEO h263 167772161 5558"),
        "conference": [("c", lines("JOIN #chat"))],
    })

PASSWORD = Talk("irc", "with a password", IRC_RFC, 6667, known_by=1,
                login=[("c", lines("PASS secret")), ("c", lines("NICK alice", "USER alice 0 * :Alice"))],
                text=IRC.text, services={"conference": IRC.services["conference"]})

TALKS = [XMPP, SERVERS, TALK, TOKEN, FACEBOOK, IRC, PASSWORD]
HIDDEN = []

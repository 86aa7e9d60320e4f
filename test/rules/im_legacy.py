"""Cases of policy/rules/im-legacy.rules."""

import struct

from cases import Case
from wire import dns_answer, dns_name, dns_query, vector

# ---- OSCAR


def flap(channel, body, sequence=1):
    return struct.pack(">BBHH", 0x2A, channel, sequence, len(body)) + body


def snac(family, subtype, body, flags=0, request=7):
    return flap(2, struct.pack(">HHHI", family, subtype, flags, request) + body)


def tlv(kind, value):
    return struct.pack(">HH", kind, len(value)) + value


VERSION = b"\0\0\0\1"
SIGN_ON = flap(1, VERSION)
COOKIE = bytes(range(8))
SEND_FILE = bytes.fromhex("094613434c7f11d18222444553540000")


def message(channel, name=b"alice", body=b"<HTML>hi</HTML>"):
    return COOKIE + struct.pack(">H", channel) + vector(name, 1) + tlv(2, tlv(0x101, b"\0\0\0\0" + body))


def oscar(*steps):
    return {5190: [("s", SIGN_ON), ("c", SIGN_ON), *steps]}


READY = ("s", snac(1, 3, b"\0\1\0\2"))

OSCAR = [
    # Bytes are missing from the capture behind its packet 25; what follows a hole is not looked at.
    Case("ICQ in the corpus", [9100001], corpus="ndpi/Oscar.pcapng"),
    Case("AIM sign-on", [9100001], tcp={5190: [("s", SIGN_ON), ("c", SIGN_ON)]}),
    Case("AIM sign-on with a cookie, on 443", [9100001], tcp={443: [("c", flap(1, VERSION + tlv(6, bytes(256))))]}),
    Case("AIM asks for the key", [9100001, 9100002], tcp=oscar(READY, ("c", snac(0x17, 6, tlv(1, b"alice"))))),
    Case("AIM logs in", [9100002], tcp={5190: [("c", snac(0x17, 2, tlv(1, b"alice") + tlv(0x25, bytes(16))))]}),
    Case("ICQ asks for the key", [9100002, 9100011],
         tcp={5190: [("c", snac(0x17, 6, tlv(1, b"461758769") + tlv(0x4B, b"")))]}),
    Case("AIM message sent", [9100003], tcp={5190: [("c", snac(4, 6, message(1, b"bob")))]}),
    Case("AIM message received", [9100004], tcp={443: [("s", snac(4, 7, message(1, b"bob") + b"\0\0\0\2"))]}),
    Case("AIM messages behind keep-alives", [9100001, 9100005, 9100006],
         tcp=oscar(READY, ("c", flap(5, b"") + snac(4, 6, message(1, b"bob"))),
                   ("s", snac(1, 0xF, bytes(20)) + snac(4, 7, message(1, b"bob"))))),
    Case("AIM offers a file", [9100007],
         tcp={5190: [("c", snac(4, 6, COOKIE + b"\0\2" + vector(b"bob", 1) + tlv(5, b"\0\0" + COOKIE + SEND_FILE)))]}),
    Case("AIM is offered a file", [9100007],
         tcp={5190: [("s", snac(4, 7, COOKIE + b"\0\2" + vector(b"bob", 1) + b"\0\0\0\0" +
                              tlv(5, b"\0\0" + COOKIE + SEND_FILE)))]}),
    Case("OFT", [9100008], tcp={4443: [("c", b"OFT2" + struct.pack(">HH", 256, 0x0101) + bytes(248)),
                                      ("s", b"OFT2" + struct.pack(">HH", 256, 0x0202) + bytes(248))]}),
    Case("ODC", [9100009], tcp={4443: [("c", b"ODC2" + struct.pack(">HHH", 76, 1, 6) + bytes(66))]}),
    Case("TOC", [9100010], tcp={9898: [("c", b"FLAPON\r\n\r\n"), ("s", SIGN_ON)]}),
    Case("ICQ extension", [9100012],
         tcp={5190: [("c", snac(0x15, 2, tlv(1, struct.pack("<HIHH", 14, 461758769, 2000, 5))))]}),
    Case("ICQ version 5", [9100013],
         udp={4000: [("c", b"\5\0" + bytes(4) + struct.pack("<IIHHHI", 12345678, 99, 1000, 1, 1, 0xAB))]}),
]

OSCAR_LOOK_ALIKES = [
    Case("two octets of a sign-on", near=[9100001], tcp={5190: [("c", b"*\1\0\1\0\4\0\0\0\2")]}),
    Case("a sign-on of the server's alone", near=[9100001], tcp={5190: [("s", SIGN_ON), ("c", b"GET / HTTP/1.0\r\n\r\n")]}),
    Case("the text of the printed rule", near=[9100001], tcp={5190: [("c", b"*01| and so on\r\n"), ("s", b"*02|\r\n")]}),
    Case("the server's answer to a log-in", near=[9100002], tcp={5190: [("s", snac(0x17, 3, tlv(1, b"alice")))]}),
    Case("another family that holds the number", near=[9100002, 9100011],
         tcp={5190: [("c", snac(0x13, 0x17, b"\0\x17\0\6" + tlv(1, b"461758769")))]}),
    Case("an authentication with a name", [9100002], near=[9100011],
         tcp={5190: [("c", snac(0x17, 6, tlv(1, b"12345bob")))]}),
    Case("typing in AIM", near=[9100003, 9100004, 9100007],
         tcp={5190: [("c", snac(4, 0x14, message(1, b"bob"))), ("s", snac(4, 0x14, message(1, b"bob")))]}),
    Case("numbers of a message without OSCAR", near=[9100003, 9100004, 9100005, 9100006],
         tcp={5190: [("c", b"+\2\0\1\0\x20\0\4\0\6" + bytes(40)), ("s", b"+\2\0\1\0\x20\0\4\0\7" + bytes(40))],
              8080: [("c", b"x" * 30 + snac(4, 6, message(1))), ("s", b"y" * 30 + snac(4, 7, message(1)))]}),
    Case("the capabilities of a client", near=[9100007],
         tcp={5190: [("c", snac(2, 4, tlv(5, SEND_FILE + SEND_FILE)))]}),
    Case("a text that begins as OFT does", near=[9100008, 9100009, 9100010],
         tcp={4443: [("c", b"OFT2 is a file transfer of AIM\n"), ("s", b"ODC2\0LLL\0\0\0\0\0\0\n")],
              9898: [("c", b"FLAPON hello\r\n\r\n")]}),
    Case("family 15 of something else", near=[9100012],
         tcp={5190: [("c", snac(0x15, 2, b"\0\2\0\1\0")), ("s", snac(0x15, 2, tlv(1, bytes(10))))]}),
    Case("a five and zeros over UDP", near=[9100013],
         udp={4000: [("c", b"\5\0\0\0\0\0\1\2"), ("c", b"\5\0\0\0\0\1" + bytes(30))],
              4001: [("c", b"\5\0" + bytes(30))]}),
]

# ---- YMSG


def ymsg(service, *pairs, status=0, version=0x10):
    body = b"".join(b"%d\xc0\x80%b\xc0\x80" % pair for pair in pairs)
    return b"YMSG" + struct.pack(">HHHHII", version, 0, len(body), service, status, 0x4037B730) + body


YAHOO = [
    Case("Yahoo's keep-alive in the corpus", [9100023], corpus="zeek/smtp.pcap"),
    Case("Yahoo logs in", [9100021, 9100023],
         tcp={5050: [("c", ymsg(0x4C)), ("s", ymsg(0x4C)), ("c", ymsg(0x57, (1, b"alice"))),
                     ("s", ymsg(0x57, (94, b"challenge"))), ("c", ymsg(0x54, (0, b"alice"), (6, b"hash"))),
                     ("s", ymsg(0x55, (87, b"Friends:bob\n")))]}),
    Case("Yahoo messages both ways", [9100022],
         tcp={23: [("c", ymsg(6, (1, b"alice"), (5, b"bob"), (14, b"hello"))),
                   ("s", ymsg(6, (4, b"bob"), (5, b"alice"), (14, b"a message that is longer than 52 octets")))]}),
    Case("a Yahoo message behind typing", [9100023, 9100024],
         tcp={5050: [("c", ymsg(0x8A, (0, b"alice"))), ("s", ymsg(0x8A)),
                     ("c", ymsg(0x4B, (49, b"TYPING")) + ymsg(6, (5, b"bob"), (14, b"hello")))]}),
    Case("Yahoo files", [9100025], tcp={5050: [("s", ymsg(0xDC, (4, b"bob"), (27, b"report.exe"))),
                                             ("c", ymsg(0xDE, (5, b"bob")))],
                                      5051: [("s", ymsg(0x4D, (4, b"bob")))]}),
    Case("Yahoo conference", [9100026], tcp={5050: [("s", ymsg(0x18, (57, b"room"))), ("c", ymsg(0x1D, (14, b"hi")))]}),
    Case("Yahoo voice", [9100027], tcp={5050: [("s", ymsg(0x4A, (57, b"room")))]}),
    Case("Yahoo webcam invitation", [9100028], tcp={5050: [("c", ymsg(0x50, (5, b"bob")))]}),
    Case("Yahoo webcam", [9100029], tcp={5100: [("c", b"<RVWCFG>" + b"\r\0\0\0"), ("s", b"\r\0\5\0")],
                                        }),
]

YAHOO_LOOK_ALIKES = [
    Case("YMSG as a word", near=[9100021, 9100022, 9100023],
         tcp={25: [("c", b"YMSG is a protocol of 2003 that I wrote about\r\n"), ("s", b"250 Ok\r\n")],
              5050: [("c", b"see YMSG\0\x10\0\0\0\x08\0\6 and so on"), ("s", b"ymsg\0\x10\0\0\0\x08\0\6")]}),
    Case("services that have no rule", near=[9100021, 9100022, 9100023, 9100025, 9100026, 9100027, 9100028],
         tcp={5050: [("c", ymsg(0x61, (1, b"x"))), ("s", ymsg(0x98, (1, b"x"))), ("c", ymsg(0x0106, (1, b"x"))),
                     ("s", ymsg(0x014A, (1, b"x"))), ("c", ymsg(0x0150)), ("s", ymsg(0x0118)), ("c", ymsg(0x0154))]}),
    Case("a message without anything in it", near=[9100022], tcp={5050: [("c", ymsg(6))]}),
    Case("a message behind something that is not YMSG", near=[9100024],
         tcp={5050: [("c", b"x" * 40 + ymsg(6, (5, b"bob"), (14, b"hello")))]}),
    Case("a word in angle brackets", near=[9100029],
         tcp={5100: [("c", b"<ROOT>\n"), ("s", b"<REQIMG>\n")], 5101: [("c", b"<REQIMG>\n")]}),
]

# ---- MSNP

TEXT = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nX-MMS-IM-Format: FN=Arial\r\n\r\nhello"
TYPING = b"MIME-Version: 1.0\r\nContent-Type: text/x-msmsgscontrol\r\nTypingUser: alice@example.com\r\n\r\n\r\n"
GUID = b"{5D3E02AB-6190-11D3-BBBB-00C04F795683}"
WEBCAM = b"{4BD96FC0-AB17-4425-A14A-439185962DC8}"


def msg(body, number=b"11", kind=b"N"):
    return b"MSG %b %b %d\r\n" % (number, kind, len(body)) + body


def invitation(command, guid=b"{5D3E02AB-6190-11d3-BBBB-00C04F795683}"):
    return (b"MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsinvite; charset=UTF-8\r\n\r\n"
            b"Application-Name: File Transfer\r\nApplication-GUID: %b\r\nInvitation-Command: %b\r\n"
            b"Invitation-Cookie: 33267\r\n\r\n" % (guid, command))


def slp(line, guid=GUID):
    return (b"MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: bob@example.com\r\n\r\n" +
            bytes(48) + b"%b\r\nTo: <msnmsgr:bob@example.com>\r\nContent-Length: 300\r\n\r\n"
            b"EUF-GUID: %b\r\nSessionID: 1\r\nAppID: 2\r\n\r\n\0\0\0\0\1" % (line, guid))


OFFER = b"INVITE MSNMSGR:bob@example.com MSNSLP/1.0"

MSN = [
    Case("MSN conversation in the corpus", [9100033, 9100034, 9100042], corpus="pcaps/msnms.pcap"),
    Case("MSN typing in the corpus", [9100042], corpus="zeek/dce-rpc_mapi.pcap"),
    Case("MSN logs in", [9100031, 9100032],
         tcp={1863: [("c", b"VER 1 MSNP18 MSNP17 CVR0\r\n"), ("s", b"VER 1 MSNP18\r\n"),
                     ("c", b"USR 3 SSO I alice@example.com\r\n"), ("s", b"USR 3 SSO S MBI_KEY_OLD abc\r\n")]}),
    Case("MSN with Passport, on 443", [9100032], tcp={443: [("c", b"USR 3 TWN I alice@example.com\r\n")]}),
    Case("MSN switchboard, called", [9100043], tcp={1863: [("c", b"ANS 1 alice@example.com 1056411141.26158 17342299\r\n")]}),
    Case("MSN message received", [9100034], tcp={1863: [("s", msg(TEXT, b"bob@example.com", b"Bob"))]}),
    Case("MSN message behind typing", [9100034, 9100042], tcp={80: [("c", msg(TYPING, b"11", b"U") + msg(TEXT, b"12"))]}),
    Case("MSN message behind joining", [9100035, 9100043],
         tcp={1863: [("c", b"ANS 1 alice@example.com 1056411141.26158 17342299\r\n"),
                     ("s", b"IRO 1 1 1 bob@example.com Bob\r\nANS 1 OK\r\n" + msg(TEXT, b"bob@example.com", b"Bob"))]}),
    Case("MSN file offered and accepted, by invitation", [9100036, 9100038],
         tcp={1863: [("c", msg(invitation(b"INVITE"))), ("s", msg(invitation(b"ACCEPT"), b"bob@example.com", b"Bob"))]}),
    Case("MSN file offered and accepted, by MSNSLP", [9100037, 9100039],
         tcp={1863: [("c", msg(slp(OFFER), kind=b"D")),
                     ("s", msg(slp(b"MSNSLP/1.0 200 OK"), b"bob@example.com", b"Bob"))]}),
    Case("MSN webcam offered", [9100040], tcp={1863: [("s", msg(slp(OFFER, WEBCAM), b"bob@example.com", b"Bob"))]}),
    Case("MSNFTP", [9100041], tcp={6891: [("c", b"VER MSNFTP\r\n"), ("s", b"VER MSNFTP\r\n"),
                                          ("c", b"USR bob@example.com 33267\r\n"), ("s", b"FIL 7\r\n")]}),
]

MSN_LOOK_ALIKES = [
    Case("other versions", near=[9100031, 9100041],
         tcp={1863: [("c", b"VER 1 of the protocol, not MSNP\r\n"), ("s", b"VER 0 MSNP18 CVR0\r\n")],
              6891: [("c", b"VER MSNFTPX\r\n")]}),
    Case("users of other protocols", near=[9100032, 9100033, 9100043],
         tcp={21: [("s", b"220 ftp\r\n"), ("c", b"USER alice@example.com\r\n"), ("s", b"331 x\r\n"),
                   ("c", b"USR 3 PLAIN I alice@example.com\r\n"), ("s", b"500 x\r\n"),
                   ("c", b"ANS 1 alice at example.com 12\r\n")]}),
    Case("a mail about messages", near=[9100034, 9100035],
         tcp={25: [("s", b"220 mail\r\n"), ("c", b"DATA\r\n"), ("s", b"354 go on\r\n"),
                   ("c", b"Subject: MSN\r\n\r\n" + msg(TEXT) + b"\r\n.\r\n")]}),
    Case("typing, and a text in an invitation", [9100042], near=[9100034],
         tcp={1863: [("c", msg(TYPING, b"11", b"U")),
                     ("s", msg(b"MIME-Version: 1.0\r\nContent-Type: text/x-msmsgsinvite\r\n\r\n"
                               b"Content-Type: text/plain\r\n", b"bob@example.com", b"Bob"))]}),
    Case("a message about typing", [9100034], near=[9100042],
         tcp={1863: [("c", msg(TEXT + b" Content-Type: text/x-msmsgscontrol"))]}),
    Case("an invitation cancelled, and one to whiteboard", near=[9100036, 9100038],
         tcp={1863: [("c", msg(invitation(b"CANCEL"))),
                     ("s", msg(invitation(b"INVITE", b"{F1AF4E5B-0000-0000-0000-000000000000}"), b"bob@x", b"Bob"))]}),
    Case("a picture, and a file declined", near=[9100037, 9100039, 9100040],
         tcp={1863: [("c", msg(slp(OFFER, b"{A4268EEC-FEC5-49E5-95C3-F126696BDBF6}"))),
                     ("s", msg(slp(b"MSNSLP/1.0 603 Decline"), b"bob@example.com", b"Bob"))]}),
]

# ---- Skype, Gmail

CHAT = "chatenabled.mail.google.com"

OTHERS = [
    # Its host had been a node of Kazaa before: others still ask it.
    Case("Skype of 2006 in the corpus", [9100051, 9100052, 9100053, 9100225], corpus="sample-captures/SkypeIRC.pcap"),
    Case("Skype logs in", [9100051, 9100052],
         tcp={33033: [("c", b"\x16\3\1\0\0"), ("s", b"\x17\3\1\0\0"), ("c", bytes(range(60)))]}),
    Case("Gmail asks for its chat", [9100061], udp={53: [("c", dns_query(CHAT)), ("s", dns_answer(CHAT, "192.0.2.1"))]}),
    Case("Gmail asks in capitals", [9100061], udp={53: [("c", dns_query("ChatEnabled.Mail.Google.COM"))]}),
    Case("Gmail asks over TCP", [9100062],
         tcp={53: [("c", vector(dns_query(CHAT), 2)), ("s", vector(dns_answer(CHAT, "192.0.2.1"), 2))]}),
]

OTHER_LOOK_ALIKES = [
    Case("TLS records", near=[9100051, 9100052],
         tcp={443: [("c", b"\x16\3\1\0\0\x16\3\1\0\5hello"), ("s", b"\x17\3\1\0\0")],
              444: [("c", b"\x16\3\3\0\0"), ("s", b"\x17\3\1\0\0")]}),
    Case("an answer, another name, another place", near=[9100061],
         udp={53: [("s", dns_answer(CHAT, "192.0.2.1")), ("c", dns_query("chatenabed.mail.google.com")),
                   ("c", dns_query("mail.google.com")), ("c", dns_query("x." + CHAT)),
                   ("c", dns_query(CHAT + ".example.com"))],
              5353: [("c", dns_query(CHAT))]}),
    Case("another name over TCP", near=[9100062],
         tcp={53: [("c", vector(dns_query("mail.google.com"), 2)), ("s", vector(dns_answer(CHAT, "192.0.2.1"), 2))]}),
    Case("the name in no question", near=[9100061], udp={53: [("c", bytes(12) + b"\3www" + dns_name(CHAT))]}),
]

CASES = [*OSCAR, *OSCAR_LOOK_ALIKES, *YAHOO, *YAHOO_LOOK_ALIKES, *MSN, *MSN_LOOK_ALIKES, *OTHERS, *OTHER_LOOK_ALIKES]

"""MSN Messenger: notification server, switchboard, and connections between users."""

import base64
import struct

from talks import Talk, le32, lines

HYPOTHETIC = "hypothetic.org: MSN Messenger Protocol, version 2.1"
PIKI = "MSNPiki: P2P, MSNSLP and the activities' identifiers"


def payload(line, body):
    return f"{line} {len(body)}\r\n".encode() + body


def mime(kind, body, *fields):
    return lines("MIME-Version: 1.0", f"Content-Type: {kind}", *fields, "") + body


def message(body):
    return payload("MSG 7 N", body)


def said_by_bob(body):
    return payload("MSG bob@example.com Bob", body)


def invitation(identifier, name, *fields):
    return message(mime("text/x-msmsgsinvite; charset=UTF-8",
                        lines(f"Application-Name: {name}", f"Application-GUID: {{{identifier}}}",
                              "Invitation-Command: INVITE", "Invitation-Cookie: 33267", *fields, "")))


NOTIFICATION = Talk(
    "msn", "notification server", HYPOTHETIC, 1863,
    login=[("c", b"VER 1 MSNP8 CVR0\r\n"), ("s", b"VER 1 MSNP8 CVR0\r\n"),
           ("c", b"CVR 2 0x0409 win 4.10 i386 MSNMSGR 5.0.0544 MSMSGS alice@example.com\r\n"),
           ("s", b"CVR 2 6.0.0602 6.0.0602 1.0.0000 http://download.example/x http://messenger.example\r\n"),
           ("c", b"USR 3 TWN I alice@example.com\r\n"), ("s", b"USR 3 TWN S lc=1033,id=507,tw=40\r\n"),
           ("c", b"USR 4 TWN S t=53*1hAu8ADuD3TEwdXoOMi08sD!&p=\r\n"),
           ("s", b"USR 4 OK alice@example.com Alice 1 0\r\n")],
    services={"presence": [("c", b"SYN 5 0\r\n")]})

OPENED = [("c", b"USR 1 alice@example.com 17262740.1050826919.32308\r\n"),
          ("s", b"USR 1 OK alice@example.com Alice\r\n"), ("c", b"CAL 2 bob@example.com\r\n"),
          ("s", b"CAL 2 RINGING 11752013\r\nJOI bob@example.com Bob\r\n")]
HELLO = mime("text/plain; charset=UTF-8", b"hello", "X-MMS-IM-Format: FN=Arial; EF=; CO=0; CS=0; PF=22")
TEXTS = [("c", message(HELLO)), ("s", said_by_bob(HELLO))]

SWITCHBOARD = Talk(
    "msn", "switchboard", HYPOTHETIC, 1863, login=OPENED, text=TEXTS,
    services={
        "presence": [("c", message(mime("text/x-msmsgscontrol", b"\r\n", "TypingUser: alice@example.com")))],
        "file-transfer": [("c", invitation("5D3E02AB-6190-11d3-BBBB-00C04F795683", "File Transfer",
                                           "Application-File: plan.doc", "Application-FileSize: 60904"))],
        "voice": [("c", invitation("02D3C01F-BF30-4825-A83A-DE7AF41648AA", "an Audio conversation",
                                   "Session-Protocol: SM1", "Context-Data: Requested:SIP_A,;"))],
        "video": [("c", invitation("02D3C01F-BF30-4825-A83A-DE7AF41648AA", "a Video conversation",
                                   "Session-Protocol: SM1", "Context-Data: Requested:SIP_A,SIP_V,;"))],
        "webcam": [("c", invitation("2A23868E-B45F-401d-B8B0-1E16B774A5B7", "Webcam"))],
        "conference": [("c", b"CAL 3 carol@example.com\r\n"), ("s", b"CAL 3 RINGING 11752013\r\n"),
                       ("s", b"JOI carol@example.com Carol\r\n")],
        "games": [("c", invitation("8DAE4336-2B71-11D4-9A6C-006067325E47", "Baulder's Gate2"))],
        "screen-share": [("c", invitation("56b994a7-380f-410b-9985-c809d78c1bdc", "Remote Assistance"))],
        "other": [("c", invitation("00000000-0000-0000-0000-000000000001", "Unheard of"))],
    })


def binary_header(session, flags, size):
    return struct.pack("<IIQQIIIIQ", session, 77, 0, size, size, flags, 5, 0, 0)


def peer(data):
    return message(mime("application/x-msnmsgrp2p", data, "P2P-Dest: bob@example.com"))


def session(identifier, number, context):
    body = lines(f"EUF-GUID: {{{identifier}}}", "SessionID: 4", f"AppID: {number}",
                 f"Context: {base64.b64encode(context).decode()}", "") + b"\0"
    slp = lines("INVITE MSNMSGR:bob@example.com MSNSLP/1.0", "To: <msnmsgr:bob@example.com>",
                "From: <msnmsgr:alice@example.com>",
                "Via: MSNSLP/1.0/TLP ;branch={33517CE4-02FC-4428-B6F4-39927229B722}", "CSeq: 0",
                "Call-ID: {9D79AE57-1BD5-444B-B14E-3FC9BB2B5D58}", "Max-Forwards: 0",
                "Content-Type: application/x-msnmsgr-sessionreqbody", f"Content-Length: {len(body)}", "") + body
    return [("c", peer(binary_header(0, 0, len(slp)) + slp + bytes(4)))]


FILE = struct.pack("<IIQI", 574, 2, 60904, 1) + "plan.doc".encode("utf-16-le").ljust(520, b"\0") + bytes(34)

PEERS = Talk(
    "msn", "switchboard, sessions of peers", PIKI, 1863, login=OPENED, text=TEXTS,
    services={
        "presence": session("A4268EEC-FEC5-49E5-95C3-F126696BDBF6", 1, b"<msnobj/>\0"),
        "file-transfer": session("5D3E02AB-6190-11D3-BBBB-00C04F795683", 2, FILE),
        "video": session("4BD96FC0-AB17-4425-A14A-439185962DC8", 4,
                         "{0425E797-49F1-4D37-909A-031116119D9B}".encode("utf-16-le")),
        "webcam": session("1C9AA97E-9C05-4583-A3BD-908A196F1E92", 4,
                          "{B8BE70DE-E2CA-4400-AE03-88FF85B9F4E8}".encode("utf-16-le")),
        "games": session("6A13AF9C-5308-4F35-923A-67E8DDA40C2F", 3, b"1;1;1"),
        "other": session("00000000-0000-0000-0000-000000000001", 77, b"?"),
    })

FILES = Talk("msn", "MSNFTP", HYPOTHETIC, 6891,
             services={"file-transfer": [("c", b"VER MSNFTP\r\n")]})

DIRECT = Talk("msn", "direct connection", PIKI, 6892,
              services={"file-transfer": [("c", le32(4) + b"foo\0" + le32(48) + struct.pack(
                  "<IIQQIII", 0, 9, 0, 0, 0, 0x100, 0) + bytes(range(16)))]})
WEBCAM = Talk("msn", "webcam connection", PIKI, 6893,
              services={"webcam": [("c", b"recipientid=42&sessionid=1337\r\n\r\n")]})

TALKS = [NOTIFICATION, SWITCHBOARD, PEERS, FILES, DIRECT, WEBCAM]
HIDDEN = []

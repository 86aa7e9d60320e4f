"""What clients of the paper's days say, for the packets.py of cases."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "messengers"))

import yahoo  # noqa: E402  pylint: disable=wrong-import-position

MSN_HELLO = b"VER 1 MSNP8 CVR0\r\n"
MSN_ANSWER = b"VER 1 MSNP8 CVR0\r\n"
GATEWAY = (b"POST http://gateway.messenger.hotmail.com/gateway/gateway.dll?Action=open&Server=NS&IP=messenger.hotmail.com"
           b" HTTP/1.1\r\nHost: gateway.messenger.hotmail.com\r\nUser-Agent: MSMSGS\r\n"
           b"Content-Type: application/x-msn-messenger\r\nContent-Length: 18\r\n\r\nVER 1 MSNP8 CVR0\r\n")
GATOR = b"GET /Gator/trickle?id=1 HTTP/1.1\r\nHost: www.example.com\r\n\r\n"


def play(talk, turns):
    for side, data in turns:
        (talk.client if side == "c" else talk.server)(data)


def yahoo_chat(talk):
    talk.open()
    play(talk, yahoo.LOGIN + yahoo.TEXTS)


def yahoo_service(service):
    return yahoo.SESSION.services[service]

"""What clients of the paper's days say, for the packets.py of cases."""

import ipaddress
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "messengers"))

from wire import dns_name  # noqa: E402  pylint: disable=wrong-import-position
import yahoo  # noqa: E402  pylint: disable=wrong-import-position

MSN_HELLO = b"VER 1 MSNP8 CVR0\r\n"
MSN_ANSWER = b"VER 1 MSNP8 CVR0\r\n"
GATEWAY = (b"POST http://gateway.messenger.hotmail.com/gateway/gateway.dll?Action=open&Server=NS&IP=messenger.hotmail.com"
           b" HTTP/1.1\r\nHost: gateway.messenger.hotmail.com\r\nUser-Agent: MSMSGS\r\n"
           b"Content-Type: application/x-msn-messenger\r\nContent-Length: 18\r\n\r\nVER 1 MSNP8 CVR0\r\n")
GATOR = b"GET /Gator/trickle?id=1 HTTP/1.1\r\nHost: www.example.com\r\n\r\n"


SSH = b"SSH-2.0-OpenSSH_9.2\r\n" + bytes.fromhex("0000052c0614") + bytes(i * 89 % 256 for i in range(200))


def alias_answer(asked, name, address):
    """`asked` is another name for `name`, which has the address (RFC 1035)."""
    def record(owner, kind, data):
        return owner + struct.pack(">HHIH", kind, 1, 300, len(data)) + data

    question = dns_name(asked) + struct.pack(">HH", 1, 1)
    records = record(b"\xc0\x0c", 5, dns_name(name)) + \
        record(dns_name(name), 1, ipaddress.ip_address(address).packed)
    return struct.pack(">HHHHHH", 0x1234, 0x8180, 1, 2, 0, 0) + question + records


def play(talk, turns):
    for side, data in turns:
        (talk.client if side == "c" else talk.server)(data)


def yahoo_chat(talk):
    talk.open()
    play(talk, yahoo.LOGIN + yahoo.TEXTS)


def yahoo_service(service):
    return yahoo.SESSION.services[service]

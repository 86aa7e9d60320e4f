"""Evasions against a real stack: a client that writes its own frames, a real TLS server behind the
real gateway.

The client's address is one that its own kernel does not know, so that nothing but these frames is
sent from it. Each trick is played for a blocked name and for an allowed one; whether the server has
read the hello is told by its ServerHello, and by nothing else.
"""

import contextlib
import itertools
import socket
import time
from pathlib import Path

import lab as labs
from clients import client_hello
from gateway import Gateway
from lab import Lab, LabError, ip_batch

with contextlib.suppress(ImportError):
    from scapy.layers.inet import IP, TCP, fragment
    from scapy.layers.l2 import Ether
    from scapy.packet import Raw

STRANGER = "10.77.0.77"
SERVER = labs.INTERNET4.format(20)
BLOCKED, ALLOWED, DECOY = "web.whatsapp.com", "web.allowedapp.com", "web.shopping.com"
PORTS = itertools.count(30000)
STEM = "chatgate-evasions"


class Connection:
    """A TCP connection by hand."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(0x0800))
        self.socket.bind(("eth0", 0))
        self.port = next(PORTS)
        self.first = 1_000_000
        self.server_next = 0
        self.answer = b""
        self.was_reset = False

    def segment(self, offset=0, data=b"", flags="PA", **fields):
        fields.setdefault("ack", self.server_next)
        return IP(src=STRANGER, dst=SERVER, id=next(PORTS) & 0xffff) / TCP(
            sport=self.port, dport=443, seq=self.first + offset, flags=flags, **fields) / Raw(data)

    def send(self, packet):
        for part in packet if isinstance(packet, list) else [packet]:
            self.socket.send(bytes(Ether(src=labs.CLIENT_MAC, dst=labs.SERVER_MAC) / part))
            time.sleep(0.002)

    def receive(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                frame = Ether(self.socket.recv(65535))
            except TimeoutError:
                return
            if TCP not in frame or frame[TCP].dport != self.port or frame[IP].dst != STRANGER:
                continue
            segment = frame[TCP]
            self.was_reset |= segment.flags.R
            if segment.flags.S and segment.flags.A:
                self.server_next = segment.seq + 1
                return
            size = frame[IP].len - frame[IP].ihl * 4 - segment.dataofs * 4
            self.answer += bytes(segment.payload)[:size]

    def open(self):
        self.send(self.segment(-1, flags="S", ack=0))
        self.receive(2)
        if not self.server_next:
            raise LabError("no handshake with the server")
        self.send(self.segment(flags="A"))

    @property
    def answered(self):
        """A handshake record whose message is a ServerHello (RFC 8446 section 4.1.3)."""
        return len(self.answer) > 5 and self.answer[0] == 22 and self.answer[5] == 2

    def close(self):
        self.send(self.segment(600, flags="R", ack=0))
        self.socket.close()


def whole(c, hello, _):
    c.send(c.segment(0, hello))


def three(c, hello, _):
    for begin, end in ((0, 5), (5, 130), (130, len(hello))):
        c.send(c.segment(begin, hello[begin:end]))


def reversed_order(c, hello, _):
    for begin, end in ((130, len(hello)), (5, 130), (0, 5)):
        c.send(c.segment(begin, hello[begin:end]))


def tiny(c, hello, _):
    for at in range(len(hello)):
        c.send(c.segment(at, hello[at:at + 1]))


def bad_checksum(c, hello, decoy):
    c.send(c.segment(0, decoy, chksum=0x1234))
    whole(c, hello, decoy)


def bad_acknowledgment(c, hello, decoy):
    c.send(c.segment(0, decoy, ack=(c.server_next - 66000) & 0xffffffff))
    whole(c, hello, decoy)


def md5(c, hello, decoy):
    c.send(c.segment(0, decoy, options=[(19, bytes(16))]))
    whole(c, hello, decoy)


def no_ack(c, hello, decoy):
    c.send(c.segment(0, decoy, flags="P", ack=0))
    whole(c, hello, decoy)


def far_back(c, hello, decoy):
    c.send(c.segment(-10000, decoy))
    whole(c, hello, decoy)


def reset_first(c, hello, decoy):
    c.send(c.segment(50, b"", flags="R", ack=0, chksum=0x1234))
    whole(c, hello, decoy)


def in_fragments(c, hello, _):
    c.send(fragment(c.segment(0, hello), fragsize=64))


def fragments_reversed(c, hello, _):
    c.send(fragment(c.segment(0, hello), fragsize=64)[::-1])


def repeated(c, hello, _):
    for begin, end in ((0, 130), (0, 130), (100, len(hello))):
        c.send(c.segment(begin, hello[begin:end]))


TRICKS = (
    ("the hello in one segment", whole),
    ("in three segments", three),
    ("in three segments, the last first", reversed_order),
    ("in segments of one byte", tiny),
    ("with repeated and overlapping segments", repeated),
    ("after a decoy with a wrong checksum", bad_checksum),
    ("after a decoy with an old acknowledgment", bad_acknowledgment),
    ("after a decoy with a TCP-MD5 option", md5),
    ("after a decoy without ACK", no_ack),
    ("after a decoy outside the window", far_back),
    ("after a reset with a wrong checksum", reset_first),
    ("in IP fragments", in_fragments),
    ("in IP fragments, the last first", fragments_reversed),
)


def attempt(trick, name):
    connection = Connection()
    try:
        connection.open()
        hello, decoy = client_hello(name), client_hello(DECOY)
        trick(connection, hello, decoy[:len(hello)])
        connection.receive(0.25 if name == BLOCKED else 1.0)
        # A lost segment is sent again, as any client would.
        if not connection.answered and name != BLOCKED:
            whole(connection, hello, decoy)
            connection.receive(1.0)
    finally:
        connection.close()
    return connection


def run(report):
    report.head("Evasions, frame by frame, against a real server")
    lab = Lab(f"{STEM}-{Path('/proc/self').resolve().name}")
    gateway = None
    try:
        lab.up()
        folder = lab.folder / "run"
        folder.mkdir()
        ip_batch(lab.server, f"neighbour replace {STRANGER} lladdr {labs.CLIENT_MAC} dev eth0 "
                             "nud permanent")
        gateway = Gateway(lab, folder)
        gateway.start()
        with lab.inside(lab.client):
            for name, trick in TRICKS:
                blocked, allowed = attempt(trick, BLOCKED), attempt(trick, ALLOWED)
                report.check(f"a blocked name, {name}",
                             "the server answered" if blocked.answered else "")
                report.check(f"an allowed name, {name}",
                             "" if allowed.answered else "the server did not answer")
    except LabError as problem:
        report.check("the evasions", str(problem))
    finally:
        if gateway:
            gateway.end()
        lab.down()

"""What the table of messengers is made of.

A `Talk` is one kind of connection of one application, in the bytes that the named description of its
protocol gives. A conversation is a list of steps, ("c", bytes) of the client and ("s", bytes) of the server:

  login      up to and including signing on
  text       a text each way, as often as wanted
  services   by service, what leads to it and, as the last step, the message that is it

`known_by` is the step by which it must be recognised whatever the port, counted in login, text and services'
first, in that order; the client's first where it is left out. `begins_as` holds the application or service
that the steps before it are rightly called.

A `Hidden` says which services of an application the wire cannot show, and why, with a conversation of them.
"""

import random
import struct
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from wire import SERVER_HELLO, client_hello, tls_data  # noqa: E402  pylint: disable=wrong-import-position

SERVICES = ("login", "presence", "text-chat", "file-transfer", "voice", "video", "webcam", "conference",
            "games", "screen-share", "other")


@dataclass
class Talk:
    application: str
    name: str
    source: str
    port: int
    login: list = field(default_factory=list)
    text: list = field(default_factory=list)
    services: dict = field(default_factory=dict)
    udp: bool = False
    any_port: bool = True
    known_by: int = None
    begins_as: tuple = ()

    def cells(self):
        """The services that this kind of connection shows."""
        shown = set(self.services)
        if self.login:
            shown.add("login")
        if self.text:
            shown.add("text-chat")
        return [service for service in SERVICES if service in shown]

    def conversation(self, service):
        """All steps of a conversation with the service, and the number of the one that is it."""
        begin = self.login + self.text
        if service == "login":
            return begin, self.first()
        if service == "text-chat" and self.text:
            return begin, len(self.login)
        steps = begin + self.services[service]
        return steps + self.text, len(steps) - 1

    def opening(self):
        """The steps by which it must be recognised, the last of which does it."""
        steps = self.login + self.text + next(iter(self.services.values()), [])
        return steps[:self.first() + 1]

    def first(self):
        if self.known_by is not None:
            return self.known_by
        steps = self.login + self.text + next(iter(self.services.values()), [])
        return next(number for number, (end, _) in enumerate(steps) if end == "c")


@dataclass
class Hidden:
    application: str
    services: tuple
    why: str
    port: int
    steps: list
    udp: bool = False


def noise(size, seed=1):
    """Bytes that look random, the same every time."""
    return random.Random(seed).randbytes(size)


def ciphertext(seed=1):
    return [("c", noise(211, seed)), ("s", noise(317, seed + 1)), ("c", noise(90, seed + 2))]


def within_tls(name):
    return [("c", client_hello(name)), ("s", SERVER_HELLO), ("c", tls_data(120)), ("s", tls_data(900)),
            ("c", tls_data(300))]


def be16(number):
    return struct.pack(">H", number)


def be32(number):
    return struct.pack(">I", number)


def le16(number):
    return struct.pack("<H", number)


def le32(number):
    return struct.pack("<I", number)


def sized(width, data):
    return len(data).to_bytes(width, "big") + data


def lines(*each):
    return "".join(line + "\r\n" for line in each).encode()

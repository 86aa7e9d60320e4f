"""What the shipped rules are proven on: captures, and the sids that must alert on each.

A `Case` holds a capture: the path of one in the corpus, or conversations in the bytes that a protocol's
description gives. `sids` are all the rules that alert on it, no more and no fewer. A look-alike has none,
and `near` names the rules that it could be taken for.

A conversation is a list of steps, ("c", bytes) of the client and ("s", bytes) of the server.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))

from wire import Capture  # noqa: E402  pylint: disable=wrong-import-position


class Case:
    def __init__(self, name, sids=(), near=(), corpus=None, **conversations):
        self.name = name
        self.sids = frozenset(sids)
        self.near = frozenset(near)
        self.corpus = corpus
        self.tcp = conversations.get("tcp", {})  # port of the server to its steps
        self.udp = conversations.get("udp", {})

    def can_be_cut(self):
        return bool(self.tcp)

    def capture(self, cut=None):
        """The bytes of the file; `cut` is how many bytes a segment holds, all where there is none."""
        capture = Capture()
        for port, steps in self.tcp.items():
            talk = capture.tcp(port)
            talk.open()
            for end, payload in steps:
                size = cut or len(payload)
                for at in range(0, len(payload), size):
                    talk.segment(end == "c", 0x18, payload[at:at + size])
            talk.close()
        for port, steps in self.udp.items():
            talk = capture.udp(port)
            for end, payload in steps:
                (talk.client if end == "c" else talk.server)(payload)
        return capture.file()


def http(line, *headers, body=b"", host="www.example.com"):
    """A request, with a Host header unless `host` is None."""
    lines = [line + " HTTP/1.1"] + ([f"Host: {host}"] if host else []) + list(headers)
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines + ["", ""]).encode("latin-1") + body


def answer(*headers, body=b"ok\n", status="200 OK"):
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines + ["", ""]).encode("latin-1") + body


def exchange(request, reply=None):
    return [("c", request), ("s", reply or answer("Content-Type: text/plain"))]


def web(name, request, sids=(), near=(), reply=None, port=80):
    return Case(name, sids, near, tcp={port: exchange(request, reply)})

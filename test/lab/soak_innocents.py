"""The soak's innocents: numbered datagrams at a rate, and connections that stay open and say something all the time.

Nothing of theirs may be lost. The datagrams are a program's (io/numbered.cpp), so that the rate is the machine's and not
Python's; their connections report what the kernel had to send again, and what of that had arrived after all.
"""

import contextlib
import json
import multiprocessing
import os
import selectors
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

from gateway import BUILD
from lab import INTERNET4, LabError

NUMBERED = BUILD / "test/lab/io/numbered"
HOST, PORT = INTERNET4.format(20), 40000
FLOWS = 16
STREAMS, EVERY, SAID = 6, 0.05, 2048
LINE = b"this is line %08d of a protocol that is nobody's\n"
FIRST_RATE, MOST_RATE = 1000, 256_000
NETWORK_COUNTERS = {"Udp": ("RcvbufErrors", "SndbufErrors")}


class Datagrams:
    """The two ends of the numbered datagrams."""

    def __init__(self, lab):
        if not NUMBERED.exists():
            raise LabError(f"{NUMBERED} is not built")
        self.echo = subprocess.Popen(["ip", "netns", "exec", lab.server, str(NUMBERED), "echo", HOST, str(PORT)],
                                     stdout=subprocess.PIPE, text=True)
        self.echo.stdout.readline()
        self.sender = subprocess.Popen(
            ["ip", "netns", "exec", lab.client, str(NUMBERED), "send", HOST, str(PORT), str(FLOWS)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def _say(self, line):
        self.sender.stdin.write(line + "\n")
        self.sender.stdin.flush()

    def rate(self, datagrams):
        self._say(f"rate {int(datagrams)}")

    def mark(self):
        self._say("mark")
        return json.loads(self.sender.stdout.readline())

    def settled(self, seconds=5):
        """The figures once nothing is under way; the rate must be 0."""
        end = time.monotonic() + seconds
        while (figures := self.mark())["waiting"] and time.monotonic() < end:
            time.sleep(0.02)
        return figures

    def attempt(self, rate, seconds):
        """(datagrams a second that were really sent, how many of them were lost)."""
        before = self.settled()
        began = time.monotonic()
        self.rate(rate)
        time.sleep(seconds)
        self.rate(0)
        took = time.monotonic() - began
        after = self.settled()
        return (after["sent"] - before["sent"]) / took, after["lost"] - before["lost"]

    def loss_free_rate(self, seconds):
        """Doubles until something is lost or no more is sent for it, then halves the distance three times."""
        good, bad, rate, told = 0.0, None, FIRST_RATE, []
        while rate <= MOST_RATE and bad is None:
            sent, lost = self.attempt(rate, seconds)
            told.append((round(sent), lost))
            if lost:
                bad = sent
            elif sent < good * 1.2:
                break  # this machine sends no more
            good, rate = good if lost else max(good, sent), rate * 2
        for _ in range(3 if bad else 0):
            if bad <= good:
                break
            sent, lost = self.attempt((good + bad) / 2, seconds)
            told.append((round(sent), lost))
            good, bad = (good, min(bad, sent)) if lost else (max(good, sent), bad)
        return good, told

    def end(self):
        """(what the sender saw, what the echo saw)."""
        self._say("end")
        sender = json.loads(self.sender.communicate(timeout=20)[0].splitlines()[-1])
        self.echo.terminate()
        return sender, json.loads(self.echo.communicate(timeout=20)[0].splitlines()[-1])

    def close(self):
        for process in (self.sender, self.echo):
            if process.poll() is None:
                process.kill()
                process.wait()


def tcp_info(wire):
    """(segments sent again, those of them that the other end already had)."""
    told = wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 232)
    again = struct.unpack_from("I", told, 100)[0]
    return again, struct.unpack_from("I", told, 216)[0] if len(told) >= 220 else 0


class Stream:
    """One connection: lines go to the server, which sends them back."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.sent = self.heard = self.at = 0
        self.due, self.worst = time.monotonic(), 0.0
        self.waiting_since, self.problem = None, ""

    @staticmethod
    def text(first, length):
        """Bytes of what the client says, from a position on."""
        size = len(LINE % 0)
        row = first // size
        rows = b"".join(LINE % (number % 10 ** 8) for number in range(row, row + length // size + 2))
        return rows[first - row * size:][:length]

    def talk(self, now):
        if now >= self.due and self.sent == self.heard:
            self.client.send(self.text(self.sent, SAID))
            self.sent += SAID
            self.due, self.waiting_since = now + EVERY, now

    def listen(self, now):
        data = self.client.recv(65536)
        if not data:
            self.problem = "closed by the other end"
        elif data != self.text(self.heard, len(data)):
            self.problem = self.problem or "other bytes came back"
        self.heard += len(data)
        if self.heard == self.sent:
            self.worst = max(self.worst, now - self.waiting_since)

    def repeat(self):
        data = self.server.recv(65536)
        if data:
            self.server.send(data)

    def figures(self):
        again, had = map(sum, zip(tcp_info(self.client), tcp_info(self.server)))
        return {"bytes": self.heard, "again": again, "had": had, "longest": self.worst, "problem": self.problem}


def keep_talking(streams, pipe):
    """Until told to end; answers every word with the figures so far."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with selectors.DefaultSelector() as ends:
        for stream in streams:
            ends.register(stream.client, selectors.EVENT_READ, (stream, True))
            ends.register(stream.server, selectors.EVENT_READ, (stream, False))
        ends.register(pipe, selectors.EVENT_READ, None)
        going = True
        while going:
            for key, _ in ends.select(0.01):
                if key.data is None:
                    going = pipe.recv() != "end"
                    pipe.send([stream.figures() for stream in streams])
                    continue
                stream, is_client = key.data
                try:
                    stream.listen(time.monotonic()) if is_client else stream.repeat()
                except OSError as problem:
                    stream.problem = stream.problem or str(problem)
                if stream.problem:
                    ends.unregister(key.fileobj)
            for stream in streams:
                if not stream.problem:
                    with contextlib.suppress(BlockingIOError):
                        stream.talk(time.monotonic())


class Streams:
    """Connections in a process of their own, which holds both of their ends."""

    def __init__(self, lab):
        with lab.inside(lab.server):
            listening = socket.create_server((HOST, PORT))
        streams = []
        for _ in range(STREAMS):
            with lab.inside(lab.client):
                client = socket.create_connection((HOST, PORT), 10)
            streams.append(Stream(client, listening.accept()[0]))
        listening.close()
        for stream in streams:
            stream.client.setblocking(False)
            stream.server.setblocking(False)
        context = multiprocessing.get_context("fork")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=keep_talking, args=(streams, theirs), daemon=True)
        self.process.start()
        theirs.close()
        for stream in streams:
            stream.client.close()
            stream.server.close()

    def figures(self, word="figures"):
        self.pipe.send(word)
        if not self.pipe.poll(20):
            raise LabError("the innocents' connections do not answer")
        rows = self.pipe.recv()
        return {"bytes": sum(row["bytes"] for row in rows), "again": sum(row["again"] for row in rows),
                "lost": sum(max(0, row["again"] - row["had"]) for row in rows),
                "longest": max(row["longest"] for row in rows),
                "problems": [row["problem"] for row in rows if row["problem"]]}

    def close(self):
        if self.process.is_alive():
            self.process.terminate()
        self.process.join(5)


def overflows(lab):
    """Datagrams that found no room in a socket of the client's or server's side: lost, but not on the way."""
    total = 0
    for namespace in (lab.client, lab.server):
        with lab.inside(namespace):
            text = Path(f"/proc/{os.getpid()}/task/{socket_thread()}/net/snmp").read_text(encoding="ascii")
        rows = [line.split() for line in text.splitlines()]
        for names, values in zip(rows[::2], rows[1::2]):
            wanted = NETWORK_COUNTERS.get(names[0].rstrip(":"), ())
            total += sum(int(values[names.index(name)]) for name in wanted)
    return total


def backlog_drops():
    """Frames that this machine's kernel had no room for between two of its own interfaces, of all namespaces."""
    rows = Path("/proc/net/softnet_stat").read_text(encoding="ascii").splitlines()
    return sum(int(row.split()[1], 16) for row in rows)


def socket_thread():
    """The calling thread, whose namespace it is."""
    return int(Path("/proc/thread-self").resolve().name)

"""The soak's attacks: bursts of floods in turn, no faster than the ring takes beside the innocents, and rude clients.

An attack that overran the ring of the packet socket would take innocents with it, and nobody could say whose fault
that was. So each has a rate, and what the ring had no room for (`missed`) must stay zero.
"""

import random
import socket
import subprocess
import threading
import time
from pathlib import Path

FLOOD = Path(__file__).with_name("faults_flood.py")
FLOODS = ("syns", "questions", "garbage", "halves", "headers", "collisions", "fragments")
MOST = {"halves": 1200}  # of a burst: each takes an inspection for five seconds, and of those there are few
RUDE = (b'{"command":', b"\0\xff\xfe garbage\n", b"x" * 70000, b"[[[[[[\n", b'{"command": 7}\n',
        b'{"command":"show flows"}\n' * 20)


class Attacks:
    """One after the other, with a pause between them."""

    def __init__(self, lab, socket_path, rate, seconds, pause):
        self.lab, self.socket_path, self.rate, self.seconds, self.pause = lab, socket_path, rate, seconds, pause
        self.now = ""  # the one that goes on
        self.done = {}  # by kind: [bursts, frames]
        self.problem = ""
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self.thread.start()

    def _run(self):
        turn = 0
        while not self.ends.wait(self.pause):
            kind = (*FLOODS, "rude clients")[turn % (len(FLOODS) + 1)]
            self.now = kind
            try:
                frames = self._rude() if kind == "rude clients" else self._flood(kind)
                row = self.done.setdefault(kind, [0, 0])
                row[0] += 1
                row[1] += frames
            except (OSError, ValueError, subprocess.SubprocessError) as problem:
                self.problem = f"{kind}: {problem}"
            self.now = ""
            turn += 1

    def _flood(self, kind):
        most = min(max(1, int(self.rate * self.seconds)), MOST.get(kind, 1 << 30))
        told = subprocess.run(["ip", "netns", "exec", self.lab.client, "/usr/bin/python3", "-B", str(FLOOD), kind,
                               str(self.seconds), str(most), str(int(self.rate))], capture_output=True, text=True,
                              check=True, timeout=self.seconds + 30)
        return int(told.stdout.split()[0])

    def _rude(self):
        """Clients of the control socket that stall, send garbage, and go away in the midst of it."""
        held = []
        for number in range(12):
            wire = socket.socket(socket.AF_UNIX)
            wire.settimeout(2)
            held.append(wire)
            try:
                wire.connect(str(self.socket_path))
                wire.sendall(RUDE[number % len(RUDE)])
            except OSError:
                pass  # it is refused while it writes
        time.sleep(min(self.seconds, random.random()))
        for wire in held:
            wire.close()
        return len(held)

    def stop(self):
        self.ends.set()
        self.thread.join(60)

#!/usr/bin/python3
"""What becomes of the wire when the gateway is killed, hangs, ends in order, and starts again.

Numbered datagrams run through it all the time, so that each gap is known in packets.
"""

import contextlib
import ctypes
import os
import signal
import socket
import struct
import threading
import time
from pathlib import Path

import lab as labs
from gateway import Gateway
from lab import CLIENT4, NEAR4, Lab, LabError

STEM = "chatgate-failure"
RATE = 1000  # datagrams a second
PORT = 40500
# In seconds. What was measured on two shared cores is a tenth of these.
KILL_GAP, START_GAP, STOP_GAP, WATCHDOG = 0.5, 1.5, 1.0, 1
PTRACE_SEIZE, PTRACE_INTERRUPT, WAIT_ALL = 0x4206, 0x4207, 0x40000000


class Stream:
    """Numbered datagrams from the client to the server, and what arrived."""

    def __init__(self, lab):
        self.arrived = []
        self.sent = 0
        self.ends = False
        with lab.inside(lab.server):
            self.server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.server.bind((NEAR4, PORT))
        with lab.inside(lab.client):
            self.client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.client.bind((CLIENT4, PORT))
        self.server.settimeout(0.2)
        self.threads = [threading.Thread(target=work) for work in (self._send, self._receive)]
        for thread in self.threads:
            thread.start()

    def _send(self):
        due = time.monotonic()
        while not self.ends:
            with contextlib.suppress(OSError):
                self.client.sendto(struct.pack("!I", self.sent), (NEAR4, PORT))
            self.sent += 1
            due += 1 / RATE
            time.sleep(max(0, due - time.monotonic()))

    def _receive(self):
        while not self.ends:
            with contextlib.suppress(TimeoutError):
                self.arrived.append(struct.unpack("!I", self.server.recv(64))[0])

    def passes(self, seconds=5):
        """Waits until something arrives that is sent from now on."""
        first, end = self.sent, time.monotonic() + seconds
        while time.monotonic() < end:
            if self.arrived and self.arrived[-1] >= first:
                return True
            time.sleep(0.005)
        return False

    def gap(self, first):
        """The most datagrams in a row that were lost after number `first`, and how many came twice."""
        numbers = [number for number in self.arrived if number >= first]
        known = sorted(set(numbers))
        steps = [b - a - 1 for a, b in zip([first, *known], known)]
        return max(steps, default=self.sent - first), len(numbers) - len(known)

    def stop(self):
        self.ends = True
        for thread in self.threads:
            thread.join()
        self.client.close()
        self.server.close()


class Stall:
    """One thread of a process, held as a debugger holds it; the others go on."""

    def __init__(self, process, name):
        for task in Path(f"/proc/{process}/task").iterdir():
            if (task / "comm").read_text(encoding="ascii").strip() == name:
                self.thread = int(task.name)
                break
        else:
            raise LabError(f"process {process} has no thread {name}")
        for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
            if labs.LIBC.ptrace(request, self.thread, None, None) != 0:
                raise LabError(f"ptrace: {os.strerror(ctypes.get_errno())}")
        os.waitpid(self.thread, WAIT_ALL)

    def reap(self):
        """Takes the end of the thread, which its process waits for."""
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.thread, WAIT_ALL)


class Failure:
    def __init__(self, report, device, user=None):
        self.report, self.device = report, device
        self.lab = Lab(f"{STEM}-{os.getpid()}")
        self.options = ["--user", user] if user else []
        self.gateway = self.stream = None

    def run(self):
        for prefix in labs.leftovers(STEM):
            Lab(prefix).down()
        try:
            self.lab.up(start_servers=False)
            self._run()
        except LabError as problem:
            self.report.check(f"{self.device}: the run", str(problem))
        finally:
            if self.stream:
                self.stream.stop()
            if self.gateway:
                self.gateway.end()
            self.lab.down()

    def _check(self, name, problem, note=""):
        self.report.check(f"{self.device}: {name}", problem, note)

    def _start(self, *options):
        folder = self.lab.folder / "run"
        folder.mkdir(exist_ok=True, mode=0o777)
        folder.chmod(0o777)
        self.gateway = Gateway(self.lab, folder, self.device)
        self.gateway.options = [*self.options, *options]
        self.gateway.start()

    def _kill(self):
        self.gateway.process.kill()
        self.gateway.process.wait()

    def _bridged(self):
        shown = labs.run("ip", "-n", self.lab.gateway, "-o", "link", "show", "type", "bridge").stdout
        return "cgwire" in shown

    def _measured(self, name, first, most, bridged):
        """The stream runs on after what began at number `first`."""
        problem = "" if self.stream.passes() else "nothing passes"
        lost, twice = self.stream.gap(first)
        if lost > most * RATE:
            problem = problem or f"{lost} datagrams in a row were lost"
        if twice:
            problem = problem or f"{twice} datagrams came twice"
        if bridged != self._bridged():
            problem = problem or ("no bridge joins them" if bridged else "the bridge is still there")
        self._check(name, problem, f"gap {lost} datagrams at {RATE} a second")

    def _run(self):
        self.report.head(f"The gateway fails: {self.device} {' '.join(self.options)}")
        self._start("--on-failure", "open")
        self.stream = Stream(self.lab)
        self._check("datagrams pass", "" if self.stream.passes() else "none arrives")
        first = self.stream.sent
        self._kill()
        self._measured("killed outright: the wire opens", first, KILL_GAP, True)
        first = self.stream.sent
        self._start("--on-failure", "open", "--watchdog", str(WATCHDOG))
        self._measured("started again: it takes the ports back", first, START_GAP, False)
        self._stalled()
        first = self.stream.sent
        self._start("--on-failure", "open")
        self._measured("started again", first, START_GAP, False)
        first = self.stream.sent
        status = self.gateway.stop()
        self._check("ends in order", "" if status == 0 else f"status {status}: {self.gateway.said()}")
        self._measured("ended in order: the wire opens", first, STOP_GAP, True)
        self._closed()

    def _stalled(self):
        first, began = self.stream.sent, time.monotonic()
        held = Stall(self.gateway.process.pid, "rte-worker-1")
        opens = self.stream.passes(4 * WATCHDOG + 2)
        took = time.monotonic() - began
        held.reap()
        self.gateway.process.wait()
        said = self.gateway.said()
        problem = "" if opens and self._bridged() else "the wire did not open"
        if "worker 0 on core" not in said or "it is killed" not in said:
            problem = problem or f"the log does not say why: {said}"
        if self.gateway.process.returncode != -signal.SIGKILL:
            problem = problem or f"it ended with {self.gateway.process.returncode}"
        if took > 2 * WATCHDOG + 1:
            problem = problem or f"it took {took:.1f} s"
        self._check("a worker hangs: the watchdog kills it, the wire opens", problem,
                    f"after {took:.2f} s, gap {self.stream.gap(first)[0]} datagrams")

    def _closed(self):
        self._start("--on-failure", "closed")
        self._check("closed: datagrams pass", "" if self.stream.passes() else "none arrives")
        self._kill()
        time.sleep(0.3)
        first = self.stream.sent
        passes = self.stream.passes(0.5)
        self._check("closed, killed outright: nothing passes",
                    "something does" if passes or self._bridged() else "",
                    f"{self.stream.sent - first} datagrams sent, none arrived")


def run(report):
    for device in ("af_packet", "af_xdp"):
        Failure(report, device).run()


if __name__ == "__main__":
    import sys

    from report import Report
    main_report = Report(quiet=False)
    run(main_report)
    sys.exit(main_report.tally())

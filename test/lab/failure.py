#!/usr/bin/python3
"""What becomes of the wire when the gateway is killed, hangs, ends in order, and starts again.

Numbered datagrams run through it all the time, so that each gap is known in packets.
"""

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import struct
import sys
import threading
import time
from pathlib import Path

import lab as labs
from gateway import CATALOGUE, POLICY, Gateway
from lab import CLIENT4, NEAR4, Lab, LabError
from report import Report

STEM = "chatgate-failure"
RATE = 1000  # datagrams a second
PORT = 40500
# In seconds, for a machine that is busy; on one that is not, they are a tenth of these.
KILL_GAP, START_GAP, STOP_GAP, WATCHDOG = 2.0, 2.0, 2.0, 1
PTRACE_SEIZE, PTRACE_INTERRUPT, WAIT_ALL = 0x4206, 0x4207, 0x40000000


class Stream:
    """Numbered datagrams from the client to the server, and what arrived."""

    def __init__(self, lab):
        self.arrived, self.times = [], []
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
            # A machine that stood still is not to be followed by a burst.
            due = max(due + 1 / RATE, time.monotonic() - 0.01)
            time.sleep(max(0, due - time.monotonic()))

    def _receive(self):
        while not self.ends:
            with contextlib.suppress(TimeoutError):
                self.arrived.append(struct.unpack("!I", self.server.recv(64))[0])
                self.times.append(time.monotonic())

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

    def pause(self, since):
        """The longest time, in seconds, in which nothing arrived after `since`."""
        times = [since, *(moment for moment in self.times if moment >= since)]
        return max((b - a for a, b in zip(times, times[1:])), default=time.monotonic() - since)

    def lost(self, first):
        """How many from number `first` on did not arrive, but for those that may still be under way."""
        last, came = self.arrived[-1], {number for number in self.arrived if number >= first}
        return last + 1 - first - len(came) if last >= first else self.sent - first

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
    """One device; `user` is whom the gateway becomes."""

    def __init__(self, report, device, user=None):
        self.report, self.device = report, device
        self.lab = Lab(f"{STEM}-{os.getpid()}")
        self.options = ["--user", user] if user else []
        self.gateway = self.stream = None

    def run(self, *parts):
        for prefix in labs.leftovers(STEM):
            Lab(prefix).down()
        self.report.head(f"The gateway fails: {self.device} {' '.join(self.options)}")
        try:
            self.lab.up(start_servers=False)
            self._prepare()
            for part in parts:
                getattr(self, f"_{part}")()
        except LabError as problem:
            self._check("the run", str(problem))
        finally:
            if self.stream:
                self.stream.stop()
            if self.gateway:
                self.gateway.end()
            self.lab.down()

    def _check(self, name, problem, note=""):
        self.report.check(f"{self.device}: {name}", problem, note)

    def _prepare(self):
        """A place that another user can read, and one where it can write."""
        self.lab.folder.chmod(0o755)
        self.policies = self.lab.folder / "policy"
        shutil.copytree(POLICY.parent, self.policies)
        labs.run("chmod", "-R", "a+rX", str(self.policies))
        self.folder = self.lab.folder / "run"
        self.folder.mkdir()
        self.folder.chmod(0o777)
        self.stream = Stream(self.lab)

    def _start(self, *options):
        self.gateway = Gateway(self.lab, self.folder, self.device, policy=self.policies / POLICY.name)
        self.gateway.catalogue = self.policies / CATALOGUE.name
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

    # The parts of a run; each begins with the gateway as the one before has left it.

    def _killed(self):
        self._start("--watchdog", str(WATCHDOG))
        self._check("datagrams pass", "" if self.stream.passes() else "none arrives")
        first = self.stream.sent
        self._kill()
        self._measured("killed outright: the wire opens", first, KILL_GAP, True)

    def _again(self):
        first = self.stream.sent
        self._start("--watchdog", str(WATCHDOG))
        self._measured("started again: it takes the ports back", first, START_GAP, False)

    def _reloads(self):
        """What it needs of files, it has the rights for also when it runs."""
        self.gateway.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + 10
        while "policy reloaded" not in self.gateway.said() and time.monotonic() < end:
            time.sleep(0.05)
        said = self.gateway.said()
        status = Path(f"/proc/{self.gateway.process.pid}/status").read_text(encoding="ascii")
        uid = status.split("Uid:")[1].split()[0]
        wanted = pwd.getpwnam(self.options[1]).pw_uid
        owners = {path.name: path.stat().st_uid for path in self.folder.iterdir()
                  if path != self.gateway.log}
        problem = "" if "policy reloaded" in said else f"it did not: {said}"
        if uid != str(wanted) or set(owners.values()) != {wanted}:
            problem = problem or f"it runs as {uid}, files belong to {owners}"
        self._check(f"reloads its policy as {self.options[1]}", problem)

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

    def _ended(self):
        first = self.stream.sent
        status = self.gateway.stop()
        self._check("ends in order", "" if status == 0 else f"status {status}: {self.gateway.said()}")
        self._measured("ended in order: the wire opens", first, STOP_GAP, True)

    def _closed(self):
        self._start("--on-failure", "closed")
        self._check("closed: datagrams pass", "" if self.stream.passes() else "none arrives")
        self._kill()
        time.sleep(0.2)
        first = self.stream.sent
        passes = self.stream.passes(0.3)
        self._check("closed, killed outright: nothing passes",
                    "something does" if passes or self._bridged() else "",
                    f"{self.stream.sent - first} datagrams sent, none arrived")


def run(report):
    Failure(report, "af_packet", "daemon").run("killed", "again", "reloads", "stalled", "closed")
    Failure(report, "af_xdp").run("killed", "again", "ended")


if __name__ == "__main__":
    told = Report(quiet=False)
    run(told)
    sys.exit(told.tally())

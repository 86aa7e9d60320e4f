"""The real gateway in the lab's middle, its control program and its events."""

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from lab import LabError

TREE = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("CHATGATE_BUILD", TREE / "build"))
INSTALLED = os.environ.get("CHATGATE_INSTALLED")  # the prefix, where installed programs are to be run
DATA = Path(INSTALLED) / "share/chatgate" if INSTALLED else TREE / "policy"
CHATGATE = Path(INSTALLED) / "bin/chatgate" if INSTALLED else BUILD / "app/chatgate/chatgate"
CHATGATECTL = Path(INSTALLED) / "bin/chatgatectl" if INSTALLED else BUILD / "app/chatgatectl/chatgatectl"
POLICY = DATA / "chatgate.json"
CATALOGUE = DATA / "catalog"
# Of the gateway's session, where the kernel shares processors out by session: as a service has it, and
# so that what it loses on a machine that does much else is its own doing.
PRIORITY = -10
# What is in /etc/chatgate is nobody's business here.
NO_CONFIG = ("--config", "/dev/null")


class Events:
    """The events file, read as it grows."""

    def __init__(self, path, at=0):
        self.path = path
        self.at = at
        self.seen = []

    def read(self):
        """What is new; a line that is still being written waits."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.at)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data[:data.rfind(b"\n") + 1]
        self.at += len(whole)
        new = [json.loads(line) for line in whole.splitlines()]
        self.seen += new
        return new

    def settle(self, quiet=0.3, most=3.0):
        """Reads until nothing has come for a while."""
        end, last = time.monotonic() + most, time.monotonic()
        new = []
        while time.monotonic() < end and time.monotonic() - last < quiet:
            if more := self.read():
                new += more
                last = time.monotonic()
            time.sleep(0.02)
        return new


class Gateway:
    def __init__(self, lab, folder, device="af_packet", workers=1, policy=POLICY):
        self.lab, self.folder = lab, folder
        self.device, self.workers, self.policy = device, workers, policy
        self.socket = folder / "chatgate.sock"
        self.events = Events(folder / "events.json")
        self.log = folder / "chatgate.log"
        self.options = []  # more words of its command line
        self.catalogue = CATALOGUE
        self.process = None

    def command(self):
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) < self.workers:
            raise LabError(f"{self.workers} workers need as many cores, here are {len(cores)}")
        return [str(CHATGATE), "run", "--inside", f"{self.device}:inside",
                "--outside", f"{self.device}:outside",
                "--workers", ",".join(map(str, cores[:self.workers])),
                "--policy", str(self.policy), "--events", f"file:{self.events.path}",
                "--socket", str(self.socket), *NO_CONFIG, *self.options]

    def start(self, seconds=30):
        environment = {**os.environ, "CHATGATE_CATALOGUE": str(self.catalogue)}
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(
                ["ip", "netns", "exec", self.lab.gateway, *self.command()], stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT, env=environment, start_new_session=True)
        with contextlib.suppress(OSError):
            Path(f"/proc/{self.process.pid}/autogroup").write_text(f"{PRIORITY}\n", encoding="ascii")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise LabError(f"the gateway ended with status {self.process.returncode}: {self.said()}")
            if self.socket.exists() and self.control("show", "version", check=False).returncode == 0:
                if self._links_up():
                    return
            time.sleep(0.05)
        raise LabError(f"the gateway was not ready after {seconds} seconds: {self.said()}")

    def _links_up(self):
        answer = self.ask("show", "interfaces")
        return all(port["link"] == "up" for port in answer["interfaces"])

    def said(self):
        return self.log.read_text(errors="replace").strip()[-2000:]

    def control(self, *words, check=True):
        result = subprocess.run([str(CHATGATECTL), "--socket", str(self.socket), *words],
                                capture_output=True, text=True, check=False, timeout=20,
                                stdin=subprocess.DEVNULL)
        if check and result.returncode != 0:
            raise LabError(f"chatgatectl {' '.join(words)}: {result.stderr.strip()}")
        return result

    def ask(self, *words):
        """The answer as an object."""
        return json.loads(self.control("--json", *words).stdout)

    def stop(self, seconds=15):
        """Asks it to end in order; its exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise LabError(f"the gateway did not end within {seconds} seconds of SIGTERM") from None
        status = self.process.returncode
        self.process = None
        # What its filter of system calls took from it, which nothing that it does should need.
        missed = [line for line in self.said().splitlines() if "refused to itself" in line]
        if missed:
            raise LabError("; ".join(missed))
        return status

    def end(self):
        """Ends it whatever happens; in order if it still can."""
        try:
            self.stop(5)
        except LabError:
            self.process = None


def replay(policy, capture, folder, *arguments):
    """Events and summary of a replay of the capture, and what was said of a capture that is cut."""
    events = folder / "replay-events.json"
    events.unlink(missing_ok=True)
    result = subprocess.run(
        [str(CHATGATE), "replay", "--policy", str(policy), "--read", str(capture),
         "--events", str(events), *NO_CONFIG, *arguments], capture_output=True, text=True, check=False,
        env={**os.environ, "CHATGATE_CATALOGUE": str(CATALOGUE)}, timeout=600)
    if "{" not in result.stdout:
        raise LabError(result.stderr.strip() or f"chatgate replay ended with {result.returncode}")
    rows = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    tail = result.stdout[result.stdout.index("{"):]
    return rows, json.loads(tail), result.stderr.strip()

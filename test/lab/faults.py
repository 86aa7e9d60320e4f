#!/usr/bin/python3
"""Faults on purpose: the gateway under floods, with stalled parts, without its ports, on a full disk.

usage: faults.py [--seconds N] [--only WORD] [--verbose]

Each fault takes a bounded time; --seconds is how long each flood lasts. Through all of them established
connections go on, blocked names stay blocked, memory stays where it was, and every frame and event that
is lost is counted somewhere, with a reason. At the end a table says how much, and where.
"""

import argparse
import contextlib
import ctypes
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import faults_headers
import faults_witness as witness
from gateway import BUILD, Gateway
from lab import Lab, LabError, ip_batch, run
from report import Report

STEM = "chatgate-faults"
LOST_IN = ("missed", "errors", "no_buffer")  # of an interface, on the way in
FLOWS = 4096
MEMORY_GROWTH = 24 << 20  # bytes that a fault may leave behind in the process
HEADERS = sum(1 for _ in faults_headers.frames())
RING = 512  # frames of af_packet's ring
HOLD_BUFFERS = BUILD / "test/lab/io/hold-buffers.so"
FLOOD = Path(__file__).with_name("faults_flood.py")
FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)


class FaultyGateway(Gateway):
    """With few flows, so that they run out, and whatever else a fault needs."""

    def __init__(self, lab, folder, words=(), environment=None):
        super().__init__(lab, folder)
        self.words, self.environment = words, environment or {}

    def command(self):
        words = [*super().command(), "--flows", str(FLOWS), *self.words]
        # What is said twice was said for this fault.
        return [word for at, word in enumerate(words)
                if "--outside" not in (word, words[at - 1]) or "--outside" not in words[at + 1:]]

    def start(self, seconds=30):
        saved = {name: os.environ.get(name) for name in self.environment}
        os.environ.update(self.environment)
        try:
            super().start(seconds)
        finally:
            for name, value in saved.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})

    @property
    def pid(self):
        """Of the process that moves packets: the one whose threads are workers."""
        found = [self.process.pid]
        found += map(int, run("pgrep", "-P", str(self.process.pid), check=False).stdout.split())
        return next((pid for pid in found if self.worker_threads(pid)), self.process.pid)

    @staticmethod
    def worker_threads(pid):
        threads = []
        for task in Path(f"/proc/{pid}/task").glob("*"):
            with contextlib.suppress(OSError):
                name = (task / "comm").read_text(encoding="ascii").strip()
                if re.match(r"(rte|lcore)-worker", name):
                    threads.append(int(task.name))
        return threads

    def resident(self):
        return int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()

    def counters(self):
        return self.ask("show", "counters")["counters"]

    def reasons(self):
        answer = self.ask("show", "asp", "drop")
        rows = next(value for value in answer.values() if isinstance(value, list))
        return {row["reason"]: row["count"] for row in rows}

    def ports(self):
        return {row["side"]: row for row in self.ask("show", "interfaces")["interfaces"]}


class Bench:
    """A lab, the witnesses in it, and one gateway at a time."""

    def __init__(self, options, report):
        self.options, self.report = options, report
        self.lab = Lab(f"{STEM}-{os.getpid()}")
        self.rows, self.gateway, self.runs = [], None, 0
        self.stream = self.datagrams = self.servers = None

    def __enter__(self):
        self.lab.up(start_servers=False)
        self.servers = witness.Servers(self.lab)
        return self

    def __exit__(self, *_):
        self.without_gateway()
        if self.servers:
            self.servers.close()
        self.lab.down()

    def with_gateway(self, *words, environment=None):
        self.without_gateway()
        self.runs += 1
        folder = self.lab.folder / f"run-{self.runs}"
        folder.mkdir()
        self.gateway = FaultyGateway(self.lab, folder, words, environment)
        self.gateway.start()
        self.stream, self.datagrams = witness.Stream(self.lab), witness.Datagrams(self.lab)
        if not self.stream.goes_on():
            raise LabError(f"nothing passes the gateway before any fault: {self.stream.broken}")
        return self.gateway

    def without_gateway(self):
        for part in (self.stream, self.datagrams):
            if part:
                part.close()
        self.stream = self.datagrams = None
        if self.gateway:
            self.gateway.end()
        self.gateway = None

    def flood(self, kind, most=None, seconds=None):
        words = ["/usr/bin/python3", "-B", str(FLOOD), kind, str(seconds or self.options.seconds)]
        result = run("ip", "netns", "exec", self.lab.client, *words, *([str(most)] if most else []))
        sent, failed = map(int, result.stdout.split())
        return sent, failed

    @contextlib.contextmanager
    def fault(self, name, lossless=False):
        """What must hold before and after each of them; the block adds what it has seen to `told`."""
        told, report, gateway = [], self.report, self.gateway
        before, reasons, memory = gateway.counters(), gateway.reasons(), gateway.resident()
        ports, mark = gateway.ports(), self.datagrams.mark()
        self.stream.longest_pause()
        yield told
        report.check(f"{name}: an established connection goes on",
                     "" if self.stream.goes_on() else self.stream.broken or "nothing comes back",
                     f"longest pause {self.stream.longest_pause() * 1000:.0f} ms")
        report.check(f"{name}: blocked names stay blocked, innocent ones pass",
                     witness.blocked_and_not(self.lab))
        lost, sent = self.datagrams.lost_since(mark)
        grown = gateway.resident() - memory
        report.check(f"{name}: memory stays bounded", f"{grown >> 20} MiB more" if grown > MEMORY_GROWTH else "",
                     f"{grown >> 10} KiB more")
        after = self._settled()
        now = gateway.reasons()
        more = {word: now[word] - reasons.get(word, 0) for word in now if now[word] != reasons.get(word, 0)}
        dropped = after["dropped"] - before["dropped"]
        whole = after["packets"] == after["forwarded"] + after["dropped"]
        report.check(f"{name}: every frame was forwarded, or dropped for a reason",
                     "" if whole and dropped <= sum(more.values()) else f"{dropped} dropped, reasons {more}; {after}")
        if lossless:
            report.check(f"{name}: no datagram of others is lost", f"{lost} of {sent}" if lost else "")
        last = gateway.ports()
        device = sum(last[side]["in"][key] - ports[side]["in"][key] for side in ports for key in LOST_IN)
        counted = {word: after[word] - before[word] for word in ("flows-evicted", "events-lost", "inspection-limit")}
        said = ", ".join(f"{word} {count}" for word, count in {**more, **counted}.items() if count)
        self.rows.append([name, f"{lost} of {sent}", device, "; ".join([*told, said or "-"])])

    def _settled(self, seconds=5):
        """The counters, once they agree: fragments are held for a while, and a gateway at work answers
        two questions at two moments."""
        end = time.monotonic() + seconds
        while True:
            counters = self.gateway.counters()
            if counters["packets"] == counters["forwarded"] + counters["dropped"] or time.monotonic() > end:
                return counters
            time.sleep(0.05)


def taken(gateway, before, sent):
    """Frames that came in on the inside since then, or were lost there and counted."""
    def met():
        now = gateway.ports()["inside"]["in"]
        return sum(now[key] - before[key] for key in ("packets", *LOST_IN))
    wait(lambda: met() >= sent)
    return met()


def wait(holds, seconds=15):
    """Until it does, on a machine that has much else to do."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()


# Floods.

def floods(bench):
    # Open, what there is no room to look at would pass, and so would a blocked name until half of the
    # hellos are five seconds old.
    gateway = bench.with_gateway("--on-failure", "closed")
    for kind, what in (("syns", "SYN flood"), ("fragments", "fragment flood"), ("halves", "half hellos")):
        if kind == "halves" and bench.options.short:
            continue  # the room comes back after five seconds
        with bench.fault(what) as told:
            before = gateway.ports()["inside"]["in"]
            sent, failed = bench.flood(kind)
            met = taken(gateway, before, sent)
            told.append(f"{sent} frames sent" + (f", {failed} not taken by the sender's kernel" if failed else ""))
        bench.report.check(f"{what}: there was one", "" if sent >= FLOWS else f"{sent} frames only")
        bench.report.check(f"{what}: each frame was taken, or counted where it was lost",
                           "" if met >= sent else f"{sent} sent, {met} taken or counted")
    with bench.fault("event flood") as told:
        before = gateway.counters()
        sent, _ = bench.flood("questions")
        gateway.events.settle(most=5)
        now = gateway.counters()
        gateway.events.settle(most=2)
        blocked, lost = now["blocked"] - before["blocked"], now["events-lost"] - before["events-lost"]
        told.append(f"{sent} questions, {blocked} blocked, {lost} events lost")
    total = gateway.counters()
    gateway.events.settle(quiet=0.6, most=5)
    alerts = sum(1 for row in gateway.events.seen if row["event_type"] == "alert")
    bench.report.check("event flood: each alert was written, or counted as lost",
                       "" if alerts + total["events-lost"] >= total["blocked"] and alerts <= total["blocked"] + 8 else
                       f"{alerts} written, {total['events-lost']} lost, {total['blocked']} blocked")


def collisions(bench):
    """Tuples that meet in one place of every hash without a key find places of their own."""
    gateway = bench.with_gateway()
    many = FLOWS // 2
    with bench.fault("hash collisions") as told:
        before, port = gateway.counters(), gateway.ports()["inside"]["in"]
        sent, _ = bench.flood("collisions", most=many, seconds=30)
        taken(gateway, port, sent)
        now = gateway.counters()
        met = sent - sum(gateway.ports()["inside"]["in"][key] - port[key] for key in LOST_IN)
        entered = now["flows-created"] - before["flows-created"]
        evicted = now["flows-evicted"] - before["flows-evicted"]
        told.append(f"{sent} flows with one exclusive or, {entered} entered, {evicted} pushed out")
    bench.report.check("hash collisions: all found a place", "" if entered >= met > many / 2 and not evicted else
                       f"{entered} of {sent}, {evicted} evicted")


def wrong_headers(bench):
    """Each once: whatever a length says, the frame is forwarded or dropped, and nobody else is harmed."""
    gateway = bench.with_gateway()
    with bench.fault("headers whose lengths are wrong") as told:
        before = gateway.ports()["inside"]["in"]
        sent, failed = bench.flood("headers", most=HEADERS, seconds=60)
        met = taken(gateway, before, sent)
        told.append(f"{sent} frames sent" + (f", {failed} not taken by the sender's kernel" if failed else ""))
    bench.report.check("headers whose lengths are wrong: all were sent, and each was taken or counted",
                       "" if met >= sent > HEADERS * 0.9 else f"{sent} of {HEADERS} sent, {met} taken or counted")


# Parts that stand still.

def stalled_clients(bench):
    gateway = bench.with_gateway()
    with bench.fault("clients of the socket that stall or send garbage", lossless=False) as told:
        held, refused = [], 0
        for number in range(48):  # more than are let in
            wire = socket.socket(socket.AF_UNIX)
            wire.settimeout(2)
            try:
                wire.connect(str(gateway.socket))
                wire.sendall((b'{"command":', b"\0\xff\xfe garbage\n", b"x" * 70000, b"[[[[[[\n")[number % 4])
            except OSError:
                refused += 1
            held.append(wire)
        for wire in held[1::4]:
            wire.close()
        time.sleep(0.2)
        for wire in held:
            wire.close()
        answered = wait(lambda: gateway.control("show", "version", check=False).returncode == 0)
        told.append(f"48 clients, {refused} refused while they wrote")
    bench.report.check("clients that stall: the next one is answered", "" if answered else "it is not")


STUCK_AFTER = 2.5  # seconds; whoever asks then, for the first time, is told
PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000


@contextlib.contextmanager
def stopped(thread):
    """One thread stands still, as under a debugger; all others of its process run."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

    def ptrace(request):
        if libc.ptrace(request, thread, None, None) != 0:
            raise LabError(f"ptrace: {os.strerror(ctypes.get_errno())}")
    ptrace(PTRACE_SEIZE)
    ptrace(PTRACE_INTERRUPT)
    os.waitpid(thread, WALL)
    try:
        yield
    finally:
        ptrace(PTRACE_DETACH)


def stalled_worker(bench):
    gateway = bench.with_gateway()
    workers = gateway.worker_threads(gateway.pid)
    if not workers:
        raise LabError("no thread of the gateway is called a worker")
    with bench.fault("a worker stands still for some seconds") as told:
        with stopped(workers[0]):
            time.sleep(STUCK_AFTER)
            began = time.monotonic()
            said = gateway.control("show", "workers").stdout
            answer = gateway.control("show", "flows", check=False)
            took = time.monotonic() - began
        told.append(f"both commands answered within {took:.1f} s")
    bench.report.check("a worker stands still: it is named", "" if "STUCK" in said else said)
    bench.report.check("a worker stands still: its flows are said to be missing",
                       "" if "worker" in (answer.stdout + answer.stderr) else answer.stdout[-300:])


# Where events go.

def full_disk(bench):
    disk = bench.lab.folder / "disk"
    disk.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=64k", "chatgate-faults", str(disk))
    hanging = socket.socket(socket.AF_UNIX)
    hanging.bind(str(bench.lab.folder / "hangs.sock"))
    hanging.listen(1)  # connections are taken by the kernel, and nobody reads
    try:
        gateway = bench.with_gateway("--events", f"file:{disk}/events.json",
                                     "--events", f"unix:{bench.lab.folder}/hangs.sock")
        with bench.fault("a full disk, and a reader that hangs, for events") as told:
            sent, _ = bench.flood("questions")
            gateway.events.settle(most=5)
            size = (disk / "events.json").stat().st_size
            told.append(f"{sent} questions, the disk took {size} bytes")
        bench.report.check("a full disk: it is full", "" if size >= 60000 else f"{size} bytes")
        total = gateway.counters()
        gateway.events.settle(quiet=0.6, most=5)
        good = sum(1 for row in gateway.events.seen if row["event_type"] == "alert")
        bench.report.check("a full disk: the file beside it has every event, or the loss is counted",
                           "" if good + total["events-lost"] >= total["blocked"] else
                           f"{good} written, {total['events-lost']} lost, {total['blocked']} blocked")
        (disk / "events.json").write_bytes(b"")  # somebody makes room
        witness.knock(bench.lab, witness.BLOCKED)
        wait(lambda: (disk / "events.json").stat().st_size > 0)
        bench.report.check("a full disk: with room again, events are written again",
                           "" if (disk / "events.json").stat().st_size else "nothing is")
        gateway.events.settle(most=3)
        losses = [row for row in gateway.events.seen if "lost" in str(row) and row["event_type"] == "stats"]
        bench.report.check("what a sink lost is an event in the others", "" if losses else "no such event",
                           str(losses[-1]).replace(str(bench.lab.folder), "…")[:300] if losses else "")
        bench.without_gateway()
    finally:
        hanging.close()
        run("umount", str(disk), check=False)


# The machine around it.

def flapping(bench):
    gateway = bench.with_gateway()
    with bench.fault("a link that flaps") as told:
        for _ in range(6):
            ip_batch(bench.lab.client, "link set eth0 down")
            time.sleep(0.05)
            ip_batch(bench.lab.client, "link set eth0 up", "route replace default via 10.77.0.1")
            time.sleep(0.05)
        ip_batch(bench.lab.client, "link set eth0 down")
        wait(lambda: any(port["link"] != "up" for port in gateway.ports().values()), 5)
        told.append("links then: " + ", ".join(f"{side} {port['link']}" for side, port in gateway.ports().items()))
        ip_batch(bench.lab.client, "link set eth0 up", "route replace default via 10.77.0.1")
        wait(lambda: all(port["link"] == "up" for port in gateway.ports().values()))
    bench.report.check("a link that flaps: both are up at the end",
                       "" if all(port["link"] == "up" for port in gateway.ports().values()) else str(gateway.ports()))


def stepped_clock(bench):
    if FAKETIME is None:
        print("NOT RUN faults: a stepped clock: libfaketime is not installed")
        return
    steps = bench.lab.folder / "clock"
    steps.write_text("+0\n", encoding="ascii")
    gateway = bench.with_gateway(environment={
        "LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(steps), "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
    with bench.fault("the clock is stepped by an hour, and back") as told:
        before = gateway.counters()
        for step in ("+3600", "-3600", "+0"):
            steps.write_text(step + "\n", encoding="ascii")
            time.sleep(1.1)  # the control thread looks once a second
            witness.knock(bench.lab, witness.BLOCKED)
        gateway.events.settle(most=3)
        ended = gateway.counters()["flows-ended"] - before["flows-ended"]
        told.append(f"{ended} flows ended")
    times = [row["timestamp"] for row in gateway.events.seen if row["event_type"] == "alert"]
    bench.report.check("a stepped clock: time of events never goes back",
                       "" if times == sorted(times) and len(times) >= 3 else str(times))
    bench.report.check("a stepped clock: nothing that is open has timed out", f"{ended} ended" if ended > 8 else "")


def stalled_device(bench):
    """The device on the other side takes nothing for a while."""
    # Past the queueing discipline, as the driver sends otherwise, nothing can be held up.
    gateway = bench.with_gateway("--outside", "vdev:net_af_packet7,iface=outside,qdisc_bypass=0,framecnt=512")
    with bench.fault("a device that takes no frames") as told:
        run("tc", "-n", bench.lab.gateway, "qdisc", "replace", "dev", "outside", "root", "tbf", "rate", "8kbit",
            "burst", "2000", "limit", "4000")
        try:
            sent, _ = bench.flood("syns")
        finally:
            run("tc", "-n", bench.lab.gateway, "qdisc", "delete", "dev", "outside", "root")
        told.append(f"{sent} frames sent")
    full = gateway.reasons()["transmit-full"]
    bench.report.check("a device that takes no frames: what it did not take is counted",
                       "" if full else str(gateway.reasons()))


def stands_still(gateway):
    before = gateway.counters()["forwarded"]
    time.sleep(0.5)
    return gateway.counters()["forwarded"] == before


def no_buffers(bench):
    """No packet buffer is left, as if a device gave none back, and then there are some again."""
    if not HOLD_BUFFERS.exists():
        raise LabError(f"{HOLD_BUFFERS} is not built")
    hold = bench.lab.folder / "hold"
    hold.write_bytes(b"0")
    gateway = bench.with_gateway(environment={"LD_PRELOAD": str(HOLD_BUFFERS), "CHATGATE_HOLD": str(hold)})
    with bench.fault("no packet buffer is left") as told:
        before = gateway.ports()
        with hold.open("r+b") as byte:
            byte.write(b"1")
        stood = wait(lambda: stands_still(gateway))
        stopped_at = gateway.counters()["forwarded"]
        sent, _ = bench.flood("syns", most=RING * 3, seconds=30)
        with hold.open("r+b") as byte:
            byte.write(b"0")
        gone_on = wait(lambda: gateway.counters()["forwarded"] > stopped_at)
        met = taken(gateway, before["inside"]["in"], sent)
        told.append(f"{sent} frames sent meanwhile, of which the ring holds {RING}")
    bench.report.check("no packet buffer is left: nothing is forwarded meanwhile, and all goes on afterwards",
                       "" if stood and gone_on else f"stood still: {stood}, goes on: {gone_on}")
    bench.report.check("no packet buffer is left: each frame that came was taken afterwards, or counted where it was lost",
                       "" if met >= sent else f"{sent} sent, {met} taken or counted")


def removed_port(bench):
    gateway = bench.with_gateway()
    run("ip", "-n", bench.lab.gateway, "link", "delete", "inside")

    def shown():
        return gateway.control("show", "interfaces", check=False).stdout
    wait(lambda: gateway.process.poll() is not None or "down" in shown())
    alive = gateway.process.poll() is None
    said = shown() if alive else ""
    bench.report.check("a port is removed: the gateway lives, and says that the port is down",
                       "" if alive and "down" in said else said or gateway.said())
    status = gateway.stop() if alive else gateway.process.returncode
    bench.report.check("a port is removed: it ends in order", "" if status == 0 else f"{status}: {gateway.said()}")
    bench.rows.append(["a port is removed", "all", "-", next((line.strip() for line in said.splitlines()
                                                           if "down" in line), "-")])
    bench.gateway = None


FAULTS = {
    "floods": floods, "collisions": collisions, "headers": wrong_headers, "clients": stalled_clients, "worker": stalled_worker,
    "disk": full_disk, "device": stalled_device, "buffers": no_buffers, "clock": stepped_clock, "flapping": flapping,
    "port": removed_port,  # the last one: the lab's cable is gone with it
}
SHORT = ("floods", "clients", "port")


def run_all(report, options):
    report.head("Faults")
    try:
        with Bench(options, report) as bench:
            for word, fault in FAULTS.items():
                if word in options.only:
                    try:
                        fault(bench)
                    except (LabError, subprocess.TimeoutExpired) as problem:
                        report.check(word, str(problem))
            report.table(["fault", "datagrams of others lost", "lost in the device", "what was counted"],
                         bench.rows)
    except LabError as problem:
        report.check("faults", str(problem))


def run_short(report):
    """A few seconds of it, for the end-to-end tests."""
    run_all(report, argparse.Namespace(seconds=0.3, only=SHORT, short=True))


def main(arguments):
    parser = argparse.ArgumentParser(description="Faults on purpose, in the lab.")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each flood lasts")
    parser.add_argument("--only", action="append", choices=FAULTS, metavar="WORD",
                        help=f"one of {', '.join(FAULTS)} (repeats)")
    parser.add_argument("--short", action="store_true", help="what the end-to-end tests run")
    options = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    report = Report()
    if options.short:
        run_short(report)
    else:
        options.only = options.only or list(FAULTS)
        run_all(report, options)
    return report.tally()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/python3
"""Reloads under load: no packet is lost, no flow stays under an old policy, no memory is kept.

usage: reloads.py [--seconds N] [--every SECONDS] [--count N] [--rate PACKETS] [--device WORD] [--workers N]

Numbered datagrams go from the client to eight hosts of the server side and come back, while two policies take
turns: one allows all, the other drops what goes to four of the hosts. Both ends write down which numbers they saw.

* To the other four hosts every datagram arrives, and comes back.
* What goes to the four is dropped from the first datagram on that is sent after the reload has returned, and arrives
  again from the first on that is sent after the next. Nothing in between is lost: what does not arrive is what the
  gateway says to have dropped by the policy, to the packet.
* The process is no larger at the end than after the first tenth of the reloads.

Then the file is made bad, and the gateway starts with the last good policy and says so in an audit event.
"""

import argparse
import json
import multiprocessing
import os
import selectors
import signal
import socket
import struct
import sys
import time
from pathlib import Path

import gateway
from lab import INTERNET4, Lab, LabError, leftovers
from report import Report

PORT = 33333
STEADY, SWITCHED = range(10, 14), range(20, 24)
HOSTS = (*STEADY, *SWITCHED)
NUMBER = struct.Struct("!HI")
FILLING = bytes(58)  # the payload is nobody's
OPEN = {"rules": [{"name": "watched", "category": "im", "action": "alert"}]}
CLOSED = {"rules": [{"name": "not there", "to": "198.51.100.20/30", "action": "drop"}, *OPEN["rules"]]}
DRAIN = 1.0
MOST_GROWTH = 4096  # KiB


def set_buffers(end):
    for option in (33, 32):  # SO_RCVBUFFORCE, SO_SNDBUFFORCE
        end.setsockopt(socket.SOL_SOCKET, option, 8 << 20)


def serve(ready, results):
    """Answers everything with itself until it is told to end, and says what came."""
    came = {host: [] for host in HOSTS}
    going = [True]
    signal.signal(signal.SIGTERM, lambda *_: going.clear())
    with selectors.DefaultSelector() as all_ends:
        for host in HOSTS:
            end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            set_buffers(end)
            end.setblocking(False)
            end.bind((INTERNET4.format(host), PORT))
            all_ends.register(end, selectors.EVENT_READ, host)
        ready.set()
        while going:
            for key, _ in all_ends.select(0.05):
                try:
                    while True:
                        data, sender = key.fileobj.recvfrom(2048)
                        came[key.data].append(NUMBER.unpack_from(data)[1])
                        key.fileobj.sendto(data, sender)
                except BlockingIOError:
                    pass
    results.send(came)


def talk(rate, ready, stop, results):
    """Sends to all hosts in turn, and says when it sent what, and what came back."""
    sent, came = {host: [] for host in HOSTS}, {host: [] for host in HOSTS}
    ends = {}
    with selectors.DefaultSelector() as all_ends:
        for host in HOSTS:
            end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            set_buffers(end)
            end.setblocking(False)
            end.connect((INTERNET4.format(host), PORT))
            all_ends.register(end, selectors.EVENT_READ, host)
            ends[host] = end

        def receive(patience):
            for key, _ in all_ends.select(patience):
                try:
                    while True:
                        came[key.data].append(NUMBER.unpack_from(key.fileobj.recv(2048))[1])
                except BlockingIOError:
                    pass

        ready.set()
        due, number = time.monotonic(), 0
        while not stop.is_set():
            for host in HOSTS:
                before = time.monotonic()
                ends[host].send(NUMBER.pack(host, number) + FILLING)
                sent[host].append((before, time.monotonic()))
            number += 1
            # A machine that stood still is not to be followed by a burst that no ring holds.
            due = max(due + len(HOSTS) / rate, time.monotonic() - 0.05)
            receive(0.0)
            while (wait := due - time.monotonic()) > 0:
                receive(wait)  # ends with what comes first
        end = time.monotonic() + DRAIN
        while time.monotonic() < end:
            receive(0.05)
    results.send((sent, came))


class KeptGateway(gateway.Gateway):
    """Keeps the last good policy."""

    def command(self):
        return [*super().command(), "--state", str(self.folder / "state")]


class Control:
    """The gateway's socket, kept open."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile("rwb")

    def ask(self, command):
        self.lines.write(json.dumps({"command": command, "json": True}).encode() + b"\n")
        self.lines.flush()
        return json.loads(self.lines.readline())

    def close(self):
        self.lines.close()
        self.socket.close()

    def dropped(self):
        """Frames that the gateway dropped, by reason."""
        return {row["reason"]: row["count"] for row in self.ask("show asp drop")["result"]["reasons"] if row["count"]}


def resident(pid):
    """KiB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise LabError(f"process {pid} has ended")


class Turns:
    """The reloads: what was asked when, and what came of it."""

    def __init__(self, control, policy, pid):
        self.control, self.policy, self.pid = control, policy, pid
        self.turns = []  # (closed, asked, answered)
        self.wrong, self.sizes, self.tests = [], [], []

    def turn(self):
        closed = len(self.turns) % 2 == 0
        following = self.policy.with_suffix(".new")
        following.write_text(json.dumps(CLOSED if closed else OPEN), encoding="utf-8")
        os.replace(following, self.policy)
        asked = time.monotonic()
        answer = self.control.ask("policy reload")
        self.turns.append((closed, asked, time.monotonic()))
        if not answer["ok"]:
            self.wrong.append(answer.get("error", "no answer"))
        else:
            self.tests.append(answer["result"]["self_test"])
        self.sizes.append(resident(self.pid))

    def run(self, options):
        end = time.monotonic() + options.seconds
        due = time.monotonic()
        while len(self.turns) < options.count if options.count else time.monotonic() < end:
            self.turn()
            due = max(due + options.every, time.monotonic()) if not options.count else due
            time.sleep(max(0.0, due - time.monotonic()))

    def periods(self):
        """(closed, from when on it is sure, until when)."""
        for (closed, _, answered), (_, asked, _) in zip(self.turns, self.turns[1:]):
            yield closed, answered, asked


def steady_problem(sent, came):
    lost = {host: len(sent[host]) - len(set(came[host])) for host in STEADY}
    return f"lost {lost}" if any(lost.values()) else ""


def switch_problems(periods, sent, came):
    """Where a datagram passes or is missed that a policy means otherwise."""
    passed_closed, missed_open, seen = [], [], 0
    for host in SWITCHED:
        arrived = set(came[host])
        at = 0
        for closed, begin, end in periods:
            while at < len(sent[host]) and sent[host][at][0] < begin:
                at += 1
            first = at
            while at < len(sent[host]) and sent[host][at][1] < end:
                at += 1
            seen += at - first
            passed = [number in arrived for number in range(first, at)]
            if not passed:
                continue
            # What was still on its way when the policy changed again has met the next one, and so has all behind it.
            change = passed.index(closed) if closed in passed else len(passed)
            wrong = (change == 0 and len(passed) > 1) or any(each != closed for each in passed[change:])
            if wrong:
                (passed_closed if closed else missed_open).append(
                    f"host {host}: {sum(each == closed for each in passed)} of {len(passed)}, the first at {change}")
    return passed_closed, missed_open, seen


def measure(report, options, lab, folder):
    policy = folder / "policy.json"
    policy.write_text(json.dumps(OPEN), encoding="utf-8")
    running = KeptGateway(lab, folder, options.device, options.workers, policy)
    context = multiprocessing.get_context("fork")
    ready, stop = context.Event(), context.Event()
    of_server, of_client = context.Pipe(), context.Pipe()
    with lab.inside(lab.server):
        server = context.Process(target=serve, args=(ready, of_server[1]), daemon=True)
        server.start()
    try:
        if not ready.wait(10):
            raise LabError("the server side does not start")
        running.start()
        ready.clear()
        with lab.inside(lab.client):
            client = context.Process(target=talk, args=(options.rate, ready, stop, of_client[1]), daemon=True)
            client.start()
        if not ready.wait(10):
            raise LabError("the client does not start")
        time.sleep(0.3)
        control = Control(running.socket)
        turns = Turns(control, policy, running.process.pid)  # `ip netns exec` has become the gateway
        turns.run(options)
        time.sleep(0.3)
        stop.set()
        if not of_client[0].poll(30):
            raise LabError("the client does not end")
        sent, back = of_client[0].recv()
        server.terminate()
        if not of_server[0].poll(30):
            raise LabError("the server side does not end")
        arrived = of_server[0].recv()
        judge(report, turns, (sent, arrived, back), control.dropped(), control.ask("show interfaces")["result"])
        control.close()
    finally:
        stop.set()
        running.end()


def start_with_bad(report, options, lab, folder):
    """After the turns, of which the last is the last good policy."""
    policy = folder / "policy.json"
    policy.write_text('{ "rules": [ { "action": "explode" } ], "defult": "drop" }', encoding="utf-8")
    running = KeptGateway(lab, folder, options.device, options.workers, policy)
    try:
        running.start()
        running.events.settle(0.2)
        told = [row["audit"] for row in running.events.seen
                if row["event_type"] == "audit" and row["audit"]["what"] == "last good policy used"]
        in_force = running.ask("show", "policy")
    finally:
        running.end()
    problem = f"{len(told)} audit events of it"
    if len(told) == 1:
        errors = [error["message"] for error in told[0]["errors"]]
        right = told[0]["sha256"] == in_force["sha256"] and len(errors) == 2 and "explode" in errors[0]
        problem = "" if right else f"it says {told[0]}"
    report.check("a start with a bad file uses the last good policy, and an event says so", problem)


def judge(report, turns, seen, dropped, interfaces):
    sent, arrived, back = seen
    total = sum(map(len, sent.values()))
    begin, end = turns.turns[0][1], turns.turns[-1][2]
    report.check("every reload was accepted", "; ".join(turns.wrong[:3]),
                 f"{len(turns.turns)} reloads in {end - begin:.1f} s")
    failed = sum(test["failed"] for test in turns.tests)
    slowest = max((test["milliseconds"] for test in turns.tests), default=0)
    report.check("every self-test passed", f"{failed} probes failed" if failed else "",
                 f"{turns.tests[-1]['probes'] if turns.tests else 0} probes each, {slowest} ms at most")
    report.check("no datagram to the steady hosts is lost", steady_problem(sent, arrived),
                 f"{sum(len(sent[host]) for host in STEADY)} of {total} sent in all")
    report.check("nor on its way back", steady_problem(sent, back))
    passed, missed, judged = switch_problems(list(turns.periods()), sent, arrived)
    report.check("a flow is blocked with the first datagram after the reload", "; ".join(passed[:4]),
                 f"{judged} datagrams between reloads")
    report.check("and passes with the first after the next", "; ".join(missed[:4]))
    lost = sum(len(sent[host]) - len(set(back[host])) for host in HOSTS)
    by_policy = dropped.pop("blocked-flow", 0) + dropped.pop("policy-drop", 0)
    report.check("what is missing was dropped by the policy",
                 "" if lost == by_policy else f"{lost} are missing, {by_policy} were dropped by it",
                 f"{lost} datagrams")
    report.check("nothing else was dropped", str(dropped) if dropped else "")
    misses = sum(port["in"]["missed"] + port["in"]["errors"] for port in interfaces["interfaces"])
    report.check("no device missed a frame", f"{misses} missed" if misses else "")
    early, late = turns.sizes[len(turns.sizes) // 10], max(turns.sizes[-3:])
    report.check("memory is flat", f"from {early} to {late} KiB" if late - early > MOST_GROWTH else "",
                 f"{early} KiB after the first tenth, {late} KiB at the end")


def parse(arguments):
    parser = argparse.ArgumentParser(description="Reloads the policy under load.")
    parser.add_argument("--seconds", type=float, default=60, help="how long (%(default)s)")
    parser.add_argument("--every", type=float, default=0.1, help="seconds from reload to reload (%(default)s)")
    parser.add_argument("--count", type=int, help="as many reloads instead, one after the other")
    parser.add_argument("--rate", type=float, default=2000, help="datagrams a second (%(default)s)")
    parser.add_argument("--device", default="af_packet")
    parser.add_argument("--workers", type=int, default=1)
    return parser.parse_args(arguments)


def run(report, arguments=()):
    """The reloads in a lab of their own."""
    options = parse(arguments)
    report.head("Reloads under load")
    for name in leftovers("reloads"):
        Lab(name).down()
    lab = Lab(f"reloads-{os.getpid()}")
    try:
        lab.up(start_servers=False)
        measure(report, options, lab, lab.folder)
        start_with_bad(report, options, lab, lab.folder)
    except LabError as problem:
        report.check("the lab of reloads", str(problem))
    finally:
        lab.down()


if __name__ == "__main__":
    REPORT = Report()
    run(REPORT, sys.argv[1:])
    sys.exit(REPORT.tally())

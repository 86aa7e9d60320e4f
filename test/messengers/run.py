#!/usr/bin/python3
"""The matrix of messengers and their services, each cell on conversations through `chatgate replay`.

usage: run.py CHATGATE [--document FILE [--write]] [NAME ...]

Each service of each kind of connection is replayed on its own port, on 25, 80, 443, 8080 and on one at random,
whole, and over TCP also in pieces of seven bytes and byte by byte, under these policies:

  allow        every service is allowed and told: all passes, and the service is named within its message
  reset        this service is reset: what leads to it passes, its message does not, both ends get a reset
  text only    text chat is allowed, all else of messengers reset: log-in, signalling and text pass, the first
               message of another service does not
  no messenger everything is reset: the connection ends with its first bytes, whatever the port

Of what the wire cannot show, a conversation in which it is hidden passes under the second and third of these.
NAMES are applications. --document compares the table in FILE with what is printed; --write takes it over.
"""

import argparse
import random
import struct
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path[:0] = [str(HERE.parent / "evasion"), str(HERE.parent / "support")]

import carried  # noqa: E402  pylint: disable=wrong-import-position
import mobile  # noqa: E402  pylint: disable=wrong-import-position
import msn  # noqa: E402  pylint: disable=wrong-import-position
import open_protocols  # noqa: E402  pylint: disable=wrong-import-position
import oscar  # noqa: E402  pylint: disable=wrong-import-position
import servers  # noqa: E402  pylint: disable=wrong-import-position
import sip  # noqa: E402  pylint: disable=wrong-import-position
import voice  # noqa: E402  pylint: disable=wrong-import-position
import yahoo  # noqa: E402  pylint: disable=wrong-import-position
from replay import Result  # noqa: E402  pylint: disable=wrong-import-position
from table_in_docs import hold  # noqa: E402  pylint: disable=wrong-import-position
from talks import SERVICES  # noqa: E402  pylint: disable=wrong-import-position
from wire import ACK, PSH, Capture  # noqa: E402  pylint: disable=wrong-import-position

MODULES = msn, yahoo, oscar, servers, open_protocols, sip, mobile, voice, carried
TALKS = [talk for module in MODULES for talk in module.TALKS]
HIDDEN = [hidden for module in MODULES for hidden in module.HIDDEN]

PORTS = 25, 80, 443, 8080
CUT_ON = 443
CUTS = 7, 1

ALLOW = {"rules": [{"category": "im", "service": list(SERVICES), "action": "alert"}]}
TEXT_ONLY = {"rules": [{"category": "im", "service": "text-chat", "action": "allow"},
                       {"category": "im", "action": "reset", "log": True}]}
NO_MESSENGER = {"rules": [{"category": "im", "action": "reset", "log": True}]}
SIGNALLING = "login", "presence"


def reset(service):
    return {"rules": [{"category": "im", "service": service, "action": "reset", "log": True}]}


class Flow:
    """One conversation in packets. `at` is the step that is the service's message."""

    count = 0

    def __init__(self, capture, talk, service, port, cut, steps, at):
        self.talk, self.service, self.port, self.cut = talk, service, port, cut
        number = Flow.count
        Flow.count += 1
        self.server = f"198.18.{number // 250}.{number % 250 + 1}"
        ends = {"server": self.server, "client_port": 20000 + number % 40000}
        begin = len(capture.packets)
        conversation = capture.udp(port, **ends) if talk.udp else capture.tcp(port, **ends)
        if not talk.udp:
            conversation.open()
        self.spoken = len(capture.packets) - begin  # where the first step begins
        for step, (end, data) in enumerate(steps):
            first = len(capture.packets) - begin
            say(conversation, talk.udp, end == "c", data, cut)
            if step == at:
                self.first, self.last = first, len(capture.packets) - begin - 1
        if not talk.udp:
            conversation.close()
        self.packets = [(time, frame) for time, frame, _ in capture.packets[begin:]]

    def name(self):
        cut = f", in pieces of {self.cut}" if self.cut else ""
        kind = getattr(self.talk, "name", "hidden")
        return f"{self.talk.application} {self.service} ({kind}, port {self.port}{cut})"


    def held_back(self, what):
        """The first and the last packet of which one must be the first not to pass."""
        begins_as = getattr(self.talk, "begins_as", ())
        early = {"reset": "login" == self.service, "no messenger": True,
                 "text only": bool(set(begins_as) & set(SERVICES))}[what]
        return self.spoken if begins_as and early else self.first, self.last


def say(conversation, is_udp, to_server, data, cut):
    if is_udp:
        (conversation.client if to_server else conversation.server)(data)
        return
    size = cut or len(data)
    for at in range(0, len(data), size):
        conversation.segment(to_server, PSH | ACK, data[at:at + size])


def variants(talk):
    """(port, bytes in a piece)."""
    if not talk.any_port:
        return [(talk.port, None)]
    at_random = random.Random(f"{talk.application} {talk.name}").randrange(22000, 30000)
    whole = [(port, None) for port in (talk.port, *PORTS, at_random)]
    return whole if talk.udp else whole + [(port, cut) for port in (talk.port, CUT_ON) for cut in CUTS]


class Run:
    """Replays flows under a policy and counts what is as it should be."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.passed = 0
        self.problems = []  # (application, service, text)

    def replay(self, flows, policy):
        path = self.folder / "input.pcap"
        with path.open("wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
            for flow in flows:
                for time, frame in flow.packets:
                    file.write(struct.pack("<IIII", *divmod(time, 1_000_000_000), len(frame), len(frame)) + frame)
        result = Result(self.program, policy, path)
        events = {}
        for event in result.events:
            if event.get("event_type") == "alert":
                events.setdefault(event["dest_ip"], []).append(event)
        number = 1
        for flow in flows:
            yield flow, result, events.get(flow.server, []), number
            number += len(flow.packets)

    def count(self, flow, what, findings):
        findings = list(findings)
        self.passed += not findings
        for finding in findings[:3]:
            self.problems.append((flow.talk.application, flow.service, f"{flow.name()}, {what}: {finding}"))


def all_pass(flow, result):
    for number, (time, _) in enumerate(flow.packets):
        if time not in result.passed:
            yield f"packet {number + 1} of {len(flow.packets)} does not pass"
            return
        if time in result.forged:
            yield f"packet {number + 1} has a forged answer"


def stops_at(flow, result, what):
    """Whether the flow passes up to its message, and not from there on, with both ends told."""
    first, last = flow.held_back(what)
    held = [number for number, (time, _) in enumerate(flow.packets) if time not in result.passed]
    if not held:
        yield "all passes"
        return
    if held != list(range(held[0], len(flow.packets))):
        yield "packets pass behind one that does not"
    if not first <= held[0] <= last:
        yield f"stops at packet {held[0] + 1}, not within {first + 1} to {last + 1}"
    if flow.talk.udp:
        return
    time, frame = flow.packets[held[0]]
    segment = frame[34:]
    sequence, acknowledgment = struct.unpack(">II", segment[4:12])
    source = "client" if frame[6:12].endswith(b"\x05") else "server"
    told = {(facts["to"], facts["seq"]) for facts in result.forged.get(time, []) if "R" in facts["flags"]}
    other = "server" if source == "client" else "client"
    if told != {(other, sequence), (source, acknowledgment)}:
        yield f"resets are {sorted(told)}"


def tells_service(flow, events, number):
    """Whether an event names application and service within the message, and none another service."""
    told = [event for event in events if event["im"].get("service") == flow.service and
            event["im"]["application"] == flow.talk.application]
    begins_as = flow.talk.begins_as
    for event in events:
        im = event["im"]
        if im["application"] not in (flow.talk.application, *begins_as):
            yield f"is called {im['application']}"
        if im["evidence"] != "payload":
            yield f"is known by {im['evidence']}"
        if im.get("service") not in (None, flow.service, "text-chat", *SIGNALLING, *begins_as):
            yield f"is called {im['service']} too"
    if not told:
        yield "the service is not told"
    elif not number + flow.first <= told[0]["im"]["decided_at"] <= number + flow.last:
        yield (f"is told with packet {told[0]['im']['decided_at'] - number + 1}, "
               f"not within {flow.first + 1} to {flow.last + 1}")


def told_hidden(flow, events):
    for event in events:
        if event["im"].get("service") in flow.talk.services:
            yield f"an event says {event['im']['service']}"


def make_flows(talks, hidden):
    """All conversations, those that hide their services, and openings on other ports."""
    capture = Capture()
    flows, hiding, openings = [], [], []
    for talk in talks:
        for port, cut in variants(talk):
            for service in talk.cells():
                flows.append(Flow(capture, talk, service, port, cut, *talk.conversation(service)))
            if port != talk.port:
                steps = talk.opening()
                openings.append(Flow(capture, talk, "first bytes", port, cut, steps, len(steps) - 1))
    for each in hidden:
        hiding.append(Flow(capture, each, "hidden", each.port, None, each.steps, 0))
    return flows, hiding, openings


def check(run, flows, hiding, openings):
    for flow, result, events, number in run.replay(flows + hiding, ALLOW):
        run.count(flow, "allow", all_pass(flow, result))
        if flow in hiding:
            run.count(flow, "allow", told_hidden(flow, events))
        else:
            run.count(flow, "allow", tells_service(flow, events, number))
    for flow, result, _, _ in run.replay(flows + hiding, TEXT_ONLY):
        if flow in hiding or flow.service in (*SIGNALLING, "text-chat"):
            run.count(flow, "text only", all_pass(flow, result))
        else:
            run.count(flow, "text only", stops_at(flow, result, "text only"))
    for service in SERVICES:
        chosen = [flow for flow in flows if flow.service == service]
        hidden = [flow for flow in hiding if service in flow.talk.services]
        for flow, result, _, _ in run.replay(chosen + hidden, reset(service)):
            finding = all_pass(flow, result) if flow in hidden else stops_at(flow, result, "reset")
            run.count(flow, "reset", finding)
    for flow, result, _, _ in run.replay(openings, NO_MESSENGER):
        run.count(flow, "no messenger", stops_at(flow, result, "no messenger"))


def table(talks, hidden, problems):
    """The matrix, a line each, and why some cells cannot be seen."""
    failed = {(application, service) for application, service, _ in problems}
    shown = {(talk.application, service) for talk in talks for service in talk.cells()}
    unseen = {(each.application, service) for each in hidden for service in each.services}
    applications = list(dict.fromkeys(talk.application for talk in talks))

    def cell(application, service):
        if (application, service) in failed:
            return "FAILED"
        if (application, service) in shown:
            return "ok"
        return "tls" if (application, service) in unseen else "-"

    def opening(application):
        return "FAILED" if (application, "first bytes") in failed or (application, "hidden") in failed else "ok"

    yield "| application | any port | " + " | ".join(SERVICES) + " |"
    yield "|---" * (len(SERVICES) + 2) + "|"
    for application in applications:
        cells = [opening(application)] + [cell(application, service) for service in SERVICES]
        yield f"| {application} | " + " | ".join(cells) + " |"
    yield ""
    yield "`tls`, what the wire cannot show:"
    yield ""
    for application in applications:
        for each in hidden:
            if each.application == application:
                yield f"* {application}: {', '.join(each.services)}: {each.why}."


def check_table():
    """Whether the table is one: every cell is either shown or hidden, and every hidden one has its row."""
    shown = {(talk.application, service) for talk in TALKS for service in talk.cells()}
    names = {application for application, _ in shown}
    for each in HIDDEN:
        for service in each.services:
            if each.application not in names or service not in SERVICES:
                yield each.application, service, f"{each.application} {service}: no such cell"
            # What one kind of connection shows, another may hide; the table then speaks of the first.
            if (each.application, service) in shown:
                yield each.application, service, f"{each.application} {service}: both shown and hidden"


def main():
    parser = argparse.ArgumentParser(description="Prints and proves the matrix of messengers and services.")
    parser.add_argument("chatgate")
    parser.add_argument("--document", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    talks = [talk for talk in TALKS if not options.names or talk.application in options.names]
    hidden = [each for each in HIDDEN if not options.names or each.application in options.names]
    if not talks:
        parser.error("there is no such application")
    with tempfile.TemporaryDirectory(prefix="chatgate-messengers-") as folder:
        run = Run(options.chatgate, Path(folder))
        run.problems += check_table()
        check(run, *make_flows(talks, hidden))
    for _, _, problem in run.problems:
        print(problem)
    printed = "\n".join(table(talks, hidden, run.problems)) + "\n"
    print(printed)
    failed = len(run.problems)
    if options.document and not options.names:
        failed += hold(options.document, printed, options.write)
    print(f"{run.passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

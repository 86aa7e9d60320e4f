#!/usr/bin/python3
"""The demonstration: real clients, real servers, the real gateway between them.

Behind scripts/demo, and behind the end-to-end tests, which run it on several devices.
"""

import argparse
import os
import shutil
import signal
import sys
import traceback
from pathlib import Path

import gateway as gateways
import lab as labs
import views
import wire
from attempts import KNOWS_WITHIN, WEB, LongConnection, Plan
from clients import Stopwatch
from gateway import Gateway
from lab import Lab, LabError
from names import BLOCKED
from report import Report

STEM = "chatgate-demo"


def traces(prefix, pids):
    """What a run has left behind on this machine."""
    listed = labs.run("ip", "netns", "list").stdout.split()
    found = [f"namespace {word}" for word in listed if word.startswith(prefix)]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if prefix.encode() in path.read_bytes():
                found.append(f"process {path.parent.name}")
        except OSError:
            pass  # it has just ended
    for folder in (labs.STATE, Path("/tmp"), Path("/run"), Path("/run/dpdk"), Path("/dev/hugepages")):
        for path in folder.glob("*"):
            if prefix in path.name or any(f"chatgate-{pid}" in path.name for pid in pids):
                found.append(str(path))
    return found


class Policies:
    """The policy file that the gateway runs under, and its edits."""

    def __init__(self, folder, shipped):
        self.folder = folder / "policy"
        self.folder.mkdir()
        for path in shipped.parent.iterdir():
            if path.name != shipped.name:
                (self.folder / path.name).symlink_to(path)
        self.path = self.folder / "policy.json"
        self.shipped = shipped.read_text(encoding="utf-8")
        self.write(self.shipped)

    def write(self, text):
        self.path.write_text(text, encoding="utf-8")

    def allow(self, *applications):
        """Rules before all others, as a person would write them into the file."""
        rules = "".join(f'\n    {{ "name": "{word} is ours", "application": "{word}", '
                        '"action": "allow", "log": true },' for word in applications)
        before, here, after = self.shipped.partition('"rules": [')
        self.write(before + here + rules + after)

    def keep(self, name):
        """A copy of the file as it is now, for the replay."""
        copy = self.folder / name
        shutil.copy(self.path, copy)
        return copy


class Phase:
    """A stretch of the run under one policy, between two marks."""

    def __init__(self, name, policy, first, last, alerts):
        self.name, self.policy, self.first, self.last, self.alerts = name, policy, first, last, alerts


class Demo:
    def __init__(self, options, report):
        self.options, self.report = options, report
        self.lab = Lab(f"{STEM}-{os.getpid()}")
        self.phases, self.pids = [], []
        self.gateway = self.recorder = None

    def run(self):
        for prefix in labs.leftovers(STEM):
            Lab(prefix).down()
        try:
            self._run()
        except LabError as problem:
            self.report.check("the run", str(problem))
        finally:
            self._clean_up()
        self.report.check("nothing is left behind", ", ".join(traces(self.lab.prefix, self.pids)))

    def _run(self):
        report, options = self.report, self.options
        self.lab.up()
        self.folder = self.lab.folder / "run"
        self.folder.mkdir()
        self.policies = Policies(self.folder, gateways.POLICY)
        self.gateway = Gateway(self.lab, self.folder, options.device, options.workers,
                               self.policies.path)
        watch = Stopwatch()
        self.gateway.start()
        self.pids.append(self.gateway.process.pid)
        report.head(f"The gateway stands between client and servers: {options.device}, "
                    f"{options.workers} worker{'s' if options.workers > 1 else ''}, "
                    f"ready after {watch.milliseconds:.0f} ms")
        self.plan = Plan(self.lab)
        self.recorder = wire.Recorder(self.lab, self.folder)
        self.recorder.start()

        views.begin(self.gateway)
        report.head("1. Under the shipped policy")
        self._attempt_all("the shipped policy", [*self.plan.blocked(), *self.plan.innocent()])
        report.head("2. The policy now allows XMPP and Slack; reloaded under way")
        self.policies.allow("xmpp", "slack")
        self._reload()
        self._attempt_all("the edited policy", [*self.plan.one_messenger("allowed"),
                                                *self.plan.still_blocked()])
        report.head("3. A reload meets connections that are open")
        self._established()
        report.head("4. A policy with errors changes nothing")
        self._bad_reload()
        self._attempt_all("the policy before the bad one", [*self.plan.one_messenger("reset")[:2],
                                                            *self.plan.still_blocked()])
        report.head("5. What the gateway counted (chatgatectl show applications seen, show counters)")
        self._counters()
        report.head("6. Both ends of the wire compared, and the recording replayed")
        self._end()

    def _reload(self):
        self.gateway.control("policy", "reload")

    def _attempt_all(self, name, attempts):
        self.gateway.events.settle()
        first = self.recorder.mark()
        inside = len(self.gateway.events.seen)
        with self.lab.inside(self.lab.client):
            for attempt in attempts:
                attempt.perform()
        self.gateway.events.settle()
        alerts = self._alerts(self.gateway.events.seen[inside:])
        flows = self.gateway.ask("show", "flows", "limit", "1000")["flows"]
        for attempt in attempts:
            for rows in (alerts, flows):
                if not attempt.recognised:
                    attempt.attribute(rows)
            attempt.check_recognition()
        last = self.recorder.mark()
        self.phases.append(Phase(name, self.policies.keep(f"phase-{first}.json"), first, last, alerts))
        self.report.attempts(attempts)

    @staticmethod
    def _alerts(rows):
        return [row for row in rows if row["event_type"] == "alert"]

    def _established(self):
        with self.lab.inside(self.lab.client):
            kept = LongConnection(self.plan, WEB)
            lost = LongConnection(self.plan, BLOCKED["slack"])
            try:
                opened = kept.open() and lost.open()
                self.report.check("two downloads are open, one of them from Slack",
                                  "" if opened else "they did not open")
                self.policies.write(self.policies.shipped)
                self._reload()
                outcome = lost.until_reset(Stopwatch())
                problem = ""
                if outcome.seen != "reset" or outcome.milliseconds > KNOWS_WITHIN:
                    problem = f"{outcome.seen} after {outcome.milliseconds:.0f} ms {outcome.detail}"
                self.report.check("Slack blocked again: its open connection is reset", problem,
                                  f"{outcome.milliseconds:.1f} ms after the reload")
                self.report.check("the innocent one goes on", "" if kept.goes_on() else "it ended")
            finally:
                kept.close()
                lost.close()

    def _bad_reload(self):
        good = self.gateway.ask("show", "policy")
        self.policies.write('{ "rules": [\n  { "aplication": "slack", "action": "allow" } ] }\n')
        result = self.gateway.control("policy", "reload", check=False)
        said = (result.stdout + result.stderr).strip()
        place = f"{self.policies.path}:2:"
        problem = "" if result.returncode == 2 and place in said and "did you mean" in said else \
            f"exit status {result.returncode}: {said}"
        line = next((line for line in said.splitlines() if place in line), "")
        self.report.check("the reload is refused", problem, line.replace(str(self.policies.folder), "…"))
        now = self.gateway.ask("show", "policy")
        same = {key: (good.get(key), now.get(key)) for key in ("generation", "sha256")}
        self.report.check("the policy in force is the one before",
                          "" if all(a == b and a for a, b in same.values()) else str(same))
        self.policies.write(self.policies.shipped)

    def _counters(self):
        self.report.say(self.gateway.control("show", "applications", "seen").stdout.rstrip())
        shown = self.gateway.control("show", "counters").stdout.rstrip().splitlines()
        self.report.say()
        for line in shown:
            if line.split()[1:2] != ["0"]:
                self.report.say(line)
        counters = self.gateway.ask("show", "counters")["counters"]
        blocked = sum(1 for row in self._alerts(self.gateway.events.seen)
                      if row["alert"]["action"] == "blocked")
        self.report.check("the counters agree with the events",
                          "" if counters["blocked"] == blocked else
                          f"blocked {counters['blocked']}, events tell of {blocked}",
                          f"{blocked} blocked")
        whole = counters["packets"] == counters["forwarded"] + counters["dropped"]
        self.report.check("every frame was forwarded or dropped",
                          "" if whole and counters["events-lost"] == 0 else str(counters),
                          f"{counters['packets']} = {counters['forwarded']} + {counters['dropped']}")

        views.check(self.gateway, self.folder, self.report)

    def _end(self):
        report = self.report
        losses = self.recorder.stop()
        status = self.gateway.stop()
        self.gateway.events.settle()
        report.check("the gateway ended in order", "" if status == 0 else
                     f"status {status}: {self.gateway.said()}")
        report.check("its socket is gone",
                     "still there" if self.gateway.socket.exists() else "")
        report.check("the recordings are complete", "; ".join(losses))
        blocked = {wire.event_key(row) for row in self._alerts(self.gateway.events.seen)
                   if row["alert"]["action"] == "blocked"}
        client = wire.read_capture(self.recorder.path("client"))
        server = wire.read_capture(self.recorder.path("server"))
        result = wire.compare(client, server, 1, self.recorder.marks, blocked)
        report.check("innocent frames arrived unchanged", "; ".join(result.differences[:5]),
                     f"{result.frames} frames of {result.flows} flows and {result.kinds} other kinds")
        for phase in self.phases:
            self._replay(phase, client)

    def _replay(self, phase, client):
        """The recording at the client's end under the same policy, by the same engine, offline."""
        earlier, frames = self._slice(client, phase)
        capture = self.folder / f"phase-{phase.first}.pcap"
        wire.write_capture(capture, earlier + frames)
        rows, summary, said = gateways.replay(phase.policy, capture, self.folder,
                                              "--inside", "10.77.0.0/16", "--inside", "fd77::/16")
        again = [row for row in self._alerts(rows) if row["pcap_cnt"] > len(earlier)]
        live, again = ({self._verdict(row) for row in alerts} for alerts in (phase.alerts, again))
        problem = "; ".join([*(f"only live: {row}" for row in sorted(live - again, key=str)),
                             *(f"only in replay: {row}" for row in sorted(again - live, key=str))])
        if said or summary["packets"] != len(earlier) + len(frames):
            problem = f"{summary['packets']} packets were read; {said} {problem}"
        self.report.check(f"replay decides as the gateway did under {phase.name}", problem,
                          f"{len(live)} verdicts from {len(frames)} frames")

    @staticmethod
    def _slice(client, phase):
        """The DNS messages before the phase, which taught the gateway addresses, and its frames."""
        mac = bytes.fromhex(labs.CLIENT_MAC.replace(":", ""))
        where = {wire.mark_of(frame): index for index, frame in enumerate(client)
                 if frame.source == mac and wire.mark_of(frame) is not None}
        first = where[phase.first]
        earlier = [frame for frame in client[:first] if wire.is_dns(frame.data)]
        return earlier, client[first:where[phase.last] + 1]

    @staticmethod
    def _verdict(row):
        im = row["im"]
        return (wire.event_key(row), row["alert"]["action"], im["application"], im["action"],
                im.get("rule"), im.get("evidence"), im.get("name"))

    def _clean_up(self):
        for part in (self.recorder, self.gateway):
            if part is not None:
                part.end()
        keep = self.options.keep_artifacts
        try:
            if keep and self.lab.folder.exists():
                shutil.copytree(self.lab.folder, Path(keep) / self.lab.prefix, symlinks=True,
                                ignore=shutil.ignore_patterns("*.sock"))
        finally:
            self.lab.down()


def show_capture(path, report):
    """What the shipped policy makes of somebody's capture."""
    import tempfile
    with tempfile.TemporaryDirectory(prefix="chatgate-replay-") as folder:
        rows, summary, said = gateways.replay(gateways.POLICY, path, Path(folder))
    decided, flows = {}, {}
    for row in rows:
        if row["event_type"] not in ("alert", "flow"):
            continue
        flows.setdefault(row["flow_id"], row)
        if row["event_type"] == "alert":
            decided[row["flow_id"]] = row
    table = {}
    for number, row in flows.items():
        im, alert = row.get("im", {}), decided.get(number, {}).get("alert", {})
        im = decided.get(number, row).get("im", im)
        verdict = alert.get("action", "allowed")
        key = (verdict, im.get("application", "unknown"), im.get("evidence", "-"), im.get("name", "-"),
               im.get("rule", "-") if verdict == "blocked" or "rule" in im else "-")
        table[key] = table.get(key, 0) + 1
    report.head(f"{path}: {summary['packets']} packets, {summary['flows']} flows, under the shipped policy")
    order = sorted(table.items(), key=lambda item: (item[0][0] != "blocked", item[0][1] == "unknown",
                                                    item[0][1], -item[1]))
    report.table(["verdict", "application", "recognised by", "name", "rule", "flows"],
                 [[*key, count] for key, count in order], right=(5,))
    report.say()
    report.say(f"  {summary['forwarded']} packets forwarded, {summary['dropped']} dropped, "
               f"{summary['forged']} made by the gateway, {summary['alerts']} alerts")
    if said:
        raise LabError(said)


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="scripts/demo", description="Shows the gateway at work on real clients and servers, or "
        "on a capture.", epilog="example: scripts/demo --pcap capture.pcapng")
    parser.add_argument("--device", choices=("af_packet", "af_xdp"), default="af_packet")
    parser.add_argument("--workers", type=int, default=1, metavar="N")
    parser.add_argument("--pcap", metavar="FILE", type=Path,
                        help="instead of the lab: this capture under the shipped policy")
    parser.add_argument("--installed", action="store_true",
                        help="the programs and the policy that are installed, instead of a build")
    parser.add_argument("--keep-artifacts", metavar="DIR",
                        help="keep captures, events, logs and configurations there")
    parser.add_argument("--check-arguments", action="store_true", help=argparse.SUPPRESS)  # and nothing else
    options = parser.parse_args(arguments)
    if not 1 <= options.workers <= 64:
        parser.error("--workers: a number from 1 to 64")
    if options.pcap is not None and not (options.pcap.is_file() and os.access(options.pcap, os.R_OK)):
        parser.error(f"--pcap: {options.pcap} is no file that can be read")
    return options


def main(arguments):
    options = parse(arguments)
    if options.check_arguments:
        return 0
    report = Report()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        if options.pcap:
            show_capture(options.pcap, report)
            return 0
        if os.geteuid() != 0:
            raise LabError("the lab's network namespaces need root; a capture does not: --pcap FILE")
        Demo(options, report).run()
    except LabError as problem:
        print(f"scripts/demo: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception:  # the lab is down by now; a report with a trace is better than a trace alone
        traceback.print_exc()
        return 1
    return report.finish("The demo")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/python3
"""Half an hour of everything at once: innocents at half of the rate that this machine carries without loss, real and
captured clients, policies in turn, attacks in turn, and an administrator who looks at it all.

usage: soak.py [--minutes N | --seconds N] [--rate N] [--write FILE.md]

At the end nothing of the innocents is lost, what is blocked was blocked at every moment, memory, descriptors and threads
are where they were, every frame was forwarded or dropped for a reason, every event and line of the log has its cause,
and the gateway ends in order. What came of it goes into the file, its time line and a picture into a folder beside it.
"""

import argparse
import os
import platform
import re
import signal
import sys
import time
from pathlib import Path

import lab as labs
import soak_innocents as innocents
from gateway import Gateway
from lab import Lab, LabError
from report import Report
from soak_admin import Admin, shipped_policies
from soak_attacks import Attacks
from soak_clients import Clients, Replays, Watch
from soak_events import EventWatch, unexpected
from soak_story import DEVICE, METRICS, WARM_UP, Metrics, Story, process

STEM = "chatgate-soak"
LINES_EVERY = 10.0
SHORT = 60  # seconds; what is shorter goes without the captures that are to be cut first
MOST_GROWTH = 4096  # KiB, by the fit, from the warm-up to the end
ATTACK_SECONDS, ATTACK_PAUSE = 2.0, 8.0
MOST_EVENTS = 16 << 20  # bytes of their file
ATTACK_SHARE = 0.25  # of the rate without loss


class SoakGateway(Gateway):
    """On the last core; the load runs on the others."""

    def command(self):
        words = super().command()
        words[words.index("--workers") + 1] = str(max(os.sched_getaffinity(0)))
        return [*words, "--metrics", METRICS]


class Soak:
    def __init__(self, options, report):
        self.options, self.report = options, report
        self.lab = Lab(f"{STEM}-{os.getpid()}")
        self.story, self.watch = None, Watch()
        self.gateway = self.datagrams = self.streams = None
        self.clients = self.replays = self.admin = self.attacks = self.events = None
        self.rate, self.told, self.busy = options.rate, [], os.getloadavg()[0]
        self.first = self.last = None  # Metrics
        self.overflown = self.backlog = 0

    def run(self):
        report = self.report
        report.head(f"Soak of {self.options.seconds / 60:.1f} minutes")
        for prefix in labs.leftovers(STEM):
            Lab(prefix).down()
        cores = os.sched_getaffinity(0)
        try:
            self._begin(cores)
            self._load()
            self._finish()
        except LabError as problem:
            self.check("the run", str(problem))
        finally:
            self._clean_up()
            os.sched_setaffinity(0, cores)

    def _begin(self, cores):
        self.lab.up()
        folder = self.lab.folder / "run"
        folder.mkdir()
        self.policies = shipped_policies(folder)
        self.gateway = SoakGateway(self.lab, folder, policy=self.policies.path)
        self.gateway.start()
        os.sched_setaffinity(0, cores - {max(cores)} or cores)
        self.replays = Replays(self.lab, folder, self.options.seconds >= SHORT)
        if self.replays.missing:
            print("NOT RUN soak: captures of the corpus, which is not beside the tree")
        self.events = EventWatch(self.gateway.events, self.replays)
        self.clients = Clients(self.lab, self.watch)
        self.admin = Admin(self.gateway, self.policies, self.watch, self.options.every)
        self.datagrams = innocents.Datagrams(self.lab)
        for part in (self.clients, self.replays, self.admin):
            part.start()
        if not self.rate:
            self._search()

    def _search(self):
        """The rate without loss beside all but attacks; what its attempts lose is nobody's fault."""
        self.rate, tried = self.datagrams.loss_free_rate(self.options.search)
        told = ", ".join(f"{sent:,} ({lost} lost)" for sent, lost in tried)
        self.check("a rate without loss is found", "" if self.rate else told,
                          f"{self.rate:,.0f} datagrams a second there and back, beside clients, captures and reloads; "
                          f"tried: {told}")
        self.watch.forget()
        self.replays.forget()

    def _load(self):
        self.streams = innocents.Streams(self.lab)
        self.attacks = Attacks(self.lab, self.gateway.socket, max(200.0, self.rate * ATTACK_SHARE),
                               min(ATTACK_SECONDS, self.options.seconds / 6),
                               self.options.pause)
        self.before = self.datagrams.settled()
        self.overflown, self.backlog = innocents.overflows(self.lab), innocents.backlog_drops()
        self.first = Metrics(self.lab)
        self.story, self.began = Story(), time.monotonic()
        self.datagrams.rate(self.rate / 2)
        self.attacks.start()
        self._line()
        end = self.began + self.options.seconds
        line = self.began + self.options.lines
        while (now := time.monotonic()) < end:
            time.sleep(min(1.0, end - now))
            self.events.look()
            if self.events.events.at > MOST_EVENTS:
                self.events.rotate(self.gateway.process)
            if self.gateway.process.poll() is not None:
                raise LabError(f"the gateway ended with {self.gateway.process.returncode}: {self.gateway.said()}")
            if time.monotonic() >= line:
                self._line()
                line += self.options.lines

    def _line(self):
        """One row of the time line."""
        metrics, rss = Metrics(self.lab), process(self.gateway.process.pid)
        tables, sent, streams = self.gateway.ask("show", "memory"), self.datagrams.mark(), self.streams.figures()
        row = self.story.tell(
            rss_kib=rss[0], threads=rss[1], descriptors=rss[2],
            tables_kib=sum(tables[key] for key in tables if key != "process_resident_bytes") // 1024,
            flows=metrics.level("flows_active"), inspections=metrics.level("inspections_active"),
            packets_total=metrics.counter("packets"), forwarded_total=metrics.counter("forwarded"),
            dropped_total=metrics.counter("dropped"), forged_total=metrics.counter("forged"),
            evicted_total=metrics.counter("flows_evicted"), events_lost_total=metrics.counter("events_lost"),
            missed_total=sum(metrics.counter(f"interface_receive_{word}") - self.first.counter(f"interface_receive_{word}")
                             for word in DEVICE),
            backlog_total=innocents.backlog_drops() - self.backlog,
            sent_total=sent["sent"] - self.before["sent"], lost_total=sent["lost"] - self.before["lost"], pause_us=sent["late_us"],
            tcp_bytes_total=streams["bytes"], tcp_again_total=streams["again"], tcp_lost_total=streams["lost"],
            blocked_total=sum(n for (_, what), n in self.watch.seen.items() if what == "blocked"),
            passed_total=sum(n for (_, what), n in self.watch.seen.items() if what == "passes"),
            wrong_total=len(self.watch.wrong), reloads_total=self.admin.reloads.total(),
            attack=self.attacks.now, **{f"drop {word}": count for word, count in metrics.reasons().items()})
        self.report.say(f"  {row['seconds']:>6.0f} s  {row['rss_kib'] >> 10} MiB, {row['flows']} flows, "
                        f"{row['forwarded_total']:,} forwarded, {row['dropped_total']:,} dropped, "
                        f"{row['missed_total']} missed; {row['sent_total']:,} of innocents, {row['lost_total']} lost, "
                        f"{row['tcp_again_total']} segments again; {row['blocked_total']} blocked, "
                        f"{row['wrong_total']} wrong, {row['reloads_total']} reloads")

    def _finish(self):
        if time.monotonic() - self.began - self.story.rows[-1]["seconds"] > 1:
            self._line()
        for part in (self.attacks, self.replays, self.admin, self.clients):
            part.stop()
        self.took = time.monotonic() - self.began
        self.datagrams.rate(0)
        self.sent, self.echoed = self.datagrams.end()
        self.tcp = self.streams.figures("end")
        self.overflown = innocents.overflows(self.lab) - self.overflown
        self.backlog = innocents.backlog_drops() - self.backlog
        self.events.events.settle(quiet=0.5, most=5)
        self.events.look()
        self._settle()
        self.after = process(self.gateway.process.pid)
        judge(self)
        status = self.gateway.stop()
        self.check("it ends in order", "" if status == 0 else f"status {status}")
        strange = unexpected(self.gateway.log.read_text(errors="replace"))
        self.check("the log has no line that is not expected", "; ".join(strange[:5]))
        if self.options.write:
            self._write(Path(self.options.write))

    def check(self, name, problem="", detail=""):
        self.told.append((name, problem, detail))
        return self.report.check(name, problem, detail)

    def _settle(self, seconds=8):
        """The gateway's figures when it holds nothing back."""
        end = time.monotonic() + seconds
        while True:
            self.last = Metrics(self.lab)
            whole = self.last.counter("packets") == self.last.counter("forwarded") + self.last.counter("dropped")
            if whole or time.monotonic() > end:
                return
            time.sleep(0.1)

    def _write(self, path):
        minutes = self.options.seconds / 60
        title = f"{minutes:.3g} minutes, {self.rate / 2:,.0f} datagrams a second there and back, {os.cpu_count()} cores"
        revision = labs.run("git", "-C", str(Path(__file__).parent), "rev-parse", "--short=12", "HEAD", check=False).stdout.strip()
        self.story.write_document(path, title, [
            f"`test/lab/soak.py {' '.join(sys.argv[1:])}` at `{revision or 'no revision'}`, {time.strftime('%-d %B %Y')}, on "
            f"{os.cpu_count()} cores of {processor()}, Linux {platform.release()}, load {self.busy:.1f} before it began.", ""
        ] + [f"* {'**wrong**, ' if problem else ''}{name}: {problem or detail or 'so it was'}"
             for name, problem, detail in self.told])

    def _clean_up(self):
        for part in (self.attacks, self.replays, self.admin, self.clients):
            if part:
                part.ends.set()
        for part in (self.datagrams, self.streams):
            if part:
                part.close()
        if self.gateway:
            self.gateway.end()
        self.lab.down()


def processor():
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace"), re.M)
    return found[1].strip() if found else platform.machine()


def judge(soak):
    check, watch, admin, metrics = soak.check, soak.watch, soak.admin, soak.last
    sent, lost = soak.sent["sent"] - soak.before["sent"], soak.sent["lost"] - soak.before["lost"]
    check("no datagram of the innocents is lost", "" if not lost else
                 f"{lost} of {sent:,}; {soak.sent['sent'] - soak.echoed['came']} before the server, "
                 f"{soak.overflown} found no room in a socket, {soak.backlog} none between two interfaces of the kernel", f"{sent:,} there and back, {sent / soak.took:,.0f} a second")
    tcp = soak.tcp
    check("no segment of theirs is lost, and every byte came back", "; ".join(tcp["problems"]) or
                 (f"{tcp['lost']} segments" if tcp["lost"] else ""),
                 f"{tcp['bytes']:,} bytes; {tcp['again']} sent again, all of which had arrived; longest wait "
                 f"{tcp['longest'] * 1000:.0f} ms")
    missed = {word: metrics.counter(f"interface_receive_{word}") - soak.first.counter(f"interface_receive_{word}")
              for word in DEVICE}
    check("no device lost a frame", str(missed) if any(missed.values()) else "")
    blocked = sum(count for (_, what), count in watch.seen.items() if what == "blocked")
    passed = sum(count for (_, what), count in watch.seen.items() if what == "passes")
    covered = len(watch.blocked_seconds)
    check("what is blocked stays blocked, what is innocent passes", "; ".join(watch.wrong[:6]) +
                 (f" … {len(watch.wrong)} in all" if len(watch.wrong) > 6 else ""),
                 f"{blocked:,} blocked, {passed:,} passed, {watch.unjudged} under a policy that changed meanwhile")
    check("at every moment", "" if covered >= soak.took * 0.9 - 2 else f"tried in {covered} of {soak.took:.0f} seconds",
                 f"something blocked was tried in {covered} of {soak.took:.0f} seconds")
    judge_captures(soak)
    check("reloads of good policies are accepted, of broken ones refused, and commands answered",
                 "; ".join(admin.wrong[:3]) or ("" if admin.reloads["accepted"] else "no reload"),
                 f"{admin.reloads['accepted']} accepted, {admin.reloads['refused']} refused, {admin.longest * 1000:.0f} ms at "
                 f"most; {admin.probes:,} probes, {admin.slowest} ms at most; {admin.chores} other commands, "
                 f"{admin.captured} captures")
    done = soak.attacks.done
    check("attacks went on", soak.attacks.problem or ("" if done else "none"),
                 ", ".join(f"{kind} {rows[0]} times ({rows[1]:,})" for kind, rows in done.items()))
    judge_gateway(soak)


def judge_captures(soak):
    replays, events = soak.replays, soak.events
    missing = events.not_blocked()
    allowed = {capture.name for capture in replays.captures if capture.application in ("xmpp", "irc")}
    missing = {name: count for name, count in missing.items() if name not in allowed}
    soak.check("captured messengers are blocked, other captures are not", replays.problem or
                      ", ".join(f"{name} not in {count} of {replays.count[name]}" for name, count in missing.items()),
                      f"{replays.count.total()} playings of {len(replays.captures)} captures")
    soak.check("every event has its cause", "; ".join(events.wrong[:3]),
                      ", ".join(f"{count:,} {kind}" for kind, count in events.kinds.items()) + "; alerts by " +
                      ", ".join(f"{count:,} {who}" for who, count in events.by.items()) +
                      f"; the file was rotated {events.rotated} times")


def judge_gateway(soak):
    check, story, last = soak.check, soak.story, soak.last
    packets, forwarded, dropped = (last.counter(word) for word in ("packets", "forwarded", "dropped"))
    reasons = last.reasons()
    check("every frame was forwarded, or dropped for a reason",
                 "" if packets == forwarded + dropped and dropped <= sum(reasons.values()) else
                 f"{packets} came, {forwarded} forwarded, {dropped} dropped, reasons {reasons}",
                 f"{packets:,} came, {forwarded:,} forwarded, {dropped:,} dropped: " +
                 ", ".join(f"{word} {count:,}" for word, count in sorted(reasons.items(), key=lambda row: -row[1])))
    taken = last.counter("interface_receive_packets")
    check("every frame of the devices reached a worker", "" if taken == packets else f"{taken} of the devices, {packets}")
    lost = last.counter("events_lost")
    check("no event is lost", f"{lost}" if lost else "")
    flows = [row["flows"] for row in story.rows]
    check("flows are bounded", f"{last.counter('flows_evicted')} pushed out" if last.counter("flows_evicted") else "",
                 f"{max(flows):,} at most, {max(row['inspections'] for row in story.rows):,} inspected")
    if soak.options.seconds >= 2 * WARM_UP:
        rows = story.settled()
        grown, tables = story.growth("rss_kib"), {row["tables_kib"] for row in rows}
        check("memory is flat", "" if grown <= MOST_GROWTH else f"{grown:.0f} KiB more by the fit",
                     f"{rows[0]['rss_kib']:,} KiB after the warm-up, {rows[-1]['rss_kib']:,} at the end, by the fit "
                     f"{grown:+.0f} KiB; tables {min(tables):,} to {max(tables):,} KiB")
    begun = story.rows[0]
    for column, now in (("threads", soak.after[1]), ("descriptors", soak.after[2])):
        check(f"{column} are what they were", "" if now <= begun[column] else f"{begun[column]}, then {now}",
                     f"{now}, at most {max(row[column] for row in story.rows)}")


def parse(arguments):
    parser = argparse.ArgumentParser(description="Everything at once, for long.")
    parser.add_argument("--minutes", type=float, default=30, help="how long (%(default)g)")
    parser.add_argument("--seconds", type=float, help="the same in seconds")
    parser.add_argument("--rate", type=float, default=0, metavar="N",
                        help="datagrams a second that are taken to pass without loss, of which half are sent; by itself this is found out")
    parser.add_argument("--every", type=float, default=1.0, help="seconds from reload to reload (%(default)g)")
    parser.add_argument("--search", type=float, default=3.0, help="seconds of each attempt at a rate (%(default)g)")
    parser.add_argument("--write", metavar="FILE.md", help="where the result goes, between two marks")
    options = parser.parse_args(arguments)
    options.seconds = options.seconds or options.minutes * 60
    options.pause = min(ATTACK_PAUSE, options.seconds / 20)
    options.lines = min(LINES_EVERY, max(0.5, options.seconds / 6))
    return options


def run(report, arguments=()):
    Soak(parse(arguments), report).run()


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    REPORT = Report()
    run(REPORT, sys.argv[1:])
    sys.exit(REPORT.tally())

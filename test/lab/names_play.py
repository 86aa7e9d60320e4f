"""What all checks on names share: the policy, the gateway's events, and pairs of checks.

A pair is one use of a client for a blocked name and the same for an innocent one. Of the blocked one
the client must learn, and an event must tell what it was taken for and by what; the innocent one must
get its answer, and no event may say that anything was blocked.
"""

import json
import re
import signal
import subprocess
import time

import lab as labs
from clients import Outcome, Stopwatch
from lab import LabError
from names_servers import BLOCKED, INNOCENT
from report import cut

WEB = labs.INTERNET4.format(20)
WEB6 = labs.INTERNET6.format(20)
OTHER_WEB = labs.INTERNET4.format(21)
RESOLVER = labs.INTERNET4.format(10)
PATIENCE = 4.0  # seconds; what is slower is a finding

APPLICATIONS = {
    "quokka": {"name": "Quokka", "category": "mobile-messenger",
               "servers": {"names": ["quokka.example"]}},
    "wombat": {"name": "Wombat", "category": "mobile-messenger",
               "servers": {"names": ["wombat-chat.example"]}},
}
RESETS = re.compile(r"errno=104|errno=32|reset by peer|refused|connection reset|SSL_ERROR_SYSCALL|"
                    r"unexpected eof|BIO_read failed", re.I)


class Play:
    def __init__(self, report, lab, gateway, servers, policy):
        self.report, self.lab, self.gateway, self.servers = report, lab, gateway, servers
        self.policy_file = policy
        self.skipped = []

    @property
    def folder(self):
        return self.gateway.folder

    # The policy.

    @staticmethod
    def write_policy(path, action="reset", before=(), **sections):
        rules = [*before, {"name": "no messengers", "application": sorted(APPLICATIONS),
                           "action": action, "log": True}]
        path.write_text(json.dumps({"applications": APPLICATIONS, "rules": rules, **sections}, indent=1),
                        encoding="utf-8")

    def use(self, action="reset", before=(), **sections):
        """Puts a policy with these sections in force, and with these rules before its own."""
        self.write_policy(self.policy_file, action, before, **sections)
        self.gateway.control("policy", "reload")

    # Checks.

    def check(self, name, problem="", detail=""):
        """A failure is one line, as those who count them expect."""
        self.report.check(name, cut(" | ".join(problem.split("\n")), 900), detail)

    def skip(self, what, why):
        """Said on every run, also on a quiet one: a check that did not run is no check."""
        self.skipped.append(f"{what}: {why}")
        print(f"NOT RUN {what}: {why}", flush=True)

    def blocked_since(self, first, wanted, seconds=2.0):
        """What was blocked, from event `first` on; waits for a wanted one, and until all is quiet."""
        events = self.gateway.events

        def blocked():
            return [row for row in events.seen[first:]
                    if row["event_type"] == "alert" and row["alert"]["action"] == "blocked"]
        end = time.monotonic() + seconds
        while wanted and time.monotonic() < end and not any(map(wanted, blocked())):
            events.settle(0.02, 0.1)
        events.settle(0.1, 1.0)
        return blocked()

    def attempt(self, run, wanted=None):
        self.gateway.events.read()
        first = len(self.gateway.events.seen)
        try:
            outcome = run()
        except subprocess.TimeoutExpired:
            outcome = Outcome("silent", PATIENCE * 1000, "the client did not end in time")
        return outcome, self.blocked_since(first, wanted)

    def blocked(self, name, run, evidence="", seen="reset", application="quokka"):
        def wanted(row):
            im = row["im"]
            return im["application"] == application and evidence in ("", im.get("evidence", ""))
        outcome, alerts = self.attempt(run, wanted)
        by = {(row["im"]["application"], row["im"].get("evidence", "")) for row in alerts}
        problem = ""
        if outcome.seen != seen:
            problem = f"expected {seen}, saw {outcome.seen} ({outcome.detail})"
        elif not any(map(wanted, alerts)):
            problem = f"expected an event of {application} by {evidence or 'anything'}, saw {sorted(by)}"
        detail = "; ".join(f"{app} by {how}" for app, how in sorted(by))
        self.check(f"blocked: {name}", problem, f"{outcome.milliseconds:.0f} ms, {detail}")
        return outcome

    def innocent(self, name, run):
        outcome, alerts = self.attempt(run)
        problem = ""
        if outcome.seen != "allowed":
            problem = f"saw {outcome.seen} ({outcome.detail})"
        elif alerts:
            im = alerts[0]["im"]
            problem = f"taken for {im['application']} by {im.get('evidence')} ({im.get('name')})"
        self.check(f"innocent: {name}", problem, f"{outcome.milliseconds:.0f} ms")
        return outcome

    def pair(self, name, run, evidence="", **more):
        """`run` is given the name to ask for."""
        self.blocked(name, lambda: run(BLOCKED), evidence, **more)
        self.innocent(name, lambda: run(INNOCENT))

    def said(self, name, text, *patterns):
        """A text holds all patterns."""
        missing = [pattern for pattern in patterns if not re.search(pattern, text, re.M)]
        self.check(name, f"{missing} not in {text.strip()[-600:]!r}" if missing else "")


def client(words, good, say=b"", seconds=PATIENCE, also_good=()):
    """Runs a client; it is allowed where what it printed holds `good` and all of `also_good`."""
    watch = Stopwatch()
    result = subprocess.run([str(word) for word in words], input=say, capture_output=True, check=False,
                            timeout=seconds)
    took = watch.milliseconds
    text = (result.stdout + result.stderr).decode(errors="replace")
    if all(part in text for part in (good, *also_good)):
        return Outcome("allowed", took, text)
    if RESETS.search(text):
        return Outcome("reset", took, text[-300:])
    if re.search(r"timed out|time-out", text, re.I):
        return Outcome("silent", took, text[-300:])
    return Outcome("failed", took, f"status {result.returncode}: {text.strip()[-400:]!r}")


class Capture:
    """The client's end of the wire, while the block runs."""

    def __init__(self, path, *expression):
        self.path, self.expression = path, expression
        self.process = None

    def __enter__(self):
        self.path.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            ["tcpdump", "-i", "eth0", "-n", "-U", "--immediate-mode", "-s", "0", "-Z", "root", "-w",
             str(self.path), *self.expression], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        end = time.monotonic() + 5
        while not (self.path.exists() and self.path.stat().st_size >= 24):
            if time.monotonic() > end:
                raise LabError("tcpdump has not begun within 5 seconds")
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        time.sleep(0.1)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(5)

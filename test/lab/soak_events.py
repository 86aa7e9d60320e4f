"""What the soak's gateway says of its own accord, held against what it was given: events and the log."""

import ipaddress
import re
import signal
import time
from collections import Counter

from faults_flood import BLOCKED as ASKED_FOR
from gateway import Events
from names import BLOCKED, INNOCENT
from soak_clients import IRC_PORT, OURS

STRANGERS, PLAYED = ipaddress.ip_network("10.66.0.0/16"), ipaddress.ip_network("10.67.0.0/16")
BY_POLICY = {5222: "xmpp", IRC_PORT: "irc"}
BY_PORT = {1863: "msn", 5050: "yahoo", 5190: "aim"}
AUDITS = {"gateway started", "gateway ended", "policy loaded", "policy refused", "counters cleared", "dns cache cleared",
          "connections cleared", "capture started", "capture copied", "capture ended", "list loaded"}
# The log of a day without anything wrong.
LOG = [re.compile(pattern) for pattern in (
    r"net\.bridge\.bridge-nf-call", r"forwarding .* worker", r"^chatgate: ending", r"joined by the kernel")]


class EventWatch:
    """Judges events as they come; none is kept."""

    def __init__(self, events, replays):
        self.events, self.replays = events, replays
        self.kinds, self.audits, self.by = Counter(), Counter(), Counter()
        self.played = {}  # by the client's address: what it was blocked as
        self.wrong, self.lost, self.rotated = [], 0, 0

    def rotate(self, process):
        """As logrotate does: the file goes away under the gateway, which opens another when it is told to."""
        old = self.events.path.with_suffix(".old")
        self.events.path.rename(old)
        process.send_signal(signal.SIGUSR1)
        end = time.monotonic() + 10
        while not self.events.path.exists() and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(0.2)  # what was on its way to the old one
        self._judge(Events(old, self.events.at).read())
        old.unlink()
        self.events.at = 0
        self.rotated += 1

    def look(self):
        self._judge(self.events.read())
        self.events.seen.clear()

    def _judge(self, rows):
        for row in rows:
            kind = row["event_type"]
            self.kinds[kind] += 1
            if kind == "audit":
                what = row["audit"]["what"]
                self.audits[what] += 1
                if what not in AUDITS:
                    self._wrong(row, "nobody did that")
            elif kind == "stats":
                self.lost += row["stats"].get("events", {}).get("lost", 0)
            elif kind == "alert":
                self._alert(row)

    def _wrong(self, row, why):
        if len(self.wrong) < 50:
            self.wrong.append(f"{why}: {str(row)[:500]}")
        else:
            self.wrong[-1] = "and more"

    def _alert(self, row):
        source, said = ipaddress.ip_address(row["src_ip"]), row["im"]
        blocked = row["alert"]["action"] == "blocked"
        if row["src_ip"] in OURS:
            self._client(row, said, blocked)
        elif source in PLAYED:
            capture = self.replays.playings.get(row["src_ip"])
            self.by["captures"] += 1
            if capture is None or not capture.application:
                self._wrong(row, f"an innocent capture{'' if capture is None else ' ' + capture.name}")
            elif blocked:
                self.played.setdefault(row["src_ip"], set()).add(said["application"])
        elif source in STRANGERS:
            self.by["attacks"] += 1
            if said.get("name", ASKED_FOR) != ASKED_FOR:
                self._wrong(row, "nobody asked for that")
        else:
            self._wrong(row, "nobody is there")

    def _client(self, row, said, blocked):
        self.by["clients"] += 1
        name, port, application = said.get("name", ""), row["dest_port"], said["application"]
        if name in INNOCENT:
            self._wrong(row, "an innocent name")
        elif name in BLOCKED.values():
            if not blocked:
                self._wrong(row, "a blocked name that passed")
        elif application != BY_POLICY.get(port, BY_PORT.get(port)):
            self._wrong(row, "nobody spoke that")

    def not_blocked(self):
        """Captures that should have been, of those that were played to their end."""
        missing = Counter()
        for source, capture in list(self.replays.playings.items())[self.replays.begin:-2]:
            if capture.application and capture.application not in self.played.get(source, ()):
                missing[capture.name] += 1
        return missing


def unexpected(log):
    """Lines that no day without anything wrong has; what refused policies are told stands in their answers."""
    return [line for line in log.splitlines() if line and not any(pattern.search(line) for pattern in LOG)]

"""The soak's administrator: policies in turn, good and broken ones, and what else is asked of a gateway all day."""

import contextlib
import os
import threading
import time
from collections import Counter

import gateway as gateways
from lab import LabError
from reloads import Control

NAMES = 20_000  # of the long list
CHORES = (
    ("show", "flows", "limit", "5"), ("show", "conn"), ("show", "talkers"), ("show", "service-policy"), ("show", "running-config"),
    ("show", "applications"), ("show", "servers"), ("show", "dns-cache"), ("show", "blocked"), ("show", "events"),
    ("clear", "counters"), ("clear", "dns-cache"), ("clear", "conn", "port", "9000"), ("clear", "conn"), ("policy", "check"), ("policy", "diff"),
    ("packet-tracer", "input", "inside", "tcp", "10.77.0.2", "40000", "198.51.100.10", "443", "sni", "web.whatsapp.com"),
)


class Turn:
    """A policy: its text, whether it is good, and what it allows that the shipped one does not."""

    def __init__(self, what, text, good=True, allows=()):
        self.what, self.text, self.good, self.allows = what, text, good, frozenset(allows)


def turns(shipped, folder):
    before, here, after = shipped.partition('"rules": [')

    def with_rules(*rows, more=""):
        return before + more + here + "".join(f"\n    {row}," for row in rows) + after

    def allowing(word):
        return f'{{ "name": "{word} is ours", "application": "{word}", "action": "allow", "log": true }}'
    (folder / "long.txt").write_text("".join(f"host-{i}.quokka-{i % 97}.example\n" for i in range(NAMES)), encoding="ascii")
    listed = '{ "name": "listed", "list": "long", "action": "drop", "log": true }'
    many = [f'{{ "name": "rule {i}", "application": "whatsapp", "from": "192.0.2.{i}", "action": "drop" }}'
            for i in range(200)]
    return (
        Turn("as shipped", shipped),
        Turn("XMPP is ours", with_rules(allowing("xmpp")), allows=["xmpp"]),
        Turn("cut in its midst", shipped[:len(shipped) * 2 // 3], good=False),
        Turn(f"a list of {NAMES} names", with_rules(listed, more='"lists": { "long": { "file": "long.txt" } },\n  ')),
        Turn("a word that is no action", with_rules('{ "category": "im", "action": "explode" }'), good=False),
        Turn("IRC is ours", with_rules(allowing("irc")), allows=["irc"]),
        Turn("200 rules more", with_rules(*many)),
        Turn("a list that is not there", with_rules(listed, more='"lists": { "long": { "file": "gone.txt" } },\n  '),
             good=False),
    )


class Admin:
    """Reloads every `every` seconds, with a chore between two of them and a capture all along."""

    def __init__(self, gateway, policies, watch, every):
        self.gateway, self.policies, self.watch, self.every = gateway, policies, watch, every
        self.turns = turns(policies.shipped, policies.folder)
        self.reloads = Counter()  # "accepted", "refused"
        self.probes, self.slowest, self.longest = 0, 0, 0.0
        self.chores, self.captured = 0, 0
        self.wrong = []
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self.thread.start()

    def _run(self):
        try:
            self._work(Control(self.gateway.socket))
        except (OSError, ValueError, KeyError, LabError) as problem:
            self.wrong.append(f"{type(problem).__name__}: {problem}")

    def _work(self, control):
        number, due = 0, time.monotonic()
        while True:
            due = max(due + self.every, time.monotonic())
            if self.ends.wait(max(0.0, due - time.monotonic())):
                break
            self._turn(control, self.turns[number % len(self.turns)])
            chore = CHORES[number % len(CHORES)]
            if chore[0] != "policy" or self.turns[number % len(self.turns)].good:
                self._ask(control, *chore)
            if number % 10 == 4:
                self._capture()
            number += 1
        self._turn(control, self.turns[0])
        control.close()

    def _ask(self, control, *words):
        answer = control.ask(" ".join(words))
        self.chores += 1
        if not answer["ok"]:
            self.wrong.append(f"{' '.join(words)}: {answer.get('error')}")
        return answer

    def _turn(self, control, turn):
        before = control.ask("show policy")["result"]
        following = self.policies.path.with_suffix(".new")
        following.write_text(turn.text, encoding="utf-8")
        os.replace(following, self.policies.path)
        allowed = self.watch.moment()[1]
        if turn.good:
            self.watch.policy(None)
        asked = time.monotonic()
        answer = control.ask("policy reload")
        self.longest = max(self.longest, time.monotonic() - asked)
        if turn.good:
            self.watch.policy(turn.allows if answer["ok"] else allowed)
        self.reloads["accepted" if answer["ok"] else "refused"] += 1
        if answer["ok"] != turn.good:
            self.wrong.append(f"{turn.what}: {answer.get('error', 'it was accepted')} {str(answer.get('result'))[:600]}")
        elif turn.good:
            test = answer["result"]["self_test"]
            self.probes += test["probes"]
            self.slowest = max(self.slowest, test["milliseconds"])
        elif control.ask("show policy")["result"]["sha256"] != before["sha256"]:
            self.wrong.append(f"{turn.what}: it was refused, and another policy is in force")

    def _capture(self):
        """By the program, as a person would."""
        path = self.gateway.folder / "soak.pcapng"
        for words in (("capture", "soak", "match", "port", "443", "circular-buffer"), ("show", "capture", "soak"),
                      ("copy", "capture", "soak", str(path)), ("no", "capture", "soak")):
            told = self.gateway.control(*words, check=False)
            if words[0] == "capture":
                time.sleep(0.3)
            if told.returncode:
                self.wrong.append(f"{' '.join(words)}: {(told.stderr or told.stdout).strip()}")
        self.captured += 1
        with contextlib.suppress(FileNotFoundError):
            path.unlink()

    def stop(self):
        self.ends.set()
        self.thread.join(60)


def shipped_policies(folder):
    """A folder with the shipped data and a policy file to edit."""
    from demo import Policies  # pylint: disable=import-outside-toplevel
    return Policies(folder, gateways.POLICY)

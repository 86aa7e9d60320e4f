"""Mistakes a person makes, and what they are told: one clear line each, and the right exit status."""

import os
import re
import subprocess
from dataclasses import dataclass

import clients
import gateway as gateways
from gateway import CHATGATE, CHATGATECTL, Gateway
from lab import Lab, LabError

FAILED, INVALID = 1, 2
SUMMARY = re.compile(r".*: not valid, \d+ errors?")  # the last line of `check`


@dataclass
class Mistake:
    name: str
    command: list
    status: int
    says: str  # regular expression for the only line on standard error
    lines: int = 1
    in_gateway: bool = False


def small_capture(path, whole=True):
    """One frame; not whole: the file ends in the middle of it."""
    import wire
    frame = wire.Frame(1.0, clients.other_frames()["LLDP"])
    wire.write_capture(path, [frame, frame])
    if not whole:
        path.write_bytes(path.read_bytes()[:-20])


def mistakes(folder):
    good = str(gateways.POLICY)

    def policy(name, text):
        path = folder / f"{name}.json"
        path.write_text(text, encoding="utf-8")
        return str(path)

    broken = policy("broken", '{ "rules": [\n  { "application": "xmpp" "action": "allow" }\n] }\n')
    key = policy("key", '{ "rules": [\n  { "aplication": "xmpp", "action": "allow" }\n] }\n')
    word = policy("word", '{ "rules": [\n  { "application": "whatsap", "action": "allow" }\n] }\n')
    action = policy("action", '{ "rules": [ { "category": "im", "action": "rest" } ] }\n')
    three = policy("three", '{ "mod": "enforce",\n  "rules": [ { "aplication": "xmpp", "action": "alow" } ] }\n')
    none = str(folder / "none.json")
    cut, noise, whole = folder / "cut.pcap", folder / "noise.pcap", folder / "whole.pcap"
    small_capture(cut, whole=False)
    small_capture(whole)
    noise.write_text("this is no capture\n" * 10, encoding="utf-8")
    taken = folder / "taken.sock"

    check = [CHATGATE, "check", *gateways.NO_CONFIG]
    replay = [CHATGATE, "replay", *gateways.NO_CONFIG, "--policy", good, "--read"]
    run = [CHATGATE, "run", *gateways.NO_CONFIG, "--policy", good, "--socket", folder / "own.sock"]
    pair = ["--inside", "af_packet:inside", "--outside", "af_packet:outside"]
    return [
        Mistake("check: a policy that is missing", [*check, none], INVALID, re.escape(none) + ": .*"),
        Mistake("check: broken JSON", [*check, broken], INVALID, re.escape(broken) + r":2:\d+: .+"),
        Mistake("check: an unknown key", [*check, key], INVALID,
                re.escape(key) + r':2:\d+: .*aplication.*did you mean "application"\?'),
        Mistake("check: an unknown application", [*check, word], INVALID,
                re.escape(word) + r':2:\d+: .*whatsap.*did you mean "whatsapp"\?'),
        Mistake("check: an unknown action", [*check, action], INVALID,
                re.escape(action) + r':1:\d+: .*rest.*did you mean "reset"\?'),
        Mistake("check: three mistakes at once", [*check, three], INVALID,
                re.escape(three) + r":[12]:\d+: .*did you mean .*", lines=3),
        Mistake("replay: a policy that is missing", [CHATGATE, "replay", "--policy", none, "--read", whole],
                INVALID, re.escape(none) + ": .*"),
        Mistake("replay: a capture that is missing", [*replay, folder / "none.pcap"], INVALID,
                r".*none\.pcap.*"),
        Mistake("replay: a truncated capture", [*replay, cut], INVALID, r".*cut\.pcap.*(truncated|cut|ends).*"),
        Mistake("replay: a count below zero", [*replay, whole, "--loop", "-1"], INVALID, r'.*"-1".*--loop'),
        Mistake("explain: a flow that nothing has",
                [CHATGATE, "explain", *gateways.NO_CONFIG, "--policy", good, "--read", whole, "--flow", "0"],
                INVALID, r".*--flow 0 is not in .*"),
        Mistake("replay: not a capture", [*replay, noise], INVALID, r".*noise\.pcap.*"),
        Mistake("run: a policy that is missing", [CHATGATE, "run", "--policy", none, *pair], INVALID,
                re.escape(none) + ": .*", in_gateway=True),
        Mistake("run: a policy with an unknown key", [CHATGATE, "run", "--policy", key, *pair], INVALID,
                re.escape(key) + r':2:\d+: .*did you mean "application"\?', in_gateway=True),
        Mistake("run: no policy named", [CHATGATE, "run", *pair], INVALID, r".*policy.*", in_gateway=True),
        Mistake("run: no device named", run, INVALID, r".*--?(inside|outside).*", in_gateway=True),
        Mistake("run: a misspelt kind of device",
                [*run, "--inside", "af_paket:inside", "--outside", "af_packet:outside"], INVALID,
                r".*af_paket.*did you mean \"af_packet.*", in_gateway=True),
        Mistake("run: a device that does not exist",
                [*run, "--inside", "af_packet:nosuch0", "--outside", "af_packet:outside"], INVALID,
                r".*nosuch0.*", in_gateway=True),
        Mistake("run: a core that does not exist", [*run, *pair, "--workers", "4000"], INVALID,
                r".*4000.*", in_gateway=True),
        Mistake("run: a socket in use",
                [CHATGATE, "run", "--policy", good, *pair, "--socket", taken], FAILED,
                r".*taken\.sock.*", in_gateway=True),
        Mistake("run: a misspelt option", [*run, *pair, "--wokers", "0"], INVALID,
                r".*wokers.*did you mean .*workers.*", in_gateway=True),
        Mistake("demo: a capture that is missing",
                [gateways.TREE / "scripts/demo", "--pcap", folder / "none.pcap"], INVALID,
                r"(usage: scripts/demo | {10}|scripts/demo: error: --pcap: .*none).*", lines=3),
        Mistake("an unknown subcommand", [CHATGATE, "rnu"], INVALID, r'.*rnu.*did you mean "run"\?'),
        Mistake("chatgatectl: no gateway", [CHATGATECTL, "--socket", folder / "no.sock", "show", "version"],
                FAILED, r".*no\.sock.*"),
        Mistake("chatgatectl: a misspelt word",
                [CHATGATECTL, "--socket", taken, "show", "counterz"], INVALID, r".*counterz.*"),
    ]


def perform(mistake, lab):
    command = [str(word) for word in mistake.command]
    if mistake.in_gateway:
        command = ["ip", "netns", "exec", lab.gateway, *command]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30,
                                stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return "did not end within 30 seconds"
    said = result.stderr.splitlines()
    if "check" in command and said and SUMMARY.fullmatch(said[-1]):
        said.pop()
    if result.returncode != mistake.status:
        return f"exit status {result.returncode}, not {mistake.status}: {result.stderr.strip()}"
    if len(said) != mistake.lines:
        return f"{len(said)} lines on standard error, not {mistake.lines}: {result.stderr.strip()}"
    for line in said:
        if not re.fullmatch(mistake.says, line):
            return f"unclear: {line}"
    return ""


def run(report):
    lab = Lab(f"chatgate-mistakes-{os.getpid()}")
    running = None
    try:
        lab.up(start_servers=False)
        folder = lab.folder
        running = Gateway(lab, folder)
        running.socket = folder / "taken.sock"
        running.start()
        for mistake in mistakes(folder):
            report.check(mistake.name, perform(mistake, lab))
        report.check("the running gateway was not disturbed",
                     "" if running.ask("show", "version") else "it does not answer")
        report.check("and ends in order", "" if running.stop() == 0 else "it did not")
    except LabError as problem:
        report.check("mistakes", str(problem))
    finally:
        if running:
            running.end()
        lab.down()

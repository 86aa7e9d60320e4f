#!/usr/bin/python3
"""`chatgate explain` as it is called: descriptions, captures, and mistakes.

usage: explain.py CHATGATE SOURCE
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM, SOURCE = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
POLICY = SOURCE / "policy" / "chatgate.json"
ENDS = ["--from", "10.1.1.5", "--to", "203.0.113.7:443"]

sys.path.insert(0, str(SOURCE / "test" / "scenario"))

from wire import Capture, client_hello  # noqa: E402  pylint: disable=wrong-import-position

# What is asked, and what must come of it: (words, application, evidence, action, rule).
SAID = [
    ([*ENDS, "--sni", "web.whatsapp.com"], "whatsapp", "tls-sni", "reset", "no instant messaging"),
    ([*ENDS, "--sni", "Web.WhatsApp.COM."], "whatsapp", "tls-sni", "reset", "no instant messaging"),
    ([*ENDS, "--quic-sni", "web.whatsapp.com"], "whatsapp", "quic-sni", "reset", "no instant messaging"),
    ([*ENDS, "--host", "web.whatsapp.com"], "whatsapp", "http-host", "reset", "no instant messaging"),
    (["--from", "10.1.1.5", "--to", "192.0.2.53:53", "--dns", "whatsapp.net"], "whatsapp", "dns", "reset",
     "no instant messaging"),
    (["--from", "fd00::1", "--to", "[2001:db8::1]:443", "--sni", "signal.org"], "signal", "tls-sni", "reset",
     "no instant messaging"),
    (["--from", "10.1.1.5:1234", "--to", "192.0.2.1:1863", "--vlan", "7"], "msn", "port", "reset",
     "no instant messaging"),
    ([*ENDS, "--application", "xmpp", "--service", "text-chat"], "xmpp", "payload", "reset", "no instant messaging"),
    ([*ENDS, "--at", "2026-11-26T08:30"], "unknown", "", "allow", "default"),
    ([*ENDS, "--sni", "notwhatsapp.net"], "unknown", "", "allow", "default"),
]
# A policy that asks by which way a connection comes, and what decides each.
BY_WAY = {"rules": [{"name": "second pair", "interface": 1, "action": "drop"},
                    {"name": "one card", "mac": "00:11:22:33:44:55", "action": "reset"},
                    {"name": "two of them", "mac": ["00:11:22:33:44:66", "00:11:22:33:44:77"], "interface": 0,
                     "action": "alert"}]}
WAYS = [
    ([], "default", "it came another way"),
    (["--interface", "1"], "second pair", "matches: drop"),
    (["--interface", "1", "--mac", "00:11:22:33:44:55"], "second pair", "matches: drop"),
    (["--interface", "2"], "default", ""),
    (["--mac", "00:11:22:33:44:55"], "one card", "matches: reset"),
    (["--mac", "0011.2233.4455"], "one card", "matches: reset"),
    (["--mac", "00-11-22-33-44-77"], "two of them", "matches: alert"),
    (["--mac", "00:11:22:33:44:56"], "default", ""),
    (["--interface", "3", "--mac", "00:11:22:33:44:66"], "default", ""),
]
# Mistakes, and a part of what is said of each.
MISTAKES = [
    (["--to", "192.0.2.1:443"], "--from is missing"),
    (["--from", "10.1.1.5", "--to", "192.0.2.1"], "port is missing"),
    (["--from", "10.1.1", "--to", "192.0.2.1:443"], "is no address"),
    (["--from", "10.1.1.5", "--to", "192.0.2.1:65536"], "is no address"),
    (["--from", "10.1.1.5", "--to", "[2001:db8::1]:443"], "different versions"),
    ([*ENDS, "--sni", "a.b", "--host", "a.b"], "one name first"),
    ([*ENDS, "--sni", "a b"], "is no host name"),
    ([*ENDS, "--application", "whatsap"], "did you mean \"whatsapp\""),
    ([*ENDS, "--application", "xmpp", "--service", "text"], "unknown service"),
    ([*ENDS, "--service", "text-chat"], "application's, which is missing"),
    ([*ENDS, "--at", "noon"], "is no time"),
    ([*ENDS, "--protocol", "sctp"], "tcp or udp"),
    ([*ENDS, "--vlan", "4095"], "out of range"),
    ([*ENDS, "--mac", "00:11:22"], "no hardware address"),
    ([*ENDS, "--interface", "8"], "out of range"),
    (["--read", "none.pcap"], "belong together"),
    (["--read", "none.pcap", "--flow", "1"], "none.pcap"),
]


def run(*words, policy=POLICY):
    command = [PROGRAM, "explain", "--policy", policy, *words]
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60, check=False)


def check_ways():
    with tempfile.TemporaryDirectory(prefix="chatgate-explain-") as folder:
        policy = Path(folder) / "policy.json"
        policy.write_text(json.dumps(BY_WAY), encoding="utf-8")
        catalogue = SOURCE / "policy" / "catalog"
        for words, rule, part in WAYS:
            done = run(*ENDS, *words, "--catalogue", catalogue, policy=policy)
            if f"\nrule: {rule}\n" not in done.stdout or part not in done.stdout:
                yield f"{words}: {done.stdout}{done.stderr}"


def check_captures():
    """Flows of a capture, by number and by identifier."""
    made = Capture()
    innocent = made.tcp(443)
    innocent.open()
    innocent.client(client_hello("www.example.com"))
    blocked = made.tcp(443)
    blocked.open()
    blocked.client(client_hello("web.whatsapp.com"))
    with tempfile.TemporaryDirectory(prefix="chatgate-explain-") as folder:
        events = Path(folder) / "events.json"
        capture = Path(folder) / "in.pcap"
        capture.write_bytes(made.file())
        subprocess.run([str(PROGRAM), "replay", "--policy", str(POLICY), "--read", str(capture), "--events",
                        str(events)], capture_output=True, check=True, timeout=60)
        alerts = [event for event in map(json.loads, events.read_text(encoding="utf-8").splitlines())
                  if event["event_type"] == "alert"]
        for number, action in (("1", "allow"), ("2", "reset"), (str(alerts[0]["flow_id"]), "reset")):
            done = run("--read", capture, "--flow", number, "--json")
            if done.returncode != 0 or json.loads(done.stdout)["action"] != action:
                yield f"flow {number}: {done.stdout}{done.stderr}"
        done = run("--read", capture, "--flow", "9")
        if done.returncode != 2 or "is not in" not in done.stderr:
            yield f"flow 9: {done.stdout}{done.stderr}"


def main():
    findings = []
    for words, *right in SAID:
        done = run(*words, "--json")
        told = json.loads(done.stdout) if done.returncode == 0 else {}
        found = [told.get(key) for key in ("application", "evidence", "action", "rule")]
        if found != right:
            findings.append(f"{words}: {found}, {done.stderr.strip()}")
        text = run(*words).stdout
        if f"\naction: {right[2]}\n" not in text:
            findings.append(f"{words}: {text}")
    findings += check_ways()
    for words, part in MISTAKES:
        done = run(*words)
        if done.returncode != 2 or part not in done.stderr or done.stdout:
            findings.append(f"{words}: status {done.returncode}, {done.stderr.strip()}")
    findings += check_captures()
    for finding in findings:
        print(finding)
    print(f"{len(SAID) + len(WAYS) + len(MISTAKES)} cases, {len(findings)} failed")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()

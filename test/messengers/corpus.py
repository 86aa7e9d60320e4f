#!/usr/bin/python3
"""Messengers' protocols in captures that others made: those that are there, and none where there is none.

usage: corpus.py CHATGATE [--corpus FOLDER] [-j N]

Replays under a policy that alerts on every messenger. Each flow that the corpus knows by its payload must be
recognised by its payload, as the right application, and not later than with the packet that the corpus
says is enough; no flow of a benign capture may be. Prints the recall of each application, and fails
below 99 per cent. Without a corpus says so, and the exit status is 77.
"""

import argparse
import csv
import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from replay import TREE, Result  # noqa: E402  pylint: disable=wrong-import-position

POLICY = {"rules": [{"category": "im", "action": "alert"}]}
LEAST = 0.99
SKIPPED = 77
# Marks that the corpus itself calls weak: other traffic has them too, so nothing is decided by them.
WEAK = {"skype-udp-weak"}
# Marks within STUN. Skype's are Teams' and Lync's too, of which only Teams is still in use.
STUN = "stun=attr-", "stun=ms-attr-8054", "stun=ms-attr-8070"
SAME_STUN = {"skype", "teams"}
# Where the corpus is satisfied with what others say as well: by file and its packet, the packet that tells.
LATER = {("suricata-verify/irc.pcap", 4): 6}  # PASS, with which FTP and POP3 go on, and the line behind it
# Link types that are not read, so that such captures hold nothing for us.
UNREAD = {"PPP", "C_HDLC"}


def read(path):
    with path.open(encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


def ends(transport, one, one_port, other, other_port):
    return transport.lower(), frozenset({(ip_address(one), int(one_port)), (ip_address(other), int(other_port))})


def recognised(program, capture):
    """By flow: (application, packet) of each time that its payload told."""
    found = {}
    for event in Result(program, POLICY, capture, written=False).events:
        if event.get("event_type") == "alert" and event["im"].get("evidence") == "payload":
            key = ends(event["proto"], event["src_ip"], event["src_port"], event["dest_ip"], event["dest_port"])
            found.setdefault(key, []).append((event["im"]["application"], event["im"]["decided_at"]))
    return found


def check_flow(flow, right, found):
    """What is wrong with how a labelled flow was taken, or None."""
    key = ends(flow["transport"], flow["client_ip"], flow["client_port"], flow["server_ip"], flow["server_port"])
    told = found.get(key, [])
    where = f"{flow['file']}, packet {flow['first_packet']}, {flow['app']} by {flow['evidence']}"
    if not told:
        return "missed", f"{where}: not recognised"
    wrong = [application for application, _ in told if application not in right]
    if wrong:
        return "wrong", f"{where}: is called {wrong[0]}"
    enough = int(flow["decide_packet"] or told[0][1])
    if told[0][1] > LATER.get((flow["file"], enough), enough):
        return "late", f"{where}: with packet {told[0][1]} instead of {enough}"
    return None


def main():
    parser = argparse.ArgumentParser(description="Recognises messengers in the corpus by their payload.")
    parser.add_argument("chatgate")
    parser.add_argument("--corpus", type=Path, default=TREE.parent / "shared" / "corpus")
    parser.add_argument("-j", type=int, default=2, dest="jobs")
    options = parser.parse_args()
    if not (options.corpus / "flows.csv").exists():
        print(f"SKIPPED: there is no corpus in {options.corpus}")
        sys.exit(SKIPPED)
    aliases = json.loads((options.corpus / "aliases.json").read_text(encoding="utf-8"))
    labelled = [flow for flow in read(options.corpus / "flows.csv") if flow["evidence"].startswith(("payload=", *STUN))]
    weak = [flow for flow in labelled if flow["evidence"].removeprefix("payload=") in WEAK]
    labelled = [flow for flow in labelled if flow not in weak]
    benign = [row["file"] for row in read(options.corpus / "corpus.csv")
              if row["class"] == "benign" and row["link_type"] not in UNREAD]
    files = sorted({flow["file"] for flow in labelled} | set(benign))
    with ThreadPoolExecutor(options.jobs) as pool:
        paths = [options.corpus / "pcaps" / file for file in files]
        found = dict(zip(files, pool.map(lambda path: recognised(options.chatgate, path), paths)))

    findings = []
    for file in benign:
        for (transport, both), told in found[file].items():
            findings.append(f"{file}: {transport} {sorted(map(str, both))} is called {told[0][0]}")
    all_of, missed = Counter(), Counter()
    for flow in labelled:
        application = flow["app"]
        all_of[application] += 1
        right = aliases.get(application, [application])
        if flow["evidence"].startswith(STUN) and application in SAME_STUN:
            right = ["ms-teams"]
        problem = check_flow(flow, right, found[flow["file"]])
        if problem is None:
            continue
        kind, text = problem
        missed[application] += kind == "missed"
        if kind == "missed":
            print(text)
        else:
            findings.append(text)
    for application, count in sorted(all_of.items()):
        recall = 1 - missed[application] / count
        print(f"{application:12} {count - missed[application]:3} of {count:3}, recall {recall:.2f}")
        if recall < LEAST:
            findings.append(f"{application}: recall is below {LEAST}")
    for finding in findings:
        print(finding)
    print(f"{len(benign)} benign captures; {len(weak)} flows with a weak mark are not asked for")
    print(f"{sum(all_of.values()) - sum(missed.values())} passed, {len(findings)} failed")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()

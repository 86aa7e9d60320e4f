#!/usr/bin/python3
"""The catalogue against captures that others made: what is recognised of what is there, and nothing where nothing is.

usage: recall.py CHATGATE [--corpus FOLDER] [-j N]

Replays every capture under a policy that alerts on every messenger. A flow that the corpus has labelled counts
as recognised when an event calls it by the right application, not later than with the packet that the corpus
says is enough. Prints a table by kind of evidence and by application, and each miss with the reason why it stays
one (STAYS), and fails where
  * a flow whose content or STUN could tell is missed, and no reason is known,
  * recall is below what is held to (LEAST), or a flow is recognised later than it could be,
  * a labelled flow is called another application,
  * a flow of a benign capture is called a messenger.
Without a corpus says so, and the exit status is 77.
"""

import argparse
import csv
import json
import sys
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "test" / "support"))

from replay import Result  # noqa: E402  pylint: disable=wrong-import-position

POLICY = {"rules": [{"category": "im", "action": "alert"}]}
# Recall that each kind of evidence is held to; of the others it is printed.
LEAST = {"content": 0.99, "port and address": 0.95}
KINDS = {"payload": "content", "tls-sni": "content", "quic-sni": "content", "gquic-sni": "content",
         "http-host": "content", "http-connect": "content", "dns": "content", "signature": "content",
         "port": "port and address", "ip-only": "port and address"}
SKIPPED = 77
# Where the corpus is satisfied with what others say as well: by file and its packet, the packet that tells.
LATER = {
    ("suricata-verify/irc.pcap", 4): 6,  # PASS, with which FTP and POP3 go on, and the line behind it
}
# Why a flow is not recognised, and is not meant to be: what it shows is not the messenger's alone, and whatever would
# take it takes others too. By the name that it says, or by its kind of evidence.
STAYS = {
    "config.edge.skype.com": "Office, Edge and Windows fetch their configuration there, with or without Teams",
    "auth.kakao.com": "signs in to every service of Kakao's, maps and taxis too, and to others' sites",
    "mqtt-mini.facebook.com": "carries what Facebook's and Instagram's applications are told, besides messages",
    "stun": "a plain question to a peer, as any call over WebRTC sends it: no mark, and no address of the messenger's",
}
# The same, for some flows: by file and server port.
RENTED = "a rented server on a port that Jitsi's meetings use too"
PERMITTED = ("a peer that only requests for permission to Telegram's relays name (RFC 8656 section 9), which are "
             "not read")
STAYS_HERE = {
    ("ndpi-2025/signal_multiparty.pcapng", "10000"): RENTED,
    ("ndpi-2025/signal_videocall_multiparty.pcapng", "10000"): RENTED,
    ("ndpi/telegram_videocall.pcapng", "42554"): PERMITTED,
    ("ndpi/telegram_videocall.pcapng", "35393"): PERMITTED,
}
# A mark that other traffic has too tells nothing by itself, so the flow is not held to its first packet: it is what
# an endpoint sends to one peer after another that tells.
WEAK = {"skype-udp-weak"}
# Link types that are not read, so that such captures hold nothing for us.
UNREAD = {"PPP", "C_HDLC"}


def read(path):
    with path.open(encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


def ends(transport, one, one_port, other, other_port):
    return transport.lower(), frozenset({(ip_address(one), int(one_port)), (ip_address(other), int(other_port))})


def ends_of(flow):
    return ends(flow["transport"], flow["client_ip"], flow["client_port"], flow["server_ip"], flow["server_port"])


def recognised(program, capture):
    """By flow: (application, evidence, packet) of each time that it was called a messenger."""
    found = defaultdict(list)
    for event in Result(program, POLICY, capture, written=False).events:
        if event.get("event_type") == "alert" and event["im"].get("application", "unknown") != "unknown":
            key = ends(event["proto"], event["src_ip"], event["src_port"], event["dest_ip"], event["dest_port"])
            told = event["im"]
            found[key].append((told["application"], told["evidence"], told["decided_at"]))
    return found


def check_flow(flow, right, allowed, found):
    """(kind of problem, what it is) of how a labelled flow was taken, or None."""
    told = found.get(ends_of(flow), [])
    where = f"{flow['file']}, packet {flow['first_packet']}, {flow['app']} by {flow['evidence']}"
    wrong = [each for each in told if each[0] not in allowed]
    if wrong:
        return "wrong", f"{where}: is called {wrong[0][0]} by {wrong[0][1]}"
    in_time = [packet for application, _, packet in told if application in right]
    if not in_time:
        return "missed", f"{where}: not recognised"
    word, _, mark = flow["evidence"].partition("=")
    if word not in KINDS or mark in WEAK or not flow["decide_packet"]:
        return None
    enough = int(flow["decide_packet"])
    if in_time[0] > LATER.get((flow["file"], enough), enough):
        return "late", f"{where}: with packet {in_time[0]} instead of {enough}"
    return None


def reason_for(flow):
    """In words, why it is right to let it pass; empty where none is known."""
    word, _, mark = flow["evidence"].partition("=")
    here = STAYS_HERE.get((flow["file"], flow["server_port"]))
    return here or STAYS.get(mark) or ("" if mark else STAYS.get(word, ""))


class Table:
    """Recall of each row."""

    def __init__(self):
        self.all_of, self.missed = Counter(), Counter()

    def add(self, row, missed):
        self.all_of[row] += 1
        self.missed[row] += missed

    def recall(self, row):
        return 1 - self.missed[row] / self.all_of[row]

    def show(self, title):
        print(title)
        for row in sorted(self.all_of):
            print(f"  {row:20} {self.all_of[row] - self.missed[row]:3} of {self.all_of[row]:3}, "
                  f"recall {self.recall(row):.3f}")


def check_labels(flows, aliases, found):
    """Prints the tables; what is wrong."""
    findings = []
    by_kind, by_word, by_application = Table(), Table(), Table()
    allowed = defaultdict(set)  # some flows hold more than one application
    for flow in flows:
        allowed[flow["file"], ends_of(flow)] |= set(aliases.get(flow["app"], [flow["app"]]))
    for flow in flows:
        right = aliases.get(flow["app"], [flow["app"]])
        problem, text = check_flow(flow, right, allowed[flow["file"], ends_of(flow)], found[flow["file"]]) or ("", "")
        word = flow["evidence"].partition("=")[0]
        core = flow["scope"] == "core"
        by_word.add(word if core else "of doubtful scope", problem == "missed")
        if core:
            by_application.add(flow["app"], problem == "missed")
            if word in KINDS:
                by_kind.add(KINDS[word], problem == "missed")
        if problem == "missed":
            why = reason_for(flow)
            print("miss: " + text + (f"; stays so: {why}" if why else ""))
            if core and not why and (word == "stun" or KINDS.get(word) == "content"):
                findings.append(text + ", and no reason is known")
        elif problem:
            findings.append(text)
    by_application.show("by application")
    by_word.show("by evidence")
    for kind, least in LEAST.items():
        print(f"{kind}: recall {by_kind.recall(kind):.4f} of {by_kind.all_of[kind]}, held to {least}")
        if by_kind.recall(kind) < least:
            findings.append(f"recall by {kind} is below {least}")
    return findings


def check_benign(benign, found):
    return [f"{file}: {key[0]} {' and '.join(sorted(f'{address} {port}' for address, port in key[1]))} is called "
            f"{told[0][0]} by {told[0][1]}, packet {told[0][2]}"
            for file in benign for key, told in found[file].items()]


def main():
    parser = argparse.ArgumentParser(description="Recognises messengers in a corpus of captures.")
    parser.add_argument("chatgate")
    parser.add_argument("--corpus", type=Path, default=TREE.parent / "shared" / "corpus")
    parser.add_argument("-j", type=int, default=2, dest="jobs")
    options = parser.parse_args()
    if not (options.corpus / "flows.csv").exists():
        print(f"SKIPPED: there is no corpus in {options.corpus}")
        sys.exit(SKIPPED)
    aliases = json.loads((options.corpus / "aliases.json").read_text(encoding="utf-8"))
    flows = read(options.corpus / "flows.csv")
    benign = [row["file"] for row in read(options.corpus / "corpus.csv")
              if row["class"] == "benign" and row["link_type"] not in UNREAD]
    files = sorted({flow["file"] for flow in flows} | set(benign))
    with ThreadPoolExecutor(options.jobs) as pool:
        paths = [options.corpus / "pcaps" / file for file in files]
        found = dict(zip(files, pool.map(lambda path: recognised(options.chatgate, path), paths)))
    findings = check_labels(flows, aliases, found) + check_benign(benign, found)
    for finding in findings:
        print("wrong: " + finding)
    print(f"{len(flows)} labelled flows, {len(benign)} benign captures: {len(findings)} findings")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""The shipped rules, each on a capture it must alert on and on look-alikes it must not.

usage: run.py CHATGATE [--corpus FOLDER] [-j N] [NAME ...]

Runs `chatgate replay --rules` with every file of policy/rules over

  the cases        im_legacy.py, im_http.py, im_other.py, p2p.py and tunnel.py beside this script: the sids that
                   alert are those that the case names, whether its bytes come whole, in pieces of seven or one by one;
  the corpus       captures of class benign: none may alert but those listed in BENIGN, which hold file
                   sharing, and these with just what is listed.

Each rule must be named by a case that it alerts on, and by a look-alike; its application must be in the
catalogue. NAMES are parts of names of cases; with any, nothing else runs. Without a corpus what needs it
is left out, which is said, and the exit status is 77 where all else is right.
"""

import argparse
import csv
import itertools
import json
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
TREE = HERE.parents[1]
RULES = sorted((TREE / "policy" / "rules").glob("*.rules"))
CATALOGUE = TREE / "policy" / "catalog"
CUTS = None, 7, 1
SKIPPED = 77
# Of captures, what is no fault of the rules: what came before it was judged.
UNREADABLE = re.compile(r"link type|is cut off after")

sys.path.insert(0, str(HERE))

import im_http  # noqa: E402  pylint: disable=wrong-import-position
import im_legacy  # noqa: E402  pylint: disable=wrong-import-position
import im_other  # noqa: E402  pylint: disable=wrong-import-position
import p2p  # noqa: E402  pylint: disable=wrong-import-position
import tunnel  # noqa: E402  pylint: disable=wrong-import-position

CASES = [case for module in (im_legacy, im_http, im_other, p2p, tunnel) for case in module.CASES]

# Captures without a messenger that hold file sharing, and what must alert there.
BENIGN = {
    "mercury/quic_reordered_frames.pcap": {9100207},
    "ndpi/bittorrent_tcp_miss.pcapng": {9100201},
    "ndpi/bittorrent_utp.pcapng": {9100202, 9100203},
    "ndpi/bt-http.pcapng": {9100205, 9100210},
    "sample-captures/SoulSeekRoom.pcap": {9100252},
}


class Replay:
    """Runs captures through the engine with the shipped rules, forwarding everything."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.policy = folder / "policy.json"
        self.policy.write_text('{ "mode": "monitor", "rules": [] }\n')
        self.numbers = itertools.count()

    def written(self, data):
        path = self.folder / f"{next(self.numbers)}.pcap"
        path.write_bytes(data)
        return path

    def alerts(self, capture):
        """The sids that alert on a capture. Raises RuntimeError where replay fails."""
        words = [self.program, "replay", "--policy", self.policy, "--catalogue", CATALOGUE, "--events", "-",
                 "--flows", "16384"]
        for rules in RULES:
            words += ["--rules", rules]
        done = subprocess.run([*map(str, words), "--read", str(capture)], capture_output=True, text=True,
                              errors="replace", timeout=300, check=False)
        if done.returncode != 0 and not UNREADABLE.search(done.stderr):
            raise RuntimeError(f"replay ends with {done.returncode}: {done.stderr.strip()}")
        events = (json.loads(line) for line in done.stdout.splitlines())
        return {event["alert"]["signature_id"] for event in events
                if event.get("event_type") == "alert" and event["alert"]["gid"] == 1}


def told(name, wanted, given):
    """What is wrong, one line each; nothing where the two are equal."""
    for sid in sorted(wanted - given):
        yield f"{name}: {sid} does not alert"
    for sid in sorted(given - wanted):
        yield f"{name}: {sid} alerts"


def check_case(replay, case, corpus):
    if case.corpus:
        if corpus is not None:
            yield from told(case.name, case.sids, replay.alerts(corpus / "pcaps" / case.corpus))
        return
    for cut in CUTS if case.can_be_cut() else (None,):
        name = case.name if cut is None else f"{case.name}, in pieces of {cut}"
        yield from told(name, case.sids, replay.alerts(replay.written(case.capture(cut))))


def check_benign(replay, corpus, file):
    yield from told(file, BENIGN.get(file, set()), replay.alerts(corpus / "pcaps" / file))


def check_table():
    """Whether cases and rules know each other."""
    text = "\n".join(path.read_text() for path in RULES)
    # Comments may speak of other people's sids.
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    numbers = [int(sid) for sid in re.findall(r"\bsid:(\d+);", text)]
    sids = set(numbers)
    for sid in sorted(sid for sid in sids if numbers.count(sid) > 1):
        yield f"{sid} stands twice"
    for what, named in (("capture", {sid for case in CASES for sid in case.sids}),
                        ("look-alike", {sid for case in CASES for sid in case.near})):
        yield from (f"{sid} has no {what}" for sid in sorted(sids - named))
        yield from (f"there is no rule {sid}" for sid in sorted(named - sids))
    applications = re.findall(r"chatgate_application ([^,;]+)", text)
    if len(applications) != len(numbers):
        yield f"{len(numbers)} rules name {len(applications)} applications"
    for application in sorted(set(applications)):
        if not (CATALOGUE / f"{application}.json").exists():
            yield f"{application} is not in the catalogue"


def all_of(findings):
    """What a check finds, or that replay failed."""
    try:
        return list(findings)
    except (RuntimeError, subprocess.TimeoutExpired) as failure:
        return [str(failure)]


def main():
    parser = argparse.ArgumentParser(description="Proves the shipped rules on captures.")
    parser.add_argument("chatgate")
    parser.add_argument("--corpus", type=Path, default=TREE.parent / "shared" / "corpus")
    parser.add_argument("-j", type=int, default=2, dest="jobs")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    corpus = options.corpus if (options.corpus / "corpus.csv").exists() else None
    cases = [case for case in CASES
             if not options.names or any(name in case.name for name in options.names)]
    if not cases:
        parser.error("no case has such a name")
    benign = []
    if corpus is not None and not options.names:
        with (corpus / "corpus.csv").open(encoding="utf-8") as rows:
            benign = [row["file"] for row in csv.DictReader(rows) if row["class"] == "benign"]
    findings = list(check_table())
    with tempfile.TemporaryDirectory(prefix="chatgate-rules-") as folder, \
            ThreadPoolExecutor(options.jobs) as pool:
        replay = Replay(options.chatgate, Path(folder))
        for found in pool.map(lambda case: all_of(check_case(replay, case, corpus)), cases):
            findings += found
        for found in pool.map(lambda file: all_of(check_benign(replay, corpus, file)), benign):
            findings += found
    for finding in findings:
        print(finding)
    print(f"{len(cases)} cases, {len(benign)} benign captures, {len(findings)} findings")
    if findings:
        sys.exit(1)
    if corpus is None:
        print(f"skipped what needs captures: there is no corpus in {options.corpus}")
        sys.exit(SKIPPED)


main()

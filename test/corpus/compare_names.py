#!/usr/bin/python3
"""Every name that tshark prints for the corpus of real captures must be in chatgate's events too.

usage: compare_names.py --chatgate PROGRAM [--corpus FOLDER] [--cache FOLDER] [-j N] [CAPTURE ...]

Runs `chatgate replay` with protocol events over each capture (or over those that a CAPTURE
pattern names), and compares names, once for each capture and kind, and regardless of case:

  tls    server names of ClientHellos over TCP
  quic   server names of ClientHellos in QUIC Initials
  http   Host headers, :authority of HTTP/2
  dns    names asked for, but for mDNS and LLMNR

What replay complains of is a difference too, of kind "replay" and with the complaint for a name.

A difference that is right as it is stands in compare_names.json beside this script; one that does
not, and an explanation that matches no difference, are failures. Exit status: 0 where all is
explained, 1 where not, 2 for wrong usage, 77 where there is no corpus or no tshark.
"""

import argparse
import csv
import json
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path

HERE = Path(__file__).resolve().parent
TREE = HERE.parents[1]
EXPLANATIONS = HERE / "compare_names.json"
KINDS = "tls", "quic", "http", "dns"
# Event type, its object and the key of the name there.
EVENT_NAMES = {"tls": "sni", "quic": "sni", "http": "hostname", "dns": "rrname"}
SKIPPED = 77

sys.path.insert(0, str(HERE))

import tshark_names  # noqa: E402  pylint: disable=wrong-import-position


def legible(name):
    """Lower case, with what is no printable ASCII as one question mark a run: tshark escapes it
    otherwise than we do, or replaces it."""
    return re.sub(r"(?:\\x[0-9a-f]{2}|\\[0-7]{3}|\\[abfnrtv]|[^ -~])+", "?", name.lower()).replace("\\\\", "\\")


def host_of(kind, name):
    """The host in what tshark prints as it came: without port, brackets and trailing dot."""
    if kind == "http":
        name = re.sub(r"\A\[(.*)\](:\d*)?\Z|:\d*\Z", r"\1", name.strip())
    return legible(name[:-1] if name.endswith(".") else name)


def event_names(program, capture):
    """The (kind, name) of our events, and what replay complained of, or None."""
    words = [program, "replay", "--read", str(capture), "--policy",
             str(TREE / "policy" / "chatgate.json"), "--events", "-", "--protocol-events",
             # tshark reads what has a wrong checksum too.
             "--checksums", "ignore"]
    done = subprocess.run(words, capture_output=True, timeout=300, check=False)
    found = set()
    for line in done.stdout.decode("utf-8", errors="replace").splitlines():
        event = json.loads(line)
        kind = event.get("event_type")
        if kind in EVENT_NAMES and (name := event.get(kind, {}).get(EVENT_NAMES[kind])):
            found.add((kind, legible(name)))
    if done.returncode == 0:
        return found, None
    error = done.stderr.decode("utf-8", errors="replace").strip().removeprefix(f"{capture}: ")
    return found, error or f"exit status {done.returncode}"


class Explanations:
    """The table beside this script, and which of its rows were of use."""

    def __init__(self, path):
        self.rows = json.loads(path.read_text(encoding="utf-8"))
        self.uses = [0] * len(self.rows)

    def explain(self, capture, kind, name):
        explained = False
        for index, row in enumerate(self.rows):
            if row["kind"] == kind and fnmatchcase(capture, row["capture"]) \
                    and fnmatchcase(name, row["name"]):
                self.uses[index] += 1
                explained = True
        return explained

    def useless(self):
        return [row for row, uses in zip(self.rows, self.uses) if uses == 0]


class Comparison:
    def __init__(self, explanations):
        self.explanations = explanations
        self.printed, self.ours, self.missing, self.explained = (Counter() for _ in range(4))
        self.problems = []

    def add(self, capture, theirs, ours):
        seen = set()
        for (kind, name), frame in theirs.items():
            key = kind, host_of(kind, name)
            if key in seen or not key[1]:
                continue
            seen.add(key)
            self.printed[kind] += 1
            if key in ours:
                self.ours[kind] += 1
            elif self.explanations.explain(capture, *key):
                self.explained[kind] += 1
            else:
                self.missing[kind] += 1
                self.problems.append(f"{capture}: {kind} {key[1]} (frame {frame})")

    def add_failure(self, capture, error):
        if not self.explanations.explain(capture, "replay", error):
            self.problems.append(f"{capture}: replay {error}")

    def print(self):
        for problem in self.problems:
            print(problem)
        print(f"{'kind':6}{'tshark':>8}{'ours':>8}{'explained':>11}{'missing':>9}")
        for kind in KINDS:
            print(f"{kind:6}{self.printed[kind]:8}{self.ours[kind]:8}{self.explained[kind]:11}"
                  f"{self.missing[kind]:9}")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog="Exit status 77: no corpus, or no tshark.")
    parser.add_argument("--chatgate", required=True, help="the program")
    parser.add_argument("--corpus", type=Path, default=TREE / "../shared/corpus", help="default: %(default)s")
    parser.add_argument("--cache", type=Path, help="keeps what tshark printed, for the next time")
    parser.add_argument("-j", dest="jobs", type=int, default=2, help="captures at a time (%(default)s)")
    parser.add_argument("captures", nargs="*", metavar="CAPTURE", help="patterns of captures; default: all")
    return parser.parse_args()


def skip(reason):
    print(f"SKIPPED: {reason}")
    sys.exit(SKIPPED)


def main():
    options = arguments()
    table = options.corpus / "corpus.csv"
    if not table.exists():
        skip(f"no corpus of captures in {options.corpus}")
    tshark_version = tshark_names.version()
    if tshark_version is None:
        skip("no tshark")
    with table.open(newline="", encoding="utf-8") as file:
        captures = [row["file"] for row in csv.DictReader(file)]
    if options.captures:
        captures = [name for name in captures if any(fnmatchcase(name, p) for p in options.captures)]
    if not captures:
        sys.exit(f"no capture of {table} is called so")
    if options.cache is not None:
        options.cache.mkdir(parents=True, exist_ok=True)
    key = tshark_names.cache_key(tshark_version)

    def read(name):
        path = options.corpus / "pcaps" / name
        return tshark_names.names(path, options.cache, key), event_names(options.chatgate, path)

    comparison = Comparison(Explanations(EXPLANATIONS))
    with ThreadPoolExecutor(options.jobs) as pool:
        for name, (theirs, (ours, error)) in zip(captures, pool.map(read, captures)):
            comparison.add(name, theirs, ours)
            if error is not None:
                comparison.add_failure(name, error)
    if not options.captures:
        comparison.problems += [f"explains nothing: {json.dumps(row)}"
                                for row in comparison.explanations.useless()]
    comparison.print()
    sys.exit(1 if comparison.problems else 0)


main()

#!/usr/bin/python3
"""What Snort rules cost: packets a second of the engine over real captures, by the number of rules.

usage: rule_cost.py CHATGATE [--corpus FOLDER] [--megabytes N] [--runs N]

Replays the largest captures of the corpus once each, under a policy that forwards everything, with no
rules, the shipped ones, and 10, 1,000 and 10,000 rules made from a seed: contents of words, half of them for
one server port, a quarter on HTTP's URI, some with a second content or an expression behind. All but one in a
hundred of their words occur in no capture. Prints one row a set, the median of the runs in turn, against none.
"""

import argparse
import csv
import json
import random
import statistics
import subprocess
import tempfile
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
COUNTS = 10, 1000, 10000
PORTS = 25, 53, 80, 110, 143, 443, 1863, 5050, 5190, 5222, 6667, 8080


def word(numbers):
    return "".join(numbers.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(numbers.randint(5, 16)))


def rule(sid, numbers):
    first = numbers.choice(("Host:", "User-Agent", "content")) if numbers.random() < 0.01 else word(numbers)
    port = numbers.choice(PORTS) if numbers.random() < 0.5 else "any"
    options = f'content:"{first}"; nocase;'
    if numbers.random() < 0.25:
        options += " http_uri;"
    elif numbers.random() < 0.3:
        options += f' content:"{word(numbers)}"; distance:0; within:200;'
    elif numbers.random() < 0.2:
        options += f' pcre:"/{word(numbers)}[0-9]+/Ri";'
    return f'alert tcp any any -> any {port} (msg:"{sid}"; flow:to_server; {options} sid:{sid}; rev:1;)\n'


def captures(corpus, megabytes):
    with (corpus / "corpus.csv").open(encoding="utf-8") as rows:
        found = [(int(row["bytes"]), row["file"]) for row in csv.DictReader(rows)
                 if row["class"] != "malformed" and row["link_type"] == "EN10MB" and row["truncated"] != "yes"]
    room = megabytes << 20
    for size, file in sorted(found, reverse=True):
        if size <= room:
            room -= size
            yield corpus / "pcaps" / file


def measure(program, policy, files, rules):
    packets, seconds = 0, 0.0
    for file in files:
        words = [program, "replay", "--policy", policy, "--catalogue", TREE / "policy" / "catalog",
                 "--read", file]
        for each in rules:
            words += ["--rules", each]
        done = subprocess.run([str(each) for each in words], capture_output=True, text=True, check=True)
        summary = json.loads(done.stdout.splitlines()[-1])
        packets += summary["packets"]
        seconds += summary["engine_seconds"]
    return packets / seconds


def main():
    parser = argparse.ArgumentParser(description="What Snort rules cost, in packets a second.")
    parser.add_argument("chatgate")
    parser.add_argument("--corpus", type=Path, default=TREE.parent / "shared" / "corpus")
    parser.add_argument("--megabytes", type=int, default=12)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    files = list(captures(options.corpus, options.megabytes))
    with tempfile.TemporaryDirectory(prefix="chatgate-cost-") as folder:
        policy = Path(folder) / "policy.json"
        policy.write_text('{ "rules": [ { "category": "im", "action": "allow" } ] }\n')
        sets = {"none": [], "shipped": sorted((TREE / "policy" / "rules").glob("*.rules"))}
        for count in COUNTS:
            numbers = random.Random(count)
            path = Path(folder) / f"{count}.rules"
            path.write_text("".join(rule(3000000 + i, numbers) for i in range(count)))
            sets[f"{count:,}"] = [path]
        speeds = {name: [] for name in sets}
        for _ in range(options.runs):
            for name, rules in sets.items():
                speeds[name].append(measure(options.chatgate, policy, files, rules))
    none = statistics.median(speeds["none"])
    print(f"{len(files)} captures\n| rules | packets a second | of none | spread |\n|---|---|---|---|")
    for name, all_runs in speeds.items():
        middle = statistics.median(all_runs)
        print(f"| {name} | {middle:,.0f} | {middle / none:.0%} | {min(all_runs):,.0f} to {max(all_runs):,.0f} |")


main()

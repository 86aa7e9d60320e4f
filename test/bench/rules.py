"""What Snort rules cost: packets a second of the engine over real captures, by the number of rules.

A capture of mixed traffic is run once under a policy that forwards everything, with no rules, the shipped
ones, and 10, 1,000 and 10,000 rules made from a seed: contents of words, half of them for one server port, a
quarter on HTTP's URI, some with a second content or an expression behind. All but one in a hundred of their
words occur in no capture. Each set is held against none, in turn.
"""

import json
import random

import captures
import measure

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


def speed(program, policy, capture, rules):
    words = [program, "replay", "--policy", policy, "--catalogue", measure.TREE / "policy" / "catalog",
             "--flows", 1 << 18, "--read", capture]
    for each in rules:
        words += ["--rules", each]
    return json.loads(measure.run(words).stdout.splitlines()[-1])["packets_per_second"]


def rules(bench):
    capture = bench.folder / "rules.pcap"
    if captures.mixed(bench, capture) == 0:
        print("scripts/bench: no captures beside the tree, so no cost of rules", flush=True)
        return
    policy = bench.folder / "forward.json"
    policy.write_text('{ "rules": [ { "category": "im", "action": "allow" } ] }\n', encoding="utf-8")
    sets = {"shipped": sorted((measure.TREE / "policy" / "rules").glob("*.rules"))}
    for count in COUNTS[:1] if bench.quick else COUNTS:
        numbers = random.Random(count)
        path = bench.folder / f"{count}.rules"
        path.write_text("".join(rule(3000000 + i, numbers) for i in range(count)), encoding="utf-8")
        sets[str(count)] = [path]
    speeds, alone = {name: [] for name in sets}, []
    for _ in range(bench.runs):
        alone.append(speed(bench.program, policy, capture, []))
        for name, files in sets.items():
            speeds[name].append(speed(bench.program, policy, capture, files))
    for name, values in speeds.items():
        bench.add(measure.Result(f"rules/{name}", "packets/s", values, "no rules", alone))

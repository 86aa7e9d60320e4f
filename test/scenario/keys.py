#!/usr/bin/python3
"""Every key of the policy's schema does something: two policies that differ in it alone, over one capture.

usage: keys.py CHATGATE SCHEMA [KEY ...]

key_changes.py has what is changed for each key and the capture, keys.txt what comes of it before and after the
change. A key of SCHEMA that no change covers fails, and so does a change that is in more than its key, one that comes
to nothing, and one that comes to something else than is written in keys.txt: "dropped PACKETS; forged N; EVENTS",
packets counted from 1, an event as "RULE ACTION APPLICATION". CHATGATE_REWRITE=1 writes keys.txt anew; read the
difference before you keep it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
OUTCOMES = HERE / "keys.txt"
CATALOGUE = HERE.parents[1] / "policy" / "catalog"
sys.path.insert(0, str(HERE))

import frames  # noqa: E402  pylint: disable=wrong-import-position
from key_changes import CHANGES, FILES, WITHOUT_EFFECT  # noqa: E402  pylint: disable=wrong-import-position


def keys_of(schema):
    """Every key, at every depth, with * for names that the operator chooses."""
    found = {}

    def walk(node, path):
        if "$ref" in node:
            walk(schema["$defs"][node["$ref"].rsplit("/", 1)[1]], path)
        for word in ("oneOf", "anyOf", "allOf"):
            for each in node.get(word, ()):
                walk(each, path)
        if isinstance(node.get("items"), dict):
            walk(node["items"], path)
        if isinstance(node.get("additionalProperties"), dict):
            walk(node["additionalProperties"], (*path, "*"))
        for key, value in node.get("properties", {}).items():
            found[".".join((*path, key))] = None
            walk(value, (*path, key))

    walk(schema, ())
    return list(found)


def differing(before, after, path=()):
    """The keys, as keys_of has them, under which two policies differ."""
    if before == after:
        return set()
    named = ".".join("*" if at == 1 and path[0] in ("networks", "times", "applications", "lists") else key
                     for at, key in enumerate(path))
    if isinstance(before, dict) and isinstance(after, dict):
        return set().union(*(differing(before.get(key), after.get(key), (*path, key))
                             for key in before.keys() | after.keys()))
    objects = all(isinstance(value, list) and all(isinstance(each, dict) for each in value)
                  for value in (before, after))
    if objects and len(before) == len(after):
        return set().union(*(differing(left, right, path) for left, right in zip(before, after)))
    return {named}


def outcome(program, folder, policy, capture, arguments):
    """In words; raises where the policy is refused."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        own = Path(own)
        # Beside the files that it names.
        written = (folder / own.name).with_suffix(".json")
        written.write_text(json.dumps(policy), encoding="utf-8")
        (own / "input.pcap").write_bytes(capture.file())
        done = subprocess.run(
            [program, "replay", "--policy", str(written), "--catalogue", str(CATALOGUE),
             "--read", str(own / "input.pcap"), "--write", str(own / "output.pcap"),
             "--events", str(own / "events.json"), *(arguments or ("--flows", "1024"))],
            capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        output = frames.read_pcap((own / "output.pcap").read_bytes())[1]
        events = [json.loads(line) for line in (own / "events.json").read_text(encoding="utf-8").splitlines()]
    # Frames have a time each; what is forged has that of its cause.
    sent = {time: frame for time, frame, _ in capture.packets}
    passed = {time for time, frame in output if sent[time] == frame}
    dropped = [number for number, time in enumerate(sent, 1) if time not in passed]
    forged = [frame for time, frame in output if sent[time] != frame]
    parts = []
    if dropped:
        few = len(dropped) <= 8
        parts.append("dropped " + (",".join(map(str, dropped)) if few else f"{len(dropped)} packets"))
    if forged:
        parts.append(f"forged {len(forged)}" + "".join(sorted({said_of(frame) for frame in forged})))
    parts += sorted(filter(None, map(said, events)))
    return "; ".join(parts) or "passes"


def said_of(frame):
    """Of an answer to a question: its code, or its address."""
    if frame[23] != 17 or frame[34:36] != b"\x00\x35":
        return ""
    facts = frames.describe(frame)
    address = ".".join(map(str, frame[-4:])) if facts["dns"]["answers"] else ""
    return f" (code {facts['dns']['rcode']}{' ' + address if address else ''})"


def said(event):
    if event["event_type"] == "flow" and event["flow"]["reason"] == "timeout":
        return f"{event['proto'].lower()}/{event['dest_port']} forgotten"
    if event["event_type"] != "alert":
        return ""
    im = event["im"]
    words = [im.get("rule") or event["alert"]["signature"], event["alert"]["action"], im["application"],
             im.get("service", "")]
    return " ".join(word for word in words if word)


def came_of(program, folder, change, known):
    """What comes of the capture before the change and after it; an error's text where it cannot be known."""
    came = []
    try:
        for policy in (change.before, change.after):
            asked = json.dumps(policy), change.capture.file(), *change.arguments
            if asked not in known:
                known[asked] = outcome(program, folder, policy, change.capture, change.arguments)
            came.append(known[asked])
        return tuple(came)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        return str(error)


def problems_of(change, came, written):
    keys = differing(change.before, change.after)
    if keys != {change.key}:
        yield f"it changes {', '.join(sorted(keys)) or 'nothing'}"
    if isinstance(came, str):
        yield came
        return
    if came[0] == came[1]:
        yield f"it comes to nothing: {came[0]}"
    if written != came:
        yield f"{came} instead of {written}"


def read_outcomes():
    """Those of a key are "KEY", "  before: ...", "  after: ..."."""
    lines = OUTCOMES.read_text(encoding="utf-8").splitlines() if OUTCOMES.exists() else []
    return {key: (before.removeprefix("  before: "), after.removeprefix("  after: "))
            for key, before, after in zip(lines[::3], lines[1::3], lines[2::3])}


def write_outcomes(found):
    OUTCOMES.write_text("".join(f"{key}\n  before: {before}\n  after: {after}\n"
                                for key, (before, after) in found.items()), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description="Every key of the policy changes what comes of a capture.")
    parser.add_argument("program", help="the chatgate to run")
    parser.add_argument("schema", type=Path, help="policy/policy.schema.json")
    parser.add_argument("keys", nargs="*", help="only these")
    options = parser.parse_args()
    wanted = keys_of(json.loads(options.schema.read_text(encoding="utf-8")))
    failed = passed = 0

    def tell(name, problems):
        nonlocal failed, passed
        failed += bool(problems)
        passed += not problems
        if problems:
            print(f"FAILED {name}")
        for problem in problems:
            print(f"       {problem}")

    with tempfile.TemporaryDirectory(prefix="chatgate-keys-") as folder:
        folder = Path(folder)
        for name, text in FILES.items():
            (folder / name).write_text(text, encoding="utf-8")
        changes = [change for change in CHANGES if not options.keys or change.key in options.keys]
        with ThreadPoolExecutor(2) as pool:
            known = {}
            results = list(pool.map(lambda change: came_of(options.program, folder, change, known), changes))
    if os.environ.get("CHATGATE_REWRITE") and not options.keys:
        write_outcomes({change.key: came for change, came in zip(changes, results) if not isinstance(came, str)})
    written = read_outcomes()
    for change, came in zip(changes, results):
        tell(change.key, list(problems_of(change, came, written.get(change.key))))
    if not options.keys:
        covered = {change.key for change in CHANGES} | set(WITHOUT_EFFECT)
        for key in wanted:
            # An object is changed by what changes within it.
            if not any(each == key or each.startswith(key + ".") for each in covered):
                tell(key, ["no change covers it"])
        for key in sorted(covered - set(wanted)):
            if not any(each.startswith(key + ".") for each in wanted):
                tell(key, ["the schema has no such key"])
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()

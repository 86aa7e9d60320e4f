#!/usr/bin/python3
"""Runs scenarios: captures through `chatgate replay`, and what must come of them.

usage: run.py CHATGATE [NAME ...] [--keep FOLDER]

A scenario is a folder beside this file:
  packets.py    makes the capture (see wire.py); or input.pcap, the capture itself
  policy.json   the policy
  expect.json   what must come of it
  README.md     what it shows, in two lines

expect.json, each key of which may be left out:
  arguments   more arguments of replay
  status      its exit status (0)
  error       text that standard error must hold
  summary     numbers of the last line
  events      objects of which each must be part of an event of its own
  no_events   objects none of which may be part of any event
  dropped     numbers of the packets, from 1, that must not go out; all others must, unchanged and in order
  forged      the frames of the gateway's own, each with the packet it comes "after"

Every scenario also runs with three workers and must come to the same. CHATGATE_REWRITE=1 rewrites what
expect.json says under the keys it has; read the difference before you keep it.
"""

import argparse
import json
import os
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
CATALOGUE = HERE.parents[1] / "policy" / "catalog"
sys.path.insert(0, str(HERE))

import frames  # noqa: E402  pylint: disable=wrong-import-position

# Of an event: what differs from machine to machine, or follows from the rest.
VOLATILE = "timestamp", "flow_id", "host", "community_id"


def is_part(wanted, given):
    """Whether every key of `wanted`, at every depth, is in `given` with its value."""
    if isinstance(wanted, dict) and isinstance(given, dict):
        return all(key in given and is_part(value, given[key]) for key, value in wanted.items())
    return wanted == given


class Result:
    """What one run of replay came to."""

    def __init__(self, program, scenario, capture, workers):
        with tempfile.TemporaryDirectory(prefix="chatgate-scenario-") as folder:
            folder = Path(folder)
            (folder / "input.pcap").write_bytes(capture)
            words = [program, "replay", "--policy", str(scenario.folder / "policy.json"),
                     "--catalogue", str(CATALOGUE), "--read", str(folder / "input.pcap"),
                     "--write", str(folder / "output.pcap"), "--events", str(folder / "events.json"),
                     "--workers", str(workers), *scenario.expected.get("arguments", [])]
            done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
            self.status, self.error = done.returncode, done.stderr
            lines = done.stdout.splitlines()
            self.summary = json.loads(lines[-1]) if lines else {}
            self.events, self.output = [], []
            if (folder / "events.json").exists():
                text = (folder / "events.json").read_text()
                self.events = [json.loads(line) for line in text.splitlines()]
            if (folder / "output.pcap").exists():
                self.output = frames.read_pcap((folder / "output.pcap").read_bytes())[1]

    def comparable(self):
        summary = {key: value for key, value in self.summary.items()
                   if key not in ("engine_seconds", "packets_per_second")}
        events = [json.dumps(event, sort_keys=True) for event in self.events]
        return self.status, summary, events, self.output


class Scenario:
    def __init__(self, folder):
        self.folder = folder
        self.expected = json.loads((folder / "expect.json").read_text())
        self.problems = []

    def capture(self):
        recipe = self.folder / "packets.py"
        if recipe.exists():
            return runpy.run_path(str(recipe))["capture"].file()
        return (self.folder / "input.pcap").read_bytes()

    def run(self, program, keep):
        capture = self.capture()
        if keep:
            (keep / f"{self.folder.name}.pcap").write_bytes(capture)
        result = Result(program, self, capture, 1)
        packets = frames.read_pcap(capture)[1]
        if os.environ.get("CHATGATE_REWRITE"):
            self.rewrite(result, packets)
        self.check(result, packets)
        if Result(program, self, capture, 3).comparable() != result.comparable():
            self.problems.append("three workers come to something else than one")
        return self.problems

    def check(self, result, packets):
        self.compare("exit status", self.expected.get("status", 0), result.status)
        error = self.expected.get("error", "")
        if error not in result.error or (not error and result.error):
            self.problems.append(f"standard error: {result.error!r} instead of {error!r}")
        for key, value in self.expected.get("summary", {}).items():
            self.compare(key, value, result.summary.get(key))
        self.check_events(result.events)
        if "dropped" in self.expected:
            self.check_output(result.output, packets)

    def compare(self, what, wanted, given):
        if wanted != given:
            self.problems.append(f"{what}: {given!r} instead of {wanted!r}")

    def check_events(self, events):
        left = list(events)
        for wanted in self.expected.get("events", []):
            match = next((event for event in left if is_part(wanted, event)), None)
            if match is None:
                self.problems.append(f"no event with {json.dumps(wanted)}")
            else:
                left.remove(match)
        for wanted in self.expected.get("no_events", []):
            for event in events:
                if is_part(wanted, event):
                    self.problems.append(f"unwanted event {json.dumps(event)}")

    def check_output(self, output, packets):
        """Walks the output beside the input: what is forwarded is the same bytes in the same order."""
        output = list(output)
        forged = list(self.expected.get("forged", []))
        for number, packet in enumerate(packets, 1):
            if number not in self.expected["dropped"]:
                if not output or output[0] != packet:
                    self.problems.append(f"packet {number} did not go out unchanged and in its place")
                    return
                output.pop(0)
            wanted = [frame for frame in forged if frame["after"] == number]
            own, output = output[:len(wanted)], output[len(wanted):]
            for given in own:
                self.check_forged(given, packet, number, wanted)
            for frame in wanted:
                self.problems.append(f"no forged frame {json.dumps(frame)}")
        if output:
            self.problems.append(f"{len(output)} frames more than expected went out, the first: "
                                 f"{output[0][1].hex()}")

    def check_forged(self, given, cause, number, wanted):
        try:
            facts = {"after": number, **frames.describe(given[1])}
        except (ValueError, IndexError) as error:
            self.problems.append(f"a forged frame after packet {number}: {error}: {given[1].hex()}")
            return
        match = next((frame for frame in wanted if is_part(frame, facts)), None)
        if match is None:
            self.problems.append(f"unexpected forged frame {json.dumps(facts)}")
        else:
            wanted.remove(match)
        if given[0] != cause[0]:
            self.problems.append(f"a forged frame after packet {number} has another time")

    def rewrite(self, result, packets):
        expected = self.expected
        if "summary" in expected:
            expected["summary"] = {key: result.summary[key] for key in expected["summary"]}
        if "events" in expected:
            expected["events"] = [{key: value for key, value in event.items() if key not in VOLATILE}
                                  for event in result.events]
        if "dropped" in expected:
            self.rewrite_output(result.output, packets)
        lines = json.dumps(expected, indent=2) + "\n"
        (self.folder / "expect.json").write_text(lines)

    def rewrite_output(self, output, packets):
        """A frame that is the next packet of the input was forwarded; a forged one has its cause's time."""
        self.expected["dropped"] = []
        self.expected["forged"] = []
        originals = set(packets)
        output = list(output)
        for number, packet in enumerate(packets, 1):
            if output and output[0] == packet:
                output.pop(0)
            else:
                self.expected["dropped"].append(number)
            while output and output[0] not in originals and output[0][0] == packet[0]:
                self.expected["forged"].append({"after": number, **frames.describe(output.pop(0)[1])})


def main():
    parser = argparse.ArgumentParser(description="Runs scenarios through chatgate replay.")
    parser.add_argument("program", help="the chatgate to run")
    parser.add_argument("names", nargs="*", help="scenarios; all where none is named")
    parser.add_argument("--keep", type=Path, help="folder to leave the captures in")
    options = parser.parse_intermixed_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    names = options.names or sorted(path.parent.name for path in HERE.glob("*/expect.json"))
    failed = 0
    for name in names:
        problems = Scenario(HERE / name).run(options.program, options.keep)
        failed += bool(problems)
        print(f"{'FAILED' if problems else 'ok':6} {name}")
        for problem in problems:
            print(f"       {problem}")
    print(f"{len(names) - failed} passed, {failed} failed")
    sys.exit(1 if failed or not names else 0)


if __name__ == "__main__":
    main()

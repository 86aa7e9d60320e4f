#!/usr/bin/python3
"""The benchmarks: run by scripts/bench, which installs and builds what they need.

Every figure is the median of runs; where two programs are compared they take turns, so that what
disturbs the machine disturbs both. See docs/design/performance.md.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import captures
import devices
import kpi
import measure
import micro
import report
import rules
import stages
import targets
import traffic
import transactions
import wire

AREAS = ("engine", "stage", "parse", "lookup", "signature", "captures", "rules", "devices", "memif", "rfc9411",
         "clients", "start")
SIZES = [("64", (60,)), ("imix", traffic.IMIX), ("1518", (1514,))]


class Bench:
    """What a run may take, where its files are, and what it has found."""

    def __init__(self, options, folder):
        self.quick, self.folder = options.quick, folder
        self.build = options.build.resolve()
        self.program = self.build / "app/chatgate/chatgate"
        self.runs = options.runs or (1 if options.quick else 5)
        self.seconds = 0.05 if options.quick else 0.3
        self.duration = 0.3 if options.quick else 1.0
        self.loops = 2 if options.quick else 6
        self.captures = 20 if options.quick else 120
        self.results = []
        self.failed = []  # areas
        self.other_name = options.against or "the other build"

    def add(self, result):
        self.results.append(result)
        ratio = f"   {result.ratio:.2f} of {result.against}" if result.ratio is not None else ""
        print(f"{result.name:44} {report.number(result.value):>12} {result.unit}{ratio}", flush=True)


def derived(bench):
    """Ratios between figures of one run."""
    by_name = {result.name: result for result in bench.results}

    def add(name, over, under, words, factor=1.0):
        if over in by_name and under in by_name:
            bench.add(measure.Result(name, by_name[over].unit, by_name[over].values, words,
                                     [value / factor for value in by_name[under].values], False))

    add("engine/rules", "engine/decided_with_rules/4000", "engine/decided_with_rules/10", "10 rules")
    add("engine/all-inspection", "engine/decided_with_all/1000/10000", "engine/decided_with_rules/10", "10 rules")
    # Frames a second of two at once: twice as many threads, each as slow as it is then.
    if {"engine/two_workers/threads:2", "engine/two_workers/threads:1"} <= by_name.keys():
        one, two = (by_name[f"engine/two_workers/threads:{n}"] for n in (1, 2))
        bench.add(measure.Result("engine/two-workers", "packets/s", [2e9 / value for value in two.values],
                                 "one worker", [1e9 / value for value in one.values]))


def against(bench, area, other):
    """One area of two builds in turn; areas that hold the gateway against other programs are not among them."""
    if area in micro.PROGRAMS:
        micro.micro(bench, area, other / "test/bench" / f"{area}-bench")
    elif area == "devices":
        devices.against_revision(bench, other / "app/chatgate/chatgate", [1000] if bench.quick else [1000, 100_000])
    elif area == "memif" and wire.possible():
        wire.against_revision(bench, other / "app/chatgate/chatgate")


def whole_devices(bench):
    if bench.quick:
        devices.forwarding(bench, SIZES[:1], [1000], ["5tswap"])
        return
    devices.forwarding(bench, SIZES[:1], [1000, 100_000, 1_000_000])
    devices.forwarding(bench, SIZES[1:], [100_000])
    devices.workers(bench)


def measure_all(bench, areas, other):
    measures = {"stage": stages.stages, "captures": captures.captures, "rules": rules.rules,
                "devices": whole_devices, "memif": wire.wire, "rfc9411": kpi.kpi,
                "clients": transactions.transactions, "start": devices.start}
    for area in areas:
        # The figures of the others took minutes, and stand, also where somebody does not wait for the rest.
        try:
            if other:
                against(bench, area, other)
            elif area in micro.PROGRAMS:
                micro.micro(bench, area)
            else:
                measures[area](bench)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            print(f"scripts/bench: {area}: {error}", file=sys.stderr, flush=True)
            bench.failed.append(area)
        except KeyboardInterrupt:
            bench.failed.append(area)
            break


def parse_options():
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures chatgate on this machine.")
    parser.add_argument("--quick", action="store_true", help="about a minute: one run of little")
    parser.add_argument("--only", action="append", choices=AREAS, metavar="NAME",
                        help=f"one area (repeats): {', '.join(AREAS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures as one JSON object")
    parser.add_argument("--write", type=Path, metavar="FILE.md",
                        help="put table, targets and plots into docs/design/performance.md")
    parser.add_argument("--against", metavar="REV", help="an older revision, built beside and run in turn")
    parser.add_argument("--runs", type=int, metavar="N", help="runs of each figure")
    parser.add_argument("--build", type=Path, default=measure.TREE / "build", help=argparse.SUPPRESS)
    parser.add_argument("--other-build", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    options = parse_options()
    # Also where it runs in the background, and nothing of it stays behind.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="chatgate-bench-"))
    bench = Bench(options, folder)
    try:
        measure_all(bench, options.only or AREAS, options.other_build)
        derived(bench)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    machine, commit = measure.machine(), measure.commit()
    print()
    for words, aim, figure, reached in targets.judge(bench.results):
        if reached is not None:
            print(f"{'reached ' if reached else 'MISSED  '} {words}: {report.number(figure)} ({aim})")
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, "commit": commit, "results":
                                            [result.to_json() for result in bench.results]}, indent=1) + "\n",
                                encoding="utf-8")
    if options.write:
        command = " ".join(["scripts/bench", *sys.argv[1:]])
        report.write(options.write, machine, commit, command, bench.results)
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
"""Everything that scripts/test does after the set-up, stage by stage.

A stage says how long it took and what failed. Cases are counted one by one: each case of a
GoogleTest program, each check of a script, each attempt of a client in the lab.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

TREE = Path(__file__).resolve().parents[1]
BUILD, SANITIZED, THREADS = TREE / "build", TREE / "build-asan", TREE / "build-tsan"
# What has several threads, by folder of test/unit.
THREADED = ("base", "control", "engine", "io-dpdk", "learn", "telemetry")
TALLY = re.compile(r"^(\d+) passed, (\d+) failed\Z", re.M)
SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "abort_on_error=0:detect_stack_use_after_return=1:strict_string_checks=1:"
                    "malloc_context_size=8",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    # The same captures and claims once more, by other counts of workers and modes: minutes here.
    "GTEST_FILTER": "-CorpusReplay.ManyWorkersComeToTheSame:CorpusReplay.MonitorModeChangesNothing:"
                    "CataloguePaths.OneRefusedApplicationTouchesNoOther",
}

# Runs $0. Where the kernel shares the processors out by session first, that is what has to yield.
BEHIND_ALL_ELSE = "echo 19 2>/dev/null >/proc/self/autogroup; exec nice -n 19 \"$0\""


class Tests:
    def __init__(self):
        self.stages = ()
        self.asked_for = False  # stages were named
        self.ahead = None  # the sanitized build, while another stage goes on
        self.passed = 0
        self.failures = []
        self.skipped = []

    def count(self, passed, failures=()):
        self.passed += passed
        self.failures += failures

    # Stages. Each answers True where the stages that build upon it can run.

    def configure_and_build(self, folder, *options):
        if not (folder / "build.ninja").exists() and \
                not self.command("configure", "meson", "setup", str(folder), str(TREE), *options):
            return False
        return self.command("build", "ninja", "--quiet", "-C", str(folder))

    def command(self, name, *words):
        """One step that is a case of its own only where it fails."""
        result = subprocess.run(words, cwd=TREE, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            print((result.stdout + result.stderr)[-8000:])
            self.count(0, [f"{name}: {' '.join(words)}"])
        return result.returncode == 0

    def release(self):
        if not self.configure_and_build(BUILD):
            return False
        self.build_ahead()
        return self.meson_test(
            BUILD, "--no-suite", "corpus", "--no-suite", "fuzz", "--timeout-multiplier", "3")

    def build_ahead(self):
        """Starts the sanitized build, where it is wanted, beside what often waits, at the lowest priority."""
        if self.ahead is not None or "sanitized" not in self.stages:
            return
        self.ahead = subprocess.Popen(  # pylint: disable=consider-using-with
            ["sh", "-c", BEHIND_ALL_ELSE, "scripts/sanitize"], cwd=TREE, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def stop_ahead(self):
        """Ninja keeps what is built; who builds next goes on from there, and tells what failed."""
        if self.ahead is not None and self.ahead.poll() is None:
            group = self.ahead.pid
            os.killpg(group, signal.SIGTERM)
            self.ahead.wait()
            while group_lives(group):  # ninja ends after its compilers
                time.sleep(0.1)
        self.ahead = None

    def sanitized(self):
        self.stop_ahead()
        return self.command("build", "scripts/sanitize") and self.meson_test(
            SANITIZED, "--no-suite", "style", "--no-suite", "lab", "--no-suite", "corpus",
            "--no-suite", "proof",  # thousands of replays
            "--timeout-multiplier", "5", environment=SANITIZER_ENVIRONMENT)

    def threads(self):
        programs = [f"test/unit/{name}/test-{name}" for name in THREADED]
        return self.command("build", "scripts/sanitize", "thread", *programs) and self.meson_test(
            THREADS, *THREADED, "--timeout-multiplier", "10")

    def meson_test(self, folder, *options, environment=None):
        outputs = folder / "meson-logs/gtest"
        outputs.mkdir(parents=True, exist_ok=True)
        for old in outputs.glob("*.json"):
            old.unlink()
        subprocess.run(["meson", "test", "-C", str(folder), "--no-rebuild", *options], cwd=TREE,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                       env={**os.environ, **(environment or {}), "GTEST_OUTPUT": f"json:{outputs}/"})
        log = folder / "meson-logs/testlog.json"
        for line in log.read_text(encoding="utf-8").splitlines():
            self._meson_result(folder.name, json.loads(line), outputs)
        return True

    def _meson_result(self, where, test, outputs):
        """One program of the suite: its GoogleTest cases, or itself as one case."""
        name, result = f"{where}: {test['name']}", test["result"]
        program = next((word for word in test["command"] if Path(word).name.startswith("test-")), "")
        report = outputs / f"{Path(program).name}.json"
        failed = []
        if program and report.exists():
            passed, failed, skipped = gtest_cases(report)
            self.count(passed, [f"{name}: {case}" for case in failed])
            self.skipped += [f"{name}: {case}" for case in skipped]
        elif tally := TALLY.search((test.get("stdout") or "").rstrip()):
            failed = re.findall(r"^FAILED (.*)$", test["stdout"], re.M)
            self.count(int(tally[1]), [f"{name}: {case}" for case in failed])
        elif result == "OK":
            self.count(1)
        elif result == "SKIP":
            self.skipped.append(name)
        if result in ("FAIL", "TIMEOUT", "ERROR", "UNEXPECTEDPASS"):
            if not failed:
                self.count(0, [f"{name}: {result}"])
            print(f"--- {name}: {result}\n{(test.get('stdout') or '')[-4000:]}"
                  f"{(test.get('stderr') or '')[-6000:]}")

    def script(self, *words):
        """A script whose last line is its own tally."""
        process = subprocess.run(words, cwd=TREE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 text=True, check=False)
        lines = process.stdout.splitlines()
        tally = TALLY.match(lines[-1]) if lines else None
        failed = [line.removeprefix("FAILED ") for line in lines if line.startswith("FAILED ")]
        if tally is None:
            failed.append(f"{' '.join(words)}: ended with status {process.returncode} and no tally")
        elif process.returncode != 0 and not failed:
            failed.append(f"{' '.join(words)}: ended with status {process.returncode}")
        self.count(int(tally[1]) if tally else 0, failed)
        self.skipped += [line.removeprefix("NOT RUN ") for line in lines if line.startswith("NOT RUN ")]
        if failed:
            print(process.stdout[-20000:])
        return not failed

    def fuzz(self, seconds=1):
        # A seed of its own, so that the run repeats; scripts/fuzz by itself draws one.
        result = subprocess.run(["scripts/fuzz", str(seconds)], cwd=TREE, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, check=False,
                                env={**os.environ, "CHATGATE_FUZZ_SEED": "1"})
        clean = re.findall(r"^(\S+): \d+ runs, nothing found$", result.stdout, re.M)
        failed = re.findall(r"^(\S+): FAILED", result.stdout, re.M)
        if result.returncode != 0 and not failed or not clean and not failed:
            failed = [f"ended with status {result.returncode}"]
        self.count(len(clean), [f"fuzz: {name}" for name in failed])
        if failed:
            print(result.stdout[-8000:])
        return not failed

    def tidy(self):
        # All of it takes minutes, so by itself only what packets meet.
        folders = () if self.asked_for else ("lib/engine", "lib/enforce", "lib/flow", "lib/net", "lib/stream")
        return self.script("/usr/bin/python3", "-B", "test/style/tidy.py", str(BUILD), *folders)

    def names(self):
        return self.meson_test(BUILD, "--suite", "corpus")

    def lab(self):
        self.build_ahead()
        return self.script("/usr/bin/python3", "-B", "test/lab/end_to_end.py")


def group_lives(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def gtest_cases(report):
    passed, failed, skipped = 0, [], []
    for suite in json.loads(report.read_text(encoding="utf-8"))["testsuites"]:
        for case in suite["testsuite"]:
            name = f"{suite['name']}.{case['name']}"
            if case.get("failures"):
                failed.append(name)
            elif case["result"] == "SKIPPED" or case["status"] == "NOTRUN":
                skipped.append(name)
            else:
                passed += 1
    return passed, failed, skipped


STAGES = {
    "release": "release build, style, unit and scenario tests",
    "lab": "real clients through the real gateway",
    "sanitized": "the same tests under ASan and UBSan",
    "fuzz": "each fuzz target for a second",
    "tidy": "clang-tidy over the packet's way; over everything where it is asked for",
    "names": "every name that tshark prints for the corpus; minutes, only where it is asked for",
    "threads": "what has several threads, under ThreadSanitizer; minutes, only where it is asked for",
}
ON_REQUEST = ("names", "threads")


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="scripts/test", description="Installs what is missing, builds, and runs every test.",
        epilog="stages: " + "; ".join(f"{name} ({what})" for name, what in STAGES.items()))
    parser.add_argument("stages", nargs="*", metavar="STAGE",
                        help="only these (default: all but those that say otherwise)")
    options = parser.parse_args(arguments)
    for stage in options.stages:
        if stage not in STAGES:
            parser.error(f'"{stage}" is no stage, one of {", ".join(STAGES)}')

    tests = Tests()
    tests.asked_for = bool(options.stages)
    tests.stages = [stage for stage in STAGES
                    if (stage in options.stages if options.stages else stage not in ON_REQUEST)]
    times = []
    for stage in tests.stages:
        if stage == "fuzz" and not (TREE / "scripts/fuzz").exists():
            continue
        print(f"=== {stage}: {STAGES[stage]}", flush=True)
        started, before, failures = time.monotonic(), tests.passed, len(tests.failures)
        try:
            going_on = getattr(tests, stage)()
        except BaseException:
            tests.stop_ahead()
            raise
        times.append((stage, time.monotonic() - started, tests.passed - before,
                      len(tests.failures) - failures))
        if stage == "release" and not going_on:
            break
    tests.stop_ahead()

    for name in tests.skipped:
        print(f"SKIPPED {name}")
    for name in tests.failures:
        print(f"FAILED {name}")
    for stage, seconds, passed, failed in times:
        print(f"{stage:<10} {seconds:7.1f} s  {passed:5} passed  {failed:3} failed")
    print(f"{tests.passed} passed, {len(tests.failures)} failed", flush=True)
    return 1 if tests.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/python3
"""Configurations through `chatgate import`: the policy and the report that must come of them.

usage: run.py CHATGATE [NAME ...]

A case is a folder below cases/:
  asa.cfg, ios.cfg or snort.rules   the configuration; its name says whose it is
  policy.json    the policy that must come of it
  report.json    the report: every line is converted, harmless or not converted
  arguments      more arguments of import, one a line; may be missing
  packets.py and expect.json   as a scenario has them (test/scenario/run.py): what the policy makes of a capture
  README.md      what it shows; may be missing

Of every case the counts must add up to the number of lines, the same must come of a second run, and
`chatgate check` must accept the policy. Where a policy has keys of which this version says that it does
not support them, that last step is left out and said. CHATGATE_REWRITE=1 rewrites policy.json and
report.json, and what expect.json says; read the difference before you keep it.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
TREE = HERE.parents[1]
CATALOGUE = TREE / "policy" / "catalog"
sys.path[:0] = [str(HERE), str(TREE / "test" / "scenario")]
SOURCES = {"asa.cfg": "asa", "ios.cfg": "ios", "snort.rules": "snort"}


def scenario_of(folder):
    """The runner of scenarios, which is a script of the same name as this."""
    spec = importlib.util.spec_from_file_location("scenario_run", TREE / "test" / "scenario" / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Scenario(folder)


def lines_of(data):
    """As the importer counts them: LF, CRLF and CR end a line."""
    text = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return text.count(b"\n") + (0 if text.endswith(b"\n") or not text else 1)


class Case:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.problems = []
        self.source = next(folder / name for name in SOURCES if (folder / name).exists())

    def run(self, scratch):
        policy = scratch / f"{self.folder.name}.json"
        first = self.imported(policy)
        if first is None:
            return
        written, report = first
        if os.environ.get("CHATGATE_REWRITE"):
            (self.folder / "policy.json").write_text(written)
            (self.folder / "report.json").write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
        self.same("policy", json.loads((self.folder / "policy.json").read_text()), json.loads(written))
        self.same("report", json.loads((self.folder / "report.json").read_text()), report)
        if self.imported(policy) != first:
            self.problems.append("a second run comes to something else")
        self.check_lines(report)
        self.check_policy(self.folder / "policy.json")
        if (self.folder / "expect.json").exists():
            self.problems += scenario_of(self.folder).run(self.program, None)

    def imported(self, policy):
        arguments = []
        if (self.folder / "arguments").exists():
            arguments = (self.folder / "arguments").read_text().split()
        words = [self.program, "import", "--from", SOURCES[self.source.name], str(self.source), "--output",
                 str(policy), "--json", *arguments]
        # From the tree, so that arguments may name files in it.
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, cwd=TREE)
        if done.returncode or done.stderr:
            self.problems.append(f"exit status {done.returncode}: {done.stderr}")
            return None
        # The policy of rules names their file by its whole path.
        return policy.read_text().replace(str(self.source), self.source.name), json.loads(done.stdout)

    def same(self, what, wanted, given):
        if wanted == given:
            return
        before = json.dumps(wanted, indent=1).splitlines()
        after = json.dumps(given, indent=1).splitlines()
        at = next((i for i, pair in enumerate(zip(before, after)) if pair[0] != pair[1]),
                  min(len(before), len(after)))
        self.problems.append(f"the {what} differs: {after[at:at + 2]} instead of {before[at:at + 2]}")

    def check_lines(self, report):
        data = self.source.read_bytes()
        total = report["converted"] + report["harmless"] + len(report["not_converted"])
        if report["lines"] != lines_of(data) or total != report["lines"]:
            self.problems.append(f"{lines_of(data)} lines, but {report['lines']} reported and {total} accounted for")
        for entry in report["not_converted"]:
            if not entry["why"] or not 1 <= entry["line"] <= report["lines"]:
                self.problems.append(f"a line without a reason: {entry}")

    def check_policy(self, policy):
        done = subprocess.run([self.program, "check", "--json", "--catalogue", str(CATALOGUE), str(policy)],
                              capture_output=True, text=True, timeout=60, check=False)
        try:
            result = json.loads(done.stdout)
        except ValueError:
            self.problems.append(f"check says no JSON: {done.stderr}")
            return
        for error in result["errors"]:
            self.problems.append(f"check: {error['line']}:{error['column']}: {error['message']}, "
                                 f"{error['remedy']}")


def main():
    parser = argparse.ArgumentParser(description="Runs configurations through chatgate import.")
    parser.add_argument("program", help="the chatgate to run")
    parser.add_argument("names", nargs="*", help="cases; all where none is named")
    options = parser.parse_args()
    names = options.names or sorted(path.name for path in (HERE / "cases").iterdir())
    program = str(Path(options.program).resolve())
    failed = 0
    with tempfile.TemporaryDirectory(prefix="chatgate-import-") as scratch:
        for name in names:
            case = Case(program, HERE / "cases" / name)
            case.run(Path(scratch))
            failed += bool(case.problems)
            print(f"{'FAILED' if case.problems else 'ok':6} {name}")
            for problem in case.problems:
                print(f"       {problem}")
    print(f"{len(names) - failed} passed, {failed} failed")
    sys.exit(1 if failed or not names else 0)


if __name__ == "__main__":
    main()

"""What a person sees of a run: tables and findings, in colour on a terminal."""

import os
import sys
from dataclasses import dataclass, field

COLOURS = {"good": "32", "bad": "1;31", "dim": "2", "bold": "1"}
SIGNS = {True: "ok", False: "WRONG"}


def cut(text, width):
    return text if len(text) <= width else text[:width - 1] + "…"


@dataclass
class Report:
    quiet: bool = False
    passed: int = 0
    failures: list = field(default_factory=list)

    def __post_init__(self):
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def paint(self, text, colour):
        return f"\033[{COLOURS[colour]}m{text}\033[0m" if self.colour and text.strip() else text

    def say(self, text=""):
        if not self.quiet:
            print(text, flush=True)

    def head(self, text):
        self.say()
        self.say(self.paint(text, "bold"))

    def _count(self, name, problem):
        if problem:
            self.failures.append(f"{name}: {problem}")
        else:
            self.passed += 1

    def check(self, name, problem="", detail=""):
        """One finding besides the attempts; `problem` empty where all is well."""
        self._count(name, problem)
        sign = self.paint(f"{SIGNS[not problem]:<6}", "bad" if problem else "good")
        told = problem or detail
        self.say(f"  {sign}{name}" + (f": {told}" if told else ""))
        return not problem

    def tally(self):
        """The last lines of a run, as test/run.py reads them; the exit status."""
        for failure in self.failures:
            print(f"FAILED {failure}")
        print(f"{self.passed} passed, {len(self.failures)} failed")
        return 1 if self.failures else 0

    def attempts(self, attempts):
        """The table of attempts. What went wrong stands below its row."""
        titles = ("", "client", "asks for", "expected", "seen", "ms", "decided by")
        widths = (6, 19, 47, 9, 9, 7)
        self.say("  " + self.paint("".join(f"{title:<{width}}" for title, width in zip(titles, widths)),
                                   "dim") + self.paint(titles[-1], "dim"))
        for attempt in attempts:
            self._count(attempt.name, attempt.problem)
            outcome, good = attempt.outcome, not attempt.problem
            cells = [self.paint(f"{SIGNS[good]:<6}", "good" if good else "bad"),
                     f"{cut(attempt.client, 18):<19}", f"{cut(attempt.target, 46):<47}",
                     f"{attempt.expect:<9}",
                     self.paint(f"{outcome.seen:<9}", "good" if good else "bad"),
                     f"{outcome.milliseconds:>5.1f}  ", self._decision(attempt)]
            self.say("  " + "".join(cells).rstrip())
            if attempt.problem:
                self.say("        " + self.paint(attempt.problem, "bad"))

    @staticmethod
    def _decision(attempt):
        if not attempt.recognised:
            return "-"
        if attempt.recognised == "unknown":
            return attempt.rule or "-"
        how = attempt.recognised + (f" by {attempt.by}" if attempt.by else "")
        return f"{attempt.rule}: {how}" if attempt.rule else how

    def table(self, titles, rows, right=()):
        """Columns as wide as they need to be."""
        rows = [[str(cell) for cell in row] for row in rows]
        widths = [max(len(row[i]) for row in [titles, *rows]) for i in range(len(titles))]

        def line(row):
            return "  " + "  ".join(f"{cell:>{width}}" if i in right else f"{cell:<{width}}"
                                    for i, (cell, width) in enumerate(zip(row, widths))).rstrip()
        self.say(self.paint(line(titles), "dim"))
        for row in rows:
            self.say(line(row))

    def finish(self, what):
        self.say()
        for failure in self.failures:
            print(f"FAILED {failure}", file=sys.stderr)
        if self.failures:
            self.say(self.paint(f"{what}: {len(self.failures)} of {self.passed + len(self.failures)} "
                                "attempts and checks were not as expected", "bad"))
        else:
            self.say(self.paint(f"{what}: all {self.passed} attempts and checks were as expected", "good"))
        return 1 if self.failures else 0

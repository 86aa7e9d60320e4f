#!/usr/bin/python3
"""The auditor's report, through the program itself: the page and the JSON that must come of events.

usage: run.py CHATGATE

CHATGATE_REWRITE=1 rewrites expect.html and expect.json; read the difference before you keep it.
"""

import gzip
import html.parser
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
TREE = HERE.parents[1]
CHATGATE = str(Path(sys.argv[1]).resolve())
EVENTS = HERE / "events.json"
VOID = {"meta"}
TAGS = {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "strong", "table",
        "caption", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "svg", "rect", "text"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "role", "scope", "viewbox",
              "aria-label", "x", "y", "width", "height", "text-anchor"}


def run(*words, status=0):
    done = subprocess.run([CHATGATE, "report", *map(str, words)], capture_output=True, text=True, timeout=60,
                          check=False, cwd=HERE)
    assert done.returncode == status, (words, done.returncode, done.stderr)
    return done


def page(*words):
    return re.sub(r"Made [-0-9: ]+UTC", "Made NOW", run(*words).stdout)


class Page(html.parser.HTMLParser):
    """Whether a page is whole, and made of nothing but what the report makes."""

    def __init__(self, text):
        super().__init__()
        self.open, self.faults, self.words = [], [], []
        self.feed(text)
        self.close()
        if self.open:
            self.faults.append(f"never closed: {self.open}")

    def handle_starttag(self, tag, attrs):
        if tag not in TAGS:
            self.faults.append(f"<{tag}>")
        self.faults += [f"<{tag} {name}>" for name, _ in attrs if name not in ATTRIBUTES]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else")

    def handle_data(self, data):
        self.words.append(data)


class Report(unittest.TestCase):
    maxDiff = None

    def test_page_and_json_are_as_expected(self):
        found = {"expect.html": page("--events", EVENTS.name),
                 "expect.json": json.dumps(json.loads(run("--json", EVENTS.name).stdout), indent=1) + "\n"}
        for name, text in found.items():
            if os.environ.get("CHATGATE_REWRITE"):
                (HERE / name).write_text(text, encoding="utf-8")
            self.assertEqual((HERE / name).read_text(encoding="utf-8"), text)

    def test_page_is_whole_and_its_own(self):
        text = page(EVENTS)
        found = Page(text)
        self.assertEqual(found.faults, [])
        self.assertNotRegex(text, r"(?i)<script|<img|<link|<iframe|href=|url\(|@import")
        # What was tried is shown as the text that it is.
        words = "".join(found.words)
        self.assertIn("</td><img src=https://evil.example/x onerror=alert(3)>", words)
        self.assertIn("<b onmouseover=alert(1)>", words)
        self.assertIn("</title><script>alert(4)</script>", words)

    def test_the_checker_finds_what_is_wrong(self):
        for text in ("<script></script>", "<p onclick=x></p>", "<p>", "<p></td></p>", "<a href=x></a>"):
            self.assertTrue(Page(text).faults, text)

    def test_compressed_and_rotated_files_come_to_the_same(self):
        lines = EVENTS.read_bytes().splitlines(keepends=True)
        with tempfile.TemporaryDirectory() as folder:
            old, new = Path(folder, "eve.json.1.gz"), Path(folder, "eve.json")
            old.write_bytes(gzip.compress(b"".join(lines[:5])))
            new.write_bytes(b"".join(lines[5:]))
            parts = json.loads(run("--json", "--events", new, old).stdout)
            whole = json.loads(run("--json", EVENTS).stdout)
            for key in ("lines", "blocked", "allowed", "flows", "applications", "timeline", "attempts", "types"):
                self.assertEqual(parts[key], whole[key], key)
            old.write_bytes(old.read_bytes()[:-20])
            torn = json.loads(run("--json", old).stdout)
            self.assertIn("breaks off", torn["missing"]["damages"][-1]["what"])

    def test_period(self):
        morning = json.loads(run("--json", EVENTS, "--to", "2026-11-23T12:00").stdout)
        noon = json.loads(run("--json", EVENTS, "--from", "2026-11-23T12:00").stdout)
        self.assertEqual((morning["blocked"], noon["blocked"]), (3, 0))
        self.assertEqual((morning["missing"]["events_lost"], noon["missing"]["events_lost"]), (0, 17))
        self.assertEqual(morning["lines"], morning["outside_period"] + sum(morning["types"].values()) + 1)

    def test_clients_can_be_left_out(self):
        for words in ((EVENTS,), ("--json", EVENTS)):
            self.assertIn("10.0.0.5", run(*words).stdout)
            self.assertNotRegex(run("--redact-people", *words).stdout, r"10\.0\.0\.[0-9]")

    def test_a_flood_of_names_is_bounded_and_said(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "eve.json")
            line = EVENTS.read_text(encoding="utf-8").splitlines()[1]
            with path.open("w", encoding="utf-8") as out:
                for number in range(12_000):
                    out.write(line.replace("web.whatsapp.com", f"n{number}.example") + "\n")
            report = json.loads(run("--json", path).stdout)
            self.assertEqual(report["attempts"]["names"], 10_000)
            self.assertEqual(report["attempts"]["events_of_others"], 2000)
            self.assertIn("2,000 events have others", run(path).stdout)

    def test_policy_is_proved(self):
        with tempfile.TemporaryDirectory() as folder:
            policy, output = Path(folder, "policy.json"), Path(folder, "report.html")
            policy.write_text('{"rules": [{"category": "im", "action": "reset"}]}', encoding="utf-8")
            words = (EVENTS, "--policy", policy, "--catalogue", TREE / "policy/catalog", "--output", output)
            self.assertEqual(run(*words).stdout, "")
            text = output.read_text(encoding="utf-8")
            self.assertEqual(Page(text).faults, [])
            self.assertIn("Proof that the control works", text)
            self.assertIn("it may not be the one under which the events arose", text)
            self.assertRegex(text, r"Leaks: to be blocked, and pass</td><td class=\"n\">0<")

    def test_mistakes_are_one_line(self):
        for words, status, said in (
                ((), 2, "no events are named"),
                (("--events", "/nonexistent"), 2, "/nonexistent: cannot be read"),
                ((EVENTS, "--from", "yesterday"), 2, '--from "yesterday" is no time'),
                ((EVENTS, "--output", "/nonexistent/x"), 1, "/nonexistent/x: cannot be written"),
                ((EVENTS, "--catalogue", TREE / "policy/catalog", "--policy", "/nonexistent"), 2,
                 "/nonexistent: cannot be read")):
            done = run(*words, status=status)
            self.assertIn(said, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

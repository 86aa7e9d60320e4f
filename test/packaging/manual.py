#!/usr/bin/python3
"""The manual pages say all that the programs do, and `man` has nothing to say about them.

usage: manual.py CHATGATE CHATGATECTL FOLDER-OF-PAGES
"""

import json
import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
CHATGATE, CHATGATECTL, FOLDER = sys.argv[1:4]
SETUP = TREE / "scripts/chatgate-setup"


def said(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True).stdout


def source(page):
    """Of a page, with the escapes of man(7) undone."""
    text = (Path(FOLDER) / page).read_text(encoding="utf-8")
    for escape, plain in (("\\fB", ""), ("\\fI", ""), ("\\fR", ""), ("\\-", "-"), ("\\&", ""), ("\\(aq", "'")):
        text = text.replace(escape, plain)
    return text


def options_of(help_text):
    return re.findall(r"^  (?:-\w \[ )?--([a-z][a-z0-9-]*)", help_text, re.M)


def missing_options(page_text, help_text):
    """Options that have no paragraph of their own on the page."""
    tags = set(re.findall(r"^\.TP\n(?:-\w, )?--([a-z][a-z0-9-]*)", page_text, re.M))
    return [option for option in options_of(help_text) if option not in tags]


def commands():
    text = said(CHATGATE, "--help").split("\nCommands:\n")[1].split("\n\n")[0]
    return re.findall(r"^  ([a-z-]+) ", text, re.M)


def page_of(command):
    found = [path.name for path in Path(FOLDER).glob(f"chatgate-{command}.?")]
    return found[0] if found else None


class Pages(unittest.TestCase):
    def pages(self):
        names = sorted(path.name for path in Path(FOLDER).glob("*.[158]"))
        self.assertEqual(names, sorted(path.name.removesuffix(".in")
                                       for path in (TREE / "packaging/man").glob("*.in")))
        return names

    @unittest.skipUnless(shutil.which("man"), "man-db is not installed")
    def test_man_has_no_complaint(self):
        for name in self.pages():
            with self.subTest(name):
                result = subprocess.run(
                    ["man", "-l", "--warnings", "-E", "UTF-8", f"{FOLDER}/{name}"], capture_output=True,
                    text=True, check=False, env={**os.environ, "MANWIDTH": "80", "MANROFFSEQ": ""})
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertGreater(len(result.stdout.splitlines()), 30)
                title = result.stdout.split("NAME\n")[1].splitlines()[0]
                self.assertRegex(title, rf"^ +{re.escape(name[:-2])} +- +\S")
                self.assertNotIn("@", re.sub(r"[\w.]+@[\w.]+", "", source(name)))

    def test_every_command_has_a_page_with_all_its_options(self):
        self.assertIn("run", commands())
        for command in commands():
            with self.subTest(command):
                page = page_of(command)
                self.assertIsNotNone(page, f"packaging/man has no page for chatgate {command}")
                self.assertEqual(missing_options(source(page), said(CHATGATE, command, "--help-all")), [])
                self.assertIn(f"chatgate-{command} ", source("chatgate.8").replace("\n", " "))

    def test_the_other_programs_too(self):
        self.assertEqual(missing_options(source("chatgatectl.8"), said(CHATGATECTL, "--help")), [])
        self.assertEqual(missing_options(source("chatgate-setup.8"), said(SETUP, "--help")), [])

    def test_help_fits_a_screen_and_leaves_out_nothing_unsaid(self):
        for command in ("", *commands()):
            with self.subTest(command):
                text = said(CHATGATE, *filter(None, [command]), "--help")
                lines = text.splitlines()
                self.assertLessEqual(len(lines), 24)
                self.assertLessEqual(max(map(len, lines)), 80)
                self.assertRegex(text, r"\nExample:\n  chatgate \S")
                if command:
                    words = set(re.findall(r"--[a-z][a-z-]*", text))
                    every = {"--" + name for name in options_of(said(CHATGATE, command, "--help-all"))}
                    self.assertEqual(every - words, set())

    def test_every_option_of_a_file_is_told(self):
        page = source("chatgate.conf.5")
        for command in commands():
            section = re.search(rf"^\.SH SECTION \[{command}\]\n(.*?)(?=^\.SH)", page, re.M | re.S)
            self.assertIsNotNone(section, f"chatgate.conf(5) has no section [{command}]")
            told = set(re.findall(r"^\.TP\n([a-z0-9-]+) = ", section[1], re.M))
            wanted = set(options_of(said(CHATGATE, command, "--help-all"))) - {"help", "help-all", "config"}
            self.assertEqual(told, wanted)

    def test_every_key_of_the_policy_is_told(self):
        schema = json.loads((TREE / "policy/policy.schema.json").read_text(encoding="utf-8"))
        keys = set()

        def collect(node):
            if isinstance(node, dict):
                keys.update(node.get("properties", {}) if isinstance(node.get("properties"), dict) else ())
                for value in node.values():
                    collect(value)
            elif isinstance(node, list):
                for value in node:
                    collect(value)
        collect(schema)
        page = source("chatgate-policy.5")
        told = {word for row in re.findall(r"^(?:\.SS \"|\.TP\n)([\w.\[\]]+)", page, re.M)
                for word in row.split(".")[-1:]}
        self.assertEqual(keys - {"$schema"} - told, set())
        self.assertGreater(len(keys), 60)

    def test_every_command_of_the_guide_is_told(self):
        """And the guide tells of each: two lists that were written by different means."""
        guide = (TREE / "docs/guide/cli.md").read_text(encoding="utf-8")
        page = source("chatgatectl.8")
        section = page.split(".SH COMMANDS\n")[1].split("\n.SH ")[0]
        told = [re.split(r" [\[A-Z]", row)[0] for row in re.findall(r"^\.TP\n(.*)$", section, re.M)]
        self.assertGreater(len(told), 25)
        for words in told:
            first, *rest = words.split()[:2]
            self.assertRegex(guide, r"\b" + first + r"\b" + "".join(".*" + word for word in rest))

    def test_a_page_that_went_stale_is_found(self):
        page, text = source("chatgate-run.8"), said(CHATGATE, "run", "--help-all")
        without = page.replace(".TP\n--flows", ".PP\nflows")
        self.assertEqual(missing_options(without, text), ["flows"])
        newer = text.replace("  --flows N", "  --brand-new N   is new\n  --flows N")
        self.assertEqual(missing_options(page, newer), ["brand-new"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

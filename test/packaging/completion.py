#!/usr/bin/python3
"""bash completes what the programs understand.

usage: completion.py CHATGATE CHATGATECTL SERVED_GATEWAY
"""

import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
CHATGATE, CHATGATECTL, SERVER = (os.path.abspath(word) for word in sys.argv[1:4])
PATIENCE = 20
DRIVER = """
source "$1"; shift
function=$1; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
$function 2>/dev/null
((${#COMPREPLY[@]} == 0)) || printf '%s\\n' "${COMPREPLY[@]}"
"""


def complete(name, *words, program=None, folder=None):
    """What bash would offer for the last of the words, as bash itself has parted them."""
    function = "_" + name.replace("-", "_")
    result = subprocess.run(
        ["bash", "--norc", "-c", DRIVER, "bash", str(TREE / "packaging/completion" / name), function,
         program or name, *words], capture_output=True, text=True, check=True, cwd=folder)
    return result.stdout.split()


def listed(program, *words):
    option = "--help-all" if words else "--help"
    text = subprocess.run([program, *words, option], capture_output=True, text=True, check=True).stdout
    return ["--" + word for word in re.findall(r"^  (?:-\w \[ )?--([a-z][a-z0-9-]*)", text, re.M)]


class Chatgate(unittest.TestCase):
    def words(self, *words, **more):
        return complete("chatgate", *words, program=CHATGATE, **more)

    def test_commands(self):
        self.assertEqual(self.words("rep"), ["replay", "report"])
        offered = self.words("")
        for command in ("run", "replay", "check", "explain", "audit", "report", "import"):
            self.assertIn(command, offered)
        self.assertEqual(self.words("nosuch"), [])
        self.assertEqual(self.words("--v"), ["--version"])

    def test_options_are_those_of_the_help(self):
        for command in ("run", "replay", "check", "explain", "audit", "report", "import"):
            self.assertEqual(sorted(self.words(command, "--")), sorted(listed(CHATGATE, command)))
        self.assertEqual(self.words("run", "--insi"), ["--inside"])
        self.assertEqual(self.words("replay", "--insi"), ["--inside"])
        self.assertEqual(self.words("check", "--insi"), [])

    def test_values(self):
        self.assertEqual(self.words("run", "--idle", ""), ["sleep", "poll", "power"])
        self.assertEqual(self.words("run", "--idle", "p"), ["poll", "power"])
        self.assertEqual(self.words("import", "--from", "a"), ["asa"])
        self.assertEqual(self.words("run", "--on-failure", "c"), ["closed"])
        self.assertEqual(self.words("run", "--flows", ""), [])

    def test_devices_with_their_colons(self):
        self.assertIn("memif:", self.words("run", "--inside", ""))
        first = next(name for name in sorted(os.listdir("/sys/class/net")) if name != "lo")
        self.assertIn(f"af_packet:{first}", self.words("run", "--inside", "af_p"))
        # bash parts words at colons and replaces what follows the last one.
        self.assertIn(first, self.words("run", "--inside", "af_packet", ":"))
        self.assertIn(first, self.words("run", "--outside", "af_packet", ":", first[:1]))

    def test_files_and_folders(self):
        with tempfile.TemporaryDirectory(prefix="chatgate-completion-") as folder:
            Path(folder, "policy.json").touch()
            Path(folder, "policies").mkdir()
            self.assertEqual(sorted(self.words("check", "pol", folder=folder)), ["policies", "policy.json"])
            self.assertEqual(self.words("run", "--policy", "policy", folder=folder), ["policy.json"])
            self.assertEqual(self.words("run", "--state", "pol", folder=folder), ["policies"])


class Control(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="chatgate-completion-")
        cls.socket, policy = f"{cls.folder.name}/socket", Path(cls.folder.name, "policy.json")
        policy.write_text('{ "rules": [] }\n', encoding="utf-8")
        cls.process = subprocess.Popen([SERVER, cls.socket, str(policy), str(TREE / "policy/catalog")],
                                       stdout=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while not os.path.exists(cls.socket):
            assert time.monotonic() < end and cls.process.poll() is None, "it did not start"
            time.sleep(0.01)

    @classmethod
    def tearDownClass(cls):
        cls.process.terminate()
        cls.process.wait(PATIENCE)
        cls.folder.cleanup()

    def words(self, *words):
        return complete("chatgatectl", "--socket", self.socket, *words, program=CHATGATECTL)

    def test_words_are_the_gateways(self):
        self.assertIn("show", self.words(""))
        self.assertEqual(self.words("sho"), ["show"])
        self.assertEqual(self.words("show", "cou"), ["counters"])
        self.assertIn("flows", self.words("show", ""))
        self.assertIn("application", self.words("show", "flows", ""))
        self.assertEqual(self.words("--json", "mode", "m"), ["monitor"])

    def test_place_holders_are_no_words(self):
        self.assertEqual(self.words("show", "flows", "limit", ""), [])

    def test_what_nobody_knows(self):
        self.assertEqual(self.words("show", "nosuch"), [])

    def test_options(self):
        self.assertEqual(sorted(self.words("--")), sorted(listed(CHATGATECTL)))

    def test_no_gateway_is_no_noise(self):
        self.assertEqual(complete("chatgatectl", "--socket", "/nonexistent/socket", "sh", program=CHATGATECTL), [])


class Setup(unittest.TestCase):
    def test_options_are_those_of_the_help(self):
        program = str(TREE / "scripts/chatgate-setup")
        self.assertEqual(sorted(complete("chatgate-setup", "--", program=program)), sorted(listed(program)))
        self.assertEqual(complete("chatgate-setup", "--hugepages", "5", program=program), ["512M"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

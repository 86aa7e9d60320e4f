#!/usr/bin/env python3
"""chatgatectl against a served in-memory gateway: arguments, standard input, and the prompt on a
pseudo-terminal.

usage: chatgatectl_test.py CHATGATECTL SERVED_GATEWAY CATALOGUE
"""
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
import unittest

CTL, SERVER, CATALOGUE = (os.path.abspath(path) for path in sys.argv[1:4])
PATIENCE = 20  # seconds; only a failure waits so long


class Gateway:
    """The served gateway, in a folder of its own."""

    def __init__(self, *more):
        self.folder = tempfile.mkdtemp(prefix="chatgatectl-")
        self.socket = self.folder + "/control.sock"
        self.policy = self.folder + "/policy.json"
        self.write_policy('{"rulez": []}')
        self.process = subprocess.Popen([SERVER, self.socket, self.policy, CATALOGUE, *more],
                                        stdout=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while not os.path.exists(self.socket):
            assert time.monotonic() < end and self.process.poll() is None, "it did not start"
            time.sleep(0.01)

    def write_policy(self, text):
        with open(self.policy, "w") as file:
            file.write(text + "\n")

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        shutil.rmtree(self.folder)


class Terminal:
    """chatgatectl at its prompt, or with a command, on a pseudo-terminal."""

    def __init__(self, gateway, *command):
        pid, self.fd = pty.fork()
        if pid == 0:
            # libedit keeps the names of functions that were added to it (EL_ADDFN) for ever.
            os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
            os.environ.update(HOME=gateway.folder, TERM="vt100", COLUMNS="100", LINES="40")
            os.execv(CTL, [CTL, "--socket", gateway.socket, *command])
        self.pid = pid
        self.seen = ""
        self.raw = b""

    def expect(self, text):
        """Waits for `text` on the screen after what was expected before; returns what came until
        then."""
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            assert time.monotonic() < end, f"no {text!r} in {self.seen!r}"
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    raw = os.read(self.fd, 4096)
                except OSError:
                    raw = b""
                self.raw += raw
                data = raw.decode(errors="replace")
                assert data, f"ended without {text!r}: {self.seen!r}"
                self.seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data)
        before, self.seen = self.seen.split(text, 1)
        return before

    def type(self, text):
        # The editor takes over the terminal only after it has drawn its prompt; until then Ctrl-C and
        # Ctrl-D would be the terminal's own.
        end = time.monotonic() + PATIENCE
        while termios.tcgetattr(self.fd)[3] & termios.ICANON:
            assert time.monotonic() < end, "no editor at the terminal"
            time.sleep(0.002)
        os.write(self.fd, text.encode())

    def status(self):
        """Of the process, which is about to end."""
        end = time.monotonic() + PATIENCE
        try:
            while True:
                assert time.monotonic() < end, "it does not end"
                if not select.select([self.fd], [], [], 0.1)[0]:
                    continue
                raw = os.read(self.fd, 4096)
                self.raw += raw
                if not raw:
                    break
        except OSError:
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


class ChatgatectlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.gateway = Gateway()

    @classmethod
    def tearDownClass(cls):
        cls.gateway.stop()

    def ctl(self, *words, socket=None, text=None):
        return subprocess.run([CTL, "--socket", socket or self.gateway.socket, *words], input=text,
                              stdin=subprocess.DEVNULL if text is None else None,
                              capture_output=True, text=True, timeout=PATIENCE)

    def test_a_command_and_its_status(self):
        for words in (["show", "version"], ["sh", "ver"], ["show version"]):
            done = self.ctl(*words)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("chatgate ", done.stdout)
        wrong = self.ctl("show", "verison")
        self.assertEqual((wrong.returncode, wrong.stdout), (2, ""))
        self.assertEqual(wrong.stderr, 'chatgatectl: unknown word "verison" after "show", '
                                       'did you mean "version"?\n')

    def test_json_is_one_object(self):
        for words in (["--json", "show", "counters"], ["show", "counters", "--json"]):
            done = self.ctl(*words)
            self.assertEqual(done.returncode, 0)
            self.assertEqual(json.loads(done.stdout)["counters"]["packets"], 42)

    def test_a_bad_policy_is_told_with_all_its_errors(self):
        done = self.ctl("policy", "reload")
        self.assertEqual(done.returncode, 2)
        self.assertIn("policy.json:1:2: ", done.stderr)
        self.assertIn("nothing was changed", done.stderr)
        checked = self.ctl("policy", "check", "--json")
        self.assertEqual(checked.returncode, 2)
        self.assertFalse(json.loads(checked.stdout)["ok"])

    def test_a_good_policy_is_in_force_at_once(self):
        gateway = Gateway()
        self.addCleanup(gateway.stop)
        gateway.write_policy('{"mode": "monitor", "rules": [{"name": "no IM", "category": "im", '
                             '"from": "10.1.0.0/16", "action": "drop"}]}')
        done = self.ctl("policy", "reload", socket=gateway.socket)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(" is in force: generation 2, 1 rule, mode monitor (was enforce)", done.stdout)
        rules = self.ctl("show", "service-policy", socket=gateway.socket).stdout
        self.assertIn("    Rule 1: no IM\n      match category im\n      match from 10.1.0.0/16\n"
                      "      drop, hits 0\n", rules)
        shown = self.ctl("show", "applications", "--json", socket=gateway.socket).stdout
        self.assertGreater(len(json.loads(shown)["applications"]), 10)

    def test_a_relative_file_is_the_callers(self):
        folder = os.getcwd()
        os.chdir(self.gateway.folder)
        try:
            done = self.ctl("policy", "check", "no such.json")
        finally:
            os.chdir(folder)
        self.assertIn(self.gateway.folder + "/no such.json: there is no such file", done.stderr)

    def test_standard_input_is_read_line_by_line(self):
        done = self.ctl(text="# a comment\n\nshow version\nshow nonsense\nshow memory\nexit\nshow flows\n")
        self.assertEqual(done.returncode, 2)
        self.assertIn("chatgate ", done.stdout)
        self.assertIn("packet buffers", done.stdout)
        self.assertNotIn("chatgate#", done.stdout)
        self.assertNotIn("203.0.113.1", done.stdout)
        self.assertEqual(done.stderr.count("\n"), 1)

    def test_answers_are_filtered_behind_a_bar(self):
        whole = self.ctl("show", "counters").stdout.splitlines()
        for words, kept in (("include ^(packets|bytes) ", [row for row in whole if row.startswith(("packets ", "bytes "))]),
                            ("inc dropped", [row for row in whole if "dropped" in row]),
                            ("exclude e", [row for row in whole if "e" not in row]),
                            ("grep -v e", [row for row in whole if "e" not in row]),
                            ("begin flows-active", whole[[row.startswith("flows-active") for row in whole].index(True):]),
                            ("include no such line", []),
                            ("count dropped", [f"Number of lines which match regexp = "
                                               f"{sum('dropped' in row for row in whole)}"])):
            for typed in (["show counters | " + words], ["show", "counters", "|", *words.split()]):
                done = self.ctl(*typed)
                self.assertEqual((done.returncode, done.stderr), (0, ""), typed)
                self.assertEqual(done.stdout.splitlines(), kept, typed)
        self.assertTrue(self.ctl("show counters | include ^packets").stdout)
        for typed, said in (("show counters | inclde x", 'did you mean "include"?'),
                            ("show counters |", "one of include, exclude, begin, count, grep"),
                            ("show counters | include", "add an expression"),
                            ("show counters | include (", "no regular expression"),
                            ("show counters | include x --json", "leave out --json")):
            done = self.ctl(typed)
            self.assertEqual((done.returncode, done.stdout), (2, ""), typed)
            self.assertIn(said, done.stderr)
        done = self.ctl("show nonsense | include x")
        self.assertEqual(done.returncode, 2)
        self.assertIn("unknown word", done.stderr)

    def test_no_gateway_is_one_clear_line(self):
        absent = self.ctl("show", "version", socket="/nowhere/control.sock")
        self.assertEqual(absent.returncode, 1)
        self.assertEqual(absent.stderr, "chatgatectl: /nowhere/control.sock: there is no such socket, "
                                        "start the gateway (chatgate run) or name its socket with "
                                        "--socket\n")
        plain = self.ctl("show", "version", socket=self.gateway.policy)
        self.assertEqual((plain.returncode, plain.stderr.count("\n")), (1, 1))
        longer = self.ctl("show", "version", socket="/" + "x" * 200)
        self.assertEqual((longer.returncode, longer.stderr.count("\n")), (1, 1))

    def test_wrong_options(self):
        done = self.ctl("--jsn", "show", "version")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr,
                         'chatgatectl: unknown option "--jsn", did you mean "--json"?\n')
        version = self.ctl("--version")
        self.assertEqual((version.returncode, version.stderr), (0, ""))
        self.assertRegex(version.stdout, r"^chatgatectl \d+\.\d+\.\d+\n$")
        shown = self.ctl("--help")
        self.assertEqual(shown.returncode, 0)
        self.assertLessEqual(len(shown.stdout.splitlines()), 24)
        self.assertLessEqual(max(map(len, shown.stdout.splitlines())), 80)
        self.assertIn("Example", shown.stdout)

    def test_the_configuration_names_the_socket(self):
        config = self.gateway.folder + "/chatgate.conf"
        with open(config, "w") as file:
            file.write(f"; a comment\npolicy = x\n  ; another\n[run]\nsocket = {self.gateway.socket}\n")
        done = subprocess.run([CTL, "--config", config, "show", "version"], capture_output=True,
                              text=True, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_prompt(self):
        terminal = Terminal(self.gateway)
        terminal.expect("chatgate# ")
        terminal.type("sh mem\r")
        terminal.expect("packet buffers")
        terminal.expect("chatgate# ")

        terminal.type("sh fl\t")  # one choice: completed
        terminal.expect("ows ")  # the editor draws only what is new
        terminal.type("app x\t\r")
        terminal.expect("203.0.113.1:443")
        terminal.expect("chatgate# ")

        terminal.type("show asp ?")  # help, and the line stays
        terminal.expect("drop  why frames were dropped")
        terminal.expect("chatgate# show asp ")
        terminal.type("d\t\r")
        terminal.expect("Frame drop:")
        terminal.expect("chatgate# ")

        terminal.type("?")
        listed = terminal.expect("quit")
        for word in ("show", "policy", "mode", "clear", "exit"):
            self.assertIn(word, listed)
        terminal.expect("chatgate# ")
        terminal.type("mode \t")  # several choices: listed
        self.assertIn("enforce", terminal.expect("monitor"))
        terminal.expect("chatgate# mode ")

        terminal.type("\x03")  # Ctrl-C: a new line
        terminal.expect("^C")
        terminal.expect("chatgate# ")
        terminal.type("show nonsense\r")
        terminal.expect("unknown word")
        terminal.expect("chatgate# ")
        terminal.type("\x10\x10\r")  # two lines up: "show asp drop"
        terminal.expect("Frame drop:")
        terminal.expect("chatgate# ")
        terminal.type("exit\r")
        self.assertEqual(terminal.status(), 0)

        history = self.gateway.folder + "/.chatgatectl_history"
        self.assertEqual(os.stat(history).st_mode & 0o777, 0o600)
        again = Terminal(self.gateway)
        again.expect("chatgate# ")
        again.type("\x10\x10\r")  # before the last run's "exit"
        again.expect("Frame drop:")
        again.expect("chatgate# ")
        again.type("\x04")  # Ctrl-D
        self.assertEqual(again.status(), 0)


if __name__ == "__main__":
    signal.alarm(300)
    unittest.main(argv=sys.argv[:1])

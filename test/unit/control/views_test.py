#!/usr/bin/env python3
"""chatgatectl's files, streams and live screen, against a served gateway with real workers.

usage: views_test.py CHATGATECTL SERVED_GATEWAY CATALOGUE
"""
import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
import unittest

sys.dont_write_bytecode = True
import chatgatectl_test as base  # noqa: E402


class ViewsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.gateway = base.Gateway("traffic")

    @classmethod
    def tearDownClass(cls):
        cls.gateway.stop()

    def ctl(self, *words):
        return subprocess.run([base.CTL, "--socket", self.gateway.socket, *words],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=base.PATIENCE)

    def ask(self, *words):
        done = self.ctl("--json", *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return json.loads(done.stdout)

    def until(self, holds):
        end = time.monotonic() + base.PATIENCE
        while not holds():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def test_a_capture_is_copied_into_a_file_that_tshark_reads(self):
        file = self.gateway.folder + "/blocked.pcapng"
        self.assertEqual(self.ctl("capture", "web", "host", "192.0.2.9").returncode, 0)
        self.until(lambda: self.ask("show", "capture")["captures"][0]["frames"] > 400)
        self.assertEqual(self.ctl("capture", "web", "stop").returncode, 0)
        done = self.ctl("copy", "capture", "web", file)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(os.stat(file).st_mode & 0o777, 0o600)
        fields = ("frame.comment", "frame.interface_name", "frame.packet_flags_direction", "ip.src",
                  "tcp.flags.reset")
        shown = subprocess.run(["tshark", "-r", file, "-T", "fields", "-E", "separator=;",
                                *(word for field in fields for word in ("-e", field))],
                               capture_output=True, text=True, check=True, timeout=60).stdout
        rows = [line.split(";") for line in shown.splitlines()]
        self.assertIn(f"{len(rows)} frames", done.stdout)
        self.assertGreater(len(rows), 400)  # several pieces
        decided = [row for row in rows if row[0].startswith("dropped (policy-reset), xmpp by http-host, "
                                                            "reset by no public IM, 2 frames forged, ")]
        forged = [row for row in rows if row[0].startswith("forged ")]
        self.assertGreater(len(decided), 20)
        self.assertLessEqual(abs(len(forged) - 2 * len(decided)), 4)  # it was stopped somewhere
        self.assertTrue(all(row[1] == "inside" and row[2].endswith("1") for row in decided))
        self.assertTrue(all(row[2].endswith("2") and row[4] in ("1", "True") for row in forged))
        self.assertEqual({row[1] for row in forged}, {"inside", "outside"})
        self.assertEqual({row[3] for row in rows}, {"192.0.2.9", "203.0.113.7"})
        self.assertEqual(self.ctl("no", "capture", "web").returncode, 0)

    def test_a_file_that_cannot_be_written_is_one_clear_line(self):
        self.assertEqual(self.ctl("capture", "x").returncode, 0)
        done = self.ctl("copy", "capture", "x", "/nowhere/x.pcapng")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, "chatgatectl: /nowhere/x.pcapng: cannot be written: "
                                      "No such file or directory\n")
        self.assertEqual(self.ctl("no", "capture", "x").returncode, 0)

    def test_events_are_followed_until_interrupted(self):
        follow = subprocess.Popen([base.CTL, "--socket", self.gateway.socket, "monitor", "events",
                                   "blocked", "--json"], stdout=subprocess.PIPE, text=True)
        events = [json.loads(follow.stdout.readline()) for _ in range(3)]
        follow.send_signal(signal.SIGINT)
        follow.stdout.read()
        self.assertEqual(follow.wait(base.PATIENCE), 0)
        follow.stdout.close()
        for event in events:
            self.assertEqual((event["event_type"], event["alert"]["action"], event["src_ip"]),
                             ("alert", "blocked", "192.0.2.9"))

    def test_a_stream_ends_with_the_next_line_and_a_file_does_not(self):
        with socket.socket(socket.AF_UNIX) as raw:
            raw.settimeout(base.PATIENCE)
            raw.connect(self.gateway.socket)
            lines = raw.makefile("rw")

            def send(**request):
                lines.write(json.dumps(request) + "\n")
                lines.flush()

            send(command="monitor events", json=True)
            self.assertTrue(json.loads(lines.readline())["more"])
            self.assertIn("events", json.loads(lines.readline())["result"])
            send(command="capture s")
            while "more" in (answer := json.loads(lines.readline())):
                pass
            self.assertEqual((answer["ok"], answer["result"]), (True, {}))
            self.assertEqual(json.loads(lines.readline())["result"]["name"], "s")
            self.until(lambda: self.ask("show", "capture")["captures"][0]["bytes"] > 100_000)
            send(command="copy capture s f.pcapng", json=True)
            send(command="no capture s", json=True)
            pieces = 0
            while "more" in (answer := json.loads(lines.readline())):
                pieces += "base64" in answer["result"]
            self.assertGreater(pieces, 2)
            self.assertEqual(answer["result"]["file"], "f.pcapng")
            self.assertTrue(json.loads(lines.readline())["result"]["ended"])

    def test_ctrl_c_repeats_nothing(self):
        for json_too in ([], ["--json"]):
            with subprocess.Popen([base.CTL, "--socket", self.gateway.socket, "monitor", "events", *json_too],
                                  stdout=subprocess.PIPE, text=True) as follower:
                lines = [follower.stdout.readline()]
                follower.send_signal(signal.SIGINT)
                lines += follower.stdout.readlines()
                self.assertEqual(follower.wait(base.PATIENCE), 0)
            self.assertEqual(len(set(lines)), len(lines))
            if json_too:
                self.assertTrue(all("event_type" in json.loads(line) for line in lines))

    def test_followers_that_go_away_leave_room(self):
        for _ in range(40):  # more than there may be at once
            with socket.socket(socket.AF_UNIX) as raw:
                raw.connect(self.gateway.socket)
                raw.sendall(b'{"command":"monitor events type audit"}\n')
                raw.settimeout(base.PATIENCE)
                self.assertIn(b'"more":true', raw.recv(4096))
        self.assertEqual(self.ctl("show", "version").returncode, 0)

    def test_top_once(self):
        facts = self.ask("top")
        self.assertGreater(facts["rates"]["packets"], 0)
        self.assertGreater(facts["rates"]["blocked"], 0)
        self.assertEqual({talker["client"] for talker in facts["talkers"]}, {"192.0.2.9", "10.1.1.5"})
        shown = self.ctl("top", "--once")
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        for text in ("packets/s", "Worker", "xmpp", "10.1.1.5", "no public IM"):
            self.assertIn(text, shown.stdout)
        self.assertLessEqual(max(map(len, shown.stdout.splitlines())), 100)

    def test_the_live_screen(self):
        terminal = base.Terminal(self.gateway, "top")
        terminal.expect("Client, by bytes")
        terminal.expect("q quit")
        terminal.type("f")
        terminal.expect("flows")
        fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 60, 0, 0))
        os.kill(terminal.pid, signal.SIGWINCH)
        terminal.expect("q quit")
        terminal.type("q")
        # The cursor is shown again, and the terminal is as it was.
        self.assertEqual(terminal.status(), 0)
        self.assertTrue(terminal.raw.rstrip().endswith(b"\x1b[?1l\x1b>"), terminal.raw[-80:])

    def test_the_live_screen_ends_by_a_signal(self):
        terminal = base.Terminal(self.gateway, "top")
        terminal.expect("q quit")
        os.kill(terminal.pid, signal.SIGTERM)
        self.assertEqual(terminal.status(), 0)
        self.assertTrue(terminal.raw.rstrip().endswith(b"\x1b[?1l\x1b>"), terminal.raw[-80:])


if __name__ == "__main__":
    signal.alarm(300)
    unittest.main(argv=sys.argv[:1])

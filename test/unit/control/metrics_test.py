#!/usr/bin/env python3
"""The port for Prometheus: its text held against the format, by curl, and clients that misbehave.

usage: metrics_test.py SERVED_GATEWAY CATALOGUE CHATGATE|none
"""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

SERVER, CATALOGUE, CHATGATE = sys.argv[1:4]
PATIENCE = 20  # seconds; only a failure waits so long

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL})(?:,{LABEL})*)\}})? (-?[0-9]+(?:\.[0-9]+)?)")
COMMENT = re.compile(rf"# (HELP|TYPE) ({NAME}) (.+)")


def check(text):
    """Every sample of a text in exposition format 0.0.4; a line that breaks it is an error."""
    samples, types, helps, family = {}, {}, set(), None
    assert text.endswith("\n") and "\r" not in text
    for line in text[:-1].split("\n"):
        if line.startswith("#"):
            kind, name, rest = COMMENT.fullmatch(line).groups()
            if kind == "HELP":
                assert name not in helps, f"{name} has two helps"
                assert not re.search(r"\\[^\\n]", rest), f"{name}: what is escaped?"
                helps.add(name)
            else:
                assert rest in ("counter", "gauge") and name not in types, line
                assert name in helps, f"{name} has no help"
                assert (rest == "counter") == name.endswith("_total"), line
                types[name] = rest
            family = name
            continue
        found = SAMPLE.fullmatch(line)
        assert found, f"no sample: {line!r}"
        name, labels, value = found.groups()
        assert name == family and name in types, f"{line!r} stands in the family of {family}"
        labels = re.findall(LABEL, labels or "")
        assert len({label.split("=")[0] for label in labels}) == len(labels), line
        key = (name, *sorted(labels))
        assert key not in samples, f"twice: {line!r}"
        samples[key] = float(value)
    return samples


def free_port(family=socket.AF_INET, address="127.0.0.1"):
    with socket.socket(family) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]


def curl(*words):
    """Status, head and body."""
    done = subprocess.run(["curl", "-s", "-i", "-g", "--max-time", "10", *words], capture_output=True,
                          check=True, text=True)
    head, body = done.stdout.split("\n\n", 1)
    return int(head.split()[1]), head, body


class Served:
    """The in-memory gateway with its metrics on a port."""

    def __init__(self, host="127.0.0.1", port=0):
        self.folder = tempfile.TemporaryDirectory(prefix="metrics-")
        self.port = port or free_port()
        self.url = f"http://{host or '127.0.0.1'}:{self.port}"
        policy = os.path.join(self.folder.name, "policy.json")
        with open(policy, "w", encoding="ascii") as file:
            file.write('{"rules": []}')
        self.process = subprocess.Popen(
            [SERVER, os.path.join(self.folder.name, "ctl"), policy, CATALOGUE, f"{host}:{self.port}"],
            stdout=subprocess.DEVNULL)
        self.wait(lambda: self.connect().close() or True)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def wait(self, condition):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                if condition():
                    return
            except OSError:
                pass
            assert time.monotonic() < end and self.process.poll() is None, "it never came to be"
            time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        status = self.process.wait(PATIENCE)
        self.folder.cleanup()
        assert status == 0, status


class Metrics(unittest.TestCase):
    def test_text_keeps_to_the_format(self):
        with Served() as served:
            status, head, body = curl(served.url + "/metrics?x=1")
            self.assertEqual(status, 200)
            self.assertIn("Content-Type: text/plain; version=0.0.4; charset=utf-8", head)
            samples = check(body)
            self.assertEqual(samples["chatgate_packets_total", 'worker="0"'], 42)
            self.assertGreater(len(samples), 150)

    def test_the_checker_finds_what_is_wrong(self):
        good = "# HELP a_total h\n# TYPE a_total counter\n"
        self.assertEqual(check(good + 'a_total{x="\\"\\\\\\n"} 1\n'), {("a_total", 'x="\\"\\\\\\n"'): 1})
        for line in ('a_total{x="1"} 1 \n', 'a_total{x="1",x="2"} 1\n', 'a_total{x="\\x"} 1\n', "b 1\n",
                     "a_total 1\na_total 2\n", 'a_total{x="""} 1\n', "a_total\n", "a_total one\n"):
            with self.assertRaises((AssertionError, AttributeError), msg=line):
                check(good + line)

    def test_other_requests(self):
        with Served() as served:
            self.assertEqual(curl(served.url + "/")[0], 404)
            self.assertEqual(curl(served.url + "/metricsx")[0], 404)
            status, head, _ = curl("-X", "POST", served.url + "/metrics")
            self.assertEqual(status, 405)
            self.assertIn("Allow: GET, HEAD", head)
            status, head, body = curl("-I", served.url + "/metrics")
            self.assertEqual((status, body), (200, ""))
            self.assertGreater(int(re.search(r"Content-Length: (\d+)", head).group(1)), 1000)
            self.assertEqual(curl("-H", "X: " + "x" * 9000, served.url + "/metrics")[0], 431)

    def test_health_follows_the_workers(self):
        with Served() as served:
            self.assertEqual(curl(served.url + "/healthz")[0], 503)
            served.process.send_signal(signal.SIGUSR1)
            served.wait(lambda: curl(served.url + "/healthz")[0] == 200)

    def test_every_address_and_ipv6(self):
        with Served("") as served:
            self.assertEqual(curl(served.url + "/healthz")[0], 503)
            if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6"):
                self.assertEqual(curl(f"http://[::1]:{served.port}/healthz")[0], 503)

    def test_clients_are_bounded_and_those_that_are_slow_are_cut_off(self):
        with Served() as served:
            idle = [served.connect() for _ in range(20)]
            # The last ones are hung up on at once, the others when their time is over.
            self.assertEqual(idle[19].recv(1), b"")
            begin = time.monotonic()
            self.assertEqual(idle[0].recv(1), b"")
            self.assertLess(time.monotonic() - begin, 5)
            self.assertEqual(curl(served.url + "/healthz")[0], 503)
            for client in idle:
                client.close()
            rude = served.connect()
            rude.sendall(b"\x16\x03\x01" + bytes(100))
            self.assertEqual(rude.recv(1), b"")
            rude.close()
            body = served.connect()
            body.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n")
            self.assertIn(body.recv(12), (b"", b"HTTP/1.1 503"))
            body.close()

    def test_port_in_use_is_one_line(self):
        with Served() as served:
            done = subprocess.run(
                [SERVER, os.path.join(served.folder.name, "other"), "policy", CATALOGUE,
                 f"127.0.0.1:{served.port}"], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"--metrics: cannot listen on 127.0.0.1:{served.port}: Address already in use",
                          done.stderr)

    @unittest.skipIf(CHATGATE == "none" or os.geteuid() != 0, "needs DPDK, and root")
    def test_the_gateway_itself(self):
        port = free_port()
        with tempfile.TemporaryDirectory(prefix="metrics-") as folder:
            policy = os.path.join(folder, "policy.json")
            with open(policy, "w", encoding="ascii") as file:
                file.write('{"rules": [{"name": "no \\"IM\\"", "category": "im", "action": "drop"}]}')
            with open(os.path.join(folder, "log"), "w+", encoding="utf-8") as log:
                gateway = subprocess.Popen(
                    [CHATGATE, "run", "--inside", "vdev:net_null0", "--outside", "vdev:net_null1",
                     "--policy", policy, "--catalogue", CATALOGUE, "--socket", os.path.join(folder, "ctl"),
                     "--signature-cache", folder, "--events", "file:" + os.path.join(folder, "events"),
                     "--metrics", f"127.0.0.1:{port}", "--stats-interval", "1",
                     # A sanitizer ends with calls that the filter refuses.
                     "--syscall-filter", "off" if "ASAN_OPTIONS" in os.environ else "on"],
                    stdout=log, stderr=log)
                try:
                    self.look_at(gateway, port, log)
                finally:
                    gateway.terminate()
                    self.assertEqual(gateway.wait(PATIENCE), 0)
            with open(os.path.join(folder, "events"), encoding="utf-8") as file:
                self.look_at_stats([json.loads(line) for line in file])

    def look_at_stats(self, events):
        """One event of all counters each second, and one at the end, after the last packet."""
        stats = [event["stats"] for event in events if event["event_type"] == "stats"]
        self.assertGreaterEqual(len(stats), 2)
        self.assertLess(stats[0]["uptime"], 3)
        packets = [each["counters"]["packets"] for each in stats]
        self.assertEqual(packets, sorted(packets))
        self.assertGreater(packets[-1], packets[0])
        self.assertEqual([event["audit"]["what"] for event in events[-1:]], ["gateway ended"])

    def look_at(self, gateway, port, log):
        url = f"http://127.0.0.1:{port}"
        end = time.monotonic() + PATIENCE
        while subprocess.run(["curl", "-s", "-o", "/dev/null", url], check=False).returncode:
            log.seek(0)
            self.assertTrue(gateway.poll() is None and time.monotonic() < end, log.read())
            time.sleep(0.05)
        first = check(curl(url + "/metrics")[2])
        time.sleep(1.2)
        second = check(curl(url + "/metrics")[2])
        polls = [key for key in first if key[0] == "chatgate_worker_polls_total"]
        self.assertEqual(len(polls), 1)
        self.assertGreater(second[polls[0]], first[polls[0]])
        self.assertEqual(first.keys(), second.keys())
        self.assertEqual(curl(url + "/healthz")[0], 200)
        hits = [key for key in second if key[0] == "chatgate_rule_hits_total"]
        self.assertIn('rule="no \\"IM\\""', hits[0])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

#!/usr/bin/python3
"""A QUIC client (ngtcp2's) takes the gateway's refusal for its server's, at once.

usage: quic_clients_test.py QUIC-MESSAGES
"""

import shutil
import socket
import subprocess
import sys
import threading
import time
import unittest

PROGRAM = sys.argv.pop()
CLIENT = "gtlsclient"
NAME = "localhost"  # what the client sends to an address
VERSIONS = {"version 1": "0x1", "draft of version 2": "0x709a50c4", "draft 29": "0xff00001d"}


class Gateway:
    """Answers every datagram on the loopback by way of the program."""

    def __init__(self):
        self.names = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.1)
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopped.is_set():
            try:
                datagram, sender = self.socket.recvfrom(65535)
            except TimeoutError:
                continue
            answer = subprocess.run([PROGRAM], input=datagram, capture_output=True, check=False)
            self.names += answer.stderr.decode().split()
            if answer.stdout:
                self.socket.sendto(answer.stdout, sender)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()
        self.socket.close()


class Clients(unittest.TestCase):
    def test_refused_at_once(self):
        for name, version in VERSIONS.items():
            with self.subTest(name), Gateway() as gateway:
                port = str(gateway.socket.getsockname()[1])
                begin = time.monotonic()
                client = subprocess.run(
                    [CLIENT, "-v", version, "127.0.0.1", port, f"https://{NAME}/"],
                    capture_output=True, text=True, timeout=30, check=False)
                spent = time.monotonic() - begin
                said = client.stdout + client.stderr
                self.assertIn("CONNECTION_CLOSE(0x1c) error_code=CONNECTION_REFUSED(0x2)", said)
                self.assertIn("ERR_DRAINING", said)
                self.assertNotIn("TIMEOUT", said)
                self.assertEqual(gateway.names, [NAME])
                self.assertLess(spent, 2)  # its own timeout is 10 s
                print(f"{name}: refused after {spent * 1000:.0f} ms")


if __name__ == "__main__":
    if not shutil.which(CLIENT):
        print(f"NOT RUN: there is no {CLIENT}")
        sys.exit(77)
    unittest.main()

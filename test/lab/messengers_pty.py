"""A program of the terminal, typed at as a person does."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time

# What a terminal is told beside text.
CONTROLS = re.compile(rb"\x1b\[[0-9;?>]*[A-Za-z@]|\x1b[()][A-Z0-9]|\x1b[=>78]|[\x0e\x0f]")


class Terminal:
    """`with` ends the program. What it shows is read by a thread of its own, so that it never waits."""

    def __init__(self, *words, environment=None):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 100, 200, 0, 0))
        self.process = subprocess.Popen(
            [str(word) for word in words], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env={**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **(environment or {})})
        os.close(slave)
        self.master = master
        self.shown = b""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                piece = os.read(self.master, 65536)
            except OSError:
                return  # it has ended, or was closed
            if not piece:
                return
            self.shown += piece

    def type(self, *lines):
        for line in lines:
            os.write(self.master, line.encode() + b"\n")

    @property
    def text(self):
        return CONTROLS.sub(b"", self.shown).decode(errors="replace")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(2)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        os.close(self.master)


def wait_for(condition, seconds):
    """What it answers, once that is something, or after that time."""
    end = time.monotonic() + seconds
    while not (answer := condition()) and time.monotonic() < end:
        time.sleep(0.03)
    return answer

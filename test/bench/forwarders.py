"""The whole gateway, and dpdk-testpmd in its place: programs that forward between two devices.

Both poll on one core, the last; what they did is asked of them, and what processor time they took of the kernel.
"""

import json
import re
import signal
import socket
import subprocess
import time

import measure

WORKER = "rte-worker-1"


def last_words(log):
    log.seek(0)
    return log.read()[-2000:]


class Peer:
    """testpmd, forwarding between the two devices, each in DPDK's words."""

    def __init__(self, folder, devices, frames, mode):
        cores = measure.cores()
        words = ["stdbuf", "-oL", "dpdk-testpmd", "--no-huge", "-m", str(frames * 4200 // 1048576 + 128), "--no-pci",
                 "--no-telemetry", "--no-shconf", "--lcores", f"0@{cores[0]},1@{cores[-1]}",
                 "--vdev", devices[0], "--vdev", devices[1], "--", "-i", f"--total-num-mbufs={frames}",
                 "--no-flush-rx", f"--forward-mode={mode}"]
        path = folder / "testpmd.log"
        with path.open("w") as out:
            self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=out,
                                            stderr=subprocess.STDOUT, text=True)
        self.log = path.open()
        self.say("start")

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def seconds(self):
        return measure.thread_seconds(self.process.pid, WORKER)

    def packets(self):
        at = self.log.seek(0, 2)
        self.say("show port stats 0")
        until = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < until:
            self.log.seek(at)
            found = re.search(r"RX-packets: (\d+)", self.log.read())
            if found:
                return int(found.group(1))
            time.sleep(0.002)
        raise RuntimeError("dpdk-testpmd does not answer: " + self.said())

    def said(self):
        return last_words(self.log)

    def end(self):
        try:
            self.process.communicate("stop\nquit\n", timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Gateway:
    """chatgate run under the shipped policy, between two devices in its own words."""

    def __init__(self, folder, program, devices, flows, frames, workers=1, policy=None):
        cores = measure.cores()
        self.path = str(folder / "gate.sock")
        self.workers = workers
        words = [program, "run", "--inside", devices[0], "--outside", devices[1], "--policy",
                 policy or measure.TREE / "policy/chatgate.json", "--catalogue",
                 measure.TREE / "policy/catalog", "--socket", self.path, "--flows", flows, "--frames",
                 frames, "--idle", "poll", "--signature-cache", folder, "--workers",
                 ",".join(str(core) for core in cores[-workers:])]
        path = folder / "chatgate.log"
        self.began = time.monotonic()
        with path.open("w") as out:
            self.process = subprocess.Popen([str(word) for word in words], stdout=out,
                                            stderr=subprocess.STDOUT)
        self.log = path.open()

    def ask(self, command):
        while True:
            with socket.socket(socket.AF_UNIX) as client:
                try:
                    client.connect(self.path)
                except OSError:
                    if self.process.poll() is not None or time.monotonic() > self.began + 60:
                        raise RuntimeError("chatgate run does not answer: " + self.said()) from None
                    time.sleep(0.002)
                    continue
                client.sendall((json.dumps({"command": command, "json": True}) + "\n").encode())
                with client.makefile() as reply:
                    return json.loads(reply.readline())["result"]

    def said(self):
        return last_words(self.log)

    def counters(self):
        return self.ask("show counters")["counters"]

    def seconds(self):
        """Of one worker, on average: that many of them work at once."""
        return sum(measure.thread_seconds(self.process.pid, f"rte-worker-{i + 1}")
                   for i in range(self.workers)) / self.workers

    def packets(self):
        return self.counters()["forwarded"]

    def wait_for_first(self):
        while self.packets() == 0:
            time.sleep(0.001)
        return time.monotonic() - self.began

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def rate(program, duration, warm):
    """Frames a second of its thread, after `warm` frames have passed."""
    try:
        while program.packets() < warm:
            time.sleep(0.02)
        packets, seconds = program.packets(), program.seconds()
        time.sleep(duration)
        return (program.packets() - packets) / (program.seconds() - seconds)
    finally:
        program.end()

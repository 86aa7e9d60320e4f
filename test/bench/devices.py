"""The whole gateway and dpdk-testpmd on the same DPDK devices, in turn.

The devices are net_pcap with infinite_rx, which copies frames out of a file in memory for ever, and
net_null for what goes out. A rate is frames for each second of processor time that the forwarding
thread had: it polls and never sleeps, so on a machine of its own that is the rate on the wall, and on
a shared one it is still the thread's own.
"""

import json
import re
import signal
import socket
import subprocess
import time

import measure
import traffic

WORKER = "rte-worker-1"
MODES = "io", "macswap", "5tswap"


class Peer:
    """testpmd, forwarding between the two devices."""

    def __init__(self, folder, capture, frames, mode):
        cores = measure.cores()
        words = ["stdbuf", "-oL", "dpdk-testpmd", "--no-huge", "-m", str(frames * 4200 // 1048576 + 128), "--no-pci",
                 "--no-telemetry", "--no-shconf", "--lcores", f"0@{cores[0]},1@{cores[-1]}",
                 "--vdev", f"net_pcap0,rx_pcap={capture},infinite_rx=1", "--vdev", "net_null1,no-rx=1",
                 "--", "-i", f"--total-num-mbufs={frames}", "--no-flush-rx", f"--forward-mode={mode}"]
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
        self.log.seek(0)
        raise RuntimeError("dpdk-testpmd does not answer: " + self.log.read()[-2000:])

    def end(self):
        try:
            self.process.communicate("stop\nquit\n", timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Gateway:
    """chatgate run under the shipped policy, between the same devices."""

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
                        self.log.seek(0)
                        raise RuntimeError("chatgate run does not answer: " + self.log.read()) from None
                    time.sleep(0.002)
                    continue
                client.sendall((json.dumps({"command": command, "json": True}) + "\n").encode())
                with client.makefile() as reply:
                    return json.loads(reply.readline())["result"]

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


def devices_of(capture):
    return f"vdev:net_pcap0,rx_pcap={capture},infinite_rx=1", "vdev:net_null1,no-rx=1"


def forwarding(bench, sizes, flow_counts, modes=MODES):
    """Decided flows through the devices, against testpmd's modes."""
    for label, lengths in sizes:
        for flows in flow_counts:
            capture = bench.folder / f"flows-{flows}-{label}.pcap"
            traffic.write_datagrams(capture, flows, lengths)
            # The queue's own copies, and what is under way.
            frames, warm = flows + 16384, 3 * flows
            ours, theirs = [], {mode: [] for mode in modes}
            for _ in range(bench.runs):
                for mode in modes:
                    theirs[mode].append(rate(Peer(bench.folder, capture, frames, mode),
                                             bench.duration, warm))
                ours.append(rate(Gateway(bench.folder, bench.program, devices_of(capture),
                                         max(4096, flows + flows // 4), frames),
                                 bench.duration, warm))
            capture.unlink()
            for mode in modes:
                bench.add(measure.Result(f"devices/{label}/{flows}/{mode}", "packets/s", ours,
                                         f"dpdk-testpmd {mode}", theirs[mode]))


def workers(bench, flows=100_000):
    """Two workers on two queues. Neither knows a frame's owner before it has read it, so half of all frames
    are handed over, as on devices without symmetric RSS."""
    if len(measure.cores()) < 2:
        return
    capture = bench.folder / "workers.pcap"
    traffic.write_datagrams(capture, flows)
    inside, outside = devices_of(capture)
    twice = inside.replace(f"rx_pcap={capture}", f"rx_pcap={capture},rx_pcap={capture}")
    figures = {1: [], 2: []}
    for _ in range(bench.runs):
        for count, device in ((1, inside), (2, twice)):
            figures[count].append(rate(Gateway(bench.folder, bench.program, (device, outside), 2 * flows,
                                               2 * flows + 32768, count), bench.duration, 3 * flows))
    capture.unlink()
    bench.add(measure.Result(f"devices/64/{flows}/two-workers", "packets/s", figures[2], "one worker",
                             figures[1]))


def against_revision(bench, other, flow_counts):
    """The same of two builds of the gateway, in turn."""
    for flows in flow_counts:
        capture = bench.folder / f"flows-{flows}.pcap"
        traffic.write_datagrams(capture, flows)
        rates = {bench.program: [], other: []}
        for _ in range(bench.runs):
            for program in rates:
                rates[program].append(rate(Gateway(bench.folder, program, devices_of(capture),
                                                   max(4096, flows + flows // 4), flows + 16384),
                                           bench.duration, 3 * flows))
        capture.unlink()
        bench.add(measure.Result(f"devices/64/{flows}/revision", "packets/s", rates[bench.program],
                                 "the other revision", rates[other]))


def start(bench):
    """From the start of the process to the first forwarded packet."""
    capture = bench.folder / "start.pcap"
    traffic.write_datagrams(capture, 64)
    times = []
    for _ in range(bench.runs):
        gateway = Gateway(bench.folder, bench.program, devices_of(capture), 65536, 0)
        try:
            times.append(gateway.wait_for_first())
        finally:
            gateway.end()
    bench.add(measure.Result("start/first-packet", "s", times, higher_is_better=False))

"""The whole gateway and dpdk-testpmd between two memifs, with wire-load at both ends: two processes, two cores.

One core sends and receives, the other forwards. The loss-free rate is found as RFC 2544 section 26.1 has it, by
bisection; latency (section 26.2) at a tenth, half and nine tenths of the gateway's own, testpmd at the same rates.
A frame lost is one that was offered and did not come, for whatever reason, a full ring before the forwarder included.

A rate holds if a trial at it loses nothing. Machines that are shared or virtual stand still for longer than a ring
lasts now and then, so a trial that lost less than one frame in a hundred is made again, twice at most: overload
comes again, an interruption hardly. Both programs are treated alike.
"""

import contextlib
import json
import subprocess

import measure
import traffic
from forwarders import Gateway, Peer

TOP = 60e6       # frames a second that nothing here forwards
NEAR = 0.02      # how far the loss-free rate may be from the next that loses
MOST_TRIALS = 60  # to find a rate; ten are usual
SHARES = 10, 50, 90
QUANTILES = {"p50": "50", "p99": "99", "p99.9": "99.9"}


class Ends:
    """wire-load at both ends of a forwarder."""

    def __init__(self, bench, sockets):
        words = ["taskset", "-c", str(measure.cores()[0]), bench.build / "test/bench/wire-load", *sockets]
        self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, command, **words):
        line = " ".join([command, *(f"{key}={value}" for key, value in words.items())])
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise RuntimeError(f"wire-load ended with {self.process.wait()} at: {line}")
        return json.loads(answer)

    def end(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Line:
    """A forwarder with its ends; to be used in `with`. `mode`: testpmd's, or none for the gateway."""

    def __init__(self, bench, mode=None, flows=1 << 16, program=None):
        self.trials = 0
        self.sockets = [bench.folder / f"{side}.memif" for side in ("inside", "outside")]
        for path in self.sockets:
            path.unlink(missing_ok=True)
        if mode:
            devices = [f"net_memif{i},role=server,id=0,socket={path},socket-abstract=no"
                       for i, path in enumerate(self.sockets)]
            self.forwarder = Peer(bench.folder, devices, 32768, mode)
        else:
            self.forwarder = Gateway(bench.folder, program or bench.program,
                                     [f"memif:{path},0" for path in self.sockets], flows, 0)
        try:
            self.ends = Ends(bench, self.sockets)
        except OSError:
            self.forwarder.end()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        said = self.forwarder.said() if kind else ""
        try:
            self.ends.end()
        finally:
            self.forwarder.end()
        if said:
            print(f"scripts/bench: the forwarder's last words: {said}", flush=True)
        for path in self.sockets:
            path.unlink(missing_ok=True)

    def load(self, rate, seconds, **words):
        return self.ends.ask("load", rate=f"{rate:.0f}", seconds=seconds, **words)

    def warm(self, flows, **words):
        """Slowly, until a datagram of each flow has come through, so that all are decided. On a machine that is
        busy with other things some may be lost."""
        received = 0
        for _ in range(100):
            done = self.load(100_000, max(0.02, flows / 100_000), flows=flows, **words)
            received += done["received"]
            if done["lost"] == 0 or received > 10 * flows:
                return
        raise RuntimeError(f"of {done['offered']} frames sent slowly {done['received']} came through")

    def holds(self, rate, seconds, **words):
        """Whether nothing is lost at a rate, and the last trial."""
        for _ in range(3):
            self.trials += 1
            done = self.load(rate, seconds, **words)
            if done["lost"] == 0 or done["lost"] > done["offered"] / 100:
                break
        # A sender that is late has not offered that rate, so nobody is known to bear it.
        offered = done["behind"] < seconds * NEAR
        return done["lost"] == 0 and offered, done

    def timed(self, rate, seconds, **words):
        """Latencies at a rate, of nearly all frames: where the receiver was away for long, once more."""
        for _ in range(5):
            done = self.load(rate, seconds, **words)
            if done["latency"]["count"] > 0.9 * done["offered"]:
                break
        if done["latency"]["count"] == 0:
            raise RuntimeError("no frame was received in time: this machine is too busy to measure on")
        return done["latency"]

    def loss_free(self, seconds, **words):
        """The highest rate at which nothing was lost."""
        flood = self.load(TOP, min(0.02, seconds), **words)
        if flood["refused"] == 0:
            print("scripts/bench: the sender is slower than the forwarder here, so a rate is its own", flush=True)
        high = 1.2 * flood["received"] / flood["seconds"]
        low, rate = 0.0, high * 0.7
        self.trials = 0
        while high - low > NEAR * high:
            if self.trials >= MOST_TRIALS:
                raise RuntimeError("frames are lost at one rate and another: this machine is too busy to measure on")
            held, done = self.holds(rate, seconds, **words)
            if held:
                low = done["offered"] / done["seconds"]
                high = max(high, low * 1.1) if rate >= high * 0.999 else high
            else:
                high = rate
            rate = (low + high) / 2
        return low


def sizes_word(lengths):
    return ",".join(str(length) for length in lengths)


def throughput(bench, sizes, modes, flows=1000):
    """Loss-free rates, and what is forwarded of more than can be; all sizes through the same process, in turn."""
    names = [None, *modes]
    free = {(label, mode): [] for label, _ in sizes for mode in names}
    for _ in range(bench.runs):
        for mode in names:
            with Line(bench, mode) as line:
                for label, lengths in sizes:
                    words = {"flows": flows, "sizes": sizes_word(lengths)}
                    line.warm(**words)
                    free[label, mode].append(line.loss_free(bench.duration / 2, **words))
    for label, _ in sizes:
        for mode in modes:
            bench.add(measure.Result(f"memif/{label}/loss-free/{mode}", "packets/s", free[label, None],
                                     f"dpdk-testpmd {mode}", free[label, mode]))
    return {label: sorted(free[label, None])[len(free[label, None]) // 2] for label, _ in sizes}


def against_revision(bench, other, lengths=(60,), flows=1000):
    """Loss-free rates of two builds of the gateway, in turn."""
    free = {bench.program: [], other: []}
    words = {"flows": flows, "sizes": sizes_word(lengths)}
    for _ in range(bench.runs):
        for program, rates in free.items():
            with Line(bench, program=program) as line:
                line.warm(**words)
                rates.append(line.loss_free(bench.duration / 2, **words))
    bench.add(measure.Result("memif/64/loss-free/revision", "packets/s", free[bench.program], bench.other_name,
                             free[other]))


def latency(bench, label, lengths, rate, mode, flows=1000):
    """At shares of `rate`, which is the gateway's loss-free one."""
    found = {}
    words = {"flows": flows, "sizes": sizes_word(lengths)}
    for _ in range(bench.runs):
        for each in (None, mode):
            with Line(bench, each) as line:
                line.warm(**words)
                for share in SHARES:
                    done = line.timed(rate * share / 100, bench.duration, **words)
                    for name, key in QUANTILES.items():
                        found.setdefault((share, name, each), []).append(done["quantiles"][key])
                    found.setdefault((share, "max", each), []).append(done["max"])
    for share in SHARES:
        for name in (*QUANTILES, "max"):
            bench.add(measure.Result(f"memif/{label}/latency/{share}%/{name}", "ns", found[share, name, None],
                                     f"dpdk-testpmd {mode}, same rate", found[share, name, mode], False))


def possible():
    if len(measure.cores()) >= 2:
        return True
    print("scripts/bench: one core cannot send and forward at once, so nothing between memifs", flush=True)
    return False


def wire(bench):
    if not possible():
        return
    sizes = [("64", (60,)), ("imix", traffic.IMIX), ("1518", (1514,))]
    if bench.quick:
        sizes = sizes[:1]
    rates = throughput(bench, sizes, ["5tswap"] if bench.quick else ["io", "macswap", "5tswap"])
    for label, lengths in sizes:
        latency(bench, label, lengths, rates[label], "5tswap")

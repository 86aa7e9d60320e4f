"""By stage: what each step of the packet's way takes of a packet of a decided flow, and of a new flow.

The stages' own functions over made-up traffic in memory (test/bench/stage_bench.cpp). Those of a packet are timed one
on top of the other, and a stage is the difference to the one before. Receiving and sending is the whole gateway from
net_null to net_null, whose frames are not IP, less what the engine takes of those.
"""

import measure
import micro
from forwarders import Gateway, Peer, rate

# In the order of the packet's way, and what is the whole.
PACKET = "view", "glance", "key", "look-up", "whole"
FLOW = "decode", "open", "early", "look-up", "admit", "order", "parse", "judge", "forge"
REST = "rest"
NULLS = "net_null0,size=60", "net_null1,no-rx=1"


def times(bench):
    """Nanoseconds of each row, by its name, run for run."""
    found = {}
    pattern = "packet/.*/1000/|flow/whole/" if bench.quick else "."
    for _ in range(bench.runs):
        for row in micro.run_program(bench.build / "test/bench/stage-bench", pattern, bench.seconds):
            found.setdefault(row["name"].removesuffix("/manual_time"), []).append(micro.figure_of(row)[0])
    return found


def differences(rows):
    """Of columns that grow: the first, and what each adds to the one before."""
    yield rows[0]
    for before, after in zip(rows, rows[1:]):
        yield [one - other for one, other in zip(after, before)]


def add(bench, name, values, against="", others=()):
    bench.add(measure.Result(f"stage/{name}", "ns", values, against, others, False))


def packet_stages(bench, found, flows):
    rows = [found[f"packet/{stage}/{flows}"] for stage in PACKET]
    for stage, values in zip((*PACKET[:-1], REST), differences(rows)):
        add(bench, f"packet/{flows}/{stage}", values)
    add(bench, f"packet/{flows}/whole", rows[-1])


def flow_stages(bench, found):
    sums = [0.0] * bench.runs
    for stage in FLOW:
        values = found[f"flow/{stage}"]
        add(bench, f"tls/{stage}", values)
        if stage != "forge":
            sums = [one + other for one, other in zip(sums, values)]
    add(bench, f"tls/{REST}", [whole - known for whole, known in zip(found["flow/whole"], sums)])
    add(bench, "tls/whole", found["flow/whole"])
    add(bench, "tls/whole-reset", found["flow/whole-reset"])
    add(bench, "quic/parse", found["quic/parse"])
    add(bench, "quic/whole", found["quic/whole"])


def input_output(bench, not_ip):
    ours, theirs = [], []
    for run in range(bench.runs):
        gateway = Gateway(bench.folder, bench.program, [f"vdev:{device}" for device in NULLS], 4096, 0)
        ours.append(1e9 / rate(gateway, bench.duration, 1000) - not_ip[run])
        theirs.append(1e9 / rate(Peer(bench.folder, NULLS, 32768, "io"), bench.duration, 1000))
    add(bench, "packet/receive-and-send", ours, "dpdk-testpmd io", theirs)


def stages(bench):
    found = times(bench)
    for flows in (1000,) if bench.quick else (1000, 100_000):
        packet_stages(bench, found, flows)
    if bench.quick:
        add(bench, "tls/whole", found["flow/whole"])
        return
    flow_stages(bench, found)
    input_output(bench, found["not-ip"])

"""The whole gateway and dpdk-testpmd on the same DPDK devices, in turn.

The devices are net_pcap with infinite_rx, which copies frames out of a file in memory for ever, and
net_null for what goes out. A rate is frames for each second of processor time that the forwarding
thread had: it polls and never sleeps, so on a machine of its own that is the rate on the wall, and on
a shared one it is still the thread's own.
"""

import measure
import traffic
from forwarders import Gateway, Peer, rate

MODES = "io", "macswap", "5tswap"


def devices_of(capture):
    return f"vdev:net_pcap0,rx_pcap={capture},infinite_rx=1", "vdev:net_null1,no-rx=1"


def peer_devices(capture):
    return tuple(device.removeprefix("vdev:") for device in devices_of(capture))


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
                    theirs[mode].append(rate(Peer(bench.folder, peer_devices(capture), frames, mode),
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
                                 bench.other_name, rates[other]))


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

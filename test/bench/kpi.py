"""The key performance indicators of RFC 9411 (section 6.3) that a gateway without clients of its own can be asked for.

Connections are TLS ones of eleven packets with a full hello each, under the shipped policy, through the whole gateway
between two memifs; wire-load plays both ends in a closed loop, so what one core of ends can play bounds them too, as
testpmd in the gateway's place shows. Inspected throughput is the engine's over real captures in memory, with the
shipped policy and the shipped Snort rules.
"""

import json

import captures
import measure
import wire


def connections(bench, mode, at_once=512):
    """One closed loop through the gateway, or through testpmd in a mode."""
    with wire.Line(bench, mode, 1 << 20) as line:
        line.ends.ask("connect", count=2 * at_once, at_once=at_once)
        done = line.ends.ask("connect", seconds=bench.duration, at_once=at_once)
        if done["stuck"]:
            raise RuntimeError(f"connections do not come through: {done}")
        hellos = 0 if mode else line.forwarder.counters()["flows-decided"]
    if not mode and hellos < done["completed"]:
        raise RuntimeError(f"of {done['completed']} connections {hellos} were judged")
    return done


def per_second(bench):
    rates, first, last = ({mode: [] for mode in (None, "io")} for _ in range(3))
    for _ in range(bench.runs):
        for mode, figures in rates.items():
            done = connections(bench, mode)
            figures.append(done["completed"] / done["seconds"])
            first[mode].append(done["first_bytes"]["quantiles"])
            last[mode].append(done["whole"]["quantiles"])
    bench.add(measure.Result("rfc9411/tcp-connections-per-second", "connections/s", rates[None], "dpdk-testpmd io",
                             rates["io"]))
    # Each connection has one handshake, judged by its hello.
    bench.add(measure.Result("rfc9411/tls-handshake-rate", "handshakes/s", rates[None], "dpdk-testpmd io",
                             rates["io"]))
    for name, times in (("time-to-first-byte", first), ("time-to-last-byte", last)):
        for word in ("50", "99"):
            ours, theirs = ([each[word] for each in times[mode]] for mode in (None, "io"))
            bench.add(measure.Result(f"rfc9411/{name}/p{word}", "ns", ours, "dpdk-testpmd io", theirs, False))


def concurrent(bench):
    """Connections that stay open, as the gateway counts them, and how fast they came."""
    wanted = 2000 if bench.quick else 1_000_000
    with wire.Line(bench, None, wanted + wanted // 4) as line:
        done = line.ends.ask("connect", count=wanted, at_once=512, hold=1)
        counters = line.forwarder.counters()
    if done["completed"] != wanted or counters["flows-evicted"]:
        raise RuntimeError(f"{wanted} connections were not held: {done}, {counters}")
    bench.add(measure.Result("rfc9411/concurrent-tcp-connections", "connections", [counters["flows-active"]]))


def inspected_throughput(bench):
    path = bench.folder / "inspected.pcap"
    if captures.mixed(bench, path) == 0:
        print("scripts/bench: no captures beside the tree, so no inspected throughput", flush=True)
        return
    words = captures.replay_words(bench, path)
    for rules in sorted((measure.TREE / "policy/rules").glob("*.rules")):
        words += ["--rules", rules]
    rates = []
    for _ in range(bench.runs):
        done = json.loads(measure.run([*words, "--loop", bench.loops]).stdout.splitlines()[-1])
        rates.append(done["bytes"] * 8 / done["engine_seconds"] / 1e9)
    path.unlink()
    bench.add(measure.Result("rfc9411/inspected-throughput", "Gbit/s", rates))


def kpi(bench):
    inspected_throughput(bench)
    if wire.possible():
        per_second(bench)
        concurrent(bench)

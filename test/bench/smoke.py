#!/usr/bin/python3
"""scripts/bench gives what it promises, in a second: names, units, spreads, and ratios of runs in turn.

usage: smoke.py BUILD

Figures themselves are not looked at: how fast a machine is, is no test of the program. What is held is their
form, that a program held against itself comes out near one, and that targets and plots follow from results.
"""

import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
# pylint: disable=wrong-import-position
import measure  # noqa: E402
import report  # noqa: E402
import targets  # noqa: E402
import traffic  # noqa: E402
import wire  # noqa: E402
from bench import Bench  # noqa: E402

KEYS = {"name", "unit", "value", "ratio", "against", "runs", "min", "max"}


def check_run(build, folder):
    out = folder / "figures.json"
    subprocess.run([sys.executable, "-B", HERE / "bench.py", "--quick", "--only", "parse", "--runs", "3",
                    "--build", build, "--other-build", build, "--json", out], check=True,
                   stdout=subprocess.DEVNULL)
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found.keys() == {"machine", "commit", "results"}, found.keys()
    assert found["machine"]["cores"] >= 1 and found["commit"]
    assert [result["name"] for result in found["results"]] == ["parse/tls_hello"]
    for result in found["results"]:
        assert result.keys() == KEYS, result.keys()
        assert result["unit"] == "ns" and result["runs"] == 3, result
        assert 0 < result["min"] <= result["value"] <= result["max"], result
        # The same program twice, in turn: even a busy machine keeps them within an order of each other.
        assert result["against"] and 0.1 < result["ratio"] < 10, result


def check_ratios(folder):
    twice = measure.Result("captures/mixed", "packets/s", [30, 10, 20], "ndpiReader", [2, 1, 3])
    assert (twice.value, twice.ratio) == (20, 10), (twice.value, twice.ratio)
    slow = measure.Result("engine/new_quic_flow/passed", "ns", [9000])
    assert slow.ratio is None
    reached = {words: word for words, _, _, word in targets.judge([twice, slow])}
    assert sorted(map(str, reached.values())).count("None") == len(targets.TARGETS) - 2
    assert list(reached.values()).count(True) == 1 and list(reached.values()).count(False) == 1
    rate = measure.Result("memif/64/loss-free/io", "packets/s", [5e6], "dpdk-testpmd io", [8e6])
    times = [measure.Result(f"memif/64/latency/50%/{word}", "ns", [value], "dpdk-testpmd io", [value / 2], False)
             for word, value in (("p50", 2000), ("p99", 40_000))]
    page = folder / "page.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n", encoding="utf-8")
    report.write(page, {"cores": 2}, "abc", "scripts/bench", [twice, slow, rate, *times])
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert "ndpiReader | 10.00 |" in text and "**no**" in text
    assert (folder / "performance/captures.svg").read_text(encoding="utf-8").startswith("<svg ")
    assert ">5<" in (folder / "performance/memif.svg").read_text(encoding="utf-8")
    drawn = (folder / "performance/latency.svg").read_text(encoding="utf-8")
    # Logarithmic, from half the least (that is 500) to the most.
    assert f'width="{420 * math.log(4) / math.log(80):.1f}"' in drawn and "50% of the rate, p99" in drawn


def check_traffic(build, folder):
    """Made-up connections are what an engine takes for TLS: each is judged by its name."""
    path = folder / "tls.pcap"
    packets = traffic.write_connections(path, 20, "web.whatsapp.com")
    done = subprocess.run([build / "app/chatgate/chatgate", "replay", "--policy",
                           measure.TREE / "policy/chatgate.json", "--catalogue", measure.TREE / "policy/catalog",
                           "--checksums", "verify", "--read", path], check=True, capture_output=True, text=True)
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["packets"], said["flows"], said["alerts"]) == (packets, 20, 20), said
    assert packets == 220 and said["dropped"] >= 20, said


def check_stage_table():
    results = [measure.Result(f"stage/packet/1000/{name}", "ns", [value])
               for name, value in (("decode", 10), ("whole", 40))]
    rows = list(report.stage_table(results, {"mhz": "2500.0"}))
    assert rows[2:] == ["| packet/1000 | decode | 10 | 25 | 25% |", "| packet/1000 | whole | 40 | 100 | 100% |"], rows
    assert not list(report.stage_table([], {}))


def check_wire(build, folder):
    """Frames and connections through the gateway between two memifs: all are accounted for."""
    if len(measure.cores()) < 2:
        return
    bench = Bench(SimpleNamespace(quick=True, build=build, runs=1, against=None), folder)
    with wire.Line(bench, flows=1 << 12) as line:
        line.warm(100)
        done = line.load(20_000, 0.05, flows=100, sizes="60,590,1514")
        assert done["offered"] == 1000 == done["received"] + done["lost"], done
        assert done["received"] > 0 and done["reordered"] == 0, done
        latency = done["latency"]
        assert latency["count"] <= done["received"], done
        if latency["count"]:
            assert 0 < latency["min"] <= latency["quantiles"]["50"] <= latency["quantiles"]["99.9"] <= latency["max"]
        made = line.ends.ask("connect", count=200, at_once=32)
        assert made["completed"] == 200 and not made["stuck"], made
        assert made["frames"] >= 200 * 11 and made["whole"]["count"] == 200, made
        counters = line.forwarder.counters()
        assert counters["flows-decided"] == 300 and counters["tls-hellos"] >= 200, counters
        assert line.ends.ask("state") == {"connected": True}
    assert not list(folder.glob("*.memif"))


def main():
    build = Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="chatgate-smoke-") as folder:
        check_run(build, Path(folder))
        check_ratios(Path(folder))
        check_traffic(build, Path(folder))
        check_wire(build, Path(folder))
    check_stage_table()
    print("5 checks")


main()

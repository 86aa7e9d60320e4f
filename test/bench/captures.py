"""The engine over captures in memory, against ndpiReader on the same file and core."""

import csv
import json
import re

import measure
import traffic


def mixed(bench, path):
    """Whole captures of Ethernet from the corpus, one behind the other; nothing where there is none."""
    corpus = measure.TREE.parent / "shared" / "corpus"
    if not (corpus / "corpus.csv").exists():
        return 0
    with (corpus / "corpus.csv").open(encoding="utf-8") as rows:
        found = sorted(((int(row["bytes"]), corpus / "pcaps" / row["file"]) for row in csv.DictReader(rows)
                        if row["class"] != "malformed" and row["link_type"] == "EN10MB"
                        and row["truncated"] != "yes"), reverse=True)
    return traffic.merge(path, [file for size, file in found if size < 4 << 20 and file.suffix == ".pcap"]
                         [:bench.captures])


def replay_words(bench, path):
    return [bench.program, "replay", "--policy", measure.TREE / "policy/chatgate.json", "--catalogue",
            measure.TREE / "policy/catalog", "--flows", 1 << 18, "--read", path]


def compare(bench, name, path, packets):
    """Packets for each second of processor time: the engine's own, as `replay` says it, and of ndpiReader
    that of the loops beyond the first, which pays for the start; reading the file is in it."""
    core = measure.cores()[-1]
    ours_words = replay_words(bench, path)
    theirs_words = ["ndpiReader", "-q", "-i", path]

    def replayed(loops):
        words = ["taskset", "-c", core, *ours_words, "--loop", loops]
        return json.loads(measure.run(words).stdout.splitlines()[-1])

    ours, theirs = [], []
    for _ in range(bench.runs):
        done = replayed(bench.loops)
        ours.append(done["packets_per_second"])
        once = measure.child_seconds([*theirs_words, "-l", 1], core)
        more = measure.child_seconds([*theirs_words, "-l", 1 + bench.loops], core)
        theirs.append(packets * bench.loops / (more - once))
    bench.add(measure.Result(f"captures/{name}", "packets/s", ours, "ndpiReader", theirs))
    bench.add(measure.Result(f"captures/{name}/flows", "flows/s",
                             [rate * done["flows"] / done["packets"] for rate in ours]))


def captures(bench):
    path = bench.folder / "tls.pcap"
    flows = 2000 if bench.quick else 20000
    compare(bench, "short-tls", path, traffic.write_connections(path, flows))
    path.unlink()
    path = bench.folder / "mixed.pcap"
    packets = mixed(bench, path)
    if packets == 0:
        print("scripts/bench: no captures beside the tree, so no mixed traffic", flush=True)
        return
    compare(bench, "mixed", path, packets)
    path.unlink()


def peer_version():
    found = re.search(r"nDPI (\S+)", measure.run(["ndpiReader", "-h"]).stdout)
    return found.group(1) if found else ""

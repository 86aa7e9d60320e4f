"""Google Benchmark's programs: their figures in ours."""

import json

import measure

# Program, and how much of it a quick run takes.
PROGRAMS = {"engine": ".", "parse": ".", "lookup": ".", "signature": "scan_with_rules"}
QUICK = {"engine": "decided/1000/|new_tls_flow/passed", "parse": "tls_hello", "lookup": "flow_look_up/1000$",
         "signature": "scan_with_rules/10/1460"}
NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def figure_of(row):
    """Value and unit of one row."""
    counters = {key: row[key] for key in ("bytes", "ns_a_packet") if key in row}
    if "bytes" in counters:
        return counters["bytes"], "bytes"
    if "ns_a_packet" in counters:
        return counters["ns_a_packet"], "ns"
    if "bytes_per_second" in row:
        return row["bytes_per_second"] / 1e6, "MB/s"
    if "items_per_second" in row:
        return 1e9 / row["items_per_second"], "ns"
    return row["cpu_time"] * NANOSECONDS[row["time_unit"]], "ns"


def run_program(program, pattern, seconds):
    out = measure.run([program, f"--benchmark_filter={pattern}", f"--benchmark_min_time={seconds}",
                       "--benchmark_format=json"]).stdout
    for row in json.loads(out)["benchmarks"]:
        if row.get("error_occurred"):
            raise RuntimeError(f"{row['name']}: {row['error_message']}")
        yield row


def micro(bench, name, other=None):
    """`other`: the same program of another revision, run in turn."""
    programs = [bench.build / "test/bench" / f"{name}-bench"] + ([other] if other else [])
    pattern = QUICK[name] if bench.quick else PROGRAMS[name]
    values, extras = [{} for _ in programs], {}
    for _ in range(bench.runs):
        for program, figures in zip(programs, values):
            for row in run_program(program, pattern, bench.seconds):
                label = row["name"].removesuffix("/manual_time").removesuffix("/iterations:1")
                value, unit = figure_of(row)
                figures.setdefault((f"{name}/{label}", unit), []).append(value)
                for key in ("bytes_a_flow", "bytes_an_entry", "index_bytes"):
                    if key in row:
                        extras[f"{name}/{label}/{key.replace('_', '-')}", "bytes"] = [row[key]]
    for (label, unit), figures in values[0].items():
        beside = values[1].get((label, unit), []) if other else []
        bench.add(measure.Result(label, unit, figures, bench.other_name if beside else "", beside,
                                 unit == "MB/s"))
    for (label, unit), figures in extras.items():
        bench.add(measure.Result(label, unit, figures, higher_is_better=False))

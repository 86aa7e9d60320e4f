"""Figures, and how they are taken: runs in turn, processor time of one thread, medians with their spread."""

import os
import platform
import resource
import statistics
import subprocess
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]


class Result:
    """One figure: all its runs, and what it is held against, if anything, in the same runs."""

    def __init__(self, name, unit, values, against="", others=(), higher_is_better=True):
        self.name, self.unit, self.against = name, unit, against
        self.values, self.others = list(values), list(others)
        self.higher_is_better = higher_is_better

    @property
    def value(self):
        return statistics.median(self.values)

    @property
    def ratio(self):
        """The figure over the other's, of the medians of runs that took turns; none where alone."""
        other = statistics.median(self.others) if self.others else 0
        return self.value / other if other else None

    def to_json(self):
        ratio = self.ratio
        return {"name": self.name, "unit": self.unit, "value": self.value,
                "ratio": None if ratio is None else round(ratio, 4), "against": self.against,
                "runs": len(self.values), "min": min(self.values), "max": max(self.values)}


def run(words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True,
                          **options)


def child_seconds(words, core=None):
    """Processor time of a program from its start to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run((["taskset", "-c", str(core)] if core is not None else []) + list(words))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def thread_seconds(process, name):
    """Processor time so far of the thread of that name, to the nanosecond."""
    for task in Path(f"/proc/{process}/task").iterdir():
        try:
            if (task / "comm").read_text().strip() == name:
                return int((task / "schedstat").read_text().split()[0]) / 1e9
        except FileNotFoundError:
            continue
    raise LookupError(f"process {process} has no thread {name}")


def cores():
    return sorted(os.sched_getaffinity(0))


def machine():
    fields = {}
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    memory = next(int(line.split()[1]) for line in Path("/proc/meminfo").read_text().splitlines()
                  if line.startswith("MemTotal"))
    huge = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    word = huge.read_text() if huge.exists() else "[none]"
    return {"processor": fields.get("model name", platform.processor()), "cores": len(cores()),
            "mhz": fields.get("cpu MHz", ""), "memory_mib": memory // 1024,
            "kernel": platform.release(), "virtual": "hypervisor" in fields.get("flags", ""),
            "transparent_huge_pages": word[word.index("[") + 1:word.index("]")],
            "load": round(os.getloadavg()[0], 2)}


def commit():
    try:
        name = run(["git", "-C", TREE, "rev-parse", "--short=12", "HEAD"]).stdout.strip()
        return name + ("+" if run(["git", "-C", TREE, "status", "--porcelain", "-uno"]).stdout else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"

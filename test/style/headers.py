#!/usr/bin/python3
"""Every header of lib/ and app/ has its guard, says what it is for, and compiles alone.

A header with a .cpp of its name is included there before all else, so that the build itself shows
that it compiles alone; the others are compiled here.

usage: headers.py COMPILER...
"""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tree

FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-x", "c++"]


def check_text(path):
    """First what the header is for, then the guard, then the rest."""
    name = tree.relative(path)
    text = tree.lines(path)
    if not text or not text[0].startswith("// "):
        yield f"{name}:1: a header opens with a comment that says what it is for"
    code = [(number, line) for number, line in enumerate(text, 1)
            if line.strip() and not line.startswith("//")]
    if not code or code[0][1] != "#pragma once":
        yield f"{name}:{code[0][0] if code else 1}: #pragma once comes before everything else"


def proven_by_build(path):
    """Whether the header's own .cpp includes it before all else."""
    source = path.with_suffix(".cpp")
    if not source.exists():
        return False
    number, mark, included = next(tree.includes(source), (0, "", ""))
    before = [line for line in tree.lines(source)[:max(number - 1, 0)]
              if line.strip() and not line.startswith("//")]
    return mark == '"' and not before and \
        included in {tree.relative(path).removeprefix("lib/"), path.name}


def foreign_flags(module):
    known = subprocess.run(["pkg-config", "--cflags", module], capture_output=True, text=True,
                           check=False)
    if known.returncode != 0:
        return None
    return [word.replace("-I", "-isystem", 1) if word.startswith("-I") else word
            for word in known.stdout.split()]


def check_alone(job):
    compiler, path, flags, folder = job
    unit = Path(folder) / (tree.relative(path).replace("/", "-") + ".cpp")
    unit.write_text(f'#include "{path}"\n', encoding="utf-8")
    result = subprocess.run([*compiler, *FLAGS, f"-I{tree.ROOT / 'lib'}", *flags, str(unit)],
                            capture_output=True, text=True, check=False)
    if result.returncode == 0:
        return []
    first = next((line for line in result.stderr.splitlines() if "error" in line), "does not compile")
    return [f"{tree.relative(path)}:1: does not compile alone: {first}"]


def main():
    compiler = [word for word in sys.argv[1:] if not word.endswith("ccache")] or ["c++"]
    findings = []
    headers = [path for path in tree.sources("lib", "app") if path.suffix == ".h"]
    for path in headers:
        findings += check_text(path)
    dpdk = foreign_flags("libdpdk")
    with tempfile.TemporaryDirectory(prefix="chatgate-headers-") as folder:
        jobs = []
        for path in headers:
            if proven_by_build(path):
                continue
            needs_dpdk = tree.relative(path).startswith("lib/io/dpdk/")
            if needs_dpdk and dpdk is None:
                continue
            jobs.append((compiler, path, dpdk if needs_dpdk else [], folder))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for found in pool.map(check_alone, jobs):
                findings += found
    tree.finish(findings)


main()

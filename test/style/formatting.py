#!/usr/bin/python3
"""C++ is formatted as .clang-format says; `scripts/format` does it."""

import re
import shutil
import sys

import tree


def main():
    if shutil.which("clang-format") is None:
        print("clang-format is not installed, nothing was checked")
        sys.exit(77)
    result = tree.run("scripts/format", "--check")
    findings = sorted(set(re.findall(r"^(\S+?):\d+:\d+: (?:error|warning)", result.stderr, re.M)))
    if result.returncode and not findings:
        findings = [result.stderr]
    tree.finish([f"{name}:1: not formatted; run scripts/format" for name in findings])


main()

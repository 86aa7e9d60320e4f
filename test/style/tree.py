"""What the checks of this folder share: the files of the source tree, and how findings are told.

A check is a program that meson runs from the test suite; it prints `FILE:LINE: what is wrong` for
each finding and exits 1 if there is any.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE_SUFFIXES = (".h", ".cpp")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def files(*folders):
    """All files below the folders that belong to the project, in order. Build folders do not."""
    for folder in folders or ("",):
        base = ROOT / folder
        for path in sorted(base.rglob("*")):
            top = path.relative_to(ROOT).parts[0]
            if path.is_file() and not top.startswith("build") and top != ".git" \
                    and "__pycache__" not in path.parts:
                yield path


def sources(*folders):
    return (path for path in files(*folders) if path.suffix in SOURCE_SUFFIXES)


def relative(path):
    return str(path.relative_to(ROOT))


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def includes(path):
    """(line number, "<" or '"', what is included) of each include line."""
    for number, line in enumerate(lines(path), 1):
        if found := INCLUDE.match(line):
            yield number, found[1], found[2]


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def finish(findings):
    for finding in findings:
        print(finding)
    print(f"{len(findings)} findings")
    sys.exit(1 if findings else 0)

#!/usr/bin/python3
"""Text of every file: length, forbidden words, paths of one machine, line ends, executable bits."""

import os
import re

import tree

MAX_LINES = 600
CODE = (".h", ".cpp", ".py", ".build", ".sh", ".c")
# Spelt apart, so that this file does not find itself.
FORBIDDEN = [
    (re.compile(r"\b(TO" r"DO|FIX" r"ME)\b"), "unfinished work is done or written down in docs/"),
    (re.compile(r"(?<![\w.])/(ho" r"me|Us" r"ers|wo" r"rk)/"), "a path of one machine"),
    (re.compile(r"NO" r"LINT"), "what clang-tidy names is fixed, not suppressed"),
]


def is_code(path):
    return path.suffix in CODE or path.name in ("meson.build", "meson_options.txt") \
        or path.parent == tree.ROOT / "scripts"


def is_script(path):
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def check(path):
    name = tree.relative(path)
    data = path.read_bytes()
    # Configurations (.cfg) are as devices and terminals give them.
    if b"\0" in data[:8000] or "corpus" in path.parts or name == "LICENSE" or path.suffix == ".cfg":
        return
    text = data.decode("utf-8", errors="replace")
    rows = text.splitlines()
    if is_code(path) and len(rows) > MAX_LINES:
        yield f"{name}:{MAX_LINES}: {len(rows)} lines, {MAX_LINES} are the most"
    if b"\r\n" in data:
        yield f"{name}:1: lines end with LF alone"
    if text and not text.endswith("\n"):
        yield f"{name}:{len(rows)}: the last line has no end"
    for number, row in enumerate(rows, 1):
        if row != row.rstrip() and path.suffix != ".md":
            yield f"{name}:{number}: white space at the end of the line"
        if "\t" in row and is_code(path):
            yield f"{name}:{number}: a tab"
        for pattern, why in FORBIDDEN:
            if found := pattern.search(row):
                yield f"{name}:{number}: \"{found[0]}\": {why}"
    executable = os.access(path, os.X_OK)
    if is_script(path) and not executable:
        yield f"{name}:1: starts with #! but is not executable"
    if executable and not is_script(path):
        yield f"{name}:1: executable, but no script"
    if path.parent == tree.ROOT / "scripts" and not executable:
        yield f"{name}:1: not executable"


def main():
    findings = []
    for path in tree.files():
        findings += check(path)
    tree.finish(findings)


main()

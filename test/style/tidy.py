#!/usr/bin/python3
"""clang-tidy over lib/ and app/, or the folders named, each file a case; what was clean and has not changed is not
read again.

usage: tidy.py BUILD-FOLDER [FOLDER ...]
"""

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tree

CLEAN = "tidy-clean.json"
ARGUMENTS = ["--quiet", "--extra-arg=-Wno-unknown-warning-option"]


def dependencies(path, seen):
    """The file and all headers of the tree that it includes, directly or not."""
    if path in seen or not path.exists():
        return
    seen.add(path)
    for _, kind, header in tree.includes(path):
        if kind == '"':
            dependencies(tree.ROOT / "lib" / header, seen)
            dependencies(path.parent / header, seen)


def digest(path, general):
    seen = set()
    dependencies(path, seen)
    sha = hashlib.sha256(general)
    for part in sorted(seen):
        sha.update(tree.relative(part).encode() + b"\0" + part.read_bytes())
    return sha.hexdigest()


def tidy(path, build):
    result = subprocess.run(["clang-tidy", "-p", str(build), *ARGUMENTS, str(path)], cwd=tree.ROOT,
                            capture_output=True, text=True, check=False)
    return result.returncode == 0, result.stdout + ("" if result.returncode == 0 else result.stderr)


def main():
    build = Path(sys.argv[1]).resolve()
    database = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    commands = {str((Path(row["directory"]) / row["file"]).resolve()): row for row in database}
    version = tree.run("clang-tidy", "--version").stdout.encode()
    general = (tree.ROOT / ".clang-tidy").read_bytes() + version + json.dumps(ARGUMENTS).encode()
    store = build / CLEAN
    clean = json.loads(store.read_text(encoding="utf-8")) if store.exists() else {}

    files = [path for path in tree.sources(*(sys.argv[2:] or ("lib", "app")))
             if path.suffix == ".cpp" and str(path) in commands]
    digests = {path: digest(path, general + commands[str(path)]["command"].encode()) for path in files}
    todo = [path for path in files if clean.get(tree.relative(path)) != digests[path]]
    failed = set()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, (good, said) in zip(todo, pool.map(lambda path: tidy(path, build), todo)):
            if good:
                clean[tree.relative(path)] = digests[path]
            else:
                failed.add(path)
                print(f"FAILED clang-tidy: {tree.relative(path)}\n{said.strip()}")
    store.write_text(json.dumps(clean, indent=1), encoding="utf-8")
    print(f"{len(files) - len(failed)} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


main()

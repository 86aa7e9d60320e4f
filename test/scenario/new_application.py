#!/usr/bin/python3
"""scripts/new-application in a tree of its own: what it writes is valid and proven at once, what is wrong is refused.

usage: new_application.py CHATGATE
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
SCRIPT = TREE / "scripts" / "new-application"
PROGRAM = sys.argv[1]


def run(*words):
    done = subprocess.run([SCRIPT, "--chatgate", PROGRAM, *words], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def expect(what, wanted, got, text):
    if got != wanted:
        print(f"{what}: status {got}, expected {wanted}\n{text}")
        sys.exit(1)


def main():
    expect("--help", 0, *run("--help"))
    with tempfile.TemporaryDirectory(prefix="chatgate-new-") as folder:
        tree = Path(folder)
        shutil.copytree(TREE / "policy" / "catalog", tree / "policy" / "catalog")
        (tree / "test" / "scenario").mkdir(parents=True)
        for file in (TREE / "test" / "scenario").glob("*.py"):
            shutil.copy(file, tree / "test" / "scenario")
        here = "--folder", folder
        given = "--category", "team-chat", "--name", "Chat.Example.com", "--port", "udp/4000-4010"
        status, text = run("our-chat", *given, *here)
        expect("a new application", 0, status, text)
        expect("its scenario", True, "1 passed, 0 failed" in text, text)
        entry = json.loads((tree / "policy" / "catalog" / "our-chat.json").read_text(encoding="utf-8"))
        expect("its names", ["chat.example.com"], [name["name"] for name in entry["names"]], text)
        expect("the same again", 1, *run("our-chat", *given, *here))
        # A scenario that could not fail would pass here: the name is somebody else's.
        expect("another's name", 1, *run("their-chat", "--category", "im-proxy", "--name", "web.whatsapp.com", *here))
        for wrong in (("Our", *given), ("a", "--category", "im", "--name", "a.example"),
                      ("a", "--category", "p2p", "--name", "https://a.example"),
                      ("a", *given[:4], "--port", "5222"), ("a", "--category", "p2p")):
            expect(" ".join(wrong), 2, *run(*wrong, *here))
    print("new-application writes what works")


main()

#!/usr/bin/python3
"""Holds a table in a document to what a program prints: it stands between two comments.

    table_in_docs.py PROGRAM DOCUMENT [--write]
"""

import re
import subprocess
import sys
from pathlib import Path

MARKS = re.compile(r"(<!-- table -->\n).*?(<!-- end of table -->)", re.S)


def hold(document, printed, write):
    """Whether the document's table differs from what was printed; `write` takes it over instead."""
    text = document.read_text(encoding="utf-8")
    wanted = MARKS.sub(lambda m: m[1] + printed + m[2], text)
    if write:
        document.write_text(wanted, encoding="utf-8")
    elif text != wanted:
        print(f"{document}: the table differs from what is printed; --write takes it over")
        return True
    return False


def main():
    program, document = sys.argv[1], Path(sys.argv[2])
    printed = subprocess.run([program], capture_output=True, text=True, check=False)
    if hold(document, printed.stdout, "--write" in sys.argv[3:]):
        return 1
    return printed.returncode


if __name__ == "__main__":
    sys.exit(main())

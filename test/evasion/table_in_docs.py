#!/usr/bin/python3
"""Holds the table in docs/design/evasions.md to what the program prints.

    table_in_docs.py PROGRAM DOCUMENT [--write]
"""

import re
import subprocess
import sys
from pathlib import Path

MARKS = re.compile(r"(<!-- table -->\n).*?(<!-- end of table -->)", re.S)


def main():
    program, document = sys.argv[1], Path(sys.argv[2])
    printed = subprocess.run([program], capture_output=True, text=True, check=False)
    text = document.read_text(encoding="utf-8")
    wanted = MARKS.sub(lambda m: m[1] + printed.stdout + m[2], text)
    if "--write" in sys.argv[3:]:
        document.write_text(wanted, encoding="utf-8")
    elif text != wanted:
        print(f"{document}: the table differs from what {program} prints; --write takes it over")
        return 1
    return printed.returncode


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3
"""Scripts parse: shell ones by `bash -n`, Python ones by the compiler."""

import ast

import tree


def check(path):
    name = tree.relative(path)
    if path.suffix == ".py":
        try:
            ast.parse(path.read_text(encoding="utf-8"), name)
        except SyntaxError as error:
            yield f"{name}:{error.lineno}: {error.msg}"
        return
    with path.open("rb") as file:
        first = file.readline()
    if first.startswith(b"#!") and first.rstrip().endswith((b"sh", b"bash")):
        result = tree.run("bash", "-n", str(path))
        if result.returncode:
            yield f"{name}:1: {result.stderr.strip()}"


def main():
    findings = []
    for path in tree.files():
        findings += check(path)
    tree.finish(findings)


main()

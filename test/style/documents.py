#!/usr/bin/python3
"""What the documents name exists: files and headings of links, audit events, counters, metrics, options of programs;
and a word of the glossary has one meaning.

Options are looked for as the programs describe them, in the sources, so that nothing has to be built.
"""

import re

import tree

LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ +(.*)$", re.M)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]+")
AUDIT = re.compile(r'\b(?:audit|tell)\("([a-z][a-z -]+ [a-z]+)"')
FAMILY = re.compile(r"\bchatgate_([a-z_]+)")
# Options of others' programs.
FOREIGN = {"--prefix", "--sysconfdir"}
NOT_METRICS = {"application", "service"}  # keys of a Snort rule's metadata


def anchor(heading):
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def links(path, text):
    for found in LINK.finditer(text):
        target, heading = found.groups()
        if target.startswith(("http:", "https:")):
            continue
        file = (path.parent / target).resolve() if target else path
        if not file.exists():
            yield f"no file {target}"
        elif heading and heading not in map(anchor, HEADING.findall(file.read_text(encoding="utf-8"))):
            yield f"no heading #{heading} in {target or path.name}"


def known_options():
    """Every option that a source of a program or a script gives a name to."""
    known = set(FOREIGN)
    for path in tree.files("app", "scripts", "test", "lib/io"):
        if path.suffix in (".cpp", ".h", ".py", "") and "corpus" not in path.parts:
            text = path.read_text(encoding="utf-8", errors="replace")
            known.update(OPTION.findall(text))
            known.update("--" + word for word in re.findall(r'[(,]\s*"([a-z][a-z-]+)"', text))
    return known


def glossary_words(text):
    """The words of the first column, without the table's head."""
    for row in re.findall(r"^\| ([^|]+) \|", text, re.M):
        yield from (word for word in row.split(", ") if word != "word")


def main():
    findings = []
    glossary = list(glossary_words((tree.ROOT / "docs" / "design" / "glossary.md").read_text(encoding="utf-8")))
    findings += [f"docs/design/glossary.md: \"{word}\" has two meanings"
                 for word in sorted({word for word in glossary if glossary.count(word) > 1})]
    guide = sorted((tree.ROOT / "docs" / "guide").glob("*.md"))
    known = known_options()
    metrics = "".join((tree.ROOT / "lib" / name).read_text(encoding="utf-8").replace("-", "_")
                      for name in ("control/metrics.cpp", "telemetry/counters.h"))
    for path in [tree.ROOT / "README.md", *sorted((tree.ROOT / "docs").rglob("*.md"))]:
        text = path.read_text(encoding="utf-8")
        wrong = list(links(path, text))
        if path in guide or path.name == "README.md":
            wrong += [f"no program has {option}" for option in sorted(set(OPTION.findall(text)) - known)]
            for name in sorted(set(FAMILY.findall(text)) - NOT_METRICS):
                if f'"{name}"' not in metrics and f'"{name.removesuffix("_total")}"' not in metrics:
                    wrong.append(f"no metric chatgate_{name}")
        findings += [f"{tree.relative(path)}: {each}" for each in wrong]
    events = (tree.ROOT / "docs" / "guide" / "events.md").read_text(encoding="utf-8")
    for path in tree.sources("lib", "app"):
        for word in AUDIT.findall(path.read_text(encoding="utf-8")):
            if f"`{word}`" not in events:
                findings.append(f"docs/guide/events.md: no word of the audit event \"{word}\" of {tree.relative(path)}")
    tree.finish(findings)


if __name__ == "__main__":
    main()

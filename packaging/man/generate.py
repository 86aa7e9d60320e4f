#!/usr/bin/python3
"""Fills a manual page's template with what the programs and the policy's schema say of themselves.

usage: generate.py TEMPLATE PAGE --version V [--program CHATGATE] [--commands PROGRAM] [--schema FILE] --ask [WORD ...]

A template is a page in man(7) with lines that are replaced:

  @SYNOPSIS@     the usage lines of the --help text
  @PURPOSE@      its sentences before the options
  @OPTIONS@      its options, each a tagged paragraph
  @COMMANDS@     its commands
  @EXAMPLE@      its example
  @CONTROL@      the commands of a running gateway
  @POLICY@       the keys of the policy
  @OPTIONS:run@  the options of `chatgate run`, and so on for each subcommand: as a file has them

Nothing that a program says of an option is written down a second time, so a page cannot go stale.
"""

import argparse
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SECTION = re.compile(r"^(Options|Commands|Example)\b.*:?$")
OPTION = re.compile(r"^  (-\S.*)$")


def roff(text):
    """Plain text, safe inside a line of man(7)."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    text = text.replace("'", "\\(aq").replace("^", "\\(ha").replace("~", "\\(ti").replace("`", "\\(ga")
    return "\\&" + text if text.startswith(".") else text


def macro_word(text):
    """Text as one argument of a macro."""
    return '"' + roff(text).replace('"', "\\(dq") + '"'


def sentence(text):
    """With its full stop; its first word may be one that is typed so, and stays as it is."""
    return text if text.endswith(".") else text + "."


@dataclass
class Option:
    tag: str   # "--policy FILE (=/etc/chatgate/policy.json)"
    text: str

    @property
    def name(self):
        return re.search(r"--([a-z][a-z0-9-]*)", self.tag)[1]

    @property
    def value(self):
        """The place-holder of what follows the name; empty for a switch."""
        found = re.search(r"--[a-z][a-z0-9-]* ([^\s(\]]+)", self.tag)
        return found[1] if found else ""

    @property
    def default(self):
        found = re.search(r"\(=(.*)\)$", self.tag)
        return found[1] if found else ""


class Help:
    """The parts of a --help text."""

    def __init__(self, text):
        self.usage, self.purpose, self.options, self.commands, self.example = [], [], [], [], []
        lines = text.splitlines()
        at = self._read_usage(lines)
        while at < len(lines) and not SECTION.match(lines[at]):
            self.purpose.append(lines[at])
            at += 1
        section, block = "", []
        for line in [*lines[at:], "Example"]:
            if found := SECTION.match(line):
                self._take(section, block)
                section, block = found[1], []
            else:
                block.append(line)
        if section == "Example":
            self._take(section, block)
        while self.example and not self.example[-1].strip():
            self.example.pop()

    def _read_usage(self, lines):
        at = 0
        while at < len(lines) and lines[at].strip():
            self.usage.append(re.sub(r"^\s*([Uu]sage:)?\s*", "", lines[at]))
            at += 1
        return at

    def _take(self, section, block):
        if section == "Options":
            self.options = read_options(block)
        elif section == "Commands":
            for line in block:
                if found := re.match(r"^  (\S+(?: \S+)*)\s{2,}(\S.*)$", line):
                    self.commands.append((found[1], found[2]))
        elif section == "Example":
            self.example += [line[2:] if line.startswith("  ") else line for line in block if line]


def read_options(block):
    """Options in two columns. The second one begins where the text of --help does, which is short."""
    column = next(re.match(r"^  .*?\[? ?--help ?\]?\s{2,}", line).end() for line in block
                  if re.match(r"^  .*--help", line))
    options = []
    for line in block:
        if OPTION.match(line):
            tag, text = line[:column], line[column:]
            if tag.strip() and len(line) > column and not tag.endswith(" "):
                tag, text = line, ""  # the tag is longer than its column, the text on the next line
            options.append(Option(tag.strip(), text.strip()))
        elif line.startswith(" " * column) and options:
            options[-1].text = f"{options[-1].text} {line.strip()}".strip()
        elif not line.strip() and options:
            break
    return options


def help_option(words):
    """Which option shows all: the help of chatgate's commands fits a screen and leaves some out."""
    return "--help-all" if len(words) == 2 and Path(words[0]).name == "chatgate" else "--help"


def ask(words):
    result = subprocess.run([*words, help_option(words)], capture_output=True, text=True, check=True)
    return Help(result.stdout)


def option_rows(options, in_file=False):
    for option in options:
        if in_file and option.name in ("help", "help-all", "config", "version"):
            continue
        yield ".TP"
        if in_file:
            value = roff(option.value) if option.value else "true"
            yield f"\\fB{roff(option.name)}\\fR = \\fI{value}\\fR"
        else:
            short = "-h, " if option.tag.startswith("-h") else ""
            tag = f"\\fB{roff(short + '--' + option.name)}\\fR"
            yield tag + (f" \\fI{roff(option.value)}\\fR" if option.value else "")
        yield roff(sentence(option.text))
        if option.default:
            yield f"Default: \\fI{roff(option.default)}\\fR."


def command_rows(commands):
    for word, text in commands:
        yield ".TP"
        yield f"\\fB{roff(word)}\\fR"
        yield roff(sentence(text))


def control_rows(commands):
    for command in commands:
        yield ".TP"
        words = [f"\\fB{roff(command['words'])}\\fR"]
        for row in command["arguments"]:
            words.append(f"\\fI{roff(row['keyword'].upper())}\\fR")
        for row in command["options"]:
            parts = [f"\\fB{roff(row['keyword'])}\\fR"] if row["keyword"] else []
            parts += [f"\\fI{row['value']}\\fR"] if row["value"] else []
            words.append("[" + " ".join(parts) + "]")
        yield " ".join(words)
        yield roff(sentence(command["help"])) + \
            ("\nFor root or the user of the gateway only." if command["changes"] else "")
        for row in command["arguments"] + command["options"]:
            name = row["keyword"] or row["value"]
            limits = f", {row['lowest']} to {row['highest']}" if "lowest" in row else ""
            yield ".br"
            yield f"\\fI{roff(name)}\\fR: {roff(row['help'] + limits)}"


class Policy:
    """The keys of the policy, in the words of its schema."""

    def __init__(self, schema):
        self.schema = schema

    def resolve(self, node):
        """The node with what it refers to; its own words go before those of the other."""
        while "$ref" in node:
            other = self.schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
            node = {**other, **{key: value for key, value in node.items() if key != "$ref"}}
        return node

    def kind(self, node):
        """What a value may be, in a few words."""
        node = self.resolve(node)
        if "enum" in node:
            return " | ".join(json.dumps(word) for word in node["enum"])
        if "const" in node:
            return json.dumps(node["const"])
        for key in ("oneOf", "anyOf"):
            kinds = [self.kind(each) for each in node.get(key, ()) if self.kind(each)]
            if kinds:
                return ", or ".join(dict.fromkeys(kinds))
        if node.get("type") == "array":
            return "a list of: " + self.kind(node.get("items", {}))
        if node.get("type") == "integer":
            low, high = node.get("minimum"), node.get("maximum")
            return "a number" + (f", {low} to {high}" if low is not None and high is not None else "")
        return {"string": "text", "boolean": "true | false", "object": "an object"}.get(
            node.get("type"), "")

    def objects(self, node):
        """(suffix, object) of each object that a value of this node may be or hold."""
        node = self.resolve(node)
        for each in [*node.get("oneOf", ()), *node.get("anyOf", ())]:
            yield from self.objects(each)
        if node.get("type") == "array":
            yield from ((f"[]{suffix}", found) for suffix, found in self.objects(node.get("items", {})))
        if "properties" in node:
            yield "", node
        if isinstance(node.get("additionalProperties"), dict):
            yield from ((f".NAME{suffix}", found)
                        for suffix, found in self.objects(node["additionalProperties"]))

    def rows(self):
        for key, node in self.schema["properties"].items():
            if key.startswith("$"):
                continue
            yield f".SS {macro_word(key)}"
            yield from self.words_of(node)
            yield from self.keys_below(key, node)

    def words_of(self, node):
        node = self.resolve(node)
        text = node.get("description", "")
        if text:
            yield roff(sentence(text))
        if kind := self.kind(node):
            yield ".br" if text else ""
            yield f"Value: {roff(kind)}."
        if "default" in node:
            yield f"Default: {roff(json.dumps(node['default']))}."

    def keys_below(self, path, node):
        told = set()
        for suffix, found in self.objects(node):
            for key, value in found["properties"].items():
                name = f"{path}{suffix}.{key}"
                if name.replace("[]", "") in told:
                    continue  # one of them, or a list of them
                told.add(name.replace("[]", ""))
                yield ".TP"
                needed = " (needed)" if key in found.get("required", ()) else ""
                yield f"\\fB{roff(name)}\\fR{needed}"
                yield from self.words_of(value)
                yield from self.keys_below(name, value)


class Page:
    def __init__(self, options):
        self.options = options
        self.help = ask(options.ask) if options.ask else None

    def fill(self, template):
        for line in template.splitlines():
            line = line.replace("@VERSION@", self.options.version)
            found = re.fullmatch(r"@([A-Z]+)(?::(\w+))?@", line)
            if found is None:
                yield line
                continue
            rows = [row for row in self._rows(found[1], found[2]) if row]
            if not rows:
                raise SystemExit(f"{self.options.template}: nothing to say for {line}")
            yield from rows

    def _rows(self, part, word):
        if part == "SYNOPSIS":
            return self._synopsis()
        if part == "PURPOSE":
            return [roff(line) if line.strip() else "" for line in self.help.purpose]
        if part == "OPTIONS" and word:
            return option_rows(ask([self.options.program, word]).options, in_file=True)
        if part == "OPTIONS":
            return option_rows(self.help.options)
        if part == "COMMANDS":
            return command_rows(self.help.commands)
        if part == "EXAMPLE":
            return [".PP", ".EX", *map(roff, self.help.example), ".EE"]
        if part == "CONTROL":
            printed = subprocess.run([self.options.commands], capture_output=True, text=True, check=True)
            return control_rows(json.loads(printed.stdout))
        if part == "POLICY":
            schema = json.loads(Path(self.options.schema).read_text(encoding="utf-8"))
            return Policy(schema).rows()
        raise SystemExit(f"{self.options.template}: nobody fills @{part}@")

    def _synopsis(self):
        for line in self.help.usage:
            program, _, rest = line.partition(" ")
            rest = re.sub(r"(?<![A-Za-z-])([A-Z][A-Z:]*)", lambda found: f"\\fI{found[1]}\\fR", roff(rest))
            yield f"\\fB{roff(program)}\\fR {rest}"
            yield ".br"


def main(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("template")
    parser.add_argument("page")
    parser.add_argument("--version", required=True)
    parser.add_argument("--program", help="chatgate, for the options of its subcommands")
    parser.add_argument("--commands", help="the program that prints chatgatectl's commands")
    parser.add_argument("--schema")
    parser.add_argument("--ask", nargs="*", help="the program, and its subcommand, whose --help is read")
    options = parser.parse_args(arguments)
    template = Path(options.template).read_text(encoding="utf-8")
    Path(options.page).write_text("\n".join(Page(options).fill(template)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

#!/usr/bin/python3
"""`chatgate audit` names what is wrong with a policy, and finds nothing wrong with a sound one.

usage: run.py CHATGATE SOURCE

faulty/*.json are policies with one fault each. Their first lines say with which options they are audited, which
faults must be named, and cells that must leak or be over-blocked; no others than faults of that kind may be named. What
is `checked` is what `chatgate check` must warn of, and a `need` is one that must be told as blocked. Policies without
those lines must have no such warning. Snort rules must all have a session, but for those that are UNCOVERED.
sound/*.json, and the policies that are shipped, must have none.
"""

import json
import shlex
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Rules whose bytes are computed from others of their own.
UNCOVERED = {"soulseek"}


def directives(path):
    """What the comments at the top of a policy say, by key; several lines of a key are a list."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("// "):
            break
        key, _, value = line[3:].partition(":")
        found.setdefault(key, []).append(value.strip())
    return found


def audit(program, catalogue, policy, words, as_json):
    options = ["--json"] if as_json else []
    command = [program, "audit", "--policy", policy, "--catalogue", catalogue, *words, *options]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, cwd=HERE, timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr


def cells(text):
    report = json.loads(text)
    leaks = {f"{cell['application']} {cell['path']}" for cell in report["cells"]
             if (cell["expected"], cell["actual"]) == ("block", "allow")}
    over = {f"{cell['application']} {cell['path']}" for cell in report["cells"]
            if (cell["expected"], cell["actual"]) == ("allow", "block")}
    if set(report) != {"cells", "leaks", "overblocked", "needs", "not_covered"}:
        raise ValueError(f"the report has the keys {sorted(report)}")
    if (len(leaks), len(over)) != (report["leaks"], report["overblocked"]):
        raise ValueError("the sums are not those of the cells")
    return leaks, over, report


def check_faulty(program, catalogue, policy):
    said = directives(policy)
    words = shlex.split(said["args"][0])
    status, text, errors = audit(program, catalogue, policy, words, False)
    if status != 1:
        yield f"ends with {status}: {errors.strip()}"
        return
    faults = [line.removeprefix("FAULT: ") for line in text.splitlines() if line.startswith("FAULT: ")]
    for fault in said["fault"]:
        if not any(fault in each for each in faults):
            yield f"does not name: {fault}; but {faults}"
    status, text, _ = audit(program, catalogue, policy, words, True)
    leaks, over, report = cells(text)
    yield from check_needs(said, report, check(program, catalogue, policy))
    for key, found in (("leaks", leaks), ("over-blocked", over)):
        for cell in [cell.strip() for line in said.get(key, []) for cell in line.split(",")]:
            if cell not in found:
                yield f"{cell} is not among what {key}"
        if key not in said and found:
            yield f"{sorted(found)[:5]} among what {key}"
    if status != 1 or not any(cell["expected"] == cell["actual"] for cell in report["cells"]):
        yield f"status {status}, and not one cell as it should be"


def check(program, catalogue, policy):
    command = [program, "check", "--json", "--catalogue", catalogue, policy]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, cwd=HERE, timeout=60, check=False)
    return [warning["message"] for warning in json.loads(done.stdout)["warnings"]]


def check_needs(said, report, warnings):
    """What of the needs is blocked is told by both commands, and nothing else."""
    blocked = {f"{need['application']} {need['kind']} {need['what']}" for need in report["needs"]
               if need["required"] and not need["passes"]}
    for need in said.get("need", []):
        if need not in blocked:
            yield f"{need} is not among the needs that are blocked: {sorted(blocked)}"
    if blocked and "need" not in said:
        yield f"{sorted(blocked)[:5]} among the needs that are blocked"
    of_needs = [warning for warning in warnings if "blocks what" in warning]
    for wanted in said.get("checked", []):
        if not any(wanted in warning for warning in of_needs):
            yield f"is not warned of: {wanted}; but {of_needs}"
    if of_needs and "checked" not in said:
        yield f"is warned of {of_needs}"


def check_sound(program, catalogue, policy):
    words = shlex.split(directives(policy).get("args", [""])[0])
    status, text, errors = audit(program, catalogue, policy, words, True)
    if status != 0:
        yield f"ends with {status}: {errors.strip()}"
        if status == 1:
            yield str([sorted(each)[:5] for each in cells(text)[:2]])
        return
    report = cells(text)[2]
    yield from check_needs({}, report, check(program, catalogue, policy))
    applications = {cell["application"] for cell in report["cells"]}
    missing = {path.stem for path in catalogue.glob("*.json") if speaks(path)} - applications
    if missing:
        yield f"no cell for {sorted(missing)}"
    yield from check_signatures(catalogue, policy, report)


def check_signatures(catalogue, policy, report):
    """Each application with rules of its own has a session that one of them matches, or is said to have none."""
    with_rules = {path.stem for path in catalogue.glob("*.json")
                  if json.loads(path.read_text(encoding="utf-8")).get("signatures")}
    covered = {cell["application"] for cell in report["cells"] if cell["path"] == "signature"}
    told = {each["application"] for each in report["not_covered"] if each["path"] == "signature"}
    if with_rules - covered - told:
        yield f"left out in silence: {sorted(with_rules - covered - told)}"
    if policy.name == "all-rules.json" and (covered != with_rules or told != UNCOVERED):
        yield f"no signature of {sorted(with_rules - covered)}, not covered {sorted(told)}"


def speaks(path):
    """Whether the application has a name of its own or a default port, so that it has a path."""
    entry = json.loads(path.read_text(encoding="utf-8"))
    return (any(name["exclusive"] for name in entry.get("names", [])) or
            any(port["default"] for port in entry.get("ports", [])))


def main():
    program, source = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    catalogue = source / "policy" / "catalog"
    shipped = [path for path in [source / "policy" / "chatgate.json",
                                 *sorted((source / "policy" / "examples").glob("*.json"))]
               if '"mode": "monitor"' not in path.read_text(encoding="utf-8")]
    cases = [(check_faulty, path) for path in sorted((HERE / "faulty").glob("*.json"))]
    cases += [(check_sound, path) for path in [*sorted((HERE / "sound").glob("*.json")), *shipped]]
    failed = 0
    for check, policy in cases:
        findings = list(check(program, catalogue, policy))
        for finding in findings:
            print(f"{policy.name}: {finding}")
        failed += bool(findings)
    print(f"{len(cases) - failed} passed, {failed} failed")
    sys.exit(1 if failed or len(cases) < 10 else 0)


if __name__ == "__main__":
    main()

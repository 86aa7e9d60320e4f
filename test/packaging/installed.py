"""The files of an installation, for those who look at one or at a package of it."""

from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
PROGRAMS = {"usr/bin/chatgate", "usr/bin/chatgatectl", "usr/sbin/chatgate-setup"}
CONFIGURATION = {"etc/chatgate/chatgate.conf", "etc/chatgate/policy.json", "etc/logrotate.d/chatgate"}
UNITS = {"chatgate.service", "chatgate-setup.service"}
COMPLETIONS = {f"usr/share/bash-completion/completions/{path.name}"
               for path in (TREE / "packaging/completion").iterdir()}
PAGES = {f"usr/share/man/man{path.name.split('.')[-2]}/{path.name.removesuffix('.in')}"
         for path in (TREE / "packaging/man").glob("*.in")}
DATA = {f"usr/share/chatgate/{path.relative_to(TREE / 'policy')}"
        for pattern in ("catalog/*.json", "rules/*.rules", "*.schema.json", "chatgate.json")
        for path in (TREE / "policy").glob(pattern)}
EXAMPLES = {f"usr/share/doc/chatgate/examples/{path.name}" for path in (TREE / "policy/examples").iterdir()}
SYSTEM = {"usr/lib/sysusers.d/chatgate.conf", "usr/lib/tmpfiles.d/chatgate.conf"}


def all_files(unit_folder="usr/lib/systemd/system"):
    return PROGRAMS | CONFIGURATION | COMPLETIONS | PAGES | DATA | EXAMPLES | SYSTEM | \
        {f"{unit_folder}/{unit}" for unit in UNITS}

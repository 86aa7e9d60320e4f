"""The drop-ins of docs/guide/security.md, as they stand there, under a running systemd."""

import re
from pathlib import Path

import installed
from names import BLOCKED

UNIT = "chatgate.service"
GUIDE = installed.TREE / "docs/guide/security.md"
DROP_IN = "/etc/systemd/system/chatgate.service.d/override.conf"
NET_ADMIN = 1 << 12


def drop_ins():
    """Those for AF_XDP and for PCI cards, in this order."""
    return [re.sub(r"(?m)^    ", "", block) for block in
            re.findall(r"(?m)((?:^    .*\n)+)", GUIDE.read_text(encoding="utf-8")) if "[Service]" in block]


def ids_of(process):
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(re.search(r"Uid:\s*(\d+)", status)[1]), int(re.search(r"CapEff:\s*(\w+)", status)[1], 16)


def run(fresh):
    machine, (xdp, cards) = fresh.machine, drop_ins()
    fresh.report.head("The drop-ins of the guide")
    user = int(machine.run("id", "-u", "chatgate").stdout)
    original = machine.file("/etc/chatgate/chatgate.conf").read_text(encoding="utf-8")
    fresh.start_stream()
    machine.must("systemctl", "stop", UNIT)
    for name, text, device, more in (("AF_XDP", xdp, "af_xdp", {}), ("PCI cards, with af_packet", cards, "af_packet", {"user": "chatgate"})):
        fresh.configure(device, **more)
        path = machine.file(DROP_IN)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        machine.must("systemctl", "daemon-reload")
        since = fresh.now()
        problem = machine.must("systemctl", "start", UNIT)
        said = machine.journal(UNIT, since)
        if not problem and not fresh.stream.passes():
            problem = "nothing passes"
        problem = problem or fresh.sees(BLOCKED["whatsapp"], "reset")
        if re.search("not filtered|more rights|refused", said):
            problem = problem or "it does not confine itself"
        if not problem:
            seen = ids_of(machine.outer_pid(machine.property(UNIT, "MainPID")))
            problem = "" if seen == (user, NET_ADMIN) else f"user {seen[0]}, capabilities {seen[1]:x}"
            problem = problem or machine.must("systemctl", "reload", UNIT) or machine.must("systemctl", "restart", UNIT)
        fresh.check(name, problem and f"{problem}\n{said}")
        machine.must("systemctl", "stop", UNIT)
        path.unlink()
        path.parent.rmdir()
        machine.must("systemctl", "daemon-reload")
        machine.file("/etc/chatgate/chatgate.conf").write_text(original, encoding="utf-8")

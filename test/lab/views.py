"""What an administrator looks at while the lab runs: a capture of what is blocked, and the live screen."""

import subprocess

NAME = "blocked"


def begin(gateway):
    gateway.control("capture", NAME, "blocked", "circular-buffer", "buffer", "4000000")


def check(gateway, folder, report):
    """After clients were blocked: the capture as a file, and one screen of `top`."""
    file = folder / "blocked.pcapng"
    gateway.control("copy", "capture", NAME, str(file))
    shown = subprocess.run(["tshark", "-r", str(file), "-T", "fields", "-e", "frame.comment"],
                           capture_output=True, text=True, check=False, timeout=60)
    comments = shown.stdout.splitlines()
    dropped, forged, decided = (sum(word in comment for comment in comments) for word in
                                ("dropped (", "forged (", "reset by "))
    problem = "" if dropped and forged and decided else f"{comments[:3]} {shown.stderr[-300:]}"
    silent = [comment for comment in comments if not comment]
    report.check("a capture of what was blocked says why, in every packet's comment",
                 problem or ("some have none" if silent else ""),
                 f"{len(comments)} frames, {dropped} dropped, {forged} forged")
    gateway.control("no", "capture", NAME)
    facts = gateway.ask("top")
    missing = [key for key in ("talkers", "applications", "blocks", "workers") if not facts[key]]
    report.check("top names talkers, applications and blocks", ", ".join(missing),
                 facts["blocks"][0] if facts["blocks"] else "")

#!/usr/bin/python3
"""Every way of naming a server, by real clients and servers through the real gateway.

usage: names_lab.py [--verbose] [--two-workers] [PART...]

Parts: tls http dns learn quic lists; all where none is named.
"""

import os
import sys
from pathlib import Path

import gateway as gateways
import names_dns
import names_http
import names_learn
import names_lists
import names_quic
import names_tls
from gateway import Gateway
from lab import Lab, LabError, leftovers
from names_play import Play
from names_servers import Servers
from report import Report

STEM = "chatgate-names"
PARTS = {"tls": names_tls, "http": names_http, "dns": names_dns, "learn": names_learn, "quic": names_quic,
         "lists": names_lists}


def run(report, parts=tuple(PARTS), workers=1):
    for prefix in leftovers(STEM):
        Lab(prefix).down()
    lab = Lab(f"{STEM}-{Path('/proc/self').resolve().name}")
    gateway = None
    try:
        lab.up(start_servers=False)
        servers = Servers(lab)
        servers.start()
        folder = lab.folder / "run"
        folder.mkdir()
        policy = folder / "policy.json"
        Play.write_policy(policy)
        gateway = Gateway(lab, folder, workers=workers, policy=policy)
        gateway.start()
        play = Play(report, lab, gateway, servers, policy)
        with lab.inside(lab.client):
            for part in parts:
                play.use()
                PARTS[part].run(play)
        problem = "" if gateway.process.poll() is None else f"it ended: {gateway.said()}"
        report.check("the gateway is still there", problem)
        report.check("the gateway ends in order", "" if problem or gateway.stop() == 0 else gateway.said())
    except (LabError, RuntimeError, OSError) as problem:
        report.check("the part on names", str(problem))
    finally:
        if gateway:
            gateway.end()
        lab.down()


def main():
    words = sys.argv[1:]
    report = Report(quiet="--verbose" not in words)
    workers = 2 if "--two-workers" in words else 1
    parts = [word for word in words if word not in ("--verbose", "--two-workers")] or list(PARTS)
    if unknown := [part for part in parts if part not in PARTS]:
        sys.exit(f"{__doc__}\nunknown part: {' '.join(unknown)}")
    if os.geteuid() != 0:
        report.check("the lab", "network namespaces need root")
    elif not gateways.CHATGATE.exists():
        report.check("the lab", f"{gateways.CHATGATE} is not built")
    else:
        run(report, parts, workers)
    return report.tally()


if __name__ == "__main__":
    sys.exit(main())

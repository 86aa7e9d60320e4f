#!/usr/bin/python3
"""Real programs of messengers through the real gateway, and what each policy makes of them.

usage: messengers_lab.py [--verbose]

One lab, one gateway; the same uses are played under "no messengers", "everything", "text chat only" and the
shipped example, all of a policy's at once.
"""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gateway as gateways
import messengers_irc
import messengers_ports
import messengers_reload
import messengers_sip
import messengers_xmpp
from gateway import Gateway
from lab import Lab, LabError, leftovers
from messengers_play import ALL, NONE, SHIPPED, TEXT_ONLY, Play, write_policy
from messengers_servers import Servers, missing
from report import Report

STEM = "chatgate-messengers"


def stage(play, policy, parts):
    """All parts at once under one policy."""
    play.report.head(f"Messengers: {policy}")
    play.use(policy)
    play.gateway.events.settle(0.1, 1.0)
    first = len(play.gateway.events.seen)
    with ThreadPoolExecutor(len(parts)) as pool:
        going = [pool.submit(play.inside, part) for part in parts]
        outcomes = [pair for each in going for pair in each.result()]
    play.judge(first, [(use, outcome) for use, outcome in outcomes if policy in use.seen])


def run(report):
    if lacking := missing():
        report.check("messengers", f"not installed: {' '.join(lacking)}; scripts/setup does it")
        return
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
        write_policy(policy, ALL)
        gateway = Gateway(lab, folder, policy=policy)
        gateway.start()
        play = Play(report, lab, gateway, policy)
        with messengers_irc.Pair(lab, folder) as irc:
            for name in (NONE, ALL, TEXT_ONLY, SHIPPED):
                parts = [lambda n=name: messengers_xmpp.play(n)]
                if name != SHIPPED:
                    parts += [lambda n=name: irc.play(n), lambda: messengers_sip.play(folder),
                              lambda n=name: messengers_ports.play(n)]
                servers.revive()
                stage(play, name, parts)
                if name == ALL:
                    messengers_reload.run(play, irc, folder)
        report.check("all servers are still there", "; ".join(servers.dead()))
        problem = "" if gateway.process.poll() is None else f"it ended: {gateway.said()}"
        report.check("the gateway is still there", problem)
        report.check("the gateway ends in order", "" if problem or gateway.stop() == 0 else gateway.said())
    except (LabError, RuntimeError, OSError) as problem:
        report.check("the part on messengers", str(problem))
    finally:
        if gateway:
            gateway.end()
        lab.down()


def main():
    report = Report(quiet="--verbose" not in sys.argv)
    started = time.monotonic()
    if os.geteuid() != 0:
        report.check("the lab", "network namespaces need root")
    elif not gateways.CHATGATE.exists():
        report.check("the lab", f"{gateways.CHATGATE} is not built")
    else:
        run(report)
    report.say(f"{time.monotonic() - started:.1f} s")
    return report.tally()


if __name__ == "__main__":
    sys.exit(main())

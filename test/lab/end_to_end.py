#!/usr/bin/python3
"""The end-to-end tests: the demo on several devices, and what a person is told of mistakes.

Prints what failed, and how many attempts and checks passed and failed.
"""

import argparse
import os
import sys

import bad_input
import demo
import evasions
import failure
import faults
import gateway
import messengers_lab
import names_lab
import reloads
import soak
from report import Report

RUNS = (("af_packet", 1), ("af_packet", 2), ("af_xdp", 1))


def main():
    report = Report(quiet="--verbose" not in sys.argv)
    if os.geteuid() != 0:
        report.check("the lab", "network namespaces need root")
    elif not gateway.CHATGATE.exists():
        report.check("the lab", f"{gateway.CHATGATE} is not built")
    else:
        for device, workers in RUNS:
            name = f"{device}, {workers} worker{'s' if workers > 1 else ''}"
            part = Report(quiet=report.quiet)
            options = argparse.Namespace(device=device, workers=workers,
                                         keep_artifacts=os.environ.get("CHATGATE_ARTIFACTS"))
            demo.Demo(options, part).run()
            report.passed += part.passed
            report.failures += [f"{name}: {failure}" for failure in part.failures]
        evasions.run(report)
        names_lab.run(report)
        names_lab.run(report, ("learn",), workers=2)
        messengers_lab.run(report)
        reloads.run(report, ("--seconds", "3"))
        soak.run(report, ("--seconds", "3", "--rate", "2000"))
        failure.run(report)
        faults.run_short(report)
        report.head("Mistakes")
        bad_input.run(report)
    return report.tally()


if __name__ == "__main__":
    sys.exit(main())

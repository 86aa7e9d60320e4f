#!/usr/bin/python3
"""The package on a fresh Debian with a running systemd: installed, started, broken, upgraded, purged.

usage: fresh.py [--base FOLDER] [--mirror URL] [--only PART ...] PACKAGE.deb

A Debian is made by debootstrap, booted in a container of its own between the lab's client and servers, and the
package installed as a person would. Numbered datagrams run through it all the time, so each gap is known. Needs
root, the distribution's mirror, debootstrap, systemd-container, and what scripts/setup installs. Some minutes.

  --base FOLDER   keep the fresh Debian there, and use it where it is there already
  --only PART     of: setup, service, dropins, kills, reboot, upgrade, demo, purge (repeats; install comes before them)
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
sys.path.insert(1, str(TREE / "test/lab"))

import fresh_machine  # noqa: E402 pylint: disable=wrong-import-position
import fresh_parts  # noqa: E402 pylint: disable=wrong-import-position
from lab import LIBC, Lab, LabError, alive  # noqa: E402 pylint: disable=wrong-import-position
from report import Report  # noqa: E402 pylint: disable=wrong-import-position

STEM, LAB = "chatgate-fresh", "fresh"
MOST_SECONDS = 1200
PR_SET_PDEATHSIG = 1
# Namespaces of mounts and processes, so that the end of one process is the end of everything.
APART = """
mount --make-rprivate /
mount -t tmpfs run /run
mkdir /run/netns /run/lock
"$@"
exit $?
"""
NEEDED = ("debootstrap", "systemd-nspawn", "unshare", "nsenter", "nginx", "curl")


def traces():
    """What could be left of a run on this machine."""
    found = {f"mount {row.split()[1]}" for row in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
             if STEM in row}
    found |= {f"process {path.parent.name}" for path in Path("/proc").glob("[0-9]*/cgroup") if STEM in cgroup_of(path)}
    for folder, pattern in (("/tmp", f"{STEM}*"), ("/run/netns", f"{LAB}-*"), ("/run/chatgate-lab", LAB),
                            ("/sys/fs/cgroup", f"**/{STEM}*")):
        found |= set(map(str, Path(folder).glob(pattern)))
    return found


def cgroup_of(path):
    with contextlib.suppress(OSError):
        return path.read_text(encoding="utf-8")
    return ""


def outside(options):
    """Makes the place, and takes it away."""
    lacking = [name for name in NEEDED if shutil.which(name) is None]
    if os.geteuid() != 0 or lacking:
        print(f"fresh.py: {'missing: ' + ', '.join(lacking) if lacking else 'this needs root'}", file=sys.stderr)
        return 2
    for path in Path(tempfile.gettempdir()).glob(f"{STEM}-*"):  # of runs that were killed
        if not alive(path.name.split("-")[2]):
            shutil.rmtree(path, ignore_errors=True)
    fresh_machine.remove_cgroups(STEM)
    before = traces()
    with tempfile.TemporaryDirectory(prefix=f"{STEM}-{os.getpid()}-") as folder:
        words = [sys.executable, "-B", __file__, "--inside", folder, "--outer", str(os.getpid()), *sys.argv[1:]]
        run = subprocess.Popen(  # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", APART, "sh", *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
            preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        signal.signal(signal.SIGALRM, lambda *_: run.kill())
        signal.alarm(MOST_SECONDS)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: run.kill())
        last = ""
        for last in run.stdout:
            if not re.match(r"\d+ passed, \d+ failed$", last):
                print(last, end="", flush=True)
        run.wait()
        signal.alarm(0)
    fresh_machine.remove_cgroups(STEM, os.getpid())
    tally = re.match(r"(\d+) passed, (\d+) failed$", last)
    passed, failed = map(int, tally.groups()) if tally else (0, 1)
    if not tally:
        print(f"FAILED it ended with {run.returncode} and no tally; it has {MOST_SECONDS} seconds")
    if left := traces() - before:
        print(f"FAILED nothing is left behind: {', '.join(sorted(left))}")
    print(f"{passed + (not left)} passed, {failed + bool(left)} failed")
    return 1 if failed or left else 0


def inside(options, report):
    folder = Path(options.inside)
    base = Path(options.base) if options.base else folder / "base"
    if not (base / "etc/debian_version").exists():
        report.head(f"A fresh Debian by debootstrap, {fresh_machine.SUITE}")
        fresh_machine.debootstrap(base, options.mirror)
    (folder / "layer").mkdir()
    machine = fresh_machine.Machine(base, folder / "layer", f"{STEM}-{options.outer}")
    lab = Lab(LAB)
    try:
        lab.up()
        fresh_parts.Fresh(machine, lab, Path(options.package).resolve(), report).run(options.only)
    except LabError as problem:
        report.check("the run", str(problem))
    finally:
        report.check("the machine shuts down", machine.shut_down())
        with contextlib.suppress(LabError):
            lab.down()


def parse():
    parser = argparse.ArgumentParser(prog="fresh.py", formatter_class=argparse.RawDescriptionHelpFormatter,
                                     description=__doc__)
    parser.add_argument("package", metavar="PACKAGE.deb")
    parser.add_argument("--base")
    parser.add_argument("--mirror", default=fresh_machine.MIRROR)
    parser.add_argument("--only", action="append", choices=fresh_parts.PARTS, default=[])
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    parser.add_argument("--outer", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    options = parse()
    if not options.inside:
        return outside(options)
    report = Report()
    inside(options, report)
    return report.tally()


if __name__ == "__main__":
    sys.exit(main())

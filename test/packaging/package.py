#!/usr/bin/python3
"""What is in the Debian package, and what it does to a system.

usage: package.py [--install] FOLDER-OF-THE-PACKAGE

With --install the package is installed, used and purged in a copy of this machine: the running
system, seen through a layer in memory that takes all changes and is gone at the end.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import installed

LAYER = """
set -e
mount --make-rprivate /
mount -t tmpfs -o size=2g chatgate-layer "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /sys "$1/root/sys"
mount --rbind /dev "$1/root/dev"
mount -t tmpfs run "$1/root/run"
mkdir -p "$1/root/run/netns" "$1/root/run/lock"
mount -t tmpfs tmp "$1/root/tmp"
cp -r "$2" "$1/root/tmp/tree"
cp "$3" "$1/root/tmp/package.deb"
exec chroot "$1/root" /usr/bin/python3 -B /tmp/tree/test/packaging/package.py --inside /tmp/package.deb
"""


class Report:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, name, problem):
        if problem:
            self.failed += 1
            print(f"FAILED {name}: {problem}", flush=True)
        else:
            self.passed += 1
            print(f"ok     {name}", flush=True)

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


def run(*words, **more):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False,
                          **more)


def must(*words, **more):
    result = run(*words, **more)
    return "" if result.returncode == 0 else (result.stdout + result.stderr).strip()[-3000:]


def look_into(report, package):
    rows = [row.split(None, 5) for row in run("dpkg-deb", "-c", package).stdout.splitlines()]
    files = {row[5].removeprefix("./"): row for row in rows if not row[0].startswith("d")}
    wanted = {name + ".gz" if name.startswith("usr/share/man/") else name
              for name in installed.all_files("lib/systemd/system")}
    report.check("every file is in the package", ", ".join(sorted(wanted - set(files))))
    strange = [name for name in set(files) - wanted if not name.startswith(("usr/share/doc/chatgate/", "usr/share/lintian/"))]
    report.check("and nothing else", ", ".join(strange))
    report.check("all belong to root", ", ".join(name for name, row in files.items() if row[1] != "root/root"))
    programs = {name for name, row in files.items() if "x" in row[0]}
    report.check("the programs are executable, and only they",
                 "" if programs == installed.PROGRAMS else str(programs ^ installed.PROGRAMS))
    conffiles = set(run("dpkg-deb", "-I", package, "conffiles").stdout.split())
    expected = {"/" + name for name in installed.CONFIGURATION}
    report.check("what an administrator edits is a conffile", "" if conffiles == expected else str(conffiles))
    depends = run("dpkg-deb", "-f", package, "Depends").stdout
    missing = [word for word in ("librte-meta-net", "librte-meta-bus", "librte-meta-mempool", "libhyperscan5",
                                 "libpcre2-8-0", "libc6") if word not in depends]
    report.check("drivers and libraries are asked for", ", ".join(missing))
    after = run("dpkg-deb", "-I", package, "postinst").stdout
    report.check("the user and the folders are made",
                 "" if "sysusers" in after and "systemd-tmpfiles" in after else after)
    # Enabled again only where it was: dh_installsystemd's guard.
    guarded = "debian-installed 'chatgate.service'" in after
    report.check("the gateway is neither enabled nor started",
                 "" if guarded and "deb-systemd-invoke" not in after else after)
    before = run("dpkg-deb", "-I", package, "prerm").stdout
    report.check("a removal stops the gateway", "" if "stop chatgate.service" in before else before or "there is no prerm")
    report.check("lintian", must("lintian", "--allow-root", "--tag-display-limit", "0", "--fail-on", "error,warning", package))


IGNORED = re.compile(r"^/(proc|sys|dev|run|tmp|root|home)(/|$)|^/var/lib/dpkg/|^/var/(lib|cache)/(apt|man|ucf|systemd)|"
                     r"^/var/log/|^/var/backups|^/var/cache/(debconf|ldconfig)|^/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|"
                     r"^/var/lib/systemd|^/etc/ld\.so\.cache|/__pycache__")


def names_of_system():
    found = set()
    for top in ("/etc", "/usr", "/var", "/lib", "/bin", "/sbin", "/opt", "/srv"):
        for folder, folders, files in os.walk(top):
            folders[:] = [name for name in folders if not IGNORED.search(f"{folder}/{name}")]
            found |= {f"{folder}/{name}" for name in folders + files if not IGNORED.search(f"{folder}/{name}")}
    return found


def users():
    return [name for name in ("passwd", "group") for row in Path("/etc", name).read_text().splitlines()
            if row.startswith("chatgate:")]


def use(report, package):
    """Inside the layer: install, look, work, edit, reinstall, remove, purge."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    Path("/usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    os.chmod("/usr/sbin/policy-rc.d", 0o755)
    for folder in ("/var/cache/chatgate", "/var/lib/chatgate", "/var/log/chatgate", "/etc/chatgate"):
        shutil.rmtree(folder, ignore_errors=True)  # of somebody's work here
    before = names_of_system()
    report.check("nothing of it is here before", ", ".join(users()))
    problem = must("dpkg", "-i", package, env=environment)
    if problem:
        print(must("apt-get", "-q", "-y", "-f", "install", env=environment))
        problem = must("dpkg", "-i", package, env=environment)
    report.check("it installs", problem)
    report.check("its user and group are there", "" if users() == ["passwd", "group"] else str(users()))
    for folder in ("/var/lib/chatgate", "/var/cache/chatgate", "/var/log/chatgate"):
        status = run("stat", "-c", "%U:%G %a", folder).stdout.strip()
        report.check(f"{folder} is the gateway's alone", "" if status == "chatgate:chatgate 750" else status)
    enabled = Path("/etc/systemd/system/multi-user.target.wants/chatgate.service")
    report.check("the gateway waits for an administrator", "it is enabled" if enabled.is_symlink() else "")
    report.check("chatgate --version", must("chatgate", "--version"))
    report.check("the shipped policy is valid", must("chatgate", "check"))
    report.check("chatgate-setup reports", must("chatgate-setup"))
    for page in ("chatgate", "chatgate-run", "chatgatectl", "chatgate.conf", "chatgate-policy", "chatgate-setup"):
        report.check(f"man {page}", must("man", "-w", page))
    unit = must("systemd-analyze", "verify", "/lib/systemd/system/chatgate.service",
                "/lib/systemd/system/chatgate-setup.service")
    report.check("the units are understood", "" if "chatgate" not in unit else unit)
    result = run("/tmp/tree/scripts/demo", "--installed", env=environment)
    said = (result.stdout + result.stderr).strip()
    report.check("the demo with what is installed", "" if result.returncode == 0 else said[-4000:])
    print("       " + said.splitlines()[-1])

    policy = Path("/etc/chatgate/policy.json")
    policy.write_text('{ "rules": [] }\n')
    report.check("it installs again", must("dpkg", "-i", "--force-confold", package, env=environment))
    report.check("an edited policy stays", "" if policy.read_text() == '{ "rules": [] }\n' else "it is gone")
    Path("/var/log/chatgate/events.json").touch()
    report.check("it is removed", must("dpkg", "-r", "chatgate", env=environment))
    report.check("the configuration stays until a purge", "" if policy.exists() else "it is gone")
    report.check("it is purged", must("dpkg", "-P", "chatgate", env=environment))
    report.check("nothing is left", ", ".join(sorted(names_of_system() - before)))
    report.check("nothing else is gone", ", ".join(sorted(before - names_of_system())))
    report.check("its user is gone", ", ".join(users()))


def main(arguments):
    report = Report()
    words = [word for word in arguments if not word.startswith("--")]
    if "--inside" in arguments:
        use(report, words[0])
        return report.finish()
    package = next(path for path in Path(words[0]).resolve().glob("chatgate_*.deb"))
    look_into(report, package)
    if "--install" not in arguments:
        return report.finish()
    with tempfile.TemporaryDirectory(prefix="chatgate-layer-") as folder:
        with tempfile.TemporaryDirectory(prefix="chatgate-tree-") as copy:
            tree = Path(copy, "tree")
            for name in ("scripts", "test/lab", "test/packaging", "packaging", "policy"):
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                subprocess.run(["cp", "-r", str(installed.TREE / name), str(tree / name)], check=True)
            result = subprocess.run(["unshare", "--mount", "--pid", "--fork", "sh", "-c", LAYER, "sh", folder,
                                     str(tree), str(package)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                    text=True, check=False)
    print(result.stdout.rsplit("\n", 2)[0])
    tally = re.search(r"^(\d+) passed, (\d+) failed\s*\Z", result.stdout, re.M)
    if tally is None:
        report.check("in a copy of this machine", f"it ended with {result.returncode} and no tally")
    else:
        report.passed += int(tally[1])
        report.failed += int(tally[2])
    return report.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A fresh Debian of its own: made by debootstrap, booted by systemd-nspawn, gone at the end.

Works in the mount and process namespaces that fresh.py has made, so that nothing of it is seen outside.
"""

import contextlib
import os
import subprocess
import time
from pathlib import Path

from lab import LabError

SUITE, MIRROR = "bookworm", "http://deb.debian.org/debian"
# What a person finds on a machine that the installer has set up without a desktop, and the checks use.
INCLUDED = "systemd,systemd-sysv,dbus,ca-certificates,man-db,bash-completion"
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
               "HOME": "/root", "TERM": "dumb", "DEBIAN_FRONTEND": "noninteractive", "SYSTEMD_PAGER": ""}
NSPAWN = ("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--link-journal=no")
BOOT_SECONDS, COMMAND_SECONDS = 60, 120


def debootstrap(folder, mirror=MIRROR):
    """What the distribution is before anybody installs anything; a minute, and 300 MB."""
    result = subprocess.run(["debootstrap", "--variant=minbase", f"--include={INCLUDED}", SUITE, str(folder), mirror],
                            capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise LabError(f"debootstrap: {(result.stdout + result.stderr).strip()[-2000:]}")


class Machine:
    """The Debian of `base` with a layer in memory above it; `cgroup` is where its processes belong."""

    def __init__(self, base, folder, cgroup):
        self.folder, self.root = folder, folder / "root"
        self.nspawn = self.leader = None
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3g", "chatgate-fresh", str(folder)], check=True)
        for name in ("upper", "work", "root"):
            (folder / name).mkdir()
        subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir={base},upperdir={folder}/upper,workdir={folder}/work",
                        "overlay", str(self.root)], check=True)
        self._use_cgroup(cgroup)

    @staticmethod
    def _use_cgroup(name):
        """The unified hierarchy, whatever the machine around uses, and a group of its own in it."""
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").split("\n")
        if not any(row.split()[1:3] == ["/sys/fs/cgroup", "cgroup2"] for row in mounts if row):
            subprocess.run(["umount", "-R", "/sys/fs/cgroup"], check=False)
            subprocess.run(["mount", "-t", "cgroup2", "cgroup2", "/sys/fs/cgroup"], check=True)
        group = Path("/sys/fs/cgroup", name)
        group.mkdir(exist_ok=True)
        (group / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")

    def before_boot(self, *words):
        """A command in the system that does not run yet, with the network of the machine around."""
        result = subprocess.run([*NSPAWN, "--pipe", "--as-pid2", f"--directory={self.root}",
                                 *(f"--setenv={key}={value}" for key, value in ENVIRONMENT.items()), *words],
                                capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if result.returncode != 0:
            raise LabError(f"{' '.join(words)}: {(result.stdout + result.stderr).strip()[-2000:]}")

    def boot(self, namespace):
        """With the interfaces of that network namespace, and the rights of a machine."""
        console = open(self.folder / "console.log", "ab")  # pylint: disable=consider-using-with
        with console:
            self.nspawn = subprocess.Popen(  # pylint: disable=consider-using-with
                [*NSPAWN, "--boot", "--console=pipe", "--capability=all", "--system-call-filter=@known", "--resolv-conf=off", "--timezone=off",
                 "--hostname=gate", f"--network-namespace-path=/run/netns/{namespace}", f"--directory={self.root}"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT)
        end = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < end and self.nspawn.poll() is None:
            self.leader = self._find_leader()
            if self.leader and self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded"):
                return
            time.sleep(0.1)
        said = (self.folder / "console.log").read_text(errors="replace")
        raise LabError(f"the machine did not boot: {said[-2000:]}")

    def _find_leader(self):
        children = Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children")
        with contextlib.suppress(OSError):
            for pid in children.read_text(encoding="ascii").split():
                if Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip() == "systemd":
                    return int(pid)
        return None

    def run(self, *words, user=None, seconds=COMMAND_SECONDS, **more):
        """A command as somebody on that machine gives it."""
        enter = ["nsenter", "--all", "--target", str(self.leader), "--"]
        if user:
            enter += ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--"]
        return subprocess.run([*enter, *map(str, words)], capture_output=True, text=True, check=False, timeout=seconds,
                              env=ENVIRONMENT, **({"stdin": subprocess.DEVNULL} | more))

    def must(self, *words, **more):
        """What is wrong with that command, nothing where it is done."""
        result = self.run(*words, **more)
        return "" if result.returncode == 0 else \
            f"status {result.returncode}: {(result.stdout + result.stderr).strip()[-3000:]}"

    def file(self, name):
        """As the running system sees it, its /run and /tmp included."""
        return Path(f"/proc/{self.leader}/root", name.lstrip("/"))

    def shut_down(self):
        """In order; the services end as they do when a machine is switched off."""
        if self.nspawn is None or self.nspawn.poll() is not None:
            return ""
        self.run("systemctl", "poweroff")
        try:
            self.nspawn.wait(60)
            return ""
        except subprocess.TimeoutExpired:
            self.nspawn.kill()
            self.nspawn.wait()
            return "it had to be killed"

    # Services.

    def property(self, unit, name):
        return self.run("systemctl", "show", "--value", "--property", name, unit).stdout.strip()

    def outer_pid(self, inner):
        """Of a process of the machine, as it is known out here."""
        for status in Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError):
                row = next(line for line in status.read_text(encoding="ascii", errors="replace").split("\n")
                           if line.startswith("NSpid:"))
                if row.split()[2:] == [str(inner)]:
                    return int(status.parent.name)
        raise LabError(f"process {inner} is gone")

    def journal(self, unit, since=None):
        """`since` as time.time() tells it."""
        return self.run("journalctl", "--no-pager", "--output=cat", f"--unit={unit}",
                        *([f"--since=@{since:.6f}"] if since else [])).stdout


def remove_cgroups(stem, own=0):
    """Those of runs that have ended, and of the run `own`; a group goes only once its last process is gone."""
    script = """
    mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 0
    for try in 1 2 3 4 5 6 7 8 9 10; do
        left=
        for group in /sys/fs/cgroup/"$1"-*; do
            [ -d "$group" ] || continue
            [ "${group##*-}" = "$2" ] || [ ! -d "/proc/${group##*-}" ] || continue
            find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || left=1
        done
        [ "$left" ] || exit 0
        sleep 0.5
    done
    """
    subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", stem, str(own)], check=False, capture_output=True)

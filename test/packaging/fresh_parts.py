"""What is done with the package on a fresh Debian, part by part; each begins as the one before has left it."""

import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import fresh_dropins
import fresh_failures
import installed
from attempts import Plan, WEB
from clients import curl
from failure import Stream
from gateway import Events
from lab import LabError, ip_batch, run
from names import BLOCKED

PARTS = ("setup", "service", "dropins", "kills", "reboot", "upgrade", "demo", "purge")
UNIT = "chatgate.service"
CONFIG, POLICY = "/etc/chatgate/chatgate.conf", "/etc/chatgate/policy.json"
EVENTS = "/var/log/chatgate/events.json"
METRICS = "127.0.0.1:9464"
NET_ADMIN = 1 << 12
FOLDERS = {"/var/lib/chatgate": "750", "/var/cache/chatgate": "750", "/var/log/chatgate": "750", "/run/chatgate": "750",
           "/etc/chatgate": "755"}
# What an upgrade to something worse would show first: systemd-analyze security, in tenths.
MOST_EXPOSED = 2.5
# What the package manager itself and the time leave.
IGNORED = re.compile(r"/(var/lib/(dpkg|apt|systemd|logrotate)|var/cache/(apt|man|debconf|ldconfig)|var/log/(apt|dpkg|journal|"
                     r"alternatives|wtmp|btmp|lastlog)|var/backups|var/tmp|etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|"
                     r"etc/ld\.so\.cache|etc/resolv\.conf)|__pycache__")


class Fresh:
    def __init__(self, machine, lab, package, report):
        self.machine, self.lab, self.package, self.report = machine, lab, package, report
        self.stream = self.events = None

    def run(self, only):
        self._install()
        for part in PARTS:
            if only and part not in only:
                continue
            if part == "dropins":
                fresh_dropins.run(self)
            elif part in ("kills", "reboot", "upgrade"):
                fresh_failures.Failures(self).run(part)
            else:
                getattr(self, f"_{part}")()
        self.end_stream()

    def check(self, name, problem="", note=""):
        return self.report.check(name, problem, note)

    def must(self, name, *words, note="", **more):
        """A command that has to be done."""
        return self.check(name, self.machine.must(*words, **more), note)

    @staticmethod
    def now():
        """For Machine.journal."""
        return time.time()

    # The stream of datagrams, and the other things that clients do.

    def start_stream(self):
        if self.stream is None:
            self.stream = Stream(self.lab)

    def end_stream(self):
        if self.stream is not None:
            self.stream.stop()
            self.stream = None

    def web(self, name, path="/"):
        """What curl sees of that name; the page where it is allowed."""
        with self.lab.inside(self.lab.client):
            return curl(f"http://{name}{path}", "198.51.100.10", self.lab.folder / "ca.pem", want=f"host {name}").seen

    def sees(self, name, wanted):
        seen = self.web(name)
        return "" if seen == wanted else f"{name}: {seen}, not {wanted}"

    def wait_for(self, condition, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            time.sleep(0.05)
        return False

    # Installing, as a person does.

    def _install(self):
        report, machine = self.report, self.machine
        report.head("A fresh Debian: the package and what it depends on")
        shutil.copy(self.package, machine.root / "root/chatgate.deb")
        machine.before_boot("apt-get", "-q", "update")
        machine.before_boot("apt-get", "-q", "-y", "install", "--download-only", "/root/chatgate.deb")
        # As they are when a machine has just been started: nobody has raised them or switched anything off.
        for name in ("inside", "outside"):
            run("ip", "netns", "exec", self.lab.gateway, "ethtool", "-K", name, "rx", "on", "tx", "on", "gro", "on",
                "gso", "on", "tso", "on", "sg", "on", check=False)
            ip_batch(self.lab.gateway, f"link set {name} down addrgenmode eui64")
        machine.boot(self.lab.gateway)
        state = machine.run("systemctl", "is-system-running").stdout.strip()
        failed = machine.run("systemctl", "--failed", "--no-legend").stdout.strip()
        self.check("it boots", "" if state == "running" else f"{state}: {failed}")
        self.before = self._names()
        result = machine.run("apt-get", "-q", "-y", "install", "/root/chatgate.deb")
        said = result.stdout + result.stderr
        count = re.search(r"(\d+) newly installed", said)
        self.check("apt installs it", "" if result.returncode == 0 else said[-3000:],
                   f"{count[1] if count else '?'} packages with what it depends on")
        if result.returncode != 0:
            raise LabError("the package is not installed")
        warned = [line for line in said.splitlines() if re.match(r"(?i)([WE]:|dpkg: |warning|error|chatgate)", line)
                  and "unsandboxed" not in line]
        self.check("and warns of nothing", "; ".join(warned))
        missing = machine.run("sh", "-c", "ldd /usr/bin/chatgate /usr/bin/chatgatectl | grep 'not found'").stdout
        self.check("every library is there", missing.strip())
        self._laid_out()

    def _laid_out(self):
        machine = self.machine
        gone = [name for name in installed.all_files("lib/systemd/system")
                if not machine.file(name).exists() and not machine.file(f"{name}.gz").exists()]
        self.check("every file is laid out", ", ".join(gone))
        for folder, mode in FOLDERS.items():
            seen = machine.run("stat", "-c", "%U:%G %a", folder).stdout.strip()
            wanted = f"{'root:root' if folder.startswith('/etc') else 'chatgate:chatgate'} {mode}"
            self.check(f"{folder} belongs to {wanted}", "" if seen == wanted else seen)
        user = machine.run("getent", "passwd", "chatgate").stdout.strip()
        self.check("the user has no shell", "" if user.endswith("nologin") else user or "there is none")
        for page in sorted(path.rsplit("/", 1)[1] for path in installed.PAGES):
            name, section = page.rsplit(".", 1)
            shown = machine.run("man", "--pager=cat", section, name)
            self.check(f"man {section} {name}", "" if len(shown.stdout) > 500 else shown.stderr)
        line = ('. /usr/share/bash-completion/bash_completion; _completion_loader chatgate; COMP_WORDS=(chatgate re); '
                'COMP_CWORD=1; COMP_LINE="chatgate re"; COMP_POINT=11; $(complete -p chatgate | sed "s/.*-F //;s/ .*//") '
                'chatgate re chatgate; echo "${COMPREPLY[@]}"')
        said = machine.run("bash", "-c", line)
        self.check("bash completes", "" if "replay" in said.stdout.split() else said.stdout + said.stderr)
        state = machine.run("systemctl", "is-enabled", UNIT).stdout.strip() + " " + \
            machine.run("systemctl", "is-active", UNIT).stdout.strip()
        self.check("nothing starts by itself", "" if state == "disabled inactive" else state)
        self.must("systemd-analyze verify", "systemd-analyze", "verify", UNIT, "chatgate-setup.service")
        self.must("logrotate understands its file", "logrotate", "--debug", "/etc/logrotate.d/chatgate")

    def _names(self):
        found = self.machine.run("find", "/", "-xdev", "(", "-path", "/proc", "-o", "-path", "/sys", "-o", "-path", "/run", "-o",
                                 "-path", "/tmp", "-o", "-path", "/root", "-o", "-path", "/dev", ")", "-prune", "-o", "-print")
        return {name for name in found.stdout.splitlines() if not IGNORED.search(name)}

    def _setup(self):
        """chatgate-setup, on a machine that has no boot loader and no spare card."""
        machine = self.machine
        self.report.head("chatgate-setup")
        state = machine.run("systemctl", "is-enabled", "chatgate-setup.service").stdout.strip()
        self.check("does its work again at each boot", "" if state == "enabled" else state)
        self.must("which is nothing where there was none", "systemctl", "start", "chatgate-setup.service")
        result = machine.run("chatgate-setup")
        self.check("says what there is", "" if result.returncode == 0 and "huge pages" in result.stdout else result.stderr)
        pages = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
        before = machine.run("cat", pages).stdout, self._names()
        result = machine.run("chatgate-setup", "--hugepages", "64M", "--dry-run")
        told = result.returncode == 0 and f"would write {pages}: 32" in result.stdout
        after = machine.run("cat", pages).stdout, self._names()
        self.check("--dry-run tells, and changes nothing", "" if told and before == after else result.stdout + result.stderr)
        for words, status, says in ((("--hugepages", "900G"), 2, "can be had"), (("--isolate", "1", "--dry-run"), 1, "isolcpus="),
                                    (("--bind", "0000:ff:1f.7"), 2, "no such PCI device")):
            result = machine.run("chatgate-setup", *words)
            good = result.returncode == status and says in result.stderr and self._names() == before[1]
            self.check(" ".join(words), "" if good else f"status {result.returncode}: {result.stdout}", result.stderr.strip())

    # The service.

    def configure(self, device="af_packet", **options):
        """Edits the file of options as a person does, and starts the gateway."""
        machine = self.machine
        path = machine.file(CONFIG)
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"(?m)^#?inside =.*$", f"inside = {device}:inside", text)
        text = re.sub(r"(?m)^#?outside =.*$", f"outside = {device}:outside", text)
        if "metrics =" not in text:
            text += f"\nmetrics = {METRICS}\n"
        for key, value in options.items():
            text = re.sub(rf"(?m)^{key} =.*\n|\Z", f"{key} = {value}\n", text, count=1)
        path.write_text(text, encoding="utf-8")

    def _service(self):
        machine = self.machine
        self.report.head("The service")
        self._unedited()
        self.configure()
        self.must("chatgate check", "chatgate", "check")
        self.start_stream()
        self.must("systemctl enable --now chatgate", "systemctl", "enable", "--now", UNIT)
        self.check("datagrams pass", "" if self.stream.passes() else "none arrives")
        self._status()
        self._rights()
        self._attempts()
        self._reload()
        self._people()
        self._files()
        self._interfaces()
        said = machine.run("systemd-analyze", "security", "--no-pager", UNIT).stdout
        level = re.search(r"exposure level for chatgate.service: ([\d.]+)", said)
        exposed = float(level[1]) if level else 10
        self.check("systemd-analyze security", "" if exposed <= MOST_EXPOSED else said[-300:], f"{exposed}")
        self._journal()

    def _unedited(self):
        """Started before anybody has said where: it says what to do, and does not try again and again."""
        machine = self.machine
        result = machine.run("systemctl", "start", UNIT)
        status = machine.run("systemctl", "status", "--no-pager", UNIT).stdout
        problem = "" if result.returncode != 0 else "it started"
        if "--inside" not in status:
            problem = problem or f"the status does not say why: {status}"
        time.sleep(1.2)
        if machine.property(UNIT, "NRestarts") != "0" or machine.property(UNIT, "ActiveState") != "failed":
            problem = problem or "it is started again and again"
        self.check("not configured: it says so, once", problem)
        line = next((line for line in status.splitlines() if "--inside" in line), "")
        self.report.say("        " + line.strip())

    def _status(self):
        machine = self.machine
        text = machine.property(UNIT, "StatusText")
        problem = "" if machine.property(UNIT, "SubState") == "running" else "it is not running"
        if not re.search(r"af_packet:inside <-> af_packet:outside", text):
            problem = problem or f"the status says: {text!r}"
        self.check("systemctl status says what it does", problem, text)

    def _rights(self):
        """What is left of them, with the service manager's confinement around the gateway's own."""
        machine = self.machine
        said = [line for line in machine.journal(UNIT).splitlines() if re.search(r"not filtered|more rights|refused", line)]
        self.check("it confines itself", "; ".join(said))
        main = machine.outer_pid(machine.property(UNIT, "MainPID"))
        rights = {}
        for task in Path(f"/proc/{main}/task").iterdir():
            status = (task / "status").read_text(encoding="ascii")
            rights[int(task.name)] = int(re.search(r"CapEff:\s*(\w+)", status)[1], 16)
        strange = {name: f"{value:x}" for name, value in rights.items() if value != (NET_ADMIN if name == main else 0)}
        self.check("one thread has NET_ADMIN, the others nothing", str(strange or ""), f"{len(rights)} threads")
        settings = {row.split()[4]: row.split()[5].split(",")[0] for row in
                    Path(f"/proc/{main}/mountinfo").read_text(encoding="utf-8").splitlines() if "/proc/sys" in row}
        wanted = {"/proc/sys": "ro", "/proc/sys/net/ipv6/conf": "rw"}
        seen = {name: settings.get(name) for name in wanted}
        self.check("of the kernel's settings it can write IPv6's only", "" if seen == wanted else str(settings))

    def _attempts(self):
        """The attempts of the demo, clients and servers being the same."""
        machine = self.machine
        plan = Plan(self.lab)
        self.events = Events(machine.file(EVENTS))
        attempts = [*plan.blocked(), *plan.innocent()]
        with self.lab.inside(self.lab.client):
            for attempt in attempts:
                attempt.perform()
        self.events.settle()
        alerts = [row for row in self.events.seen if row["event_type"] == "alert"]
        shown = machine.run("chatgatectl", "--json", "show", "flows", "limit", "1000").stdout
        for attempt in attempts:
            for rows in (alerts, json.loads(shown)["flows"]):
                if not attempt.recognised:
                    attempt.attribute(rows)
            attempt.check_recognition()
        self.report.attempts(attempts)

    def _reload(self):
        machine, slack, first = self.machine, BLOCKED["slack"], self.stream.sent
        path, rule = machine.file(POLICY), '"rules": [\n {{ "name": "Slack is ours", "application": "slack", "action": "{}" }},'
        shipped = path.read_text(encoding="utf-8")
        path.write_text(shipped.replace('"rules": [', rule.format("allow"), 1), encoding="utf-8")
        self.must("systemctl reload", "systemctl", "reload", UNIT)
        self.check("the edited policy is in force", self.sees(slack, "allowed"))
        since = time.time()
        path.write_text(shipped.replace('"rules": [', rule.format("alow"), 1), encoding="utf-8")
        result = machine.run("systemctl", "reload", UNIT)
        self.check("systemctl reload of a bad policy fails", "" if result.returncode != 0 else "it says that it is done")
        said = machine.journal(UNIT, since)
        place = next((line for line in said.splitlines() if f"{POLICY}:" in line and "did you mean" in line), "")
        self.check("the journal says where", "" if place else said[-1000:], place)
        self.check("the policy before is still in force, and the gateway runs",
                   self.sees(slack, "allowed") or self.sees(BLOCKED["whatsapp"], "reset"))
        path.write_text(shipped, encoding="utf-8")
        self.must("the policy is mended", "systemctl", "reload", UNIT)
        self.check("and blocks again", self.sees(slack, "reset"))
        lost = self.stream.lost(first)
        self.check("no datagram was lost meanwhile", f"{lost}" if lost else "")

    def _people(self):
        """Who may ask, and who may not."""
        machine = self.machine
        for name in ("member", "stranger"):
            machine.must("useradd", "--no-create-home", name)
        self.must("usermod -aG chatgate", "usermod", "-aG", "chatgate", "member")
        self.must("a member of the group may look", "chatgatectl", "show", "version", user="member")
        result = machine.run("chatgatectl", "show", "version", user="stranger")
        problem = "" if result.returncode == 1 and "chatgate" in result.stderr else \
            f"status {result.returncode}: {result.stdout}{result.stderr}"
        self.check("a stranger is refused", problem, result.stderr.strip())
        result = machine.run("chatgatectl", "policy", "reload", user="member")
        self.check("a member may not change anything", "" if result.returncode == 1 else result.stdout, result.stderr.strip())
        self._capture()

    def _capture(self):
        machine = self.machine
        self.must("root starts a capture", "chatgatectl", "capture", "web", "match", "tcp", "port", "80")
        self.web(WEB)
        result = machine.run("chatgatectl", "show", "capture", "web", user="member")
        self.check("a member looks at it", "" if "80" in result.stdout else result.stdout + result.stderr)
        for user in ("member", "stranger"):
            result = machine.run("chatgatectl", "copy", "capture", "web", "/tmp/web.pcapng", user=user)
            self.check(f"a {user} does not get the frames", "" if result.returncode == 1 else result.stdout, result.stderr.strip())
        self.must("root copies it", "chatgatectl", "copy", "capture", "web", "/tmp/web.pcapng")
        self.must("and it can be replayed", "chatgate", "replay", "--policy", POLICY, "--read", "/tmp/web.pcapng")
        machine.run("chatgatectl", "no", "capture", "web")

    def _files(self):
        machine = self.machine
        seen = machine.run("stat", "-c", "%U:%G %a", EVENTS, "/run/chatgate/chatgate.sock").stdout.split("\n")
        wanted = ["chatgate:chatgate 640", "chatgate:chatgate 660"]
        self.check("events and socket have the rights they should", "" if seen[:2] == wanted else str(seen))
        self.must("logrotate --force", "logrotate", "--force", "/etc/logrotate.d/chatgate")
        time.sleep(0.5)
        self.web(BLOCKED["whatsapp"])
        there = self.wait_for(lambda: machine.file(EVENTS).exists() and BLOCKED["whatsapp"] in
                              machine.file(EVENTS).read_text(encoding="utf-8"), 5)
        self.check("after it events go to the fresh file", "" if there else "they do not")
        script = (f"import urllib.request as u; print(u.urlopen('http://{METRICS}/metrics').read().decode()); "
                  f"print(u.urlopen('http://{METRICS}/healthz').status)")
        said = machine.run("python3", "-c", script)
        self.check("metrics are served", "" if "chatgate_" in said.stdout and said.returncode == 0 else said.stderr[-500:])

    def _interfaces(self):
        """The guide's loop over both interfaces, which a service cannot be asked to have been run."""
        for name in ("inside", "outside"):
            shown = self.machine.run("ip", "-d", "address", "show", "dev", name).stdout if \
                self.machine.file("/usr/bin/ip").exists() else run("ip", "-n", self.lab.gateway, "-d", "address", "show", name).stdout
            on = [line.strip() for line in run("ip", "netns", "exec", self.lab.gateway, "ethtool", "-k", name).stdout.splitlines()
                  if re.match(r"(generic-receive|large-receive|rx-vlan)-offload: on", line)]
            problem = ", ".join(on)
            if re.search(r"\binet6?\b", shown):
                problem = problem or f"the kernel has an address on it: {shown}"
            if not re.search(r"promiscuity [1-9]", shown):
                problem = problem or "it is not promiscuous"
            self.check(f"interface {name}: nothing but frames of the wire, as they come", problem)

    def _journal(self):
        self.report.say("  the journal, as a person reads it:")
        for line in self.machine.journal(UNIT).splitlines()[-25:]:
            self.report.say("        " + line)

    # The demo with the programs of the fresh system, and its libraries.

    def _demo(self):
        self.report.head("The demo with the programs of the fresh system")
        self.machine.run("systemctl", "stop", UNIT)
        root, prefix = self.machine.root, self.lab.folder / "prefix"
        for folder in ("bin", "share"):
            (prefix / folder).mkdir(parents=True)
        for name in ("chatgate", "chatgatectl"):
            wrapper = prefix / "bin" / name
            wrapper.write_text(f'#!/bin/sh\nexec chroot {root} /usr/bin/{name} "$@"\n', encoding="utf-8")
            wrapper.chmod(0o755)
        (prefix / "share/chatgate").symlink_to(root / "usr/share/chatgate")
        for folder in ("/run", "/tmp", "/proc", "/sys", "/dev"):
            subprocess.run(["mount", "--rbind", folder, f"{root}{folder}"], check=True)
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "CHATGATE_INSTALLED": str(prefix),
                       "LC_ALL": "C.UTF-8"}
        result = subprocess.run(["/usr/bin/python3", "-B", str(installed.TREE / "test/lab/demo.py"), "--installed"],
                                capture_output=True, text=True, check=False, env=environment)
        for folder in ("/dev", "/sys", "/proc", "/tmp", "/run"):
            subprocess.run(["umount", "--recursive", "--lazy", f"{root}{folder}"], check=False)
        said = (result.stdout + result.stderr).strip()
        last = said.splitlines()[-1] if said else ""
        self.check("the demo", "" if result.returncode == 0 else said[-4000:], last)

    # And away with it.

    def _purge(self):
        machine = self.machine
        self.report.head("Removed and purged")
        self.configure()
        self.must("while the gateway runs", "systemctl", "start", UNIT)
        self.must("apt purge", "apt-get", "-q", "-y", "purge", "chatgate")
        state = machine.run("systemctl", "is-active", UNIT).stdout.strip()
        left = machine.run("ps", "-eo", "args").stdout if machine.file("/usr/bin/ps").exists() else ""
        self.check("the gateway has ended", "" if state == "inactive" and "chatgate-wire" not in left else state)
        machine.must("apt-get", "-q", "-y", "--purge", "autoremove")
        left = sorted(self._names() - self.before)
        self.check("nothing is left", ", ".join(left))
        gone = sorted(self.before - self._names())
        self.check("nothing else is gone", ", ".join(gone))
        users = machine.run("getent", "passwd", "chatgate").stdout + machine.run("getent", "group", "chatgate").stdout
        self.check("its user and group are gone", users)
        again = machine.run("systemctl", "list-unit-files", "chatgate*", "--no-legend").stdout.strip()
        self.check("systemd knows nothing of it", again)
        if self.stream is not None:
            self.check("the wire stays joined by the kernel", "" if self.stream.passes() else "nothing passes")

"""The service killed, stopped, restarted, upgraded and booted, with what each costs the wire."""

import re
import signal
import subprocess
import time
from pathlib import Path

import fresh_parts
from failure import RATE, Stall
from lab import LabError, run
from names import BLOCKED

# In seconds, for a machine that is busy.
KILL_GAP, RESTART_GAP, HANG_GAP = 2.0, 2.0, 20.0
NEXT_VERSION = "0.1.0+next1"


class Failures:
    def __init__(self, fresh):
        self.fresh, self.machine, self.report = fresh, fresh.machine, fresh.report

    def run(self, part):
        fresh = self.fresh
        fresh.start_stream()
        if self.machine.property(fresh_parts.UNIT, "ActiveState") != "active":
            fresh.configure()
            fresh.must("it is started", "systemctl", "enable", "--now", fresh_parts.UNIT)
        if not fresh.stream.passes():
            raise LabError("no datagram passes")
        getattr(self, f"_{part}")()

    def _main(self):
        """The gateway's process, as it is known out here."""
        return self.machine.outer_pid(self.machine.property(fresh_parts.UNIT, "MainPID"))

    def _joined(self):
        shown = run("ip", "-n", self.fresh.lab.gateway, "-o", "link", "show", "type", "bridge").stdout
        return "cgwire" in shown

    def _after(self, name, first, since, most, restarted=True):
        """The stream from number `first` on, once the gateway is back and the bridge gone."""
        fresh, machine = self.fresh, self.machine
        began = time.monotonic()
        back = fresh.wait_for(lambda: machine.property(fresh_parts.UNIT, "SubState") == "running" and not self._joined(), 40)
        took = time.monotonic() - began
        problem = "" if back else f"it does not come back: {machine.journal(fresh_parts.UNIT, since)[-1500:]}"
        if not fresh.stream.passes():
            problem = problem or "nothing passes"
        time.sleep(0.3)
        gap, twice = fresh.stream.gap(first)
        lost = fresh.stream.lost(first)
        if gap > most * RATE:
            problem = problem or f"{gap} datagrams in a row were lost"
        if twice:
            problem = problem or f"{twice} datagrams came twice"
        problem = problem or fresh.sees(BLOCKED["whatsapp"], "reset")
        if restarted and not re.search(r"forwarding", machine.journal(fresh_parts.UNIT, since)):
            problem = problem or "it was not started again"
        fresh.check(name, problem, f"lost {lost} of {fresh.stream.sent - first} datagrams at {RATE} a second, {gap} in a row, "
                    f"back after {took:.1f} s")
        for line in machine.journal(fresh_parts.UNIT, since).splitlines():
            self.report.say("        " + line)

    def _kills(self):
        self.report.head("The service is killed, and hangs")
        machine, stream, main = self.machine, self.fresh.stream, self._main
        first, since = stream.sent, machine.mark()
        machine.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", fresh_parts.UNIT)
        self._after("kill -9 of the gateway", first, since, KILL_GAP)

        first, since = stream.sent, machine.mark()
        machine.run("systemctl", "kill", "--kill-whom=all", "--signal=KILL", fresh_parts.UNIT)
        self._after("kill -9 of the gateway and of chatgate-wire", first, since, 10)

        first, since = stream.sent, machine.mark()
        held = Stall(main(), "rte-worker-1")
        self.fresh.wait_for(lambda: self._joined() or stream.sent - first > HANG_GAP * RATE, HANG_GAP)
        held.reap()
        self._after("a worker hangs", first, since, HANG_GAP)

        first, since = stream.sent, machine.mark()
        machine.run("systemctl", "kill", "--kill-whom=main", "--signal=STOP", fresh_parts.UNIT)
        self.fresh.wait_for(lambda: "forwarding" in machine.journal(fresh_parts.UNIT, since), 40)
        self._after("SIGSTOP of the gateway", first, since, HANG_GAP)

        first, since = stream.sent, machine.mark()
        machine.run("systemctl", "kill", "--kill-whom=all", "--signal=STOP", fresh_parts.UNIT)
        self.fresh.wait_for(lambda: "forwarding" in machine.journal(fresh_parts.UNIT, since), 40)
        self._after("SIGSTOP of the gateway and of chatgate-wire", first, since, HANG_GAP)

        first, since = stream.sent, machine.mark()
        self.fresh.must("systemctl restart", "systemctl", "restart", fresh_parts.UNIT)
        self._after("restarted", first, since, RESTART_GAP)

        first, since = stream.sent, machine.mark()
        self.fresh.must("systemctl stop", "systemctl", "stop", fresh_parts.UNIT)
        self.fresh.check("the kernel joins the wire", "" if self._joined() and stream.passes() else "it does not")
        self.fresh.check("nothing of it runs on", machine.run("systemctl", "show", "--value", "-p", "TasksCurrent",
                                                              fresh_parts.UNIT).stdout.strip().replace("[not set]", ""))
        self.fresh.must("systemctl start", "systemctl", "start", fresh_parts.UNIT)
        self._after("stopped and started", first, since, RESTART_GAP)

    def _reboot(self):
        fresh, machine = self.fresh, self.machine
        self.report.head("The machine is booted")
        problem = machine.shut_down()
        fresh.check("it shuts down with the gateway running", problem)
        machine.boot(fresh.lab.gateway)
        up = fresh.wait_for(lambda: machine.property(fresh_parts.UNIT, "SubState") == "running", 20)
        fresh.check("the gateway is there after it", "" if up else machine.journal(fresh_parts.UNIT)[-1500:])
        problem = "" if fresh.stream.passes() else "nothing passes"
        fresh.check("and does its work", problem or fresh.sees(BLOCKED["whatsapp"], "reset"))

    def _next_package(self):
        """The same package with a higher version."""
        folder = self.machine.folder / "next"
        run("dpkg-deb", "--raw-extract", str(fresh_package(self.fresh)), str(folder))
        control = folder / "DEBIAN/control"
        text = control.read_text(encoding="utf-8")
        control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {NEXT_VERSION}", text), encoding="utf-8")
        run("dpkg-deb", "--build", "--root-owner-group", "-Znone", str(folder), str(self.machine.root / "root/next.deb"))

    def _upgrade(self):
        fresh, machine = self.fresh, self.machine
        self.report.head("The package is upgraded")
        self._next_package()
        policy = machine.file(fresh_parts.POLICY)
        edited = policy.read_text(encoding="utf-8")
        before, first, since = self._main(), fresh.stream.sent, machine.mark()
        fresh.must("dpkg -i", "dpkg", "-i", "/root/next.deb")
        shown = machine.run("dpkg-query", "-W", "-f", "${Version}", "chatgate").stdout
        fresh.check("the version is the next one", "" if shown == NEXT_VERSION else shown)
        problem = "" if self._main() == before else "it was restarted"
        if not fresh.stream.passes():
            problem = problem or "nothing passes"
        lost = fresh.stream.lost(first)
        fresh.check("the gateway goes on meanwhile", problem or (f"{lost} datagrams were lost" if lost else ""))
        fresh.check("edited configuration stays", "" if policy.read_text(encoding="utf-8") == edited else "it does not")
        fresh.must("a reload by the new programs", "systemctl", "reload", fresh_parts.UNIT)
        first, since = fresh.stream.sent, machine.mark()
        fresh.must("systemctl restart after it", "systemctl", "restart", fresh_parts.UNIT)
        self._after("the new one has taken over", first, since, RESTART_GAP)


def fresh_package(fresh):
    return Path(fresh.package)

"""The service killed, stopped, restarted, upgraded and booted, with what each costs the wire."""

import re
import signal
import subprocess
import time

import fresh_parts
from failure import RATE, Stall
from lab import LabError, run
from names import BLOCKED

# In seconds, for a machine that is busy.
KILL_GAP, BOTH_GAP, RESTART_GAP, WATCHED_GAP, HANG_GAP = 2.0, 5.0, 2.0, 5.0, 20.0
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

    def _back(self, since):
        machine = self.machine
        return "forwarding" in machine.journal(fresh_parts.UNIT, since) and \
            machine.property(fresh_parts.UNIT, "SubState") == "running" and not self._joined()

    def _after(self, name, first, since, most):
        """What the stream from number `first` on has met, once the gateway is back and the bridge gone."""
        fresh, machine = self.fresh, self.machine
        back = fresh.wait_for(lambda: self._back(since), 40)
        took = time.time() - since
        problem = "" if back else "it does not come back"
        if not fresh.stream.passes():
            problem = problem or "nothing passes"
        time.sleep(0.3)
        gap, twice = fresh.stream.gap(first)
        lost = fresh.stream.lost(first)
        pause = fresh.stream.pause(since - time.time() + time.monotonic())
        if pause > most:
            problem = problem or f"nothing arrived for {pause:.1f} s"
        if twice:
            problem = problem or f"{twice} datagrams came twice"
        problem = problem or fresh.sees(BLOCKED["whatsapp"], "reset")
        fresh.check(name, problem, f"nothing arrived for {pause:.2f} s; lost {lost} datagrams of {RATE} a second, {gap} in a row; "
                    f"the gateway back after {took:.1f} s")
        for line in machine.journal(fresh_parts.UNIT, since).splitlines():
            self.report.say("        " + line)

    def _signal(self, name, whom, number, most):
        first, since = self.fresh.stream.sent, time.time()
        self.machine.run("systemctl", "kill", f"--kill-whom={whom}", f"--signal={number}", fresh_parts.UNIT)
        self._after(name, first, since, most)

    def _hang(self, name, most):
        first, since = self.fresh.stream.sent, time.time()
        held = Stall(self._main(), "rte-worker-1")
        self.fresh.wait_for(lambda: self._joined() or self.fresh.stream.sent - first > HANG_GAP * RATE, HANG_GAP)
        held.reap()
        self._after(name, first, since, most)

    def _restarted(self, name):
        first, since = self.fresh.stream.sent, time.time()
        self.fresh.must("systemctl restart", "systemctl", "restart", fresh_parts.UNIT)
        self._after(name, first, since, RESTART_GAP)

    def _kills(self):
        fresh, machine = self.fresh, self.machine
        self.report.head("The service is killed, and hangs")
        self._signal("kill -9 of the gateway", "main", "KILL", KILL_GAP)
        self._signal("kill -9 of the gateway and of chatgate-wire", "all", "KILL", BOTH_GAP)
        self._hang("a worker hangs", HANG_GAP)
        self._signal("SIGSTOP of the gateway", "main", "STOP", HANG_GAP)
        self._signal("SIGSTOP of the gateway and of chatgate-wire", "all", "STOP", HANG_GAP)
        fresh.configure(watchdog="1")
        self._restarted("restarted with watchdog = 1")
        self._hang("a worker hangs, watchdog = 1", WATCHED_GAP)
        self._signal("SIGSTOP of the gateway, watchdog = 1", "main", "STOP", WATCHED_GAP)

        first, since = fresh.stream.sent, time.time()
        fresh.must("systemctl stop", "systemctl", "stop", fresh_parts.UNIT)
        fresh.check("the kernel joins the wire", "" if self._joined() and fresh.stream.passes() else "it does not")
        left = machine.run("systemctl", "show", "--value", "-p", "TasksCurrent", fresh_parts.UNIT).stdout.strip()
        fresh.check("nothing of it runs on", left.replace("[not set]", ""))
        fresh.must("systemctl start", "systemctl", "start", fresh_parts.UNIT)
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
        run("dpkg-deb", "--raw-extract", str(self.fresh.package), str(folder))
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
        before, first = self._main(), fresh.stream.sent
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
        self._restarted("restarted after it")

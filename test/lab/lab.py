#!/usr/bin/python3
"""The lab: a client, the gateway's place and a server side, in network namespaces of this machine.

    PREFIX-client          PREFIX-gateway          PREFIX-server
    eth0 ------------ inside      outside ------------ eth0

The client's way to everywhere is the server side, which holds all addresses there are. Nothing
joins `inside` and `outside` until the gateway runs (or `scripts/lab bridge` does it instead).
All that belongs to a lab carries its prefix: the namespaces, and the folder /run/chatgate-lab/PREFIX
with the servers' files; `down` removes whatever of it is there.
"""

import argparse
import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import servers

STATE = Path("/run/chatgate-lab")
VLAN = 100
CLIENT_MAC = "02:c6:00:00:00:02"
SERVER_MAC = "02:c6:00:00:00:01"

CLIENT4, CLIENT6 = "10.77.0.2", "fd77::2"
NEAR4, NEAR6 = "10.77.0.1", "fd77::1"
VLAN_CLIENT4, VLAN_CLIENT6 = "10.77.100.2", "fd77:100::2"
VLAN_NEAR4, VLAN_NEAR6 = "10.77.100.1", "fd77:100::1"
# A neighbour is asked whether it is still there from a link-local address (RFC 4861, section 7.2.2) or not at all.
LINK_LOCAL_CLIENT, LINK_LOCAL_SERVER = "fe80::2", "fe80::1"
# The Internet of the lab: documentation addresses (RFC 5737, RFC 3849), all on the server side.
HOSTS = range(10, 40)
INTERNET4, INTERNET6 = "198.51.100.{}", "2001:db8:77::{}"
VLAN_INTERNET4, VLAN_INTERNET6 = "203.0.113.{}", "2001:db8:100::{}"

OFFLOADS = ("tx", "rx", "tso", "gso", "gro", "sg", "txvlan", "rxvlan")
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000


class LabError(Exception):
    """What a person can read and act on."""


def run(*command, check=True, **options):
    result = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if check and result.returncode != 0:
        raise LabError(f"{' '.join(map(str, command))}: {(result.stderr or result.stdout).strip()}")
    return result


def ip_batch(namespace, *commands):
    """Runs many `ip` commands in one process."""
    run("ip", *(["-n", namespace] if namespace else []), "-batch", "-",
        input="\n".join(commands) + "\n")


def alive(pid):
    return Path(f"/proc/{pid}").exists()


class Lab:
    def __init__(self, prefix):
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,40}", prefix):
            raise LabError(f'"{prefix}" is no name for a lab, use lower-case letters, digits, hyphens')
        self.prefix = prefix
        self.client, self.gateway, self.server = (f"{prefix}-{side}" for side in
                                                  ("client", "gateway", "server"))
        self.folder = STATE / prefix

    @property
    def namespaces(self):
        return (self.client, self.gateway, self.server)

    # The way up.

    def up(self, start_servers=True):
        if os.geteuid() != 0:
            raise LabError("network namespaces need root")
        self.down()
        self.folder.mkdir(parents=True, mode=0o700)
        for namespace in self.namespaces:
            run("ip", "netns", "add", namespace)
            self._settle(namespace)
        self._join(self.client, "inside", CLIENT_MAC)
        self._join(self.server, "outside", SERVER_MAC)
        for name in ("inside", "outside"):
            self._offloads_off(self.gateway, name)
            self._in_order(self.gateway, name)
            ip_batch(self.gateway, f"link set {name} addrgenmode none", f"link set {name} up")
        self._vlan(self.client, CLIENT_MAC)
        self._vlan(self.server, SERVER_MAC)
        self._addresses()
        if start_servers:
            servers.start(self)

    def _settle(self, namespace):
        """No address, question or announcement that nobody asked for."""
        with self.inside(namespace):
            for setting, value in (("conf/all/accept_dad", 0), ("conf/default/accept_dad", 0),
                                   ("conf/default/router_solicitations", 0),
                                   ("conf/default/accept_ra", 0),
                                   ("conf/default/mldv1_unsolicited_report_interval", 0)):
                self._sysctl(f"ipv6/{setting}", value)
            self._sysctl("ipv4/ip_local_port_range", "20000 60999")
            self._sysctl("ipv4/tcp_syn_retries", 3)
            # Few frames in flight: what is compared is bytes, not how much a busy machine can queue.
            self._sysctl("ipv4/tcp_rmem", "4096 65536 131072")
        ip_batch(namespace, "link set lo up")

    @staticmethod
    def _sysctl(name, value):
        with contextlib.suppress(FileNotFoundError):
            Path(f"/proc/sys/net/{name}").write_text(f"{value}\n", encoding="ascii")

    def _join(self, namespace, gateway_end, mac):
        run("ip", "link", "add", gateway_end, "netns", self.gateway, "type", "veth",
            "peer", "name", "eth0", "netns", namespace)
        self._offloads_off(namespace, "eth0")
        self._in_order(namespace, "eth0")
        ip_batch(namespace, f"link set eth0 address {mac} addrgenmode none", "link set eth0 up")

    @staticmethod
    def _offloads_off(namespace, name):
        words = [word for offload in OFFLOADS for word in (offload, "off")]
        run("ip", "netns", "exec", namespace, "ethtool", "-K", name, *words)

    @staticmethod
    def _in_order(namespace, name):
        """One processor receives everything, else a flow's frames may overtake each other."""
        run("ip", "netns", "exec", namespace, "sh", "-c",
            f"echo 1 >/sys/class/net/{name}/queues/rx-0/rps_cpus", check=False)

    def _vlan(self, namespace, mac):
        native = run("ip", "-n", namespace, "link", "add", "link", "eth0", "name", f"vlan{VLAN}",
                     "type", "vlan", "id", str(VLAN), check=False)
        if native.returncode != 0:
            self._vlan_by_tc(namespace)
        ip_batch(namespace, f"link set vlan{VLAN} address {mac} addrgenmode none",
                 f"link set vlan{VLAN} up")

    def _vlan_by_tc(self, namespace):
        name, tagged = f"vlan{VLAN}", f"vlan{VLAN}-tag"
        ip_batch(namespace, f"link add {name} type veth peer name {tagged}",
                 f"link set {tagged} addrgenmode none", f"link set {tagged} up")
        for end in (name, tagged):
            self._offloads_off(namespace, end)
        with self.inside(namespace):
            index = {end: self._index(end) for end in ("eth0", tagged)}
        program = self.folder / f"{namespace}-vlan.o"
        run("clang", "-O2", "-target", "bpf", f"-I/usr/include/{os.uname().machine}-linux-gnu",
            f"-DWIRE={index['eth0']}", f"-DTAGGED={index[tagged]}", "-c",
            str(Path(__file__).with_name("vlan_tag.c")), "-o", str(program))
        for end, section in ((tagged, "add"), ("eth0", "remove")):
            run("tc", "-n", namespace, "qdisc", "add", "dev", end, "clsact")
            run("tc", "-n", namespace, "filter", "add", "dev", end, "ingress", "bpf",
                "direct-action", "object-file", str(program), "section", section)

    @staticmethod
    def _index(name):
        rows = run("ip", "-o", "link", "show", "dev", name).stdout
        return int(rows.split(":", 1)[0])

    def _addresses(self):
        for namespace, link_local in ((self.client, LINK_LOCAL_CLIENT), (self.server, LINK_LOCAL_SERVER)):
            ip_batch(namespace, *(f"address add {link_local}/64 dev {device} nodad"
                                  for device in ("eth0", f"vlan{VLAN}")))
        ip_batch(self.client,
                 f"address add {CLIENT4}/24 dev eth0", f"address add {CLIENT6}/64 dev eth0 nodad",
                 f"address add {VLAN_CLIENT4}/24 dev vlan{VLAN}",
                 f"address add {VLAN_CLIENT6}/64 dev vlan{VLAN} nodad",
                 f"route add default via {NEAR4}", f"route add default via {NEAR6}",
                 f"route add {VLAN_INTERNET4.format(0)}/24 via {VLAN_NEAR4}",
                 f"route add {VLAN_INTERNET6.format('')}/64 via {VLAN_NEAR6}")
        rows = [f"address add {NEAR4}/24 dev eth0", f"address add {NEAR6}/64 dev eth0 nodad",
                f"address add {VLAN_NEAR4}/24 dev vlan{VLAN}",
                f"address add {VLAN_NEAR6}/64 dev vlan{VLAN} nodad"]
        for host in HOSTS:
            rows += [f"address add {INTERNET4.format(host)}/32 dev lo",
                     f"address add {VLAN_INTERNET4.format(host)}/32 dev lo",
                     f"address add {INTERNET6.format(host)}/128 dev lo nodad",
                     f"address add {VLAN_INTERNET6.format(host)}/128 dev lo nodad"]
        ip_batch(self.server, *rows)

    # The way down.

    def exists(self):
        known = {row.split()[0] for row in run("ip", "netns", "list").stdout.splitlines() if row}
        return [name for name in self.namespaces if name in known]

    def down(self):
        """Removes what there is of this lab, its processes first."""
        namespaces = self.exists()
        pids = {int(pid) for name in namespaces
                for pid in run("ip", "netns", "pids", name, check=False).stdout.split()}
        pids.discard(os.getpid())
        for ending, seconds in ((signal.SIGTERM, 3), (signal.SIGKILL, 3)):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, ending)
            end = time.monotonic() + seconds
            while any(map(alive, pids)) and time.monotonic() < end:
                time.sleep(0.02)
                self._reap()
            pids = {pid for pid in pids if alive(pid)}
        for name in namespaces:
            run("ip", "netns", "delete", name, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            STATE.rmdir()

    @staticmethod
    def _reap():
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0] != 0:
                pass

    # Working in it.

    @contextlib.contextmanager
    def inside(self, namespace):
        """The calling thread, and what it starts, works in the namespace."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        away = os.open(f"/run/netns/{namespace}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(away)
            yield
        finally:
            _setns(home)
            os.close(home)
            os.close(away)

    def bridge(self):
        """Joins the gateway's two ends by the kernel: the lab without the gateway."""
        ip_batch(self.gateway, "link add name wire type bridge mcast_snooping 0 ageing_time 0",
                 "link set wire addrgenmode none", "link set wire up",
                 "link set inside master wire", "link set outside master wire")

    def unbridge(self):
        run("ip", "-n", self.gateway, "link", "delete", "wire", check=False)


def _setns(descriptor):
    if LIBC.setns(descriptor, CLONE_NEWNET) != 0:
        raise LabError(f"setns: {os.strerror(ctypes.get_errno())}")


def leftovers(stem):
    """Prefixes `STEM-PID` of labs whose process is gone, after a kill that no trap sees."""
    known = {row.split()[0] for row in run("ip", "netns", "list").stdout.splitlines() if row}
    known |= {f"{path.name}-client" for path in STATE.glob("*")}
    for name in sorted(known):
        found = re.fullmatch(rf"({re.escape(stem)}-(\d+))-client", name)
        if found and not alive(found[2]):
            yield found[1]


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="scripts/lab", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Makes and removes the lab: a client, the gateway's place, a server side.",
        epilog="example:\n  scripts/lab up && scripts/lab bridge\n"
               "  scripts/lab exec client curl http://198.51.100.10/\n  scripts/lab down")
    parser.add_argument("--name", default="chatgate", metavar="PREFIX",
                        help="prefix of the namespaces (default: %(default)s)")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="make it, servers included")
    up.add_argument("--no-servers", action="store_true", help="namespaces and links only")
    commands.add_parser("down", help="remove it, also what a killed run left")
    commands.add_parser("bridge", help="join inside and outside by a kernel bridge")
    commands.add_parser("unbridge", help="part them again")
    execute = commands.add_parser("exec", help="run a command in it")
    execute.add_argument("side", choices=("client", "gateway", "server"))
    execute.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    options = parser.parse_args(arguments)

    lab = Lab(options.name)
    if options.command == "up":
        try:
            lab.up(not options.no_servers)
        except BaseException:
            lab.down()
            raise
    elif options.command == "exec":
        if not options.words:
            parser.error("exec: a command is missing")
        if not lab.exists():
            raise LabError(f'there is no lab "{lab.prefix}", make it by: scripts/lab up')
        os.execvp("ip", ["ip", "netns", "exec", f"{lab.prefix}-{options.side}", *options.words])
    else:
        getattr(lab, options.command)()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except LabError as problem:
        sys.exit(f"scripts/lab: {problem}")

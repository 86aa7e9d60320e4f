"""What the lab's clients attempt, and what is to come of it.

An Attempt is one use of a real client. Its expectation is in the client's words (see clients.py);
what the gateway made of it is looked up afterwards, in the events and in the flow table.
"""

import socket
import ssl
from dataclasses import dataclass, field
from typing import Callable

import clients
import servers
from clients import address
from names import BLOCKED, INNOCENT

KNOWS_WITHIN = 100.0  # milliseconds after which a client that is reset knows it

TCP_CLOSE = 7  # of tcp_info's state: neither end is open any more

WEB, INTRANET, NEAR_MISS, LONGER, NEWS = INNOCENT


@dataclass
class Attempt:
    client: str  # what the person would have typed, in short
    target: str
    expect: str
    run: Callable[[], clients.Outcome] = field(repr=False)
    application: str = ""  # as the gateway is to recognise it; empty: as nothing
    evidence: str = ""
    transport: str = "tcp"
    server: str = ""
    port: int = 0
    host: str = ""  # the name that is asked for

    outcome: clients.Outcome | None = None
    rule: str = ""  # that decided, and what it took the flow for
    recognised: str = ""
    by: str = ""
    problem: str = ""

    @property
    def name(self):
        return f"{self.client} {self.target}"

    def perform(self):
        self.outcome = self.run()
        self.judge()

    def judge(self):
        outcome = self.outcome
        if outcome.seen != self.expect:
            self.problem = f"expected {self.expect}, saw {outcome.seen}" + (
                f" ({outcome.detail})" if outcome.detail else "")
        elif outcome.seen in ("reset", "nxdomain") and outcome.milliseconds > KNOWS_WITHIN:
            self.problem = f"the client knew only after {outcome.milliseconds:.0f} ms"

    def attribute(self, rows):
        """Finds what the gateway said of it among alert events, or flows in their words."""
        for row in rows:
            said = row.get("im", row)
            if (row["dest_ip"], row["dest_port"], row["proto"].lower()) != \
                    (self.server, self.port, self.transport):
                continue
            if self.outcome.local_port:
                same = self.outcome.local_port == row["src_port"]
            else:
                same = said.get("name", "") == self.host
            if same:
                self.rule = said.get("rule", "")
                self.recognised = said.get("application", "unknown")
                self.by = said.get("evidence", "")
                return

    def check_recognition(self):
        """After attribution: the gateway took it for what it is, and said so."""
        if self.problem:
            return
        recognised = "" if self.recognised == "unknown" else self.recognised
        if self.expect != "allowed" and not recognised:
            self.problem = "no alert event tells of it"
        elif recognised != self.application and (self.application or self.expect != "allowed"):
            self.problem = f"taken for {recognised or 'nothing'}, is {self.application or 'innocent'}"
        elif not self.application and recognised:
            self.problem = f"taken for {recognised}, is innocent"
        elif self.evidence and self.by and self.by != self.evidence:
            self.problem = f"recognised by {self.by}, expected {self.evidence}"


class Plan:
    """Makes attempts for one lab."""

    def __init__(self, lab):
        self.authority = lab.folder / "ca.pem"
        self.checksum = servers.big_checksum(lab.folder)

    def https(self, name, expect, app="", version=4, vlan=False, host=10, path="/", **more):
        ip = address(host, version, vlan)
        return Attempt("curl" + (" over VLAN 100" if vlan else ""), f"https://{name}{path}" + self._v(version),
                       expect, lambda: clients.curl(f"https://{name}{path}", ip, self.authority,
                                                    want=f"host {name}", **more),
                       app, "tls-sni", server=ip, port=443, host=name)

    def http(self, name, expect, app="", version=4, vlan=False, host=10, port=80, note="", **more):
        ip = address(host, version, vlan)
        url = f"http://{name}{'' if port == 80 else f':{port}'}/"
        return Attempt("curl" + (" over VLAN 100" if vlan else ""), url + note + self._v(version), expect,
                       lambda: clients.curl(url, ip, self.authority, want=f"host {name}", **more),
                       app, "http-host", server=ip, port=port, host=name)

    def openssl(self, name, expect, app="", host=10):
        ip = address(host)
        return Attempt("openssl s_client", name, expect,
                       lambda: clients.openssl(name, ip, self.authority), app, "tls-sni",
                       server=ip, port=443, host=name)

    def dig(self, name, kind, expect, app="", version=4, tcp=False):
        ip = address(10, version)
        want = address(10, 4 if kind == "A" else 6)
        return Attempt("dig +tcp" if tcp else "dig", f"{kind} {name}" + self._v(version), expect,
                       lambda: clients.dig(name, kind, ip, want, tcp), app, "dns",
                       "tcp" if tcp else "udp", ip, 53, name)

    def xmpp(self, expect, app="xmpp"):
        ip = address(10)
        return Attempt("XMPP log-in", servers.XMPP_HOST + " port 5222", expect,
                       lambda: clients.xmpp(ip, servers.XMPP_HOST, servers.XMPP_USER,
                                            servers.XMPP_PASSWORD, self.authority),
                       app, "payload", server=ip, port=5222)

    def tcp(self, port, expect, app="", label="", version=4):
        ip = address(11, version)
        return Attempt("connect", f"TCP port {port}{label}" + self._v(version), expect,
                       lambda: clients.tcp_talk(ip, port), app, "port", server=ip, port=port)

    def udp(self, port, expect, app="", label="", version=4):
        ip = address(11, version)
        return Attempt("datagram", f"UDP port {port}{label}" + self._v(version), expect,
                       lambda: clients.udp_talk(ip, port), app, "port", "udp", ip, port)

    def ping(self, version, size=56):
        ip = address(12, version)
        return Attempt("ping", ip + (f", {size} bytes" if size != 56 else ""), "allowed",
                       lambda: clients.ping(ip, size=size), transport="icmp", server=ip)

    @staticmethod
    def _v(version):
        return " (IPv6)" if version == 6 else ""

    def blocked(self):
        b = BLOCKED
        return [
            self.https(b["whatsapp"], "reset", "whatsapp"),
            self.https(b["telegram"], "reset", "telegram", version=6),
            self.https(b["slack"], "reset", "slack", vlan=True),
            self.https(b["signal"], "reset", "signal", version=6, vlan=True),
            self.openssl(b["discord"], "reset", "discord"),
            self.http(b["slack"], "reset", "slack"),
            self.http(b["yahoo"], "reset", "yahoo", port=8080),
            self.http(b["whatsapp"], "reset", "whatsapp", version=6),
            self.dig(b["whatsapp"], "A", "nxdomain", "whatsapp"),
            self.dig(b["telegram"], "AAAA", "nxdomain", "telegram", version=6),
            self.dig(b["slack"], "A", "nxdomain", "slack", tcp=True),
            self.xmpp("reset"),
            self.tcp(4244, "reset", "viber", " (Viber)"),
            self.tcp(5269, "reset", "xmpp", " (XMPP servers)"),
            self.tcp(1863, "reset", "msn", " (MSN)"),
            self.tcp(5050, "reset", "yahoo", " (Yahoo)"),
            self.tcp(5190, "reset", "aim", " (AIM)"),
            self.tcp(5193, "reset", "aim", " (AIM)", version=6),
            self.tcp(1533, "reset", "sametime", " (Sametime)"),
            self.tcp(5061, "reset", "lync", " (SIP over TLS)"),
            self.udp(22466, "silent", "slack", " (Slack's calls)"),
        ]

    def innocent(self):
        tricky = [f"Referer: https://{BLOCKED['whatsapp']}/", f"X-Original: Host: {BLOCKED['slack']}"]
        return [
            self.https(WEB, "allowed"),
            self.https(WEB, "allowed", version=6),
            self.https(INTRANET, "allowed", vlan=True),
            self.https(NEAR_MISS, "allowed"),
            self.openssl(LONGER, "allowed"),
            self.http(WEB, "allowed"),
            self.http(WEB, "allowed", headers=tricky, note=" Referer: " + BLOCKED["whatsapp"]),
            self.http(INTRANET, "allowed", version=6, vlan=True),
            self.http(LONGER, "allowed", port=8080),
            self.dig(NEWS, "A", "allowed"),
            self.dig(NEAR_MISS, "AAAA", "allowed", version=6),
            self.dig(WEB, "A", "allowed", tcp=True),
            self.tcp(2222, "allowed", label=" (echo)"),
            self.tcp(9000, "allowed", label=" (echo)", version=6),
            self.udp(9000, "allowed", label=" (echo)"),
            self.ping(4), self.ping(6), self.ping(4, 4000),
            self.download(),
            Attempt("raw frames", "STP, LLDP, LACP, MPLS, PPPoE, GRE, ESP, …", "allowed",
                    clients.send_other_frames, transport="other"),
        ]

    def download(self):
        ip = address(13)
        return Attempt("curl", f"https://{WEB}/big, {servers.BIG_BYTES >> 20} MiB", "allowed",
                       lambda: clients.curl(f"https://{WEB}/big", ip, self.authority,
                                            checksum=self.checksum), server=ip, port=443, host=WEB)

    def one_messenger(self, expect):
        """What an edited policy changes."""
        slack = BLOCKED["slack"]
        return [
            self.xmpp(expect),
            self.https(slack, expect, "slack"),
            self.https(slack, expect, "slack", vlan=True),
            self.http(slack, expect, "slack", version=6),
            self.dig(slack, "A", expect if expect == "allowed" else "nxdomain", "slack"),
        ]

    def still_blocked(self):
        return [
            self.https(BLOCKED["whatsapp"], "reset", "whatsapp"),
            self.tcp(1863, "reset", "msn", " (MSN)"),
            self.https(WEB, "allowed"),
        ]


class LongConnection:
    """A connection that is open while the policy changes: a slow download, read piece by piece."""

    def __init__(self, plan, name):
        self.authority, self.name, self.server = plan.authority, name, address(14)
        self.wire = None

    def open(self):
        """True once the first bytes of the file came."""
        context = ssl.create_default_context(cafile=str(self.authority))
        wire = socket.create_connection((self.server, 443), clients.PATIENCE)
        self.wire = context.wrap_socket(wire, server_hostname=self.name,
                                        suppress_ragged_eofs=False)
        self.wire.sendall(f"GET /slow HTTP/1.1\r\nHost: {self.name}\r\n\r\n".encode())
        return b"200 OK" in self.wire.recv(65536) and bool(self.wire.recv(65536))

    def until_reset(self, changed):
        """Outcome of reading on; `changed` is a Stopwatch from the moment of the change."""
        try:
            while self.wire.recv(65536):
                if changed.milliseconds > 2000:
                    return clients.Outcome("allowed", changed.milliseconds, "goes on")
            return clients.Outcome("failed", changed.milliseconds, "ended")
        except TimeoutError:
            return clients.Outcome("silent", changed.milliseconds)
        except (ConnectionError, ssl.SSLEOFError) as problem:
            # Either is raised for a reset; the kernel knows it from an orderly end.
            state = self.wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
            seen = "reset" if state == TCP_CLOSE else "failed"
            return clients.Outcome(seen, changed.milliseconds, str(problem))

    def goes_on(self, pieces=3):
        return all(self.wire.recv(65536) for _ in range(pieces))

    def close(self):
        if self.wire is not None:
            self.wire.close()

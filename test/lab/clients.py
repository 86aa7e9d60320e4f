"""Real clients, and what each of them saw.

Every function here runs in the client's namespace (the caller is inside it), uses a client as people
use it, and answers with an Outcome. `seen` speaks as the client knows it:

    allowed    it got what it came for, checked
    reset      the connection was refused or reset
    nxdomain   the name does not exist
    silent     nothing came back in time
    failed     anything else; `detail` says what
"""

import base64
import contextlib
import errno
import hashlib
import json
import re
import socket
import ssl
import struct
import subprocess
import time
from dataclasses import dataclass

import lab as places

PATIENCE = 2.0  # seconds after which silence counts as silence


@dataclass
class Outcome:
    seen: str
    milliseconds: float  # until the client knew, by the client's own clock where it has one
    detail: str = ""
    local_port: int = 0  # 0: not told


class Stopwatch:
    def __init__(self):
        self.started = time.perf_counter()

    @property
    def milliseconds(self):
        return (time.perf_counter() - self.started) * 1000


def address(host=10, version=4, vlan=False):
    """An address of the lab's Internet."""
    pattern = {(4, False): places.INTERNET4, (6, False): places.INTERNET6,
               (4, True): places.VLAN_INTERNET4, (6, True): places.VLAN_INTERNET6}[version, vlan]
    return pattern.format(host)


def bracketed(ip):
    return f"[{ip}]" if ":" in ip else ip


# curl, openssl, dig, ping

CURL_RESET = re.compile(r"reset by peer|refused|errno 104|SSL_ERROR_SYSCALL", re.I)


def curl(url, ip, authority, want="", headers=(), checksum=None):
    """One request of curl to `ip`, whatever the name in the URL says."""
    command = ["curl", "--silent", "--show-error", "--noproxy", "*", "--cacert", str(authority),
               "--max-time", "30" if checksum else str(PATIENCE), "--connect-to", f"::{bracketed(ip)}:",
               "--write-out", "\n%{json}"]
    for header in headers:
        command += ["--header", header]
    watch = Stopwatch()
    result = subprocess.run([*command, url], capture_output=True, check=False,
                            stdin=subprocess.DEVNULL)
    wall = watch.milliseconds
    body, _, report = result.stdout.rpartition(b"\n")
    try:
        facts = json.loads(report)
    except ValueError:
        return Outcome("failed", wall, result.stderr.decode(errors="replace").strip())
    took = facts["time_total"] * 1000
    port = facts.get("local_port") or 0
    problem = facts.get("errormsg") or ""
    if result.returncode == 0:
        if facts["http_code"] != 200:
            return Outcome("failed", took, f"HTTP status {facts['http_code']}", port)
        if checksum and hashlib.sha256(body).hexdigest() != checksum:
            return Outcome("failed", took, "the checksum differs", port)
        if want and want.encode() not in body:
            return Outcome("failed", took, f"unexpected answer {body[:60]!r}", port)
        return Outcome("allowed", took, f"{len(body)} bytes", port)
    if result.returncode == 28:
        return Outcome("silent", took, problem, port)
    if result.returncode == 7 or CURL_RESET.search(problem):
        return Outcome("reset", took, problem, port)
    return Outcome("failed", took, f"curl {result.returncode}: {problem}", port)


def openssl(name, ip, authority, port=443):
    """A TLS handshake by openssl's own client."""
    watch = Stopwatch()
    try:
        result = subprocess.run(
            ["openssl", "s_client", "-connect", f"{bracketed(ip)}:{port}", "-servername", name,
             "-verify_hostname", name, "-CAfile", str(authority), "-verify_return_error", "-brief"],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return Outcome("silent", watch.milliseconds)
    took, said = watch.milliseconds, result.stderr
    if result.returncode == 0 and "Verification: OK" in said:
        return Outcome("allowed", took, "handshake verified")
    if re.search(r"errno=104|reset by peer|refused", said, re.I):
        return Outcome("reset", took)
    return Outcome("failed", took, said.strip()[-200:])


def dig(name, kind, server, want, tcp=False):
    """A question to dnsmasq."""
    watch = Stopwatch()
    result = subprocess.run(
        ["dig", "-u", f"@{server}", name, kind, "+tries=1", f"+time={int(PATIENCE)}",
         "+tcp" if tcp else "+notcp", "+nocookie"], capture_output=True, text=True, check=False)
    took = watch.milliseconds
    if own := re.search(r"Query time: (\d+) usec", result.stdout):
        took = float(own[1]) / 1000
    status = re.search(r"status: (\w+)", result.stdout)
    if status and status[1] == "NXDOMAIN":
        return Outcome("nxdomain", took)
    if status and status[1] == "NOERROR":
        if want in result.stdout.split():
            return Outcome("allowed", took, want)
        return Outcome("failed", took, f"answered, but not {want}")
    if re.search(r"reset|refused", result.stdout + result.stderr):
        return Outcome("reset", took)
    if "timed out" in result.stdout + result.stderr or "no servers could" in result.stdout:
        return Outcome("silent", took)
    return Outcome("failed", took, (result.stdout + result.stderr).strip()[-200:])


def ping(ip, count=3, size=56):
    # -w and not -W: with that, ping gives the last answer only twice the time of those before.
    result = subprocess.run(["ping", "-n", "-c", str(count), "-i", "0.02", "-w", "3", "-s", str(size),
                             ip], capture_output=True, text=True, check=False)
    times = [float(value) for value in re.findall(r"time=([\d.]+) ms", result.stdout)]
    if len(times) == count:
        return Outcome("allowed", max(times), f"{count} echoes")
    return Outcome("silent", PATIENCE * 1000, f"{len(times)} of {count} echoes")


# Sockets of our own

def fate_of_hello(server, port, record, patience=PATIENCE):
    """What a hello that is sent as it stands meets: "allowed", "reset", "silent" or "failed: …"."""
    try:
        with socket.create_connection((server, port), patience) as wire:
            wire.sendall(record)
            return "allowed" if wire.recv(1) == b"\x16" else "failed: not TLS"
    except ConnectionError:
        return "reset"
    except TimeoutError:
        return "silent"
    except OSError as problem:
        return f"failed: {problem}"


def client_hello(name):
    """As this machine's own TLS library writes it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    arriving, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(arriving, leaving, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        session.do_handshake()
    return leaving.read()


def tcp_talk(ip, port, say=b"hello\r\n"):
    """Connects, says something, and expects it back from an echoing server."""
    watch = Stopwatch()
    here = 0
    try:
        with socket.create_connection((ip, port), PATIENCE) as wire:
            here = wire.getsockname()[1]
            wire.sendall(say)
            heard = b""
            while len(heard) < len(say):
                piece = wire.recv(65536)
                if not piece:
                    return Outcome("failed", watch.milliseconds, "closed by the server", here)
                heard += piece
    except TimeoutError:
        return Outcome("silent", watch.milliseconds, local_port=here)
    except OSError as problem:
        if problem.errno in (errno.ECONNRESET, errno.ECONNREFUSED, errno.EPIPE):
            return Outcome("reset", watch.milliseconds, problem.strerror, here)
        return Outcome("failed", watch.milliseconds, str(problem), here)
    return Outcome("allowed", watch.milliseconds, f"{len(say)} bytes echoed", here)


def udp_talk(ip, port, say=b"hello"):
    """A datagram to an echoing server."""
    watch = Stopwatch()
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as wire:
        wire.settimeout(PATIENCE / 4)
        wire.connect((ip, port))
        here = wire.getsockname()[1]
        try:
            wire.send(say)
            heard = wire.recv(65536)
        except TimeoutError:
            return Outcome("silent", watch.milliseconds, local_port=here)
        except OSError as problem:
            return Outcome("failed", watch.milliseconds, str(problem), here)
    seen = "allowed" if heard == say else "failed"
    return Outcome(seen, watch.milliseconds, f"{len(heard)} bytes echoed", here)


class XmppError(Exception):
    pass


class XmppClient:
    """Logs in as RFC 6120 has it: stream, STARTTLS, SASL PLAIN, bind; then says something to itself."""

    def __init__(self, ip, port, host, authority):
        self.wire = socket.create_connection((ip, port), PATIENCE)
        self.local_port = self.wire.getsockname()[1]
        self.host, self.authority = host, authority
        self.heard = b""

    def close(self):
        self.wire.close()

    def _send(self, text):
        self.wire.sendall(text.encode())

    def _expect(self, pattern):
        """Reads until the pattern appears, and forgets everything up to its end."""
        while not (found := re.search(pattern, self.heard, re.S)):
            if re.search(rb"<failure|<stream:error", self.heard):
                raise XmppError(self.heard[-200:].decode(errors="replace"))
            piece = self.wire.recv(65536)
            if not piece:
                raise XmppError("closed by the server")
            self.heard += piece
        self.heard = self.heard[found.end():]
        return found

    def _open_stream(self):
        self._send(f"<?xml version='1.0'?><stream:stream to='{self.host}' version='1.0' "
                   "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>")
        self._expect(rb"<stream:features>.*?</stream:features>|<stream:features/>")

    def log_in(self, user, password):
        self._open_stream()
        self._send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
        self._expect(rb"<proceed[^>]*>")
        context = ssl.create_default_context(cafile=str(self.authority))
        self.wire = context.wrap_socket(self.wire, server_hostname=self.host)
        self._open_stream()
        secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        self._send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"
                   f"{secret}</auth>")
        self._expect(rb"<success[^>]*>")
        self._open_stream()
        self._send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                   "<resource>lab</resource></bind></iq>")
        return self._expect(rb"<jid>([^<]+)</jid>")[1].decode()

    def message_to_self(self, address_, text):
        self._send("<presence/>")
        self._send(f"<message to='{address_}' type='chat'><body>{text}</body></message>")
        self._expect(rb"<message[^>]*>.*?<body>" + re.escape(text.encode()) + rb"</body>")


def xmpp(ip, host, user, password, authority, port=5222):
    """A whole log-in at prosody, and a message there and back."""
    watch = Stopwatch()
    here = 0
    try:
        client = XmppClient(ip, port, host, authority)
        here = client.local_port
        try:
            jid = client.log_in(user, password)
            client.message_to_self(jid, "over the wire")
        finally:
            client.close()
    except TimeoutError:
        return Outcome("silent", watch.milliseconds, local_port=here)
    except (XmppError, OSError) as problem:
        reset = getattr(problem, "errno", 0) in (errno.ECONNRESET, errno.ECONNREFUSED, errno.EPIPE)
        return Outcome("reset" if reset else "failed", watch.milliseconds, str(problem), here)
    return Outcome("allowed", watch.milliseconds, f"as {jid}", here)


# Frames that are neither TCP nor UDP

def _frame(destination, kind, payload):
    source = bytes.fromhex(places.CLIENT_MAC.replace(":", ""))
    return bytes.fromhex(destination.replace(":", "")) + source + struct.pack("!H", kind) + payload


def other_frames():
    """One frame of each kind that a wire has to carry whatever it means, by name."""
    near = places.SERVER_MAC
    ip4 = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 0, 0, socket.inet_aton("10.77.0.2"),
                      socket.inet_aton("198.51.100.10"))

    def ip(protocol):
        header = bytearray(ip4)
        header[9] = protocol
        total = sum(struct.unpack("!10H", header))
        total = (total & 0xffff) + (total >> 16)
        header[10:12] = struct.pack("!H", ~(total + (total >> 16)) & 0xffff)
        return bytes(header) + bytes(range(20))

    return {
        "STP": _frame("01:80:c2:00:00:00", 39, bytes.fromhex("424203000000000000") + bytes(37)),
        "LLDP": _frame("01:80:c2:00:00:0e", 0x88cc, bytes.fromhex("0207040200000000010403013106020078")
                       + bytes(32)),
        "LACP": _frame("01:80:c2:00:00:02", 0x8809, b"\x01\x01" + bytes(108)),
        "MPLS": _frame(near, 0x8847, bytes.fromhex("0001013f") + ip(6)),
        "PPPoE": _frame(near, 0x8863, bytes.fromhex("110900000000") + bytes(40)),
        "GRE": _frame(near, 0x0800, ip(47)),
        "ESP": _frame(near, 0x0800, ip(50)),
        "IGMP": _frame("01:00:5e:00:00:16", 0x0800, ip(2)),
        "SCTP": _frame(near, 0x0800, ip(132)),
        "unknown EtherType": _frame(near, 0x88b6, bytes(range(64))),
        "cut IPv4 header": _frame(near, 0x0800, ip(6)[:12]),
        "wrong IP version": _frame(near, 0x0800, b"\x95" + ip(6)[1:]),
        "runt": _frame(near, 0x88b6, b"\x01"),
        "QinQ": _frame(near, 0x88a8, bytes.fromhex("0064810000c80806") + bytes(46)),
        "full size": _frame(near, 0x88b6, bytes(1500)),
    }


def send_other_frames():
    """Sent as they are; whether they arrived is for the comparison of both sides to say."""
    watch = Stopwatch()
    frames = other_frames()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("eth0", 0))
        for frame in frames.values():
            wire.send(frame)
    return Outcome("allowed", watch.milliseconds, f"{len(frames)} frames sent")


MARK_TYPE = 0x88b5  # IEEE 802: for local experiments


def send_mark(number, source):
    """A frame by which both captures of a wire can be aligned."""
    frame = bytes.fromhex("ff" * 6) + bytes.fromhex(source.replace(":", ""))
    frame += struct.pack("!HI", MARK_TYPE, number) + bytes(42)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("eth0", 0))
        wire.send(frame)

"""The soak's clients: real ones and captured ones, each with what must come of it under the policy in force.

What is always blocked and what is always innocent is held to that at every moment. What one policy allows and another
does not (XMPP, IRC) is held to it where no reload came between the first byte and the last.
"""

import random
import socket
import struct
import subprocess
import threading
import time
from collections import Counter

import attempts
import clients
from gateway import TREE
from lab import VLAN_CLIENT4, LabError, run
from names import BLOCKED, INNOCENT
from servers import TCP_PORTS
from wire import TCP, UDP, read_capture, transport

CORPUS = TREE.parent / "shared/corpus/pcaps"
IRC_PORT = 9000  # nobody's
IRC_HELLO = b"NICK quokka\r\nUSER quokka 0 * :a quokka\r\nJOIN #burrow\r\n"
QUESTIONS_EVERY, HANDSHAKES_EVERY = 0.2, 0.25
CLIENT_MAC, SERVER_MAC = bytes.fromhex("02c60000000a"), bytes.fromhex("02c60000000b")  # nobody's: kernels pass them by
MOST_BYTES = 1514  # of a frame
REPLAYED = "10.67.0.0"
# Capture, what is taken of it by a display filter, and the application it is blocked as; empty: all, and innocent.
CAPTURES = (
    ("ndpi/oicq.pcap", "", "qq"), ("ndpi/snapchat.pcap", "", "snapchat"), ("pcaps/msnms.pcap", "", "msn"),
    ("suricata-verify/irc.pcap", "", "irc"), ("zeek/tls_xmpp-starttls.pcap", "", "xmpp"),
    ("sample-captures/TeamSpeak2.pcap", "", "teamspeak"),
    ("ndpi/snapchat_call_v1.pcapng", "udp.port == 47520 && frame.number < 60", "snapchat"),
    ("ndpi/sites.pcapng", "udp.port == 38642", "google-hangouts"),
    ("ndpi/quic-34.pcap", "", ""), ("retina/quic_xargs.pcap", "", ""), ("zeek/tls_tls1.2.pcap", "", ""),
    ("zeek/tls_tls13-ech.pcap", "", ""), ("ndpi/ftp-start-tls.pcap", "", ""), ("arkime/http-simple-get.pcap", "", ""),
    ("ndpi/imap-starttls.pcap", "", ""), ("packetnet/udp_dns_request_response.pcap", "", ""),
)


class Watch:
    """What every client saw, and what of it was wrong; shared by all threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.seen = Counter()  # (client, what was to come of it)
        self.wrong, self.unjudged = [], 0
        self.blocked_seconds = set()  # in which something blocked was tried, and stayed so
        self.allowed, self.generation = frozenset(), 0  # by the policy in force

    def moment(self):
        with self.lock:
            return self.generation, self.allowed

    def policy(self, allowed):
        """`allowed` None while it changes."""
        with self.lock:
            self.generation += 1
            self.allowed = allowed

    def forget(self):
        """What was seen until now does not count."""
        with self.lock:
            self.seen.clear()
            self.wrong.clear()
            self.blocked_seconds.clear()
            self.unjudged = 0

    def tell(self, client, expected, seen, detail=""):
        blocked = expected != "allowed"
        with self.lock:
            self.seen[client, "blocked" if blocked else "passes"] += 1
            if seen != expected:
                self.wrong.append(f"{time.strftime('%H:%M:%S')} {client}: expected {expected}, saw {seen} {detail}".rstrip())
            elif blocked:
                self.blocked_seconds.add(int(time.monotonic()))


class Clients:
    """Threads in the client's namespace; each goes round its own clients."""

    def __init__(self, lab, watch):
        self.lab, self.watch = lab, watch
        self.plan = attempts.Plan(lab)
        self.ends = threading.Event()
        self.threads = [threading.Thread(target=self._in_lab, args=(work,), daemon=True)
                        for work in (self._ask, self._shake_hands, self._use_programs)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.ends.set()
        for thread in self.threads:
            thread.join(30)

    def _in_lab(self, work):
        with self.lab.inside(self.lab.client):
            work()

    def _ask(self):
        """Questions by a socket of our own, so that they are many: names that are blocked and names that are not."""
        number = 0
        while not self.ends.wait(QUESTIONS_EVERY):
            for expected, names in (("nxdomain", list(BLOCKED.values())), ("allowed", INNOCENT)):
                name = names[number % len(names)]
                self.watch.tell(f"question for {name}", expected, question(clients.address(10), name, number))
            number += 1

    def _shake_hands(self):
        """Halves of TLS handshakes, likewise."""
        hellos = {name: clients.client_hello(name) for name in (*BLOCKED.values(), *INNOCENT)}
        number = 0
        while not self.ends.wait(HANDSHAKES_EVERY):
            for expected, names in (("reset", list(BLOCKED.values())), ("allowed", INNOCENT)):
                name = names[number % len(names)]
                seen = clients.fate_of_hello(clients.address(12), 443, hellos[name])
                self.watch.tell(f"hello for {name}", expected, seen)
            number += 1

    def _use_programs(self):
        """Programs as people use them, one after the other."""
        plan = self.plan
        blocked, innocent = list(BLOCKED.values()), INNOCENT
        ports = [port for port in TCP_PORTS if port in (1863, 5050, 5190)]
        while not self.ends.is_set():
            name, other = random.choice(blocked), random.choice(innocent)
            version, vlan = random.choice((4, 6)), random.random() < 0.2
            rounds = [
                plan.https(name, "reset", version=version, vlan=vlan), plan.https(other, "allowed", version=version, vlan=vlan),
                plan.openssl(name, "reset"), plan.openssl(other, "allowed"),
                plan.http(name, "reset", version=version), plan.http(other, "allowed", version=version),
                plan.dig(name, "A", "nxdomain"), plan.dig(other, "AAAA", "allowed", version=version, tcp=True),
                plan.tcp(random.choice(ports), "reset"), plan.tcp(9000, "allowed"), plan.udp(9000, "allowed"), plan.ping(version)]
            for attempt in rounds:
                if self.ends.wait(0.1):
                    return
                outcome = attempt.run()
                self.watch.tell(attempt.client, attempt.expect, outcome.seen, f"{attempt.target} {outcome.detail}")
            self._by_policy("xmpp", plan.xmpp("reset").run)
            self._by_policy("irc", lambda: clients.tcp_talk(clients.address(11), IRC_PORT, IRC_HELLO))

    def _by_policy(self, application, use):
        before = self.watch.moment()
        outcome = use()
        if before[1] is None or self.watch.moment() != before:
            self.watch.unjudged += 1
            return
        expected = "allowed" if application in before[1] else "reset"
        self.watch.tell(f"session of {application}", expected, outcome.seen, outcome.detail)


def question(server, name, number):
    """In words of clients.Outcome."""
    labels = b"".join(bytes((len(label),)) + label.encode() for label in name.split("."))
    asked = struct.pack("!HHHHHH", number & 0xffff, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.settimeout(clients.PATIENCE)
        try:
            wire.sendto(asked, (server, 53))
            said = wire.recv(2048)
        except TimeoutError:
            return "silent"
        except OSError as problem:
            return f"failed: {problem}"
    if said[:2] != asked[:2]:
        return "failed: another answer"
    return {0: "allowed" if said[6:8] != b"\0\0" else "empty", 3: "nxdomain"}.get(said[3] & 15, f"code {said[3] & 15}")


class Capture:
    """Frames of a capture, and which side sends each; the client has another address at every playing."""

    def __init__(self, name, chosen, application, folder):
        self.name, self.application = name, application
        path = CORPUS / name
        if chosen:
            path = folder / (name.replace("/", "-") + ".cut")
            run("tshark", "-r", str(CORPUS / name), "-Y", chosen, "-F", "pcap", "-w", str(path))
        self.frames, self.client = [], None
        for frame in read_capture(path):
            found = transport(frame.data)
            if frame.data[12:14] != b"\x08\0" or found is None:
                continue
            self.client = self.client or found[1]
            if self.client in (found[1], found[3]):
                self.frames.append((found[1] == self.client, frame.data, found[0], found[5]))
        if not self.frames or max(len(data) for _, data, _, _ in self.frames) > MOST_BYTES:
            raise LabError(f"{name}: nothing is left of it, or it has frames that no wire carries")

    def playing(self, number):
        """(from the client?, frame), with the client's address of this playing."""
        there = socket.inet_aton(REPLAYED)[:2] + struct.pack("!H", number & 0xffff)
        for is_client, data, protocol, at in self.frames:
            macs = SERVER_MAC + CLIENT_MAC if is_client else CLIENT_MAC + SERVER_MAC
            where = 26 if is_client else 30
            frame = bytearray(macs + data[12:])
            before, frame[where:where + 4] = bytes(frame[where:where + 4]), there
            adjust(frame, 24, before, there)
            checksum = at + {TCP: 16, UDP: 6}[protocol]
            if protocol == TCP or frame[checksum:checksum + 2] != b"\0\0":
                adjust(frame, checksum, before, there)
            yield is_client, bytes(frame)


def adjust(frame, at, before, after):
    """RFC 1624, equation 3."""
    total = ~int.from_bytes(frame[at:at + 2], "big") & 0xffff
    for i in range(0, len(before), 2):
        total += (~int.from_bytes(before[i:i + 2], "big") & 0xffff) + int.from_bytes(after[i:i + 2], "big")
    total = (total & 0xffff) + (total >> 16)
    total = (total & 0xffff) + (total >> 16)
    frame[at:at + 2] = struct.pack("!H", ~total & 0xffff)


class Replays:
    """Captures, one after the other, each side's frames from its own end of the wire."""

    def __init__(self, lab, folder, all_of_them):
        self.lab, self.missing = lab, not CORPUS.exists()
        rows = [row for row in CAPTURES if all_of_them or not row[1]]  # those to be cut take a while
        self.captures = [] if self.missing else [Capture(*row, folder) for row in rows]
        self.playings = {}  # by the client's address: the capture
        self.begin = 0  # how many of them do not count
        self.count, self.problem = Counter(), ""
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self.thread.start()

    def _run(self):
        wires = {}
        for is_client, namespace in ((True, self.lab.client), (False, self.lab.server)):
            with self.lab.inside(namespace):
                wires[is_client] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
                wires[is_client].bind(("eth0", 0))
        number = 0
        while self.captures and not self.ends.wait(0.3):
            capture = self.captures[number % len(self.captures)]
            number += 1
            source = socket.inet_ntoa(socket.inet_aton(REPLAYED)[:2] + struct.pack("!H", number & 0xffff))
            self.playings[source] = capture
            try:
                for is_client, frame in capture.playing(number):
                    wires[is_client].send(frame)
                    time.sleep(0.003)  # the other side answers what has arrived
                self.count[capture.name] += 1
            except OSError as problem:
                self.problem = f"{capture.name}: {problem}"

    def forget(self):
        """Also the one that goes on."""
        self.begin = len(self.playings) + 1
        self.count.clear()

    def stop(self):
        self.ends.set()
        self.thread.join(10)


OURS = (clients.places.CLIENT4, clients.places.CLIENT6, VLAN_CLIENT4, clients.places.VLAN_CLIENT6)

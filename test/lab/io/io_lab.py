#!/usr/bin/python3
"""Tests of the packet I/O in network namespaces: two hosts and a gateway between them.

    io_lab.py PROGRAM [--driver af_packet|af_xdp] [--workers N] [--only NAME]

PROGRAM is io-bridge, an engine that forwards everything, or chatgate itself (with a policy that
allows everything), for which the tests that need figures or commands are left out. Needs root, ip,
tcpdump, ping and ethtool; ends with status 77 ("skipped" for Meson) where it may not make namespaces.
"""

import argparse
import contextlib
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

# Two of these may run at the same time.
CLIENT, GATEWAY, SERVER = (f"io-{os.getpid()}-{role}" for role in ("client", "gateway", "server"))
OFFLOADS = "tx rx tso gso gro txvlan rxvlan tx-vlan-stag-hw-insert rx-vlan-stag-hw-parse".split()
CLIENT_MAC, SERVER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"


def run(*words, check=True):
    return subprocess.run(words, check=check, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT).stdout


def inside(namespace, *words, check=True):
    return run("ip", "netns", "exec", namespace, *words, check=check)


def start_inside(namespace, *words, **more):
    return subprocess.Popen(["ip", "netns", "exec", namespace, *words], text=True, **more)


def wait_for(condition, seconds=5.0, step=0.02):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(step)
    return bool(condition())


class Lab:
    """The namespaces and their cables; removed at the end whatever happens."""

    def __init__(self, mtu):
        self.mtu = mtu

    def __enter__(self):
        self.__exit__()
        for namespace in (CLIENT, GATEWAY, SERVER):
            run("ip", "netns", "add", namespace)
            for what in ("all", "default"):
                inside(namespace, "sysctl", "-qw", f"net.ipv6.conf.{what}.disable_ipv6=1")
        self.cable(CLIENT, "c0", CLIENT_MAC, "10.9.0.1/24", "in0")
        self.cable(SERVER, "s0", SERVER_MAC, "10.9.0.2/24", "out0")
        return self

    def cable(self, host, name, mac, address, gateway_end):
        run("ip", "link", "add", name, "netns", host, "type", "veth", "peer", "name", gateway_end,
            "netns", GATEWAY)
        inside(host, "ip", "link", "set", name, "address", mac)
        for namespace, device in ((host, name), (GATEWAY, gateway_end)):
            for offload in OFFLOADS:
                inside(namespace, "ethtool", "-K", device, offload, "off", check=False)
            inside(namespace, "ip", "link", "set", device, "mtu", str(self.mtu), "up")
        inside(host, "ip", "address", "add", address, "dev", name)

    def __exit__(self, *_):
        for namespace in (CLIENT, GATEWAY, SERVER):
            run("ip", "netns", "delete", namespace, check=False)


class Bridge:
    """The program under test, forwarding when the block begins, ended in order after it."""

    def __init__(self, options, *more):
        self.words = [options.program, "--inside", f"{options.driver}:in0", "--outside",
                      f"{options.driver}:out0", "--workers", options.cores, *more]
        self.files = None
        if options.is_chatgate:
            self.files = tempfile.TemporaryDirectory()
            policy = os.path.join(self.files.name, "policy")
            socket_path = os.path.join(self.files.name, "ctl")
            with open(policy, "w", encoding="ascii") as file:
                file.write('{"rules": []}')
            self.words[1:1] = ["run", "--policy", policy, "--socket", socket_path]

    def __enter__(self):
        suppressions = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lsan.supp")
        self.process = start_inside(GATEWAY, *self.words, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT,
                                    env={**os.environ,
                                         "LSAN_OPTIONS": f"suppressions={suppressions}"})
        self.said = []
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if line.removeprefix("chatgate: ").startswith("forwarding"):
                break
        else:
            raise AssertionError("it did not start: " + " / ".join(self.said))
        # ip netns exec replaces itself by the program, so this is its process.
        self.pid = self.process.pid
        return self

    def hang_up(self):
        os.kill(self.pid, signal.SIGHUP)
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if line.startswith("published"):
                return float(line.split()[2])
        return None

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        rest, _ = self.process.communicate(timeout=10)
        self.said += rest.splitlines()
        self.status = self.process.returncode
        if self.files is not None:
            self.files.cleanup()

    def figure(self, line_start, name):
        for line in self.said:
            found = re.search(rf"\b{name}=(\d+)", line)
            if line.startswith(line_start) and found:
                return int(found.group(1))
        raise AssertionError(f"no line {line_start!r} in {self.said}")


# ---- frames ------------------------------------------------------------------------------------

def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def ether(payload, ethertype, to=SERVER_MAC):
    return mac(to) + mac(CLIENT_MAC) + struct.pack("!H", ethertype) + payload


def ipv4(payload, protocol, source="192.0.2.1", target="192.0.2.2", fragment=0, options=b"",
         identification=7):
    length = 20 + len(options) + len(payload)
    head = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, 0, length, identification, fragment,
                       64, protocol, 0)
    head += socket.inet_aton(source) + socket.inet_aton(target) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(payload, following, source="2001:db8::1", target="2001:db8::2"):
    return (struct.pack("!IHBB", 6 << 28, len(payload), following, 64)
            + socket.inet_pton(socket.AF_INET6, source)
            + socket.inet_pton(socket.AF_INET6, target) + payload)


def udp(payload, source=4000, target=4001):
    return struct.pack("!HHHH", source, target, 8 + len(payload), 0) + payload


def udp6(payload):
    """With a checksum, which IPv6 demands, for the addresses that `ipv6` uses."""
    whole = udp(payload)
    addresses = socket.inet_pton(socket.AF_INET6, "2001:db8::1") \
        + socket.inet_pton(socket.AF_INET6, "2001:db8::2")
    pseudo = addresses + struct.pack("!II", len(whole), 17)
    return whole[:6] + struct.pack("!H", checksum(pseudo + whole)) + whole[8:]


def tag(frame, tpid, tci):
    return frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]


def kinds_of_frames():
    """One frame of each kind that has to pass as it is.

    A frame that ends within a VLAN tag is not among them: Linux drops it before any socket.
    """
    body = bytes(range(46))
    udp_frame = ether(ipv4(udp(body), 17), 0x0800)
    big = udp(bytes(i & 0xFF for i in range(2400)))
    arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac(CLIENT_MAC) + bytes(14)
    return {
        "arp": ether(arp + bytes(18), 0x0806, "ff:ff:ff:ff:ff:ff"),
        "stp": ether(b"\x42\x42\x03" + bytes(35) + bytes(8), 38, "01:80:c2:00:00:00"),
        "lacp": ether(b"\x01\x01" + bytes(108), 0x8809, "01:80:c2:00:00:02"),
        "lldp": ether(b"\x02\x07\x04" + mac(CLIENT_MAC) + bytes(37), 0x88CC, "01:80:c2:00:00:0e"),
        "pause": ether(b"\x00\x01\x00\x10" + bytes(42), 0x8808, "01:80:c2:00:00:01"),
        "eapol": ether(b"\x01\x01\x00\x00" + bytes(42), 0x888E, "01:80:c2:00:00:03"),
        "mpls": ether(b"\x00\x01\x01\x40" + ipv4(udp(body), 17), 0x8847),
        "pppoe-discovery": ether(b"\x11\x09\x00\x00\x00\x00" + bytes(40), 0x8863),
        "pppoe-session": ether(b"\x11\x00\x00\x01\x00\x4c\x00\x21" + ipv4(udp(body), 17), 0x8864),
        "unknown-type": ether(body, 0x88B6),
        "llc-snap": ether(b"\xaa\xaa\x03\x00\x00\x0c\x20\x00" + bytes(38), 46),
        "igmp": ether(ipv4(b"\x16\x00\xf9\xfd" + socket.inet_aton("239.1.1.1"), 2,
                           target="239.1.1.1", options=b"\x94\x04\0\0") + bytes(14), 0x0800,
                      "01:00:5e:01:01:01"),
        "icmp": ether(ipv4(b"\x08\x00\xf7\xff\0\0\0\0" + bytes(20), 1), 0x0800),
        "icmp-ttl-1": ether(ipv4(b"\x08\x00\xf7\xff\0\0\0\0" + bytes(20), 1).replace(
            b"\x40\x01", b"\x01\x01", 1), 0x0800),
        "esp": ether(ipv4(b"\0\0\0\1\0\0\0\1" + body, 50), 0x0800),
        "gre": ether(ipv4(b"\0\0\x08\0" + ipv4(udp(body), 17), 47), 0x0800),
        "sctp": ether(ipv4(struct.pack("!HHII", 1, 2, 3, 4) + body, 132), 0x0800),
        "udp": udp_frame,
        "udp-bad-length": ether(ipv4(b"\x0f\xa0\x0f\xa1\xff\xff\0\0" + body, 17), 0x0800),
        "ipv4-bad-version": ether(b"\x95" + ipv4(udp(body), 17)[1:], 0x0800),
        "ipv4-too-short": ether(b"\x45\0\0\x54", 0x0800),
        "ipv4-options": ether(ipv4(udp(body), 17, options=b"\x01" * 8), 0x0800),
        "ipv4-trailer": udp_frame + b"trailer",
        "fragment-first": ether(ipv4(big[:1480], 17, fragment=0x2000, identification=99), 0x0800),
        "fragment-last": ether(ipv4(big[1480:], 17, fragment=1480 // 8, identification=99), 0x0800),
        "ipv6-udp": ether(ipv6(udp6(body), 17), 0x86DD),
        "ipv6-hop-by-hop": ether(ipv6(b"\x11\0\x05\x02\0\0\1\0" + udp6(body), 0), 0x86DD),
        "ipv6-nd": ether(ipv6(b"\x87\0\0\0" + bytes(20), 58), 0x86DD, "33:33:ff:00:00:02"),
        "vlan": tag(udp_frame, 0x8100, 100),
        "vlan-priority-only": tag(udp_frame, 0x8100, 0xE000),
        "vlan-in-vlan": tag(tag(udp_frame, 0x8100, 100), 0x8100, 200),
        "qinq": tag(tag(udp_frame, 0x8100, 100), 0x88A8, 200),
        "s-tag-only": tag(udp_frame, 0x88A8, 200),
        "vlan-arp": tag(ether(arp, 0x0806, "ff:ff:ff:ff:ff:ff"), 0x8100, 7),
        "runt-header-only": ether(b"", 0x88B6),
        "runt-15": ether(b"\1", 0x88B6),
        "runt-32": ether(bytes(18), 0x88B6),
        "full-size": ether(ipv4(udp(bytes(1472)), 17), 0x0800),
        "full-size-tagged": tag(ether(ipv4(udp(bytes(1472)), 17), 0x0800), 0x8100, 5),
    }


SEND = """
import socket, sys
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind((sys.argv[1], 0))
for line in sys.stdin:
    out.send(bytes.fromhex(line.strip()))
"""


def send(namespace, device, frames):
    subprocess.run(["ip", "netns", "exec", namespace, sys.executable, "-c", SEND, device],
                   input="\n".join(frame.hex() for frame in frames), text=True, check=True)


def read_pcap(path):
    frames = []
    with open(path, "rb") as file:
        order = "<" if file.read(24)[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        while head := file.read(16):
            if len(head) < 16:
                break
            frames.append(file.read(struct.unpack(order + "IIII", head)[2]))
    return frames


@contextlib.contextmanager
def capture(namespace, device):
    """A list that is filled with the frames that arrive at a device, once the block ends."""
    frames = []
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        # A slot for each frame has the size of the snap length, hence the large buffer.
        process = start_inside(namespace, "tcpdump", "--immediate-mode", "-i", device, "-Q", "in",
                               "-U", "-s", "12000", "-B", "65536", "-Z", "root", "-w", file.name,
                               stderr=subprocess.PIPE)
        while "listening on" not in process.stderr.readline():
            if process.poll() is not None:
                raise AssertionError("tcpdump did not start")
        yield frames
        size = -1
        # Until nothing more comes.
        while size != os.path.getsize(file.name):
            size = os.path.getsize(file.name)
            time.sleep(0.4)
        process.send_signal(signal.SIGINT)
        process.wait()
        frames += read_pcap(file.name)


# ---- the tests ---------------------------------------------------------------------------------

def test_every_kind_passes_unchanged(options):
    """Each kind of frame arrives with its bytes and in its order, in both directions."""
    kinds = kinds_of_frames()
    wrong = []
    with Lab(1500), Bridge(options) as bridge:
        for sender, name, receiver, other in ((CLIENT, "c0", SERVER, "s0"),
                                              (SERVER, "s0", CLIENT, "c0")):
            with capture(receiver, other) as arrived:
                send(sender, name, kinds.values())
            sent = list(kinds.values())
            for kind, frame in kinds.items():
                if frame not in arrived:
                    close = [a for a in arrived if a[:12] == frame[:12] and a[-20:] == frame[-20:]]
                    wrong.append(f"{kind}: " + (f"changed to {close[0][:24].hex(' ')}"
                                                if close else "lost"))
            wrong += [f"not sent by us: {a[:40].hex(' ')}" for a in arrived if a not in sent]
            if not wrong and options.workers == 1:
                assert arrived == sent, "the order has changed"
    assert not wrong, "\n    " + "\n    ".join(wrong)
    assert bridge.status == 0, bridge.said


def test_order_within_flows(options):
    """Many flows at once, each in its order, in short bursts that no ring is too small for."""
    flows, rounds = 50, 200
    # An engine may hold fragments whose first is missing.
    with_fragments = not options.is_chatgate
    frames = []
    for number in range(rounds):
        for flow in range(flows):
            # Every tenth frame is a fragment of the same flow, which shows no ports.
            payload = struct.pack("!II", flow, number) + bytes(40)
            is_fragment = with_fragments and number % 10 == 9
            frames.append(ether(ipv4(payload if is_fragment else udp(payload), 17,
                                     source=f"192.0.2.{flow + 1}",
                                     fragment=185 if is_fragment else 0), 0x0800))
    with Lab(1500), Bridge(options) as bridge:
        with capture(SERVER, "s0") as arrived:
            for first in range(0, len(frames), 200):
                send(CLIENT, "c0", frames[first:first + 200])
    last = {}
    for frame in arrived:
        start = 34 if struct.unpack("!H", frame[20:22])[0] & 0x1FFF else 42
        flow, number = struct.unpack("!II", frame[start:start + 8])
        assert number > last.get(flow, -1), f"flow {flow}: {number} after {last[flow]}"
        last[flow] = number
    assert len(arrived) == len(frames), f"{len(arrived)} of {len(frames)} arrived"
    if options.workers > 1 and options.driver == "af_xdp" and \
            not options.is_chatgate:
        assert bridge.figure("worker", "handed_over") + bridge.figure("worker", "taken_over") > 0


def test_drop_reset_and_forge(options):
    """What the engine drops stays away; what it forges comes behind the frame that caused it."""
    if options.is_chatgate:
        return "needs io-bridge"
    def command(letter, number):
        return ether(letter + struct.pack("!I", number) + bytes(50), 0x88B5)
    with Lab(1500), Bridge(options):
        with capture(SERVER, "s0") as forwards, capture(CLIENT, "c0") as backwards:
            send(CLIENT, "c0", [command(letter, i) for i in range(10)
                                for letter in (b"d", b"f", b"r")])
    assert backwards == [command(b"F", i) for i in range(10)], [f.hex() for f in backwards]
    assert forwards == [command(letter, i) for i in range(10) for letter in (b"f", b"F")]


def test_jumbo(options):
    """Frames of 9,600 bytes, plain and tagged; the gateway's ends are raised and put back."""
    if options.driver == "af_xdp":
        return "XDP takes frames of less than a page"
    frames = [ether(ipv4(udp(bytes(i & 0xFF for i in range(size))), 17), 0x0800)
              for size in (1472, 3000, 8972, 9572)]
    frames.append(tag(frames[-1], 0x8100, 9))
    with Lab(1500):
        for namespace, device in ((CLIENT, "c0"), (SERVER, "s0")):
            inside(namespace, "ip", "link", "set", device, "mtu", "9600")
        with Bridge(options) as bridge:
            with capture(SERVER, "s0") as arrived:
                send(CLIENT, "c0", frames)
            assert "mtu 9600" in inside(GATEWAY, "ip", "link", "show", "in0")
        for device in ("in0", "out0"):
            shown = inside(GATEWAY, "ip", "link", "show", device)
            assert "mtu 1500" in shown and "PROMISC" not in shown, shown
    assert arrived == frames, [len(frame) for frame in arrived]


def test_too_long_is_counted(options):
    """A frame that fits no slot is dropped whole and counted, never sent on cut."""
    if options.driver == "af_xdp":
        return "the kernel drops it before XDP"
    with Lab(1500), Bridge(options) as bridge:
        for namespace, device in ((CLIENT, "c0"), (GATEWAY, "in0")):
            inside(namespace, "ip", "link", "set", device, "mtu", "20000")
        good = ether(ipv4(udp(bytes(64)), 17), 0x0800)
        with capture(SERVER, "s0") as arrived:
            send(CLIENT, "c0", [good, ether(bytes(15000), 0x88B6), good])
    assert arrived == [good, good], [len(frame) for frame in arrived]
    assert options.is_chatgate or bridge.figure("af_packet:in0", "errors_in") == 1, bridge.said


def test_missing_checksums_are_completed(options):
    """A sender that leaves checksums to hardware gets through all the same."""
    if options.driver == "af_xdp":
        return "XDP does not say"
    with Lab(1500), Bridge(options) as bridge:
        for namespace, device in ((CLIENT, "c0"), (SERVER, "s0")):
            inside(namespace, "ethtool", "-K", device, "tx", "on")
        copy(5_000_000)
        time.sleep(1.5)  # the gateway looks once a second
    assert any("checksums" in line for line in bridge.said), bridge.said


COPY_SERVER = """
import hashlib, socket
with socket.create_server(("10.9.0.2", 9000)) as server:
    print("ready", flush=True)
    stream, _ = server.accept()
    digest, size = hashlib.sha256(), 0
    while data := stream.recv(1 << 16):
        digest.update(data)
        size += len(data)
    stream.sendall(digest.hexdigest().encode())
"""
COPY_CLIENT = """
import hashlib, random, socket, sys, time
data = random.Random(1).randbytes(1 << 20) * (int(sys.argv[1]) // (1 << 20) + 1)
start = time.monotonic()
with socket.create_connection(("10.9.0.2", 9000), timeout=20) as stream:
    stream.sendall(data)
    stream.shutdown(socket.SHUT_WR)
    answer = stream.recv(100).decode()
print(answer == hashlib.sha256(data).hexdigest(), len(data) / (time.monotonic() - start) / 1e6)
"""


def copy(size):
    server = start_inside(SERVER, sys.executable, "-c", COPY_SERVER, stdout=subprocess.PIPE)
    try:
        assert server.stdout.readline() == "ready\n"
        answer = inside(CLIENT, sys.executable, "-c", COPY_CLIENT, str(size)).split()
        assert answer[0] == "True", answer
        return float(answer[1])
    finally:
        server.kill()
        server.wait()


def ping(*more):
    said = inside(CLIENT, "ping", "-n", "-q", *more, "10.9.0.2", check=False)
    assert " 0% packet loss" in said, said
    return [float(number) for number in re.search(r"= ([\d./]+) ms", said).group(1).split("/")]


def test_ping_and_bulk_copy(options):
    """A connection carries its bytes; the time a ping takes is printed."""
    with Lab(1500), Bridge(options) as bridge:
        ping("-c", "3", "-i", "0.1")
        idle = ping("-c", "40", "-i", "0.02")
        rate = copy(100_000_000)
        took = 0 if options.is_chatgate else bridge.hang_up()
    return f"ping min/avg/max {idle[0]}/{idle[1]}/{idle[2]} ms, copy {rate:.0f} MB/s, " \
           f"publish {took:.0f} us"


def test_link_state_is_copied(options):
    """A cable pulled on one side is seen on the other, and so is its return."""
    def carrier(namespace, device):
        return "LOWER_UP" in inside(namespace, "ip", "link", "show", device)
    with Lab(1500), Bridge(options):
        # A cable that was there from the start needs no time to settle.
        time.sleep(0.3)
        start = time.monotonic()
        inside(CLIENT, "ip", "link", "set", "c0", "down")
        assert wait_for(lambda: not carrier(SERVER, "s0"), 7), "the server's link stayed up"
        down = time.monotonic() - start
        inside(CLIENT, "ip", "link", "set", "c0", "up")
        start = time.monotonic()
        assert wait_for(lambda: carrier(SERVER, "s0"), 3), "the server's link stayed down"
        up = time.monotonic() - start
        assert wait_for(lambda: carrier(CLIENT, "c0"), 3)
        time.sleep(0.5)
        ping("-c", "3", "-i", "0.2")
    # The other way round, and the gateway ends while it holds one side.
    with Lab(1500):
        with Bridge(options):
            inside(SERVER, "ip", "link", "set", "s0", "down")
            assert wait_for(lambda: not carrier(CLIENT, "c0"), 7), "the client's link stayed up"
        assert wait_for(lambda: carrier(CLIENT, "c0"), 3), "the end left a link down"
    return f"down after {down * 1000:.0f} ms, up after {up * 1000:.0f} ms"


def test_the_end_leaves_no_trace(options):
    """Interfaces have the settings they had, and an interface that was down is down again."""
    with Lab(1500):
        inside(GATEWAY, "ethtool", "-K", "in0", "gro", "on")
        inside(GATEWAY, "ip", "link", "set", "out0", "down")
        with Bridge(options):
            if options.driver == "af_packet":
                assert "generic-receive-offload: off" in inside(GATEWAY, "ethtool", "-k", "in0")
            assert "UP" in inside(GATEWAY, "ip", "link", "show", "out0")
        assert "generic-receive-offload: on" in inside(GATEWAY, "ethtool", "-k", "in0")
        for device in ("in0", "out0"):
            shown = inside(GATEWAY, "ip", "link", "show", device)
            assert "PROMISC" not in shown and "xdp" not in shown, shown
        assert ",UP" not in inside(GATEWAY, "ip", "link", "show", "out0")


def test_the_kernel_speaks_no_ipv6(options):
    """Neither the address it makes for itself nor one from a router; what somebody gave stays, and is told."""
    def speaks(device, *value):
        word = f"net.ipv6.conf.{device}.disable_ipv6"
        return inside(GATEWAY, "sysctl", "-n", "-w", f"{word}={value[0]}") if value else \
            inside(GATEWAY, "sysctl", "-n", word).strip() == "0"

    def addresses(device):
        return inside(GATEWAY, "ip", "-6", "-o", "address", "show", "dev", device)

    with Lab(1500):
        speaks("in0", 0)
        speaks("out0", 0)
        inside(GATEWAY, "ip", "address", "add", "fd77:9::1/64", "dev", "out0", "nodad")
        assert wait_for(lambda: "fe80" in addresses("in0")), "the kernel made no address"
        with Bridge(options) as bridge:
            assert not speaks("in0") and addresses("in0") == "", addresses("in0")
            assert speaks("out0") and "fd77:9::1" in addresses("out0"), addresses("out0")
        assert speaks("in0"), "it was not put back"
        assert [line for line in bridge.said if "address of its own" in line and "out0" in line], bridge.said
        assert not [line for line in bridge.said if "address of its own" in line and "in0" in line], bridge.said


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--driver", default="af_packet")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    options.program = os.path.abspath(options.program)
    cores = sorted(os.sched_getaffinity(0))
    if options.workers > len(cores):
        print(f"SKIPPED: needs {options.workers} cores")
        return 77
    options.cores = ",".join(str(core) for core in cores[-options.workers:])
    options.is_chatgate = os.path.basename(options.program) == "chatgate"
    if os.geteuid() != 0 or subprocess.run(["ip", "netns", "list"], capture_output=True,
                                           check=False).returncode != 0:
        print("SKIPPED: needs root and network namespaces")
        return 77
    failed = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_") or options.only not in name:
            continue
        start = time.monotonic()
        try:
            note = test(options) or ""
            verdict = "ok"
        except (AssertionError, subprocess.SubprocessError, OSError) as wrong:
            note, verdict = str(wrong), "FAILED"
            failed += 1
        print(f"{verdict:7}{options.driver} workers {options.workers}: {name[5:]} "
              f"({time.monotonic() - start:.1f} s) {note}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

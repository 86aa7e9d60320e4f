"""Both ends of the wire, recorded and compared byte for byte.

A tcpdump stands at the client's end and one at the server's. Marks (frames that nothing else sends)
say where a phase of the run begins and ends, in both recordings and in both directions.
"""

import ipaddress
import signal
import struct
import subprocess
import time
from collections import defaultdict
from dataclasses import dataclass

from clients import MARK_TYPE, send_mark
from lab import CLIENT_MAC, SERVER_MAC, LabError

GLOBAL_HEADER, RECORD_HEADER = struct.Struct("<IHHiIII"), struct.Struct("<IIII")
MAGIC_MICROSECONDS = 0xa1b2c3d4
TAGS = (0x8100, 0x88a8, 0x9100)
TCP, UDP = 6, 17
TCP_RST = 0x04


@dataclass(frozen=True)
class Frame:
    seconds: float
    data: bytes

    @property
    def source(self):
        return self.data[6:12]


def read_capture(path):
    data = path.read_bytes()
    magic = GLOBAL_HEADER.unpack_from(data)[0]
    if magic != MAGIC_MICROSECONDS:
        raise LabError(f"{path}: not a capture as tcpdump writes it")
    frames, at = [], GLOBAL_HEADER.size
    while at + RECORD_HEADER.size <= len(data):
        seconds, micros, kept, length = RECORD_HEADER.unpack_from(data, at)
        at += RECORD_HEADER.size
        if kept != length or at + kept > len(data):
            raise LabError(f"{path}: a frame is cut")
        frames.append(Frame(seconds + micros / 1e6, data[at:at + kept]))
        at += kept
    return frames


def write_capture(path, frames):
    with path.open("wb") as out:
        out.write(GLOBAL_HEADER.pack(MAGIC_MICROSECONDS, 2, 4, 0, 0, 262144, 1))
        for frame in frames:
            whole = int(frame.seconds)
            out.write(RECORD_HEADER.pack(whole, round((frame.seconds - whole) * 1e6) % 1000000,
                                         len(frame.data), len(frame.data)))
            out.write(frame.data)


def dissect(data):
    """(EtherType, offset of what follows) behind all tags."""
    at, kind = 14, struct.unpack_from("!H", data, 12)[0]
    while kind in TAGS and len(data) >= at + 4:
        kind = struct.unpack_from("!H", data, at + 2)[0]
        at += 4
    return kind, at


def transport(data):
    """(protocol, source, source port, destination, destination port, transport header's offset)."""
    kind, at = dissect(data)
    if kind == 0x0800 and len(data) >= at + 20 and data[at] >> 4 == 4:
        protocol, header = data[at + 9], (data[at] & 15) * 4
        source, destination = data[at + 12:at + 16], data[at + 16:at + 20]
        if header < 20 or struct.unpack_from("!H", data, at + 6)[0] & 0x1fff:
            return None
    elif kind == 0x86dd and len(data) >= at + 40 and data[at] >> 4 == 6:
        protocol, header = data[at + 6], 40
        source, destination = data[at + 8:at + 24], data[at + 24:at + 40]
    else:
        return None
    if protocol not in (TCP, UDP) or len(data) < at + header + 8:
        return None
    ports = struct.unpack_from("!HH", data, at + header)
    return protocol, source, ports[0], destination, ports[1], at + header


def flow_key(data):
    """Equal for both directions of a TCP or UDP flow; for other frames their EtherType."""
    found = transport(data)
    if found is None:
        return ("frame", dissect(data)[0])
    protocol, source, source_port, destination, destination_port, _ = found
    ends = sorted(((source, source_port), (destination, destination_port)))
    return (protocol, *ends[0], *ends[1])


def event_key(event):
    """The flow_key of the flow that an event speaks of."""
    ends = sorted(((ipaddress.ip_address(event["src_ip"]).packed, event["src_port"]),
                   (ipaddress.ip_address(event["dest_ip"]).packed, event["dest_port"])))
    return (TCP if event["proto"].upper() == "TCP" else UDP, *ends[0], *ends[1])


def is_forgery(data):
    """What the gateway makes: a TCP reset, or an answer of a name server."""
    found = transport(data)
    if found is None:
        return False
    protocol, _, source_port, _, _, at = found
    return source_port == 53 or (protocol == TCP and len(data) >= at + 14
                                 and bool(data[at + 13] & TCP_RST))


def is_dns(data):
    found = transport(data)
    return found is not None and 53 in (found[2], found[4])


def mark_of(frame):
    kind, at = dissect(frame.data)
    return struct.unpack_from("!I", frame.data, at)[0] if kind == MARK_TYPE else None


def between(frames, first, last, source):
    """The frames after the sender's mark `first` and before its mark `last`."""
    where = {mark_of(frame): index for index, frame in enumerate(frames)
             if frame.source == source and mark_of(frame) is not None}
    if first not in where or last not in where:
        raise LabError(f"mark {first if first not in where else last} did not arrive")
    return frames[where[first] + 1:where[last]]


class Recorder:
    """A tcpdump at each end of the wire."""

    def __init__(self, lab, folder):
        self.lab, self.folder = lab, folder
        self.running = []
        self.marks = 0

    def path(self, side):
        return self.folder / f"{side}.pcap"

    def start(self):
        for side, namespace in (("client", self.lab.client), ("server", self.lab.server)):
            with self.lab.inside(namespace):
                self.running.append((side, subprocess.Popen(
                    ["tcpdump", "-i", "eth0", "-s", "0", "-B", "65536", "-U", "-n", "-Z", "root",
                     "--immediate-mode", "-w", str(self.path(side))],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                    text=True)))
        for side, process in self.running:
            line = process.stderr.readline()
            while line and "listening on" not in line:
                line = process.stderr.readline()
            if not line:
                raise LabError(f"tcpdump at the {side}'s end did not start")

    def mark(self):
        """A mark from each end, with silence around it so that nothing overtakes it."""
        self.marks += 1
        time.sleep(0.1)
        for namespace, source in ((self.lab.client, CLIENT_MAC), (self.lab.server, SERVER_MAC)):
            with self.lab.inside(namespace):
                send_mark(self.marks, source)
        time.sleep(0.1)
        return self.marks

    def stop(self):
        """Ends both and says what they lost, which must be nothing."""
        losses = []
        for side, process in self.running:
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=20)
            if "\n0 packets dropped by kernel" not in "\n" + said:
                losses.append(f"the recording at the {side}'s end lost frames: {said.strip()[-80:]}")
        self.running = []
        return losses

    def end(self):
        for _, process in self.running:
            process.kill()
            process.wait()
        self.running = []


@dataclass
class Comparison:
    frames: int
    flows: int
    kinds: int
    differences: list


def compare(client, server, first, last, blocked):
    """What each side sent between two marks, against what reached the other.

    Frames of flows that were not blocked arrive all, unchanged and in their order. In blocked flows
    what arrives was sent so, or is a forgery.
    """
    client_mac, server_mac = (bytes.fromhex(mac.replace(":", "")) for mac in (CLIENT_MAC, SERVER_MAC))
    result = Comparison(0, 0, 0, [])
    flows, kinds = set(), set()
    for name, source, sender, receiver in (("client", client_mac, client, server),
                                           ("server", server_mac, server, client)):
        sent, arrived = defaultdict(list), defaultdict(list)
        for table, frames in ((sent, sender), (arrived, receiver)):
            for frame in between(frames, first, last, source):
                if frame.source == source and mark_of(frame) is None:
                    table[flow_key(frame.data)].append(frame.data)
        for key in sent.keys() | arrived.keys():
            if key in blocked:
                strange = [data for data in set(arrived[key]) - set(sent[key]) if not is_forgery(data)]
                if strange:
                    result.differences.append(
                        f"{describe(key)}: {len(strange)} frames arrived that the {name} never sent")
                continue
            result.frames += len(sent[key])
            (kinds if key[0] == "frame" else flows).add(key)
            if sent[key] != arrived[key]:
                result.differences.append(describe_difference(key, name, sent[key], arrived[key]))
    result.flows, result.kinds = len(flows), len(kinds)
    return result


def describe(key):
    if key[0] == "frame":
        return f"EtherType {key[1]:#06x}"
    ends = [f"{ipaddress.ip_address(key[i])} port {key[i + 1]}" for i in (1, 3)]
    return f"{'TCP' if key[0] == TCP else 'UDP'} {' - '.join(ends)}"


def describe_difference(key, name, sent, arrived):
    text = f"{describe(key)}: the {name} sent {len(sent)} frames, {len(arrived)} arrived"
    for index, (left, right) in enumerate(zip(sent, arrived)):
        if left != right:
            return f"{text}; frame {index + 1} differs: {left[:80].hex()} became {right[:80].hex()}"
    return text

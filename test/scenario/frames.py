"""Reads captures and forged frames, and says what is wrong with them."""

import ipaddress
import struct

from wire import checksum, pseudo_header

TAGS = 0x8100, 0x88A8, 0x9100
FLAGS = "FSRPAU"


def read_pcap(data):
    """[(nanoseconds, bytes)] of a pcap file with nanosecond times, little-endian, as replay writes it."""
    magic, link = struct.unpack("<I", data[:4])[0], struct.unpack("<I", data[20:24])[0]
    if magic != 0xA1B23C4D:
        raise ValueError("not a pcap file with nanosecond times")
    packets, at = [], 24
    while at + 16 <= len(data):
        seconds, fraction, size, _ = struct.unpack("<IIII", data[at:at + 16])
        if at + 16 + size > len(data):
            break
        packets.append((seconds * 1_000_000_000 + fraction, data[at + 16:at + 16 + size]))
        at += 16 + size
    return link, packets


def describe(frame):
    """The facts of a TCP or UDP frame by name. Raises ValueError where a length or checksum is wrong."""
    facts = {"to": "client" if frame[0:6].endswith(b"\x05") else "server"}
    at, vlans = 12, []
    while struct.unpack(">H", frame[at:at + 2])[0] in TAGS:
        vlans.append(struct.unpack(">H", frame[at + 2:at + 4])[0] & 0xFFF)
        at += 4
    if vlans:
        facts["vlan"] = vlans
    packet = frame[at + 2:]
    if packet[0] >> 4 == 4:
        if checksum(packet[:20]) != 0:
            raise ValueError("wrong IPv4 checksum")
        length, protocol = struct.unpack(">H", packet[2:4])[0], packet[9]
        source, destination = packet[12:16], packet[16:20]
        segment = packet[20:length]
    else:
        length, protocol = 40 + struct.unpack(">H", packet[4:6])[0], packet[6]
        source, destination = packet[8:24], packet[24:40]
        segment = packet[40:length]
    if length > len(packet):
        raise ValueError("IP length beyond the frame")
    source, destination = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if checksum(pseudo_header(source, destination, protocol, len(segment)) + segment) != 0:
        raise ValueError("wrong TCP or UDP checksum")
    ports = struct.unpack(">HH", segment[:4])
    facts |= {"src": str(source), "dst": str(destination), "sport": ports[0], "dport": ports[1]}
    payload = segment[8:]
    if protocol == 6:
        seq, ack, offset, flags = struct.unpack(">IIBB", segment[4:14])
        facts["flags"] = "".join(FLAGS[i] for i in range(6) if flags >> i & 1)
        facts |= {"seq": seq, "ack": ack}
        payload = segment[(offset >> 4) * 4:]
        if ports[0] == 53 and len(payload) > 2:
            payload = payload[2:]
    if ports[0] == 53 and len(payload) >= 12:
        facts["dns"] = describe_dns(payload)
    return facts


def describe_dns(message):
    identifier, flags, questions, answers = struct.unpack(">HHHH", message[:8])
    labels, at = [], 12
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode())
        at += 1 + message[at]
    return {"id": identifier, "response": flags >> 15, "rcode": flags & 15, "questions": questions,
            "answers": answers, "name": ".".join(labels)}

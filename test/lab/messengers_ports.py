"""Telegram's first bytes on any port, and Mumble: what is known without a whole client.

No package brings a client of MTProto that speaks without Telegram's own servers. What is sent here is what
core.telegram.org/mtproto/mtproto-transports describes, made anew each time.
"""

import os
import socket
import struct
import subprocess

from clients import Outcome, Stopwatch
from messengers_play import ALL, NONE, TEXT_ONLY, Use
from messengers_servers import MTPROTO, MUMBLE, MUMBLE_PORT, PORTS, address

PATIENCE = 1.5
FIRST_WORDS = (b"HEAD", b"POST", b"GET ", b"OPTI", b"\x16\x03\x01\x02", b"\xdd" * 4, b"\xee" * 4)
ABRIDGED = b"\xef" * 4
REQ_PQ_MULTI = 0xbe7e8ef1
ANY = {NONE: "reset", ALL: "allowed"}
OBFUSCATED, PLAIN = ([Use(f"Telegram, {kind}, on port {port}", MTPROTO, "telegram", "login", ANY, port)
                      for port in PORTS] for kind in ("obfuscated", "abridged"))
PING = Use("Mumble's ping", MUMBLE, "mumble", "presence", {NONE: "silent", TEXT_ONLY: "silent", ALL: "allowed"})
TLS = Use("Mumble's connection", MUMBLE, "mumble", "", {NONE: "reset", TEXT_ONLY: "reset", ALL: "allowed"})


def aes_ctr(key, counter, data):
    result = subprocess.run(["openssl", "enc", "-aes-256-ctr", "-K", key.hex(), "-iv", counter.hex()],
                            input=data, capture_output=True, check=True)
    return result.stdout


def request():
    """req_pq_multi, the first message of a key exchange, in abridged framing."""
    body = struct.pack("<I", REQ_PQ_MULTI) + os.urandom(16)
    message = bytes(8) + struct.pack("<QI", int.from_bytes(os.urandom(4), "little") << 32, len(body)) + body
    return bytes([len(message) // 4]) + message


def abridged():
    return b"\xef" + request()


def obfuscated(data_centre=2):
    while True:
        head = os.urandom(56) + ABRIDGED + struct.pack("<h", data_centre) + os.urandom(2)
        if head[0] != 0xef and head[:4] not in FIRST_WORDS and head[4:8] != bytes(4):
            break
    stream = aes_ctr(head[8:40], head[40:56], head + request())
    return head[:56] + stream[56:]


def talk(port, say):
    watch = Stopwatch()
    try:
        with socket.create_connection((address(MTPROTO), port), PATIENCE) as wire:
            wire.sendall(say)
            heard = b""
            while len(heard) < len(say):
                piece = wire.recv(65536)
                if not piece:
                    return Outcome("failed", watch.milliseconds, "closed by the server")
                heard += piece
    except TimeoutError:
        return Outcome("silent", watch.milliseconds)
    except ConnectionError as problem:
        return Outcome("reset", watch.milliseconds, str(problem))
    same = heard == bytes(byte ^ 0x5a for byte in say)
    return Outcome("allowed" if same else "failed", watch.milliseconds, f"{len(heard)} bytes")


def mumble_ping():
    """murmurd's answer to the ping of a client's list of servers (Mumble's documentation, "UDP ping")."""
    watch = Stopwatch()
    ask = struct.pack(">IQ", 0, int.from_bytes(os.urandom(8), "big"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.settimeout(PATIENCE)
        wire.connect((address(MUMBLE), MUMBLE_PORT))
        wire.send(ask)
        try:
            answer = wire.recv(2048)
        except TimeoutError:
            return Outcome("silent", watch.milliseconds)
    good = len(answer) == 24 and answer[4:12] == ask[4:]
    return Outcome("allowed" if good else "failed", watch.milliseconds, f"version {answer[1:4].hex()}")


def mumble_tls():
    watch = Stopwatch()
    result = subprocess.run(["openssl", "s_client", "-connect", f"{address(MUMBLE)}:{MUMBLE_PORT}", "-brief"],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            text=True, check=False, timeout=10)
    if "CONNECTION ESTABLISHED" in result.stderr:
        return Outcome("allowed", watch.milliseconds)
    lost = "errno=104" in result.stderr or "refused" in result.stderr
    return Outcome("reset" if lost else "failed", watch.milliseconds, result.stderr[-200:])


def play(policy):
    came = []
    if policy in ANY:
        for uses, make in ((OBFUSCATED, obfuscated), (PLAIN, abridged)):
            came += [(use, talk(use.port, make())) for use in uses]
    return came + [(PING, mumble_ping()), (TLS, mumble_tls())]

"""Who watches while something is broken: connections that must go on, and ones that must stay blocked."""

import contextlib
import socket
import ssl
import struct
import threading
import time

from clients import PATIENCE, client_hello, fate_of_hello
from faults_flood import BLOCKED
from lab import INTERNET4, run

SERVER = INTERNET4.format(20)
INNOCENT = "www.example.org"
TLS_PORT, ECHO_PORT = 443, 9000  # the second one means no messenger
PAUSE = 0.02
ROOM = 16 << 20  # bytes of a socket's queue: what is lost must have been lost on the way
SO_RCVBUFFORCE = 33


class Servers:
    """A TLS server and echoes, in threads of this process, with sockets of the server's namespace."""

    def __init__(self, lab):
        certificate = lab.folder / "faults.pem"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", str(certificate), "-out", str(lab.folder / "faults.crt"), "-days", "2",
            "-subj", f"/CN={INNOCENT}")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(lab.folder / "faults.crt", certificate)
        with lab.inside(lab.server):
            self.listening = {port: socket.create_server(("0.0.0.0", port), backlog=512)
                              for port in (TLS_PORT, ECHO_PORT)}
            self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.datagrams.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM)
            self.datagrams.bind((SERVER, ECHO_PORT))
        for port, serve in ((TLS_PORT, self._shake_hands), (ECHO_PORT, self._echo)):
            threading.Thread(target=self._accept, args=(self.listening[port], serve), daemon=True).start()
        threading.Thread(target=self._echo_datagrams, daemon=True).start()

    @staticmethod
    def _accept(listening, serve):
        with contextlib.suppress(OSError):  # closed at the end
            while True:
                wire = listening.accept()[0]
                wire.settimeout(60)
                threading.Thread(target=serve, args=(wire,), daemon=True).start()

    def _shake_hands(self, wire):
        with contextlib.suppress(OSError), wire:
            self.context.wrap_socket(wire, server_side=True).close()

    @staticmethod
    def _echo(wire):
        with contextlib.suppress(OSError), wire:
            while data := wire.recv(65536):
                wire.sendall(data)

    def _echo_datagrams(self):
        with contextlib.suppress(OSError):
            while True:
                data, sender = self.datagrams.recvfrom(2048)
                if sender is None:  # shut down
                    return
                self.datagrams.sendto(data, sender)

    def close(self):
        for wire in (*self.listening.values(), self.datagrams):
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)
            wire.close()


class Stream:
    """An established TCP connection on which numbers go there and back, all the time."""

    def __init__(self, lab):
        with lab.inside(lab.client):
            self.wire = socket.create_connection((SERVER, ECHO_PORT), 10)
        self.wire.settimeout(30)
        self.echoed, self.longest, self.broken = 0, 0.0, ""
        self.going = True
        self.thread = threading.Thread(target=self._talk, daemon=True)
        self.thread.start()

    def _talk(self):
        try:
            while self.going:
                said = struct.pack("!I", self.echoed) * 8
                began = time.monotonic()
                self.wire.sendall(said)
                heard = b""
                while len(heard) < len(said):
                    piece = self.wire.recv(len(said) - len(heard))
                    if not piece:
                        raise OSError("closed by the other end")
                    heard += piece
                if heard != said:
                    raise OSError("other bytes came back")
                self.longest = max(self.longest, time.monotonic() - began)
                self.echoed += 1
                time.sleep(PAUSE)
        except OSError as problem:
            self.broken = str(problem) or type(problem).__name__

    def goes_on(self, seconds=20):
        """Whether another number comes back; a lost segment may take its sender's patience."""
        before, end = self.echoed, time.monotonic() + seconds
        while not self.broken and self.echoed <= before + 1 and time.monotonic() < end:
            time.sleep(0.01)
        return not self.broken and self.echoed > before + 1

    def longest_pause(self):
        longest, self.longest = self.longest, 0.0
        return longest

    def close(self):
        self.going = False
        self.wire.close()


class Datagrams:
    """An established UDP flow, numbered: what it loses is lost."""

    def __init__(self, lab):
        with lab.inside(lab.client):
            self.wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM)
        self.wire.connect((SERVER, ECHO_PORT))
        self.wire.settimeout(0.2)
        self.sent, self.heard, self.going = 0, set(), True
        for work in (self._send, self._hear):
            threading.Thread(target=work, daemon=True).start()

    def _send(self):
        while self.going:
            with contextlib.suppress(OSError):
                self.wire.send(struct.pack("!I", self.sent) + bytes(60))
            self.sent += 1
            time.sleep(PAUSE / 4)

    def _hear(self):
        while self.going:
            with contextlib.suppress(OSError):
                self.heard.add(struct.unpack("!I", self.wire.recv(2048)[:4])[0])

    def mark(self):
        return self.sent

    def lost_since(self, mark):
        """(lost, sent) since then, once what is under way has had its time."""
        until = self.sent
        end = time.monotonic() + 1
        while time.monotonic() < end and not {*range(mark, until)} <= self.heard:
            time.sleep(0.02)
        return until - mark - len(self.heard & {*range(mark, until)}), until - mark

    def close(self):
        self.going = False
        self.wire.close()


def knock(lab, name, patience=PATIENCE):
    """What became of a hello with this name, as clients.fate_of_hello has it."""
    with lab.inside(lab.client):
        return fate_of_hello(SERVER, TLS_PORT, client_hello(name), patience)


def blocked_and_not(lab):
    """A problem in words, where a blocked name passes or an innocent one does not."""
    problems = []
    if (seen := knock(lab, BLOCKED)) not in ("reset", "silent"):
        problems.append(f"a blocked name: {seen}")
    for _ in range(3):  # its SYN may be lost in a flood, as any other; it is sent again
        if (seen := knock(lab, INNOCENT, 5)) == "allowed":
            break
    else:
        problems.append(f"an innocent name: {seen}")
    return "; ".join(problems)

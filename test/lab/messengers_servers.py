"""The servers of the part on messengers: prosody, ngircd, sipp and murmurd, as packages bring them, a
listener behind which Telegram could be, and the people who are not behind the gateway.

All run in the server's namespace, with their files below the lab's folder, and end with the lab. Each
use of a client has a server address of its own, so that what the gateway said of it is found by that.
"""

import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import lab as labs

PORTS = (25, 80, 443, 8080, 31337)  # where a messenger's own protocol is not expected
XMPP_HOST, OFFICE_HOST = "lab.test", "office.test"
PASSWORD = "a-lab-password"
PEOPLE = ("alice", "bob", "carol")  # alice and carol inside, bob outside
XMPP_HOSTS = range(10, 20)
IRC_HOSTS = range(20, 24)
SIP_UDP_TEXT, SIP_TCP_TEXT, SIP_UDP_CALL, SIP_TCP_CALL, SIP_PLAIN = SIP_HOSTS = range(24, 29)
CALL_LATER, XMPP_LATER = 34, 35  # for what is open when the policy changes
MUMBLE, XMPP_HOPPING, IRC_HOPPING, MTPROTO = 30, 31, 32, 33
UPLOADS, PROXY65, IRC_PORT, SIP_PORT, MEDIA_PORT, MUMBLE_PORT = 5280, 5000, 6667, 5060, 6000, 64738

PROSODY = """\
run_as_root = true
daemonize = false
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/prosody"
log = {{ info = "{folder}/prosody.log" }}
c2s_interfaces = {{ {interfaces} }}
c2s_ports = {{ 5222, {ports} }}
c2s_direct_tls_ports = {{ }}
s2s_ports = {{ }}
modules_enabled = {{ "roster", "saslauth", "disco", "ping", "presence", "message", "iq", "c2s" }}
modules_disabled = {{ "s2s", "tls" }}
authentication = "internal_plain"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
http_interfaces = {{ "*" }}
http_ports = {{ {uploads} }}
https_ports = {{ }}
VirtualHost "{host}"
VirtualHost "{office}"
Component "files.{host}" "http_file_share"
  http_host = "{upload_address}"
  http_external_url = "http://{upload_address}:{uploads}/"
Component "proxy.{host}" "proxy65"
  proxy65_address = "{proxy_address}"
  proxy65_interfaces = {{ "{proxy_address}" }}
  proxy65_ports = {{ {proxy} }}
"""

NGIRCD = """\
[Global]
Name = irc.lab.test
Info = lab
Listen = {listen}
Ports = {ports}
MotdPhrase = hello
[Limits]
MaxConnectionsIP = 0
[Options]
DNS = no
Ident = no
PAM = no
"""

MURMUR = """\
database={folder}/mumble.sqlite
logfile={folder}/mumble.log
pidfile={folder}/mumble.pid
port={port}
host={address}
bonjour=False
uname=root
"""


def address(host):
    return labs.INTERNET4.format(host)


class Servers:
    def __init__(self, lab):
        self.lab, self.folder = lab, lab.folder
        self.started, self.wanted = {}, {}

    def start(self):
        here, folder = Path(__file__).parent, self.folder
        self._write_configurations()
        python = ["/usr/bin/python3", "-B"]
        self.wanted = {
            "prosody": ["/usr/bin/prosody", "--config", folder / "prosody.cfg.lua", "-F"],
            "ngircd": ["/usr/sbin/ngircd", "-n", "-f", folder / "ngircd.conf"],
            "murmurd": ["/usr/sbin/murmurd", "-fg", "-ini", folder / "murmur.ini"],
            "listener": [*python, __file__, "listen"],
        }
        for host in (*SIP_HOSTS, CALL_LATER):
            call = host in (SIP_UDP_CALL, SIP_TCP_CALL, CALL_LATER)
            tcp = host in (SIP_TCP_TEXT, SIP_TCP_CALL)
            media = ["-rtp_echo", "-mi", address(host), "-mp", MEDIA_PORT]
            self.wanted[f"sipp-{host}"] = [
                "sipp", "-nostdin", "-sf", here / "sip" / ("answer-call.xml" if call else "answer-text.xml"),
                "-i", address(host), "-p", SIP_PORT, "-t", "t1" if tcp else "u1", *(media if call else [])]
        with self.lab.inside(self.lab.server):
            # ngircd gives up being root before it asks for its ports.
            Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text("0\n", encoding="ascii")
            for name, command in self.wanted.items():
                self._run(name, command)
            self._wait()
            self._run("bob", [*python, here / "messengers_xmpp_user.py", "serve", "127.0.0.1",
                              f"bob@{XMPP_HOST}", f"bob@{OFFICE_HOST}"])

    def _run(self, name, command):
        with open(self.folder / f"{name}.out", "wb") as out:
            self.started[name] = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True, cwd=self.folder)

    def _write_configurations(self):
        folder = self.folder
        ports = ", ".join(map(str, PORTS))
        listening = [address(host) for host in (*XMPP_HOSTS, XMPP_HOPPING, XMPP_LATER)] + ["127.0.0.1"]
        self._write("prosody.cfg.lua", PROSODY.format(
            folder=folder, host=XMPP_HOST, office=OFFICE_HOST, ports=ports, uploads=UPLOADS,
            interfaces=", ".join(f'"{each}"' for each in listening), upload_address=address(XMPP_HOSTS[4]),
            proxy_address=address(XMPP_HOSTS[9]), proxy=PROXY65))
        for host in (XMPP_HOST, OFFICE_HOST):
            accounts = folder / "prosody" / host.replace(".", "%2e") / "accounts"
            accounts.mkdir(parents=True)
            for person in PEOPLE:
                (accounts / f"{person}.dat").write_text(f'return {{ ["password"] = "{PASSWORD}" }};\n',
                                                        encoding="utf-8")
        listening = [address(host) for host in (*IRC_HOSTS, IRC_HOPPING)] + ["127.0.0.1"]
        self._write("ngircd.conf", NGIRCD.format(
            folder=folder, listen=",".join(listening), ports=f"{IRC_PORT}, {ports}"))
        self._write("murmur.ini", MURMUR.format(folder=folder, port=MUMBLE_PORT, address=address(MUMBLE)))

    def _write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def _wait(self, seconds=20):
        """Until each answers; the caller's thread is in the namespace."""
        owners = {"prosody": (XMPP_HOPPING, PORTS[-1]), "ngircd": (IRC_HOPPING, PORTS[-1]),
                  "murmurd": (MUMBLE, MUMBLE_PORT), "listener": (MTPROTO, PORTS[-1]),
                  **{f"sipp-{host}": (host, SIP_PORT) for host in (SIP_TCP_TEXT, SIP_TCP_CALL)}}
        end = time.monotonic() + seconds
        for owner, (host, port) in owners.items():
            while not _listens(address(host), port):
                if self.started[owner].poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"{owner} does not answer: {self.said(owner)}")
                time.sleep(0.05)

    def revive(self):
        """sipp ends where its connection is reset, which is what a policy may do."""
        with self.lab.inside(self.lab.server):
            for name in [f"sipp-{host}" for host in (SIP_TCP_TEXT, SIP_TCP_CALL)]:
                if self.started[name].poll() is not None:
                    self._run(name, self.wanted[name])
            self._wait()

    def said(self, name):
        return (self.folder / f"{name}.out").read_text(errors="replace").strip()[-500:]

    def dead(self):
        return [f"{name}: {self.said(name)}" for name, process in self.started.items()
                if process.poll() is not None]


def _listens(ip, port):
    """Asked of the kernel: sipp ends where a connection comes that says nothing."""
    wanted = f"{int.from_bytes(socket.inet_aton(ip), sys.byteorder):08X}:{port:04X}"
    rows = Path("/proc/thread-self/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    return any(row.split()[1] == wanted and row.split()[3] == "0A" for row in rows)


def missing():
    """Programs that this machine lacks."""
    return [name for name in ("prosody", "ngircd", "irssi", "sipp", "murmurd", "bitlbee")
            if shutil.which(name, path="/usr/bin:/usr/sbin") is None]


def _listen_forever():
    """A server that reads what comes, as one does that lacks the rest of it, and answers noise."""
    import asyncio

    async def answer(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(bytes(byte ^ 0x5a for byte in data))
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def main():
        for port in PORTS:
            await asyncio.start_server(answer, address(MTPROTO), port)
        await asyncio.Event().wait()

    asyncio.run(main())


if __name__ == "__main__" and sys.argv[1:] == ["listen"]:
    _listen_forever()

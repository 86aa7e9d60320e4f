"""The real servers of the lab's server side: nginx, dnsmasq, prosody, and plain listeners.

All run in the server's namespace as processes of their own, with configuration, data and logs below
the lab's folder; ending the lab ends them.
"""

import hashlib
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

XMPP_HOST = "chat.example.test"
XMPP_USER, XMPP_PASSWORD = "alice", "a-lab-password"
BIG_BYTES = 8 * 1024 * 1024
SLOW_BYTES_A_SECOND = 1024 * 1024

WEB_PORTS = (80, 8080)
TLS_PORT = 443
# Listeners that greet like nobody: what decides about these is the port.
TCP_PORTS = (1863, 5050, 5190, 5191, 4244, 5192, 5193, 5223, 5269, 5061, 1533, 2222, 9000)
UDP_PORTS = (4000, 9000, 22466)
XMPP_PORTS = (5222,)

NGINX = """\
daemon off;
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 512; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  server {{
    {listen}
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.key;
    root {folder}/www;
    location / {{ default_type text/plain; return 200 "host $host\\n"; }}
    location = /big {{ }}
    location = /slow {{ alias {folder}/www/big; limit_rate {slow}; }}
  }}
}}
"""

DNSMASQ = """\
port=53
no-daemon
no-resolv
no-hosts
no-poll
user=root
group=root
pid-file={folder}/dnsmasq.pid
log-facility={folder}/dnsmasq.log
bind-interfaces
local-ttl=60
address=/#/{address4}
address=/#/{address6}
"""

PROSODY = """\
run_as_root = true
daemonize = false
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/prosody"
log = {{ info = "{folder}/prosody.log" }}
interfaces = {{ "*", "::" }}
c2s_ports = {{ 5222 }}
c2s_direct_tls_ports = {{ }}
s2s_ports = {{ }}
modules_enabled = {{ "roster", "saslauth", "tls", "disco", "ping" }}
authentication = "internal_plain"
c2s_require_encryption = true
certificates = "{folder}"
ssl = {{ certificate = "{folder}/server.pem", key = "{folder}/server.key" }}
VirtualHost "{host}"
"""


def start(lab):
    folder = lab.folder
    _certificates(folder)
    _big_file(folder)
    _write(folder / "nginx.conf", NGINX.format(folder=folder, listen=_listen(),
                                               slow=SLOW_BYTES_A_SECOND))
    _write(folder / "dnsmasq.conf", DNSMASQ.format(folder=folder, address4="198.51.100.10",
                                                   address6="2001:db8:77::10"))
    _write(folder / "prosody.cfg.lua", PROSODY.format(folder=folder, host=XMPP_HOST))
    account = folder / "prosody" / XMPP_HOST.replace(".", "%2e") / "accounts" / f"{XMPP_USER}.dat"
    account.parent.mkdir(parents=True)
    _write(account, f'return {{ ["password"] = "{XMPP_PASSWORD}" }};\n')

    started = {}
    with lab.inside(lab.server):
        for name, command in (
                ("nginx", ["/usr/sbin/nginx", "-p", folder, "-c", folder / "nginx.conf"]),
                ("dnsmasq", ["/usr/sbin/dnsmasq", "-C", folder / "dnsmasq.conf"]),
                ("prosody", ["/usr/bin/prosody", "--config", folder / "prosody.cfg.lua", "-F"]),
                ("listeners", ["/usr/bin/python3", __file__, "listen"])):
            with open(folder / f"{name}.out", "wb") as out:
                started[name] = subprocess.Popen(
                    [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out,
                    stderr=subprocess.STDOUT, start_new_session=True, cwd="/")
        _wait(folder, started)


def _write(path, text):
    path.write_text(text, encoding="utf-8")


def _listen():
    rows = [f"listen {port}; listen [::]:{port};" for port in WEB_PORTS]
    return "\n    ".join([*rows, f"listen {TLS_PORT} ssl; listen [::]:{TLS_PORT} ssl;"])


def _openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def _certificates(folder):
    """An authority of the lab's own, and a certificate for every name there is."""
    from names import ALL_NAMES
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    _openssl("req", "-x509", *key, "-keyout", folder / "ca.key", "-out", folder / "ca.pem",
             "-days", 2, "-subj", "/CN=chatgate lab")
    _openssl("req", *key, "-keyout", folder / "server.key", "-out", folder / "server.csr",
             "-subj", "/CN=server side")
    names = ",".join(f"DNS:{name}" for name in sorted({*ALL_NAMES, XMPP_HOST}))
    _write(folder / "server.ext", f"subjectAltName={names}\n")
    _openssl("x509", "-req", "-in", folder / "server.csr", "-CA", folder / "ca.pem", "-CAkey",
             folder / "ca.key", "-CAcreateserial", "-days", 2, "-extfile", folder / "server.ext",
             "-out", folder / "server.pem")


def _big_file(folder):
    www = folder / "www"
    www.mkdir()
    (www / "big").write_bytes(os.urandom(BIG_BYTES))


def big_checksum(folder):
    return hashlib.sha256((folder / "www" / "big").read_bytes()).hexdigest()


def _wait(folder, started, seconds=20):
    """Until each server answers on each port; the caller's thread is in the namespace."""
    owners = {port: "nginx" for port in (*WEB_PORTS, TLS_PORT)}
    owners |= {port: "prosody" for port in XMPP_PORTS}
    owners |= {port: "listeners" for port in TCP_PORTS}
    owners[53] = "dnsmasq"
    end = time.monotonic() + seconds
    for port, owner in owners.items():
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                dead = started[owner].poll() is not None
                if dead or time.monotonic() > end:
                    said = (folder / f"{owner}.out").read_text(errors="replace").strip()[-500:]
                    raise RuntimeError(f"{owner} does not answer on port {port}: {said}") from None
                time.sleep(0.05)


def _listen_forever():
    """Echoes what it gets, on every plain port; UDP answers from the address that was asked."""
    import asyncio

    async def echo(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    class EchoDatagrams(asyncio.DatagramProtocol):
        def connection_made(self, transport):
            self.transport = transport

        def datagram_received(self, data, addr):
            self.transport.sendto(data, addr)

    async def main():
        from lab import HOSTS, INTERNET4, INTERNET6
        for port in TCP_PORTS:
            await asyncio.start_server(echo, ["0.0.0.0", "::"], port)
        loop = asyncio.get_running_loop()
        for port in UDP_PORTS:
            for host in (HOSTS[0], HOSTS[1]):
                for pattern in (INTERNET4, INTERNET6):
                    await loop.create_datagram_endpoint(
                        EchoDatagrams, local_addr=(pattern.format(host), port))
        await asyncio.Event().wait()

    asyncio.run(main())


if __name__ == "__main__" and sys.argv[1:] == ["listen"]:
    sys.path.insert(0, str(Path(__file__).parent))
    _listen_forever()

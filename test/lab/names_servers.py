"""The servers of the part on names: each speaks one way in which a client says whom it wants.

nginx (TLS, HTTP, HTTP/2 in clear, PROXY protocol), prosody, dnsmasq, ngtcp2's HTTP/3 server, tinyproxy,
microsocks, and small ones of our own for what no package offers: greetings with STARTTLS, SOCKS 4a,
an echo on ports that mean nothing. All run in the server's namespace and end with the lab.
"""

import contextlib
import shutil
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import servers

BLOCKED, INNOCENT = "web.quokka.example", "web.quokkas.example"
SECOND_BLOCKED, SECOND_INNOCENT = "wombat-chat.example", "wombat-chat.example.org"
WITH_ECH = "shop.example"
XMPP_HOST = servers.XMPP_HOST

HTTPS, WITH_MESSENGERS_CERTIFICATE, WITH_OTHER_CERTIFICATE = 443, 8441, 8442
HTTP, CLEAR_HTTP2, AFTER_PROXY_HEADER, BOTH = 80, 8082, 8083, 8445
SMTP, IMAP, IRC = 25, 143, 6667
HTTP_PROXY, SOCKS5, SOCKS4 = 3128, 1080, 1081
QUIC_PORTS = (443, 4433, BOTH)
ECHO = (7777, 7778)
ECHO_ADDRESSES = ("198.51.100.33", "198.51.100.34")

# RFC 9460: priority 1, this name itself, alpn=h2, and an ECHConfigList of made-up content.
ECH_RECORD = "0001" + "00" + "0001" "0003" "026832" + "0005" "0008" "0006fe0d0002abcd"

NGINX = """\
daemon off;
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 512; }}
http {{
  log_format ports '$server_port $host $request_uri';
  access_log {folder}/access.log ports;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  default_type text/html;
  ssl_early_data on;
  ssl_certificate_key {folder}/server.key;
  large_client_header_buffers 8 32k;
  server {{
    listen 443 ssl http2; listen [::]:443 ssl http2; listen 80; listen [::]:80;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate {folder}/all.pem;
    location / {{ return 200 "host $host\\n"; }}
  }}
  server {{
    listen 8441 ssl; ssl_protocols TLSv1.2; ssl_certificate {folder}/messenger.pem;
    location / {{ return 200 "host $host\\n"; }}
  }}
  server {{
    listen 8442 ssl; ssl_protocols TLSv1.2; ssl_certificate {folder}/other.pem;
    location / {{ return 200 "host $host\\n"; }}
  }}
  server {{
    listen 8082 http2; listen 8083 proxy_protocol;
    location / {{ return 200 "host $host\\n"; }}
  }}
  server {{
    listen 8445 ssl; ssl_certificate {folder}/all.pem; keepalive_timeout 0;
    add_header Alt-Svc 'h3=":8445"; ma=3600';
    location = / {{ root {folder}/www; try_files /first.html =404; }}
    location / {{ return 200 "the second page by TCP\\n"; }}
  }}
}}
"""

# The second page is asked for when the first one's Alt-Svc is known.
FIRST_PAGE = """\
<html><body><p id="said">waiting</p><script>
setTimeout(() => fetch("/second").then(r => r.text()).then(
  t => { document.getElementById("said").textContent = t; }), 400);
</script></body></html>
"""

DNSMASQ = """\
port=53
no-daemon
no-resolv
no-hosts
no-poll
user=root
group=root
pid-file={folder}/names-dnsmasq.pid
log-facility={folder}/names-dnsmasq.log
bind-interfaces
local-ttl=60
host-record=web.quokka.example,198.51.100.30,2001:db8:77::30
host-record=taught.quokka.example,198.51.100.33
host-record=shared.quokka.example,198.51.100.35
host-record=web.quokkas.example,198.51.100.34,2001:db8:77::34
host-record=shared.quokkas.example,198.51.100.35
host-record=cloud.quokkas.example,198.51.100.36
host-record=shop.example,198.51.100.37
cname=cloak.shop.example,web.quokka.example
cname=plain.shop.example,cloud.quokkas.example
srv-host=_xmpp-client._tcp.quokka.example,web.quokka.example,5222
srv-host=_xmpp-client._tcp.quokkas.example,web.quokkas.example,5222
srv-host=_cloak._tcp.shop.example,web.quokka.example,5222
txt-record=web.quokka.example,"said by the messenger"
txt-record=web.quokkas.example,"said by the other"
dns-rr=shop.example,65,{ech}
dns-rr=web.quokka.example,65,{ech}
dns-rr=web.quokkas.example,65,{ech}
address=/#/198.51.100.39
"""

PROXY = """\
Port {port}
Timeout 20
MaxClients 20
LogLevel Warning
Allow 0.0.0.0/0
"""

HOSTS_FILE = "127.0.0.1 localhost\n198.51.100.20 {names}\n"


def names():
    return (BLOCKED, INNOCENT, SECOND_BLOCKED, SECOND_INNOCENT, WITH_ECH)


class Servers:
    def __init__(self, lab):
        self.lab, self.folder = lab, lab.folder
        self.started = {}  # those that are installed

    def start(self):
        self._write_files()
        with self.lab.inside(self.lab.server):
            for name, command, ports in self._commands():
                self._start(name, command)
            for name, _, ports in self._commands():
                self._wait(name, ports)

    def has(self, name):
        return name in self.started

    def _write_files(self):
        folder = self.folder
        www = folder / "www"
        www.mkdir()
        for name, text in (("index.html", "<p>page by QUIC</p>\n"), ("first.html", FIRST_PAGE),
                           ("second", "the second page by QUIC\n")):
            (www / name).write_text(text, encoding="ascii")
        self._certificates()
        hosts = HOSTS_FILE.format(names=" ".join(names()))
        for file, text in (("nginx.conf", NGINX.format(folder=folder)),
                           ("dnsmasq.conf", DNSMASQ.format(folder=folder, ech=ECH_RECORD)),
                           ("tinyproxy.conf", PROXY.format(port=HTTP_PROXY)), ("hosts", hosts),
                           ("prosody.cfg.lua", servers.PROSODY.format(folder=folder, host=XMPP_HOST))):
            (folder / file).write_text(text, encoding="ascii")

    def _certificates(self):
        """An authority of the lab's own; one certificate for all names, two for one each."""
        folder = self.folder
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        _openssl("req", "-x509", *key, "-keyout", folder / "ca.key", "-out", folder / "ca.pem",
                 "-days", 2, "-subj", "/CN=chatgate lab")
        _openssl("req", *key, "-keyout", folder / "server.key", "-out", folder / "server.csr",
                 "-subj", "/CN=server side")
        for name, hosts in (("server", (*names(), XMPP_HOST)), ("all", names()),
                            ("messenger", (BLOCKED,)), ("other", (INNOCENT,))):
            extensions = folder / f"{name}.ext"
            extensions.write_text("subjectAltName=" + ",".join(f"DNS:{host}" for host in hosts) +
                                  "\nextendedKeyUsage=serverAuth\n", encoding="ascii")
            _openssl("x509", "-req", "-in", folder / "server.csr", "-CA", folder / "ca.pem", "-CAkey",
                     folder / "ca.key", "-CAcreateserial", "-days", 2, "-extfile", extensions,
                     "-out", folder / f"{name}.pem")

    def _commands(self):
        folder = self.folder
        # What resolves names here finds the lab's and not this machine's.
        resolved = ["unshare", "--mount", "sh", "-c",
                    'mount --bind "$0" /etc/hosts && exec "$@"', str(folder / "hosts")]
        rows = [
            ("nginx", ["/usr/sbin/nginx", "-p", folder, "-c", folder / "nginx.conf"],
             (HTTP, HTTPS, WITH_MESSENGERS_CERTIFICATE, WITH_OTHER_CERTIFICATE, CLEAR_HTTP2,
              AFTER_PROXY_HEADER, BOTH)),
            ("dnsmasq", ["/usr/sbin/dnsmasq", "-C", folder / "dnsmasq.conf"], (53,)),
            ("prosody", ["/usr/bin/prosody", "--config", folder / "prosody.cfg.lua", "-F"], (5222,)),
            ("tinyproxy", [*resolved, "tinyproxy", "-d", "-c", folder / "tinyproxy.conf"], (HTTP_PROXY,)),
            ("microsocks", [*resolved, "microsocks", "-p", SOCKS5], (SOCKS5,)),
            ("small ones", ["/usr/bin/python3", "-B", __file__, folder], (SMTP, IMAP, IRC, SOCKS4, *ECHO)),
        ]
        rows += [(f"gtlsserver {port}", ["gtlsserver", "-q", "-d", folder / "www", "*", port,
                                         folder / "server.key", folder / "all.pem"], ())
                 for port in QUIC_PORTS]
        return rows

    def _start(self, name, command):
        program = next(str(word) for word in command
                       if Path(str(word)).name in (name.split()[0], "python3"))
        if not shutil.which(program):
            return
        with open(self.folder / f"{name}.out", "wb") as out:
            self.started[name] = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True, cwd="/")

    def _wait(self, name, ports, seconds=20):
        """Until the server answers on each port; the caller's thread is in the namespace."""
        end = time.monotonic() + seconds
        for port in ports if name in self.started else ():
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if self.started[name].poll() is not None or time.monotonic() > end:
                        said = (self.folder / f"{name}.out").read_text(errors="replace")[-500:]
                        raise RuntimeError(f"{name} does not answer on port {port}: {said}") from None
                    time.sleep(0.05)


def _openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


# The small ones.

class Greeting(socketserver.StreamRequestHandler):
    """SMTP, IMAP or IRC as far as STARTTLS; one line of text behind it."""
    timeout = 10

    def handle(self):
        dialogue = {SMTP: self._smtp, IMAP: self._imap, IRC: self._irc}[self.server.server_address[1]]
        with contextlib.suppress(OSError):
            if not dialogue():
                return
            self.wfile.flush()
            with self.server.context.wrap_socket(self.connection, server_side=True) as inner:
                inner.sendall(b"behind STARTTLS\r\n")
                inner.recv(1000)

    def _smtp(self):
        self.wfile.write(b"220 mail.example ESMTP\r\n")
        for line in self.rfile:
            word = line.split()[0].upper() if line.split() else b""
            if word == b"STARTTLS":
                self.wfile.write(b"220 go ahead\r\n")
                return True
            self.wfile.write(b"250-mail.example\r\n250 STARTTLS\r\n" if word == b"EHLO" else b"250 ok\r\n")
        return False

    def _imap(self):
        self.wfile.write(b"* OK IMAP4rev1 ready\r\n")
        for line in self.rfile:
            tag, _, word = line.strip().partition(b" ")
            if word.upper() == b"CAPABILITY":
                self.wfile.write(b"* CAPABILITY IMAP4rev1 STARTTLS\r\n")
            self.wfile.write(tag + b" OK done\r\n")
            if word.upper() == b"STARTTLS":
                return True
        return False

    def _irc(self):
        for line in self.rfile:
            if line.strip().upper() == b"STARTTLS":
                self.wfile.write(b":irc.example 670 * :STARTTLS successful\r\n")
                return True
        return False


class Socks4(socketserver.BaseRequestHandler):
    """SOCKS 4 and 4a; every name is the web server here."""

    def handle(self):
        self.request.settimeout(10)
        with contextlib.suppress(OSError):
            version, command, port, address = struct.unpack("!BBH4s", self._exactly(8))
            self._until_zero()
            if address[:3] == bytes(3) and address[3]:
                self._until_zero()
                address = bytes((127, 0, 0, 1))
            good = version == 4 and command == 1
            self.request.sendall(struct.pack("!BBH4s", 0, 90 if good else 91, port, address))
            if good:
                with socket.create_connection((socket.inet_ntoa(address), port), 5) as far:
                    self._carry(far)

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            piece = self.request.recv(size - len(data))
            if not piece:
                raise OSError("the client has left")
            data += piece
        return data

    def _until_zero(self):
        while self._exactly(1) != b"\0":
            pass

    def _carry(self, far):
        def one_way(source, sink):
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)
        back = threading.Thread(target=one_way, args=(far, self.request))
        back.start()
        one_way(self.request, far)
        back.join(10)


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        with contextlib.suppress(OSError):
            while data := self.request.recv(65536):
                self.request.sendall(data)


class EchoDatagram(socketserver.BaseRequestHandler):
    def handle(self):
        data, wire = self.request
        wire.sendto(data, self.client_address)


class Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main(folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "all.pem", folder / "server.key")
    threads = []
    for handler, ports in ((Greeting, (SMTP, IMAP, IRC)), (Socks4, (SOCKS4,)), (Echo, ECHO)):
        for port in ports:
            listener = Listener(("0.0.0.0", port), handler)
            listener.context = context
            threads.append(threading.Thread(target=listener.serve_forever))
    for address in ECHO_ADDRESSES:  # one socket each: answers come from the address that was asked
        listener = socketserver.UDPServer((address, ECHO[0]), EchoDatagram)
        threads.append(threading.Thread(target=listener.serve_forever))
    for thread in threads:
        thread.start()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

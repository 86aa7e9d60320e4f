"""HTTP transactions of real clients and a real server through the gateway, and through the kernel's bridge.

wrk and nginx in network namespaces, veth pairs between, af_packet in the middle; over the same links in turn. All
three share the machine's cores, so the figure is what remains beside client and server: the ratio to the bridge tells,
the rate does not. Once with connections that are kept (application transactions), once with a TLS connection for each.
"""

import re
import subprocess
import sys
import time

import measure

sys.path.insert(1, str(measure.TREE / "test/lab"))
# pylint: disable=wrong-import-position
import gateway  # noqa: E402
import lab  # noqa: E402

ADDRESS = "10.77.0.1"
BODY = 1024
SECONDS = {"us": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9}
NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen {address}:80; listen {address}:443 ssl; ssl_certificate {folder}/cert.pem;
    ssl_certificate_key {folder}/key.pem; ssl_session_cache off; ssl_session_tickets off;
    location / {{ return 200 "{body}"; }}
  }}
}}
"""


class Street(lab.Lab):
    """The lab's three namespaces and links, with one address at each end."""

    def _vlan(self, *_):
        """None here."""

    def _addresses(self):
        lab.ip_batch(self.client, "address add 10.77.0.2/24 dev eth0")
        lab.ip_batch(self.server, f"address add {ADDRESS}/24 dev eth0")

    def serve(self):
        (self.folder / "nginx.conf").write_text(NGINX.format(folder=self.folder, address=ADDRESS, body="x" * BODY))
        lab.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "2", "-subj", "/CN=www.example.org", "-keyout", str(self.folder / "key.pem"), "-out",
                str(self.folder / "cert.pem"))
        words = ["/usr/sbin/nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]
        with self.inside(self.server):
            return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers(self):
        words = ["curl", "-s", "-o", "/dev/null", "--max-time", "2", f"http://{ADDRESS}/"]
        with self.inside(self.client):
            return subprocess.run(words, check=False).returncode == 0

    def wrk(self, url, seconds, *words):
        with self.inside(self.client):
            said = lab.run("wrk", "--threads", "1", "--connections", "32", "--duration", f"{seconds}s", "--latency",
                           *words, url).stdout
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
        times = {share: float(value) * SECONDS[unit] for share, value, unit in
                 re.findall(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m)$", said, re.M)}
        if rate == 0 or "Non-2xx" in said or len(times) != 2:
            raise RuntimeError(f"wrk: {said}")
        return rate, times


def measured(street, bench):
    """Both kinds of transactions over what joins the links now."""
    until = time.monotonic() + 20
    while not street.answers():
        if time.monotonic() > until:
            raise RuntimeError("the server does not answer")
    seconds = 1 if bench.quick else 3
    return {"http": street.wrk(f"http://{ADDRESS}/", seconds),
            "https-new": street.wrk(f"https://{ADDRESS}/", seconds, "--header", "Connection: close")}


def transactions(bench):
    gateway.CHATGATE = bench.program
    gateway.CHATGATECTL = bench.build / "app/chatgatectl/chatgatectl"
    found = {True: [], False: []}
    street = Street(f"bench-{bench.folder.name[-6:].lower().replace('_', '0')}")
    try:
        street.up(start_servers=False)
        street.serve()
        for _ in range(bench.runs):
            street.bridge()
            found[False].append(measured(street, bench))
            street.unbridge()
            program = gateway.Gateway(street, street.folder)
            try:
                program.start()
                found[True].append(measured(street, bench))
                program.stop()
            finally:
                program.end()
    finally:
        street.down()
    for kind, unit in (("http", "transactions/s"), ("https-new", "connections/s")):
        rates = {side: [each[kind][0] for each in runs] for side, runs in found.items()}
        bench.add(measure.Result(f"rfc9411/clients/{kind}", unit, rates[True], "kernel bridge", rates[False]))
        for share in ("50", "99"):
            times = {side: [each[kind][1][share] for each in runs] for side, runs in found.items()}
            bench.add(measure.Result(f"rfc9411/clients/{kind}/response-time/p{share}", "ns", times[True],
                                     "kernel bridge", times[False], False))

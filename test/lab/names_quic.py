"""QUIC clients: ngtcp2's and Chromium, refused and let through, by HTTP/3 servers of ngtcp2.

That a refusal is told at once is measured twice: on the client's wire, from its first Initial to the
CONNECTION_CLOSE that the gateway sends in the server's place, and in Chromium's own log, from the
beginning of its session to its end.
"""

import json
import shutil

import wire
from names_play import OTHER_WEB, PATIENCE, RESETS, WEB, Capture, client
from names_servers import BLOCKED, BOTH, INNOCENT, QUIC_PORTS
from names_tls import browse, chromium, refused

KNOWS_WITHIN = 1000.0  # milliseconds; a client that hears nothing goes on for several seconds
VERSIONS = {"version 1": "0x1", "a draft of version 2": "0x709a50c4", "draft 29": "0xff00001d"}
# Its hello takes two datagrams; whether the server answers the first one before the second has come,
# and so names itself before it is refused, differs from run to run.
CHROMIUM_RUNS = 4
UNREADABLE = "0xff000010"  # a draft whose keys the gateway does not have
ANSWERED_BY_SERVER = "ERR_RECV_VERSION_NEGOTIATION"
REFUSED = "CONNECTION_CLOSE(0x1c) error_code=CONNECTION_REFUSED(0x2)"
PAGE = "page by QUIC"


def datagrams(path, *ports):
    """(seconds, from the client?) of UDP datagrams with these server ports."""
    for frame in wire.read_capture(path):
        found = wire.transport(frame.data)
        if found and found[0] == wire.UDP and {found[2], found[4]} & set(ports):
            yield frame.seconds, found[4] in ports


def wire_latency(path, *ports):
    """Milliseconds from the first Initial to the first answer, and to the last datagram of all."""
    rows = list(datagrams(path, *ports))
    sent = [seconds for seconds, is_ours in rows if is_ours]
    heard = [seconds for seconds, is_ours in rows if not is_ours]
    if not sent or not heard:
        return None
    return (heard[0] - sent[0]) * 1000, (rows[-1][0] - sent[0]) * 1000


def sessions(path):
    """Milliseconds that each of Chromium's QUIC sessions lived, by its own log."""
    log = json.loads(path.read_text(encoding="utf-8"))
    number = log["constants"]["logEventTypes"]
    begun, ended = {}, {}
    for event in log["events"]:
        source, when = event["source"]["id"], float(event["time"])
        if event["type"] == number["QUIC_SESSION"] and event["phase"] == 1:
            begun[source] = when
        elif event["type"] == number["QUIC_SESSION_CLOSED"] and source in begun:
            ended.setdefault(source, when)
    return [ended[source] - begun[source] for source in begun if source in ended]


def ngtcp2(play, name, port=QUIC_PORTS[0], version="0x1"):
    """ngtcp2's client sends as SNI the name that it resolves: by a file of hosts of the lab's own."""
    outcome = client(
        ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"',
         play.lab.folder / "hosts", "gtlsclient", "--no-quic-dump", "--exit-on-all-streams-close",
         "--handshake-timeout=3s", "-v",
         version, name, port, f"https://{name}/"], PAGE, seconds=PATIENCE)
    if REFUSED in outcome.detail and outcome.seen != "allowed":
        outcome.seen = "reset"
    return outcome


def by_ngtcp2(play):
    for what, version in VERSIONS.items():
        for port in QUIC_PORTS[:2]:
            with Capture(play.folder / "quic.pcap", "udp", "port", str(port)) as capture:
                play.blocked(f"gtlsclient, {what}, port {port}",
                             lambda v=version, p=port: ngtcp2(play, BLOCKED, p, v), "quic-sni")
            told = wire_latency(capture.path, port)
            play.check(f"told within {KNOWS_WITHIN:.0f} ms",
                       "" if told and told[0] < KNOWS_WITHIN else str(told),
                       f"CONNECTION_CLOSE {told[0]:.2f} ms after the Initial" if told else "")
            play.innocent(f"gtlsclient, {what}, port {port}",
                          lambda v=version, p=port: ngtcp2(play, INNOCENT, p, v))


def forced(play, name, log, ip=WEB):
    """Chromium that may use nothing but QUIC for this name."""
    return refused(browse(play, f"https://{name}/", PAGE, "--enable-quic",
                          f"--origin-to-force-quic-on={name}:443", f"--log-net-log={log}", ip=ip,
                          profile=f"quic-{name}"))


def by_chromium(play):
    log = play.folder / "net.json"
    for _ in range(CHROMIUM_RUNS):
        with Capture(play.folder / "chromium.pcap", "udp", "port", "443") as capture:
            play.blocked("chromium forced to QUIC", lambda: forced(play, BLOCKED, log), "quic-sni")
        told, lived = wire_latency(capture.path, 443), sessions(log)
        play.check("chromium is told at once", "" if told and told[0] < KNOWS_WITHIN else str(told),
                   f"first answer {told[0]:.2f} ms after the first Initial, Chromium's last datagram "
                   f"after {told[1]:.1f} ms" if told else "")
        shown = ", ".join(f"{one:.0f} ms" for one in lived)
        play.check(f"chromium itself ends each of its sessions within {KNOWS_WITHIN:.0f} ms",
                   "" if lived and max(lived) < KNOWS_WITHIN else f"they lived {shown or 'for ever'}", shown)
    play.innocent("chromium forced to QUIC", lambda: forced(play, INNOCENT, log, OTHER_WEB))


def falls_back(play):
    """A server that offers both: the browser comes by TCP, hears of HTTP/3, and tries that next."""
    url = f"https://{INNOCENT}:{BOTH}/"
    words = ("--enable-quic", "--virtual-time-budget=4000")

    def visit(good, profile):
        return browse(play, url, good, *words, ip=OTHER_WEB, profile=profile)
    with Capture(play.folder / "both.pcap", "udp", "port", str(BOTH)) as capture:
        play.innocent("chromium at a server that offers HTTP/3 too",
                      lambda: visit("the second page", "both-1"))
    if not any(is_ours for _, is_ours in datagrams(capture.path, BOTH)):
        play.skip("tls.quic block", "this Chromium does not follow Alt-Svc to the lab's server")
        return
    play.use(tls={"quic": "block"})
    with Capture(play.folder / "back.pcap", "udp", "port", str(BOTH)) as capture:
        outcome, _ = play.attempt(lambda: visit("the second page by TCP", "both-2"))
    told = wire_latency(capture.path, BOTH)
    play.check("tls.quic block: chromium tries QUIC and gets the page by TCP",
               "" if outcome.seen == "allowed" and told else f"{outcome.seen}, {told}: {outcome.detail}",
               f"refused after {told[0]:.2f} ms" if told else "")


def by_policy(play):
    play.use(tls={"quic": "block"})
    outcome, _ = play.attempt(lambda: ngtcp2(play, INNOCENT))
    play.check("tls.quic block: gtlsclient is refused, whatever the name",
               "" if outcome.seen == "reset" else f"{outcome.seen}: {outcome.detail[-400:]}")
    # It would send the Initial again after a second, and heed that refusal.
    play.check("tls.quic block: gtlsclient heeds the first refusal",
               "" if outcome.milliseconds < 900 else f"only after {outcome.milliseconds:.0f} ms",
               f"{outcome.milliseconds:.0f} ms")
    play.use(tls={"quic": "allow"})
    play.innocent("tls.quic allow: gtlsclient, a blocked name is not looked for",
                  lambda: ngtcp2(play, BLOCKED))
    for word, passes in (("allow", True), ("drop", False), ("reset", False)):
        play.use(tls={"unreadable_quic": word})
        outcome, alerts = play.attempt(lambda: ngtcp2(play, INNOCENT, QUIC_PORTS[1], UNREADABLE))
        good = (ANSWERED_BY_SERVER in outcome.detail) == passes and bool(alerts) != passes
        play.check(f"tls.unreadable_quic {word}: a version without keys "
                   + ("reaches the server" if passes else "does not reach the server"),
                   "" if good else f"{outcome.seen}, {len(alerts)} alerts: {outcome.detail[-300:]}")
        play.innocent(f"tls.unreadable_quic {word}: version 1", lambda: ngtcp2(play, INNOCENT))
    play.use()


def run(play):
    play.report.head("QUIC")
    if not all(play.servers.has(f"gtlsserver {port}") for port in QUIC_PORTS):
        play.skip("QUIC", "gtlsserver is not installed")
        return
    if shutil.which("gtlsclient"):
        by_ngtcp2(play)
        by_policy(play)
    else:
        play.skip("ngtcp2's client", "gtlsclient is not installed")
    if chromium():
        by_chromium(play)
        falls_back(play)
    else:
        play.skip("Chromium over QUIC", "chromium is not installed")

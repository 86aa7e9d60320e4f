"""TLS clients: openssl in all its ways, STARTTLS, and Chromium's hello with a post-quantum key."""

import base64
import hashlib
import shutil
import subprocess

import wire
from names_play import OTHER_WEB, WEB, WEB6, Capture, client
from names_servers import (BLOCKED, HTTPS, IMAP, INNOCENT, IRC, SMTP, WITH_MESSENGERS_CERTIFICATE,
                           WITH_OTHER_CERTIFICATE, XMPP_HOST)

POST_QUANTUM_GROUP = b"\x11\xec"  # X25519MLKEM768
BROWSER_SECONDS = 40  # a cold start on a machine that has much else to do


def s_client(play, name, *words, ip=WEB, port=HTTPS, host="", good="", early=False,
             also_good=()):
    """A request over TLS. `name` is the SNI; none is sent where it is empty."""
    asked = f"GET / HTTP/1.0\r\nHost: {host or name}\r\n\r\n".encode()
    sni = ["-servername", name] if name else ["-noservername"]
    command = ["openssl", "s_client", "-connect", f"{ip}:{port}", *sni, "-CAfile",
               play.lab.folder / "ca.pem", "-verify_return_error", "-ign_eof", *words]
    if early:
        request = play.folder / "early"
        request.write_bytes(asked)
        command += ["-early_data", request]
    return client(command, good or f"\nhost {host or name}", b"" if early else asked, also_good=also_good)


def versions(play):
    for version in ("-tls1_2", "-tls1_3"):
        play.pair(f"openssl s_client {version} -servername", lambda name, v=version: s_client(play, name, v),
                  "tls-sni")
    play.pair("openssl s_client over IPv6", lambda name: s_client(play, name, ip=f"[{WEB6}]"), "tls-sni")
    play.blocked("the name in upper case", lambda: s_client(play, BLOCKED.upper()), "tls-sni")
    play.innocent("the name in upper case", lambda: s_client(play, INNOCENT.upper(), host=INNOCENT))
    # TLS 1.3 encrypts the certificate; its handshake without SNI passes, whatever it says inside.
    play.innocent("TLS 1.3 without SNI", lambda: s_client(play, "", "-tls1_3", host=INNOCENT))
    for words in (("-tls1_2",), ()):
        what = "openssl s_client -noservername " + " ".join(words) + ": TLS 1.2, the certificate names it"
        play.blocked(what, lambda w=words: s_client(play, "", *w, host="none",
                                                    port=WITH_MESSENGERS_CERTIFICATE), "tls-sni")
        play.innocent(what, lambda w=words: s_client(play, "", *w, host="none",
                                                     port=WITH_OTHER_CERTIFICATE))
    play.innocent("an innocent SNI, whatever the certificate names",
                  lambda: s_client(play, INNOCENT, "-tls1_2", port=WITH_MESSENGERS_CERTIFICATE))


def resumption(play):
    for version in ("-tls1_2", "-tls1_3"):
        session = play.folder / f"session{version}"
        play.innocent(f"a session {version} is begun",
                      lambda v=version, s=session: s_client(play, INNOCENT, v, "-sess_out", s))
        if not session.exists():
            play.check(f"a session {version} is kept", "openssl wrote none")
            continue
        resume = ("-sess_in", session)
        play.blocked(f"resumption {version} (-sess_in) with another SNI",
                     lambda v=version, r=resume: s_client(play, BLOCKED, v, *r), "tls-sni")
        play.innocent(f"resumption {version} (-sess_in)",
                      lambda v=version, r=resume: s_client(play, INNOCENT, v, *r, good="Reused, TLSv1."))


def early_data(play):
    """A client sends early data only to the name that its session is of: got while that was allowed."""
    sessions = {name: play.folder / f"early-{name}" for name in (BLOCKED, INNOCENT)}
    play.use("allow")
    for name, session in sessions.items():
        s_client(play, name, "-tls1_3", "-sess_out", session)
    play.use()
    play.pair("openssl s_client -early_data (0-RTT)",
              lambda name: s_client(play, name, "-sess_in", sessions[name], early=True,
                                    also_good=["Early data was accepted"]), "tls-sni")


def starttls(play):
    for word, port in (("smtp", SMTP), ("imap", IMAP), ("irc", IRC)):
        play.pair(f"openssl s_client -starttls {word}",
                  lambda name, w=word, p=port: client(
                      ["openssl", "s_client", "-connect", f"{WEB}:{p}", "-starttls", w, "-servername", name,
                       "-CAfile", play.lab.folder / "ca.pem", "-ign_eof"], "behind STARTTLS", b"x\n"),
                  "tls-sni")

    def xmpp(to, name):
        return client(["openssl", "s_client", "-connect", f"{WEB}:5222", "-starttls", "xmpp", "-xmpphost", to,
                       "-servername", name, "-brief"], "CONNECTION ESTABLISHED")
    play.pair("openssl s_client -starttls xmpp (prosody)", lambda name: xmpp(XMPP_HOST, name), "tls-sni")
    play.blocked("the stream's own \"to\" (prosody)", lambda: xmpp(BLOCKED, XMPP_HOST))


# Chromium.

def chromium():
    return shutil.which("chromium") or shutil.which("chromium-browser")


def key_pin(play):
    """By which Chromium trusts the lab's certificate, over QUIC too."""
    public = subprocess.run(["openssl", "pkey", "-in", play.lab.folder / "server.key", "-pubout", "-outform",
                             "DER"], capture_output=True, check=True).stdout
    return base64.b64encode(hashlib.sha256(public).digest()).decode()


def browse(play, url, good, *words, ip=WEB, profile="profile", seconds=BROWSER_SECONDS):
    """One page, as Chromium without a window prints it."""
    return client(
        [chromium(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--disable-extensions", "--no-proxy-server",
         f"--user-data-dir={play.folder / profile}", f"--ignore-certificate-errors-spki-list={key_pin(play)}",
         f"--host-resolver-rules=MAP * {ip}", "--timeout=8000", *words, "--dump-dom", url],
        good, seconds=seconds)


def post_quantum(play):
    if not chromium():
        play.skip("Chromium's post-quantum hello", "chromium is not installed")
        return
    capture = Capture(play.folder / "hello.pcap", "tcp", "dst", "port", "443")
    quic_off = "--disable-quic"
    with capture:
        play.innocent("chromium --dump-dom", lambda: browse(
            play, f"https://{INNOCENT}/", f"host {INNOCENT}", quic_off, ip=OTHER_WEB))
    said = b"".join(frame.data for frame in wire.read_capture(capture.path))
    play.check("its hello offers a post-quantum key",
               "" if POST_QUANTUM_GROUP in said and len(said) > 1500 else "it does not",
               "more than a segment long")
    play.blocked("chromium --dump-dom", lambda: refused(
        browse(play, f"https://{BLOCKED}/", f"host {BLOCKED}", quic_off)), "tls-sni")
    play.use(tls={"encrypted_client_hello": "reset"})
    play.innocent("encrypted_client_hello reset: chromium's meaningless extension (GREASE) passes",
                  lambda: browse(play, f"https://{INNOCENT}/", f"host {INNOCENT}", quic_off, ip=OTHER_WEB))
    play.use()


def refused(outcome):
    """Chromium shows a page of its own where the connection was reset."""
    if any(word in outcome.detail for word in ("ERR_CONNECTION_RESET", "ERR_CONNECTION_CLOSED",
                                               "ERR_QUIC_PROTOCOL_ERROR")):
        outcome.seen = "reset"
    return outcome


def run(play):
    play.report.head("TLS")
    versions(play)
    resumption(play)
    early_data(play)
    starttls(play)
    post_quantum(play)

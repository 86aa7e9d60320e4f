"""HTTP clients: curl with requests one after another, HTTP/2 in clear, tricks with Host, and proxies."""

import socket

import clients
from clients import Outcome, Stopwatch
from names_play import PATIENCE, RESETS, WEB, client
from names_servers import (AFTER_PROXY_HEADER, BLOCKED, CLEAR_HTTP2, HTTP, HTTP_PROXY, HTTPS, INNOCENT,
                           SOCKS4, SOCKS5)

ANSWERED = "answered:"  # then the HTTP status and how many connections were made
WRITE_OUT = ANSWERED + "%{http_code} %{num_connects}\n"


def curl(play, *words, good=ANSWERED + "200"):
    """curl is allowed where the last request was answered as `good` says."""
    return client(["curl", "--silent", "--show-error", "--noproxy", "", "--max-time", int(PATIENCE) - 1,
                   "--cacert", play.lab.folder / "ca.pem", "--write-out", WRITE_OUT, *words], good)


def at_web(name, port=HTTP):
    return ["--connect-to", f"::{WEB}:{port}", f"http://{name}/"]


def versions(play):
    play.pair("curl --http1.1", lambda name: curl(play, "--http1.1", *at_web(name)), "http-host")
    play.pair("curl --http1.0", lambda name: curl(play, "--http1.0", *at_web(name)), "http-host")
    play.pair("curl --http2-prior-knowledge",
              lambda name: curl(play, "--http2-prior-knowledge", *at_web(name, CLEAR_HTTP2)), "http-host")
    play.pair("curl --http2 (Upgrade: h2c)", lambda name: curl(play, "--http2", *at_web(name)), "http-host")
    play.pair("curl, Upgrade: websocket",
              lambda name: curl(play, "-H", "Upgrade: websocket", "-H", "Connection: Upgrade", *at_web(name)),
              "http-host")
    play.pair("curl --haproxy-protocol (PROXY header, then the request)",
              lambda name: curl(play, "--haproxy-protocol", *at_web(name, AFTER_PROXY_HEADER)), "http-host")


def one_after_another(play):
    """The same connection, which curl confirms: the second request made none."""
    url = f"http://{WEB}/"

    def second(name, more=()):
        return curl(play, "-H", f"Host: {INNOCENT}", *more, url, "--next", "--silent", "--show-error",
                    "--max-time", "3", "--write-out", WRITE_OUT, "-H", f"Host: {name}", url,
                    good=ANSWERED + "200 0")
    play.pair("keep-alive, the second request on a connection", second, "http-host")
    play.pair("keep-alive after a POST with a body", lambda name: second(name, ("--data", "x" * 5000)),
              "http-host")
    play.pair("keep-alive after a POST in chunks",
              lambda name: second(name, ("--data", "x" * 5000, "-H", "Transfer-Encoding: chunked")),
              "http-host")


def host_tricks(play):
    # nginx refuses a tab, other servers do not.
    for what, header, status in (
            ("hOsT:", "hOsT: {}", "200"), ("no space", "Host:{}", "200"),
            ("a trailing dot", "Host: {}.", "200"),
            ("a port", "Host: {}:80", "200"), ("spaces around", "Host:   {}   ", "200"),
            ("a tab before", "Host:\t{}", "400"), ("a tab behind", "Host: {}\t", "400")):
        play.pair(f"curl -H, Host with {what}", lambda name, h=header, s=status: curl(
            play, "-H", h.format(name), f"http://{WEB}/", good=ANSWERED + s), "http-host")
    play.pair("curl -H, Host in mixed case", lambda name: curl(
        play, "-H", f"Host: {name.title()}", f"http://{WEB}/"), "http-host")
    play.pair("an absolute target with another Host", lambda name: curl(
        play, "-H", f"Host: {INNOCENT}", "--request-target", f"http://{name}/", f"http://{WEB}/"),
        "http-host")
    play.pair("Host behind 60 KiB of other headers", lambda name: curl(
        play, "-H", "Host:", *(word for at in range(6) for word in ("-H", f"X-{at}: " + "x" * 10000)),
        "-H", f"Host: {name}", f"http://{WEB}/"), "http-host")
    play.innocent("a blocked name in Referer, Cookie and the path", lambda: curl(
        play, "-e", f"http://{BLOCKED}/", "-b", f"host={BLOCKED}", "--connect-to", f"::{WEB}:80",
        f"http://{INNOCENT}/{BLOCKED}"))
    for what, form in (("an empty line before it", "\r\nGET / HTTP/1.1\r\nHost: {}\r\n\r\n"),
                       ("lines that end with LF alone", "GET / HTTP/1.1\nHost: {}\n\n"),
                       ("two requests in one segment", f"GET / HTTP/1.1\r\nHost: {INNOCENT}\r\n\r\n"
                        "GET / HTTP/1.1\r\nHost: {}\r\n\r\n")):
        play.pair(f"a request with {what}", lambda name, f=form: raw(f.format(name), name), "http-host")


def raw(request, name):
    """The request byte for byte; allowed where nginx says the name back."""
    watch = Stopwatch()
    said = b""
    try:
        with socket.create_connection((WEB, HTTP), clients.PATIENCE) as wire:
            wire.sendall(request.encode())
            while f"host {name}\n".encode() not in said:
                piece = wire.recv(65536)
                if not piece:
                    return Outcome("failed", watch.milliseconds, f"closed after {said[-200:]!r}")
                said += piece
    except TimeoutError:
        return Outcome("silent", watch.milliseconds, repr(said[-200:]))
    except OSError as problem:
        return Outcome("reset" if RESETS.search(str(problem)) else "failed", watch.milliseconds, str(problem))
    return Outcome("allowed", watch.milliseconds)


def proxies(play):
    """Whom a client has itself put through to is judged, and so is what it says there."""
    ways = (("tinyproxy", "an HTTP proxy by CONNECT", ["-x", f"http://{WEB}:{HTTP_PROXY}"]),
            ("microsocks", "SOCKS5 (socks5h)", ["-x", f"socks5h://{WEB}:{SOCKS5}"]),
            ("small ones", "SOCKS4a", ["-x", f"socks4a://{WEB}:{SOCKS4}"]))
    for server, what, words in ways:
        if not play.servers.has(server):
            play.skip(f"curl through {what}", f"{server} is not installed")
            continue
        tunnel = [*words, "--proxytunnel"] if server == "tinyproxy" else words
        play.pair(f"curl through {what}, https", lambda name, w=tunnel: curl(play, *w, f"https://{name}/"))
        play.pair(f"curl through {what}, http", lambda name, w=tunnel: curl(play, *w, f"http://{name}/"))
        # The proxy is told the web server's address: what is asked for there is inside the tunnel alone.
        play.pair(f"curl through {what} to an address, https", lambda name, w=tunnel: curl(
            play, *w, "--connect-to", f"::{WEB}:{HTTPS}", f"https://{name}/"), "tls-sni")
        play.pair(f"curl through {what} to an address, http", lambda name, w=tunnel: curl(
            play, *w, "--connect-to", f"::{WEB}:{HTTP}", f"http://{name}/"), "http-host")
        play.pair(f"curl through {what} to an innocent name, https", lambda name, w=tunnel: curl(
            play, *w, "--connect-to", f"::{INNOCENT}:{HTTPS}", f"https://{name}/"), "tls-sni")
    if play.servers.has("tinyproxy"):
        play.pair("curl through an HTTP proxy without a tunnel", lambda name: curl(
            play, "-x", f"http://{WEB}:{HTTP_PROXY}", f"http://{name}/"), "http-host")
    if play.servers.has("microsocks"):
        play.pair("curl through SOCKS5 to an address", lambda name: curl(
            play, "-x", f"socks5://{WEB}:{SOCKS5}", "--resolve", f"{name}:{HTTPS}:{WEB}",
            f"https://{name}/"), "tls-sni")


def proxies_by_policy(play):
    through = ["-x", f"socks4a://{WEB}:{SOCKS4}"]
    inside = [*through, "--connect-to", f"::{INNOCENT}:{HTTPS}"]
    play.use(evasion={"proxies": "allow"})
    play.innocent("evasion.proxies allow: what is said inside a tunnel is not read",
                  lambda: curl(play, *inside, f"https://{BLOCKED}/"))
    play.blocked("evasion.proxies allow: the target is judged all the same",
                 lambda: curl(play, *through, f"https://{BLOCKED}/"))
    play.use(evasion={"proxies": "reset"})
    outcome, _ = play.attempt(lambda: curl(play, *through, f"https://{INNOCENT}/"))
    play.check("evasion.proxies reset: no tunnel at all",
               "" if outcome.seen == "reset" else f"{outcome.seen}: {outcome.detail}")
    play.innocent("evasion.proxies reset: what needs no tunnel", lambda: curl(play, *at_web(INNOCENT)))
    play.use()


def run(play):
    play.report.head("HTTP and proxies")
    versions(play)
    one_after_another(play)
    host_tricks(play)
    proxies(play)
    proxies_by_policy(play)

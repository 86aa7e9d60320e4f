"""XMPP: slixmpp and bitlbee as clients of prosody, in clear."""

import contextlib
import json
import re
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

from clients import Outcome, Stopwatch
from messengers_play import ALL, NONE, SHIPPED, TEXT_ONLY, Use
from messengers_pty import wait_for
from messengers_servers import (OFFICE_HOST, PASSWORD, PORTS, PROXY65, XMPP_HOPPING, XMPP_HOST,
                                XMPP_HOSTS, XMPP_LATER, address)

USER = Path(__file__).with_name("messengers_xmpp_user.py")
TEXT = {NONE: "reset", TEXT_ONLY: "allowed", ALL: "allowed", SHIPPED: "allowed"}
NO_TEXT = {NONE: "reset", TEXT_ONLY: "reset", ALL: "allowed", SHIPPED: "reset"}
OFFICE_ONLY = {NONE: "allowed", TEXT_ONLY: "allowed", ALL: "allowed"}
PATIENCE = 10.0

HOSTS = iter(XMPP_HOSTS)
# What the method of messengers_xmpp_user.User does, and what is to come of it.
DOES = (
    (Use("log-in, presence and text both ways", next(HOSTS), "xmpp", "text-chat", TEXT), "text", XMPP_HOST),
    (Use("file in-band", next(HOSTS), "xmpp", "file-transfer", NO_TEXT), "file_in_band", XMPP_HOST),
    (Use("file offered by SI", next(HOSTS), "xmpp", "file-transfer", NO_TEXT), "file_offered", XMPP_HOST),
    (Use("file from outside", next(HOSTS), "xmpp", "file-transfer", NO_TEXT), "file_fetched", XMPP_HOST),
    (Use("file by HTTP upload", next(HOSTS), "xmpp", "file-transfer", NO_TEXT), "file_uploaded", XMPP_HOST),
    (Use("file by Jingle", next(HOSTS), "xmpp", "file-transfer", NO_TEXT), "file_by_jingle", XMPP_HOST),
    (Use("call by Jingle", next(HOSTS), "xmpp", "voice", NO_TEXT), "call", XMPP_HOST),
    (Use("the office's own server, by its name", next(HOSTS), "office-chat", "text-chat", OFFICE_ONLY), "text",
     OFFICE_HOST),
)
PROXIED = Use("file by the server's proxy", XMPP_HOSTS[9], "xmpp", "file-transfer", NO_TEXT,
              also=(("xmpp", "file-transfer", PROXY65),))
DOES += ((PROXIED, "file_by_proxy", XMPP_HOST),)
BITLBEE = Use("text by bitlbee", XMPP_HOSTS[8], "xmpp", "text-chat", TEXT)
HOPPING = [Use(f"XMPP on port {port}", XMPP_HOPPING, "xmpp", "text-chat", {NONE: "reset", ALL: "allowed"}, port)
           for port in PORTS]


def play(policy):
    """Everything at once; pairs of a use and what it came to."""
    wanted = [{"use": use, "does": does, "jid": f"alice@{host}/{use.host}", "peer": f"bob@{host}", "port": 5222}
              for use, does, host in DOES]
    wanted += [{"use": use, "does": "text", "jid": f"carol@{XMPP_HOST}/{use.port}", "peer": f"bob@{XMPP_HOST}",
                "port": use.port} for use in HOPPING]
    wanted = [each for each in wanted if policy in each["use"].seen]
    wanted[0]["mechanism"] = "SCRAM-SHA-256"
    came = []
    bee = threading.Thread(target=lambda: came.append((BITLBEE, bitlbee())))
    bee.start()
    rows = [{**each, "name": number, "address": address(each["use"].host), "use": None}
            for number, each in enumerate(wanted)]
    came += [(each["use"], outcome) for each, outcome in zip(wanted, users(rows))]
    bee.join()
    return came


def users(rows):
    """What came of each row, in their order."""
    result = subprocess.run(["/usr/bin/python3", "-B", str(USER), "use"], input=json.dumps(rows),
                            capture_output=True, text=True, check=False, timeout=60)
    told = {row["name"]: row for row in map(json.loads, result.stdout.splitlines())}
    nothing = {"seen": "failed", "detail": result.stderr[-300:], "milliseconds": 0}
    found = [told.get(row["name"], nothing) for row in rows]
    return [Outcome(row["seen"], row["milliseconds"], row["detail"]) for row in found]


def across(changed):
    """Text before and after the policy has changed, which the file `changed` tells, then a file."""
    return users([{"name": 0, "address": address(XMPP_LATER), "port": 5222, "jid": f"carol@{XMPP_HOST}/later",
                   "peer": f"bob@{XMPP_HOST}", "does": "text_across", "changed": str(changed),
                   "patience": 2 * PATIENCE}])[0]


class Bitlbee:
    """bitlbee for one person: IRC on a socket that it takes for its standard input, XMPP to the network."""

    def __init__(self, folder):
        self.heard = b""
        (folder / "bitlbee.conf").write_text("[settings]\nRunMode = Inetd\n", encoding="utf-8")
        self.wire, its_end = socket.socketpair()
        self.process = subprocess.Popen(
            ["/usr/sbin/bitlbee", "-I", "-c", str(folder / "bitlbee.conf"), "-d", str(folder)],
            stdin=its_end, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        its_end.close()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with contextlib.suppress(OSError):
            while piece := self.wire.recv(65536):
                self.heard += piece

    def say(self, *lines):
        self.wire.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def hears(self, pattern, seconds=PATIENCE):
        return wait_for(lambda: re.search(pattern, self.heard.decode(errors="replace")), seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.wire.close()


def bitlbee():
    watch = Stopwatch()
    with tempfile.TemporaryDirectory(prefix="chatgate-bitlbee-") as folder, Bitlbee(Path(folder)) as bee:
        ask = "PRIVMSG &bitlbee :"
        bee.say("NICK alice", "USER alice 0 * :alice")
        if not bee.hears("JOIN :?&bitlbee"):
            return Outcome("failed", watch.milliseconds, f"bitlbee does not begin: {bee.heard[-200:]!r}")
        bee.say(f"{ask}account add jabber alice@{XMPP_HOST}/bee {PASSWORD}")
        for key, value in (("server", address(BITLBEE.host)), ("tls", "false"), ("auto_reconnect", "false")):
            bee.say(f"{ask}account jabber set {key} {value}")
        bee.say(f"{ask}account jabber on")
        found = bee.hears(r"Logged in|[Ee]rror[^\r]*|Signing off[^\r]*")
        if found and found[0] == "Logged in":
            bee.say(f"{ask}add jabber bob@{XMPP_HOST}")
            bee.hears(r":bob!\S+ JOIN")
            bee.say("PRIVMSG bob :are you there")
            found = bee.hears(r"yes: are you there|[Ee]rror:[^\r]*")
        took = watch.milliseconds
        told = bee.heard.decode(errors="replace")[-400:]
    if found and found[0] == "yes: are you there":
        return Outcome("allowed", took, found[0])
    lost = re.search("reset|refused|[Ee]rror while|Could not connect|closed", told)
    return Outcome("reset" if lost else "silent", took, told)

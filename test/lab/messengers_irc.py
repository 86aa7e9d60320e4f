"""IRC: irssi inside, irssi outside, ngircd between them; files by DCC from end to end."""

import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lab as labs
from clients import Outcome, Stopwatch
from messengers_play import ALL, NONE, TEXT_ONLY, Use
from messengers_pty import Terminal, wait_for
from messengers_servers import IRC_HOPPING, IRC_HOSTS, IRC_PORT, PORTS, address

PATIENCE = 8.0
FILE = "report.bin"
CONTENT = bytes(range(256)) * 80
IN = "Welcome to the Internet Relay Network"
LOST = re.compile(r"Connection lost|Connection reset|refused|Broken pipe", re.I)

CONFIG = """\
settings = {{
  core = {{ real_name = "{nick}"; user_name = "{nick}"; nick = "{nick}"; server_reconnect_time = "-1"; }};
  "fe-common/core" = {{ autolog = "yes"; autolog_path = "{home}/logs/$0.log"; autolog_level = "all"; }};
  "irc/dcc" = {{ dcc_download_path = "{home}/got"; dcc_upload_path = "{home}"; dcc_own_ip = "{own}"; }};
}};
"""

TEXT, SENT, FETCHED, LATER = IRC_HOSTS
TEXT_USE = Use("IRC log-in and text both ways", TEXT, "irc", "text-chat",
               {NONE: "reset", TEXT_ONLY: "allowed", ALL: "allowed"})
SENT_USE, FETCHED_USE = (
    Use(f"IRC file by DCC, from {way}", host, "irc", "file-transfer",
        {NONE: "reset", TEXT_ONLY: "reset", ALL: "allowed"})
    for way, host in (("inside", SENT), ("outside", FETCHED)))
HOPPING = [Use(f"IRC on port {port}", IRC_HOPPING, "irc", "login", {NONE: "reset", ALL: "allowed"}, port)
           for port in PORTS]


class Irssi:
    """One person, with a folder of their own; works in the namespace of the thread that makes it."""

    def __init__(self, folder, nick, own=labs.CLIENT4):
        self.nick, self.home = nick, Path(tempfile.mkdtemp(prefix=f"irssi-{nick}-", dir=folder))
        self.got = self.home / "got"
        self.got.mkdir()
        (self.home / "config").write_text(CONFIG.format(nick=nick, home=self.home, own=own), encoding="utf-8")
        (self.home / FILE).write_bytes(CONTENT)
        self.terminal = Terminal("irssi", f"--home={self.home}", environment={"HOME": str(self.home)})
        self.sees("Irssi v")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.terminal.__exit__()

    def type(self, *lines):
        self.terminal.type(*lines)

    def connect(self, server, port=IRC_PORT):
        self.type(f"/connect -notls -nocap {server} {port} - {self.nick}")
        return self.sees(f"{IN}|{LOST.pattern}") and self.sees(IN, 0)

    def sees(self, pattern, seconds=PATIENCE):
        return wait_for(lambda: re.search(pattern, self.terminal.text), seconds)

    def hears(self, nick, text):
        """Whether the other one has said this, by irssi's own log of the conversation."""
        log = self.home / "logs" / f"{nick}.log"
        said = re.compile(rf"<.?{nick}> {re.escape(text)}")
        return wait_for(lambda: log.exists() and said.search(log.read_text(errors="replace")), PATIENCE)

    def fetches(self, nick):
        """Takes the file that the other one offers."""
        if not wait_for(lambda: FILE in self.terminal.text.rpartition(f"DCC SEND from {nick}")[2], PATIENCE):
            return False
        (self.got / FILE).unlink(missing_ok=True)
        self.type(f"/dcc get {nick} {FILE}")
        return self.holds()

    def holds(self, seconds=PATIENCE):
        path = self.got / FILE
        return wait_for(lambda: path.exists() and path.read_bytes() == CONTENT, seconds)

    def outcome(self, good, watch):
        took = watch.milliseconds
        if good:
            return Outcome("allowed", took)
        lost = self.sees(LOST, 0.5)
        return Outcome("reset" if lost else "silent", took, lost[0] if lost else self.terminal.text[-300:])


class Pair:
    """Those who sit outside and stay; those inside come and go with each policy."""

    def __init__(self, lab, folder):
        self.folder, self.round = folder, 0
        with lab.inside(lab.server):
            self.ben, self.bea = Irssi(folder, "ben"), Irssi(folder, "bea", address(FETCHED))
        for each in (self.ben, self.bea):
            if not each.connect("127.0.0.1"):
                raise RuntimeError(f"irssi outside does not get in: {each.terminal.text[-300:]!r}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ben.__exit__()
        self.bea.__exit__()

    def play(self, policy):
        self.round += 1
        work = [(TEXT_USE, self._text), (SENT_USE, self._sent), (FETCHED_USE, self._fetched)]
        work += [(use, lambda port=use.port: self._log_in(port)) for use in HOPPING if policy in use.seen]
        with ThreadPoolExecutor(len(work)) as pool:
            going = [(use, pool.submit(each)) for use, each in work]
            return [(use, each.result()) for use, each in going]

    def _text(self):
        watch, ask, answer = Stopwatch(), f"are you there, round {self.round}", f"yes, round {self.round}"
        with Irssi(self.folder, "ann") as ann:
            good = ann.connect(address(TEXT))
            if good:
                ann.type(f"/msg ben {ask}")
                good = self.ben.hears("ann", ask)
            if good:
                self.ben.type(f"/msg ann {answer}")
                good = ann.hears("ben", answer)
            return ann.outcome(good, watch)

    def _sent(self):
        watch, nick = Stopwatch(), f"amy{self.round}"
        with Irssi(self.folder, nick) as amy:
            good = amy.connect(address(SENT))
            if good:
                amy.type(f"/dcc send ben {FILE}")
                offer = f"DCC SEND from {nick}"
                wait_for(lambda: amy.sees(LOST, 0) or self.ben.sees(offer, 0), PATIENCE)
                good = not amy.sees(LOST, 0) and self.ben.fetches(nick)
            return amy.outcome(good, watch)

    def offers(self, person):
        """Bea announces a file, and the other one has heard of it."""
        self.bea.type(f"/dcc send {person.nick} {FILE}")
        return wait_for(lambda: person.sees(f"{LOST.pattern}|DCC SEND from bea", 0), PATIENCE) \
            and not person.sees(LOST, 0)

    def _fetched(self):
        watch, nick = Stopwatch(), f"ada{self.round}"
        with Irssi(self.folder, nick) as ada:
            good = ada.connect(address(FETCHED))
            if good:
                good = self.offers(ada) and ada.fetches("bea")
            return ada.outcome(good, watch)

    def _log_in(self, port):
        watch = Stopwatch()
        with Irssi(self.folder, f"p{port}") as person:
            return person.outcome(person.connect(address(IRC_HOPPING), port), watch)

"""A list that is read anew while traffic flows: it alone changes, and where it cannot be read it stays as it was."""

import socket
import threading
import time

import clients
import lab as labs
from names_dns import dig
from names_servers import BLOCKED, ECHO, INNOCENT, SECOND_INNOCENT

STEADY = labs.INTERNET4.format(35)  # of no name that is asked for, so that no list comes to hold it
BEAT = 0.02  # seconds
LONGEST_GAP = 1.0


class Beat(threading.Thread):
    """One connection that says something all the time and hears it again."""

    def __init__(self):
        super().__init__(daemon=True)
        self.echoes, self.gap, self.problem = 0, 0.0, ""
        self.over = threading.Event()

    def run(self):
        try:
            with socket.create_connection((STEADY, ECHO[0]), timeout=clients.PATIENCE) as stream:
                while not self.over.is_set():
                    start = time.monotonic()
                    stream.sendall(b"beat")
                    if not stream.recv(16):
                        raise OSError("the server's end")
                    self.gap = max(self.gap, time.monotonic() - start)
                    self.echoes += 1
                    time.sleep(BEAT)
        except OSError as problem:
            self.problem = str(problem)


def replace(path, *lines):
    """As the guide says: beside it, then over it."""
    new = path.with_suffix(".new")
    new.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    new.rename(path)


def listed(play, name, word):
    """The question is refused, and the event says by which list."""
    outcome, alerts = play.attempt(lambda: dig(name, "A"), lambda row: row["im"].get("list") == word)
    lists = [row["im"].get("list") for row in alerts]
    play.check(f"blocked: {name}, in the list {word}",
               "" if outcome.seen == "nxdomain" and lists == [word] else f"{outcome.seen}, by {lists}")


def state(play):
    """By list: state, when it was loaded, the digest of its file."""
    return {row["list"]: (row["state"], row["loaded"], row["files"][0]["sha256"])
            for row in play.gateway.ask("show", "lists")["lists"]}


def audits(play):
    play.gateway.events.settle(0.1, 1.0)
    return [row["audit"]["what"] for row in play.gateway.events.seen if row["event_type"] == "audit"]


def run(play):
    play.report.head("Names: lists that are read anew")
    web, nets = (play.folder / name for name in ("web.txt", "nets.txt"))
    replace(web, "nobody.example")
    replace(nets, "203.0.113.0/24")
    play.use(before=[{"name": "listed", "list": ["web", "nets"], "action": "reset", "log": True}],
             lists={"web": {"file": str(web)}, "nets": {"file": str(nets)}})
    beat = Beat()
    beat.start()
    play.innocent("a name before it is listed", lambda: dig(INNOCENT, "A"))
    before = state(play)
    replace(web, INNOCENT)
    replace(nets, SECOND_INNOCENT)  # which nobody asks to be read
    play.gateway.control("list", "reload", "web")
    listed(play, INNOCENT, "web")
    play.innocent("a name of another list's new file", lambda: dig(SECOND_INNOCENT, "A"))
    play.blocked("a messenger, by its rule", lambda: dig(BLOCKED, "A"), "dns", seen="nxdomain")
    after = state(play)
    play.check("one list is read, the other is as it was",
               "" if after["nets"] == before["nets"] and after["web"][2] != before["web"][2] else str(after))

    web.unlink()
    refused = play.gateway.control("list", "reload", "web", check=False)
    play.check("a list that cannot be read is refused with its reason",
               "" if refused.returncode == 2 and str(web) in refused.stdout + refused.stderr
               else f"status {refused.returncode}: {refused.stdout}{refused.stderr}")
    listed(play, INNOCENT, "web")
    kept = state(play)["web"]
    play.check("it keeps what it held, and says so",
               "" if kept == ("stale", *after["web"][1:]) and "list refused" in audits(play) else str(kept))

    replace(web, "nobody.example")
    play.gateway.control("list", "reload", "web")
    play.innocent("a name that is listed no more", lambda: dig(INNOCENT, "A"))
    again = state(play)["web"][0]
    play.check("the list is loaded again", "" if again == "loaded" else again)
    beat.over.set()
    beat.join(5)
    play.check("what was open went on all the while",
               beat.problem or ("" if beat.echoes > 20 and beat.gap < LONGEST_GAP
                                else f"{beat.echoes} echoes, the slowest after {beat.gap:.2f} s"),
               f"{beat.echoes} echoes, the slowest after {1000 * beat.gap:.0f} ms")

"""What is open while the policy becomes "text chat only": sessions, a call, and a file that was announced.

All begin under "everything". Sessions go on and are read on; the call's sound and the announced file's
connection are of the session that announced them, and end or do not come about.
"""

from concurrent.futures import ThreadPoolExecutor

import messengers_sip
import messengers_xmpp
from messengers_irc import FETCHED, FILE, LATER, LOST, Irssi
from messengers_play import TEXT_ONLY
from messengers_pty import wait_for
from messengers_servers import CALL_LATER, MEDIA_PORT, XMPP_LATER, address

PATIENCE = 6.0


def run(play, irc, folder):
    """Leaves "text chat only" in force."""
    play.report.head("Messengers: what is open when the policy changes")
    events = play.gateway.events
    first, changed = len(events.seen), folder / "policy-changed"

    def told(host, service, action, port=0):
        events.read()
        return any((row["dest_ip"], row["im"].get("service"), row["alert"]["action"]) ==
                   (address(host), service, action) and port in (0, row["dest_port"])
                   for row in events.seen[first:] if row["event_type"] == "alert")

    with play.lab.inside(play.lab.client), Irssi(folder, "eve") as eve, ThreadPoolExecutor(2) as pool:
        talk = pool.submit(play.inside, lambda: messengers_xmpp.across(changed))
        offered = eve.connect(address(LATER)) and irc.offers(eve)
        heard = wait_for(lambda: told(XMPP_LATER, "text-chat", "allowed"), 2 * PATIENCE)
        play.check("text is there before", "" if heard else "no event of it")
        call = pool.submit(play.inside, lambda: messengers_sip.call(CALL_LATER, folder, 2500))
        heard = wait_for(lambda: told(CALL_LATER, "voice", "allowed", MEDIA_PORT), PATIENCE)
        play.check("a call's sound is there before", "" if heard else "no event of it")
        play.check("a file is announced before", "" if offered else eve.terminal.text[-300:])
        play.use(TEXT_ONLY)
        changed.touch()
        eve.type(f"/dcc get bea {FILE}")
        wait_for(lambda: told(FETCHED, "file-transfer", "blocked"), PATIENCE)
        eve.type("/msg bea still there")
        goes_on = irc.bea.hears("eve", "still there") and not eve.sees(LOST, 0)
        talked, called, held = talk.result(), call.result(), eve.holds(0)

    def event(*what):
        return "" if told(*what) else f"no event of it: {what}"
    play.check("the announced file's connection is refused",
               "it came" if held else event(FETCHED, "file-transfer", "blocked"))
    play.check("text on IRC goes on", "" if goes_on else eve.terminal.text[-300:])
    play.check("text on XMPP goes on, and the next file ends the session",
               event(XMPP_LATER, "file-transfer", "blocked")
               if (talked.seen, talked.detail) == ("reset", "both texts were answered") else str(talked))
    play.check("the call's sound ends", event(CALL_LATER, "voice", "blocked", MEDIA_PORT))
    play.check("the call can be hung up all the same", "" if called.seen == "allowed" else str(called))

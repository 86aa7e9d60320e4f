#!/usr/bin/python3
"""XMPP users by the library slixmpp, each over a stream in clear.

usage: messengers_xmpp_user.py serve ADDRESS JID...   answers texts and takes files until it is ended
       messengers_xmpp_user.py use                     reads uses as JSON, prints what each came to

A use is {"name", "address", "port", "jid", "peer", "does"}; `does` is the name of a method of User. What a
use came to is {"name", "seen", "detail", "milliseconds"}; all uses go on at the same time.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import subprocess
import sys
import time

with contextlib.redirect_stderr(open(os.devnull, "w")):  # it names a faster library
    import slixmpp
    from slixmpp.xmlstream import ET
    from slixmpp.xmlstream.handler import Callback
    from slixmpp.xmlstream.matcher import StanzaPath

from messengers_servers import PASSWORD, XMPP_HOST

PATIENCE = 10.0
FILE = hashlib.sha256(b"a file").digest() * 640  # 20 KiB
CHECKSUM = hashlib.sha256(FILE).hexdigest()
IBB = "http://jabber.org/protocol/ibb"
UPLOAD = "urn:xmpp:http:upload:0"
ACCEPTED = ("<si xmlns='http://jabber.org/protocol/si'><feature xmlns='http://jabber.org/protocol/feature-neg'>"
            "<x xmlns='jabber:x:data' type='submit'><field var='stream-method'>"
            f"<value>{IBB}</value></field></x></feature></si>")
OFFER = ("<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='{sid}' initiator='{me}'>"
         "<content creator='initiator' name='one'>{what}</content></jingle>")
JINGLE_FILE = ("<description xmlns='urn:xmpp:jingle:apps:file-transfer:5'><file><name>plans.pdf</name>"
               "<size>20480</size></file></description><transport xmlns='urn:xmpp:jingle:transports:ibb:1' "
               "block-size='4096' sid='j1'/>")
JINGLE_CALL = ("<description xmlns='urn:xmpp:jingle:apps:rtp:1' media='audio'><payload-type id='0' "
               "name='PCMU' clockrate='8000'/></description>"
               "<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1' ufrag='8hhy' pwd='asd88fgpdd777uzj'/>")


class User(slixmpp.ClientXMPP):
    def __init__(self, jid, mechanism="PLAIN"):
        # SCRAM, where it is asked for, is 10,000 rounds of Python.
        super().__init__(jid, PASSWORD, plugin_config={
            "feature_mechanisms": {"unencrypted_plain": True, "use_mech": mechanism}, "xep_0065": {"auto_accept": True}})
        for plugin in ("xep_0030", "xep_0047", "xep_0065", "xep_0095", "xep_0096", "xep_0199"):
            self.register_plugin(plugin)
        self.log_in_done = asyncio.get_running_loop().create_future()
        self.lost = asyncio.get_running_loop().create_future()
        self.changed = self.told = ""
        self.texts = asyncio.Queue()
        self.files = asyncio.Queue()
        self.add_event_handler("session_start", self._started)
        self.add_event_handler("failed_auth", lambda _: self._lose("the log-in was refused"))
        self.add_event_handler("connection_failed", lambda why: self._lose(str(why)))
        self.add_event_handler("disconnected", lambda why: self._lose(str(why or "closed")))
        self.add_event_handler("message", self._message)
        self.add_event_handler("ibb_stream_start", lambda stream: asyncio.ensure_future(self._take(stream)))
        self["xep_0047"].api.register(lambda *_: True, "authorized")

    def _lose(self, why):
        if not self.lost.done():
            self.lost.set_result(why)

    async def _started(self, _):
        self.send_presence()
        await self.get_roster()
        if not self.log_in_done.done():
            self.log_in_done.set_result(True)

    async def _message(self, message):
        if message["type"] == "chat" and message["body"]:
            await self.texts.put((message["from"], message["body"]))

    async def _take(self, stream):
        self.files.put_nowait((stream.peer_jid, await stream.gather(timeout=PATIENCE)))

    def reach(self, address, port):
        self.connect(address=(address, port), use_ssl=False, force_starttls=False, disable_starttls=True)

    async def ask(self, stanza, peer):
        """A question whose payload is written here; the other end answers it with an error or not at all."""
        question = self.make_iq_set(ito=peer)
        question.append(ET.fromstring(stanza))
        try:
            await question.send(timeout=PATIENCE)
        except slixmpp.exceptions.IqError:
            pass  # it has no such program, but it was asked

    async def send_file(self, peer, sid=None):
        stream = await self["xep_0047"].open_stream(peer, sid=sid, block_size=4096)
        await stream.sendall(FILE)
        await stream.close()

    # What a use does; each returns what it got. `peer` is a bare address.

    async def text(self, peer):
        self.send_message(peer, "are you there", mtype="chat")
        while True:
            _, body = await self.texts.get()
            if body == "yes: are you there":
                return body

    async def text_across(self, peer):
        """Text, and when the policy has changed, text and a file."""
        await self.text(peer)
        while not os.path.exists(self.changed):
            await asyncio.sleep(0.05)
        await self.text(peer)
        self.told = "both texts were answered"
        return await self.file_in_band(peer)

    async def _say_that_it_came(self):
        while True:
            _, body = await self.texts.get()
            if body == f"got {CHECKSUM}":
                return f"{len(FILE)} bytes"

    async def file_in_band(self, peer):
        await self.send_file(f"{peer}/serving")
        return await self._say_that_it_came()

    async def file_offered(self, peer):
        """XEP-0096 with the in-band way chosen, as old clients do."""
        await self["xep_0096"].request_file_transfer(f"{peer}/serving", name="plans.pdf", size=len(FILE),
                                                     sid="offered",
                                                     methods=[{"value": IBB}])
        await self.send_file(f"{peer}/serving", "offered")
        return await self._say_that_it_came()

    async def file_by_proxy(self, peer):
        """XEP-0065: both ends connect to the server's proxy, which passes on what one says.

        prosody 0.12.3 may keep the last 4 KiB in a buffer until something more arrives, which the end is.
        """
        stream = await self["xep_0065"].handshake(f"{peer}/serving", timeout=PATIENCE)
        await stream.write(FILE)
        stream.transport.write_eof()
        return await self._say_that_it_came()

    async def file_fetched(self, peer):
        """The other one sends; what arrives must be what was sent."""
        self.send_message(peer, "send me the file", mtype="chat")
        _, data = await self.files.get()
        assert data == FILE, f"{len(data)} other bytes"
        return f"{len(data)} bytes"

    async def file_uploaded(self, _):
        question = self.make_iq_get(ito=f"files.{XMPP_HOST}")
        question.append(ET.fromstring(f"<request xmlns='{UPLOAD}' filename='plans.pdf' size='{len(FILE)}' "
                                      "content-type='application/pdf'/>"))
        slot = (await question.send(timeout=PATIENCE)).xml.find(f"{{{UPLOAD}}}slot")
        put, get = slot.find(f"{{{UPLOAD}}}put"), slot.find(f"{{{UPLOAD}}}get").get("url")
        headers = [word for header in put for word in ("-H", f"{header.get('name')}: {header.text}")]
        sent = await self._curl("-X", "PUT", "--data-binary", "@-", "-H", "Content-Type: application/pdf", *headers, put.get("url"), say=FILE)
        got = await self._curl(get)
        assert got == FILE, f"the server said {sent[:80]!r}, and gave {len(got)} bytes"
        return f"{len(got)} bytes over HTTP"

    @staticmethod
    async def _curl(*words, say=b""):
        process = await asyncio.create_subprocess_exec(
            "curl", "-sS", "--max-time", "4", "--noproxy", "*", *words, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, errors = await process.communicate(say)
        if process.returncode:
            raise ConnectionResetError(errors.decode(errors="replace").strip())
        return out

    async def file_by_jingle(self, peer):
        await self.ask(OFFER.format(sid="f1", me=self.boundjid.full, what=JINGLE_FILE), f"{peer}/serving")
        return await self.text(peer)

    async def call(self, peer):
        await self.ask(OFFER.format(sid="c1", me=self.boundjid.full, what=JINGLE_CALL), f"{peer}/serving")
        return await self.text(peer)


async def use(wanted):
    user = User(wanted["jid"], wanted.get("mechanism", "PLAIN"))
    user.changed = wanted.get("changed", "")
    started = time.monotonic()

    async def whole():
        await user.log_in_done
        return await getattr(user, wanted["does"])(wanted["peer"])
    user.reach(wanted["address"], wanted["port"])
    work = asyncio.ensure_future(whole())
    await asyncio.wait({work, user.lost}, timeout=wanted.get("patience", PATIENCE), return_when=asyncio.FIRST_COMPLETED)
    took = (time.monotonic() - started) * 1000
    if work.done() and not work.cancelled():
        problem = work.exception()
        seen, detail = ("failed", repr(problem)) if problem else ("allowed", work.result())
        if isinstance(problem, ConnectionError):
            seen = "reset"
    elif user.lost.done():
        why = user.lost.result()
        seen, detail = "reset" if "reset" in why or "111" in why else "failed", user.told or why
    else:
        seen, detail = "silent", "logged in" if user.log_in_done.done() else "not logged in"
    work.cancel()
    with contextlib.suppress(BaseException):
        await work
    user.abort()
    return {"name": wanted["name"], "seen": seen, "detail": detail, "milliseconds": took}


async def serve(address, jids):
    """The person outside: answers texts, takes files and says so, sends one where asked."""
    def accept(offer):
        answer = offer.reply()
        answer.append(ET.fromstring(ACCEPTED))
        answer.send()

    async def one(jid):
        user = User(f"{jid}/serving")
        arrived, senders = bytearray(), []

        def from_proxy(data):
            arrived.extend(data)
            if len(arrived) == len(FILE):
                user.files.put_nowait((senders[-1], bytes(arrived)))
                arrived.clear()
        user.register_handler(Callback("who", StanzaPath("iq@type=set/socks"),
                                       lambda offer: senders.append(offer["from"])))
        user.add_event_handler("socks5_data", from_proxy)
        # The library's own answer to offers is never awaited (1.8.3).
        user.remove_handler("SI Request")
        user.register_handler(Callback("offers", StanzaPath("iq@type=set/si"), accept))
        user.reach(address, 5222)
        await user.log_in_done

        async def texts():
            while True:
                sender, body = await user.texts.get()
                if body == "send me the file":
                    asyncio.ensure_future(user.send_file(sender))
                else:
                    user.send_message(sender, f"yes: {body}", mtype="chat")

        async def files():
            while True:
                sender, data = await user.files.get()
                user.send_message(sender, f"got {hashlib.sha256(data).hexdigest()}", mtype="chat")
        await asyncio.gather(texts(), files())
    await asyncio.gather(*map(one, jids))


async def main(words):
    logging.disable(logging.CRITICAL if "-v" not in words else logging.NOTSET)
    if words[:1] == ["serve"]:
        await serve(words[1], words[2:])
        return
    uses = [asyncio.ensure_future(use(wanted)) for wanted in json.load(sys.stdin)]
    for done in asyncio.as_completed(uses):
        print(json.dumps(await done), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))

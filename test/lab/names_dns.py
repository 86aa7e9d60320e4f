"""dig against dnsmasq: questions of every type, each way of answering them, and what answers lead to."""

import datetime
import re
import subprocess
import time

import clients
from clients import Outcome, Stopwatch
from names_play import RESOLVER
from names_servers import BLOCKED, INNOCENT, SECOND_BLOCKED, SECOND_INNOCENT, WITH_ECH

CLOCK = 0.01  # seconds
ANSWERED = r"ANSWER: [1-9]"
TYPES = ("A", "AAAA", "HTTPS", "TXT", "ANY")
ADDRESS4, ADDRESS6 = "198.51.100.12", "2001:db8:77::12"


def dig(name, kind, *words, good=r"status: NOERROR"):
    """dig is allowed where what it prints matches `good`; else it saw the status."""
    watch = Stopwatch()
    result = subprocess.run(["dig", f"@{RESOLVER}", name, kind, "+tries=1", "+time=1", "+nocookie", *words],
                            capture_output=True, text=True, check=False, timeout=8)
    took = watch.milliseconds
    text = result.stdout + result.stderr
    if re.search(good, text):
        return Outcome("allowed", took, text)
    if status := re.search(r"status: (\w+)", text):
        seen = status[1].lower()
        if seen == "noerror":
            seen = "answered" if re.search(r"ANSWER: [1-9]", text) else "nodata"
        return Outcome(seen, took, text)
    if re.search(r"timed out|no servers could", text):
        return Outcome("silent", took, text)
    return Outcome("reset" if re.search("reset|refused|end of file", text) else "failed", took, text[-400:])


def types(play):
    for transport in ("+notcp", "+tcp"):
        for kind in TYPES:
            play.pair(f"dig {kind} {transport}",
                      lambda name, k=kind, t=transport: dig(name, k, t, good=ANSWERED), "dns",
                      seen="nxdomain")
        play.pair(f"dig SRV _xmpp-client._tcp {transport}",
                  lambda name, t=transport: dig("_xmpp-client._tcp." + name.partition(".")[2], "SRV", t,
                                                good=ANSWERED), "dns", seen="nxdomain")
    play.pair("dig +noedns", lambda name: dig(name, "A", "+noedns", good=ANSWERED), "dns", seen="nxdomain")
    play.pair("dig +padding +cookie", lambda name: dig(name, "A", "+padding=128", "+cookie", good=ANSWERED),
              "dns", seen="nxdomain")
    play.pair("dig, mixed case", lambda name: dig(name.title().swapcase(), "A", good=ANSWERED), "dns",
              seen="nxdomain")
    two = play.blocked("dig +keepopen +tcp, the second question",
                       lambda: two_questions(BLOCKED, "never"), "dns", "answered")
    play.said("the first one was answered, the second refused", two.detail, r"status: NOERROR",
              r"status: NXDOMAIN")
    play.innocent("dig +keepopen +tcp, the second question",
                  lambda: two_questions(INNOCENT, rf"(?s){ANSWERED}.*{ANSWERED}"))


def two_questions(name, good):
    return dig(INNOCENT, "A", "+tcp", "+keepopen", f"@{RESOLVER}", name, "TXT", "+tcp", "+keepopen",
               good=good)


def answers(play):
    """Each word of dns.answer, over UDP and TCP, with and without EDNS."""
    for word, seen in (("nxdomain", "nxdomain"), ("refused", "refused"), ("nodata", "nodata"),
                       ("drop", "silent")):
        play.use(dns={"answer": word})
        for transport in ("+notcp", "+tcp"):
            what = f"dns.answer {word}, dig {transport}"
            outcome = play.blocked(what, lambda t=transport: dig(BLOCKED, "A", t, good="never"), "dns", seen)
            if word != "drop":
                play.said(f"{what}: it says why", outcome.detail, r"EDE: 15 \(Blocked\)")
            play.innocent(what, lambda t=transport: dig(INNOCENT, "A", t, good="198.51.100.34"))
        if word != "drop":
            outcome = play.blocked(f"dns.answer {word}, dig +noedns",
                                   lambda: dig(BLOCKED, "A", "+noedns", good="never"), "dns", seen)
            play.check("without EDNS in the question there is none in the answer",
                       outcome.detail if re.search("EDE|OPT", outcome.detail) else "")
    play.use(dns={"answer": "address", "addresses": [ADDRESS4, ADDRESS6]})
    for transport in ("+notcp", "+tcp"):
        for kind, address in (("A", ADDRESS4), ("AAAA", ADDRESS6)):
            outcome = play.blocked(f"dns.answer address, dig {kind} {transport}",
                                   lambda k=kind, t=transport: dig(BLOCKED, k, t, good="never"), "dns",
                                   "answered")
            play.said("the answer is the policy's address", outcome.detail,
                      rf"^{re.escape(BLOCKED)}\.\s.*\s{address}$", r"EDE: 15 \(Blocked\)")
        play.blocked(f"dns.answer address, dig TXT {transport}",
                     lambda t=transport: dig(BLOCKED, "TXT", t, good="never"), "dns", "nodata")
    play.innocent("dns.answer address, dig A", lambda: dig(INNOCENT, "A", good="198.51.100.34"))
    play.use()


def cloaks(play):
    """The question looks innocent, the answer leads to the messenger."""
    play.blocked("a CNAME to a blocked name", lambda: dig("cloak.shop.example", "A", good=ANSWERED), "dns",
                 "nxdomain")
    play.innocent("a CNAME to an innocent name",
                  lambda: dig("plain.shop.example", "A", good="198.51.100.36"))
    play.blocked("an SRV record with a blocked target",
                 lambda: dig("_cloak._tcp.shop.example", "SRV", good="quokka"), "dns", "nxdomain")
    play.innocent("an SRV record with an innocent target",
                  lambda: dig("_xmpp-client._tcp.quokkas.example", "SRV", good=rf"5222 {INNOCENT}"))
    for alike in (f"{BLOCKED}.example.org", "notquokka.example", "quokka.example.net", SECOND_INNOCENT):
        play.innocent(f"a name that only looks alike: {alike}", lambda n=alike: dig(n, "A", good=ANSWERED))
    play.blocked("another messenger", lambda: dig(SECOND_BLOCKED, "A", good="never"), "dns", "nxdomain",
                 "wombat")


def encrypted_hello(play):
    """dnsmasq serves an HTTPS record with ECH keys."""
    with_keys = dig(WITH_ECH, "HTTPS")
    play.said("encrypted_client_hello allow: the keys pass", with_keys.detail, r"\sech=[A-Za-z0-9+/]")
    play.use(tls={"encrypted_client_hello": "strip"})
    without = dig(WITH_ECH, "HTTPS")
    play.said("encrypted_client_hello strip: the record without its keys", without.detail,
              r"status: NOERROR", r'HTTPS\s+1 \. alpn="h2" key65280')
    play.check("encrypted_client_hello strip: no keys",
               without.detail if re.search(r"\sech=", without.detail) else "")
    for kind in ("HTTPS", "ANY"):
        over_tcp = dig(WITH_ECH, kind, "+tcp", good="never")
        play.check(f"encrypted_client_hello strip: {kind} over TCP has no data",
                   "" if over_tcp.seen == "nodata" else over_tcp.detail)
    play.innocent("encrypted_client_hello strip, dig A", lambda: dig(WITH_ECH, "A", good="198.51.100.37"))
    play.innocent("encrypted_client_hello strip, dig A +tcp",
                  lambda: dig(WITH_ECH, "A", "+tcp", good="198.51.100.37"))
    play.use()


def canaries(play):
    names = (("use-application-dns.net", "nxdomain"), ("mask.icloud.com", "nxdomain"),
             ("mask-h2.icloud.com", "nxdomain"), ("_dns.resolver.arpa", "nodata"))
    for name, _ in names:
        play.innocent(f"encrypted DNS allowed, dig {name}", lambda n=name: dig(n, "A", good=ANSWERED))
    play.use(evasion={"doh": "reset", "dot": "reset"})
    for name, seen in names:
        for transport in ("+notcp", "+tcp"):
            kind = "SVCB" if name.startswith("_dns") else "A"
            outcome, _ = play.attempt(lambda n=name, k=kind, t=transport: dig(n, k, t, good="never"))
            play.check(f"evasion.doh reset: dig {kind} {name} {transport}",
                       "" if outcome.seen == seen else f"{outcome.seen}: {outcome.detail}", seen)
    play.blocked("evasion.doh reset: the name of a resolver", lambda: dig("dns.google", "A", good="never"),
                 "dns", "nxdomain", "encrypted-dns")
    play.blocked("evasion.dot reset: port 853", lambda: clients.tcp_talk(RESOLVER, 853), "port", "reset",
                 "encrypted-dns")
    play.innocent("evasion.doh reset, dig A", lambda: dig(INNOCENT, "A", good="198.51.100.34"))
    play.use()


def times(play):
    """An event's time is this machine's, however long the gateway has been up. Its parts that come
    earlier last half a minute and more."""
    begun = time.time()
    _, alerts = play.attempt(lambda: dig(BLOCKED, "A"))
    told = [datetime.datetime.fromisoformat(row["timestamp"]).timestamp() - begun for row in alerts]
    play.check("an event's time is when it happened",
               "" if told and -CLOCK <= told[0] <= 1 + CLOCK else f"{told} s after dig began")


def run(play):
    play.report.head("DNS")
    types(play)
    answers(play)
    cloaks(play)
    encrypted_hello(play)
    canaries(play)
    times(play)

"""What answers to questions teach: connections to addresses that belong to a messenger."""

import re

import clients
import lab as labs
from names_dns import dig
from names_servers import BLOCKED, ECHO, INNOCENT, SECOND_BLOCKED
from names_tls import s_client

TAUGHT, INNOCENT_ADDRESS, SHARED = (labs.INTERNET4.format(host) for host in (33, 34, 35))


def teach(play):
    """The resolver's answers pass while the policy allows all."""
    play.use("allow")
    play.gateway.control("clear", "dns-cache")
    for name, address in (("taught.quokka.example", TAUGHT), (INNOCENT, INNOCENT_ADDRESS),
                          ("shared.quokka.example", SHARED), ("shared.quokkas.example", SHARED)):
        outcome = dig(name, "A", good=re.escape(address))
        play.check(f"the resolver tells {name}", "" if outcome.seen == "allowed" else outcome.detail)
    play.use()


def connections(play):
    for port in ECHO:
        play.blocked(f"TCP to a learned address, port {port}",
                     lambda p=port: clients.tcp_talk(TAUGHT, p), "learned-address")
    play.innocent("an innocent name at a learned address", lambda: s_client(play, INNOCENT, ip=TAUGHT))
    play.blocked("UDP to a learned address", lambda: clients.udp_talk(TAUGHT, ECHO[0]), "learned-address",
                 "silent")
    play.innocent("UDP to an innocent name's address", lambda: clients.udp_talk(INNOCENT_ADDRESS, ECHO[0]))
    play.innocent("TCP to an innocent name's address",
                  lambda: clients.tcp_talk(INNOCENT_ADDRESS, ECHO[0]))
    play.innocent("TCP to an address that an innocent name shares",
                  lambda: clients.tcp_talk(SHARED, ECHO[0]))
    play.innocent("a question to a learned address", lambda: dig(
        INNOCENT, "A", f"@{TAUGHT}", good=re.escape(INNOCENT_ADDRESS)))


def shown(play):
    servers = play.gateway.control("show", "servers").stdout
    play.said("show servers", servers, r"^2 servers$",
              r"^Application +Service +Server +Name +Rules +Others +Learned +Left$",
              rf"^quokka +- +{TAUGHT} +taught\.quokka\.example +- +no +0:00:\d\d +0:0[01]:\d\d$",
              rf"^quokka +- +{SHARED} +shared\.quokka\.example +- +yes +0:00:\d\d +0:0[01]:\d\d$")
    play.said("show servers application wombat", play.gateway.control(
        "show", "servers", "application", "wombat").stdout, r"^(0|[Nn]o) servers")
    cache = play.gateway.control("show", "dns-cache").stdout
    rows = len(cache.splitlines()) - 2
    play.said("show dns-cache", cache, rf"^{rows} names$", r"^Name +Address +Application +Left$",
              rf"^taught\.quokka\.example +{TAUGHT} +quokka +0:0[01]:\d\d$",
              rf"^{re.escape(INNOCENT)} +{INNOCENT_ADDRESS} +- +0:0[01]:\d\d$")
    asked = play.gateway.ask("show", "servers")
    play.check("show servers --json holds the same",
               "" if TAUGHT in str(asked) and "taught.quokka.example" in str(asked) else str(asked))


def forgotten(play):
    known = len(play.gateway.control("show", "dns-cache").stdout.splitlines()) - 2
    said = play.gateway.control("clear", "dns-cache").stdout
    play.said("clear dns-cache", said, rf"^Forgotten: {known} names\.$")
    for what in ("dns-cache", "servers"):
        play.said(f"show {what} afterwards", play.gateway.control("show", what).stdout,
                  r"^(0|[Nn]o) (names|servers)")
    play.innocent("TCP to the address that was learned", lambda: clients.tcp_talk(TAUGHT, ECHO[0]))
    play.innocent("UDP to the address that was learned", lambda: clients.udp_talk(TAUGHT, ECHO[0]))
    play.gateway.events.settle()
    audits = [row["audit"]["what"] for row in play.gateway.events.seen if row["event_type"] == "audit"]
    play.check("an audit event tells of it", "" if "dns cache cleared" in audits else str(audits[-5:]))


def switched_off(play):
    play.use("allow", dns={"learn_servers": False})
    dig("taught.quokka.example", "A")
    play.use(dns={"learn_servers": False})
    play.innocent("learn_servers false: TCP to an address that was told",
                  lambda: clients.tcp_talk(TAUGHT, ECHO[0]))
    play.use()


def names_count_more(play):
    """Where the address's messenger is allowed, it is no way round for others."""
    allow = {"name": "one messenger", "application": "quokka", "action": "allow", "log": True}
    play.use("allow")
    play.gateway.control("clear", "dns-cache")
    dig("taught.quokka.example", "A")
    play.use(before=[allow])
    play.blocked("another messenger's name at an allowed one's learned address",
                 lambda: s_client(play, SECOND_BLOCKED, ip=TAUGHT), "tls-sni", application="wombat")
    play.innocent("an allowed messenger at its learned address", lambda: s_client(play, BLOCKED, ip=TAUGHT))
    play.use()


def run(play):
    play.report.head("Learned servers")
    teach(play)
    connections(play)
    shown(play)
    forgotten(play)
    names_count_more(play)
    switched_off(play)

"""For each key of the policy a change of it and a capture: see keys.py. What comes of them is in keys.txt."""

import copy
from dataclasses import dataclass, field
from pathlib import Path

import key_captures as captures
from key_captures import BAD_QUIC, CONNECT, GNUTELLA, NOISE, UNKNOWN_QUIC, WHATSAPP, flows, hello, request, web
from wire import HTTP_OK, Capture, client_hello, dns_query, http_get

RULES = Path(__file__).resolve().parents[2] / "policy" / "rules"
NO_IM = {"name": "no IM", "category": "im", "action": "reset", "log": True}
BLOCK = {"rules": [NO_IM]}

# Beside the policies.
FILES = {
    "office.txt": "10.0.0.0/24  # ours\n",
    "branch.txt": "10.9.0.0/24\n",
    "bad.txt": "bad.example.net\n",
    "other.txt": "other.example.net\n",
    "one.rules": 'alert tcp any any -> any any (msg:"one"; content:"POLICYKEYONE"; sid:1000001; rev:1; '
                 'metadata:chatgate_application yahoo;)\n',
    "two.rules": 'alert tcp any any -> any any (msg:"two"; content:"POLICYKEYTWO"; sid:1000002; rev:1; '
                 'metadata:chatgate_application yahoo;)\n',
}

# For editors, and for what `show applications` prints.
WITHOUT_EFFECT = ("$schema", "applications.*.name")


@dataclass
class Change:
    key: str
    capture: Capture
    before: dict
    after: dict
    arguments: list = field(default_factory=list)


CHANGES = []


def change(key, capture, before, value, arguments=()):
    """`value` in the place of what `before` has under the key. The first of a list is meant."""
    after = copy.deepcopy(before)
    at = after
    *way, last = key.split(".")
    for word in way:
        at = next(iter(at.values())) if word == "*" else at.setdefault(word, {})
        at = at[0] if isinstance(at, list) else at
    at[next(iter(at)) if last == "*" else last] = value
    CHANGES.append(Change(key, capture, before, after, list(arguments)))


def ruled(**keys):
    """A policy of one rule that resets WhatsApp."""
    return {"rules": [{"name": "one", "application": "whatsapp", "action": "reset", "log": True} | keys]}


# --- the policy as a whole

change("mode", hello(), BLOCK, "monitor")
change("default", flows(NOISE, port=22), {"rules": []}, "drop")
change("unclassified", flows(NOISE, port=4444), {"rules": []}, "reset")
change("confidence", flows(NOISE, port=1863), BLOCK, "medium")
change("rules", hello(), {"rules": []}, [NO_IM])
change("access", hello(), {"rules": []}, [{"action": "deny"}])
change("signatures", flows(b"POLICYKEYONE", port=4444), BLOCK | {"signatures": ["two.rules"]}, ["one.rules"])

# --- what rules name

change("networks.*", hello(), ruled(**{"from": "office"}) | {"networks": {"office": "10.0.0.0/24"}}, "10.9.0.0/24")
change("networks.*.file", hello(), ruled(**{"from": "office"}) | {"networks": {"office": {"file": "office.txt"}}},
       "branch.txt")


def timed(**window):
    """A rule for a window; the capture is of 2026-11-23 20:00 UTC, a Monday."""
    return ruled(when="then") | {"times": {"then": {"zone": "UTC"} | window}}


for key, value, window in (
        ("days", "tue", {"days": "mon"}), ("from", "20:30", {"from": "19:00", "to": "21:00"}),
        ("to", "19:30", {"from": "19:00", "to": "21:00"}), ("zone", "Asia/Tokyo", {"from": "19:00", "to": "21:00"}),
        ("start", "2026-12-01", {"start": "2026-11-01"}), ("end", "2026-11-20", {"end": "2026-12-20"})):
    change(f"times.*.{key}", hello(), timed(**window), value)

OURS = ruled(application="our-chat") | {"applications": {"our-chat": {"category": "im"}}}
SERVED = {"category": "im", "servers": {"names": ["chat.example.com"], "addresses": ["203.0.113.7"]}}
change("applications.*.category", hello("chat.example.com"), BLOCK | {"applications": {"our-chat": SERVED}}, "tunnel")
change("applications.*.ports", flows(NOISE, port=5999), OURS, ["tcp/5999"])
change("applications.*.servers", hello("chat.example.com"), OURS, {"names": ["chat.example.com"]})
change("applications.*.servers.names", hello("chat.example.com"),
       ruled(application="our-chat") | {"applications": {"our-chat": SERVED}}, ["chat.example.net"])
change("applications.*.servers.addresses", flows(NOISE, port=4444, server="203.0.113.7"),
       ruled(application="our-chat") | {"applications": {"our-chat": SERVED}}, ["203.0.113.8"])

LISTED = {"rules": [{"name": "listed", "list": "bad", "action": "reset", "log": True}],
          "lists": {"bad": {"file": "bad.txt"}}}
change("lists.*.file", hello("www.bad.example.net"), LISTED, "other.txt")
change("lists.*.files", hello("www.bad.example.net"), LISTED | {"lists": {"bad": {"files": ["bad.txt", "other.txt"]}}},
       ["other.txt"])

# --- rules

change("rules.name", hello(), ruled(), "two")
change("rules.application", hello(), ruled(), "telegram")
change("rules.category", hello(), BLOCK, "p2p-file")
change("rules.from", hello(), ruled(**{"from": "10.0.0.0/8"}), "!10.0.0.5")
change("rules.to", hello(), ruled(to="192.0.2.0/24"), "198.51.100.0/24")
change("rules.server", hello(), ruled(application="whatsapp", server="whatsapp.com"), "=whatsapp.com")
change("rules.when", hello(), ruled(when="then") | {"times": {"then": {"days": "mon", "zone": "UTC"},
                                                              "later": {"days": "tue", "zone": "UTC"}}}, "later")
change("rules.vlan", hello(vlans=((0x8100, 105),)), ruled(vlan="100-110"), 7)
change("rules.mac", hello(), ruled(mac="02:00:00:00:00:05"), "02:00:00:00:00:06")
change("rules.interface", hello(), ruled(interface=0), 1)
change("rules.direction", hello(), ruled(direction="outbound"), "inbound")
change("rules.confidence", flows(NOISE, port=1863), ruled(application="msn"), "medium")
change("rules.monitor", hello(), ruled(), True)
change("rules.action", hello(), ruled(), "drop")
change("rules.log", hello(), ruled(action="allow"), False)
change("rules.list", hello("www.bad.example.net"),
       {"rules": [{"name": "listed", "list": "bad", "action": "reset", "log": True},
                  {"name": "other", "list": "other", "action": "alert"}],
        "lists": {"bad": {"file": "bad.txt"}, "other": {"file": "other.txt"}}}, "other")
for key, value, other in (("service", "file-transfer", "voice"), ("login", "^alice$", "^carol$"),
                          ("peer_login", "^bob$", "^carol$"), ("filename", r"\.doc$", r"\.exe$")):
    change(f"rules.{key}", captures.ymsg(), ruled(application="yahoo", **{key: value}), other)
change("rules.version", flows(b"VER 1 MSNP8 CVR0\r\n", port=1863), ruled(application="msn", version="MSNP8"), "MSNP1")


# --- access

def listed(**line):
    return {"access": [{"action": "deny"} | line], "rules": []}


change("access.name", hello(), listed(), "quarantine")
change("access.action", hello(), listed(), "permit")
change("access.reset", hello(), listed(), True)
change("access.log", hello(), listed(action="permit"), True)
change("access.when", hello(), listed(when="then") | {"times": {"then": {"days": "mon", "zone": "UTC"},
                                                               "later": {"days": "tue", "zone": "UTC"}}}, "later")
for key, value, other in (
        ("protocol", "tcp", "udp"), ("from", "10.0.0.0/8", "10.9.0.0/16"), ("to", "192.0.2.9", "192.0.2.10"),
        ("port", "440-450", 25), ("mac", "02:00:00:00:00:05", "02:00:00:00:00:06"), ("interface", 0, 1),
        ("direction", "outbound", "inbound")):
    change(f"access.{key}", hello(), listed(**{key: value}), other)
change("access.vlan", hello(vlans=((0x8100, 105),)), listed(vlan=105), 106)


# --- inspection

def inspecting(**keys):
    return BLOCK | {"inspection": keys}


change("inspection.encapsulations", captures.tunnelled(), inspecting(encapsulations=["gre", "ip-in-ip"]), ["gre"])
change("inspection.midstream", captures.midstream(), inspecting(midstream="inspect"), "drop")
change("inspection.incomplete", captures.not_whole(40), inspecting(incomplete="reset"), "allow")
SPOKEN = {"said": http_get("www.example.com"), "answer": HTTP_OK, "then": http_get("www.example.com"),
          "port": 8088}
for key, before, after, capture in (
        ("embryonic", 10, 300, captures.silent(60)), ("established", 300, 30, captures.silent(60, **SPOKEN)),
        ("closing", 10, 300, captures.silent(60, **SPOKEN, close=True)),
        ("udp", 60, 300, captures.silent(80, udp=True, said=NOISE)), ("incomplete", 30, 300, captures.not_whole(60)),
        ("blocked", 60, 10, captures.silent(40, said=client_hello(WHATSAPP)))):
    # What is forgotten is a connection whose opening was not seen.
    change(f"inspection.timeouts.{key}", capture,
           inspecting(timeouts={key: before}, midstream="inspect" if key == "blocked" else "drop"), after)
change("inspection.exhaustion.flows", captures.many_flows(), inspecting(exhaustion={"fragments": "closed"}),
       "closed", arguments=["--flows", "64"])
change("inspection.exhaustion.inspections", captures.many_openings(), inspecting(exhaustion={"fragments": "closed"}),
       "closed", arguments=["--flows", "8192"])
change("inspection.exhaustion.fragments", captures.many_fragments(), inspecting(exhaustion={"fragments": "closed"}),
       "open")


# --- names: DNS, TLS, QUIC, what hides them

def resolving(**keys):
    return BLOCK | {"dns": keys}


change("dns.answer", captures.question(), resolving(answer="nxdomain"), "refused")
change("dns.addresses", captures.question(), resolving(answer="address", addresses=["10.0.0.80"]), ["10.0.0.81"])
change("dns.learn_servers", captures.learned(),
       {"rules": [{"name": "asking is free", "application": "whatsapp", "to": "192.0.2.9", "action": "allow"}, NO_IM],
        "dns": {"learn_servers": True}}, False)
change("dns.header", flows(captures.BAD_QUESTION, port=53, udp=True), resolving(header="allow"), "drop")
change("dns.message_length.max", flows(dns_query("a" * 40 + ".example.com"), port=53, udp=True),
       resolving(message_length={"max": 512, "action": "drop"}), 50)
change("dns.message_length.action", flows(dns_query("a" * 40 + ".example.com"), port=53, udp=True),
       resolving(message_length={"max": 50, "action": "drop"}), "alert")
change("tls.encrypted_client_hello", flows(captures.offered_ech("cloudflare-ech.com")),
       {"rules": [], "tls": {"encrypted_client_hello": "allow"}}, "reset")
change("tls.ech_public_names", flows(captures.offered_ech("public.example")),
       {"rules": [], "tls": {"encrypted_client_hello": "reset", "ech_public_names": ["other.example"]}},
       ["public.example"])
change("tls.quic", flows(BAD_QUIC, udp=True), {"rules": [], "tls": {"quic": "inspect"}}, "block")
change("tls.unreadable_quic", flows(UNKNOWN_QUIC, udp=True), {"rules": [], "tls": {"unreadable_quic": "allow"}}, "drop")
change("evasion.doh", hello("doh.tiar.app"), {"rules": [], "evasion": {"doh": "allow"}}, "reset")
change("evasion.dot", hello("dot.tiar.app", port=853), {"rules": [], "evasion": {"dot": "allow"}}, "reset")
change("evasion.proxies", flows(CONNECT, port=3128), {"rules": [], "evasion": {"proxies": "inspect"}}, "reset")


# --- HTTP

def checked(**keys):
    return {"rules": [], "http": keys}


change("http.port_misuse.im", web(http_get(WHATSAPP)), checked(port_misuse={"im": "allow"}), "reset")
change("http.port_misuse.tunneling", web(http_get("gotomypc.com")), checked(port_misuse={"tunneling": "allow"}),
       "reset")
change("http.port_misuse.p2p", web(GNUTELLA, port=8080),
       checked(port_misuse={"p2p": "allow"}) | {"signatures": [str(RULES / "p2p.rules")]}, "reset")
change("http.port_misuse.default", web(http_get(WHATSAPP)), checked(port_misuse={"p2p": "allow"}), "reset")
change("http.protocol_violation", web(NOISE), checked(protocol_violation="allow"), "reset")
change("http.content_type_verification", captures.image_that_is_a_program(),
       checked(content_type_verification="allow"), "reset")

LONG = web(http_get("www.example.com", "/" + "a" * 200))
for check, capture in (("max_uri_length", LONG), ("max_header_length", LONG), ("max_header_line_length", LONG)):
    change(f"http.{check}.bytes", capture, checked(**{check: {"bytes": 2000, "action": "reset"}}), 20)
    change(f"http.{check}.action", capture, checked(**{check: {"bytes": 20, "action": "reset"}}), "alert")
FIELDS = web(request("GET / HTTP/1.1", "User-Agent: Gator/3.0", "A: b", "Transfer-Encoding: gzip, chunked"))
change("http.max_header_count.count", FIELDS, checked(max_header_count={"count": 10, "action": "reset"}), 2)
change("http.max_header_count.action", FIELDS, checked(max_header_count={"count": 2, "action": "reset"}), "alert")
LENGTH = web(request("POST / HTTP/1.1", "Content-Length: 5", body=b"hello"))
change("http.content_length.min", LENGTH, checked(content_length={"min": 5, "action": "reset"}), 6)
change("http.content_length.max", LENGTH, checked(content_length={"max": 5, "action": "reset"}), 4)
change("http.content_length.action", LENGTH, checked(content_length={"max": 4, "action": "reset"}), "alert")
change("http.request_methods.allow", web(request("PROPFIND / HTTP/1.1")),
       checked(request_methods={"allow": ["GET", "PROPFIND"], "action": "reset"}), ["GET"])
change("http.request_methods.action", web(request("PROPFIND / HTTP/1.1")),
       checked(request_methods={"allow": ["GET"], "action": "reset"}), "alert")
for check, line in (("uri", "GET /gateway/gateway.dll HTTP/1.1"), ("arguments", "GET /a?gateway=1 HTTP/1.1")):
    change(f"http.{check}.pattern", web(request(line)), checked(**{check: [{"pattern": "gateway", "action": "reset"}]}),
           "nothing")
    change(f"http.{check}.action", web(request(line)), checked(**{check: [{"pattern": "gateway", "action": "reset"}]}),
           "alert")
change("http.headers.name", FIELDS, checked(headers=[{"name": "User-Agent", "action": "reset"}]), "Referer")
change("http.headers.name_pattern", FIELDS, checked(headers=[{"name_pattern": "^user-", "action": "reset"}]),
       "^x-kazaa-")
change("http.headers.pattern", FIELDS, checked(headers=[{"name": "User-Agent", "pattern": "gator", "action": "reset"}]),
       "navigator")
change("http.headers.action", FIELDS, checked(headers=[{"name": "User-Agent", "action": "reset"}]), "alert")
change("http.transfer_encoding.allow", FIELDS,
       checked(transfer_encoding={"allow": ["gzip", "chunked"], "action": "reset"}), ["chunked"])
change("http.transfer_encoding.action", FIELDS, checked(transfer_encoding={"allow": ["chunked"], "action": "reset"}),
       "alert")

#!/usr/bin/python3
"""Who may include whom: the layers of lib/, and where foreign libraries may be seen."""

import tree

# What each library may include besides itself: a library, or one header of it. The order is that
# of their dependencies, so a cycle cannot be written down here.
LAYERS = {
    "base": [],
    "config": ["base"],
    "net": ["base"],
    "proto": ["base"],
    # Where HTTP's words, authorities and requests begin and end is said once, by the parser of it.
    "detect": ["base", "proto/facts.h", "proto/http.h", "proto/http_authority.h",
               "proto/http_coding.h", "proto/http_head.h", "proto/http_text.h"],
    # Names of a list are in the form in which parsers give them.
    "lists": ["base", "proto/facts.h"],
    # Traffic made up, for what explains and audits.
    "synth": ["base", "net", "proto/quic_crypto.h"],
    "catalog": ["base", "config", "proto/facts.h", "proto/messenger.h"],
    "policy": ["base", "config", "catalog", "lists/mask.h", "net/encapsulation.h", "proto/http_methods.h",
               "proto/http_text.h", "proto/messenger.h"],
    "flow": ["base", "net", "catalog/ids.h", "policy/verdict.h", "proto/facts.h"],
    "stream": ["base", "net"],
    # An answer to a question is written by the reader of questions, so that there is one of it.
    # An Initial is protected by whoever can open one.
    "enforce": ["base", "net", "proto/dns.h", "proto/dns_response.h", "proto/quic_crypto.h",
                "proto/quic_packet.h"],
    "learn": ["base", "catalog", "proto"],
    "telemetry": ["base", "net", "catalog/ids.h", "policy/verdict.h", "proto/facts.h"],
    "engine": ["base", "net", "proto", "detect", "lists", "catalog", "policy", "flow", "stream", "enforce",
               "learn", "telemetry"],
    # The engine over made-up traffic, in words.
    "explain": ["base", "net", "proto/dns_canary.h", "proto/facts.h", "proto/messenger.h", "proto/parser.h",
                "lists/mask.h", "synth", "catalog", "policy", "flow/flow.h", "learn", "detect",
                "telemetry", "engine"],
    # What events come to, and an audit beside it.
    "report": ["base", "explain/audit.h"],
    "control": ["base", "config", "net/packet_view.h", "detect", "lists", "catalog", "policy", "learn",
                "telemetry", "engine/snapshot.h", "engine/mailbox.h", "engine/request_slot.h", "engine/trace.h", "engine/worker.h",
                "explain", "io/pcap/pcapng.h"],
    # The process itself: rights, supervisor, service manager, the kernel's bridge.
    "process": ["base"],
    "io/pcap": ["base", "net/packet_view.h"],
    "replay": ["base", "net", "telemetry", "engine", "io/pcap"],
    "io/dpdk": ["base", "net/packet_view.h", "telemetry", "engine", "control/gateway.h"],
}

# Formatting of events needs the snapshot's tables, and only there: see lib/telemetry/eve.h.
EXTRA = {
    "telemetry/eve": ["catalog/catalogue.h", "policy/policy.h"],
}

# Header prefix, and the paths below the tree that may include it.
FOREIGN = [
    ("rte_", ["lib/io/dpdk/", "test/unit/io-dpdk/", "test/lab/io/"]),
    ("nlohmann/", ["lib/config/", "lib/catalog/loader.cpp", "lib/policy/loader.cpp", "lib/policy/import/",
                   "lib/control/", "lib/report/*.cpp",
                   "lib/telemetry/*.cpp", "app/", "test/"]),
    ("boost/program_options", ["app/", "test/"]),
    ("boost/", ["lib/control/", "lib/proto/http2_memory.cpp", "app/", "test/"]),
    ("hiredis/", ["lib/telemetry/redis_protocol.cpp"]),
    ("hs.h", ["lib/detect/*.cpp", "test/bench/"]),
    ("hs/", ["lib/detect/*.cpp", "test/bench/"]),
    ("date/", ["lib/policy/times.cpp"]),
    ("zlib.h", ["lib/proto/http_coding.cpp", "lib/report/event_file.cpp", "test/unit/detect/", "test/unit/proto/",
                "test/unit/report/"]),
    ("pcre2.h", ["lib/detect/expression.cpp", "lib/policy/pattern.cpp"]),
    ("curses.h", ["app/chatgatectl/"]),
    ("openssl/", ["app/chatgatectl/", "lib/base/*.cpp", "lib/proto/*.cpp", "lib/detect/*.cpp", "lib/telemetry/*.cpp",
                  "lib/control/*.cpp", "test/"]),
    ("nghttp2/", ["lib/proto/http2*", "test/unit/proto/"]),
    ("pcap", ["lib/io/pcap/*.cpp", "test/"]),
    ("histedit.h", ["app/chatgatectl/"]),
    ("editline/", ["app/chatgatectl/"]),
    ("gtest/", ["test/"]),
    ("gmock/", ["test/"]),
]


def library_of(path):
    name = tree.relative(path).removeprefix("lib/")
    return next((library for library in LAYERS if name.startswith(library + "/")), None)


def check_layers(path):
    library = library_of(path)
    if library is None:
        yield f"{tree.relative(path)}:1: this folder has no row in LAYERS"
        return
    allowed = list(LAYERS[library])
    name = tree.relative(path).removeprefix("lib/")
    for prefix, extra in EXTRA.items():
        if name.startswith(prefix):
            allowed += extra
    for number, kind, header in tree.includes(path):
        if kind != '"' or header.startswith(library + "/"):
            continue
        if not any(header == entry or header.startswith(entry + "/") for entry in allowed):
            yield f"{tree.relative(path)}:{number}: {library} may not include \"{header}\""


def matches(name, pattern):
    folder, star, suffix = pattern.partition("*")
    return name.startswith(folder) and (not star or name.endswith(suffix))


def check_foreign(path):
    name = tree.relative(path)
    for number, kind, header in tree.includes(path):
        own = (tree.ROOT / "lib" / header).exists() or (path.parent / header).exists()
        if kind == '"' and own and not (header.startswith("..") and name.startswith("lib/")):
            continue
        if kind == '"' and not name.startswith("test/"):
            yield (f"{name}:{number}: \"{header}\" is neither below lib/ nor beside this file; "
                   "foreign headers stand in <>")
        row = next((row for row in FOREIGN if header.startswith(row[0])), None)
        if row and not any(matches(name, pattern) for pattern in row[1]):
            yield f"{name}:{number}: <{header}> belongs in {', '.join(row[1])} only"


def main():
    findings = []
    for path in tree.sources("lib"):
        findings += check_layers(path)
    for path in tree.sources("lib", "app", "test"):
        findings += check_foreign(path)
    tree.finish(findings)


main()

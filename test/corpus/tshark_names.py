"""The names that tshark reads in a capture, by kind, kept in a folder for the next time."""

import hashlib
import os
import subprocess

FIELDS = (
    "frame.number",
    "frame.protocols",
    "tls.handshake.extensions_server_name",
    "http.host",
    "http2.headers.authority",
    "dns.qry.name",
    "dns.flags.response",
)
NAME_FIELDS = FIELDS[2:6]
SEPARATOR = "\x1f"
COMMAND = (
    ["tshark", "-n", "-o", "tcp.reassemble_out_of_order:TRUE"]
    + ["-Y", " or ".join(NAME_FIELDS), "-T", "fields", "-E", "separator=/t"]
    + ["-E", f"aggregator={SEPARATOR}", "-E", "occurrence=a"]
    + [word for field in FIELDS for word in ("-e", field)]
)
# Names asked of everyone on the link, which no gateway forwards.
LOCAL_NAMES = {"mdns", "llmnr"}
TRUE = {"1", "True"}


def version():
    """The first line of `tshark --version`, or None where there is no tshark."""
    try:
        first = subprocess.run(["tshark", "--version"], capture_output=True, text=True, check=True)
    except FileNotFoundError:
        return None
    return first.stdout.split("\n", 1)[0]


def cache_key(tshark_version):
    return hashlib.sha256(repr((tshark_version, COMMAND)).encode()).hexdigest()[:12]


def output_of(capture, cache, key):
    """What tshark prints for the capture; `key` changes with its version and its arguments."""
    kept = None
    if cache is not None:
        digest = hashlib.sha256(capture.read_bytes()).hexdigest()
        kept = cache / f"{digest}-{key}.tsv"
        if kept.exists():
            return kept.read_text(encoding="utf-8", errors="replace")
    # A capture that ends within a packet is read to there; the status says so and is of no use.
    ran = subprocess.run(COMMAND + ["-r", str(capture)], capture_output=True, check=False)
    text = ran.stdout.decode("utf-8", errors="replace")
    if kept is not None:
        part = kept.with_suffix(f".{os.getpid()}")
        part.write_text(text, encoding="utf-8")
        part.rename(kept)
    return text


def questions(names, responses):
    """The names that are asked for, not answered to; `responses` has one flag a message."""
    flags = [flag in TRUE for flag in responses]
    if len(flags) == len(names):
        return [name for name, answered in zip(names, flags) if not answered]
    return names if not all(flags) else []


def names_of_row(row):
    """Pairs of kind and name of one frame."""
    cells = (row.split("\t") + [""] * len(FIELDS))[: len(FIELDS)]
    protocols = set(cells[1].split(":"))
    hellos, hosts, authorities, asked, responses = (
        [word for word in cell.split(SEPARATOR) if word] for cell in cells[2:]
    )
    # An ICMP error quotes the packet that it is about.
    if protocols & {"icmp", "icmpv6"}:
        return
    # TLS without either carries EAP, which no gateway sees.
    kind = "quic" if protocols & {"quic", "gquic"} else "tls" if "tcp" in protocols else None
    if kind is not None:
        yield from ((kind, name) for name in hellos)
    yield from (("http", name) for name in hosts + authorities)
    if not protocols & LOCAL_NAMES:
        yield from (("dns", name) for name in questions(asked, responses))


def names(capture, cache, key):
    """All (kind, name) of a capture, each with the number of the first frame that says it."""
    found = {}
    for row in output_of(capture, cache, key).splitlines():
        number = row.split("\t", 1)[0]
        for kind, name in names_of_row(row):
            found.setdefault((kind, name), number)
    return found

"""What is aimed at, and whether a run reached it. Ratios within a run, and counts: no absolute rate of
a machine but where the aim is one."""

# Name of a result, what of it counts, at least or at most, the aim, in words.
TARGETS = [
    ("devices/64/100000/5tswap", "ratio", ">=", 0.80, "decided flows, 64 bytes, 100,000 flows, of testpmd 5tswap"),
    ("devices/64/1000000/5tswap", "ratio", ">=", 0.60, "the same with 1,000,000 flows"),
    ("captures/mixed", "ratio", ">=", 10, "captures of mixed traffic, times ndpiReader"),
    ("captures/short-tls", "ratio", ">=", 5, "short TLS flows, times ndpiReader"),
    ("engine/new_tls_flow/passed", "value", "<=", 2500, "a new TLS flow from SYN to verdict, ns"),
    ("engine/new_quic_flow/passed", "value", "<=", 8000, "a new QUIC flow to its verdict, ns"),
    ("engine/bytes_a_flow/1000000", "value", "<=", 128, "table a flow, bytes"),
    ("engine/memory/1000000/50000", "value", "<=", 1 << 30, "1,000,000 flows, 50,000 of them inspected, bytes"),
    ("engine/rules", "ratio", "<=", 1.1, "a decided packet under 4,000 rules, times under 10"),
    ("engine/all-inspection", "ratio", "<=", 1.1, "the same with 1,000,000 names and 10,000 Snort rules as well"),
    ("engine/two-workers", "ratio", ">=", 1.9, "two workers' engines at once, times one"),
    ("start/first-packet", "value", "<=", 1, "start to the first forwarded packet, s"),
]


def judge(results):
    """(words, aim, figure or None, reached or None) of each target."""
    by_name = {result.name: result for result in results}
    for name, field, relation, aim, words in TARGETS:
        result = by_name.get(name)
        figure = getattr(result, field) if result else None
        reached = None
        if figure is not None:
            reached = figure >= aim if relation == ">=" else figure <= aim
        yield words, f"{relation} {aim:,}", figure, reached

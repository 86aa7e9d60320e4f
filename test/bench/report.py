"""The table, the targets and the plots, in Markdown and SVG, without any library."""

import html
import math
import statistics

import targets

BEGIN, END = "<!-- figures: scripts/bench --write -->", "<!-- end of figures -->"
COLOURS = "#1b6ca8", "#c05621", "#2f855a", "#6b46c1"


def number(value):
    if value is None:
        return ""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(results):
    yield "| figure | unit | median | least to most | runs | held against | ratio |"
    yield "|---|---|---|---|---|---|---|"
    for result in results:
        ratio = "" if result.ratio is None else f"{result.ratio:.2f}"
        yield (f"| {result.name} | {result.unit} | {number(result.value)} | {number(min(result.values))} to "
               f"{number(max(result.values))} | {len(result.values)} | {result.against} | {ratio} |")


def target_table(results):
    yield "| aim | wanted | measured | reached |"
    yield "|---|---|---|---|"
    for words, aim, figure, reached in targets.judge(results):
        word = {None: "not measured", True: "yes", False: "**no**"}[reached]
        yield f"| {words} | {aim} | {number(figure)} | {word} |"


def stage_table(results, machine):
    """What each stage takes, and its share of the whole; cycles are those of the processor's counter."""
    ways = {}
    for result in results:
        parts = result.name.split("/")
        if parts[0] == "stage" and len(parts) > 2:
            ways.setdefault("/".join(parts[1:-1]), {})[parts[-1]] = result.value
    try:
        a_nanosecond = float(machine["mhz"]) / 1000
    except (KeyError, ValueError):
        a_nanosecond = None
    if ways:
        yield "| way | stage | ns | cycles | of the whole |"
        yield "|---|---|---|---|---|"
    for way, stages in ways.items():
        whole = stages.get("whole")
        for stage, value in stages.items():
            cycles = "" if a_nanosecond is None else number(value * a_nanosecond)
            share = f"{value / whole:.0%}" if whole else ""
            yield f"| {way} | {stage} | {number(value)} | {cycles} | {share} |"


def bars(title, unit, rows, logarithmic=False):
    """A plot of bars: (label, [(series, value), …]) each. A logarithmic one begins at half the least value."""
    series = list(dict.fromkeys(name for _, values in rows for name, _ in values))
    most = max(value for _, values in rows for _, value in values)
    least = min(value for _, values in rows for _, value in values)
    left, width, bar, gap = 190, 420, 15, 12

    def length(value):
        return math.log(2 * value / least) / math.log(2 * most / least) if logarithmic else value / most

    height = 60 + sum(len(values) * bar + gap for _, values in rows) + 20 * len(series)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 110}" height="{height}" '
           'font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>',
           f'<text x="10" y="20" font-size="14">{html.escape(title)} ({html.escape(unit)})</text>']
    y = 40
    for label, values in rows:
        middle = y + len(values) * bar / 2 + 4
        out.append(f'<text x="{left - 8}" y="{middle:.0f}" text-anchor="end">{html.escape(label)}</text>')
        for name, value in values:
            long = width * length(value)
            out.append(f'<rect x="{left}" y="{y}" width="{long:.1f}" height="{bar - 2}" '
                       f'fill="{COLOURS[series.index(name) % len(COLOURS)]}"/>')
            out.append(f'<text x="{left + long + 5:.1f}" y="{y + bar - 4}">{number(value)}</text>')
            y += bar
        y += gap
    for i, name in enumerate(series):
        out.append(f'<rect x="{left}" y="{y}" width="12" height="12" fill="{COLOURS[i % len(COLOURS)]}"/>')
        out.append(f'<text x="{left + 18}" y="{y + 11}">{html.escape(name)}</text>')
        y += 20
    return "\n".join(out + ["</svg>", ""])


def beside(result, unit):
    """Two bars: the figure, and what it is held against."""
    return [("chatgate", result.value / unit), (result.against, statistics.median(result.others) / unit)]


def plots(results):
    """(file name, SVG) of what there are figures for."""
    device, flows, engine, latency, memif = {}, {}, [], {}, {}
    for result in results:
        parts = result.name.split("/")
        if parts[0] == "devices" and parts[-1] != "revision" and result.others:
            label = f"{parts[1]} bytes, {int(parts[2]):,} flows" if parts[1].isdigit() else \
                f"{parts[1]}, {int(parts[2]):,} flows"
            row = device.setdefault(label, [("chatgate", result.value / 1e6)])
            row.append(beside(result, 1e6)[1])
        elif parts[:1] == ["memif"] and parts[2] == "latency" and parts[1] == "64" and min(result.values) > 0:
            latency[f"{parts[3]} of the rate, {parts[4]}"] = beside(result, 1)
        elif parts[:1] == ["memif"] and parts[2] == "loss-free":
            memif.setdefault(f"{parts[1]} bytes" if parts[1].isdigit() else parts[1], [
                ("chatgate", result.value / 1e6)]).append(beside(result, 1e6)[1])
        elif parts[0] == "captures" and result.others:
            flows[parts[1]] = beside(result, 1e6)
        elif result.name.startswith(("engine/decided/", "engine/new_")):
            engine.append((result.name.removeprefix("engine/"), [("chatgate", result.value)]))
    if device:
        yield "devices.svg", bars("Decided flows through DPDK devices", "million packets a second",
                                  list(device.items()))
    if flows:
        yield "captures.svg", bars("Captures in memory", "million packets a second", list(flows.items()))
    if memif:
        yield "memif.svg", bars("Between two memifs, nothing lost", "million packets a second", list(memif.items()))
    if latency:
        yield "latency.svg", bars("Latency between two memifs, 64 bytes", "ns, logarithmic",
                                  list(latency.items()), True)
    if engine:
        yield "engine.svg", bars("The engine alone", "ns a packet or a flow", engine)


def write(path, machine, commit, command, results):
    """Puts the figures between the two marks of `path`, and plots beside it."""
    folder = path.parent / "performance"
    folder.mkdir(exist_ok=True)
    lines = [BEGIN, "", f"`{command}` at `{commit}`, on", ""]
    lines += [f"* {key.replace('_', ' ')}: {value}" for key, value in machine.items()]
    lines += ["", *target_table(results), ""]
    for name, picture in plots(results):
        (folder / name).write_text(picture, encoding="utf-8")
        lines += [f"![{name.removesuffix('.svg')}](performance/{name})", ""]
    stages = [*stage_table(results, machine), ""]
    lines += [*(stages if len(stages) > 1 else []), *table(results), "", END]
    text = path.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    tail = rest.partition(END)[2]
    path.write_text(head + "\n".join(lines) + tail, encoding="utf-8")

"""The soak's time line: figures of the gateway every so often, as a table in a file and as a picture."""

import csv
import html
import re
import time
import urllib.request
from collections import Counter
from pathlib import Path

BEGIN, END = "<!-- figures: test/lab/soak.py --write -->", "<!-- end of figures -->"
WARM_UP = 120.0  # seconds, or a third of all: until every page of the tables has been touched
METRICS = "127.0.0.1:9108"
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\d+)$", re.M)
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
DEVICE = ("missed", "errors", "no_buffer")
WIDTH, HEIGHT, LEFT, RIGHT, GAP = 760, 110, 90, 150, 34
COLOURS = "#1b6ca8", "#c05621", "#2f855a", "#6b46c1"


class Metrics:
    """What `chatgate run --metrics` says; its counters go on whatever is cleared."""

    def __init__(self, lab):
        with lab.inside(lab.gateway):
            with urllib.request.urlopen(f"http://{METRICS}/metrics", timeout=10) as answer:
                text = answer.read().decode()
        self.values = Counter()
        for name, labels, value in SAMPLE.findall(text):
            self.values[name] += int(value)
            for label, of in LABEL.findall(labels):
                self.values[name, label, of] += int(value)

    def counter(self, word):
        return self.values[f"chatgate_{word.replace('-', '_')}_total"]

    def level(self, word):
        return self.values[f"chatgate_{word.replace('-', '_')}"]

    def reasons(self):
        return {key[2]: value for key, value in self.values.items()
                if key[0] == "chatgate_reasons_total" and len(key) == 3 and key[1] == "reason" and value}


def process(pid):
    """(KiB resident, threads, open descriptors)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    words = {name: int(re.search(rf"^{name}:\s*(\d+)", status, re.M)[1]) for name in ("VmRSS", "Threads")}
    return words["VmRSS"], words["Threads"], len(list(Path(f"/proc/{pid}/fd").iterdir()))


def slope(points):
    """Least squares: growth for each unit of x."""
    count = len(points)
    if count < 2:
        return 0.0
    middle = sum(x for x, _ in points) / count
    spread = sum((x - middle) ** 2 for x, _ in points)
    return sum((x - middle) * y for x, y in points) / spread if spread else 0.0


class Story:
    """Rows of a time line. Each has the same columns; those that end in _total only grow."""

    def __init__(self):
        self.began = time.monotonic()
        self.rows = []

    def tell(self, **figures):
        row = {"seconds": round(time.monotonic() - self.began, 1), **figures}
        self.rows.append(row)
        return row

    def settled(self):
        """The rows after the warm-up."""
        begin = max(WARM_UP, self.rows[-1]["seconds"] / 3)
        return [row for row in self.rows if row["seconds"] >= begin]

    def growth(self, column):
        """By the fit of all rows after the warm-up, from the first of them to the last."""
        points = [(row["seconds"], row[column]) for row in self.settled()]
        return slope(points) * (points[-1][0] - points[0][0]) if len(points) > 1 else 0.0

    def write(self, path):
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        with path.open("w", encoding="utf-8", newline="") as out:
            table = csv.DictWriter(out, columns, lineterminator="\n", restval=0)
            table.writeheader()
            table.writerows(self.rows)

    def write_document(self, path, title, lines):
        """Puts the lines between the two marks of the file, and beside it a folder with time line and picture."""
        folder = path.with_suffix("")
        folder.mkdir(parents=True, exist_ok=True)
        self.write(folder / "soak.csv")
        (folder / "soak.svg").write_text(self.plot(title), encoding="utf-8")
        text = path.read_text(encoding="utf-8") if path.exists() else f"{BEGIN}\n{END}\n"
        head, _, rest = text.partition(BEGIN)
        inside = [BEGIN, "", *lines, "", f"![{title}]({folder.name}/soak.svg)", "", f"The [time line]({folder.name}/soak.csv).", "", END]
        path.write_text(head + "\n".join(inside) + rest.partition(END)[2], encoding="utf-8")

    def rates(self, column):
        """(seconds, a second) of what only grows."""
        pairs = zip(self.rows, self.rows[1:])
        return [(now["seconds"], (now[column] - was[column]) / max(0.1, now["seconds"] - was["seconds"]))
                for was, now in pairs]

    def levels(self, column):
        return [(row["seconds"], row[column]) for row in self.rows]

    def plot(self, title):
        panels = (
            ("memory, MiB", {"process": [(x, y / 1024) for x, y in self.levels("rss_kib")],
                             "tables": [(x, y / 1024) for x, y in self.levels("tables_kib")]}),
            ("frames a second", {"forwarded": self.rates("forwarded_total"), "dropped": self.rates("dropped_total")}),
            ("flows", {"in the table": self.levels("flows"), "inspected": self.levels("inspections")}),
            ("lost of the innocents, and by the device", {
                "datagrams": self.levels("lost_total"), "segments": self.levels("tcp_lost_total"),
                "missed": self.levels("missed_total")}),
            ("blocked and passed, a second", {"blocked": self.rates("blocked_total"), "passed": self.rates("passed_total")}),
        )
        out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" '
               f'height="{40 + len(panels) * (HEIGHT + GAP)}" font-family="sans-serif" font-size="11">',
               '<rect width="100%" height="100%" fill="white"/>',
               f'<text x="10" y="18" font-size="13">{html.escape(title)}</text>']
        last = max(self.rows[-1]["seconds"], 1)
        for number, (name, lines) in enumerate(panels):
            out += panel(40 + number * (HEIGHT + GAP), name, lines, last)
        return "\n".join([*out, "</svg>", ""])


def panel(top, name, lines, last):
    most = max([1, *(y for points in lines.values() for _, y in points)])
    yield f'<text x="{LEFT}" y="{top - 4}">{html.escape(name)}</text>'
    yield f'<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#bbb"/>'
    yield f'<text x="{LEFT - 6}" y="{top + 9}" text-anchor="end">{most:,.0f}</text>'
    yield f'<text x="{LEFT - 6}" y="{top + HEIGHT}" text-anchor="end">0</text>'
    yield f'<text x="{LEFT + WIDTH}" y="{top + HEIGHT + 12}" text-anchor="end">{last / 60:.1f} min</text>'
    for number, (what, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{LEFT + WIDTH * x / last:.1f},{top + HEIGHT - HEIGHT * y / most:.1f}" for x, y in points)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        yield f'<text x="{LEFT + WIDTH + 8}" y="{top + 14 + 15 * number}" fill="{colour}">{html.escape(what)}</text>'

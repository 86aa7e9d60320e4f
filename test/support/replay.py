"""Runs captures through `chatgate replay`, and says what came of each packet."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
CATALOGUE = TREE / "policy" / "catalog"

sys.path.insert(0, str(TREE / "test" / "scenario"))

import frames  # noqa: E402  pylint: disable=wrong-import-position


class Result:
    """What came of a capture: events, which packets passed, and what was forged for which."""

    def __init__(self, program, policy, capture, written=True):
        """`capture` is a path; the packets of one that is `written` have times that differ."""
        self.passed, self.forged, self.events = set(), {}, []
        with tempfile.TemporaryDirectory(prefix="chatgate-messengers-") as folder:
            folder = Path(folder)
            (folder / "policy.json").write_text(json.dumps(policy), encoding="utf-8")
            words = [program, "replay", "--policy", folder / "policy.json", "--catalogue", CATALOGUE,
                     "--read", capture, "--events", folder / "events.json"]
            words += ["--write", folder / "output.pcap"] if written else ["--flows", "4096"]
            done = subprocess.run([*map(str, words)], capture_output=True, text=True, timeout=300, check=False)
            # Of a capture that is cut off, what there is has been replayed.
            if done.returncode != 0 and (written or "the capture is cut off" not in done.stderr):
                raise RuntimeError(f"replay ends with {done.returncode}: {done.stderr.strip()}")
            text = (folder / "events.json").read_text(encoding="utf-8")
            self.events = [json.loads(line) for line in text.splitlines()]
            if written:
                self.read_output((folder / "output.pcap").read_bytes(), Path(capture).read_bytes())

    def read_output(self, output, source):
        packets = dict(frames.read_pcap(source)[1])
        for time, frame in frames.read_pcap(output)[1]:
            if packets[time] == frame:
                self.passed.add(time)
            else:
                self.forged.setdefault(time, []).append(frames.describe(frame))

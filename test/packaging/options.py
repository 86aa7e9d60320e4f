#!/usr/bin/python3
"""Options of a file and of the command line together.

usage: options.py CHATGATE CHATGATECTL
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHATGATE = sys.argv[1]


class Options(unittest.TestCase):
    def run_with(self, text, *words):
        with tempfile.TemporaryDirectory(prefix="chatgate-options-") as folder:
            config = Path(folder, "chatgate.conf")
            config.write_text(text, encoding="utf-8")
            result = subprocess.run([CHATGATE, *words, "--config", str(config)], capture_output=True,
                                    text=True, check=False, timeout=60)
            return result.returncode, result.stderr.replace(folder, "")

    def test_the_command_line_replaces_all_of_an_option_that_repeats(self):
        both = "inside = af_packet:file0\ninside = af_packet:file1\noutside = af_packet:file2\n"
        status, said = self.run_with(both, "run", "--inside", "af_packet:word0", "--outside", "af_packet:word1")
        self.assertEqual(status, 2)
        self.assertIn("word0", said)
        self.assertIn("word1", said)
        self.assertNotIn("file0", said)
        self.assertNotIn("file2", said)

    def test_the_file_counts_where_the_command_line_is_silent(self):
        status, said = self.run_with("inside = af_packet:file0\noutside = af_packet:file1\n", "run")
        self.assertEqual(status, 2)
        self.assertIn("file0", said)
        self.assertIn("file1", said)

    def test_every_command_has_its_section(self):
        for command in ("run", "replay", "check", "explain", "audit", "report", "import"):
            status, said = self.run_with(f"[{command}]\n", "check", "/nonexistent")
            self.assertEqual(status, 2)
            self.assertNotIn("unknown section", said)
        self.assertIn("unknown section", self.run_with("[rnu]\n", "check", "/nonexistent")[1])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

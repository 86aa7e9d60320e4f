#!/usr/bin/python3
"""What `meson install` lays out: every file in its place, and usable from there.

usage: layout.py BUILD-FOLDER
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import installed

BUILD = Path(sys.argv[1]).resolve()


def run(*words, **more):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False,
                          **more)


def install(folder):
    result = run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", folder)
    assert result.returncode == 0, result.stdout + result.stderr


class Layout(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="chatgate-layout-")
        cls.root = Path(cls.temporary.name)
        install(cls.root)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def test_every_file_is_in_its_place_and_no_other(self):
        found = {str(path.relative_to(self.root)) for path in self.root.rglob("*") if not path.is_dir()}
        self.assertEqual(found, installed.all_files())
        self.assertGreater(len(installed.DATA), 100)

    def test_the_package_asks_for_what_a_build_needs(self):
        """The list of scripts/setup, and what only tests take of it."""
        setup = (installed.TREE / "scripts/setup").read_text(encoding="utf-8")
        needed = set(re.search(r"^build_packages=\((.*?)^\)", setup, re.M | re.S)[1].split())
        needed -= {"build-essential", "ccache", "ninja-build", "pkg-config", "tzdata", "googletest",
                   "libgtest-dev", "libgmock-dev"}
        asked = (installed.TREE / "packaging/debian/control").read_text(encoding="utf-8").split("\n\n")[0]
        self.assertEqual(needed - set(re.findall(r"^ ?(?:Build-Depends: )?([a-z][a-z0-9.+-]+)", asked, re.M)), set())
        self.assertGreater(len(needed), 8)

    def test_modes(self):
        for path in self.root.rglob("*"):
            name = str(path.relative_to(self.root))
            wanted = 0o755 if path.is_dir() or name in installed.PROGRAMS else 0o644
            self.assertEqual(path.stat().st_mode & 0o7777, wanted, name)

    def test_the_shipped_policy_is_valid_where_it_is_installed(self):
        policy = self.root / "etc/chatgate/policy.json"
        result = run(self.root / "usr/bin/chatgate", "check", "--json", "--catalogue",
                     self.root / "usr/share/chatgate/catalog", "--config", "/dev/null", policy)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue(json.loads(result.stdout)["ok"])
        schema = re.search(r'"\$schema": "([^"]+)"', policy.read_text(encoding="utf-8"))[1]
        self.assertTrue((self.root / schema.lstrip("/")).is_file(), schema)

    def test_programs_look_where_the_data_is(self):
        """Without a folder named, and outside of the build, the catalogue is the installed one."""
        program = self.root / "usr/bin/chatgate"
        environment = {key: value for key, value in os.environ.items() if key != "CHATGATE_CATALOGUE"}
        policy = self.root / "policy.json"
        policy.write_text('{ "rules": [ { "application": "no-such-thing", "action": "drop" } ] }\n',
                          encoding="utf-8")
        result = run(program, "check", "--config", "/dev/null", policy, env=environment)
        policy.unlink()
        if not Path("/usr/share/chatgate/catalog").is_dir():
            self.assertIn("/usr/share/chatgate/catalog", result.stderr)

    def test_the_file_of_options_is_read(self):
        """All its options are known; what is missing is only who stands on which side."""
        config = self.root / "etc/chatgate/chatgate.conf"
        result = run(self.root / "usr/bin/chatgate", "run", "--config", config)
        self.assertEqual(result.returncode, 2)
        self.assertNotIn("unknown", result.stderr)
        self.assertRegex(result.stderr, "inside|no DPDK")

    def test_what_an_administrator_wrote_stays(self):
        policy, config = (self.root / "etc/chatgate" / name for name in ("policy.json", "chatgate.conf"))
        before = policy.read_text(encoding="utf-8")
        policy.write_text("{}\n", encoding="utf-8")
        config.unlink()
        install(self.root)
        self.assertEqual(policy.read_text(encoding="utf-8"), "{}\n")
        self.assertTrue(config.exists())
        policy.write_text(before, encoding="utf-8")

    def test_the_unit_names_what_is_installed(self):
        for unit in (self.root / "usr/lib/systemd/system").iterdir():
            text = unit.read_text(encoding="utf-8")
            self.assertNotIn("@bindir@", text)
            self.assertNotIn("@sbindir@", text)
            # And nothing of another package, which may not be there.
            for program in re.findall(r"^Exec\w+=[-+!@:]*(\S+)", text, re.M):
                self.assertTrue((self.root / program.lstrip("/")).is_file(), program)
            for page, section in re.findall(r"man:(chatgate\S*)\((\d)\)", text):
                self.assertTrue((self.root / f"usr/share/man/man{section}/{page}.{section}").is_file())

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not installed")
    def test_the_unit_allows_what_the_gateway_allows_itself(self):
        """A call that only systemd refuses would be missed where no test runs under it."""
        def calls_of(words):
            found = set()
            for word in words:
                if not word.startswith("@"):
                    found.add(word)
                    continue
                said = run("systemd-analyze", "syscall-filter", word).stdout.splitlines()[1:]
                found |= calls_of([line.strip() for line in said if line.strip() and "#" not in line])
            return found

        allowed = set()
        for line in re.findall(r"^SystemCallFilter=(.*)$", (self.root / "usr/lib/systemd/system/chatgate.service").read_text(
                encoding="utf-8"), re.M):
            calls = calls_of(line.removeprefix("~").split())
            allowed = allowed - calls if line.startswith("~") else allowed | calls
        source = (installed.TREE / "lib/process/syscall_filter.cpp").read_text(encoding="utf-8")
        needed = set(re.findall(r"\bSYS_(\w+)", source)) | {"seccomp", "capset", "prctl"}
        self.assertGreater(len(needed), 100)
        self.assertEqual(needed - allowed, set())

    @unittest.skipUnless(shutil.which("systemd-sysusers") and shutil.which("systemd-tmpfiles"),
                         "systemd is not installed")
    def test_user_and_folders(self):
        with tempfile.TemporaryDirectory(prefix="chatgate-users-") as name:
            root = Path(name)
            shutil.copytree(self.root / "usr/lib", root / "usr/lib")
            (root / "etc").mkdir()
            for command in (["systemd-sysusers"], ["systemd-tmpfiles", "--create"]):
                result = run(*command, f"--root={root}", "chatgate.conf")
                self.assertEqual(result.returncode, 0, result.stderr)
            self.assertRegex((root / "etc/group").read_text(), r"(?m)^chatgate:")
            user = re.search(r"(?m)^chatgate:[^:]*:(\d+):.*:([^:]+)$", (root / "etc/passwd").read_text())
            self.assertRegex(user[2], "nologin")
            if os.geteuid() == 0:
                for folder in ("run", "var/lib", "var/cache", "var/log"):
                    status = (root / folder / "chatgate").stat()
                    self.assertEqual((status.st_uid, status.st_mode & 0o7777), (int(user[1]), 0o750))

    @unittest.skipUnless(shutil.which("logrotate"), "logrotate is not installed")
    def test_rotation_is_understood(self):
        result = run("logrotate", "--debug", "--state", "/dev/null",
                     self.root / "etc/logrotate.d/chatgate")
        said = re.sub(r"unknown (user|group) 'chatgate'", "", result.stderr)
        self.assertNotRegex(said, r"(?i)unknown|unexpected|bad ")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

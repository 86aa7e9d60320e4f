#!/usr/bin/python3
"""chatgate-setup on folders that look like a machine, and, changing nothing, on this one."""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SETUP = Path(__file__).resolve().parents[2] / "scripts/chatgate-setup"
LOADER = importlib.machinery.SourceFileLoader("chatgate_setup", str(SETUP))
PROGRAM = importlib.util.module_from_spec(importlib.util.spec_from_loader("chatgate_setup", LOADER))
sys.dont_write_bytecode = True
LOADER.exec_module(PROGRAM)
PAGES = "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
ROUTE_HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
FIRST, SECOND, THIRD = "0000:01:00.0", "0000:01:00.1", "0000:02:00.0"


class Machine:
    """Files as Linux shows them, of a machine with three cards and four cores."""

    def __init__(self, folder):
        self.root = Path(folder)
        self.put("sys/devices/system/cpu/online", "0-3")
        self.put("sys/devices/system/cpu/isolated", "")
        self.put("proc/cpuinfo", "vendor_id\t: GenuineIntel")
        self.put(PAGES, "0")
        self.put(PAGES.replace("nr_", "free_"), "0")
        self.put("proc/net/route", ROUTE_HEAD)
        self.put("proc/meminfo", "MemTotal:       4194304 kB\nMemAvailable:   2097152 kB")
        self.put("usr/sbin/update-grub", "")
        self.put("proc/net/ipv6_route", "")
        self.put("sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "N")
        self.put("sys/bus/pci/drivers_probe", "")
        for driver in ("ixgbe", "vfio-pci", "nvme"):
            self.put(f"sys/bus/pci/drivers/{driver}/unbind", "")
        for group, (device, interface) in enumerate(((FIRST, "eth1"), (SECOND, "eth2"), (THIRD, "eth0"))):
            self.card(device, "0x020000", "ixgbe", group, interface)

    def put(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")

    def get(self, name):
        path = self.root / name
        return path.read_text(encoding="utf-8").strip() if path.exists() else None

    def card(self, device, kind, driver, group, interface=None):
        folder = f"sys/bus/pci/devices/{device}"
        self.put(f"{folder}/class", kind)
        self.put(f"{folder}/driver_override", "(null)")
        (self.root / folder / "driver").symlink_to(f"../../drivers/{driver}")
        members = self.root / f"sys/kernel/iommu_groups/{group}/devices"
        members.mkdir(parents=True, exist_ok=True)
        (members / device).touch()
        (self.root / folder / "iommu_group").symlink_to(f"../../../../kernel/iommu_groups/{group}")
        if interface:
            (self.root / folder / "net" / interface).mkdir(parents=True)
            (self.root / "sys/class/net" / interface).mkdir(parents=True)

    def bound(self, device, driver):
        """What the kernel does when a driver is asked."""
        link = self.root / f"sys/bus/pci/devices/{device}/driver"
        link.unlink()
        link.symlink_to(f"../../drivers/{driver}")

    def snapshot(self):
        """All files, but for those that only take commands."""
        return {str(path.relative_to(self.root)): path.read_text(encoding="utf-8").strip()
                for path in sorted(self.root.rglob("*")) if path.is_file()
                and path.name not in ("unbind", "drivers_probe", "driver_override")}

    def run(self, *words):
        """In this process, for there are many of them."""
        out, status, said = io.StringIO(), 0, ""
        with contextlib.redirect_stdout(out):
            try:
                PROGRAM.main(["--root", str(self.root), *words])
            except PROGRAM.Problem as problem:
                status, said = problem.status, f"{problem}\n"
        return subprocess.CompletedProcess(words, status, out.getvalue(), said)


class SetUp(unittest.TestCase):
    def setUp(self):
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # many small files
        self.folder = tempfile.TemporaryDirectory(prefix="chatgate-machine-", dir=memory)
        self.machine = Machine(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def done(self, *words):
        result = self.machine.run(*words)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        return result.stdout

    def refused(self, *words):
        before = self.machine.snapshot()
        result = self.machine.run(*words)
        self.assertIn(result.returncode, (1, 2))
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertEqual(self.machine.snapshot(), before, "a refusal changed something")
        return result.stderr

    def test_huge_pages_now_and_from_the_next_boot(self):
        self.done("--hugepages", "1G")
        self.assertEqual(self.machine.get(PAGES), "512")
        self.assertIn("vm.nr_hugepages = 512", self.machine.get("etc/sysctl.d/60-chatgate.conf"))

    def test_more_memory_than_there_is(self):
        for size in ("1793M", "64G"):
            self.assertIn("1792 MiB can be had", self.refused("--hugepages", size))
        self.done("--hugepages", "1792M")
        # What is kept already need not be found again.
        self.machine.put("proc/meminfo", "MemAvailable:   270336 kB")
        self.done("--hugepages", "1800M")
        self.assertIn("1808 MiB can be had", self.refused("--hugepages", "1810M"))

    def test_huge_pages_of_somebody_else_are_left(self):
        self.machine.put(PAGES, "512")
        self.assertIn("1024 MiB", self.refused("--hugepages", "512M"))
        self.done("--hugepages", "1025M")
        self.done("--hugepages", "1024M")  # its own may become fewer

    def test_another_boot_loader_is_told_by_hand(self):
        (self.machine.root / "usr/sbin/update-grub").unlink()
        said = self.refused("--hugepages", "64M", "--isolate", "2-3", "--iommu")
        self.assertIn("isolcpus=managed_irq,domain,2-3 nohz_full=2-3", said)
        self.assertIn("iommu=pt", said)
        self.done("--hugepages", "64M")

    def test_a_card_is_given_to_vfio(self):
        said = self.done("--bind", FIRST)
        self.assertEqual(self.machine.get(f"sys/bus/pci/devices/{FIRST}/driver_override"), "vfio-pci")
        self.assertEqual(self.machine.get("sys/bus/pci/drivers/ixgbe/unbind"), FIRST)
        self.assertEqual(self.machine.get("sys/bus/pci/drivers_probe"), FIRST)
        self.assertEqual(self.machine.get("etc/modules-load.d/chatgate.conf").splitlines()[-1], "vfio-pci")
        self.assertLess(said.index("driver_override"), said.index("unbind"))
        self.assertLess(said.index("unbind"), said.index("drivers_probe"))
        self.assertNotIn(SECOND, said)

    def test_a_short_address_and_one_that_is_bound_already(self):
        self.machine.bound(FIRST, "vfio-pci")
        self.assertIn("already", self.done("--bind", "01:00.0"))
        self.assertEqual(self.machine.get("sys/bus/pci/drivers/vfio-pci/unbind"), "")

    def test_cores_and_iommu_on_the_kernels_line(self):
        self.done("--isolate", "2-3", "--iommu")
        line = self.machine.get("etc/default/grub.d/chatgate.cfg").splitlines()[-1]
        for word in ("isolcpus=managed_irq,domain,2-3", "nohz_full=2-3", "rcu_nocbs=2-3", "intel_iommu=on",
                     "iommu=pt", "$GRUB_CMDLINE_LINUX_DEFAULT "):
            self.assertIn(word, line)
        # What is not said anew stays.
        self.done("--isolate", "3")
        line = self.machine.get("etc/default/grub.d/chatgate.cfg").splitlines()[-1]
        self.assertIn("nohz_full=3 ", line)
        self.assertIn("iommu=pt", line)

    def test_the_card_of_the_default_route_is_refused(self):
        self.machine.put("proc/net/route", ROUTE_HEAD +
                         "eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0")
        self.assertIn("default route", self.refused("--bind", THIRD))
        # No card is touched where one of them is refused.
        self.assertIn("default route", self.refused("--bind", FIRST, "--bind", THIRD))
        self.done("--bind", FIRST)

    def test_of_ipv6_too(self):
        row = "0" * 32 + " 00 " + "0" * 32 + " 00 fe80" + "0" * 27 + "1 00000400 1 0 00000003 eth1"
        self.machine.put("proc/net/ipv6_route", row)
        self.assertIn("eth1", self.refused("--bind", FIRST))
        # The unreachable default of the loopback that every machine has is none.
        self.machine.put("proc/net/ipv6_route", row.replace("eth1", "lo"))
        self.done("--bind", FIRST)

    def test_below_a_bond_and_a_vlan(self):
        net = self.machine.root / "sys/class/net"
        for upper, lower in (("bond0", "eth1"), ("bond0.7", "bond0")):
            (net / upper).mkdir()
            (net / lower / f"upper_{upper}").symlink_to(f"../{upper}")
        self.machine.put("proc/net/route", ROUTE_HEAD +
                         "bond0.7\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0")
        self.assertIn("below bond0.7", self.refused("--bind", FIRST))
        self.done("--bind", SECOND)

    def test_a_route_to_a_network_is_a_way_too(self):
        self.machine.put("proc/net/route", ROUTE_HEAD +
                         "eth1\t0000A8C0\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
                         "eth2\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000080\t0\t0\t0")
        said = self.refused("--bind", FIRST)
        self.assertIn("a route to 192.168.0.0/16", said)
        self.assertIn("ip address flush dev eth1", said)
        self.assertIn("a route to 0.0.0.0/1", self.refused("--bind", SECOND))
        self.done("--bind", THIRD)

    def test_a_route_to_a_network_of_ipv6_is_a_way_too(self):
        def row(network, bits, interface):
            return f"{network:0<32} {bits:02x} {'0' * 32} 00 {'0' * 32} 00000100 1 0 00000001 {interface}\n"
        # What every interface has that is up: itself, its link, everybody on it.
        link = row("fe80", 64, "eth1") + row("fe800000000000000000000000000002", 128, "eth1") + row("ff", 8, "eth1")
        self.machine.put("proc/net/ipv6_route", link + row("20010db8", 32, "eth2"))
        self.assertIn("a route to 2001:db8::/32", self.refused("--bind", SECOND))
        self.done("--bind", FIRST)

    def test_what_gives_addresses_at_a_boot_does_not_keep_a_card(self):
        self.done("--bind", FIRST)
        self.machine.put("proc/net/route", ROUTE_HEAD +
                         "eth1\t0000A8C0\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0")
        self.assertIn("driver_override: vfio-pci", self.done("--again"))

    def test_an_iommu_group_is_taken_whole(self):
        self.machine.card("0000:01:00.2", "0x010802", "nvme", 0)
        self.assertIn("0000:01:00.2", self.refused("--bind", FIRST))
        self.machine.bound("0000:01:00.2", "vfio-pci")
        self.done("--bind", FIRST)

    def test_a_bridge_in_the_group_is_no_hindrance(self):
        self.machine.card("0000:00:1c.0", "0x060400", "nvme", 0)
        self.done("--bind", FIRST)

    def test_without_iommu_only_where_that_is_asked_for(self):
        groups = self.machine.root / "sys/kernel/iommu_groups"
        groups.rename(self.machine.root / "no-groups")
        self.assertIn("IOMMU", self.refused("--bind", FIRST))
        self.done("--bind", FIRST, "--no-iommu")
        unsafe = "sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
        self.assertEqual(self.machine.get(unsafe), "Y")
        self.done("--undo")
        self.assertEqual(self.machine.get(unsafe), "N")

    def test_undo_brings_everything_back(self):
        self.machine.put("etc/sysctl.d/60-chatgate.conf", "vm.nr_hugepages = 7")
        self.machine.put(PAGES, "7")
        before = self.machine.snapshot()
        self.done("--hugepages", "64M", "--bind", FIRST, "--bind", SECOND, "--isolate", "1")
        self.machine.bound(FIRST, "vfio-pci")
        self.machine.bound(SECOND, "vfio-pci")
        self.done("--hugepages", "128M")  # what was there at first counts, not what stood between
        said = self.done("--undo")
        self.assertIn("drivers/vfio-pci/unbind: " + SECOND, said)
        self.assertEqual(self.machine.get(f"sys/bus/pci/devices/{FIRST}/driver_override"), "")
        self.assertEqual(self.machine.snapshot(), before)
        self.assertIn("nothing", self.done("--undo"))

    def test_a_dry_run_changes_nothing_and_tells_everything(self):
        words = ("--hugepages", "64M", "--bind", FIRST, "--isolate", "1")
        before = self.machine.snapshot()
        dry = self.done(*words, "--dry-run")
        self.assertEqual(self.machine.snapshot(), before)
        wet = self.done(*words)
        self.assertEqual(dry.replace("would write", "write"), wet)
        before = self.machine.snapshot()
        self.assertIn("would write", self.done("--undo", "--dry-run"))
        self.assertEqual(self.machine.snapshot(), before)

    def test_each_boot_does_it_again(self):
        self.done("--hugepages", "64M", "--bind", FIRST)
        self.machine.put(PAGES, "0")
        said = self.done("--again")
        self.assertEqual(self.machine.get(PAGES), "32")
        self.assertIn("driver_override: vfio-pci", said)
        # A card that has become the way to the machine is left alone.
        self.machine.put("proc/net/route", ROUTE_HEAD +
                         "eth1\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0")
        self.assertIn("default route", self.refused("--again"))

    def test_what_makes_no_sense(self):
        for words, says in ((("--hugepages", "lots"), "size"), (("--isolate", "0-1"), "core 0"),
                            (("--isolate", "9"), "no core 9"), (("--isolate", "3-1"), "list of cores"),
                            (("--bind", "eth1"), "PCI address"), (("--bind", "0000:09:00.0"), "no such"),
                            (("--undo", "--hugepages", "1G"), "alone"), (("--hugpages", "1G"), "--help")):
            with self.subTest(words):
                self.assertIn(says, self.refused(*words))

    def test_what_is_no_card(self):
        self.machine.card("0000:03:00.0", "0x010802", "nvme", 7)
        self.assertIn("no", self.refused("--bind", "0000:03:00.0"))

    def test_a_memory_that_is_damaged_is_not_overwritten(self):
        self.machine.put("var/lib/chatgate-setup/state.json", "{")
        self.assertIn("not JSON", self.refused("--hugepages", "64M"))

    def test_the_report(self):
        said = self.done()
        for word in ("huge pages", "IOMMU", "on, 3 groups", "0-3", f"{FIRST}", "ixgbe", "eth1"):
            self.assertIn(word, said)

    def test_the_memory_is_json(self):
        self.done("--hugepages", "64M")
        state = json.loads(self.machine.get("var/lib/chatgate-setup/state.json"))
        self.assertEqual(state["values"]["/" + PAGES], {"before": "0", "now": "32"})


class ThisMachine(unittest.TestCase):
    def run_here(self, *words):
        return subprocess.run([sys.executable, str(SETUP), *words], capture_output=True, text=True, check=False)

    def test_report_and_dry_run(self):
        pages = Path("/", PAGES)
        before = pages.read_text(encoding="ascii") if pages.exists() else None
        result = self.run_here()
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("IOMMU", result.stdout)
        if before is not None:
            result = self.run_here("--hugepages", "6M", "--dry-run")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertIn("would write", result.stdout)
            self.assertEqual(pages.read_text(encoding="ascii"), before)
        self.assertFalse(os.path.exists("/etc/default/grub.d/chatgate.cfg"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

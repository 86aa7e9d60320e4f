#include "io/dpdk/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/dpdk/gateway.h"

namespace chatgate::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Good {
  const char* word;
  DeviceKind kind;
  const char* target;
  const char* name;  // as the EAL sees it, as device number 3 with 2 queues
  const char* arguments;
};

TEST(Device, WordsBecomeWhatTheEalTakes) {
  const Good cases[] = {
      {"pci:0000:01:00.0", DeviceKind::pci, "0000:01:00.0", "0000:01:00.0", ""},
      {"pci:01:00.1", DeviceKind::pci, "0000:01:00.1", "0000:01:00.1", ""},
      {"pci:0000:AF:00.0", DeviceKind::pci, "0000:af:00.0", "0000:af:00.0", ""},
      {"af_packet:eth0", DeviceKind::af_packet, "eth0", "net_af_packet3",
       "iface=eth0,qpairs=2,framesz=10240,blocksz=40960,framecnt=2048"},
      {"af_xdp:ens1f0np0", DeviceKind::af_xdp, "ens1f0np0", "net_af_xdp3",
       "iface=ens1f0np0,queue_count=2"},
      {"tap:lab0", DeviceKind::tap, "lab0", "net_tap3", "iface=lab0"},
      {"memif:/run/vpp/memif.sock,7", DeviceKind::memif, "/run/vpp/memif.sock", "net_memif3",
       "role=server,id=7,socket=/run/vpp/memif.sock,socket-abstract=no"},
      {"pcap:in.pcap", DeviceKind::pcap, "in.pcap", "net_pcap3", "rx_pcap=in.pcap"},
      {"pcap:in.pcap,out.pcap", DeviceKind::pcap, "in.pcap", "net_pcap3",
       "rx_pcap=in.pcap,tx_pcap=out.pcap"},
      {"vdev:net_null,size=64", DeviceKind::vdev, "net_null,size=64", "net_null3", "size=64"},
      {"vdev:net_ring7", DeviceKind::vdev, "net_ring7", "net_ring7", ""},
  };
  for (const Good& good : cases) {
    Diagnostics diagnostics;
    const auto device = parse_device(good.word, "--inside", diagnostics);
    ASSERT_TRUE(device) << good.word << ": " << diagnostics.all().at(0).to_string();
    EXPECT_EQ(device->kind, good.kind) << good.word;
    EXPECT_EQ(device->word, good.word);
    EXPECT_EQ(device->target, good.target);
    const EalDevice eal = eal_device(*device, 3, 2);
    EXPECT_EQ(eal.name, good.name) << good.word;
    EXPECT_EQ(eal.arguments, good.arguments) << good.word;
    EXPECT_EQ(eal.is_pci, good.kind == DeviceKind::pci);
    EXPECT_TRUE(diagnostics.empty());
  }
}

TEST(Device, ItsInterfaceIsKnownByTheKernelsWordAndByDpdks) {
  const std::pair<const char*, const char*> cases[] = {
      {"af_packet:eth0", "eth0"},
      {"af_xdp:ens1f0np0", "ens1f0np0"},
      {"vdev:net_af_packet7,iface=outside,framecnt=512", "outside"},
      {"vdev:net_af_xdp7,queue_count=1,iface=out", "out"},
      {"vdev:net_null,size=64", ""},
      {"vdev:net_pcap7,rx_iface=eth0", ""},
      {"tap:lab0", ""},
      {"pcap:in.pcap,iface=eth0", ""},
  };
  for (const auto& [word, name] : cases) {
    Diagnostics diagnostics;
    const auto device = parse_device(word, "--inside", diagnostics);
    ASSERT_TRUE(device) << word;
    EXPECT_EQ(device->kernel_interface(), name) << word;
  }
}

// The kernel's own header of 66 bytes, and alignment of slots to blocks and of blocks to pages.
TEST(Device, SlotsHoldAJumboFrame) {
  EXPECT_GE(kAfPacketFrame, kJumboMtu + 14 + 8 + 66);
  EXPECT_EQ(kAfPacketFrame % 16, 0u);
  EXPECT_EQ(kAfPacketBlock % kAfPacketFrame, 0u);
  EXPECT_EQ(kAfPacketBlock % 4096, 0u);
  EXPECT_EQ(kAfPacketFrames % (kAfPacketBlock / kAfPacketFrame), 0u);
}

TEST(Device, WrongWordsAreExplained) {
  const std::pair<const char*, const char*> cases[] = {
      {"eth0", "--inside eth0: a device begins with its kind, such as \"af_packet:eth0\""},
      {"", "a device begins with its kind"},
      {"af-packet:eth0", "unknown kind of device \"af-packet\", did you mean \"af_packet\"?"},
      {"afxdp:eth0", "did you mean \"af_xdp\"?"},
      {"netmap:eth0", "one of pci, af_packet, af_xdp, tap, memif, pcap, vdev"},
      {"af_packet:", "nothing follows the colon, the form is af_packet:INTERFACE"},
      {"af_packet:sixteen_letters1", "cannot be the name of an interface"},
      {"af_packet:a/b", "cannot be the name of an interface"},
      {"af_packet:eth0,qpairs=9", "cannot be the name of an interface"},
      {"pci:eth0", "\"eth0\" is not a PCI address, the form is pci:0000:01:00.0"},
      {"pci:0000:01:00.8", "is not a PCI address"},
      {"pci:0000:1:00.0", "is not a PCI address"},
      {"pci:0000:01:00", "is not a PCI address"},
      {"memif:/run/x.sock", "a memif needs a socket and a number"},
      {"memif:/run/x.sock,", "a memif needs a socket and a number"},
      {"memif:/run/x.sock,1x", "a memif needs a socket and a number"},
      {"memif:a,b,1", "no comma in a file name"},
      {"pcap:in,", "a file name is missing"},
      {"pcap:,out", "a file name is missing"},
      {"pcap:x,x", "written over while it is read"},
      {"pcap:a,b,c", "no comma in a file name"},
  };
  for (const auto& [word, message] : cases) {
    Diagnostics diagnostics;
    EXPECT_FALSE(parse_device(word, "--inside", diagnostics)) << word;
    ASSERT_EQ(diagnostics.all().size(), 1u) << word;
    EXPECT_THAT(diagnostics.all()[0].to_string(), HasSubstr(message));
  }
}

TEST(DevicePairs, PairByOrder) {
  Diagnostics diagnostics;
  const auto pairs =
      parse_device_pairs({"af_packet:a", "tap:c"}, {"af_packet:b", "pcap:d"}, diagnostics);
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0].inside.target, "a");
  EXPECT_EQ(pairs[0].outside.target, "b");
  EXPECT_EQ(pairs[1].inside.target, "c");
  EXPECT_EQ(pairs[1].outside.target, "d");
  EXPECT_TRUE(diagnostics.empty());
}

TEST(DevicePairs, ReportAllThatIsWrong) {
  Diagnostics diagnostics;
  parse_device_pairs({"af_packet:a", "nope:x"}, {"af_packet:a"}, diagnostics);
  std::vector<std::string> lines;
  for (const Diagnostic& finding : diagnostics.all()) lines.push_back(finding.to_string());
  EXPECT_THAT(lines, ElementsAre(HasSubstr("2 --inside and 1 --outside, a bridged pair needs one"),
                                 HasSubstr("--outside af_packet:a: named twice"),
                                 HasSubstr("unknown kind of device \"nope\"")));
}

TEST(DevicePairs, TheSameCaptureOnBothSidesIsRefused) {
  Diagnostics diagnostics;
  parse_device_pairs({"pcap:a"}, {"pcap:a"}, diagnostics);
  EXPECT_TRUE(diagnostics.has_errors());
}

TEST(DevicePairs, MissingDevicesAreNamed) {
  Diagnostics diagnostics;
  check_devices({"af_packet:no-such-if"}, {"pcap:/no/such/file", "nonsense"}, diagnostics);
  ASSERT_EQ(diagnostics.all().size(), 2u);
  EXPECT_THAT(diagnostics.all()[0].to_string(),
              HasSubstr("--inside af_packet:no-such-if: no interface no-such-if, "));
  EXPECT_THAT(diagnostics.all()[1].to_string(), HasSubstr("cannot read /no/such/file"));
}

TEST(DevicePairs, TheLoopbackIsNoEthernet) {
  Diagnostics diagnostics;
  check_devices({"af_packet:lo"}, {}, diagnostics);
  ASSERT_TRUE(diagnostics.has_errors());
  EXPECT_THAT(diagnostics.all()[0].to_string(), HasSubstr("lo does not carry Ethernet frames"));
}

}  // namespace
}  // namespace chatgate::io

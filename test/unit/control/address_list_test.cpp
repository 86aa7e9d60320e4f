// A list of 100,000 networks of IPv6 and what it decides, from the file to the verdict.

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "catalog/registry.h"
#include "control/loader.h"

#include "explain/explain.h"

namespace chatgate::control {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNetworks = 100'000;
constexpr std::size_t kAsked = 300;  // of each kind

// "2001:db8:HHHH:HHHH::/64", none adjacent to another: the last bit of each is 0.
std::string network(std::uint32_t number, const char* host) {
  char text[64];
  std::snprintf(text, sizeof text, "2001:db8:%x:%x::%s", number >> 16, number & 0xffff, host);
  return text;
}

class AddressList : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "catalog");
    write("catalog/xmpp.json",
          R"({"id": "xmpp", "name": "XMPP", "category": "open-protocol", "status": "alive"})");
    write("policy.json", R"({"lists": {"nets": {"file": "nets.txt"}},
                             "rules": [{"list": "nets", "action": "reset"}]})");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  LoadResult load() {
    return control::load({(folder_ / "policy.json").string(), (folder_ / "catalog").string(), 1},
                         registry_);
  }
  static bool stops(const std::shared_ptr<const engine::Snapshot>& snapshot,
                    const std::string& server) {
    explain::Description asked;
    asked.ends.client = *IpAddress::parse("fd00::5");
    asked.ends.server = *IpAddress::parse(server);
    asked.ends.client_port = 40000;
    asked.ends.server_port = 443;
    const explain::Explanation told = explain::explain(snapshot, asked, {});
    EXPECT_EQ(told.rule, told.stopped ? "rule 1" : "default") << server;
    return told.stopped;
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / "chatgate-address-list-test";
  catalog::ApplicationRegistry registry_;
};

TEST_F(AddressList, AHundredThousandNetworksOfIPv6LoadAndDecide) {
  std::string text;
  for (std::uint32_t i = 0; i < kNetworks; ++i) text += network(2 * i, "/64\n");
  write("nets.txt", text);
  const LoadResult loaded = load();
  ASSERT_NE(loaded.snapshot, nullptr);
  EXPECT_TRUE(loaded.diagnostics.empty());
  const auto& list = loaded.snapshot->lists->all().front().list;
  EXPECT_EQ(list->entries(), kNetworks);
  EXPECT_LE(list->memory(), kNetworks * 48);
  std::mt19937 random(6);
  for (std::size_t i = 0; i < kAsked; ++i) {
    const auto number = static_cast<std::uint32_t>(random() % kNetworks);
    EXPECT_TRUE(stops(loaded.snapshot, network(2 * number, "9")));
    EXPECT_FALSE(stops(loaded.snapshot, network(2 * number + 1, "9")));  // its neighbour
  }
  for (const char* edge : {"2001:db8::", "2001:db8:0:0:ffff:ffff:ffff:ffff", "2001:db8:3:d3e::"}) {
    EXPECT_EQ(stops(loaded.snapshot, edge), std::string(edge) != "2001:db8:3:d3e::0") << edge;
  }
  EXPECT_FALSE(stops(loaded.snapshot, "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff"));
  EXPECT_FALSE(stops(loaded.snapshot, "2001:db8:3:d40::"));
}

// An address of IPv4 lies within IPv6 in our representation, and in no network of IPv6.
TEST_F(AddressList, NetworksOfIPv6HoldNoIPv4) {
  write("nets.txt", "::ffff:0:0/97\n2001:db8::/32\n");
  const LoadResult mapped = load();
  ASSERT_NE(mapped.snapshot, nullptr);
  EXPECT_EQ(mapped.snapshot->lists->of_address(*IpAddress::parse("192.0.2.1")), 0u);
  EXPECT_NE(mapped.snapshot->lists->of_address(*IpAddress::parse("2001:db8::1")), 0u);
}

}  // namespace
}  // namespace chatgate::control

// Memory that runs out while a policy is loaded: an error or the whole policy, whichever allocation
// it is. Under AddressSanitizer: and nothing is left behind.

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <vector>

#include "control/capture_control.h"
#include "control/capture_text.h"
#include "control/loader.h"
#include "control/reload.h"
#include "detect/parser.h"
#include "detect/signatures.h"
#include "telemetry/event_writer.h"

#include "failing_new.h"

namespace chatgate::control::testing {
namespace {

namespace fs = std::filesystem;
using chatgate::test::with_each_failing;

constexpr const char* kSignatures = R"(
alert tcp $HOME_NET any -> any 5222 (msg:"opening"; content:"<stream"; nocase; sid:1; rev:1;)
alert tcp any any -> any any (msg:"word"; content:"who"; pcre:"/who(is|was) [a-z]+/i"; sid:2; rev:3;)
)";

std::string policy_with(const std::string& application, const std::string& fallback) {
  return R"({"applications": {")" + application +
         R"(": {"name": "Ours", "category": "web-im", "ports": ["tcp/5223"],
              "servers": {"names": ["chat.example.com"], "addresses": ["203.0.113.8"]}}},
  "networks": {"support": ["192.0.2.0/24"], "inside": ["10.0.0.0/8"]},
  "times": {"evening": {"from": "20:00", "to": "21:00", "zone": "UTC"}},
  "lists": {"bad": {"files": ["bad.txt"]}},
  "signatures": ["a.rules"],
  "access": [{"action": "deny", "from": "10.1.1.5", "name": "quarantine"}, {"action": "permit"}],
  "rules": [{"application": "xmpp", "from": "support", "action": "allow", "name": "support's chat"},
            {"list": "bad", "action": "drop", "when": "evening"},
            {"application": ")" +
         application + R"(", "action": "reset", "log": true}],
  "default": ")" +
         fallback + "\"}";
}

class NoMemory : public ::testing::Test {
 protected:
  NoMemory() {
    fs::create_directories(folder_ / "catalog");
    write("catalog/xmpp.json",
          R"({"id": "xmpp", "name": "XMPP", "category": "open-protocol", "status": "alive"})");
    write("bad.txt", "bad.example\nworse.example\n");
    write("a.rules", kSignatures);
    write("policy.json", policy_with("our-chat", "allow"));
    request_.policy_file = (folder_ / "policy.json").string();
    request_.catalogue_folder = (folder_ / "catalog").string();
    request_.workers = 3;
    request_.now = now_;
  }
  ~NoMemory() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }

  const fs::path folder_ =
      fs::path(::testing::TempDir()) / ("chatgate-no-memory-" + std::to_string(::getpid()));
  const Time now_ = from_seconds(1'795'464'000);
  LoadRequest request_;
  catalog::ApplicationRegistry registry_;
};

TEST_F(NoMemory, ALoadIsWholeOrRefused) {
  const LoadResult whole = load(request_, registry_);
  ASSERT_NE(whole.snapshot, nullptr) << to_text(whole.diagnostics);
  ASSERT_EQ(whole.signature_count, 2u);
  LoadResult loaded;
  std::size_t refused = 0;
  const auto attempt = [&] {
    loaded = {};
    catalog::ApplicationRegistry registry;
    loaded = load(request_, registry);
  };
  const std::size_t attempts = with_each_failing(attempt, [&](bool told) {
    refused += told || loaded.snapshot == nullptr;
    if (told) return;
    if (loaded.snapshot == nullptr) {
      ASSERT_TRUE(loaded.diagnostics.has_errors());
      return;
    }
    ASSERT_FALSE(loaded.diagnostics.has_errors());
    ASSERT_EQ(loaded.sha256, whole.sha256);
    ASSERT_EQ(loaded.text, whole.text);
    ASSERT_EQ(loaded.rule_count, whole.rule_count);
    ASSERT_EQ(loaded.signature_count, whole.signature_count);
    ASSERT_EQ(loaded.snapshot->catalogue->applications().size(),
              whole.snapshot->catalogue->applications().size());
    ASSERT_EQ(loaded.snapshot->lists->all()[0].list->entries(), 2u);
    ASSERT_EQ(loaded.snapshot->policy->access().entries().size(), 2u);
    ASSERT_EQ(loaded.snapshot->policy->rules().size(), whole.snapshot->policy->rules().size());
  });
  EXPECT_GT(attempts, 200u);
  EXPECT_GT(refused, attempts / 2);
}

TEST_F(NoMemory, RulesAreCompiledWholeOrRefused) {
  std::shared_ptr<const detect::Signatures> compiled;
  std::size_t refused = 0;
  const auto attempt = [&] {
    compiled.reset();
    Diagnostics findings;
    compiled =
        detect::Signatures::compile(detect::parse_rules(kSignatures, "a.rules"), {}, findings);
    // A mistake that is none would be memory's end taken for one.
    EXPECT_FALSE(findings.has_errors());
  };
  const std::size_t attempts = with_each_failing(attempt, [&](bool told) {
    refused += told;
    if (!told) {
      ASSERT_NE(compiled, nullptr);
      ASSERT_EQ(compiled->rules().size(), 2u);
      ASSERT_EQ(compiled->refused(), 0u);
    }
  });
  EXPECT_GT(refused, attempts / 2);
}

TEST_F(NoMemory, ACaptureFileIsWholeOrNot) {
  const LoadResult loaded = load(request_, registry_);
  ASSERT_NE(loaded.snapshot, nullptr) << to_text(loaded.diagnostics);
  std::vector<CopiedFrame> frames(3);
  for (CopiedFrame& frame : frames) frame.bytes.assign(700, 0x55);
  const std::string whole = pcapng_of(frames, {}, {}, *loaded.snapshot);
  std::string file;
  const std::size_t attempts = with_each_failing(
      [&] {
        file.clear();
        file = pcapng_of(frames, {}, {}, *loaded.snapshot);
      },
      [&](bool told) { ASSERT_TRUE(told || file == whole); });
  EXPECT_GT(attempts, 5u);
}

// Has an allocation of the next round fail, each time another one.
class FailingSink final : public telemetry::Sink {
 public:
  FailingSink() : Sink("failing") {}
  bool take(std::string_view) override { return true; }
  void flush() override { chatgate::test::fail_allocation(fails ? ++rounds_ % 8 + 1 : 0); }
  void finish(std::chrono::milliseconds) override {}

  std::atomic<bool> fails{true};

 private:
  std::size_t rounds_ = 0;
};

TEST_F(NoMemory, TheWriterOfEventsGoesOn) {
  telemetry::RecentEvents recent;
  telemetry::EventWriterOptions options;
  options.recent = &recent;
  options.interval = std::chrono::milliseconds(1);
  std::vector<std::unique_ptr<telemetry::Sink>> sinks;
  sinks.push_back(std::make_unique<FailingSink>());
  auto& failing = static_cast<FailingSink&>(*sinks.back());
  telemetry::EventRing ring(64);
  telemetry::EventWriter writer(std::move(options), std::move(sinks));
  writer.add_ring(ring, nullptr);
  writer.start();
  constexpr std::size_t kEvents = 40;
  for (std::size_t n = 0; n < kEvents; ++n) {
    ASSERT_TRUE(ring.push(telemetry::Event()));
    ASSERT_TRUE(writer.write_line("{\"number\":" + std::to_string(n) + "}"));
    std::this_thread::sleep_for(std::chrono::milliseconds(4));
  }
  failing.fails = false;
  writer.flush();
  const auto page = recent.last(telemetry::RecentEvents::Kind::all, 1000);
  std::size_t events = 0;
  for (const std::string& line : page.lines) events += line.starts_with("{\"timestamp\"");
  // What a round could not end is told again; nothing is missing.
  EXPECT_GE(events, kEvents);
  EXPECT_GE(page.lines.size() - events, kEvents);
}

TEST_F(NoMemory, ACaptureBeginsOrIsNotThere) {
  boost::asio::io_context io;
  std::vector<std::unique_ptr<engine::Mailbox>> mailboxes;
  std::vector<engine::Mailbox*> all;
  for (int i = 0; i < 2; ++i) {
    all.push_back(mailboxes.emplace_back(std::make_unique<engine::Mailbox>()).get());
  }
  CaptureControl captures(io, all, std::chrono::milliseconds(0));
  CaptureControl::Settings settings;
  settings.name = "a name that is longer than fits";
  settings.match = "a match that takes memory of its own";
  settings.room.bytes = CaptureControl::kLeastRoom;
  std::size_t begun = 0;
  with_each_failing([&] { ASSERT_TRUE(captures.start(settings, [&](std::size_t) { ++begun; })); },
                    [&](bool told) {
                      ASSERT_EQ(captures.find(settings.name) == nullptr, told);
                      if (told) return;
                      io.restart();
                      io.run();
                      ASSERT_TRUE(captures.remove(settings.name));
                    });
  EXPECT_EQ(begun, 1u);
}

}  // namespace
}  // namespace chatgate::control::testing

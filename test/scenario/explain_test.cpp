// Flows of real captures, explained: what decides is what the engine's events say decided.
#include "explain/explain.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "catalog/registry.h"
#include "control/loader.h"
#include "io/pcap/capture_reader.h"

#include "replay/replay.h"

namespace chatgate::replay {
namespace {

constexpr std::size_t kEach = 12;
constexpr std::uintmax_t kSmall = 16 << 10;
constexpr std::uint64_t kMostFlows = 3;

// Small ones, the same each time: those of messengers and of every twelfth other.
std::vector<std::string> captures() {
  std::ifstream table(CHATGATE_CORPUS "/corpus.csv");
  std::vector<std::string> chosen;
  std::size_t others = 0;
  for (std::string line; std::getline(table, line);) {
    // No comma stands within the first two columns: the file, and of what kind it is.
    const std::string file = line.substr(0, line.find(','));
    const std::string path = CHATGATE_CORPUS "/pcaps/" + file;
    std::error_code absent;
    const auto size = std::filesystem::file_size(path, absent);
    if (absent || size > kSmall) continue;
    const bool messengers = line.starts_with(file + ",im,");
    if (messengers || ++others % kEach == 0) chosen.push_back(path);
  }
  return chosen;
}

// The first event of each flow that blocks it.
class FirstBlock final : public telemetry::Sink {
 public:
  explicit FirstBlock(std::map<std::uint64_t, nlohmann::json>& found)
      : Sink("blocks"), found_(found) {}
  bool take(std::string_view line) override {
    auto event = nlohmann::json::parse(line);
    if (event["event_type"] != "alert" || event["alert"]["action"] != "blocked") return true;
    found_.emplace(event["flow_id"].get<std::uint64_t>(), std::move(event));
    return true;
  }
  void flush() override {}
  void finish(std::chrono::milliseconds) override {}

 private:
  std::map<std::uint64_t, nlohmann::json>& found_;
};

TEST(ExplainCaptures, AFlowIsDecidedByWhatItsEventsSay) {
  const std::vector<std::string> files = captures();
  if (files.empty()) GTEST_SKIP() << "there is no corpus in " CHATGATE_CORPUS;
  catalog::ApplicationRegistry registry;
  const auto loaded = control::load(
      {CHATGATE_SOURCE "/policy/chatgate.json", CHATGATE_SOURCE "/policy/catalog", 1}, registry);
  ASSERT_NE(loaded.snapshot, nullptr);
  std::size_t compared = 0, passed = 0;
  for (const std::string& file : files) {
    Diagnostics unreadable;
    const auto reader = io::CaptureReader::open(file, unreadable);
    if (reader == nullptr) continue;
    const LoadedCapture capture(*reader);
    ReplayOptions options;
    options.flows = 4096;
    options.offloaded = OffloadedSenders(capture.packets());
    std::map<std::uint64_t, nlohmann::json> blocks;
    std::vector<std::unique_ptr<telemetry::Sink>> sinks;
    sinks.push_back(std::make_unique<FirstBlock>(blocks));
    Replay whole(options, loaded.snapshot, std::move(sinks), {});
    whole.run(capture.packets(), 1);
    whole.finish();
    const std::uint64_t flows = std::min(whole.summary().flows, kMostFlows);
    for (std::uint64_t number = 1; number <= flows; ++number) {
      engine::TraceFilter filter;
      filter.flow_number = number;
      engine::TraceRequest trace(filter, 500);
      Replay again(options, loaded.snapshot, {}, {});
      again.trace(trace);
      again.run(capture.packets(), 1);
      again.finish();
      ASSERT_FALSE(trace.published().empty()) << file << ", flow " << number;
      const explain::Explanation told =
          explain::narrate(*loaded.snapshot, trace.published(), {WorkerId(1)});
      const auto block = blocks.find(trace.flow_id());
      const std::string which = file + ", flow " + std::to_string(number) + "\n" + to_text(told);
      if (block == blocks.end()) {
        EXPECT_TRUE(policy::forwards(told.action)) << which;
        ++passed;
        continue;
      }
      const nlohmann::json& im = block->second["im"];
      if (!im.contains("rule")) continue;  // taken down for what it does
      EXPECT_EQ(to_string(told.action), im["action"].get<std::string>()) << which;
      EXPECT_EQ(told.application, im["application"].get<std::string>()) << which;
      EXPECT_EQ(told.rule, im["rule"].get<std::string>()) << which;
      EXPECT_EQ(told.evidence, im["evidence"].get<std::string>()) << which;
      EXPECT_TRUE(told.stopped) << which;
      ++compared;
    }
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(compared, 10u);
  EXPECT_GT(passed, 10u);
}

}  // namespace
}  // namespace chatgate::replay

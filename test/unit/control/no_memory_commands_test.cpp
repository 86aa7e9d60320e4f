// Memory that runs out during a reload or a command of a running gateway: an error is answered or
// all of it is done, the gateway has one whole policy, and the next command works.
//
// One allocation fails, whichever it is, but for those of a JSON document's destructor: the library
// takes memory there, and ends the program where there is none.
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <unistd.h>
#include <unwind.h>

#include "control/commands.h"

#include "effort.h"
#include "failing_new.h"
#include "fake_gateway.h"

namespace chatgate::control::testing {
namespace {

namespace fs = std::filesystem;
using chatgate::test::with_each_failing;

// The way to a private member's name that the language leaves open.
template <auto Member>
struct Reveal {
  friend auto json_destroy() { return Member; }
};
auto json_destroy();
template struct Reveal<&Json::json_value::destroy>;

bool in_json_destructor() {
  struct Search {
    const void* function = nullptr;
    bool found = false;
  } search;
  const auto member = json_destroy();
  std::memcpy(&search.function, &member, sizeof search.function);  // as the Itanium ABI has it
  ::_Unwind_Backtrace(
      [](_Unwind_Context* frame, void* argument) {
        auto& wanted = *static_cast<Search*>(argument);
        const auto at = reinterpret_cast<void*>(::_Unwind_GetIP(frame) - 1);
        wanted.found = wanted.found || ::_Unwind_FindEnclosingFunction(at) == wanted.function;
        return _URC_NO_REASON;
      },
      &search);
  return search.found;
}

// Each of the first so many allocations, then a growing stride.
constexpr std::size_t kEach = 60;

class NoMemoryCommands : public ::testing::Test {
 protected:
  NoMemoryCommands() {
    fs::create_directories(folder_ / "catalog");
    write("catalog/xmpp.json",
          R"({"id": "xmpp", "name": "XMPP", "category": "open-protocol", "status": "alive"})");
    write("bad.txt", "bad.example\n");
    write("a.rules", "alert tcp any any -> any 5222 (msg:\"m\"; content:\"<stream\"; sid:1;)\n");
    write_policy("drop");
    config_.source.policy_file = (folder_ / "policy.json").string();
    config_.source.catalogue_folder = (folder_ / "catalog").string();
    config_.source.workers = FakeGateway::kWorkers + 1;
    config_.flow_patience = std::chrono::milliseconds(500);
    config_.clock = [] { return from_seconds(kNow); };
    config_.audit = [this](const std::string&) { ++audits_; };
    config_.events = &recent_;
    gateway_.add_flow(0, flow_to("192.0.2.1", kXmpp, policy::Action::reset, 3));
    gateway_.add_flow(1, flow_to("192.0.2.2", kTelegram, policy::Action::allow, 2));
    commands_.emplace(io_, gateway_, registry_, config_);
    chatgate::test::spare_allocations(in_json_destructor);
  }
  void SetUp() override {
    // The stack is walked where memory is to end, which takes minutes of them under the sanitizers.
    if (chatgate::test::kSanitized) GTEST_SKIP() << "proven by the release build";
  }
  ~NoMemoryCommands() override {
    chatgate::test::spare_allocations(nullptr);
    fs::remove_all(folder_);
  }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  void write_policy(const std::string& action) {
    write("policy.json", R"({"lists": {"bad": {"files": ["bad.txt"]}}, "signatures": ["a.rules"],
      "rules": [{"application": "xmpp", "action": "allow", "name": "ours"},
                {"list": "bad", "action": ")" +
                             action + R"("}]})");
  }

  // Throws what is thrown before there is an answer, as to the server; nothing may be thrown later.
  Reply run(std::string_view line) {
    std::optional<Reply> reply;
    commands_->execute(line, Caller{0, 1, "/"}, [&](Reply result) { reply = std::move(result); });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!reply && std::chrono::steady_clock::now() < deadline) {
      gateway_.tick();
      io_.restart();
      try {
        io_.run_one_for(std::chrono::milliseconds(5));
      } catch (const std::bad_alloc&) {
        ADD_FAILURE() << line << ": memory's end went past the answer";
        return Reply::failure(kFailed, "thrown");
      }
    }
    if (reply) return std::move(*reply);
    ADD_FAILURE() << line << ": no answer came";
    return Reply::failure(kFailed, "no answer");
  }

  const fs::path folder_ = fs::path(::testing::TempDir()) /
                           ("chatgate-no-memory-commands-" + std::to_string(::getpid()));
  boost::asio::io_context io_;
  FakeGateway gateway_;
  catalog::ApplicationRegistry registry_;
  telemetry::RecentEvents recent_{16};
  CommandsConfig config_;
  std::size_t audits_ = 0;
  std::optional<Commands> commands_;
};

// A list says in which second it was loaded, and a check loads it anew; the process grows.
Json what_stays(Json result) {
  if (!result.is_object()) return result;
  if (result.contains("lists") && result["lists"].is_array()) {
    for (Json& list : result["lists"]) list.erase("loaded");
  }
  result.erase("process_resident_bytes");
  return result;
}
std::string what_stays(std::string text) {
  const std::size_t grows = text.find("process, resident");
  if (grows != text.npos) text.erase(grows, text.find('\n', grows) - grows);
  return text;
}

TEST_F(NoMemoryCommands, ALookAnswersOrSaysThatItCannot) {
  ASSERT_EQ(run("policy reload").status, kDone);
  for (const char* const line : {"show version",
                                 "show interfaces",
                                 "show workers",
                                 "show counters workers",
                                 "show applications",
                                 "show applications xmpp",
                                 "show policy",
                                 "show service-policy",
                                 "show access-list",
                                 "show flows",
                                 "show conn",
                                 "show talkers",
                                 "show servers",
                                 "show dns-cache",
                                 "show lists",
                                 "show asp drop",
                                 "show memory",
                                 "show trace",
                                 "show capture",
                                 "show events",
                                 "show blocked",
                                 "show running-config",
                                 "top",
                                 "packet-tracer input inside tcp 10.1.1.5 40000 192.0.2.200 5222",
                                 "policy check",
                                 "policy diff",
                                 "sh?",
                                 "show ?",
                                 "nonsense",
                                 "packet-tracer input inside tcp 10.1.1.5"}) {
    SCOPED_TRACE(line);
    const Reply whole = run(line);
    const auto before = gateway_.snapshot();
    Reply reply;
    std::size_t refused = 0;
    const auto attempt = [&] {
      reply = Reply::failure(kFailed, "");
      reply = run(line);
    };
    const std::size_t tried = with_each_failing(
        attempt,
        [&](bool told) {
          refused += told || reply.status == kFailed;
          // Rules that cannot be searched for are evaluated without that, which is warned of.
          const bool slower = reply.text.find("without a search before") != std::string::npos;
          if (!told && reply.status == whole.status && !slower) {
            ASSERT_EQ(what_stays(reply.text), what_stays(whole.text));
            ASSERT_EQ(what_stays(reply.result), what_stays(whole.result));
          }
          ASSERT_EQ(gateway_.snapshot(), before);
        },
        kEach);
    EXPECT_GT(refused, tried / 3);
    const Reply afterwards = run(line);
    EXPECT_EQ(what_stays(afterwards.text), what_stays(whole.text));
    EXPECT_EQ(afterwards.error, whole.error);
  }
}

TEST_F(NoMemoryCommands, AReloadIsWholeOrThePolicyBeforeStands) {
  ASSERT_EQ(run("policy reload").status, kDone);
  std::size_t number = 0, kept = 0;
  for (const char* const line : {"policy reload", "policy rollback", "list reload"}) {
    SCOPED_TRACE(line);
    auto before = gateway_.snapshot();
    Reply reply;
    const auto attempt = [&] {
      before = gateway_.snapshot();
      write_policy(++number % 2 == 0 ? "drop" : "reset");
      write("bad.txt", std::to_string(number) + ".example\n");
      reply = Reply::failure(kFailed, "");
      reply = run(line);
    };
    with_each_failing(
        attempt,
        [&](bool told) {
          const auto now = gateway_.snapshot();
          const Reply shown = run("show policy");
          ASSERT_EQ(shown.status, kDone);
          ASSERT_EQ(shown.result["generation"], now->generation);
          ASSERT_EQ(shown.result["sha256"], now->sha256);
          ASSERT_EQ(now->policy->rules().size(), 2u);
          ASSERT_EQ(now->lists->all()[0].list->entries(), 1u);
          if (told || reply.status != kDone) {
            // Only what is told of it may be missing.
            kept += now->sha256 == before->sha256 && now->lists == before->lists;
          } else {
            ASSERT_NE(now, before);
          }
        },
        kEach);
    ASSERT_EQ(run("policy reload").status, kDone) << "and then there is memory";
    EXPECT_NE(gateway_.snapshot(), before);
  }
  EXPECT_GT(kept, 3 * kEach / 2);
}

TEST_F(NoMemoryCommands, AChangeIsMadeOrNot) {
  for (const char* const line :
       {"mode monitor", "mode enforce", "clear counters", "clear dns-cache", "clear conn",
        "trace match host 10.0.0.1 5", "trace stop"}) {
    SCOPED_TRACE(line);
    const auto attempt = [&] { (void)run(line); };
    with_each_failing(
        attempt, [&](bool) { ASSERT_EQ(run("show policy").status, kDone); }, kEach);
    EXPECT_NE(run(line).status, kInvalid);
  }
}

}  // namespace
}  // namespace chatgate::control::testing

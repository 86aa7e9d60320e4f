// Captures, connections, talkers and events over the command table, with real workers behind it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>

#include "worker_gateway.h"

namespace chatgate::control::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Our own chat is allowed from 10.0.0.0/8 only; from elsewhere it is a messenger like any other.
constexpr const char* kAllowed = "10.1.1.5";
constexpr const char* kBlocked = "192.0.2.9";
constexpr const char* kName = "jabber.example";
constexpr uid_t kOther = 12345;

class ViewsTest : public ::testing::Test {
 protected:
  ViewsTest() {
    config.flow_patience = std::chrono::milliseconds(200);
    config.clock = [this] { return gateway.now(); };
    config.owner = 0;
    config.events = &gateway.recent;
    config.source.policy_text = "{ \"rules\": [] }";
    config.audit = [this](std::string line) { audits.push_back(Json::parse(line)); };
    commands.emplace(io, gateway, registry, config);
  }

  Reply run(std::string_view line, uid_t uid = 0) {
    std::optional<Reply> reply;
    commands->execute(line, Caller{uid, 1, "/"}, [&](Reply result) { reply = std::move(result); });
    settle([&] { return reply.has_value(); });
    if (!reply) throw std::runtime_error("no answer came");
    return *reply;
  }
  template <typename Until>
  void settle(Until until) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!until() && std::chrono::steady_clock::now() < deadline) {
      gateway.tick_workers();
      io.restart();
      io.run_one_for(std::chrono::milliseconds(5));
    }
  }
  std::vector<std::string> fates(const Reply& reply) {
    std::vector<std::string> list;
    for (const Json& packet : reply.result["packets"]) {
      list.push_back(packet["interface"].get<std::string>() + " " +
                     packet["direction"].get<std::string>() + " " +
                     packet["fate"].get<std::string>());
    }
    return list;
  }
  std::vector<std::string> what_was_audited() {
    std::vector<std::string> list;
    for (const Json& event : audits) list.push_back(event["audit"]["what"]);
    return list;
  }

  boost::asio::io_context io;
  WorkerGateway gateway;
  catalog::ApplicationRegistry registry;
  CommandsConfig config;
  std::vector<Json> audits;
  std::optional<Commands> commands;
};

TEST_F(ViewsTest, EveryShowAnswersWithTextAndFacts) {
  gateway.browse(kBlocked, 40000, kName, false);
  for (const char* line : {"show conn", "show talkers", "show events", "show blocked",
                           "show running-config", "show capture", "top"}) {
    const Reply reply = run(line, kOther);
    EXPECT_EQ(reply.status, kDone) << line << reply.error;
    EXPECT_TRUE(reply.text.ends_with('\n')) << line;
    EXPECT_THAT(reply.text, Not(HasSubstr(" \n"))) << line;
    EXPECT_FALSE(reply.result.empty()) << line;
  }
}

TEST_F(ViewsTest, ACaptureHoldsFramesTheirFateAndWhatWasForged) {
  EXPECT_THAT(run("show capture").text, HasSubstr("There is no capture"));
  const Reply begun = run("capture web match tcp host 192.0.2.9 port 80");
  ASSERT_EQ(begun.status, kDone) << begun.error;
  EXPECT_EQ(begun.result["workers"], 2);
  gateway.browse(kAllowed, 40000, kName, true);  // another host
  gateway.browse(kBlocked, 40000, kName, false);
  const Reply shown = run("show capture web", kOther);
  EXPECT_THAT(fates(shown),
              ElementsAre("inside in forwarded", "outside in forwarded", "inside in forwarded",
                          "inside in dropped", "outside out forged", "inside out forged"));
  const Json& decided = shown.result["packets"][3];
  EXPECT_EQ(decided["reason"], "policy-reset");
  EXPECT_EQ(decided["application"], "xmpp");
  EXPECT_EQ(decided["rule"], "no public IM");
  EXPECT_EQ(decided["forged"], 2);
  EXPECT_THAT(shown.text, HasSubstr("dropped (policy-reset), xmpp by http-host, reset by no public "
                                    "IM, 2 frames forged, flow "));
  EXPECT_THAT(shown.text, HasSubstr("inside in tcp 192.0.2.9:40000 > 203.0.113.7:80, "));
  // The reset to the client comes from the server's address.
  EXPECT_EQ(shown.result["packets"][5]["ends"], "tcp 203.0.113.7:80 > 192.0.2.9:40000");
  EXPECT_THAT(run("show capture").text, HasSubstr("[capturing - 6 frames, "));
  EXPECT_THAT(run("show capture").text, HasSubstr("  match tcp host 192.0.2.9 port 80\n"));
}

TEST_F(ViewsTest, ACaptureOfBlockedConnectionsLeavesTheRestAlone) {
  ASSERT_EQ(run("capture b blocked").status, kDone);
  gateway.browse(kAllowed, 40000, kName, true);
  gateway.browse(kAllowed, 40001, "shop.example", true);
  EXPECT_TRUE(run("show capture b").result["packets"].empty());
  gateway.browse(kBlocked, 40000, kName, false);
  EXPECT_THAT(fates(run("show capture b")),
              ElementsAre("inside in dropped", "outside out forged", "inside out forged"));
}

TEST_F(ViewsTest, CapturesByApplicationAndInterface) {
  ASSERT_EQ(run("capture app application xmpp").status, kDone);
  ASSERT_EQ(run("capture in interface inside host 192.0.2.9").status, kDone);
  gateway.browse(kAllowed, 40000, "shop.example", true);
  gateway.browse(kAllowed, 40001, kName, true);
  EXPECT_THAT(fates(run("show capture app")),
              ElementsAre("inside in forwarded", "outside in forwarded"));
  gateway.browse(kBlocked, 40000, kName, false);
  EXPECT_THAT(fates(run("show capture in")),
              ElementsAre("inside in forwarded", "inside out forwarded", "inside in forwarded",
                          "inside in dropped", "inside out forged"));
}

TEST_F(ViewsTest, AFullCaptureKeepsTheFirstFramesACircularOneTheLast) {
  ASSERT_EQ(run("capture first buffer 1534 udp").status, kDone);
  ASSERT_EQ(run("capture last buffer 1534 udp circular-buffer").status, kDone);
  for (std::uint16_t port = 1; port <= 60; ++port) {
    gateway.send(synth::Frame().v4(kAllowed, "203.0.113.1").udp(port, 9999).payload("x"));
  }
  const Reply first = run("show capture first"), last = run("show capture last");
  EXPECT_EQ(first.result["full"], true);
  const Json& early = first.result["packets"];
  const Json& late = last.result["packets"];
  ASSERT_GT(early.size(), 3u);
  ASSERT_GT(late.size(), 3u);
  for (std::size_t i = 0; i < early.size(); ++i) {
    EXPECT_THAT(early[i]["ends"].get<std::string>(), HasSubstr(":" + std::to_string(i + 1) + " "));
  }
  for (std::size_t i = 0; i < late.size(); ++i) {
    EXPECT_THAT(late[i]["ends"].get<std::string>(),
                HasSubstr(":" + std::to_string(61 - late.size() + i) + " "));
  }
  // It has gone on after it was read.
  gateway.send(synth::Frame().v4(kAllowed, "203.0.113.1").udp(61, 9999).payload("x"));
  EXPECT_THAT(run("show capture last").result["packets"].back()["ends"].get<std::string>(),
              HasSubstr(":61 "));
}

TEST_F(ViewsTest, ACaptureIsStoppedEmptiedAndEnded) {
  ASSERT_EQ(run("capture a udp packet-length 64").status, kDone);
  const auto datagram = [&](std::uint16_t port) {
    gateway.send(
        synth::Frame().v4(kAllowed, "203.0.113.1").udp(port, 9999).payload(std::string(100, 'x')));
  };
  datagram(1);
  const Reply one = run("show capture a");
  EXPECT_EQ(one.result["packets"][0]["captured"], 64);
  EXPECT_EQ(one.result["packets"][0]["length"], 142);
  ASSERT_EQ(run("clear capture a").status, kDone);
  EXPECT_TRUE(run("show capture a").result["packets"].empty());
  datagram(2);
  EXPECT_EQ(run("show capture a").result["packets"].size(), 1u);
  ASSERT_EQ(run("capture a stop").status, kDone);
  gateway.tick_workers();
  datagram(3);
  const Reply stopped = run("show capture a");
  EXPECT_EQ(stopped.result["state"], "stopped");
  EXPECT_EQ(stopped.result["packets"].size(), 1u);
  ASSERT_EQ(run("no capture a").status, kDone);
  EXPECT_EQ(run("show capture a").status, kInvalid);
  // The name and the place are free again.
  for (const char* line : {"capture a", "capture b", "capture c", "capture d"}) {
    EXPECT_EQ(run(line).status, kDone) << line;
  }
  EXPECT_THAT(run("capture e").error, HasSubstr("4 captures already"));
  EXPECT_THAT(what_was_audited(),
              ElementsAre("capture started", "capture ended", "capture started", "capture started",
                          "capture started", "capture started"));
}

TEST_F(ViewsTest, WrongCapturesAreRefusedInWords) {
  EXPECT_EQ(run("capture a", kOther).status, kFailed);
  EXPECT_EQ(run("capture a tcp udp").status, kInvalid);
  EXPECT_EQ(run("capture \"a b\"").status, kInvalid);
  EXPECT_EQ(run("capture a stop").status, kInvalid);
  EXPECT_EQ(run("capture a interface middle").status, kInvalid);
  EXPECT_EQ(run("capture a buffer 10").status, kInvalid);
  EXPECT_EQ(run("show capture a").status, kInvalid);
  ASSERT_EQ(run("capture a interf ins").status, kDone);  // words may be shortened
  EXPECT_THAT(run("show capture").text, HasSubstr("match interface inside"));
  EXPECT_THAT(run("capture a").error, HasSubstr("a capture of this name"));
  EXPECT_EQ(run("copy capture a x.pcapng", kOther).status, kFailed);
  EXPECT_EQ(run("no capture b").remedy, "did you mean \"a\"?");
  EXPECT_EQ(run("show capture ?").result["help"][0]["word"], "a");
}

// The file comes in pieces, and is one that the reader of captures takes.
TEST_F(ViewsTest, ACopyIsAPcapngFileInPieces) {
  ASSERT_EQ(run("capture a host 192.0.2.9").status, kDone);
  gateway.browse(kBlocked, 40000, kName, false);
  const Reply begun = run("copy capture a dir/x.pcapng");
  ASSERT_EQ(begun.status, kDone) << begun.error;
  ASSERT_NE(begun.parts, nullptr);
  EXPECT_EQ(begun.result["file"], "dir/x.pcapng");
  std::string base64;
  Reply end;
  for (bool last = false; !last;) {
    begun.parts->next([&](const Parts::Part& part) {
      last = part.last;
      if (last) {
        end = part.reply;
      } else {
        base64 += part.reply.result["base64"].get<std::string>();
      }
    });
  }
  EXPECT_TRUE(base64.starts_with("Cg0NC"));  // the magic number of pcapng
  EXPECT_EQ(end.result["frames"], 6);
  EXPECT_THAT(what_was_audited(), ElementsAre("capture started", "capture copied"));
}

TEST_F(ViewsTest, ConnectionsAreShownAndForgotten) {
  gateway.browse(kAllowed, 40000, kName, true);
  gateway.browse(kBlocked, 40001, kName, false);
  const Reply all = run("show conn");
  EXPECT_EQ(all.result["matching"], 2);
  EXPECT_THAT(all.text, HasSubstr("2 in use, 2 match, 2 shown\n"));
  EXPECT_THAT(all.text,
              HasSubstr("TCP outside 203.0.113.7:80 inside 10.1.1.5:40000, idle 0:00:00, bytes "));
  EXPECT_THAT(all.text, HasSubstr(", flags UIO, xmpp\n"));
  EXPECT_THAT(all.text, HasSubstr(", xmpp, reset by no public IM\n"));
  EXPECT_EQ(run("show conn address 10.1.1.5").result["matching"], 1);
  EXPECT_EQ(run("show conn port 40001 blocked").result["matching"], 1);
  EXPECT_EQ(run("show conn port 40000 blocked").result["matching"], 0);
  EXPECT_EQ(run("show conn application telegram").result["matching"], 0);

  EXPECT_EQ(run("clear conn address 10.1.1.5", kOther).status, kFailed);
  EXPECT_EQ(run("clear conn address 10.1.1.5").result["forgotten"], 1);
  EXPECT_EQ(run("show conn").result["matching"], 1);
  EXPECT_EQ(run("show conn address 10.1.1.5").result["matching"], 0);
  const Reply flow = run("show events type flow");
  ASSERT_EQ(flow.result["events"].size(), 1u);
  EXPECT_EQ(flow.result["events"][0]["flow"]["reason"], "forced");
  EXPECT_EQ(run("clear conn").result["forgotten"], 1);
  EXPECT_EQ(run("show conn").result["in_use"], 0);
  EXPECT_THAT(what_was_audited(), ElementsAre("connections cleared", "connections cleared"));
}

TEST_F(ViewsTest, TalkersAreSummedUpByClient) {
  for (std::uint16_t port = 1; port <= 5; ++port) gateway.browse(kAllowed, port, kName, true);
  for (std::uint16_t port = 1; port <= 3; ++port) gateway.browse(kBlocked, port, kName, false);
  gateway.send(synth::Frame().v4("10.1.1.7", "203.0.113.9").udp(5, 9999).payload("x"));
  const Reply reply = run("show talkers");
  ASSERT_EQ(reply.result["talkers"].size(), 3u);
  EXPECT_EQ(reply.result["talkers"][0]["client"], kAllowed);
  EXPECT_EQ(reply.result["talkers"][0]["flows"], 5);
  EXPECT_EQ(reply.result["talkers"][0]["packets"], 25);
  EXPECT_EQ(reply.result["clients"], 3);
  const Reply blocked = run("show talkers by blocked");
  ASSERT_EQ(blocked.result["talkers"].size(), 1u);  // the others have none
  EXPECT_EQ(blocked.result["talkers"][0]["client"], kBlocked);
  EXPECT_EQ(blocked.result["talkers"][0]["blocked"], 3);
  EXPECT_EQ(run("show talkers limit 1").result["talkers"].size(), 1u);
  EXPECT_EQ(run("show talkers by weight").status, kInvalid);

  const Reply top = run("top");
  EXPECT_EQ(top.result["totals"]["flows_created"], 9);
  EXPECT_EQ(top.result["talkers"].size(), 3u);
  EXPECT_EQ(top.result["blocks"].size(), 3u);
  EXPECT_EQ(top.result["applications"][0]["blocked"], 3);
}

TEST_F(ViewsTest, EventsAreKeptAndFiltered) {
  gateway.browse(kAllowed, 40000, kName, true);
  EXPECT_THAT(run("show blocked").text, HasSubstr("0 decisions"));
  gateway.browse(kBlocked, 40000, kName, false);
  gateway.writer().write_line(R"({"event_type":"audit","audit":{"what":"mode changed","uid":7}})");
  gateway.tick_workers();
  EXPECT_EQ(run("show events").result["events"].size(), 2u);
  EXPECT_THAT(run("show events type audit").text, HasSubstr(" audit mode changed by uid 7\n"));
  EXPECT_EQ(run("show events application telegram").result["events"].size(), 0u);
  EXPECT_EQ(run("show events blocked application xmpp").result["events"].size(), 1u);
  const Reply blocked = run("show blocked");
  EXPECT_THAT(blocked.text,
              HasSubstr("alert blocked tcp 192.0.2.9:40000 > 203.0.113.7:80 xmpp http-host "
                        "jabber.example reset by \"no public IM\"\n"));
  EXPECT_EQ(blocked.result["since_start"], 1);
}

TEST_F(ViewsTest, EventsCanBeFollowed) {
  gateway.browse(kBlocked, 40000, kName, false);  // before: not told
  const Reply begun = run("monitor events blocked");
  ASSERT_NE(begun.parts, nullptr);
  std::optional<Parts::Part> part;
  begun.parts->next([&](const Parts::Part& next) { part = next; });
  gateway.browse(kAllowed, 40000, kName, true);
  io.restart();
  io.run_for(std::chrono::milliseconds(150));
  EXPECT_FALSE(part);
  gateway.browse(kBlocked, 40001, kName, false);
  settle([&] { return part.has_value(); });
  ASSERT_TRUE(part);
  EXPECT_FALSE(part->last);
  ASSERT_EQ(part->reply.result["events"].size(), 1u);
  EXPECT_EQ(part->reply.result["events"][0]["src_port"], 40001);
  EXPECT_TRUE(begun.parts->endless());
}

TEST_F(ViewsTest, WhereNoEventsAreKeptThatIsSaid) {
  config.events = nullptr;
  commands.reset();
  commands.emplace(io, gateway, registry, config);
  for (const char* line : {"show events", "show blocked", "monitor events"}) {
    EXPECT_EQ(run(line).status, kFailed) << line;
  }
  EXPECT_TRUE(run("top").result["blocks"].empty());
}

TEST_F(ViewsTest, TheRunningPolicyIsShownAsItWasLoaded) {
  const Reply reply = run("show running-config");
  EXPECT_EQ(reply.text, "{ \"rules\": [] }\n");
  EXPECT_EQ(reply.result["policy"], "{ \"rules\": [] }");
}

}  // namespace
}  // namespace chatgate::control::testing

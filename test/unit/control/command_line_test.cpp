#include "control/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/reply.h"

namespace chatgate::control {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<Command> kCommands = {
    {"show version", "the version"},
    {"show interfaces", "ports"},
    {"show policy", "the policy"},
    {"show service-policy", "its rules"},
    {"show flows",
     "connections",
     Right::look,
     nullptr,
     {{"blocked", ValueKind::none, "only blocked"},
      {"application", ValueKind::application, "of one application"},
      {"limit", ValueKind::number, "so many", 1, 100}}},
    {"show asp drop", "drops"},
    {"policy reload", "reload", Right::change},
    {"policy check", "check", Right::look, nullptr, {{"", ValueKind::file, "a path"}}},
    {"mode enforce", "enforce", Right::change},
    {"mode monitor", "monitor", Right::change},
};
const std::vector<WordHelp> kGroups = {{"show", "what there is"}, {"show asp", "packet path"}};

Grammar grammar() {
  return Grammar(kCommands, kGroups, [] {
    return std::vector<std::string_view>{"telegram", "whatsapp", "xmpp"};
  });
}

std::string command_of(std::string_view line) {
  const Parsed parsed = grammar().parse(line);
  return parsed.problem ? "error: " + parsed.problem.error
                        : std::string(parsed.invocation.command->words);
}

TEST(Grammar, TakesWordsAndTheirUnambiguousBeginnings) {
  const struct {
    std::string_view line, command;
  } kCases[] = {
      {"show version", "show version"},
      {"  show\t version ", "show version"},
      {"sh ver", "show version"},
      {"sh flo", "show flows"},
      {"s f", "show flows"},
      {"sh a d", "show asp drop"},
      {"sh p", "show policy"},
      {"sh s", "show service-policy"},
      {"p r", "policy reload"},
      {"mode e", "mode enforce"},
      {"\"show\" version", "show version"},
      {"sh fl b a xmpp l 5", "show flows"},
      {"show flows limit 5 blocked", "show flows"},
      {"policy check", "policy check"},
      {"policy check \"/tmp/a b.json\"", "policy check"},
  };
  for (const auto& [line, command] : kCases) EXPECT_EQ(command_of(line), command) << line;
}

TEST(Grammar, SaysWhatIsWrongAndWhatWouldBeRight) {
  const struct {
    std::string_view line, error, remedy;
  } kCases[] = {
      {"", "empty", "?"},
      {"   ", "empty", "?"},
      {"shwo version", "unknown word \"shwo\"", "did you mean \"show\"?"},
      {"show verison", "unknown word \"verison\" after \"show\"", "did you mean \"version\"?"},
      {"show xyz", "unknown word \"xyz\"", "one of version, interfaces"},
      {"m", "not a whole command", "add enforce or monitor"},
      {"show", "\"show\" is not a whole command", "version, interfaces"},
      {"show asp", "not a whole command", "add drop"},
      {"show flows limit", "not a whole command", "<1-100>"},
      {"show flows application", "not a whole command", "telegram, whatsapp or xmpp"},
      {"show flows limit 0", "\"0\" is not a number for \"limit\"", "1-100"},
      {"show flows limit 101", "\"101\" is not", "1-100"},
      {"show flows limit -1", "\"-1\" is not", "1-100"},
      {"show flows limit 5x", "\"5x\" is not", "1-100"},
      {"show flows limit 99999999999999999999", "is not a number", "1-100"},
      {"show flows application watsapp", "unknown application \"watsapp\"", "\"whatsapp\""},
      {"show flows blocked blocked", "unknown word \"blocked\"", "application, limit"},
      {"show version now", "unknown word \"now\" after \"show version\"", "nothing more"},
      {"policy check a b", "unknown word \"b\"", "nothing more"},
      {"policy check \"\"", "the file's name is empty", "path"},
      {"show \"version", "a double quote is not closed", "close it"},
      {"show \x1b[2J", "control character", "plain text"},
      {"\"\"", "unknown word \"\"", "show"},
  };
  for (const auto& [line, error, remedy] : kCases) {
    const Problem problem = grammar().parse(line).problem;
    EXPECT_THAT(problem.error, HasSubstr(error)) << line;
    EXPECT_THAT(problem.remedy, HasSubstr(remedy)) << line;
  }
}

TEST(Grammar, ListsTheChoicesOfAnAmbiguousWord) {
  const std::vector<Command> commands = {
      {"show flows", ""}, {"show flags", ""}, {"show fl", ""}, {"set", ""}};
  const Grammar words(commands, {}, [] { return std::vector<std::string_view>{}; });
  EXPECT_EQ(words.parse("show f").problem.error, "\"f\" is ambiguous after \"show\"");
  EXPECT_EQ(words.parse("show f").problem.remedy, "write flows, flags or fl");
  EXPECT_EQ(words.parse("s").problem.remedy, "write show or set");
  EXPECT_EQ(words.parse("sh fl").invocation.command, &commands[2]);  // in full: not ambiguous
}

TEST(Grammar, KeepsTheValuesOfOptions) {
  const Invocation flows = grammar().parse("sh fl app telegram lim 7").invocation;
  EXPECT_EQ(flows.get("application"), "telegram");
  EXPECT_EQ(flows.number("limit", 100), 7u);
  EXPECT_FALSE(flows.has("blocked"));
  EXPECT_EQ(grammar().parse("show flows").invocation.number("limit", 100), 100u);
  EXPECT_EQ(grammar().parse(R"(policy check "/a \"b\" \\c.json")").invocation.get(""),
            R"(/a "b" \c.json)");
}

std::vector<std::string> words_at(std::string_view line) {
  std::vector<std::string> words;
  for (const Candidate& candidate : grammar().complete(line).candidates) {
    words.push_back(candidate.word + (candidate.literal ? "" : "*"));
  }
  return words;
}

TEST(Completion, OffersWhatMayStandThere) {
  EXPECT_THAT(words_at(""), ElementsAre("show", "policy", "mode"));
  EXPECT_THAT(words_at("s"), ElementsAre("show"));
  EXPECT_THAT(words_at("sh "),
              ElementsAre("version", "interfaces", "policy", "service-policy", "flows", "asp"));
  EXPECT_THAT(words_at("sh fl"), ElementsAre("flows"));
  EXPECT_THAT(words_at("sh fl "), ElementsAre("blocked", "application", "limit"));
  EXPECT_THAT(words_at("sh fl blocked "), ElementsAre("application", "limit"));
  EXPECT_THAT(words_at("sh fl app "), ElementsAre("telegram", "whatsapp", "xmpp"));
  EXPECT_THAT(words_at("sh fl app w"), ElementsAre("whatsapp"));
  EXPECT_THAT(words_at("sh fl limit "), ElementsAre("<1-100>*"));
  EXPECT_THAT(words_at("policy check "), ElementsAre("FILE*"));
  EXPECT_THAT(words_at("show version "), IsEmpty());
  EXPECT_THAT(words_at("zz"), IsEmpty());
  EXPECT_TRUE(grammar().complete("shwo v").problem);
}

TEST(Completion, KnowsTheWordsPlaceAndItsHelp) {
  const Completion completion = grammar().complete("sh as");
  EXPECT_EQ(completion.from, 3u);
  ASSERT_EQ(completion.candidates.size(), 1u);
  EXPECT_EQ(completion.candidates[0].help, "packet path");
  EXPECT_EQ(grammar().complete("show ").from, 5u);
  EXPECT_TRUE(grammar().complete("show version ").complete);
  EXPECT_TRUE(grammar().complete("show flows ").complete);
  EXPECT_FALSE(grammar().complete("show flows limit ").complete);
  EXPECT_FALSE(grammar().complete("show ").complete);
}

}  // namespace
}  // namespace chatgate::control

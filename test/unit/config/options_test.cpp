#include "options.h"

#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace chatgate::app {
namespace {

namespace po = boost::program_options;

constexpr Usage kUsage{"run", "--inside DEV [OPTION ...]", "A purpose.", "chatgate run --inside a"};

struct Outcome {
  Parsed parsed;
  std::string errors;
};

Outcome parse_quietly(const Arguments& arguments, const Usage& usage = kUsage) {
  po::options_description options;
  options.add_options()("inside", po::value<std::vector<std::string>>()->required(), "")(
      "workers", po::value<unsigned>()->default_value(1), "")("verbose", po::bool_switch(), "")(
      "policy", po::value<std::string>(), "");
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  Outcome outcome{parse(arguments, options, {}, usage), {}};
  testing::internal::GetCapturedStdout();
  outcome.errors = testing::internal::GetCapturedStderr();
  return outcome;
}

// A file that goes away with the test.
class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text)
      : path_(testing::TempDir() + "/chatgate_options_test.conf") {
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Mistake {
  Arguments arguments;
  std::string expected;
};

class OptionMistakes : public testing::TestWithParam<Mistake> {};

TEST_P(OptionMistakes, AreNamedAllAtOnce) {
  const Outcome outcome = parse_quietly(GetParam().arguments);
  EXPECT_FALSE(outcome.parsed.values);
  EXPECT_EQ(outcome.parsed.status, kInvalid);
  EXPECT_EQ(outcome.errors, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, OptionMistakes,
    testing::Values(
        Mistake{{}, "chatgate run: --inside is missing, see --help for an example\n"},
        Mistake{{"--insid", "a", "--polcy=b", "--zzz", "--inside", "c"},
                "chatgate run: unknown option --insid, did you mean --inside?\n"
                "chatgate run: unknown option --polcy, did you mean --policy?\n"
                "chatgate run: unknown option --zzz, see --help\n"},
        Mistake{{"--in", "a"}, "chatgate run: unknown option --in, see --help\n"},
        Mistake{{"--inside"}, "chatgate run: --inside needs a value\n"},
        Mistake{{"--inside", "--policy", "p"}, "chatgate run: --inside needs a value\n"},
        Mistake{{"--inside", "a", "--verbose=1"}, "chatgate run: --verbose takes no value\n"},
        Mistake{{"--inside", "a", "--workers", "x"},
                "chatgate run: \"x\" is not valid for --workers\n"},
        Mistake{{"--inside", "a", "--workers", "-1"},
                "chatgate run: \"-1\" is not valid for --workers\n"},
        Mistake{{"--inside", "a", "--workers=-0"},
                "chatgate run: \"-0\" is not valid for --workers\n"},
        Mistake{{"--inside", "a", "--policy", "b", "--policy", "c"},
                "chatgate run: --policy is given more than once\n"},
        Mistake{{"--inside", "a", "b"}, "chatgate run: too many arguments, see --help\n"}));

TEST(Options, HelpEndsWithoutAMistake) {
  const Outcome outcome = parse_quietly({"--zzz", "--help"});
  EXPECT_FALSE(outcome.parsed.values);
  EXPECT_EQ(outcome.parsed.status, kDone);
  EXPECT_EQ(outcome.errors, "");
}

TEST(Options, TheCommandLineReplacesTheFile) {
  const ConfigFile file(
      "# a comment\ninside = a\n  inside=b # another\nworkers = 4\nverbose = true\n"
      "[replay]\nworkers = 9\nunheard = of\n");
  const Outcome from_file = parse_quietly({"--config", file.path()});
  ASSERT_TRUE(from_file.parsed.values) << from_file.errors;
  const auto& values = *from_file.parsed.values;
  EXPECT_EQ(values["inside"].as<std::vector<std::string>>(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(values["workers"].as<unsigned>(), 4u);
  EXPECT_TRUE(values["verbose"].as<bool>());

  const Outcome both = parse_quietly({"--config", file.path(), "--inside", "c", "--workers", "2"});
  ASSERT_TRUE(both.parsed.values) << both.errors;
  EXPECT_EQ((*both.parsed.values)["inside"].as<std::vector<std::string>>(),
            std::vector<std::string>{"c"});
  EXPECT_EQ((*both.parsed.values)["workers"].as<unsigned>(), 2u);
}

TEST(Options, ASectionIsForItsCommandOnly) {
  const ConfigFile file("inside = a\n[replay]\ninside = b\n");
  Usage replay = kUsage;
  replay.command = "replay";
  const Outcome outcome = parse_quietly({"--config", file.path()}, replay);
  ASSERT_TRUE(outcome.parsed.values) << outcome.errors;
  EXPECT_EQ((*outcome.parsed.values)["inside"].as<std::vector<std::string>>(),
            std::vector<std::string>{"b"});
}

TEST(Options, AFileWithoutSectionsIsForTheCommandThatItIsGivenTo) {
  const ConfigFile file("; a comment; inside = x\ninside = a\n  ; another\nworkers = 3\n");
  Usage replay = kUsage;
  replay.command = "replay";
  for (const Usage& usage : {kUsage, replay}) {
    const Outcome outcome = parse_quietly({"--config", file.path()}, usage);
    ASSERT_TRUE(outcome.parsed.values) << outcome.errors;
    EXPECT_EQ((*outcome.parsed.values)["inside"].as<std::vector<std::string>>(),
              std::vector<std::string>{"a"});
    EXPECT_EQ((*outcome.parsed.values)["workers"].as<unsigned>(), 3u);
  }
}

TEST(Options, MistakesInTheFileHaveTheirPlace) {
  const ConfigFile file(
      "insde = 1\nworkers = many\n foo\n[rnu]\nx = 1\n[run]\nworkers = -2\nverbose = maybe\n");
  const Outcome outcome = parse_quietly({"--config", file.path()});
  EXPECT_EQ(outcome.parsed.status, kInvalid);
  const std::string& f = file.path();
  EXPECT_EQ(outcome.errors, f + ":1:1: unknown option \"insde\", did you mean \"inside\"?\n" + f +
                                ":2:1: \"many\" is not valid for workers\n" + f +
                                ":3:2: \"foo\" has no value, expected NAME = VALUE\n" + f +
                                ":4:1: unknown section [rnu], did you mean \"run\"?\n" + f +
                                ":7:1: \"-2\" is not valid for workers\n" + f +
                                ":8:1: \"maybe\" is not valid for verbose\n");
}

TEST(Options, AMissingFileIsAMistake) {
  const Outcome outcome = parse_quietly({"--config", "/nonexistent.conf", "--inside", "a"});
  EXPECT_EQ(outcome.parsed.status, kInvalid);
  EXPECT_EQ(outcome.errors, "/nonexistent.conf: cannot be read\n");
}

}  // namespace
}  // namespace chatgate::app

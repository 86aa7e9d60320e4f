// Real captures: every flow of MSN Messenger and Yahoo! Messenger that is labelled by its payload
// is recognised by the packet that suffices, and no other stream is taken for one.
#include <filesystem>
#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

#include "proto/msnp.h"
#include "proto/msnp_direct.h"
#include "proto/ymsg.h"
#include "proto/ymsg_webcam.h"

#include "allocation_count.h"
#include "capture_streams.h"
#include "messenger_checks.h"

namespace chatgate::proto::test {
namespace {

namespace fs = std::filesystem;

std::vector<Label> labels_of_both() {
  return read_labels(CHATGATE_CORPUS, "payload=", {"msn", "yahoo"});
}

const StreamParser& parser_of(const Label& label) {
  return label.app == "msn" ? msnp::kParser : ymsg::kParser;
}

TEST(MsnCorpus, RecognisesWhatIsLabelled) {
  const std::vector<Label> labels = labels_of_both();
  if (labels.empty()) GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  EXPECT_EQ(labels.size(), 3u);
  for (const Label& label : labels) {
    SCOPED_TRACE(label.file);
    const std::string path = CHATGATE_CORPUS "/pcaps/" + label.file;
    auto first = read_streams(path, label.packet);
    const Heard early =
        listen_to_every_cut(parser_of(label), Direction::to_server, first[label.way].bytes());
    EXPECT_EQ(early.probe, Probe::certain);
    EXPECT_FALSE(early.lines.empty());
    for (const std::string& line : early.lines) {
      EXPECT_TRUE(line.starts_with(label.app + " ")) << line;
    }
  }
}

TEST(MsnCorpus, ReadsASwitchboardToItsEnd) {
  const std::string path = CHATGATE_CORPUS "/pcaps/pcaps/msnms.pcap";
  if (!fs::exists(path)) GTEST_SKIP() << "NOT RUN: there is no " << path;
  std::size_t texts = 0;
  std::set<std::string> said;
  for (const auto& [way, stream] : read_streams(path)) {
    const bool by_server = way.first.second == 1863;
    const std::vector<std::uint8_t> bytes = stream.bytes();
    const Heard heard = listen_to_every_cut(
        msnp::kParser, by_server ? Direction::to_client : Direction::to_server, bytes, "msn");
    EXPECT_EQ(heard.end, bytes.size());
    for (const std::string& message : heard.lines) {
      if (message.starts_with("text-chat")) ++texts;
      said.insert(message);
    }
  }
  EXPECT_EQ(texts, 7u);
  EXPECT_EQ(said,
            (std::set<std::string>{
                "any", "any peer=tesla_thomas@hotmail.com", "login login=tesla_brian@hotmail.com",
                "presence login=tesla_brian@hotmail.com", "presence peer=tesla_thomas@hotmail.com",
                "text-chat", "text-chat peer=tesla_thomas@hotmail.com"}));
}

TEST(MsnCorpus, TakesNothingElseForItsOwn) {
  const std::vector<Label> labels = labels_of_both();
  if (labels.empty()) GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  std::set<std::string> labelled;
  for (const Label& label : labels) labelled.insert(label.file);
  std::size_t files = 0;
  std::size_t streams = 0;
  for (const auto& entry : fs::recursive_directory_iterator(CHATGATE_CORPUS "/pcaps")) {
    if (!entry.is_regular_file()) continue;
    const std::string file = fs::relative(entry.path(), CHATGATE_CORPUS "/pcaps").string();
    if (labelled.contains(file)) continue;
    ++files;
    for (const auto& [way, stream] : read_streams(entry.path().string())) {
      const std::vector<std::uint8_t> bytes = stream.bytes();
      ++streams;
      for (const StreamParser& parser :
           {msnp::kParser, msnftp::kParser, msn_peers::kParser, msn_webcam::kParser, ymsg::kParser,
            ymsg_webcam::kParser}) {
        EXPECT_NE(parser.probe(bytes), Probe::certain) << file << ' ' << way.second.second;
      }
    }
  }
  EXPECT_GT(files, 800u);
  EXPECT_GT(streams, 2000u);
}

TEST(MsnCorpus, TakesNothingFromTheHeap) {
  const std::string path = CHATGATE_CORPUS "/pcaps/pcaps/msnms.pcap";
  if (!fs::exists(path)) GTEST_SKIP() << "NOT RUN: there is no " << path;
  for (const auto& [way, stream] : read_streams(path)) {
    const std::vector<std::uint8_t> bytes = stream.bytes();
    const std::size_t before = allocation_count();
    ParserState state;
    Facts facts;
    std::size_t begin = 0;
    while (begin < bytes.size()) {
      facts.clear();
      ASSERT_EQ(msnp::feed(state, Bytes(bytes).subspan(begin), facts), ParseStatus::done);
      begin += state.offset + state.skip;
      state.offset = 0;
      state.skip = 0;
    }
    EXPECT_EQ(allocation_count(), before);
  }
}

}  // namespace
}  // namespace chatgate::proto::test

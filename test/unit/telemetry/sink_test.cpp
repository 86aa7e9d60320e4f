// Sinks: no torn line, every loss counted, no waiting.
#include "telemetry/sink.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "telemetry/file_sink.h"
#include "telemetry/line_queue.h"
#include "telemetry/unix_sink.h"

namespace chatgate::telemetry {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "chatgate-sink-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// A peer that accepts connections when it is asked to.
class Peer {
 public:
  explicit Peer(const std::string& path) : path_(path), listener_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_, 4), 0);
  }
  ~Peer() {
    hang_up();
    close(listener_);
    unlink(path_.c_str());
  }
  void accept() { connection_ = ::accept(listener_, nullptr, nullptr); }
  void hang_up() {
    if (connection_ >= 0) close(connection_);
    connection_ = -1;
  }
  std::string read_available() {
    std::string text;
    char buffer[65536];
    ssize_t count = 0;
    while ((count = recv(connection_, buffer, sizeof buffer, MSG_DONTWAIT)) > 0) {
      text.append(buffer, static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  std::string path_;
  int listener_;
  int connection_ = -1;
};

struct WordRow {
  const char* word;
  const char* error;  // null: good
};

class SinkWord : public testing::TestWithParam<WordRow> {};

TEST_P(SinkWord, IsReadOrRefused) {
  Diagnostics findings;
  const auto spec = parse_sink(GetParam().word, "--events", findings);
  if (GetParam().error == nullptr) {
    EXPECT_TRUE(spec && findings.empty());
    return;
  }
  EXPECT_FALSE(spec);
  ASSERT_EQ(findings.error_count(), 1u);
  EXPECT_EQ(findings.all()[0].to_string(), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, SinkWord,
    testing::Values(
        WordRow{"-", nullptr}, WordRow{"file:/var/log/x", nullptr}, WordRow{"file:x", nullptr},
        WordRow{"unix:/run/x", nullptr},
        WordRow{"fiel:/x", R"(--events: unknown sink "fiel:/x", did you mean "file:/x"?)"},
        WordRow{"unx:/x", R"(--events: unknown sink "unx:/x", did you mean "unix:/x"?)"},
        WordRow{"/var/log/x",
                R"(--events: unknown sink "/var/log/x", a file is written "file:/var/log/x")"},
        WordRow{"", R"(--events: unknown sink "", one of -, file:PATH, unix:PATH)"},
        WordRow{"kafka:x", R"(--events: unknown sink "kafka:x", one of -, file:PATH, unix:PATH)"},
        WordRow{"file:", R"(--events: the sink "file:" names no path, write file:PATH)"},
        WordRow{"syslog:",
                "--events: the sink \"syslog:\" is not supported by this version, "
                "one of -, file:PATH, unix:PATH"},
        WordRow{"redis://h:1/s",
                "--events: the sink \"redis://h:1/s\" is not supported by this "
                "version, one of -, file:PATH, unix:PATH"}));

TEST(SinkWord, PathTooLongForASocketIsRefused) {
  Diagnostics findings;
  EXPECT_TRUE(parse_sink("unix:/" + std::string(106, 'a'), "--events", findings));
  EXPECT_FALSE(parse_sink("unix:/" + std::string(107, 'a'), "--events", findings));
  EXPECT_THAT(findings.all()[0].message, HasSubstr("too long"));
}

TEST(LineQueue, KeepsTheLimitAndCountsLines) {
  LineQueue queue(10);
  EXPECT_TRUE(queue.push("abcd\n"));
  EXPECT_TRUE(queue.push("efgh\n"));
  EXPECT_FALSE(queue.push("\n"));
  EXPECT_EQ(queue.consume(7), 1u);
  EXPECT_EQ(queue.pending(), "gh\n");
  EXPECT_TRUE(queue.push("ijklm\n"));
  EXPECT_EQ(queue.drop_torn(), 1u);
  EXPECT_EQ(queue.pending(), "ijklm\n");
  EXPECT_EQ(queue.drop_torn(), 0u);
  EXPECT_EQ(queue.drop_all(), 1u);
  EXPECT_TRUE(queue.empty());
}

TEST(FileSink, AppendsWithTheRightMode) {
  const Folder folder;
  const std::string path = folder / "events.json";
  std::ofstream(path) << "old\n";
  Diagnostics findings;
  const auto sink = open_sink({SinkKind::file, "file:" + path, path}, findings);
  ASSERT_TRUE(sink);
  sink->write("one\n");
  sink->write("two\n");
  sink->flush();
  EXPECT_EQ(content(path), "old\none\ntwo\n");
  EXPECT_EQ(sink->written(), 2u);
  EXPECT_EQ(sink->lost(), 0u);
}

TEST(FileSink, NewFileIsForOwnerAndGroupOnly) {
  const Folder folder;
  const std::string path = folder / "events.json";
  const mode_t before = umask(0);
  Diagnostics findings;
  FileSink::open("w", path, FileSink::Existing::truncate, findings);
  umask(before);
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640u);
}

TEST(FileSink, ReopenFollowsARotation) {
  const Folder folder;
  const std::string path = folder / "events.json";
  Diagnostics findings;
  const auto sink = FileSink::open("w", path, FileSink::Existing::append, findings);
  sink->write("before\n");
  sink->flush();
  std::filesystem::rename(path, folder / "events.json.1");
  sink->write("between\n");
  sink->reopen();
  sink->write("after\n");
  sink->flush();
  EXPECT_EQ(content(folder / "events.json.1"), "before\nbetween\n");
  EXPECT_EQ(content(path), "after\n");
}

TEST(FileSink, MissingFolderIsOneLine) {
  Diagnostics findings;
  EXPECT_FALSE(FileSink::open("w", "/nonexistent/x", FileSink::Existing::append, findings));
  EXPECT_EQ(findings.all()[0].to_string(),
            "/nonexistent/x: cannot be written: No such file or directory");
}

TEST(FileSink, FullDiskLosesAndCounts) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full";
  Diagnostics findings;
  const auto sink = FileSink::open("w", "/dev/full", FileSink::Existing::append, findings);
  ASSERT_TRUE(sink);
  sink->write("lost\n");
  sink->flush();
  sink->finish(0ms);
  EXPECT_EQ(sink->written(), 0u);
  EXPECT_EQ(sink->lost(), 1u);
}

TEST(UnixSink, DeliversToAPeer) {
  const Folder folder;
  Peer peer(folder / "s");
  UnixSink sink("unix:s", folder / "s");
  peer.accept();
  sink.write("one\n");
  sink.flush();
  EXPECT_EQ(peer.read_available(), "one\n");
  EXPECT_EQ(sink.written(), 1u);
}

TEST(UnixSink, AbsentPeerLosesAndCounts) {
  const Folder folder;
  UnixSink sink("unix:s", folder / "s");
  for (int i = 0; i < 5; ++i) sink.write("x\n");
  sink.flush();
  EXPECT_EQ(sink.lost(), 5u);
  EXPECT_EQ(sink.written(), 0u);
}

TEST(UnixSink, ConnectsAgain) {
  const Folder folder;
  UnixSink sink("unix:s", folder / "s");
  sink.write("lost\n");
  Peer peer(folder / "s");
  const auto deadline = std::chrono::steady_clock::now() + UnixSink::kRetry + 2s;
  std::uint64_t tries = 0;
  while (sink.written() == 0 && std::chrono::steady_clock::now() < deadline) {
    sink.write("found\n");
    sink.flush();
    ++tries;
    usleep(20'000);
  }
  peer.accept();
  EXPECT_EQ(peer.read_available(), "found\n");
  EXPECT_EQ(sink.written(), 1u);
  EXPECT_EQ(sink.lost(), tries);  // the first, and all but the last of these
}

TEST(UnixSink, SlowPeerNeitherBlocksNorTearsALine) {
  const Folder folder;
  Peer peer(folder / "s");
  UnixSink sink("unix:s", folder / "s");
  peer.accept();
  const std::string line = std::string(999, 'x') + '\n';
  constexpr std::uint64_t kLines = 5000;  // far more than socket and queue hold
  for (std::uint64_t i = 0; i < kLines; ++i) {
    sink.write(line);
    sink.flush();
  }
  EXPECT_GT(sink.lost(), 0u);
  std::string all;
  for (std::string more; !(more = peer.read_available()).empty(); sink.flush()) all += more;
  EXPECT_EQ(sink.written() + sink.lost(), kLines);
  ASSERT_EQ(all.size(), sink.written() * line.size());
  for (std::size_t at = 0; at < all.size(); at += line.size()) {
    ASSERT_EQ(all.substr(at, line.size()), line);
  }
}

TEST(UnixSink, PeerThatHangsUpCostsTheTornLineOnly) {
  const Folder folder;
  Peer peer(folder / "s");
  UnixSink sink("unix:s", folder / "s");
  peer.accept();
  const std::string line = std::string(99'999, 'x') + '\n';
  for (int i = 0; i < 8; ++i) sink.write(line);
  sink.flush();  // the socket is full now, in the middle of a line
  const std::uint64_t whole = sink.written();
  ASSERT_LT(whole, 8u);
  peer.hang_up();
  sink.flush();
  EXPECT_EQ(sink.lost(), 1u);
  const auto deadline = std::chrono::steady_clock::now() + UnixSink::kRetry + 2s;
  while (sink.written() == whole && std::chrono::steady_clock::now() < deadline) {
    sink.flush();
    usleep(20'000);
  }
  peer.accept();
  EXPECT_EQ(peer.read_available().substr(0, line.size()), line);
}

TEST(UnixSink, FinishWaitsForTheTimeGivenAndCountsTheRest) {
  const Folder folder;
  Peer peer(folder / "s");
  UnixSink sink("unix:s", folder / "s");
  peer.accept();
  const std::string line = std::string(99'999, 'x') + '\n';
  for (int i = 0; i < 8; ++i) sink.write(line);
  const auto begin = std::chrono::steady_clock::now();
  sink.finish(50ms);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 45ms);
  EXPECT_EQ(sink.written() + sink.lost(), 8u);
  EXPECT_GT(sink.lost(), 0u);
}

}  // namespace
}  // namespace chatgate::telemetry

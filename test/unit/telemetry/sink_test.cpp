// Sinks: no torn line, every loss counted, no waiting.
#include "telemetry/sink.h"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "telemetry/event_writer.h"
#include "telemetry/file_sink.h"
#include "telemetry/line_queue.h"
#include "telemetry/unix_sink.h"

#include "sink_test.h"

namespace chatgate::telemetry {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

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

#define FORMS "one of -, file:PATH, unix:PATH, syslog:, redis://HOST:PORT/STREAM"

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
        WordRow{"", "--events: unknown sink \"\", " FORMS},
        WordRow{"kafka:x", "--events: unknown sink \"kafka:x\", " FORMS},
        WordRow{"file:", "--events: the sink \"file:\" cannot be read, a path must follow"},
        WordRow{"syslog:", nullptr}, WordRow{"syslog:/run/log", nullptr},
        WordRow{"syslog://loghost", nullptr}, WordRow{"syslog://[2001:db8::1]:5514", nullptr},
        WordRow{"syslog://",
                "--events: the sink \"syslog://\" cannot be read, "
                "write syslog: or syslog://HOST:PORT"},
        WordRow{"syslog://:514",
                "--events: the sink \"syslog://:514\" cannot be read, "
                "write syslog: or syslog://HOST:PORT"},
        WordRow{"syslog://h:70000",
                "--events: the sink \"syslog://h:70000\" cannot be read, "
                "write syslog: or syslog://HOST:PORT"},
        WordRow{"redis://h/s", nullptr}, WordRow{"redis://u:p%40@[::1]:7000/s?maxlen=5", nullptr},
        WordRow{"redis:h/s",
                "--events: the sink \"redis:h/s\" cannot be read, "
                "write redis://HOST:PORT/STREAM"},
        WordRow{"redis://h:1",
                "--events: the sink \"redis://h:1\" cannot be read, "
                "write redis://HOST:PORT/STREAM"},
        WordRow{"redis://:p%4@h/s",
                "--events: the sink \"redis://h/s\" cannot be read, "
                "a \"%\" in a name or password is written %25"},
        WordRow{"redis://h/s?maxlen=0",
                "--events: the sink \"redis://h/s?maxlen=0\" cannot be "
                "read, maxlen is a number of entries, 1 or more"},
        WordRow{"redis://h/s?maxlen=9x",
                "--events: the sink \"redis://h/s?maxlen=9x\" cannot be "
                "read, maxlen is a number of entries, 1 or more"},
        WordRow{"redis://h/s?db=1",
                "--events: the sink \"redis://h/s?db=1\" cannot be read, "
                "behind \"?\" may stand maxlen=N and password-file=PATH"}));

TEST(SinkWord, PartsOfAnAddressAreTakenApart) {
  Diagnostics findings;
  const auto spec =
      parse_sink("redis://us%3aer:p%40ss@[::1]:7000/ev%2fents?maxlen=5&password-file=/etc/p",
                 "--events", findings);
  ASSERT_TRUE(spec);
  EXPECT_EQ(spec->user, "us:er");
  EXPECT_EQ(spec->password, "p@ss");
  EXPECT_EQ(spec->remote.to_string(), "[::1]:7000");
  EXPECT_EQ(spec->path, "ev/ents");
  EXPECT_EQ(spec->length, 5u);
  EXPECT_EQ(spec->password_file, "/etc/p");
  EXPECT_EQ(spec->word, "redis://[::1]:7000/ev%2fents?maxlen=5&password-file=/etc/p");
}

TEST(SinkWord, PasswordIsNeverRepeated) {
  for (const char* word : {"redis://u:secret@h:1", "redis://secret@h:x/s", "redi://secret@h/s"}) {
    Diagnostics findings;
    EXPECT_FALSE(parse_sink(word, "--events", findings));
    EXPECT_THAT(findings.all()[0].to_string(), testing::Not(HasSubstr("secret")));
  }
}

TEST(SinkWord, PasswordFileThatIsNotThereIsOneLine) {
  Diagnostics findings;
  const auto spec = parse_sink("redis://h/s?password-file=/nonexistent", "--events", findings);
  ASSERT_TRUE(spec);
  EXPECT_FALSE(open_sink(*spec, findings));
  EXPECT_THAT(findings.all()[0].to_string(), HasSubstr("/nonexistent: the password"));
}

TEST(SinkWord, PathTooLongForASocketIsRefused) {
  Diagnostics findings;
  EXPECT_TRUE(parse_sink("unix:/" + std::string(106, 'a'), "--events", findings));
  EXPECT_FALSE(parse_sink("unix:/" + std::string(107, 'a'), "--events", findings));
  EXPECT_THAT(findings.all()[0].remedy, HasSubstr("at most 107 bytes"));
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

// A file system of its own, a few pages large; unmounted with its folder.
class SmallDisk {
 public:
  SmallDisk() : mounted_(mount("none", (folder_ / "").c_str(), "tmpfs", 0, "size=64k") == 0) {}
  ~SmallDisk() {
    if (mounted_) umount((folder_ / "").c_str());
  }
  bool mounted() const { return mounted_; }
  std::string operator/(const char* name) const { return folder_ / name; }

 private:
  Folder folder_;
  bool mounted_;
};

TEST(FileSink, GoesOnWhenAFullDiskHasRoomAgainAndSaysWhatIsLost) {
  const SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "not allowed to mount a tmpfs: run as root";
  Diagnostics findings;
  std::vector<std::unique_ptr<Sink>> sinks;
  sinks.push_back(open_sink({SinkKind::file, "file:e", disk / "e"}, findings));
  ASSERT_TRUE(sinks[0]);
  const Sink& sink = *sinks[0];
  EventWriterOptions options;
  options.loss_every = 0ms;
  EventWriter writer(options, std::move(sinks));
  std::ofstream(disk / "ballast") << std::string(40'000, 'x');
  const std::string line = "{\"n\":\"" + std::string(991, 'x') + "\"}";
  constexpr std::uint64_t kLines = 2000;  // far more than disk and queue hold
  for (std::uint64_t i = 0; i < kLines; ++i) {
    ASSERT_TRUE(writer.write_line(line));
    writer.drain_once();
  }
  EXPECT_GT(sink.lost(), 0u);
  EXPECT_EQ(sink.trouble(), "No space left on device");
  const std::uint64_t lost = sink.lost();
  std::filesystem::remove(disk / "ballast");
  EXPECT_EQ(mount("none", (disk / "").c_str(), "tmpfs", MS_REMOUNT, "size=8m"), 0);
  for (int i = 0; i < 3; ++i) writer.drain_once();

  std::ifstream file(disk / "e");
  std::uint64_t whole = 0;
  std::string last, text;
  while (std::getline(file, text)) {
    if (text == line) ++whole;
    last = text;
  }
  EXPECT_EQ(whole + lost, kLines);
  EXPECT_EQ(sink.lost(), lost);
  EXPECT_THAT(last, HasSubstr("\"lost_total\":" + std::to_string(lost)));
  EXPECT_THAT(last, HasSubstr("\"last_error\":\"No space left on device\""));
}

// Runs `body` with standard output being a pipe of which the test has the other end.
template <typename Body>
void with_piped_output(Body body) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  fflush(stdout);
  const int before = dup(STDOUT_FILENO);
  dup2(ends[1], STDOUT_FILENO);
  body(ends[0]);
  dup2(before, STDOUT_FILENO);
  for (const int descriptor : {ends[0], ends[1], before}) close(descriptor);
}

TEST(FileSink, PipeThatNobodyReadsHoldsUpNobody) {
  const std::string line = std::string(999, 'x') + '\n';
  std::uint64_t written = 0, lost = 0;
  std::string read_later;
  const auto begin = std::chrono::steady_clock::now();
  with_piped_output([&](int reader) {
    const auto sink = FileSink::standard_output(FileSink::SlowReader::loses);
    for (int i = 0; i < 3000; ++i) sink->write(line);
    sink->flush();
    std::string buffer(1 << 17, ' ');
    read_later = buffer.substr(0, static_cast<std::size_t>(read(reader, buffer.data(), 1 << 17)));
    sink->finish(0ms);
    written = sink->written();
    lost = sink->lost();
  });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_GT(written, 0u);
  EXPECT_EQ(written + lost, 3000u);
  EXPECT_EQ(read_later.substr(0, line.size()), line);
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

// As in one round of the writer, which takes all that waits in the workers' rings.
TEST(UnixSink, APeerThatKeepsPaceLosesNothing) {
  const Folder folder;
  Peer peer(folder / "s");
  UnixSink sink("unix:s", folder / "s");
  peer.accept();
  const std::string line = std::string(999, 'x') + '\n';
  std::size_t read = 0;
  for (std::size_t sent = 0; sent < 4 * UnixSink::kQueueLimit; sent += line.size()) {
    sink.write(line);
    read += peer.read_available().size();
  }
  sink.flush();
  read += peer.read_available().size();
  EXPECT_EQ(sink.lost(), 0u);
  EXPECT_EQ(read, sink.written() * line.size());
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

// Where event lines go: one class a sink, one row in the table of sink.cpp.
//
// Opened by whoever starts the program, then owned and used by the event thread alone; only `stats`
// is for any thread. A sink never blocks for longer than a local file takes: a line that its peer
// does not take is lost and counted.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "base/host_port.h"

namespace chatgate::telemetry {

class Sink {
 public:
  // `word` is what the sink is called in reports, as the user wrote it.
  explicit Sink(std::string word) : word_(std::move(word)) {}
  virtual ~Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  // Takes one line with its line feed, the only one in it, or counts it as lost.
  void write(std::string_view line) {
    if (!take(line)) count_lost(1);
  }
  // Takes one line, or answers false: then nothing is lost, the caller may come again with it.
  virtual bool take(std::string_view line) = 0;
  // Hands on what was taken, as far as it goes without waiting.
  virtual void flush() = 0;
  // Hands on what was taken, and waits for a slow peer at most until then; the rest is lost.
  virtual void finish(std::chrono::milliseconds patience) = 0;
  // Opens the file again under its name, after a log rotation.
  virtual void reopen() {}

  const std::string& word() const { return word_; }
  // Lines handed on whole, and lines lost; any thread.
  std::uint64_t written() const { return written_.load(std::memory_order_relaxed); }
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }
  // What went wrong last, for the report of a loss; empty where nothing ever did. The event thread.
  const std::string& trouble() const { return trouble_; }

 protected:
  void set_trouble(std::string what) { trouble_ = std::move(what); }
  void count_written(std::uint64_t lines) { written_.fetch_add(lines, std::memory_order_relaxed); }
  void count_lost(std::uint64_t lines) { lost_.fetch_add(lines, std::memory_order_relaxed); }

 private:
  const std::string word_;
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> lost_{0};
  std::string trouble_;
};

enum class SinkKind : std::uint8_t { standard_output, file, unix_socket, syslog, redis };

struct SinkSpec {
  SinkKind kind = SinkKind::standard_output;
  std::string word;      // without a password
  std::string path;      // of a file or socket; of Redis, the stream; empty for standard output
  HostPort remote = {};  // of Redis, and of syslog over UDP; else without a port
  std::string user = {}, password = {}, password_file = {};
  std::uint64_t length = 0;  // entries that a stream of Redis keeps; 0: the sink's default
};

// Reads `-`, `file:PATH`, `unix:PATH`, `syslog:[PATH]`, `syslog://HOST[:PORT]` or
// `redis://[[USER:]PASSWORD@]HOST[:PORT]/STREAM[?maxlen=N&password-file=PATH]`. What is wrong is an
// error in `diagnostics`, whose place is `where` (the option, such as "--events"); no password is
// repeated there.
std::optional<SinkSpec> parse_sink(std::string_view word, std::string_view where,
                                   Diagnostics& diagnostics);

// Null, and an error in `diagnostics`, where a file cannot be opened or read. An absent peer is no
// error: the sink goes on trying.
std::unique_ptr<Sink> open_sink(const SinkSpec& spec, Diagnostics& diagnostics);

}  // namespace chatgate::telemetry

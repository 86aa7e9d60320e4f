// Event lines into a file or to standard output.
//
// Where the disk is full, lines wait, a mebibyte of them at most; the rest is lost and counted, and
// the line that was begun is completed once there is room again.
#pragma once

#include <memory>

#include "telemetry/line_queue.h"
#include "telemetry/sink.h"

namespace chatgate::telemetry {

class FileSink final : public Sink {
 public:
  enum class Existing : std::uint8_t { append, truncate };

  // Creates the file with mode 0640. Null, and an error, where it cannot be opened.
  static std::unique_ptr<FileSink> open(std::string word, std::string path, Existing existing,
                                        Diagnostics& diagnostics);
  // What becomes of lines where standard output is a pipe that is read too slowly: they are waited
  // for, or lost once the queue is full.
  enum class SlowReader : std::uint8_t { waits, loses };
  static std::unique_ptr<FileSink> standard_output(SlowReader slow);
  ~FileSink() override;

  bool take(std::string_view line) override;
  void flush() override;
  void finish(std::chrono::milliseconds patience) override;
  void reopen() override;

 private:
  FileSink(std::string word, std::string path, int descriptor);
  bool write_out();
  std::size_t room() const;

  const std::string path_;  // empty for standard output
  int descriptor_;
  bool waits_ = true;
  LineQueue queue_;
};

}  // namespace chatgate::telemetry

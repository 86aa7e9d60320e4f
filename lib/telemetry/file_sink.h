// Event lines into a file or to standard output.
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
  static std::unique_ptr<FileSink> standard_output();
  ~FileSink() override;

  void write(std::string_view line) override;
  void flush() override;
  void finish(std::chrono::milliseconds patience) override;
  void reopen() override;

 private:
  FileSink(std::string word, std::string path, int descriptor);
  bool write_out();

  const std::string path_;  // empty for standard output
  int descriptor_;
  LineQueue queue_;
};

}  // namespace chatgate::telemetry

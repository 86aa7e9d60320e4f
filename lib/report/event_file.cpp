#include "report/event_file.h"

#include <array>
#include <memory>
#include <zlib.h>

namespace chatgate::report {
namespace {

struct Close {
  void operator()(gzFile_s* file) const { ::gzclose(file); }
};

// Puts lines together from the pieces that are read.
class Assembler {
 public:
  explicit Assembler(const LineHandler& handler) : handler_(handler) {}

  void add(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      keep(bytes.substr(0, end));
      if (end == std::string_view::npos) return;
      finish();
      bytes.remove_prefix(end + 1);
    }
  }
  // The last line may lack its line feed.
  void end() {
    if (!line_.empty() || too_long_) finish();
  }
  std::uint64_t number() const { return number_; }

 private:
  void keep(std::string_view part) {
    if (too_long_ || line_.size() + part.size() > kLongestLine) {
      too_long_ = true;
      line_.clear();
      return;
    }
    line_ += part;
  }
  void finish() {
    if (too_long_) {
      handler_.damage(number_, "the line is too long");
    } else {
      if (line_.ends_with('\r')) line_.pop_back();
      if (!line_.empty()) handler_.line(line_, number_);
    }
    ++number_;
    line_.clear();
    too_long_ = false;
  }

  const LineHandler& handler_;
  std::string line_;
  std::uint64_t number_ = 1;
  bool too_long_ = false;
};

}  // namespace

bool read_lines(const std::string& path, const LineHandler& handler) {
  // zlib reads a file that is not compressed as it is.
  const std::unique_ptr<gzFile_s, Close> file(::gzopen(path.c_str(), "rbe"));
  if (file == nullptr) return false;
  Assembler lines(handler);
  std::array<char, 64 * 1024> buffer;
  int count = 0;
  bool any = false;
  while ((count = ::gzread(file.get(), buffer.data(), buffer.size())) > 0) {
    any = true;
    lines.add({buffer.data(), static_cast<std::size_t>(count)});
  }
  lines.end();
  int error = Z_OK;
  ::gzerror(file.get(), &error);
  if (error == Z_ERRNO && !any) return false;  // a folder, for instance
  if (error != Z_OK) handler.damage(lines.number(), "the file is damaged or breaks off here");
  return true;
}

}  // namespace chatgate::report

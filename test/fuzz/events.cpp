// A file of events, compressed or not, as the report reads it: every line is counted or told as
// damage, and the page is the same where the same file is read again.
#include <cstdint>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "report/event_file.h"
#include "report/report.h"

namespace {

using namespace chatgate::report;

std::string page_of(const std::string& path, bool redact) {
  Tally tally({.from = {}, .to = {}, .redact_people = redact});
  std::uint64_t lines = 0, last = 0;
  const LineHandler handler{
      [&](std::string_view line, std::uint64_t number) {
        FUZZ_CHECK(line.size() <= kLongestLine && line.find('\n') == line.npos);
        FUZZ_CHECK(number > last);
        last = number;
        ++lines;
        tally.add(line, "eve.json", number);
      },
      [&](std::uint64_t number, std::string_view what) {
        FUZZ_CHECK(!what.empty());
        tally.add_damage("eve.json", number, what);
      }};
  FUZZ_CHECK(read_lines(path, handler));
  FUZZ_CHECK(tally.lines <= lines && tally.outside == 0);
  if (redact) FUZZ_CHECK(tally.clients.size() == 0);
  const ReportSource source{tally, {"eve.json"}, {}, "today"};
  return to_html(source) + to_json(source);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int memory = memfd_create("events", 0);
  FUZZ_CHECK(memory >= 0 && write(memory, data, size) == static_cast<ssize_t>(size));
  const std::string path = "/proc/self/fd/" + std::to_string(memory);
  for (const bool redact : {false, true})
    FUZZ_CHECK(page_of(path, redact) == page_of(path, redact));
  close(memory);
  return 0;
}

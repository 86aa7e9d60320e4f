#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "proto/facts.h"

#include "check.h"
#include "lists/reader.h"

// Whatever the text of a list is: every line is counted once at most, a finding has its place, and
// a name that stands alone on the only line is in the set, unless it is an exception's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate;
  const std::string_view text = as_text({data, size});
  const SuffixHash::Key key(1);
  lists::ListReader reader;
  Diagnostics diagnostics;
  FUZZ_CHECK(reader.read(text, "fuzz", diagnostics));
  FUZZ_CHECK(!diagnostics.has_errors());
  std::size_t lines = 1;
  for (const char c : text) lines += c == '\n' ? 1 : 0;
  for (const Diagnostic& each : diagnostics.all()) {
    FUZZ_CHECK(each.place.line <= lines);
    FUZZ_CHECK(each.message.find('\n') == std::string::npos);
  }
  const lists::List list = reader.finish(key);
  const auto& counts = list.lines;
  FUZZ_CHECK(counts.taken + counts.skipped + counts.refused <= lines);
  FUZZ_CHECK(list.names.text_bytes() <= list.names.memory());
  FUZZ_CHECK(counts.taken != 0 || list.addresses.empty());
  // The set may be asked for anything.
  const proto::HostName asked = proto::HostName::normalised(text);
  const bool found = list.names.contains(lists::HashedName(key, asked.view()));
  FUZZ_CHECK(!found || !list.names.empty());
  const bool plain = asked.well_formed() && asked.view() == text && text[0] != '_';
  if (plain && counts.taken == 1 && list.names.size() == 1) FUZZ_CHECK(found);
  return 0;
}

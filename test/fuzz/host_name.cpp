// The input is a host name as it came.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "proto/facts.h"
#include "proto/punycode.h"

#include "check.h"

namespace chatgate::proto {
namespace {

bool may_stand_in_host_name(char c) {
  return std::string_view("abcdefghijklmnopqrstuvwxyz0123456789-_.").find(c) !=
         std::string_view::npos;
}

void check_host_name(std::string_view raw) {
  const HostName name = HostName::normalised(raw);
  const std::string_view text = name.view();
  FUZZ_CHECK(text.size() <= HostName::kCapacity);
  FUZZ_CHECK(!is_ascii(raw) || text.size() <= raw.size());  // its ASCII form is longer than UTF-8
  FUZZ_CHECK(std::none_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; }));
  if (!name.well_formed()) return;
  FUZZ_CHECK(!text.empty());
  FUZZ_CHECK(std::all_of(text.begin(), text.end(), may_stand_in_host_name));
  FUZZ_CHECK(text.front() != '.' && text.back() != '.');
  FUZZ_CHECK(text.find("..") == std::string_view::npos);
  const HostName again = HostName::normalised(text);
  FUZZ_CHECK(again.view() == text && again.well_formed());
}

}  // namespace
}  // namespace chatgate::proto

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chatgate::proto::check_host_name(chatgate::as_text({data, size}));
  return 0;
}

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "detect/parser.h"
#include "detect/printer.h"

#include "check.h"

// Whatever the text of a rule file is, what loads from it prints as text that loads as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate;
  const detect::RuleSet set = detect::parse_rules(as_text({data, size}), "fuzz");
  FUZZ_CHECK(set.refused == 0 || set.findings.has_errors());
  for (const detect::Rule& rule : set.rules) {
    FUZZ_CHECK(rule.sid != 0);
    FUZZ_CHECK(rule.source.addresses != nullptr && rule.source.ports != nullptr);
    FUZZ_CHECK(rule.destination.addresses != nullptr && rule.destination.ports != nullptr);
    const std::string text = detect::to_text(rule);
    const detect::RuleSet again = detect::parse_rules(text, "again");
    FUZZ_CHECK(again.rules.size() == 1);
    FUZZ_CHECK(detect::to_text(again.rules[0]) == text);
  }
  return 0;
}

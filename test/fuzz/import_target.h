// What holds of every import, whatever the text: every line has one fate, the same text gives the
// same bytes.
#pragma once

#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "policy/import/import.h"
#include "policy/import/lines.h"

#include "check.h"

namespace chatgate {

template <typename Import>
int check_import(const std::uint8_t* data, std::size_t size, Import import) {
  const std::string_view text = as_text({data, size});
  const policy::import::Imported once = import(text);
  const auto& report = once.report;
  FUZZ_CHECK(report.lines == policy::import::split_lines(text).size());
  FUZZ_CHECK(report.converted + report.harmless + report.not_converted.size() == report.lines);
  for (const auto& each : report.not_converted) {
    FUZZ_CHECK(each.line >= 1 && each.line <= report.lines && !each.why.empty());
  }
  for (const auto& each : report.warnings) {
    FUZZ_CHECK(each.line <= report.lines && !each.message.empty());
  }
  FUZZ_CHECK(import(text).policy == once.policy);
  return 0;
}

}  // namespace chatgate

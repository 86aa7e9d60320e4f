// One buffer that a rule looks at, written so that the rule finds what it looks for. Private to
// lib/explain: see signature_sessions.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "detect/rule.h"

namespace chatgate::explain {

class RulePaper {
 public:
  // What stands there whatever the rule says.
  explicit RulePaper(std::string_view begin = {});

  // Nothing is promised: where two options want the same octet, the first has it.
  void add(const detect::PayloadOption& option);
  void at_least(std::size_t size);

  std::string text() const;

 private:
  void add(const detect::Content& content);
  void add(const detect::Pcre& pcre);
  void add(const detect::ByteTest& test);
  void add(const detect::IsDataAt& data);
  void add(const detect::BufferSize& size);
  void add(const detect::ByteJump&) {}
  void add(const detect::ByteExtract&) {}
  void add(const detect::ByteMath&) {}
  void add(const detect::BufferPresent&) { at_least(1); }

  bool fits(std::size_t at, std::string_view bytes) const;
  void write(std::size_t at, std::string_view bytes);
  void write_somewhere(std::size_t from, std::string_view bytes);
  std::size_t behind_cursor(std::int64_t distance) const;

  struct Bounds {
    std::uint64_t least = 0, most = UINT64_MAX;
  };

  std::string bytes_;
  std::vector<bool> fixed_;
  std::size_t cursor_ = 0;
  std::size_t most_ = SIZE_MAX;                                    // octets that there may be
  std::map<std::pair<std::size_t, std::size_t>, Bounds> numbers_;  // by place and width
};

}  // namespace chatgate::explain

// What a prefilter is compared with: whether a literal is in some text, found the plain way.
#pragma once

#include <string>
#include <string_view>

#include "detect/pcre_literal.h"

namespace chatgate::detect {

inline std::string folded(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

inline bool contains(std::string_view text, const Literal& literal) {
  if (literal.nocase) return folded(text).find(folded(literal.bytes)) != std::string::npos;
  return text.find(literal.bytes) != std::string_view::npos;
}

}  // namespace chatgate::detect

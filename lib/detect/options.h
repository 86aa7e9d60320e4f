// The options of the rule language, one row each: its name and the function that reads it.
//
// An option is added by a row in the table of the file it belongs to. Load time only.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "detect/builder.h"

namespace chatgate::detect {

enum class OptionValue : std::uint8_t { none, required, optional };
enum class OptionTimes : std::uint8_t { once, many };

struct OptionEntry {
  std::string_view name;
  OptionValue value;
  OptionTimes times;
  void (*read)(RuleBuilder& builder, const OptionText& option);
};

std::span<const OptionEntry> general_options();  // msg, sid, metadata …
std::span<const OptionEntry> content_options();  // content and its modifiers
std::span<const OptionEntry> buffer_options();   // pcre, sizes, sticky buffers
std::span<const OptionEntry> byte_options();     // byte_test, byte_jump …
std::span<const OptionEntry> packet_options();   // header fields
std::span<const OptionEntry> state_options();    // flow, flowbits, thresholds …

// Reads one option into the builder's rule, or says what is wrong with it.
void read_option(RuleBuilder& builder, const OptionText& option);

}  // namespace chatgate::detect

// The part of a rule in front of its options: action, protocol, addresses, ports, direction.
#pragma once

#include <span>
#include <string_view>

#include "detect/text.h"
#include "detect/variables.h"

namespace chatgate::detect {

// The words that begin a rule, for telling rules from other lines.
std::span<const std::string_view> action_words();
bool is_action_word(std::string_view word);

// Reads `text`, all that stands in front of the "(", into the rule; findings go to the reporter.
void read_header(std::string_view text, const Variables& variables, Reporter& reporter, Rule& rule);

// Holds a rule for a protocol that chatgate does not recognise by its content to the ports it is
// assigned, at the end that `flow` makes the server. To be called when the options are read.
void narrow_to_ports(std::string_view text, Reporter& reporter, Rule& rule);

}  // namespace chatgate::detect

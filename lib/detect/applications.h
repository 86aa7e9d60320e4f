// The protocol words of a rule's header, and which of chatgate's own application protocols they
// stand for.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "detect/rule.h"

namespace chatgate::detect {

struct ApplicationWord {
  std::string_view word;
  bool tcp;
  bool udp;
  proto::AppProto first;
  proto::AppProto second;  // unknown: there is none

  std::vector<proto::AppProto> any_of() const;
};

// Null where the word is none, or one that chatgate cannot recognise.
const ApplicationWord* find_application_word(std::string_view word);
std::span<const std::string_view> application_words();
// A protocol of Suricata's that chatgate does not recognise by its content. Rules for it are taken
// for its transport and the ports it is assigned.
struct ForeignWord {
  std::string_view word;
  bool tcp;
  bool udp;
  std::string_view ports;  // as in a rule; empty: it has none, and its rules are refused
};

const ForeignWord* find_foreign_word(std::string_view word);

// The word for a header's set of application protocols; empty where there is none for it.
std::string_view application_word_of(const RuleProtocol& protocol);

}  // namespace chatgate::detect

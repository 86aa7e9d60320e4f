// What the loaders of a policy's sections share: words that stand for a value, and limits.
//
// Inside of the loaders (controls_loader.cpp, http_loader.cpp); not for the packet path. Whatever
// is wrong is reported with its place, and what `into` held stays.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/controls.h"

#include "config/json_document.h"

namespace chatgate::policy {

template <typename Value>
struct Word {
  std::string_view word;
  Value value;
};

inline constexpr Word<Action> kActionWords[] = {{"allow", Action::allow},
                                                {"alert", Action::alert},
                                                {"drop", Action::drop},
                                                {"reset", Action::reset}};

template <typename Value, std::size_t N>
const Value* find_word(config::Reporter& reporter, const config::JsonValue& at,
                       std::string_view what, const Word<Value> (&words)[N]) {
  std::array<std::string_view, N> known;
  for (std::size_t i = 0; i < N; ++i) {
    if (words[i].word == at.text) return &words[i].value;
    known[i] = words[i].word;
  }
  reporter.error(at.at, "unknown word " + config::in_quotes(at.text) + " for " + std::string(what),
                 suggestion(at.text, known));
  return nullptr;
}

template <typename Value, std::size_t N>
void read_word(config::Reporter& reporter, config::ObjectReader& object, std::string_view key,
               const Word<Value> (&words)[N], Value& into) {
  if (object.string(key) == nullptr) return;
  if (const Value* value = find_word(reporter, *object.get(key), config::in_quotes(key), words)) {
    into = *value;
  }
}

// The key "action" of a check, which each has to have.
inline std::optional<Action> required_action(config::Reporter& reporter,
                                             config::ObjectReader& object) {
  const config::JsonValue* value = object.require("action", "one of allow, alert, drop, reset");
  if (value == nullptr || reporter.string(*value, "\"action\"") == nullptr) return std::nullopt;
  const Action* action = find_word(reporter, *value, "\"action\"", kActionWords);
  return action == nullptr ? std::nullopt : std::optional(*action);
}

struct Span {
  std::int64_t least, most;
};

// `"key": { KEYS[0]: NUMBER, "action": WORD }`.
void read_limit(config::Reporter& reporter, config::ObjectReader& object, std::string_view key,
                config::Keys keys, Span allowed, std::optional<LengthLimit>& into);

}  // namespace chatgate::policy

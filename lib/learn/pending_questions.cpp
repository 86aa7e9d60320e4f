#include "learn/pending_questions.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace chatgate::learn {

PendingQuestions::PendingQuestions(std::uint32_t capacity, const KeyedHash& hash)
    : hash_(hash), places_(std::bit_ceil(std::max<std::uint32_t>(capacity, 1))) {}

std::uint64_t PendingQuestions::hash(const QuestionKey& key) const {
  KeyedHash::Words words{};
  std::memcpy(words.data(), key.client.bytes.data(), 16);
  std::memcpy(words.data() + 2, key.resolver.bytes.data(), 16);
  words[4] = std::uint64_t{key.client_port} << 48 | std::uint64_t{key.resolver_port} << 32 |
             std::uint64_t{key.id} << 16 | std::uint64_t{key.tcp};
  return hash_(words);
}

void PendingQuestions::remember(const QuestionKey& key, std::uint64_t question_hash, Time now) {
  const std::uint64_t key_hash = hash(key);
  place(key_hash) = {key_hash, question_hash, std::max<std::uint64_t>(now.nanoseconds, 1)};
}

bool PendingQuestions::answered(const QuestionKey& key, std::uint64_t question_hash, Time now) {
  const std::uint64_t key_hash = hash(key);
  Place& waiting = place(key_hash);
  if (waiting.asked == 0 || waiting.key != key_hash || waiting.question != question_hash) {
    return false;
  }
  const bool in_time =
      now.nanoseconds < waiting.asked || now.nanoseconds - waiting.asked <= kPatience;
  waiting.asked = 0;
  return in_time;
}

}  // namespace chatgate::learn

#include "base/keyed_hash.h"

#include <random>

#include "base/secret.h"

namespace chatgate {

KeyedHash::KeyedHash() {
  draw_secret(secret_);
}

KeyedHash::KeyedHash(std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  for (std::uint64_t& word : secret_) word = generator();
}

}  // namespace chatgate

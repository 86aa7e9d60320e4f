#include "base/keyed_hash.h"

#include <random>

namespace chatgate {

KeyedHash::KeyedHash() {
  std::random_device device;
  for (std::uint64_t& word : secret_) word = std::uint64_t{device()} << 32 | device();
}

KeyedHash::KeyedHash(std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  for (std::uint64_t& word : secret_) word = generator();
}

}  // namespace chatgate

#include "base/suffix_hash.h"

#include <array>
#include <random>

#include "base/secret.h"

namespace chatgate {

SuffixHash::Key::Key() {
  std::array<std::uint64_t, 2> secret;
  draw_secret(secret);
  set_point(secret[0] % (kPrime - 1) + 1);
  multiplier_ = secret[1] | 1;
}

SuffixHash::Key::Key(std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  set_point(generator() % (kPrime - 1) + 1);
  multiplier_ = generator() | 1;
}

void SuffixHash::Key::set_point(std::uint64_t point) {
  std::uint64_t power = 1;
  for (std::uint64_t& next : powers_) next = power = reduce(times(power, point));
}

}  // namespace chatgate

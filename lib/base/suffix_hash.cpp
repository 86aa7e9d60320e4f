#include "base/suffix_hash.h"

#include <random>

namespace chatgate {

SuffixHash::Key::Key() {
  std::random_device device;
  const auto draw = [&] { return std::uint64_t{device()} << 32 | device(); };
  set_point(draw() % (kPrime - 1) + 1);
  multiplier_ = draw() | 1;
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

#include "base/suffix_hash.h"

#include <random>

namespace chatgate {

SuffixHash::Key::Key() {
  std::random_device device;
  const auto draw = [&] { return std::uint64_t{device()} << 32 | device(); };
  point_ = draw() % (kPrime - 1) + 1;
  multiplier_ = draw() | 1;
}

SuffixHash::Key::Key(std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  point_ = generator() % (kPrime - 1) + 1;
  multiplier_ = generator() | 1;
}

}  // namespace chatgate

#include "base/secret.h"

#include <cerrno>
#include <sys/random.h>
#include <system_error>

namespace chatgate {

void draw_secret(std::span<std::uint64_t> words) {
  if (getentropy(words.data(), words.size_bytes()) != 0) {
    throw std::system_error(errno, std::generic_category(), "no random secret from the kernel");
  }
}

}  // namespace chatgate

// Secrets from the operating system's generator, for hashes whose collisions nobody may aim.
//
// std::random_device asks the processor instead where that has RDSEED, which takes microseconds a
// word under a hypervisor, and the tables of a worker draw dozens. Any thread, at set-up: it is a
// system call. Throws std::system_error where the kernel gives none.
#pragma once

#include <cstdint>
#include <span>

namespace chatgate {

// At most 32 words, what getentropy(3) gives at once.
void draw_secret(std::span<std::uint64_t> words);

}  // namespace chatgate

// Payload to measure with: turns of up to detect::kMaxTurn bytes, as a scanner gets them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace chatgate::bench {

// The payloads of all TCP packets in the captures below `folder`, file after file, no more than
// `most` bytes; empty where there are none.
std::vector<std::string> turns_of_captures(const std::string& folder, std::size_t most);

// Lines that look like those of chat and web protocols, from a seed.
std::vector<std::string> made_turns(std::size_t bytes);

}  // namespace chatgate::bench

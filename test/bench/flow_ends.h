// The ends of made-up flows: different for all of some millions, and neighbours in number are no
// neighbours in the network.
#pragma once

#include <cstdint>
#include <string>

namespace chatgate::bench {

struct FlowEnds {
  std::uint32_t client = 0;  // IPv4, host order
  std::uint32_t server = 0;
  std::uint16_t client_port = 0;
};

constexpr FlowEnds ends_of(std::uint32_t i) {
  const std::uint32_t mixed = i * 0x9e3779b1u;  // odd, so that no two are the same
  return {0x0a000000u | (mixed & 0x00ffffffu), 0xc6120000u | (i * 40503u & 0xffffu),
          static_cast<std::uint16_t>(20000 + (mixed >> 24) * 97)};
}

inline std::string text_of(std::uint32_t address) {
  return std::to_string(address >> 24) + "." + std::to_string(address >> 16 & 255) + "." +
         std::to_string(address >> 8 & 255) + "." + std::to_string(address & 255);
}

}  // namespace chatgate::bench

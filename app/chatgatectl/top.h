// `top`: the gateway's rates, talkers and last blocks, in a live screen or printed once.
//
// Samples are the gateway's replies to `top`; what lies between two of them gives the rates.
#pragma once

#include <string>
#include <vector>

#include "client.h"

namespace chatgate::ctl {

enum class TopSort : char { bytes = 'b', packets = 'p', flows = 'f', blocked = 'd' };

struct TopLayout {
  TopSort sort = TopSort::bytes;
  std::size_t width = 100, height = 40;  // characters
};

// The figures per second between two samples, and the later one's facts.
Json top_facts(const Json& before, const Json& now);
// The screen for them: at most `height` lines of at most `width` characters.
std::vector<std::string> top_lines(const Json& facts, const TopLayout& layout);

// Asks for a second sample and prints one screen, or the facts as one object. The exit status.
int top_once(const Client& client, const Json& first, bool json);
// The live screen, until `q`; where the terminal can show none, one screen is printed.
int top_live(const Client& client, const Json& first);

}  // namespace chatgate::ctl

// Rows of the table that are about what a client says over TCP, and not how it travels: a
// conversation whose last message names the host.
//
// Each is played in one piece, and cut in two at every position of a short message (at many of a
// long one), in order and in disorder. The name has arrived where the server has read the last
// message to its last byte: a server can do nothing with less, and the most tolerant one can do
// something with that.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "table.h"

namespace chatgate::test {

// A message, and what the server says once it has read it.
struct Turn {
  std::string client;
  std::string server = {};
};

struct Conversation {
  std::function<std::vector<Turn>(const std::string& name)> says;
  PolicyWords words = {};
  std::uint16_t server_port = 443;
  // What is blocked is the server's address; the twin goes to another.
  bool listed = false;
  // The gateway answers a blocked message in the server's place, where that is alone in a segment.
  bool answered = false;
  // What the gateway sees before.
  std::function<void(Gateway&, const Path&)> before = {};
};

Row conversation(const char* id, const char* what, const char* why, Conversation conversation,
                 Twin twin = Twin::passes);

// The same of one message.
Row message(const char* id, const char* what, const char* why,
            std::function<std::string(const std::string& name)> says, Twin twin = Twin::passes);

// What is not tried, and why.
Row out_of_reach(const char* id, const char* what, const char* why);

}  // namespace chatgate::test

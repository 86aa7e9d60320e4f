// One line of IRC: its parts, and what it says. Part of proto/irc.h.
//
// A message to a channel is a conference, one to a nick or a service text chat; NickServ and its
// like are log-in. Peers are the channel or the nick. Of CTCP, ACTION is text, DCC is what it
// offers, VERSION's reply is the user's program, everything else presence. A DCC offer with an
// address and a port gives the connection to expect; one with port 0 (reverse DCC) gives none, the
// answer to it does.
//
// Called by parsers on a worker's thread; bytes and facts belong to the caller. Nothing is
// allocated; work is linear in the line.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "proto/facts.h"
#include "proto/parser.h"

namespace chatgate::proto::irc {

struct Line {
  static constexpr std::size_t kMaxParameters = 15;  // RFC 2812 section 2.3

  std::string_view prefix;  // without its colon
  std::string_view command;
  std::array<std::string_view, kMaxParameters> parameters;
  std::size_t count = 0;      // of them
  bool has_trailing = false;  // the last of them had a colon

  // Without the line's end.
  static Line read(std::string_view text);
  std::string_view parameter(std::size_t index) const {
    return index < count ? parameters[index] : std::string_view();
  }
  // 0 where the command is no numeric.
  unsigned numeric() const;
};

bool is_channel(std::string_view target);

void read_message(const Line& line, Direction way, Facts& facts);

}  // namespace chatgate::proto::irc

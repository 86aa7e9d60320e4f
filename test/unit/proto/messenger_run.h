// Feeds a messenger's parser as the engine does and writes down what each message says, in one line
// each. Shared by the unit tests and the fuzz targets; both compare what comes of different cuts.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::test {

inline std::string describe(const ExpectedFlow& flow) {
  return flow.address.to_string() + ":" + std::to_string(flow.port) +
         (flow.tcp ? "/tcp " : "/udp ") + std::string(to_string(flow.service));
}

// "text-chat login=alice peer=bob -> 10.0.0.1:80/tcp file-transfer"; what is empty is left out.
inline std::string describe(const Messenger& messenger) {
  std::string text(to_string(messenger.service));
  const auto add = [&](const char* what, const ShortText& value) {
    if (!value.empty()) text += std::string(" ") + what + "=" + std::string(value.view());
  };
  add("login", messenger.login);
  add("peer", messenger.peer_login);
  add("file", messenger.filename);
  add("version", messenger.version);
  add("client", messenger.client);
  for (std::size_t i = 0; i < messenger.expected_count; ++i) {
    text += " -> " + describe(messenger.expected[i]);
  }
  return text;
}

struct Heard {
  Probe probe = Probe::unsure;
  std::vector<std::string> messages;
  std::string application;                    // of all messages; "?" where they differ
  ParseStatus last = ParseStatus::need_more;  // done where all that came was dealt with
  Next next = Next::message;                  // of the last message
  std::uint64_t end = 0;                      // behind the last message and what it skips

  bool operator==(const Heard&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Heard& heard) {
  out << "probe " << static_cast<int>(heard.probe) << ", " << heard.application << ", status "
      << static_cast<int>(heard.last) << ", next " << static_cast<int>(heard.next) << " at "
      << heard.end;
  for (const std::string& message : heard.messages) out << "\n  " << message;
  return out;
}

// The view has each of `lengths` in turn. Every view is a buffer of its own size, so that the
// sanitizers see a read beyond it.
inline Heard listen(const StreamParser& parser, Direction way, Bytes stream,
                    const std::vector<std::size_t>& lengths) {
  Heard heard;
  ParserState state;
  std::uint64_t begin = 0;
  for (const std::size_t length : lengths) {
    while (begin < length) {
      const std::vector<std::uint8_t> view(stream.begin() + static_cast<std::ptrdiff_t>(begin),
                                           stream.begin() + static_cast<std::ptrdiff_t>(length));
      if (heard.probe == Probe::unsure) heard.probe = parser.probe(view);
      if (heard.probe == Probe::not_mine) return heard;
      if (heard.probe == Probe::unsure) break;
      Facts facts;
      state.way = way;
      heard.last = parser.feed(state, view, facts);
      if (heard.last == ParseStatus::need_more) break;
      if (heard.last != ParseStatus::done && heard.last != ParseStatus::piece) return heard;
      begin += state.offset + state.skip;
      heard.end = begin;
      state.offset = 0;
      state.skip = 0;
      if (heard.last == ParseStatus::piece) {
        heard.last = ParseStatus::done;
        continue;
      }
      heard.messages.push_back(facts.has_messenger ? describe(facts.messenger) : "nothing");
      const std::string application(facts.messenger.application);
      if (heard.messages.size() == 1) heard.application = application;
      if (application != heard.application) heard.application = "?";
      heard.next = facts.next;
      if (heard.next != Next::message) return heard;
    }
  }
  return heard;
}

inline std::vector<std::size_t> steps(std::size_t size, std::size_t step) {
  std::vector<std::size_t> lengths;
  for (std::size_t at = step; at < size; at += step) lengths.push_back(at);
  lengths.push_back(size);
  return lengths;
}

}  // namespace chatgate::proto::test

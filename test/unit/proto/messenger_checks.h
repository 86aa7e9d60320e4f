// Assertions on what a messenger's parser hears, under every cut, and what it must not take for its
// own.
#pragma once

#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "look_alikes.h"
#include "messenger_run.h"

namespace chatgate::proto::test {

// What a whole stream says; the same must come of it in small steps and in two pieces cut anywhere
// (of long streams: byte by byte and at every byte no more, but at every 61st).
template <typename Parser>
Heard listen_to_every_cut(const Parser& parser, Direction way, Bytes stream,
                          std::string_view application = {}, ParserState state = {}) {
  const auto hear = [&](const std::vector<std::size_t>& lengths) {
    return listen(parser, way, stream, lengths, application, state);
  };
  const Heard whole = hear({stream.size()});
  EXPECT_EQ(whole.fault, "");
  const std::vector<std::size_t> cuts = steps(stream.size(), stream.size() > 3000 ? 61 : 1);
  EXPECT_EQ(hear(cuts), whole) << "in small steps";
  for (const std::size_t cut : cuts) {
    const Heard heard = hear({cut, stream.size()});
    EXPECT_EQ(heard, whole) << "cut at " << cut;
    if (heard != whole) break;
  }
  return whole;
}

template <typename Parser>
void expect_lines(const Parser& parser, std::string_view text, const Lines& expected,
                  Direction way = Direction::to_server, std::string_view application = {},
                  ParserState state = {}) {
  EXPECT_EQ(listen_to_every_cut(parser, way, as_bytes(text), application, state).lines, expected)
      << text.substr(0, 400);
}

// The same parser, for streams that are known to be its own.
inline StreamParser known(StreamParser parser) {
  parser.probe = [](Bytes) { return Probe::certain; };
  return parser;
}

// A message and what it is expected to say.
struct Saying {
  Direction way;
  std::string bytes;
  std::string expected;
};

// Each message on its own, behind the bytes by which its direction is recognised.
inline void check_sayings(const StreamParser& parser, std::string_view application,
                          const std::string& greeting, const std::vector<Saying>& sayings) {
  for (const Saying& saying : sayings) {
    SCOPED_TRACE(saying.bytes);
    const std::string stream = greeting + saying.bytes;
    const Heard heard = listen_to_every_cut(parser, saying.way, as_bytes(stream), application);
    EXPECT_EQ(heard.probe, Probe::certain);
    EXPECT_EQ(heard.last, ParseStatus::done);
    EXPECT_EQ(heard.end, stream.size());
    ASSERT_FALSE(heard.lines.empty());
    EXPECT_EQ(heard.lines.back(), saying.expected);
  }
}

inline void expect_probe(const StreamParser& parser, const std::string& bytes, Probe expected) {
  EXPECT_EQ(parser.probe(as_bytes(bytes)), expected) << bytes;
}

// Among all parsers, and whatever of it has arrived, the first that is certain is of `protocol`.
inline void expect_chosen(AppProto protocol, const std::string& bytes) {
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    for (const StreamParser& parser : stream_parsers()) {
      if (parser.probe(as_bytes(bytes).first(size)) != Probe::certain) continue;
      EXPECT_EQ(parser.protocol, protocol) << bytes.substr(0, size);
      return;
    }
  }
  ADD_FAILURE() << "no parser for " << bytes;
}

// Whatever has arrived of others' beginnings. `awaited`: the name of one that is too short to tell.
inline void expect_none_of_others(const StreamParser& parser, std::string_view awaited = {}) {
  std::vector<LookAlike> others = other_streams();
  for (const std::string& noise : noises()) others.push_back({"noise", noise});
  for (const LookAlike& other : others) {
    if (other.protocol == parser.protocol) continue;
    for (std::size_t size = 0; size <= other.bytes.size(); ++size) {
      ASSERT_NE(parser.probe(as_bytes(other.bytes).first(size)), Probe::certain)
          << other.name << ": " << other.bytes.substr(0, size);
    }
    EXPECT_EQ(parser.probe(as_bytes(other.bytes)),
              other.name == awaited ? Probe::unsure : Probe::not_mine)
        << other.name;
  }
}

}  // namespace chatgate::proto::test

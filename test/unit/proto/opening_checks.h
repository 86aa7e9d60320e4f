// Assertions on what a messenger's parser says, message by message, under every cut.
#pragma once

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::test {

// One line a message: "yahoo text-chat login=a peer=b file=c version=d client=e expect=1.2.3.4:5
// file-transfer then protocol"; what is empty is left out, and so is that another message comes.
inline std::string to_line(const Facts& facts) {
  const Messenger& messenger = facts.messenger;
  std::string line = std::string(messenger.application.empty() ? "-" : messenger.application) +
                     " " + std::string(to_string(messenger.service));
  const auto add = [&](const char* name, const ShortText& text) {
    if (!text.empty()) line += std::string(" ") + name + "=" + std::string(text.view());
  };
  add("login", messenger.login);
  add("peer", messenger.peer_login);
  add("file", messenger.filename);
  add("version", messenger.version);
  add("client", messenger.client);
  for (std::size_t i = 0; i < messenger.expected_count; ++i) {
    const ExpectedFlow& flow = messenger.expected[i];
    line += " expect=" + flow.address.to_string() + ":" + std::to_string(flow.port) +
            (flow.tcp ? "" : "/udp") + "/" + std::string(to_string(flow.service));
  }
  if (facts.next == Next::opaque) line += " then opaque";
  if (facts.next == Next::protocol) line += " then protocol";
  return line;
}

using Lines = std::vector<std::string>;

// What comes of a view that has each of `lengths` in turn. The last line is "malformed",
// "not mine" or "not certain" where it comes to that.
template <typename Parser>
Lines read_lines(const Parser& parser, Bytes stream, const std::vector<std::size_t>& lengths,
                 Direction way) {
  Lines lines;
  ParserState state;
  Probe probed = Probe::unsure;
  std::uint64_t begin = 0;
  for (const std::size_t length : lengths) {
    while (begin <= length) {
      const std::vector<std::uint8_t> view(stream.begin() + static_cast<std::ptrdiff_t>(begin),
                                           stream.begin() + static_cast<std::ptrdiff_t>(length));
      if (probed == Probe::unsure) probed = parser.probe(view);
      if (probed == Probe::not_mine) return {"not certain"};
      if (probed == Probe::unsure) break;
      Facts facts;
      state.way = way;
      const ParseStatus status = parser.feed(state, view, facts);
      if (status == ParseStatus::need_more) {
        EXPECT_LT(view.size(), parser.byte_limit);
        break;
      }
      if (status == ParseStatus::malformed) lines.emplace_back("malformed");
      if (status == ParseStatus::not_mine) lines.emplace_back("not mine");
      if (status == ParseStatus::done) {
        EXPECT_EQ(facts.protocol, parser.protocol);
        EXPECT_TRUE(facts.has_messenger);
        lines.push_back(to_line(facts));
      }
      const bool goes_on = status == ParseStatus::piece ||
                           (status == ParseStatus::done && facts.next == Next::message);
      if (!goes_on) return lines;
      EXPECT_GT(state.offset + state.skip, 0u);
      begin += state.offset + state.skip;
      state.offset = 0;
      state.skip = 0;
    }
  }
  if (probed == Probe::unsure) lines.emplace_back("not certain");
  return lines;
}

// The same whole, byte by byte, and in two pieces cut at every boundary (of long streams: at every
// 61st).
template <typename Parser>
void expect_lines(const Parser& parser, std::string_view text, const Lines& expected,
                  Direction way = Direction::to_server) {
  const Bytes stream = as_bytes(text);
  EXPECT_EQ(read_lines(parser, stream, {stream.size()}, way), expected);
  const std::size_t step = stream.size() > 1500 ? 61 : 1;
  std::vector<std::size_t> lengths;
  for (std::size_t at = 1; at < stream.size(); at += step) lengths.push_back(at);
  lengths.push_back(stream.size());
  EXPECT_EQ(read_lines(parser, stream, lengths, way), expected) << "in small steps";
  for (std::size_t cut = 1; cut < stream.size(); cut += step) {
    ASSERT_EQ(read_lines(parser, stream, {cut, stream.size()}, way), expected) << "cut " << cut;
  }
}

}  // namespace chatgate::proto::test

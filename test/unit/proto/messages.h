// What a messenger's parser says of each message of a stream, as text that tests compare, and how
// it says the same whatever the cuts.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "proto/parser.h"

namespace chatgate::proto::test {

// "text-chat", and what else was told: "login=", "peer=", "file=", "version=", "client=",
// "expect=ADDRESS:PORT/tcp", "app=" where it is not `application`, "name=", "next=" where it is not
// `message`.
inline std::string description(const Facts& facts, std::string_view application) {
  const Messenger& messenger = facts.messenger;
  std::string text = facts.has_messenger ? std::string(to_string(messenger.service)) : "-";
  const auto add = [&](const char* what, std::string_view value) {
    if (!value.empty()) text.append(" ").append(what).append("=").append(value);
  };
  if (facts.has_messenger) {
    if (messenger.application != application) add("app", messenger.application);
    add("login", messenger.login.view());
    add("peer", messenger.peer_login.view());
    add("file", messenger.filename.view());
    add("version", messenger.version.view());
    add("client", messenger.client.view());
    for (std::size_t i = 0; i < messenger.expected_count; ++i) {
      const ExpectedFlow& flow = messenger.expected[i];
      EXPECT_EQ(flow.service, messenger.service) << text;
      add("expect", flow.address.to_string() + ":" + std::to_string(flow.port) +
                        (flow.tcp ? "/tcp" : "/udp"));
    }
  }
  for (std::size_t i = 0; i < facts.name_count; ++i) add("name", facts.names[i].host.view());
  constexpr const char* kNexts[] = {"opaque", "", "protocol", "answer"};
  add("next", kNexts[static_cast<int>(facts.next)]);
  return text;
}

struct Told {
  std::vector<std::string> messages;
  std::size_t rest = 0;  // bytes behind the last that was dealt with
};

// As the engine feeds it: a view that grows to each of `lengths`.
inline Told told(ParseStatus (*feed)(ParserState&, Bytes, Facts&), ParserState state, Bytes stream,
                 const std::vector<std::size_t>& lengths, std::string_view application) {
  Told result;
  std::size_t begin = 0;
  bool over = false;
  for (const std::size_t length : lengths) {
    while (!over && begin < length) {
      const std::vector<std::uint8_t> view(stream.begin() + static_cast<std::ptrdiff_t>(begin),
                                           stream.begin() + static_cast<std::ptrdiff_t>(length));
      Facts facts;
      const ParseStatus status = feed(state, view, facts);
      if (status == ParseStatus::need_more) break;
      if (status == ParseStatus::done) {
        result.messages.push_back(description(facts, application));
        over = facts.next != Next::message;
      } else if (status != ParseStatus::piece) {
        result.messages.push_back(status == ParseStatus::malformed ? "malformed" : "not mine");
        over = true;
      } else if (state.offset + state.skip == 0) {
        ADD_FAILURE() << "a piece of nothing";
        over = true;
      }
      begin += state.offset + static_cast<std::size_t>(state.skip);
      state.offset = 0;
      state.skip = 0;
    }
  }
  result.rest = stream.size() - begin;
  return result;
}

// The messages of `stream`, whole, byte by byte, and in two parts cut at every byte.
inline void expect_messages(ParseStatus (*feed)(ParserState&, Bytes, Facts&), ParserState state,
                            std::string_view text, const std::vector<std::string>& expected,
                            std::string_view application) {
  const Bytes stream = as_bytes(text);
  const Told whole = told(feed, state, stream, {stream.size()}, application);
  EXPECT_EQ(whole.messages, expected) << text.substr(0, 400);
  std::vector<std::size_t> every;
  const std::size_t step = stream.size() > 3000 ? 61 : 1;
  for (std::size_t at = step; at < stream.size(); at += step) every.push_back(at);
  every.push_back(stream.size());
  EXPECT_EQ(told(feed, state, stream, every, application).messages, expected) << "in small steps";
  for (const std::size_t cut : every) {
    const Told parts = told(feed, state, stream, {cut, stream.size()}, application);
    ASSERT_EQ(parts.messages, expected) << "cut at " << cut;
    ASSERT_EQ(parts.rest, whole.rest) << "cut at " << cut;
  }
}

}  // namespace chatgate::proto::test

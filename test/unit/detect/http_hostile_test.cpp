// Messages made to exhaust memory or time: what is read of them stays within what a turn has.
#include <algorithm>
#include <gtest/gtest.h>

#include "detect/http_fields.h"

#include "http_messages.h"

namespace chatgate::detect::test {
namespace {

std::string repeated(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

// Reads a message longer than a turn in growing parts and at once.
Shown read_both_ways(Way way, const std::string& text) {
  HttpView view;
  std::vector<std::size_t> lengths;
  const std::size_t end = std::min(text.size(), kMaxTurn + 500);
  for (std::size_t length = 0; length < end; length += 97) lengths.push_back(length);
  lengths.push_back(text.size());
  EXPECT_EQ(contradiction_in_cuts(view, way, text, lengths), "");
  return read_message(view, way, text, false);
}

TEST(HttpHostile, LongLines) {
  const std::string long_word(100 * 1024, 'a');
  Shown shown = read_both_ways(Way::request, "GET /" + long_word + " HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(shown.message.http);
  EXPECT_FALSE(shown.message.whole);
  EXPECT_EQ(shown.buffers["http.uri"], "/" + long_word.substr(0, kMaxTurn - 5));
  EXPECT_EQ(shown.message.size, kMaxTurn);

  shown = read_both_ways(Way::request, "GET / HTTP/1.1\r\nHost: a\r\nX: " + long_word + "\r\n\r\n");
  EXPECT_EQ(shown.buffers["http.host"], "a");
  EXPECT_EQ(shown.buffers["http.header"], "Host: a\r\n");

  shown = read_both_ways(Way::response, "HTTP/1.1 200 " + long_word + "\r\n\r\n");
  EXPECT_TRUE(shown.buffers.empty());

  shown = read_both_ways(Way::request, long_word + " / HTTP/1.1\r\n\r\n");
  EXPECT_FALSE(shown.message.http);
}

TEST(HttpHostile, ManyFields) {
  const std::string line = "GET / HTTP/1.1\r\n";
  for (const std::string_view field : {"a:\n", ":\n", "x\n", "Host:a\n", "Cookie:\n", "a:\n \n"}) {
    SCOPED_TRACE(field);
    const Shown shown = read_both_ways(Way::request, line + repeated(field, 40'000) + "\r\n");
    for (const auto& [name, value] : shown.buffers) {
      EXPECT_LE(value.size(), 2 * kMaxTurn + 64) << name;
    }
  }
  // The last line is as whole as the first: nothing was cut for want of room.
  const std::size_t count = (kMaxTurn - line.size()) / 2;
  Shown shown = read_both_ways(Way::request, line + repeated(":\n", count));
  EXPECT_EQ(shown.buffers["http.header"], repeated(": \r\n", count));
  EXPECT_EQ(shown.buffers["http.header_names"], "\r\n" + repeated("\r\n", count) + "\r\n");
  EXPECT_EQ(shown.buffers["http.start"], line + repeated(": \r\n", count) + "\r\n");
}

TEST(HttpHostile, OnlyTheFirstFieldsAreToldApart) {
  const std::string text = "GET / HTTP/1.1\r\nUser-Agent: first\r\n" +
                           repeated("Accept: a\r\n", HttpFields::kMaxFields + 9) +
                           "User-Agent: last\r\n\r\n";
  Shown shown = read_both_ways(Way::request, text);
  EXPECT_EQ(shown.buffers["http.user_agent"], "first");
  EXPECT_EQ(shown.buffers["http.accept"], "a" + repeated(", a", HttpFields::kMaxFields - 2));
  EXPECT_TRUE(shown.buffers["http.header"].ends_with("User-Agent: last\r\n"));
  // Others do not take their places.
  shown = read_both_ways(
      Way::request, "GET / HTTP/1.1\r\n" + repeated("X: y\r\n", 500) + "User-Agent: last\r\n\r\n");
  EXPECT_EQ(shown.buffers["http.user_agent"], "last");
}

TEST(HttpHostile, ChunksThatCarryNothing) {
  const std::string head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  Shown shown = read_both_ways(Way::request, head + repeated("\r\n", 40'000));
  EXPECT_EQ(shown.buffers["http.request_body"], "");
  shown = read_both_ways(Way::request, head + repeated("00000000", 10'000));
  EXPECT_EQ(shown.buffers["http.request_body"], "");
  shown = read_both_ways(Way::request, head + "0\r\n" + repeated("a: b\r\n", 10'000));
  EXPECT_EQ(shown.buffers["http.request_body"], "");
  EXPECT_FALSE(shown.message.whole);
  shown = read_both_ways(Way::request, head + "ffffffffffffffff0\r\n" + std::string(9000, 'a'));
  EXPECT_EQ(shown.buffers["http.request_body"].find_first_not_of('a'), std::string::npos);
}

TEST(HttpHostile, PathsThatGoUp) {
  Shown shown = read_both_ways(
      Way::request, "GET " + repeated("/a", 1000) + repeated("/..", 1001) + "/b HTTP/1.1\r\n\r\n");
  EXPECT_EQ(shown.buffers["http.uri"], "/b");
}

}  // namespace
}  // namespace chatgate::detect::test

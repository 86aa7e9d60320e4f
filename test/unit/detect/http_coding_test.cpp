// Bodies with content codings, whole, cut anywhere, broken; and that nothing is allocated.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>

#include "deflated.h"
#include "http_messages.h"
#include "malloc_count.h"

namespace chatgate::detect::test {
namespace {

using proto::test::packed;

constexpr int kGzip = 15 + 16;
constexpr int kZlib = 15;
constexpr int kRaw = -15;

std::string response(std::string_view coding, std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Encoding: " + std::string(coding) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string lines(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "line " + std::to_string(i * i) + "\n";
  return text;
}

void expect_file_data(const std::string& text, const std::string& expected) {
  HttpView view;
  Shown shown = read_message(view, Way::response, text, true);
  ASSERT_TRUE(shown.buffers.contains("file.data"));
  EXPECT_EQ(shown.buffers["file.data"], expected);
  std::vector<std::size_t> lengths(text.size() + 1);
  std::iota(lengths.begin(), lengths.end(), 0u);
  EXPECT_EQ(contradiction_in_cuts(view, Way::response, text, lengths), "");
}

TEST(HttpCodings, Undone) {
  const std::string text = lines(40);
  const std::string gzip = packed(text, kGzip);
  const std::string zlib = packed(text, kZlib);
  const std::string raw = packed(text, kRaw);
  const std::string none = packed("", kGzip);
  struct Row {
    const char* what;
    std::string coding;
    std::string body;
    std::string expected;
  };
  const Row rows[] = {
      {"gzip", "gzip", gzip, text},
      {"in another case", " X-GZip ", gzip, text},
      {"deflate with zlib's header", "deflate", zlib, text},
      {"deflate as it is", "deflate", raw, text},
      {"gzip called deflate", "deflate", gzip, text},
      {"zlib called gzip", "gzip", zlib, text},
      {"a parameter", "gzip; q=1 , identity", gzip, text},
      {"blanks of other kinds", "\v gzip \f", gzip, text},
      {"identity", "identity", gzip, gzip},
      {"identity and gzip", "identity, gzip", gzip, text},
      {"two members", "gzip", gzip + packed("more", kGzip), text + "more"},
      {"an empty member first", "gzip", none + gzip, text},
      {"nothing", "gzip", none, ""},
      {"garbage behind it", "gzip", gzip + "garbage", text},
      {"garbage behind nothing", "gzip", none + "garbage", ""},
      {"twice", "gzip, gzip", packed(gzip, kGzip), text},
      {"deflate and gzip", "deflate,gzip", packed(raw, kGzip), text},
      {"three times", "gzip,gzip,gzip", packed(packed(gzip, kGzip), kGzip),
       packed(packed(gzip, kGzip), kGzip)},
      {"not known", "br", gzip, gzip},
      {"not known below", "br, gzip", gzip, gzip},
      {"look-alike", "gzipped", gzip, gzip},
      {"none at all", "gzip", text, text},
      {"inner one is none", "gzip, gzip", packed(text, kGzip), text},
      {"broken in its header", "gzip", gzip.substr(0, 2) + "\x07" + gzip.substr(3),
       gzip.substr(0, 2) + "\x07" + gzip.substr(3)},
      {"cut before the first byte", "gzip", gzip.substr(0, 8), gzip.substr(0, 8)},
      {"one byte", "gzip", "\x1f", "\x1f"},
      {"checksum wrong", "gzip", gzip.substr(0, gzip.size() - 8) + "12345678", text},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    expect_file_data(response(row.coding, row.body), row.expected);
  }
}

TEST(HttpCodings, BrokenLaterGivesWhatCameBefore) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>('a' + i * i % 23);
  std::string gzip = packed(text, kGzip);
  for (std::size_t i = gzip.size() / 2; i < gzip.size() - 8; ++i) gzip[i] = '\xff';
  HttpView view;
  Shown shown = read_message(view, Way::response, response("gzip", gzip), true);
  const std::string got = shown.buffers["file.data"];
  EXPECT_GT(got.size(), 10u);
  EXPECT_EQ(got.substr(0, 10), text.substr(0, 10));
  EXPECT_NE(got, gzip);
}

TEST(HttpCodings, InChunks) {
  const std::string text = lines(20);
  const std::string gzip = packed(text, kGzip);
  std::string chunks;
  for (const char c : gzip) chunks += std::string("1;x\r\n") + c + "\r\n";
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: ";
  expect_file_data(head + "chunked\r\nContent-Encoding: gzip\r\n\r\n" + chunks + "0\r\n\r\n", text);
  expect_file_data(head + "gzip, chunked\r\n\r\n" + chunks + "0\r\nA: b\r\n\r\n", text);
  HttpView view;
  const std::string cut =
      head + "chunked\r\nContent-Encoding: gzip\r\n\r\n" + chunks.substr(0, 600);
  Shown shown = read_message(view, Way::response, cut, true);
  const std::string got = shown.buffers["file.data"];
  EXPECT_GT(got.size(), 20u);
  EXPECT_EQ(got, text.substr(0, got.size()));
  EXPECT_FALSE(shown.message.whole);
}

TEST(HttpCodings, BombsAreBounded) {
  const std::string bomb = packed(std::string(4'000'000, 'a'), kGzip);
  const std::string twice = packed(bomb, kGzip);
  HttpView view;
  for (const std::string& text : {response("gzip", bomb), response("gzip, gzip", twice)}) {
    // More may come, but not of what is shown.
    Shown shown = read_message(view, Way::response, text.substr(0, text.size() - 1), false);
    EXPECT_FALSE(shown.message.whole);
    EXPECT_EQ(shown.buffers["file.data"], std::string(kMaxTurn, 'a'));
    EXPECT_TRUE(shown.complete["file.data"]);
  }
  std::string members;
  while (members.size() < 7000) members += packed("", kGzip);
  Shown shown =
      read_message(view, Way::response, response("gzip", members + packed("x", kGzip)), false);
  EXPECT_EQ(shown.buffers["file.data"], "x");
}

TEST(HttpCodings, ReadingAllocatesNothing) {
  if (!mallocs_are_counted()) GTEST_SKIP() << "NOT RUN: the heap is AddressSanitizer's";
  HttpView view;
  const std::string answer = response("gzip, gzip", packed(packed(lines(300), kGzip), kGzip));
  const std::string request =
      "POST http://a/%41/../b HTTP/1.1\r\nHost: a\r\nHost: b\r\nCookie: a\r\nCookie: b\r\n"
      "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  const std::string broken = response("deflate", "\x78\x9cxyz");
  std::size_t read = 0;
  const std::size_t before = malloc_count();
  for (std::size_t size = 0; size <= answer.size(); ++size) {
    Buffers out;
    const Bytes bytes = as_bytes(answer).first(size);
    read += view.read_response(bytes, size % 2 == 0, out).whole ? 1 : 0;
  }
  for (std::size_t size = 0; size <= request.size(); ++size) {
    Buffers out;
    read += view.read_request(as_bytes(request).first(size), false, out).whole ? 1 : 0;
  }
  Buffers out;
  read += view.read_response(as_bytes(broken), true, out).whole ? 1 : 0;
  EXPECT_EQ(malloc_count() - before, 0u);
  EXPECT_EQ(read, 3u);
  EXPECT_LT(view.memory(), 400'000u);
}

}  // namespace
}  // namespace chatgate::detect::test

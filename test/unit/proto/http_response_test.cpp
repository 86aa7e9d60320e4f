// A server's HTTP/1: where each response ends, and what is shown of it.
#include "proto/http_response.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "proto/http_types.h"

#include "checks.h"

namespace chatgate::proto::test {
namespace {

using http::kResponseParser;

std::string response(const std::string& fields, const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\n" + fields + "\r\n";
}

// What a body begins as.
std::string kind(std::string_view bytes, bool whole) {
  constexpr std::pair<http::MediaType, const char*> kKinds[] = {
      {http::MediaType::gif, "gif"},
      {http::MediaType::pdf, "pdf"},
      {http::MediaType::zip, "zip"},
      {http::MediaType::executable, "program"}};
  for (const auto& [type, word] : kKinds) {
    if (http::verify(type, bytes, whole) == http::Agreement::agrees) return word;
  }
  return "text";
}

// What the engine would be shown: the status of a head, and what a body begins as.
using Parts = std::vector<std::string>;

Parts parts(const std::string& stream, std::size_t step) {
  Parts found;
  ParserState state;
  std::size_t begin = 0;
  for (std::size_t length = step;; length = std::min(length + step, stream.size())) {
    length = std::min(length, stream.size());
    while (begin < length) {
      const std::vector<std::uint8_t> view(stream.begin() + static_cast<std::ptrdiff_t>(begin),
                                           stream.begin() + static_cast<std::ptrdiff_t>(length));
      Facts facts;
      const ParseStatus status = http::feed_response(state, view, facts);
      if (status == ParseStatus::need_more) break;
      if (status == ParseStatus::malformed) return found.push_back("malformed"), found;
      if (status == ParseStatus::done) {
        const auto text = as_text(Bytes(view).first(state.offset));
        if (http::part_read(state) == http::ResponsePart::head) {
          found.push_back(std::to_string(http::check_response(text).status));
        } else {
          found.push_back(kind(text, http::is_whole_body(state)));
        }
        if (facts.next == Next::opaque) return found;
      }
      begin += state.offset + state.skip;
      state.offset = 0;
      state.skip = 0;
    }
    if (length >= stream.size()) return found;
  }
}

struct Case {
  std::string stream;
  Parts expected;
};

TEST(HttpResponse, HeadsAndTheirBodies) {
  const std::string next = response("Content-Length: 0\r\n", "404 Not Found");
  const std::string sized = response("Content-Length: 10\r\n") + "GIF89a1234";
  const std::string chunked = response("Transfer-Encoding: chunked\r\n");
  const Case cases[] = {
      {sized, {"200", "gif"}},
      {sized + next, {"200", "gif", "404"}},
      {response("Content-Length: 8\r\n") + "12345678" + next, {"200", "text", "404"}},
      {response("Content-Length: 4\r\n") + "PK\3\4" + next, {"200", "zip", "404"}},
      {chunked + "a\r\n%PDF-12345\r\n3\r\nabc\r\n0\r\n\r\n" + next, {"200", "pdf", "404"}},
      {chunked + "4;x=y\r\nGIF8\r\n8\r\n9a123456\r\n0\r\nX: y\r\n\r\n" + next,
       {"200", "text", "404"}},
      {chunked + "0\r\n\r\n" + next, {"200", "404"}},
      {chunked + "2 \r\nGI\r\n0\r\n\r\n" + next, {"200", "text", "404"}},
      {response("") + "GIF89a and on", {"200", "gif"}},
      {response("", "204 No Content") + next, {"204", "404"}},
      {response("Content-Length: 99\r\n", "304 Not Modified") + next, {"304", "404"}},
      {response("", "100 Continue") + sized, {"100", "200", "gif"}},
      {"HTTP/1.0 200 OK\nContent-Length: 3\n\nMZ." + next, {"200", "program", "404"}},
      {response("Content-Length: 2\r\nContent-Length: 2\r\n") + "PK" + next,
       {"200", "text", "404"}},
      {response("Content-Length: 72057594037927936\r\n") + "GIF89a12", {"200", "gif"}},
      // What nobody can follow.
      {response("Content-Length: 2\r\nContent-Length: 3\r\n") + "ab", {"malformed"}},
      {response("Content-Length: two\r\n"), {"malformed"}},
      {response("Transfer-Encoding: gzip\r\n"), {"malformed"}},
      {chunked + "xyz\r\n", {"200", "malformed"}},
      {sized + "no response", {"200", "gif", "malformed"}},
  };
  for (const Case& row : cases) {
    for (std::size_t step = 1; step <= row.stream.size(); ++step) {
      ASSERT_EQ(parts(row.stream, step), row.expected) << row.stream << " in steps of " << step;
    }
  }
}

// Bytes that are in no doubt are not waited for.
TEST(HttpResponse, ShowsABodyAsSoonAsItTells) {
  const std::string stream = response("Content-Length: 10\r\n") + "<";
  EXPECT_EQ(parts(stream, stream.size()), (Parts{"200", "text"}));
  const std::string doubtful = response("Content-Length: 10\r\n") + "G";
  EXPECT_EQ(parts(doubtful, doubtful.size()), (Parts{"200"}));
}

TEST(HttpResponse, TheAnswerToHeadHasNoBody) {
  const std::string head = response("Content-Length: 10\r\n");
  const std::string stream = head + head;
  ParserState state;
  Facts facts;
  ASSERT_EQ(http::feed_response(state, as_bytes(stream), facts), ParseStatus::done);
  EXPECT_EQ(state.offset, head.size());
  http::expect_no_body(state);
  state.offset = 0;
  ASSERT_EQ(http::feed_response(state, as_bytes(head), facts), ParseStatus::done);
  EXPECT_EQ(http::part_read(state), http::ResponsePart::head);
}

TEST(HttpResponse, IsToldFromOtherBytes) {
  for (const char* stream : {"GET / HTTP/1.1\r\n", "HTTP/2 200\r\n", "HTTPS", "RTSP/1.0 200 OK\r\n",
                             "ICY 200 OK\r\n", "http/1.1 200 OK\r\n"}) {
    EXPECT_EQ(http::probe_response(as_bytes(std::string_view(stream))), Probe::not_mine) << stream;
  }
  const std::string stream = "HTTP/1.1 200 OK\r\n\r\n";
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    EXPECT_EQ(http::probe_response(as_bytes(std::string_view(stream).substr(0, size))),
              size <= 5 ? Probe::unsure : Probe::certain);
  }
}

TEST(HttpResponse, AHeadHasToEnd) {
  const std::string endless = "HTTP/1.1 200 OK\r\nX: " + std::string(http::kByteLimit, 'a');
  ParserState state;
  Facts facts;
  EXPECT_EQ(http::feed_response(state, as_bytes(endless), facts), ParseStatus::malformed);
}

// --- types

TEST(HttpTypes, AreReadFromContentType) {
  using http::MediaType;
  EXPECT_EQ(http::media_type("text/html"), MediaType::html);
  EXPECT_EQ(http::media_type(" Text/HTML ; charset=utf-8"), MediaType::html);
  EXPECT_EQ(http::media_type("image/jpg"), MediaType::jpeg);
  for (const char* other : {"", "html", "text/htm", "text/html5", "application/octet-stream"}) {
    EXPECT_EQ(http::media_type(other), MediaType::other) << other;
  }
}

TEST(HttpTypes, BodiesAreHeldAgainstThem) {
  using enum http::Agreement;
  using enum http::MediaType;
  struct Row {
    http::MediaType type;
    std::string body;
    http::Agreement expected;
  };
  const std::string program("MZ\x90\0\3\0\0\0", 8);
  const Row rows[] = {
      {gif, "GIF89a12", agrees},
      {gif, "GIF87a12", agrees},
      {gif, "GIF88a12", contradicts},
      {gif, "GIF8", unsure},
      {gif, "<html>", contradicts},
      {png, "\x89PNG\r\n\x1a\n", agrees},
      {png, "GIF89a12", contradicts},
      {jpeg, "\xff\xd8\xff\xe0", agrees},
      {jpeg, "\xff\xd8", unsure},
      {pdf, "%PDF-1.7", agrees},
      {pdf, "PK\3\4----", contradicts},
      {zip, "PK\3\4----", agrees},
      {zip, "PKPKPKPK", contradicts},
      {executable, program, agrees},
      {executable,
       "\x7f"
       "ELF----",
       contradicts},
      {html, "<!doctyp", agrees},
      {html, program, contradicts},
      {html, "GIF89a12", contradicts},
      {plain, "%PDF-1.4", contradicts},
      {plain, "MZ is a ", agrees},
      {plain, "MZ", unsure},
      {plain, "PK and J", agrees},
      {plain, "GIF89", unsure},
      {json, "{\"a\":1}", agrees},
      {javascript, program, contradicts},
      {css, "\x89PNG\r\n\x1a\n", contradicts},
      {other, program, agrees},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(http::verify(row.type, row.body, false), row.expected)
        << static_cast<int>(row.type) << ' ' << row.body;
    // Where there is no more, there is no doubt.
    EXPECT_NE(http::verify(row.type, row.body, true), unsure) << row.body;
    // Nothing is held against a body before it is in no doubt.
    for (std::size_t cut = 0; cut < row.body.size(); ++cut) {
      const auto early = http::verify(row.type, row.body.substr(0, cut), false);
      if (early == contradicts) {
        EXPECT_EQ(row.expected, contradicts) << row.body << " cut at " << cut;
      }
      if (early == unsure) {
        EXPECT_TRUE(http::is_in_doubt(row.body.substr(0, cut))) << row.body;
      }
    }
  }
  EXPECT_EQ(http::verify(gif, "", true), agrees);
}

TEST(HttpTypes, AcceptedByTheClient) {
  const auto accepts = [](const char* accept, const char* type) {
    http::Accepted accepted;
    if (accept != nullptr) accepted.add(accept);
    return accepted.accepts(type);
  };
  struct Row {
    const char* accept;
    const char* type;
    bool expected;
  };
  const Row rows[] = {
      {nullptr, "image/gif", true},
      {"", "image/gif", true},
      {"*/*", "image/gif", true},
      {"text/html,application/xhtml+xml,*/*;q=0.8", "video/mp4", true},
      {"image/*", "image/gif; x=y", true},
      {"image/*", "image/avif", true},
      {"image/*", "text/html", false},
      {"IMAGE/GIF", "image/gif", true},
      {"image/gif", "image/png", false},
      {"image/jpeg", "image/pjpeg", true},
      {"image/gif;q=0, image/png", "image/gif", false},
      {"image/gif;q=0.0, image/png", "image/gif", false},
      {"image/gif;q=0.1, image/png", "image/gif", true},
      {"image/avif,image/webp", "image/webp", true},
      {"image/avif", "image/gif", false},
      {"application/json", "text/html; charset=utf-8", false},
      {"font/woff2", "font/woff", true},
      {"image/gif", "", true},
      {"image/gif", "font/woff", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(accepts(row.accept, row.type), row.expected)
        << (row.accept == nullptr ? "nothing" : row.accept) << " for " << row.type;
  }
}

}  // namespace
}  // namespace chatgate::proto::test

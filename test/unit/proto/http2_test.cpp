#include "proto/http2.h"

#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "checks.h"
#include "http2_message.h"
#include "malloc_count.h"

namespace chatgate::proto::test {
namespace {

class Http2 : public testing::Test {
 protected:
  void expect(const std::string& frames, const Outcome& expected) {
    SCOPED_TRACE(testing::PrintToString(frames.substr(0, 100)));
    expect_outcome(parser_, as_bytes(kHttp2Preface + frames), expected);
  }
  void expect_names(const std::string& frames, std::vector<std::string> names) {
    expect(frames, found(AppProto::http2, std::move(names)));
  }
  void expect_broken(const std::string& frames, std::vector<std::string> names = {}) {
    expect(frames, broken(AppProto::http2, std::move(names)));
  }

  http2::Connections connections_{4};
  Http2Parser parser_{connections_};
};

std::string from_hex(const std::string& text) {
  std::string bytes;
  std::string digits;
  for (const char c : text) {
    if (c == ' ') continue;
    digits += c;
    if (digits.size() < 2) continue;
    bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
    digits.clear();
  }
  return bytes;
}

// A literal without indexing and Huffman coding (RFC 7541 section 6.2.2), both shorter than 127.
std::string literal(const std::string& name, const std::string& value) {
  return std::string(1, '\0') + static_cast<char>(name.size()) + name +
         static_cast<char>(value.size()) + value;
}

Http2Fields request_for(const std::string& authority, const std::string& path = "/") {
  return {{":method", "GET"}, {":scheme", "http"}, {":path", path}, {":authority", authority}};
}

// All that the parser says of a connection's messages, with the source of each name.
std::vector<Facts> messages(http2::Connections& connections, const std::string& stream) {
  std::vector<Facts> all;
  ParserState state;
  Bytes view = as_bytes(stream);
  while (!view.empty()) {
    Facts facts;
    const ParseStatus status = connections.feed(state, view, facts);
    if (status != ParseStatus::done && status != ParseStatus::piece) break;
    if (status == ParseStatus::done) all.push_back(facts);
    view = view.subspan(state.offset + static_cast<std::size_t>(state.skip));
    state.offset = 0;
    state.skip = 0;
  }
  connections.release(state);
  return all;
}

// RFC 7541 appendix C.3 and C.4: three requests of a connection, without and with Huffman coding.
TEST_F(Http2, ReadsTheExamplesOfRfc7541) {
  const std::vector<std::string> plain = {
      "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", "8286 84be 5808 6e6f 2d63 6163 6865",
      "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65"};
  const std::vector<std::string> huffman = {
      "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", "8286 84be 5886 a8eb 1064 9cbf",
      "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"};
  for (const auto& blocks : {plain, huffman}) {
    std::string frames;
    for (const std::string& block : blocks) frames += http2_request(from_hex(block));
    expect_names(frames, {"www.example.com"});
    const auto all = messages(connections_, kHttp2Preface + frames);
    ASSERT_EQ(all.size(), 3u);
    for (const Facts& facts : all) {
      ASSERT_EQ(facts.name_count, 1);
      EXPECT_EQ(facts.names[0].source, NameSource::http_host);
      EXPECT_EQ(facts.names[0].host.view(), "www.example.com");
      EXPECT_EQ(facts.next, Next::message);
    }
  }
  // C.2: fields alone, none of them a name.
  expect_names(
      http2_request(from_hex("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572"
                             "040c 2f73 616d 706c 652f 7061 7468"
                             "1008 7061 7373 776f 7264 0673 6563 7265 74 82")),
      {});
}

TEST_F(Http2, ReadsEachRequestOfARealCompressor) {
  Http2Compressor client;
  std::string frames = http2_frame(Http2Frame::settings, 0, 0, std::string(12, '\0'));
  std::vector<std::string> names;
  for (unsigned i = 0; i < 6; ++i) {
    names.push_back("h" + std::to_string(i) + ".chat.example");
    Http2Fields fields = request_for("H" + std::to_string(i) + ".Chat.Example:8080");
    fields.emplace_back("cookie", std::string(40, static_cast<char>('a' + i)));
    fields.emplace_back("user-agent", "client/1.0");
    frames += http2_request(client.block(fields), 2 * i + 1);
    frames += http2_frame(Http2Frame::data, 0, 2 * i + 1, std::string(30, 'd'));
    frames += http2_frame(Http2Frame::data, 1, 2 * i + 1, "");
  }
  expect_names(frames, names);
}

TEST_F(Http2, ReadsNamesWhereverTheyStand) {
  expect_names(http2_request(literal(":authority", "chat.example")), {"chat.example"});
  expect_names(http2_request(literal("host", "chat.example")), {"chat.example"});
  expect_names(http2_request(literal("Host", "chat.example")), {"chat.example"});
  expect_names(http2_request(literal("host", "b.example") + literal(":authority", "a.example")),
               {"a.example", "b.example"});
  expect_names(
      http2_request(literal(":authority", "a.example") + literal(":authority", "b.example")),
      {"a.example", "b.example"});
  expect_names(
      http2_request(literal(":path", "http://c.example/x") + literal(":authority", "a.example")),
      {"a.example", "c.example"});
  expect_names(http2_request(literal(":authority", "u@a.example:80")), {"a.example"});
  // Trailers, and fields that only look like it.
  expect_names(http2_request(literal("x-sum", "chat.example")), {});
  expect_names(
      http2_request(literal("x-host", "a.example") + literal(":path", "/http://b.example")), {});
  expect_names(http2_request(""), {});
}

TEST_F(Http2, ConnectNamesATarget) {
  const auto connect = [](const Http2Fields& more) {
    Http2Compressor client;
    Http2Fields fields = {{":authority", "chat.example:443"}, {":method", "CONNECT"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return kHttp2Preface + http2_request(client.block(fields));
  };
  for (const Http2Fields& more :
       {Http2Fields{},
        Http2Fields{{":protocol", "websocket"}, {":scheme", "http"}, {":path", "/chat"}}}) {
    const auto all = messages(connections_, connect(more));
    ASSERT_EQ(all.size(), 1u);
    ASSERT_EQ(all[0].name_count, 1);
    EXPECT_EQ(all[0].names[0].source, NameSource::tunnel_target);
    EXPECT_EQ(all[0].names[0].host.view(), "chat.example");
    EXPECT_EQ(all[0].target_port, 443);
  }
  const auto get =
      messages(connections_, kHttp2Preface + http2_request(literal(":authority", "a.example:81")));
  ASSERT_EQ(get.size(), 1u);
  EXPECT_EQ(get[0].target_port, 0);
}

TEST_F(Http2, JoinsContinuations) {
  Http2Compressor client;
  const std::string block = client.block(request_for("chat.example"));
  for (std::size_t cut = 0; cut <= block.size(); ++cut) {
    const std::string frames = http2_frame(Http2Frame::headers, 0, 1, block.substr(0, cut)) +
                               http2_frame(Http2Frame::more, kEndHeaders, 1, block.substr(cut));
    expect_names(frames, {"chat.example"});
  }
  std::string bytewise = http2_frame(Http2Frame::headers, 0, 1, "");
  for (const char byte : block)
    bytewise += http2_frame(Http2Frame::more, 0, 1, std::string(1, byte));
  expect_names(bytewise + http2_frame(Http2Frame::more, kEndHeaders, 1, ""), {"chat.example"});
}

TEST_F(Http2, SkipsPaddingAndPriority) {
  const std::string block = literal(":authority", "chat.example");
  constexpr unsigned kPadded = 8;
  constexpr unsigned kPriority = 0x20;
  const auto headers = [&](unsigned flags, const std::string& payload) {
    return http2_frame(Http2Frame::headers, flags | kEndHeaders, 1, payload);
  };
  const std::string padding(3, '\0');
  expect_names(headers(kPadded, "\x03" + block + padding), {"chat.example"});
  expect_names(headers(kPriority, std::string(5, '\x11') + block), {"chat.example"});
  expect_names(headers(kPadded | kPriority, "\x03" + std::string(5, '\x11') + block + padding),
               {"chat.example"});
  expect_names(headers(kPadded, std::string(4, '\x03')), {});
  expect_broken(headers(kPadded, ""));
  expect_broken(headers(kPadded, std::string(3, '\x03')));
  expect_broken(headers(kPriority, "abcd"));
  // Neither belongs to CONTINUATION.
  expect_names(http2_frame(Http2Frame::headers, 0, 1, "") +
                   http2_frame(Http2Frame::more, kEndHeaders | kPadded | kPriority, 1, block),
               {"chat.example"});
}

TEST_F(Http2, SkipsOtherFramesOfAnyLength) {
  const std::string request = http2_request(literal(":authority", "chat.example"));
  std::string frames;
  for (unsigned type = 0; type < 256; ++type) {
    if (type == Http2Frame::headers || type == Http2Frame::push || type == Http2Frame::more)
      continue;
    frames += http2_frame(type, 0xff, 1, std::string(type % 7, 'x'));
  }
  expect_names(frames + request, {"chat.example"});
  expect_names(http2_frame(Http2Frame::data, 0, 1, std::string(100000, 'd')) + request,
               {"chat.example"});
  ParserState state;
  Facts facts;
  ASSERT_EQ(connections_.feed(state, as_bytes(kHttp2Preface), facts), ParseStatus::piece);
  state.offset = 0;
  const std::string largest("\xff\xff\xff\0\0\0\0\0\1", 9);
  EXPECT_EQ(connections_.feed(state, as_bytes(largest), facts), ParseStatus::piece);
  EXPECT_EQ(state.offset, 9u);
  EXPECT_EQ(state.skip, 0xffffffu);
  connections_.release(state);
}

TEST_F(Http2, RefusesFramesOutOfOrder) {
  const std::string block = literal(":authority", "chat.example");
  const std::string open = http2_frame(Http2Frame::headers, 0, 1, block);
  expect_broken(http2_frame(Http2Frame::more, kEndHeaders, 1, block));
  expect_broken(http2_frame(Http2Frame::push, kEndHeaders, 1, "abcd" + block));
  // What was read before the break counts.
  expect_broken(open + http2_frame(Http2Frame::data, 0, 1, ""), {"chat.example"});
  expect_broken(open + http2_frame(Http2Frame::headers, kEndHeaders, 1, ""), {"chat.example"});
  expect_broken(open + http2_frame(Http2Frame::more, kEndHeaders, 3, ""), {"chat.example"});
}

TEST_F(Http2, RefusesBrokenCompression) {
  for (const char* const block : {
           "80",                    // index 0
           "be",                    // of an empty table
           "ffffffffffffffffff",    // an integer without an end
           "4003",                  // a string that is cut
           "0085ffffffffff 01 61",  // a Huffman code that is none
           "0001618100",            // padding of zeros
           "3fe2ff03",              // a table of more than was granted
           "82 20",                 // a change of the table behind a field
       }) {
    SCOPED_TRACE(block);
    expect_broken(http2_request(from_hex(block)));
    expect_broken(http2_request(literal("host", "a.example") + from_hex(block)), {"a.example"});
  }
}

TEST_F(Http2, BoundsBlocks) {
  const auto run_steps = [this](const std::string& frames) {
    const std::string stream = kHttp2Preface + frames;
    const Outcome whole = run_whole(parser_, as_bytes(stream));
    EXPECT_EQ(run_in_steps(parser_, as_bytes(stream), 1448), whole);
    return whole;
  };
  const std::string name =
      http2_frame(Http2Frame::headers, 0, 1, literal(":authority", "chat.example"));
  const std::string empty = http2_frame(Http2Frame::more, 0, 1, "");
  const std::string last = http2_frame(Http2Frame::more, kEndHeaders, 1, "");
  std::string flood = name;
  for (unsigned i = 0; i + 1 < http2::kMaxContinuations; ++i) flood += empty;
  EXPECT_EQ(run_steps(flood + last).status, ParseStatus::done);
  EXPECT_EQ(run_steps(flood + empty + last), broken(AppProto::http2, {"chat.example"}));

  EXPECT_EQ(run_steps(http2_frame(Http2Frame::headers, 0, 1, std::string(65537, '\x82'))),
            broken(AppProto::http2));
  // 1024 fields of 64 bytes.
  std::string longest;
  for (int i = 0; i < 1024; ++i) longest += literal("n", std::string(60, 'v'));
  ASSERT_EQ(longest.size(), http2::kMaxBlock);
  EXPECT_EQ(run_steps(http2_request(longest)).status, ParseStatus::done);
  const std::string fields = literal("host", "chat.example") + std::string(2047, '\x90');
  EXPECT_EQ(run_steps(http2_request(fields)).status, ParseStatus::done);
  EXPECT_EQ(run_steps(http2_request(fields + "\x90")), broken(AppProto::http2, {"chat.example"}));
}

TEST_F(Http2, LooksAtEachFrameOfABlockOnce) {
  ParserState state;
  Facts facts;
  ASSERT_EQ(connections_.feed(state, as_bytes(kHttp2Preface), facts), ParseStatus::piece);
  state.offset = 0;
  std::string frames = http2_frame(Http2Frame::headers, 0, 1, "");
  for (int i = 0; i < 400; ++i) {
    frames += http2_frame(Http2Frame::more, 0, 1, "\x82");
    ASSERT_EQ(connections_.feed(state, as_bytes(frames), facts), ParseStatus::need_more);
    ASSERT_EQ(state.offset, frames.size());
  }
  connections_.release(state);
}

// Strings that no table can hold are read all the same, and none of their memory is kept.
TEST_F(Http2, ReadsLongFields) {
  Http2Compressor client;
  std::string frames;
  for (unsigned i = 0; i < 4; ++i) {
    Http2Fields fields =
        request_for("h" + std::to_string(i) + ".example", "/" + std::string(9000, 'p'));
    fields.emplace_back("cookie", std::string(45000, 'c'));
    frames += http2_request(client.block(fields), 2 * i + 1);
  }
  const std::string stream = kHttp2Preface + frames;
  const Outcome outcome = run_whole(parser_, as_bytes(stream));
  EXPECT_EQ(outcome.names,
            (std::vector<std::string>{"h0.example", "h1.example", "h2.example", "h3.example"}));
  EXPECT_EQ(outcome.status, ParseStatus::done);
  EXPECT_EQ(run_in_steps(parser_, as_bytes(stream), 1448), outcome);
}

// A table of the largest size granted, filled with entries of every length, again and again.
TEST_F(Http2, TheArenaHoldsEveryTable) {
  for (const std::size_t table : {std::size_t{4096}, http2::kMaxTable}) {
    for (const std::size_t length : {1u, 5u, 20u, 43u, 100u, 500u, 1500u, 3900u}) {
      SCOPED_TRACE(testing::Message() << table << ' ' << length);
      Http2Compressor client(table);
      client.change_table(table);
      std::string frames;
      std::size_t count = 0;
      for (unsigned i = 0; i < 60; ++i) {
        Http2Fields fields = {{":authority", "chat.example"}};
        for (unsigned field = 0; field < 20; ++field) {
          std::string value(length, 'v');
          const std::string number = std::to_string(++count);
          value.replace(0, std::min(value.size(), number.size()), number, 0, value.size());
          fields.emplace_back("n" + number, value);
        }
        std::string block = client.block(fields);
        while (block.size() > http2::kMaxBlock) {
          fields.pop_back();
          block = Http2Compressor(table).block(fields);
        }
        frames += http2_request(block);
      }
      const std::string stream = kHttp2Preface + frames;
      const auto all = messages(connections_, stream);
      ASSERT_EQ(all.size(), 60u);
      EXPECT_EQ(all.back().names[0].host.view(), "chat.example");
    }
  }
}

// One byte for a field of kilobytes, thousands of times: only the first few are looked at.
TEST_F(Http2, BoundsTheFieldsItLooksAt) {
  Http2Compressor client;
  std::string block = client.block({{":authority", std::string(2800, 'a')}});
  block += std::string(2000, '\xbe') + literal("host", "late.example");
  const auto all = messages(connections_, kHttp2Preface + http2_request(block));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(all[0].names_cut);
  EXPECT_EQ(all[0].name_count, 1);
}

TEST_F(Http2, TakesEverySessionAndGivesItBack) {
  http2::Connections two(2);
  std::vector<ParserState> states(3);
  Facts facts;
  for (std::size_t i = 0; i < states.size(); ++i) {
    EXPECT_EQ(two.feed(states[i], as_bytes(kHttp2Preface), facts),
              i < 2 ? ParseStatus::piece : ParseStatus::malformed);
  }
  EXPECT_EQ(facts.protocol, AppProto::http2);
  EXPECT_EQ(two.in_use(), 2u);
  two.release(states[2]);
  EXPECT_EQ(two.in_use(), 2u);
  two.release(states[0]);
  two.release(states[0]);
  EXPECT_EQ(two.in_use(), 1u);
  EXPECT_EQ(two.feed(states[2], as_bytes(kHttp2Preface), facts), ParseStatus::piece);
  // What is broken gives its session back itself.
  states[2].offset = 0;
  EXPECT_EQ(two.feed(states[2], as_bytes(http2_request("\x80")), facts), ParseStatus::malformed);
  EXPECT_EQ(two.in_use(), 1u);
  EXPECT_GT(two.memory(), 2 * http2::kArena);
  two.release(states[1]);
  EXPECT_EQ(two.in_use(), 0u);
}

// The table of one connection is not that of another.
TEST_F(Http2, KeepsConnectionsApart) {
  const auto stream_for = [](const std::string& name) {
    Http2Compressor client;
    std::string stream = kHttp2Preface;
    for (int i = 0; i < 2; ++i) stream += http2_request(client.block(request_for(name)));
    return stream;
  };
  const std::string a = stream_for("a.example");
  const std::string b = stream_for("b.example");
  ParserState states[2];
  Bytes views[2] = {as_bytes(a), as_bytes(b)};
  while (!views[0].empty()) {
    for (const std::size_t i : {0u, 1u}) {
      Facts facts;
      const ParseStatus status = connections_.feed(states[i], views[i], facts);
      ASSERT_TRUE(status == ParseStatus::piece || status == ParseStatus::done);
      if (status == ParseStatus::done) {
        EXPECT_EQ(facts.names[0].host.view(), i == 0 ? "a.example" : "b.example");
      }
      views[i] = views[i].subspan(states[i].offset);
      states[i].offset = 0;
    }
  }
  for (ParserState& state : states) connections_.release(state);
}

TEST_F(Http2, TakesNothingFromTheHeap) {
  if (!mallocs_are_counted()) GTEST_SKIP() << "AddressSanitizer has the heap's functions";
  Http2Compressor client;
  std::string stream = kHttp2Preface;
  for (unsigned i = 0; i < 100; ++i) {
    Http2Fields fields = request_for("h" + std::to_string(i) + ".example");
    fields.emplace_back("cookie", std::string(20 * i, 'c'));
    fields.emplace_back("x-" + std::to_string(i), "v");
    stream += http2_request(client.block(fields), 2 * i + 1);
  }
  stream += http2_request(literal("host", "last.example") + "\x80");
  ParserState state;
  Facts facts;
  Bytes view = as_bytes(stream);
  unsigned requests = 0;
  const std::size_t before = malloc_count();
  ParseStatus status = ParseStatus::piece;
  while (status == ParseStatus::piece || status == ParseStatus::done) {
    facts.clear();
    status = connections_.feed(state, view, facts);
    requests += status == ParseStatus::done ? 1 : 0;
    if (status == ParseStatus::malformed) break;
    view = view.subspan(state.offset);
    state.offset = 0;
  }
  connections_.release(state);
  const std::size_t taken = malloc_count() - before;
  EXPECT_EQ(taken, 0u);
  EXPECT_EQ(requests, 100u);
  EXPECT_EQ(status, ParseStatus::malformed);
  // The count does count.
  const std::string probe(100, 'x');
  EXPECT_GT(malloc_count(), before);
  EXPECT_EQ(probe.size(), 100u);
}

TEST_F(Http2, IsCertainOfItsPrefaceOnly) {
  for (std::size_t size = 0; size < kHttp2Preface.size(); ++size) {
    EXPECT_EQ(http2::probe(as_bytes(kHttp2Preface).first(size)), Probe::unsure);
  }
  EXPECT_EQ(http2::probe(as_bytes(kHttp2Preface)), Probe::certain);
  for (const std::string& other :
       {std::string("PRI * HTTP/2.0\r\n\r\nSX"), std::string("PRI * HTTP/1.1\r\n\r\n"),
        std::string("PRIVMSG #c :x\r\n"), std::string("GET / HTTP/1.1\r\n"),
        std::string("\0\0\x12\4\0\0\0\0\0", 9),
        std::string("\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")}) {
    expect_outcome(parser_, as_bytes(other), not_mine());
  }
}

}  // namespace
}  // namespace chatgate::proto::test

// The table of parsers, asked and fed as the engine does, with what the parsers of a worker share.
#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "proto/context.h"
#include "proto/parser.h"

#include "dtls_message.h"
#include "http2_message.h"
#include "incremental.h"
#include "quic_samples.h"

namespace chatgate::proto::test {
namespace {

using Names = std::vector<std::string>;

void add_names(const Facts& facts, Names& names) {
  for (const std::string& name : names_of(facts)) names.push_back(name);
}

// What the first parser that is certain of a stream reads in it.
Names read_stream(Context& context, AppProto protocol, const std::string& stream) {
  const auto parsers = stream_parsers();
  const auto parser = std::find_if(parsers.begin(), parsers.end(), [&](const StreamParser& each) {
    return each.probe(as_bytes(stream)) == Probe::certain;
  });
  if (parser == parsers.end()) return {"nobody's"};
  EXPECT_EQ(parser->protocol, protocol);
  Names names;
  ParserState state;
  Bytes view = as_bytes(stream);
  while (!view.empty()) {
    Facts facts;
    const ParseStatus status = parser->read(state, view, facts, context);
    if (status == ParseStatus::not_mine) names.emplace_back("not mine");
    if (status == ParseStatus::done) add_names(facts, names);
    if (status != ParseStatus::piece && status != ParseStatus::done) break;
    view = view.subspan(std::min<std::size_t>(view.size(), state.offset + state.skip));
    state.offset = 0;
    state.skip = 0;
  }
  if (parser->release != nullptr) parser->release(state, context);
  return names;
}

const DatagramParser* find_datagram_parser(const std::string& payload, std::uint16_t server_port) {
  const auto parsers = datagram_parsers();
  const auto parser = std::find_if(parsers.begin(), parsers.end(), [&](const DatagramParser& each) {
    return (each.server_port == 0 || each.server_port == server_port) &&
           each.probe(as_bytes(payload)) != Probe::not_mine;
  });
  return parser == parsers.end() ? nullptr : &*parser;
}

// The engine strikes parsers off by a stream's first byte, without asking them again.
TEST(Parsers, WhatIsNotTheirsByTheFirstByteStaysSo) {
  const std::string beginnings[] = {
      "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\n",
      kHttp2Preface,
      "<?xml version='1.0'?><stream:stream to='a.example'",
      "VER 1 MSNP15 CVR0\r\n",
      "YMSG\x00\x10\x00\x00",
      "NICK someone\r\nUSER a b c :d\r\n",
      ":server NOTICE * :hello\r\n",
      "220 mail.example ESMTP\r\n",
      "* OK IMAP4rev1\r\n",
      "INVITE sip:a@b.example SIP/2.0\r\nVia: SIP/2.0/TCP c\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
      std::string("\x00\x1d\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01\x61\x00", 17),
      std::string("\x05\x01\x00", 3),
  };
  std::mt19937 random(12);
  std::size_t struck_off = 0;
  for (const StreamParser& parser : stream_parsers()) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      std::string stream(1, static_cast<char>(byte));
      if (parser.probe(as_bytes(stream)) != Probe::not_mine) continue;
      ++struck_off;
      for (const std::string& beginning : beginnings) {
        const std::string other = stream + beginning.substr(1);
        EXPECT_EQ(parser.probe(as_bytes(other)), Probe::not_mine)
            << to_string(parser.protocol) << ' ' << byte << ' ' << beginning;
        const std::string behind = stream + beginning;
        EXPECT_EQ(parser.probe(as_bytes(behind)), Probe::not_mine)
            << to_string(parser.protocol) << ' ' << byte << " before " << beginning;
      }
      for (const std::size_t size : {2u, 3u, 5u, 8u, 13u, 24u, 64u, 300u}) {
        while (stream.size() < size) stream.push_back(static_cast<char>(random()));
        EXPECT_EQ(parser.probe(as_bytes(stream)), Probe::not_mine)
            << to_string(parser.protocol) << ' ' << byte << ' ' << size;
      }
    }
  }
  EXPECT_GT(struck_off, 256 * stream_parsers().size() / 2);
}

TEST(Parsers, StreamsOfEachKindThatKeepsSomething) {
  Context context(64);
  std::mt19937 random(11);
  std::string noise(64, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  struct Row {
    AppProto protocol;
    std::string stream;
    Names names;
  };
  const std::string authority =
      "\x82\x86\x84\x41\x09"
      "a.example";  // RFC 7541 section 6
  const Row rows[] = {
      {AppProto::http, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", {"a.example"}},
      {AppProto::http, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", {}},
      {AppProto::http2, kHttp2Preface + http2_request(authority), {"a.example"}},
      {AppProto::mtproto, noise, {"not mine"}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(read_stream(context, row.protocol, row.stream), row.names) << row.stream;
  }
  EXPECT_EQ(context.http2.in_use(), 0u);
  EXPECT_EQ(context.carriers.in_use(), 0u);
}

TEST(Parsers, DatagramsOfEachKindThatKeepsSomething) {
  Context context(64);
  struct Row {
    AppProto protocol;
    std::string payload;
    std::string name;
  };
  const Row rows[] = {
      {AppProto::quic, sample_datagram(kSamples[0]), "example.com"},
      {AppProto::dtls, dtls_record(dtls_fragment(dtls_hello_body(sni({"a.example"})))),
       "a.example"},
  };
  for (const Row& row : rows) {
    for (const std::uint16_t port : {443, 5000}) {
      const DatagramParser* const parser = find_datagram_parser(row.payload, port);
      ASSERT_NE(parser, nullptr);
      EXPECT_EQ(parser->protocol, row.protocol);
      ParserState state;
      Facts facts;
      parser->read(state, as_bytes(row.payload), Direction::to_server, facts, context);
      EXPECT_EQ(names_of(facts), Names{row.name});
      parser->release(state, context);
    }
  }
  EXPECT_EQ(context.dtls.sessions_in_use(), 0u);
}

TEST(Parsers, AVersionOfQuicThatNobodyKnowsIsTakenForItOnItsPortAlone) {
  std::string payload = sample_datagram(kSamples[0]);
  payload.replace(1, 4, "\x1a\x2b\x3c\x4d");
  ASSERT_NE(find_datagram_parser(payload, 443), nullptr);
  EXPECT_EQ(find_datagram_parser(payload, 443)->protocol, AppProto::quic);
  EXPECT_EQ(find_datagram_parser(payload, 5000), nullptr);
}

TEST(Parsers, WhoseClientsAlwaysBeginRecognisably) {
  for (const char* const word : {"irc", "msn", "xmpp", "yahoo"}) {
    EXPECT_TRUE(begins_recognisably(word, true)) << word;
    EXPECT_FALSE(begins_recognisably(word, false)) << word;
  }
  for (const char* const word : {"icq", "tox"}) {
    EXPECT_TRUE(begins_recognisably(word, false)) << word;
    EXPECT_FALSE(begins_recognisably(word, true)) << word;
  }
  EXPECT_FALSE(begins_recognisably("whatsapp", true));  // may be anything on port 443
  EXPECT_FALSE(begins_recognisably("", true));
}

}  // namespace
}  // namespace chatgate::proto::test

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

using Lines = std::vector<std::string>;

// "yahoo text-chat login=a peer=b file=c version=d client=e expect=192.0.2.1:5/file-transfer
// name=chat.example then protocol". What is empty is left out, and so are the application where it
// is `application` ("-": none), and that another message comes.
inline std::string to_line(const Facts& facts, std::string_view application = {}) {
  const Messenger& messenger = facts.messenger;
  std::string line;
  const auto add = [&](const char* what, std::string_view value) {
    if (!value.empty()) line.append(what).append(value);
  };
  if (!facts.has_messenger) {
    line = "-";
  } else {
    const std::string_view named = messenger.application.empty() ? "-" : messenger.application;
    if (application.empty() || named != application) line = std::string(named) + " ";
    line += to_string(messenger.service);
    add(" login=", messenger.login.view());
    add(" peer=", messenger.peer_login.view());
    add(" file=", messenger.filename.view());
    add(" version=", messenger.version.view());
    add(" client=", messenger.client.view());
    for (std::size_t i = 0; i < messenger.expected_count; ++i) {
      const ExpectedFlow& flow = messenger.expected[i];
      add(" expect=", flow.address.to_string() + ":" + std::to_string(flow.port) +
                          (flow.tcp ? "/" : "/udp/") + std::string(to_string(flow.service)));
    }
  }
  for (std::size_t i = 0; i < facts.name_count; ++i) add(" name=", facts.names[i].host.view());
  constexpr const char* kNexts[] = {"opaque", "", "protocol", "answer"};
  add(" then ", kNexts[static_cast<int>(facts.next)]);
  return line;
}

struct Heard {
  Probe probe = Probe::unsure;
  // Of the messages, and then "malformed", "not mine" or "not certain" where it comes to that.
  Lines lines;
  ParseStatus last = ParseStatus::need_more;  // done where all that came was dealt with
  Next next = Next::message;                  // of the last message
  std::uint64_t end = 0;                      // behind the last message and what it skips
  std::string fault;                          // what no parser may do; empty where it did not

  bool operator==(const Heard&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Heard& heard) {
  out << "probe " << static_cast<int>(heard.probe) << ", status " << static_cast<int>(heard.last)
      << ", next " << static_cast<int>(heard.next) << " at " << heard.end << ' ' << heard.fault;
  for (const std::string& line : heard.lines) out << "\n  " << line;
  return out;
}

// What `parser` made of one view that was its own. False where nothing more is to be read.
inline bool take_down(const Facts& facts, AppProto protocol, std::string_view application,
                      Heard& heard) {
  switch (heard.last) {
    case ParseStatus::need_more: return true;
    case ParseStatus::piece: heard.last = ParseStatus::done; return true;
    case ParseStatus::malformed: heard.lines.emplace_back("malformed"); return false;
    case ParseStatus::not_mine: heard.lines.emplace_back("not mine"); return false;
    case ParseStatus::done: break;
  }
  if (facts.protocol != protocol) heard.fault = "facts of another protocol";
  heard.lines.push_back(to_line(facts, application));
  heard.next = facts.next;
  return heard.next == Next::message;
}

// `parser`: a StreamParser, or what has its members. The view has each of `lengths` in turn. Every
// view is a buffer of its own size, so that the sanitizers see a read beyond it.
template <typename Parser>
Heard listen(const Parser& parser, Direction way, Bytes stream,
             const std::vector<std::size_t>& lengths, std::string_view application = {},
             ParserState state = {}) {
  Heard heard;
  std::uint64_t begin = 0;
  for (const std::size_t length : lengths) {
    while (begin < length) {
      const std::vector<std::uint8_t> view(stream.begin() + static_cast<std::ptrdiff_t>(begin),
                                           stream.begin() + static_cast<std::ptrdiff_t>(length));
      if (heard.probe == Probe::unsure) heard.probe = parser.probe(view);
      if (heard.probe == Probe::not_mine) {
        heard.lines = {"not certain"};
        return heard;
      }
      if (heard.probe == Probe::unsure) break;
      Facts facts;
      state.way = way;
      heard.last = parser.feed(state, view, facts);
      if (heard.last == ParseStatus::need_more) {
        if (view.size() >= parser.byte_limit) heard.fault = "asks for more than its limit";
        break;
      }
      if (heard.last == ParseStatus::done || heard.last == ParseStatus::piece) {
        begin += state.offset + state.skip;
        heard.end = begin;
        const bool goes_on = heard.last == ParseStatus::piece || facts.next == Next::message;
        if (state.offset + state.skip == 0 && goes_on) {
          heard.fault = "a message of nothing";
        }
      }
      state.offset = 0;
      state.skip = 0;
      if (!take_down(facts, parser.protocol, application, heard) || !heard.fault.empty()) {
        return heard;
      }
    }
  }
  if (heard.probe == Probe::unsure) heard.lines.emplace_back("not certain");
  return heard;
}

inline std::vector<std::size_t> steps(std::size_t size, std::size_t step) {
  std::vector<std::size_t> lengths;
  for (std::size_t at = step; at < size; at += step) lengths.push_back(at);
  lengths.push_back(size);
  return lengths;
}

}  // namespace chatgate::proto::test

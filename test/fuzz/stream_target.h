// What must hold of every stream parser, whatever the bytes: its outcome does not depend on how
// they were cut, its probe never changes its mind, and feeding it unasked is safe.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "proto/parser.h"

#include "check.h"
#include "incremental.h"

namespace chatgate::proto::test {

// Lengths of a growing view, chosen by the input itself (FNV-1a over what was seen so far), so that
// a corpus file is the plain message and still fixes its cuts. The last is the whole stream.
inline std::vector<std::size_t> lengths_chosen_by(Bytes stream) {
  constexpr std::size_t kMaxPieces = 64;
  std::vector<std::size_t> lengths;
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::uint8_t byte : stream) hash = (hash ^ byte) * 0x100000001b3;
  std::size_t at = 0;
  while (at < stream.size() && lengths.size() < kMaxPieces) {
    hash = (hash ^ (hash >> 29)) * 0x100000001b3;
    const std::size_t reach = (hash >> 60) == 0 ? 4096 : 24;
    at = std::min(stream.size(), at + 1 + (hash >> 32) % reach);
    lengths.push_back(at);
  }
  if (lengths.empty() || lengths.back() != stream.size()) lengths.push_back(stream.size());
  return lengths;
}

template <typename Parser>
void check_probe(const Parser& parser, Bytes stream, const std::vector<std::size_t>& lengths) {
  Probe before = Probe::unsure;
  for (const std::size_t length : lengths) {
    const Probe now = parser.probe(stream.first(length));
    FUZZ_CHECK(before == Probe::unsure || now == before);
    before = now;
  }
}

// `parser`: a StreamParser, or what has `probe`, `feed` and `byte_limit` as it does.
template <typename Parser>
void check_stream_parser(const Parser& parser, Bytes stream) {
  constexpr std::size_t kMaxBytewise = 700;
  const std::vector<std::size_t> lengths = lengths_chosen_by(stream);
  const Outcome whole = run_whole(parser, stream);
  FUZZ_CHECK(run(parser, stream, lengths) == whole);
  if (stream.size() <= kMaxBytewise) FUZZ_CHECK(run_in_steps(parser, stream, 1) == whole);
  check_probe(parser, stream, lengths);

  ParserState state;
  Facts facts;
  const ParseStatus status = parser.feed(state, stream, facts);
  FUZZ_CHECK(status != ParseStatus::need_more || stream.size() < parser.byte_limit);
  FUZZ_CHECK(state.offset <= stream.size());
}

inline void check_stream_parser(AppProto protocol, Bytes stream) {
  check_stream_parser(stream_parser(protocol), stream);
}

}  // namespace chatgate::proto::test

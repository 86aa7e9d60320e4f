// A datagram that says too little by itself, until the other end's answer to it says the rest.
//
// For protocols whose requests have no mark but form and length. Kept in ParserState::mark and
// ParserState::extra; a parser that waits for an answer holds no session, so that the engine does
// not take the flow for one with a message in progress. Threads: those of the state.
#pragma once

#include <cstdint>

#include "proto/parser.h"

namespace chatgate::proto {

class Question {
 public:
  // As often is a question asked again without an answer, before the flow is somebody else's.
  static constexpr std::uint32_t kMaxAsked = 4;

  explicit Question(ParserState& state) : state_(state) {}

  // Whether a datagram that goes this way may be the answer.
  bool answered_by(Direction direction) const {
    return asked() && (state_.mark & kByClient) != by(direction);
  }

  // What to say to a datagram that was not recognised as the answer. `kind`, below 256, and
  // `detail`, which the answer is compared with, are those of a question.
  ParseStatus hear(Direction direction, bool is_question, std::uint32_t kind,
                   std::uint32_t detail) {
    if (!is_question || answered_by(direction)) return ParseStatus::not_mine;
    if (!asked()) {
      state_.mark = kAsked | by(direction) | 1u << kCountShift | kind << kKindShift;
      state_.extra = detail;
      return ParseStatus::need_more;
    }
    state_.mark += 1u << kCountShift;
    const bool again = (state_.mark >> kCountShift & 0xff) <= kMaxAsked;
    return again ? ParseStatus::need_more : ParseStatus::not_mine;
  }

  std::uint32_t kind() const { return state_.mark >> kKindShift & 0xff; }
  std::uint32_t detail() const { return state_.extra; }

 private:
  static constexpr std::uint32_t kAsked = 1;
  static constexpr std::uint32_t kByClient = 2;
  static constexpr std::uint32_t kCountShift = 8;
  static constexpr std::uint32_t kKindShift = 16;

  bool asked() const { return (state_.mark & kAsked) != 0; }
  static std::uint32_t by(Direction direction) {
    return direction == Direction::to_server ? kByClient : 0;
  }

  ParserState& state_;
};

}  // namespace chatgate::proto

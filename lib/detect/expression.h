// One pcre, compiled by PCRE2 to machine code; the only file that knows PCRE2 beside its .cpp and
// the scratch.
//
// `compile` at load time. Matching is for the packet path of any worker, with a scratch of its own:
// only by the compiled code, which works on a stack that was allocated before, never by PCRE2's
// interpreter, which allocates. What cannot be compiled so is refused. Subjects are octets; UTF is
// refused. "." stops at LF.
//
// Bounds: PCRE2 counts steps of backtracking for each byte a match could begin at, and this allows
// kMatchLimit of them (kOverriddenLimit with the flag O). As that is too much to allow everywhere,
// a search begins with few steps for each byte; where they do not suffice, PCRE2 having said so at
// once, it goes on with an eighth of the bytes and eight times the steps, and so on; no call takes
// more than kWork of them. Each call is charged to the evaluation's steps. Where those, the limit
// or the stack are used up, it is `failed`.
//
// Growing subjects are matched with PCRE2_PARTIAL_HARD (pcre2partial(3)): as soon as anything in
// the expression wants to look behind the last byte, be it a repeat that could take more, "$", "\b"
// or an assertion, it stops with `partial`. A `match` or `none` is therefore what any longer
// subject gives as well, but that `none` says nothing of matches that begin behind the bytes that
// are there. Three things PCRE2 does not count as looking further, so that they are `partial` here:
// a match that begins behind the last byte; "^" with the flag m behind a line end that is the last
// byte; and what verbs such as (*CRLF) may change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/diagnostic.h"
#include "detect/evaluation_scratch.h"
#include "detect/rule.h"

struct pcre2_real_code_8;

namespace chatgate::detect {

class Expression {
 public:
  static constexpr std::uint32_t kMatchLimit = 1 << 15;
  static constexpr std::uint32_t kOverriddenLimit = 1 << 17;
  static constexpr std::uint32_t kWork = 1 << 17;
  static constexpr std::uint32_t kLeast = 16;  // steps for each byte, at first
  // The same where a match can begin at one byte only, and all there are where verbs stand.
  static constexpr std::uint32_t kOnce = 1024;
  // Of the evaluation's steps: for the first call, and for each that repeats or goes on with it.
  static constexpr std::size_t kBytesPerStep = 64;
  static constexpr std::uint32_t kStepsPerRepeat = 64;

  enum class Result : std::uint8_t { none, match, partial, failed };
  struct Found {
    Result result = Result::none;
    std::size_t begin = 0;  // where matching began, where there is a match
    std::size_t end = 0;    // behind it
  };

  static std::optional<Expression> compile(const Pcre& pcre, const Place& place,
                                           Diagnostics& findings);
  ~Expression();
  Expression(Expression&& other) noexcept;

  // The first match that begins at or behind `from`, which is at most the size. `growing`: more
  // bytes may follow; never `partial` without it.
  // Takes from `steps` what it costs.
  Found find(Bytes subject, std::size_t from, bool growing, ExpressionScratch& scratch,
             std::uint32_t& steps) const;

  // A match can only begin at `from`.
  bool anchored() const { return anchored_; }
  // The author's flag A: there is no second match.
  bool once() const { return once_; }
  // Where it matches, it matches, from the same byte on, whatever follows; not necessarily as far.
  bool lasting() const { return lasting_; }

  std::size_t memory() const { return memory_; }

 private:
  explicit Expression(pcre2_real_code_8* code) : code_(code) {}
  // One call of PCRE2: matches that begin at `places` bytes from `from` on, with that many steps
  // for each of them.
  Found match(Bytes subject, std::size_t from, std::size_t places, std::uint32_t limit,
              bool growing, const ExpressionScratch& scratch) const;

  pcre2_real_code_8* code_;  // owned
  std::uint32_t most_ = kMatchLimit;
  bool anchored_ = false;
  bool once_ = false;
  bool lasting_ = false;
  bool waits_ = false;        // has a verb: of use on complete subjects only
  bool line_starts_ = false;  // "^" may stand for the beginning of a line
  std::size_t memory_ = 0;
};

}  // namespace chatgate::detect

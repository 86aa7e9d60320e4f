// One line of the control socket: a request or what is wrong with it, and of its command line a
// command of the gateway's table or what is wrong with that. What completion offers can be written.
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "control/commands.h"
#include "control/request.h"

#include "check.h"

namespace chatgate::control {
namespace {

const Grammar& grammar() {
  static const auto kApplications = [] { return std::vector<std::string_view>{"irc", "xmpp"}; };
  static const auto kOthers = [] { return std::vector<std::string_view>{"mine", "other"}; };
  static const Grammar kGrammar(every_command(), {}, kApplications, kOthers, kOthers);
  return kGrammar;
}

void check_command(std::string_view line) {
  const Parsed parsed = grammar().parse(line);
  FUZZ_CHECK(parsed.problem || parsed.invocation.command != nullptr);
  FUZZ_CHECK(parsed.problem.error.find('\n') == std::string::npos);
  const Completion completion = grammar().complete(line);
  FUZZ_CHECK(completion.from <= line.size());
  for (const Candidate& candidate : completion.candidates) FUZZ_CHECK(!candidate.word.empty());
}

void check(std::string_view line) {
  Request request;
  if (const Problem problem = read_request(line, request)) {
    FUZZ_CHECK(problem.error.find('\n') == std::string::npos);
  } else {
    FUZZ_CHECK(request.command.has_value() != request.complete.has_value());
    check_command(request.command ? *request.command : *request.complete);
  }
  check_command(line);
}

}  // namespace
}  // namespace chatgate::control

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chatgate::control::check(chatgate::as_text({data, size}));
  return 0;
}

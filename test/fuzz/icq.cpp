#include "proto/icq.h"

#include <cstddef>
#include <cstdint>

#include "proto/context.h"

#include "check.h"

namespace chatgate::proto {
namespace {

// A flow of two datagrams: the input is cut where its last byte says.
void check_flow(Bytes input, const DatagramParser& parser) {
  static Context context(1);
  if (input.empty()) return;
  const std::size_t cut = input.back() % input.size();
  ParserState state;
  Facts facts;
  const Bytes first = input.first(input.size() - 1 - cut);
  const bool mine = parser.probe(first) == Probe::certain;
  const ParseStatus status = parser.read(state, first, Direction::to_server, facts, context);
  FUZZ_CHECK(mine == (status == ParseStatus::done));
  FUZZ_CHECK(mine || state.mark == 0);
  if (!mine) return;
  FUZZ_CHECK(facts.has_messenger && facts.messenger.application == "icq");
  FUZZ_CHECK(!facts.messenger.version.empty());
  facts.clear();
  parser.read(state, input.subspan(first.size()), Direction::to_client, facts, context);
  parser.read(state, input, Direction::to_server, facts, context);
}

}  // namespace
}  // namespace chatgate::proto

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate::proto;
  check_flow({data, size}, icq::kParserOnPort);
  check_flow({data, size}, icq::kParser);
  return 0;
}

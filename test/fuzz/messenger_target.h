// What must hold of every messenger's parser beside what holds of all (stream_target.h): what its
// messages say does not depend on how they were cut either, whichever end sends them.
#pragma once

#include "check.h"
#include "messenger_run.h"
#include "stream_target.h"

namespace chatgate::proto::test {

inline void check_messenger_parser(const StreamParser& parser, Bytes stream) {
  constexpr std::size_t kMaxBytewise = 700;
  check_stream_parser(parser, stream);
  for (const Direction way : {Direction::to_server, Direction::to_client}) {
    const Heard whole = listen(parser, way, stream, {stream.size()});
    FUZZ_CHECK(whole.fault.empty());
    FUZZ_CHECK(listen(parser, way, stream, lengths_chosen_by(stream)) == whole);
    if (stream.size() <= kMaxBytewise) {
      FUZZ_CHECK(listen(parser, way, stream, steps(stream.size(), 1)) == whole);
    }
  }
}

}  // namespace chatgate::proto::test

#include "proto/tls_server.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "stream_target.h"

namespace {

using namespace chatgate;
using namespace chatgate::proto;

// The certificate at the moment the parser is done; empty where it never is.
std::string certificate_in(Bytes stream, const std::vector<std::size_t>& lengths) {
  static std::vector<std::uint8_t> scratch(tls_server::kByteLimit);
  ParserState state;
  Facts facts;
  for (const std::size_t length : lengths) {
    const std::vector<std::uint8_t> view(stream.begin(),
                                         stream.begin() + static_cast<std::ptrdiff_t>(length));
    const ParseStatus status = tls_server::feed(state, view, facts);
    if (status == ParseStatus::need_more) continue;
    if (status != ParseStatus::done) return {};
    return std::string(as_text(tls_server::first_certificate(state, view, scratch)));
  }
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes stream(data, size);
  test::check_stream_parser(tls_server::kParser, stream);
  FUZZ_CHECK(certificate_in(stream, {size}) ==
             certificate_in(stream, test::lengths_chosen_by(stream)));
  return 0;
}

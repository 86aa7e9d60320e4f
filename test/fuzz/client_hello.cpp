// A hello says the same in one piece and cut by record headers, whatever carries it.
#include "proto/client_hello.h"

#include <cstdint>
#include <vector>

#include "check.h"
#include "incremental.h"

namespace chatgate::proto::test {
namespace {

// The message in records whose sizes it chooses itself.
std::vector<std::uint8_t> in_records(Bytes message) {
  std::vector<std::uint8_t> stream;
  std::uint32_t seed = static_cast<std::uint32_t>(message.size());
  for (std::size_t at = 0; at < message.size();) {
    seed = seed * 1664525 + 1013904223 + message[at];
    const std::size_t size = std::min<std::size_t>((seed >> 24) % 40, message.size() - at);
    const std::uint8_t header[] = {22, 3, 1, 0, static_cast<std::uint8_t>(size)};
    stream.insert(stream.end(), header, header + sizeof header);
    stream.insert(stream.end(), message.begin() + static_cast<std::ptrdiff_t>(at),
                  message.begin() + static_cast<std::ptrdiff_t>(at + size));
    at += size;
  }
  return stream;
}

bool same(const ClientHello& a, const ClientHello& b) {
  bool alpns = a.alpn_count == b.alpn_count;
  for (std::size_t i = 0; alpns && i < a.alpn_count; ++i) {
    alpns = a.alpns[i].view() == b.alpns[i].view();
  }
  return alpns && a.version == b.version && a.ech == b.ech && a.resumption == b.resumption &&
         a.early_data == b.early_data && a.ja4_view() == b.ja4_view();
}

void check_hello(Bytes message, char transport) {
  Facts whole;
  const bool sound = read_client_hello(message, NameSource::tls_sni, transport, whole);
  FUZZ_CHECK(!sound || whole.has_hello);
  FUZZ_CHECK(!whole.has_hello || whole.hello.ja4_size == 0 || whole.hello.ja4[0] == transport);

  const std::vector<std::uint8_t> stream = in_records(message);
  Facts cut;
  FUZZ_CHECK(read_client_hello(HandshakeReader::over_records(stream, message.size()),
                               NameSource::tls_sni, transport, cut) == sound);
  FUZZ_CHECK(cut.has_hello == whole.has_hello && names_of(cut) == names_of(whole));
  FUZZ_CHECK(!whole.has_hello || same(cut.hello, whole.hello));
}

}  // namespace
}  // namespace chatgate::proto::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> message(data, data + size);
  for (const char transport : {'t', 'q', 'd'}) {
    chatgate::proto::test::check_hello(message, transport);
  }
  return 0;
}

#include "proto/tls_server.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "allocation_count.h"
#include "certificate.h"
#include "checks.h"
#include "client_hello.h"
#include "server_hello.h"

namespace chatgate::proto::test {
namespace {

std::string with_names(std::initializer_list<std::string_view> names) {
  return certificate(common_name("not.this.example"), dns_names(names));
}

struct Case {
  const char* what;
  std::string stream;
  Outcome expected;
};

void check(const std::vector<Case>& cases) {
  for (const Case& row : cases) {
    SCOPED_TRACE(row.what);
    expect_outcome(tls_server::kParser, as_bytes(row.stream), row.expected);
  }
}

Outcome names(std::vector<std::string> expected) {
  return found(AppProto::tls, std::move(expected));
}

TEST(TlsServer, ReadsNamesOfTheCertificate) {
  const std::string one = with_names({"Chat.Example"});
  const std::string other = with_names({"ca.example"});
  const std::string addresses = der(0x87, std::string("\xc0\0\2\7", 4)) + der(0x81, "a@b.example");
  std::string many;
  for (const char c : std::string("abcdefghi")) many += der(0x82, std::string(1, c) + ".example");
  Outcome cut = names({"a.example", "b.example", "c.example", "d.example", "e.example", "f.example",
                       "g.example", "h.example"});
  cut.names_cut = true;
  check({
      {"one name", record(flight(one), 3), names({"chat.example"})},
      {"several, one a wildcard", record(flight(with_names({"*.chat.example", "example.org"})), 3),
       names({"chat.example", "example.org"})},
      {"the chain is not read", record(server_hello() + certificates({one, other}), 3),
       names({"chat.example"})},
      {"in records of their own",
       record(server_hello(), 3) + record(certificates({one}), 3) + record(handshake(14, {}), 3),
       names({"chat.example"})},
      {"in records of 3", records(flight(one), 3), names({"chat.example"})},
      {"supplemental data before it",
       record(server_hello() + handshake(23, "data") + certificates({one}), 3),
       names({"chat.example"})},
      {"more names than are kept", record(flight(certificate({}, alternative_names(many))), 3),
       cut},
      {"addresses are no names",
       record(flight(certificate({}, alternative_names(addresses + der(0x82, "a.example")))), 3),
       names({"a.example"})},
      {"version 1, without extensions",
       record(flight(certificate(common_name("chat.example"), {})), 3), names({"chat.example"})},
      {"a common name beside alternative names",
       record(flight(certificate(common_name("b.example"), dns_names({"a.example"}))), 3),
       names({"a.example"})},
      {"alternative names without a host",
       record(flight(certificate(common_name("b.example"), alternative_names(addresses))), 3),
       names({"b.example"})},
      {"a common name behind others",
       record(flight(certificate(
                  der_attribute("\x55\x04\x06", 0x13, "XX") + common_name("*.b.example"), {})),
              3),
       names({"b.example"})},
      {"a common name that is no host", record(flight(certificate(common_name("Test CA"), {})), 3),
       names({})},
      {"a common name of one label", record(flight(certificate(common_name("router"), {})), 3),
       names({})},
      {"a name with a NUL",
       record(flight(certificate({}, dns_names({std::string_view("a.example\0.b", 12)}))), 3),
       names({std::string("a.example\0.b", 12)})},
  });
}

TEST(TlsServer, AHelloRetryRequestIsNoAnswerYet) {
  const std::string random =
      "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
      "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c";
  const std::string request =
      handshake(2, be16(0x0303) + random + prefixed8(std::string(32, 'i')) + be16(0x1301) + '\0' +
                       prefixed16(extension(43, be16(0x0304))));
  ParserState state;
  Facts facts;
  const std::string stream = record(request, 3);
  EXPECT_EQ(tls_server::feed(state, as_bytes(stream), facts), ParseStatus::piece);
  EXPECT_EQ(state.offset, stream.size());
  const std::string answer = record(flight(with_names({"chat.example"})), 3);
  check({
      {"then the answer", stream + answer, names({"chat.example"})},
      {"in records of 7", records(request, 7) + answer, names({"chat.example"})},
  });
}

TEST(TlsServer, IsDoneWithoutACertificate) {
  const std::string chosen13 = server_hello(extension(51, "key") + extension(43, be16(0x0304)));
  const std::string draft = server_hello(extension(43, be16(0x7f1c)));
  const std::string ccs = record("\x01", 3, 20);
  check({
      {"TLS 1.3", record(chosen13, 3) + ccs + record("sealed", 3, 23), names({})},
      {"a draft of TLS 1.3", record(draft, 3) + ccs, names({})},
      {"a resumed session", record(server_hello(), 3) + ccs, names({})},
      {"an alert", record(server_hello(), 3) + record("\x02\x28", 3, 21), names({})},
      {"a ticket", record(server_hello() + handshake(4, "ticket"), 3), names({})},
      {"key exchange without a certificate",
       record(server_hello() + handshake(12, "key") + handshake(14, {}), 3), names({})},
      {"an empty list", record(server_hello() + handshake(11, be24(0)), 3), names({})},
      {"a certificate that is none", record(flight("no certificate at all"), 3), names({})},
      {"names, then a break in DER",
       record(flight(certificate({}, alternative_names(der(0x82, "a.example") + "\x82\x7f"))), 3),
       names({"a.example"})},
      {"a length of indefinite form", record(flight("\x30\x80\x30\x80" + std::string(50, '\0')), 3),
       names({})},
      {"more messages than are read",
       record(server_hello() + handshake(23, {}) + handshake(23, {}) + handshake(23, {}) +
                  handshake(23, {}) + handshake(23, {}) + handshake(23, {}) + handshake(23, {}) +
                  certificates({with_names({"a.example"})}),
              3),
       names({})},
  });
}

TEST(TlsServer, ReadsALongCertificate) {
  const std::string filler = der(0x86, std::string(20000, 'u'));
  const std::string large = certificate({}, alternative_names(filler + der(0x82, "chat.example")));
  check({
      {"over two records", records(flight(large), 16384), names({"chat.example"})},
      {"over many", records(flight(large), 500), names({"chat.example"})},
  });
  std::string huge = server_hello() + "\x0b" + be24(200000) + be24(199997) + be24(199000);
  huge += std::string(70000, 'c');
  const Outcome expected = broken(AppProto::tls);
  EXPECT_EQ(run_whole(tls_server::kParser, as_bytes(records(huge, 16000))), expected);
  EXPECT_EQ(run_in_steps(tls_server::kParser, as_bytes(records(huge, 16000)), 1400), expected);
}

TEST(TlsServer, RefusesWhatContradictsItself) {
  std::string many_empty = record(server_hello().substr(0, 9), 3);
  for (int i = 0; i < 40; ++i) many_empty += record({}, 3);
  check({
      {"a certificate longer than its list",
       record(server_hello() + handshake(11, be24(9) + be24(400) + "short"), 3),
       broken(AppProto::tls)},
      {"too many empty records", many_empty, broken(AppProto::tls)},
  });
}

TEST(TlsServer, LooksAtNewBytesOnly) {
  const std::string stream = records(flight(with_names({"chat.example"})), 1);
  ParserState state;
  Facts facts;
  std::size_t length = 6;
  ParseStatus status = ParseStatus::need_more;
  for (; status == ParseStatus::need_more && length <= stream.size(); ++length) {
    status = tls_server::feed(state, as_bytes(stream).first(length), facts);
    ASSERT_TRUE(status == ParseStatus::done || state.offset == length - length % 6) << length;
  }
  EXPECT_EQ(status, ParseStatus::done);
  EXPECT_EQ(names_of(facts), std::vector<std::string>{"chat.example"});
}

TEST(TlsServer, AllocatesNothing) {
  const std::string stream = record(flight(with_names({"chat.example"})), 3);
  ParserState state;
  Facts facts;
  const std::size_t before = allocation_count();
  const ParseStatus status = tls_server::feed(state, as_bytes(stream), facts);
  EXPECT_EQ(allocation_count(), before);
  EXPECT_EQ(status, ParseStatus::done);
}

TEST(TlsServer, IsNotTakenForGranted) {
  check({
      {"a client's hello", record(hello({})), not_mine()},
      {"an alert", record("\x02\x28", 3, 21), not_mine()},
      {"application data", record("data", 3, 23), not_mine()},
      {"an empty record", record({}), not_mine()},
      {"a record too long", std::string("\x16\x03\x03\x41\x01\x02", 6), not_mine()},
      {"another major version", std::string("\x16\x04\x03\x00\x40\x02", 6), not_mine()},
      {"HTTP", "HTTP/1.1 400 Bad Request\r\n", not_mine()},
      {"SMTP", "220 mail.example ESMTP\r\n", not_mine()},
      {"SSH", "SSH-2.0-x\r\n", not_mine()},
      {"MySQL",
       std::string("\x4a\0\0\0\x0a"
                   "8.0.1",
                   10),
       not_mine()},
      {"the start of one", std::string("\x16\x03\x03\x00\x40", 5), {.probe = Probe::unsure}},
  });
}

}  // namespace
}  // namespace chatgate::proto::test

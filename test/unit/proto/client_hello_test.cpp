#include "proto/client_hello.h"

#include <cstdlib>
#include <functional>
#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <string>
#include <vector>

#include "proto/ja4.h"

#include "allocation_count.h"
#include "client_hello.h"
#include "incremental.h"

namespace chatgate::proto::test {
namespace {

std::string with_extensions(std::string extensions) {
  HelloParts parts;
  parts.extensions = std::move(extensions);
  return handshake(1, parts.body());
}

Facts read(std::string_view message, bool sound = true, char transport = 't') {
  Facts facts;
  EXPECT_EQ(read_client_hello(as_bytes(message), NameSource::tls_sni, transport, facts), sound);
  return facts;
}

TEST(ClientHello, GivesNamesTheirSource) {
  Facts facts;
  const std::string message = browser_hello("Chat.Example.");
  ASSERT_TRUE(read_client_hello(as_bytes(message), NameSource::quic_sni, 'q', facts));
  ASSERT_EQ(facts.name_count, 1);
  EXPECT_EQ(facts.names[0].source, NameSource::quic_sni);
  EXPECT_EQ(facts.names[0].host.view(), "chat.example");
  EXPECT_EQ(facts.hello.ja4_view().substr(0, 10), "q13d0307h2");
  EXPECT_EQ(facts.protocol, AppProto::unknown);  // whose it is says the caller
}

TEST(ClientHello, TellsTheHighestVersion) {
  struct Row {
    const char* what;
    std::string message;
    std::uint16_t expected;
  };
  const auto old = [](std::uint16_t version) {
    HelloParts parts;
    parts.version = version;
    return handshake(1, parts.body());
  };
  const Row rows[] = {
      {"SSL 3.0", old(0x0300), 0x0300},
      {"TLS 1.1", old(0x0302), 0x0302},
      {"1.3 and 1.2", with_extensions(supported_versions({0x0304, 0x0303})), 0x0304},
      {"in the other order", with_extensions(supported_versions({0x0303, 0x0304})), 0x0304},
      {"1.2 only", with_extensions(supported_versions({0x0303})), 0x0303},
      {"GREASE first", with_extensions(supported_versions({0xfafa, 0x0304})), 0x0304},
      {"GREASE alone", with_extensions(supported_versions({0xfafa})), 0x0303},
  };
  for (const Row& row : rows) EXPECT_EQ(read(row.message).hello.version, row.expected) << row.what;
}

TEST(ClientHello, TellsResumptionAndEarlyDataAndEch) {
  struct Row {
    const char* what;
    std::string extensions;
    bool resumption = false;
    bool early_data = false;
    bool ech = false;
  };
  const std::string v13 = supported_versions({0x0304, 0x0303});
  const Row rows[] = {
      {"TLS 1.3 with the session id of compatibility", v13},
      {"TLS 1.2 with a session id", "", true},
      {"an empty ticket", v13 + extension(35, {})},
      {"a ticket", v13 + extension(35, "ticket"), true},
      {"a pre-shared key", v13 + extension(41, "identities"), true},
      {"early data", v13 + extension(42, {}) + extension(41, "identities"), true, true},
      {"ECH, outer", v13 + extension(0xfe0d, std::string("\0outer", 6)), false, false, true},
      {"ECH, inner", v13 + extension(0xfe0d, "\x01"), false, false, false},
      {"ECH, empty", v13 + extension(0xfe0d, {}), false, false, false},
      {"ESNI", v13 + extension(0xffce, "name"), false, false, true},
  };
  for (const Row& row : rows) {
    const ClientHello hello = read(with_extensions(row.extensions)).hello;
    EXPECT_EQ(hello.resumption, row.resumption) << row.what;
    EXPECT_EQ(hello.early_data, row.early_data) << row.what;
    EXPECT_EQ(hello.ech, row.ech) << row.what;
  }
  HelloParts fresh;
  fresh.session_id.clear();
  EXPECT_FALSE(read(handshake(1, fresh.body())).hello.resumption);
}

TEST(ClientHello, ListsAlpns) {
  const ClientHello hello = read(with_extensions(alpns({"h2", "http/1.1"}))).hello;
  ASSERT_EQ(hello.alpn_count, 2);
  EXPECT_EQ(hello.alpns[0].view(), "h2");
  EXPECT_EQ(hello.alpns[1].view(), "http/1.1");

  const std::string longer(100, 'a');
  const ClientHello cut = read(with_extensions(alpns({longer + "z"}))).hello;
  ASSERT_EQ(cut.alpn_count, 1);
  EXPECT_EQ(cut.alpns[0].view(), longer.substr(0, ClientHello::kMaxAlpn));
  EXPECT_EQ(cut.ja4_view().substr(8, 2), "az");

  const ClientHello many =
      read(with_extensions(alpns({"1", "2", "3", "4", "5", "6", "7", "8", "9"}))).hello;
  EXPECT_EQ(many.alpn_count, ClientHello::kMaxAlpns);
}

TEST(ClientHello, RefusesWhatContradictsItself) {
  const std::string plain = with_extensions(sni({"chat.example"}));
  std::string longer = plain;
  longer[3] = static_cast<char>(longer[3] + 1);
  EXPECT_EQ(names_of(read(plain)), std::vector<std::string>{"chat.example"});
  EXPECT_EQ(names_of(read(longer, false)), std::vector<std::string>{"chat.example"});
  EXPECT_EQ(names_of(read(plain + 'z', false)), std::vector<std::string>{"chat.example"});
  EXPECT_TRUE(names_of(read("\x02" + plain.substr(1), false)).empty());
  EXPECT_FALSE(read(plain.substr(0, 30), false).has_hello);
  for (std::size_t size = 0; size < plain.size(); ++size) read(plain.substr(0, size), false);

  read(with_extensions(extension(16, prefixed16("\x09h2"))), false);
  read(with_extensions(extension(43, prefixed8("\x03"))), false);
  read(with_extensions(extension(13, prefixed16("\x04\x03\x08"))), false);
  read(with_extensions(extension(13, "\x04")), false);
}

// The lists of the specification's example.
const std::vector<std::uint16_t> kCiphers = {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f,
                                             0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013,
                                             0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
const std::vector<std::uint16_t> kExtensions = {0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017,
                                                0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b,
                                                0xff01, 0x000b, 0x000a, 0x0015};
const std::vector<std::uint16_t> kSignatures = {0x0403, 0x0804, 0x0401, 0x0503,
                                                0x0805, 0x0501, 0x0806, 0x0601};

std::string extensions_of_example(bool with_signatures, std::string_view alpn) {
  std::string bytes = extension(0x8a8a, {});
  for (const std::uint16_t type : kExtensions) {
    switch (type) {
      case 0: bytes += sni({"chat.example"}); break;
      case 16: bytes += alpns({alpn}); break;
      case 13:
        bytes += extension(13, with_signatures ? prefixed16(be16s(kSignatures)) : prefixed16({}));
        break;
      case 43: bytes += supported_versions({0x9a9a, 0x0304, 0x0303}); break;
      default: bytes += extension(type, {});
    }
  }
  return bytes;
}

std::string ja4_of(const HelloParts& parts, char transport = 't') {
  const Facts facts = read(handshake(1, parts.body()), true, transport);
  return std::string(facts.hello.ja4_view());
}

TEST(Ja4, IsThatOfTheSpecification) {
  HelloParts parts;
  parts.ciphers = be16(0x2a2a) + be16s(kCiphers);
  parts.extensions = extensions_of_example(true, "h2");
  EXPECT_EQ(ja4_of(parts), "t13d1516h2_8daaf6152771_e5627efa2ab1");
  EXPECT_EQ(ja4_of(parts, 'q'), "q13d1516h2_8daaf6152771_e5627efa2ab1");
  parts.extensions = extensions_of_example(false, "http/1.1");
  EXPECT_EQ(ja4_of(parts), "t13d1516h1_8daaf6152771_6d807ffa2a79");

  parts.ciphers = be16s({0x1a1a});
  parts.extensions = std::nullopt;
  EXPECT_EQ(ja4_of(parts), "t12i000000_000000000000_000000000000");
  parts.extensions = sni({"chat.example"}) + alpns({"h3"});
  EXPECT_EQ(ja4_of(parts), "t12d0002h3_000000000000_000000000000");
  parts.version = 0x0300;
  EXPECT_EQ(ja4_of(parts).substr(0, 4), "ts3d");
}

TEST(Ja4, ShowsOddAlpnsByTheirDigits) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"\xab", "ab"},
      {"\xab\xcd", "ad"},
      {"\x30\xab", "3b"},
      {"\x30\x31\xab\xcd", "3d"},
      {"\x30\xab\xcd\x31", "01"},
      {"h", "hh"},
      {"", "00"},
      {"h2", "h2"},
  };
  for (const auto& [alpn, expected] : rows) {
    HelloParts parts;
    parts.extensions = alpns({alpn, "zz"});
    EXPECT_EQ(ja4_of(parts).substr(8, 2), expected) << expected;
  }
}

TEST(Ja4, CountsToNinetyNineAndGivesUpBeyondItsLimit) {
  HelloParts parts;
  parts.ciphers.clear();
  for (std::uint16_t i = 0; i < 120; ++i) parts.ciphers += be16(0x4000 + i);
  EXPECT_EQ(ja4_of(parts).substr(4, 2), "99");
  for (std::uint16_t i = 0; i < ja4::kMaxValues; ++i) parts.ciphers += be16(0x5000 + i);
  EXPECT_EQ(ja4_of(parts), "");
}

std::size_t crypto_allocations = 0;

void* counted_malloc(std::size_t size, const char*, int) {
  ++crypto_allocations;
  return std::malloc(size);
}
void* counted_realloc(void* memory, std::size_t size, const char*, int) {
  ++crypto_allocations;
  return std::realloc(memory, size);
}
void counted_free(void* memory, const char*, int) {
  std::free(memory);
}

// Libcrypto lets its allocator be replaced only before it has allocated: at start-up.
const bool kCounting = CRYPTO_set_mem_functions(counted_malloc, counted_realloc, counted_free) == 1;

TEST(ClientHello, AllocatesNothing) {
  ASSERT_TRUE(kCounting);
  const std::string message = browser_hello("chat.example");
  Facts facts;
  const std::size_t before = allocation_count();
  const std::size_t crypto_before = crypto_allocations;
  const bool sound = read_client_hello(as_bytes(message), NameSource::tls_sni, 't', facts);
  EXPECT_EQ(allocation_count(), before);
  EXPECT_EQ(crypto_allocations, crypto_before);
  EXPECT_TRUE(sound);
  EXPECT_EQ(facts.hello.ja4_size, ClientHello::kJa4);
}

}  // namespace
}  // namespace chatgate::proto::test

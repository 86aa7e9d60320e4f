#include "proto/certificate_text.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <memory>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <optional>

#include "proto/tls_server.h"

#include "capture_streams.h"
#include "certificate.h"
#include "malloc_count.h"
#include "server_hello.h"

namespace chatgate::proto::test {
namespace {

constexpr std::string_view kCountry = "\x55\x04\x06";
constexpr std::string_view kOrganisation = "\x55\x04\x0a";
constexpr std::string_view kEmail = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01";

struct Read {
  bool sound;
  std::string subject, issuer, serial, fingerprint;
};

Read read(std::string_view certificate_bytes) {
  const std::vector<std::uint8_t> bytes(certificate_bytes.begin(), certificate_bytes.end());
  CertificateText text;
  const bool sound = read_certificate_text(bytes, text);
  return {sound, std::string(text.subject.view()), std::string(text.issuer.view()),
          std::string(text.serial.view()), std::string(text.fingerprint.view())};
}

TEST(CertificateText, Names) {
  struct Row {
    const char* what;
    std::string name;
    std::string expected;
  };
  const std::string country = der_attribute(kCountry, 0x13, "US");
  const std::string pair = der(0x30, der(0x06, kOrganisation) + der(0x0c, "x"));
  const std::string other = der(0x30, der(0x06, "\x55\x04\x0b") + der(0x0c, "y"));
  const Row rows[] = {
      {"none", "", ""},
      {"one", common_name("a.example"), "CN=a.example"},
      {"in the certificate's order",
       country + der_attribute(kOrganisation, 0x0c, "Foo") + common_name("bar"),
       "C=US, O=Foo, CN=bar"},
      {"in another order", common_name("bar") + country, "CN=bar, C=US"},
      {"a set of two", country + der(0x31, pair + other), "C=US, O=x + OU=y"},
      {"what looks like another", der_attribute(kOrganisation, 0x0c, "a, CN=b"), "O=a, CN=b"},
      {"empty value", common_name(""), "CN="},
      {"UTF-8", common_name("\xc3\xa9"), "CN=\xc3\xa9"},
      {"Latin-1 as it is", der_attribute(kOrganisation, 0x14, "\xe9"), "O=\xe9"},
      {"BMP", der_attribute(kOrganisation, 0x1e, std::string_view("\0a\0\xe9\x20\xac", 6)),
       "O=a\xc3\xa9\xe2\x82\xac"},
      {"half a character", der_attribute(kOrganisation, 0x1e, std::string_view("\0a\0", 3)), "O=a"},
      {"no string", der_attribute(kOrganisation, 0x02, "\x01\xaf"), "O=01AF"},
      {"long types", der_attribute(kEmail, 0x16, "a@b"), "emailAddress=a@b"},
      {"a type nobody knows", der_attribute("\x55\x04\x33", 0x0c, "x"), "2.5.4.51=x"},
      {"other roots", der_attribute("\x2b\x06\x01\x04\x01\x82\x37\x15", 0x0c, "x"),
       "1.3.6.1.4.1.311.21=x"},
      {"the root 0", der_attribute("\x09\x92\x26", 0x0c, "x"), "0.9.2342=x"},
      {"a large second", der_attribute("\x88\x37\x03", 0x0c, "x"), "2.999.3=x"},
      {"a type that does not end", der_attribute("\x55\x84", 0x0c, "x"), "2.5=x"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    const Read subject = read(certificate(row.name, {}));
    EXPECT_TRUE(subject.sound);
    EXPECT_EQ(subject.subject, row.expected);
    EXPECT_EQ(subject.issuer, "CN=ca.issuer.example");
    const Read issuer = read(certificate({}, {}, row.name));
    EXPECT_EQ(issuer.subject, "");
    EXPECT_EQ(issuer.issuer, row.expected);
  }
}

TEST(CertificateText, Serials) {
  const auto with = [](std::string_view serial) {
    return read(certificate({}, {}, {}, serial)).serial;
  };
  EXPECT_EQ(with(der(0x02, "\x01")), "01");
  EXPECT_EQ(with(der(0x02, std::string_view("\0\xab\xcd", 3))), "00:AB:CD");
  EXPECT_EQ(with(der(0x02, "")), "");
  std::string longest;
  for (std::size_t i = 0; i < CertificateText::kMaxSerial; ++i) longest += "41:";
  longest.pop_back();
  EXPECT_EQ(with(der(0x02, std::string(CertificateText::kMaxSerial, 'A'))), longest);
  EXPECT_EQ(with(der(0x02, std::string(500, 'A'))), longest);
  EXPECT_FALSE(read(certificate({}, {}, {}, der(0x04, "A"))).sound);
}

TEST(CertificateText, LongNamesAreCut) {
  const Read one = read(certificate(common_name(std::string(30'000, 'a')), {}));
  EXPECT_TRUE(one.sound);
  EXPECT_EQ(one.subject, "CN=" + std::string(CertificateText::kMaxName - 3, 'a'));
  std::string many;
  for (int i = 0; i < 3000; ++i) many += common_name("b");
  EXPECT_EQ(read(certificate(many, {})).subject.size(), CertificateText::kMaxName);
}

std::string digest_of(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  EXPECT_EQ(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha1(), nullptr), 1);
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    if (i > 0) text += ':';
    text += {kDigits[digest[i] >> 4], kDigits[digest[i] & 15]};
  }
  return text;
}

// A broken certificate gives its fingerprint and a beginning of the rest.
TEST(CertificateText, CutAtEveryByte) {
  const std::string whole = certificate(
      der_attribute(kCountry, 0x13, "US") + common_name("a.example"), dns_names({"a.example"}));
  const Read expected = read(whole);
  EXPECT_TRUE(expected.sound);
  EXPECT_EQ(expected.fingerprint, digest_of(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Read cut = read(whole.substr(0, size));
    EXPECT_FALSE(cut.sound) << size;
    EXPECT_EQ(cut.fingerprint, digest_of(whole.substr(0, size)));
    EXPECT_TRUE(expected.subject.starts_with(cut.subject));
  }
  const std::string broken_name = der(0x31, der(0x30, der(0x06, kCountry)));
  const Read broken = read(certificate(common_name("a") + broken_name, {}));
  EXPECT_FALSE(broken.sound);
  EXPECT_EQ(broken.subject, "CN=a");
  EXPECT_EQ(broken.serial, "01:02:03");
  EXPECT_FALSE(read("no certificate at all").sound);
  EXPECT_FALSE(read("\x30\x80\x30\x80").sound);
}

// What the engine does: asks for the certificate at the moment the parser is done. Nothing where it
// never is, or had to be cut.
std::optional<std::string> certificate_in(std::string_view stream, std::size_t step,
                                          std::size_t room = tls_server::kByteLimit) {
  ParserState state;
  Facts facts;
  std::vector<std::uint8_t> scratch(room);
  for (std::size_t length = std::min(step, stream.size());;
       length = std::min(length + step, stream.size())) {
    const std::vector<std::uint8_t> view(stream.begin(), stream.begin() + length);
    const ParseStatus status = tls_server::feed(state, view, facts);
    if (status == ParseStatus::done) {
      return std::string(as_text(tls_server::first_certificate(state, view, scratch)));
    }
    if (status != ParseStatus::need_more || length == stream.size()) return std::nullopt;
  }
}

TEST(FirstCertificate, HoweverItIsCut) {
  const std::string own = certificate(common_name("chat.example"), dns_names({"chat.example"}));
  const std::string messages = server_hello() + certificates({own, certificate({}, {})});
  const std::string streams[] = {
      record(messages, 3),
      records(messages, 3),
      records(messages, 100),
      records(messages, 1),
      record(server_hello(), 3) + record(certificates({own}), 3),
      record(server_hello() + handshake(23, "data"), 3) + records(certificates({own}), 50)};
  for (const std::string& stream : streams) {
    for (std::size_t step = 1; step <= stream.size(); step += 1 + step / 8) {
      ASSERT_EQ(certificate_in(stream, step), own) << step << " of " << stream.size();
    }
  }
  EXPECT_EQ(certificate_in(streams[0], 1, 0), own) << "in place";
  EXPECT_EQ(certificate_in(streams[1], 1, own.size()), own);
  EXPECT_EQ(certificate_in(streams[1], 1, own.size() - 1), "") << "no room";
}

TEST(FirstCertificate, NoneWhereThereIsNone) {
  const std::string chosen13 = server_hello(extension(43, be16(0x0304)));
  for (const std::string& stream : {record(chosen13, 3) + record("\x01", 3, 20),
                                    record(server_hello(), 3) + record("\x01", 3, 20),
                                    record(server_hello() + handshake(12, "key"), 3),
                                    record(server_hello() + handshake(11, be24(0)), 3),
                                    record(server_hello() + certificates({""}), 3)}) {
    EXPECT_EQ(certificate_in(stream, 1), "");
  }
  EXPECT_EQ(certificate_in(record(server_hello() + handshake(11, be24(9) + be24(400) + "x"), 3), 1),
            std::nullopt);
}

TEST(FirstCertificate, AllocatesNothing) {
  if (!mallocs_are_counted()) GTEST_SKIP() << "NOT RUN: the heap is AddressSanitizer's";
  const std::string stream = records(flight(certificate(common_name("a.example"), {})), 30);
  std::vector<std::uint8_t> scratch(tls_server::kByteLimit);
  ParserState state;
  Facts facts;
  CertificateText text;
  const std::size_t before = malloc_count();
  const ParseStatus status = tls_server::feed(state, as_bytes(stream), facts);
  const Bytes found = tls_server::first_certificate(state, as_bytes(stream), scratch);
  const bool sound = read_certificate_text(found, text);
  EXPECT_EQ(malloc_count(), before);
  EXPECT_EQ(status, ParseStatus::done);
  EXPECT_TRUE(sound);
}

// libcrypto's own words for a certificate, in the same form.
struct Known {
  std::string subject, issuer;
};

std::optional<Known> known_of(std::string_view bytes) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const std::unique_ptr<X509, decltype(&X509_free)> parsed(
      d2i_X509(nullptr, &at, static_cast<long>(bytes.size())), &X509_free);
  if (parsed == nullptr) return std::nullopt;
  const auto text_of = [](const X509_NAME* name) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
    X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN);
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
  };
  return Known{text_of(X509_get_subject_name(parsed.get())),
               text_of(X509_get_issuer_name(parsed.get()))};
}

TEST(CertificateCorpus, IsReadAsLibcryptoReadsIt) {
  const std::filesystem::path folder = CHATGATE_CORPUS "/pcaps";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "NOT RUN: there is no corpus at " CHATGATE_CORPUS;
  }
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string path = entry.path();
    if (!entry.is_regular_file() || entry.file_size() > 200'000) continue;
    if (path.find("tls") == std::string::npos && path.find("ssl") == std::string::npos &&
        path.find("https") == std::string::npos) {
      continue;
    }
    for (const auto& [way, stream] : read_streams(path)) {
      const std::vector<std::uint8_t> bytes = stream.bytes();
      const std::string text(as_text(bytes));
      if (bytes.empty() || tls_server::probe(bytes) != Probe::certain) continue;
      const std::optional<std::string> found = certificate_in(text, text.size());
      EXPECT_EQ(certificate_in(text, 700), found) << path;
      if (!found || found->empty()) continue;
      const std::optional<Known> known = known_of(*found);
      if (!known) continue;
      const Read got = read(*found);
      EXPECT_EQ(got.subject, known->subject) << path;
      EXPECT_EQ(got.issuer, known->issuer) << path;
      EXPECT_EQ(got.fingerprint, digest_of(*found)) << path;
      ++count;
    }
  }
  EXPECT_GT(count, 20u);
}

}  // namespace
}  // namespace chatgate::proto::test

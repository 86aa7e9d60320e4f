// Which DNS messages a name server would take.
#include "proto/dns_form.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "hex.h"

namespace chatgate::proto::dns {
namespace {

using test::hex;

const std::string kName = hex("03 777777 07 6578616d706c65 03 636f6d 00");
const std::string kQuestion = kName + hex("0001 0001");
const std::string kAnswer = hex("c00c 0001 0001 0000003c 0004 c0000201");
const std::string kOpt = hex("00 0029 1000 00000000 0000");

std::string message(const std::string& header, const std::string& rest) {
  return hex(header) + rest;
}

std::string name_of(std::size_t labels, std::size_t size) {
  std::string name;
  for (std::size_t i = 0; i < labels; ++i) {
    name += static_cast<char>(size) + std::string(size, 'a');
  }
  return name + std::string(1, '\0');
}

struct Row {
  std::string what;
  std::string bytes;
};

const std::string kAsks = "1234 0100 0001 0000 0000 0000";
const std::string kAnswers = "1234 8180 0001 0001 0000 0000";

TEST(DnsForm, TakesWhatServersTake) {
  const std::vector<Row> rows = {
      {"a question", message(kAsks, kQuestion)},
      {"with EDNS", message("1234 0120 0001 0000 0000 0001", kQuestion + kOpt)},
      {"checking disabled", message("1234 0110 0001 0000 0000 0000", kQuestion)},
      {"of the root", message(kAsks, hex("00 0002 0001"))},
      {"a cookie alone (RFC 7873)", message("1234 0100 0000 0000 0000 0001", kOpt)},
      {"IXFR", message("1234 0000 0001 0000 0001 0000",
                       kName + hex("00fb 0001") + hex("c00c 0006 0001 00000000 0000"))},
      {"labels of 63", message(kAsks, name_of(3, 63) + hex("0001 0001"))},
      {"a name of 255", message(kAsks, name_of(1, 63) + hex("0001 0001"))},
      {"an answer", message(kAnswers, kQuestion + kAnswer)},
      {"no such name", message("1234 8183 0001 0000 0000 0000", kQuestion)},
      {"an answer without its question",
       message("1234 8180 0000 0001 0000 0000", kName + hex("0001 0001 0000003c 0004 c0000201"))},
      {"cut off, and it says so", message("1234 8380 0001 0005 0000 0000", kQuestion + kAnswer)},
      {"cut within a record",
       message("1234 8380 0001 0002 0000 0000", kQuestion + kAnswer + kAnswer.substr(0, 8))},
      {"NOTIFY", message("1234 2400 0001 0001 0000 0000",
                         kName + hex("0006 0001") + hex("c00c 0006 0001 00000000 0000"))},
      {"UPDATE of several",
       message("1234 2800 0001 0000 0002 0000", kQuestion + kAnswer + kAnswer)},
  };
  for (const Row& row : rows) EXPECT_TRUE(is_well_formed(as_bytes(row.bytes))) << row.what;
  // Cut anywhere it is none, since its end is known.
  for (std::size_t cut = 0; cut < rows[1].bytes.size(); ++cut) {
    EXPECT_FALSE(is_well_formed(as_bytes(rows[1].bytes).first(cut))) << cut;
  }
}

TEST(DnsForm, RefusesTheRest) {
  const std::vector<Row> rows = {
      {"nothing", ""},
      {"half a header", hex("1234 0100 0001")},
      {"operation 3", message("1234 1900 0001 0000 0000 0000", kQuestion)},
      {"operation 15", message("1234 7900 0001 0000 0000 0000", kQuestion)},
      {"the bit Z", message("1234 0140 0001 0000 0000 0000", kQuestion)},
      {"two questions", message("1234 0100 0002 0000 0000 0000", kQuestion + kQuestion)},
      {"two questions in an answer",
       message("1234 8180 0002 0000 0000 0000", kQuestion + kQuestion)},
      {"a question with a response code", message("1234 0103 0001 0000 0000 0000", kQuestion)},
      {"a question with an answer", message("1234 0100 0001 0001 0000 0000", kQuestion + kAnswer)},
      {"a question with two authorities",
       message("1234 0100 0001 0000 0002 0000", kQuestion + kAnswer + kAnswer)},
      {"a label of 64", message(kAsks, hex("40") + std::string(64, 'a') + hex("00 0001 0001"))},
      {"a label of a reserved kind",
       message(kAsks, hex("80") + std::string(64, 'a') + hex("00 0001"))},
      {"a name of 256", message(kAsks, name_of(4, 63) + hex("0001 0001"))},
      {"a pointer to itself", message(kAsks, hex("c00c 0001 0001"))},
      {"pointers in a circle", message(kAsks, hex("c00e c00c 0001 0001"))},
      {"a circle behind a label", message(kAsks, hex("0161 c00c 0001 0001"))},
      {"a pointer beyond the end", message(kAsks, hex("cfff 0001 0001"))},
      {"a name without end", message(kAsks, hex("03 777777"))},
      {"without its type", message(kAsks, kName)},
      {"bytes behind", message(kAsks, kQuestion + "x")},
      {"a record behind", message(kAnswers, kQuestion + kAnswer + kAnswer)},
      {"fewer records than it says", message("1234 8180 0001 0002 0000 0000", kQuestion + kAnswer)},
      {"a record longer than the message",
       message(kAnswers, kQuestion + hex("c00c 0001 0001 0000003c 0005 c0000201"))},
      {"a question that says it was cut", message("1234 0300 0001 0000 0000 0001", kQuestion)},
      {"text", "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"},
      {"QUIC", hex("c0 00000001 08 8394c8f03e515708 00 00 449e 00000002")},
      {"WireGuard", hex("01000000 11223344") + std::string(140, 'w')},
      {"zeros", std::string(40, '\0')},
  };
  for (const Row& row : rows) EXPECT_FALSE(is_well_formed(as_bytes(row.bytes))) << row.what;
}

}  // namespace
}  // namespace chatgate::proto::dns

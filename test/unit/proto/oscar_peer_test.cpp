#include "proto/oscar_peer.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "messenger_checks.h"
#include "oscar_message.h"

namespace chatgate::proto::test {
namespace {

using namespace std::string_literals;

std::string padded(const std::string& text, std::size_t size) {
  return text + std::string(size - text.size(), '\0');
}

std::string oft(std::uint16_t type, std::uint32_t size, std::uint32_t received,
                const std::string& name, std::uint16_t charset = 0) {
  return "OFT2" + be16(256) + be16(type) + "8 bytes!" + be16(0) + be16(0) + be16(1) + be16(1) +
         be16(1) + be16(1) + be32(size) + be32(size) + be32(0) + be32(0) + be32(0) + be32(0) +
         be32(0) + be32(0) + be32(received) + be32(0) + padded("Cool FileXfer", 32) +
         "\x20\x1c\x11" + std::string(69, '\0') + std::string(16, '\0') + be16(charset) + be16(0) +
         padded(name, 64);
}

const std::string kLine = "aim file-transfer file=plan.txt client=Cool FileXfer";

TEST(Oft, SenderSaysAHeaderAndSendsTheFile) {
  const std::string prompt = oft(0x0101, 300, 0, "plan.txt");
  ASSERT_EQ(prompt.size(), 256u);
  expect_lines(oft::kParser, prompt, {kLine});
  // Two files in one connection. What a file holds is none of our business.
  std::string content(300, 'x');
  content.replace(0, 8, "OFT2\0\0\2\4"s);
  expect_lines(oft::kParser, prompt + content + oft(0x0101, 5, 0, "b") + "OFT2!",
               {kLine, "aim file-transfer file=b client=Cool FileXfer"});
  // An empty file, and one that is resumed at 290 of 300.
  expect_lines(oft::kParser, oft(0x0101, 0, 0, "plan.txt") + prompt, {kLine, kLine});
  expect_lines(oft::kParser,
               prompt + oft(0x0106, 300, 290, "plan.txt") + "0123456789" + oft(0x0204, 0, 0, "b"),
               {kLine, kLine, "aim file-transfer file=b client=Cool FileXfer"});
}

TEST(Oft, ReceiverSaysHeadersOnly) {
  expect_lines(oft::kParser,
               oft(0x0202, 300, 0, "plan.txt") + oft(0x0205, 300, 9, "plan.txt") +
                   oft(0x0204, 300, 300, "plan.txt"),
               {kLine, kLine, kLine}, Direction::to_client);
}

TEST(Oft, NamesInUtf16AndLongerHeaders) {
  expect_lines(oft::kParser, oft(0x0202, 1, 0, "\0a\x20\xac"s, 2),
               {"aim file-transfer file=a\xe2\x82\xac client=Cool FileXfer"});
  std::string longer = oft(0x0202, 1, 0, "plan.txt") + std::string(44, '\0');
  longer.replace(4, 2, be16(300));
  expect_lines(oft::kParser, longer + oft(0x0204, 1, 1, "plan.txt"), {kLine, kLine});
}

TEST(Oft, BreaksWhereNoHeaderBegins) {
  expect_lines(oft::kParser, oft(0x0202, 1, 0, "plan.txt") + "garbage!", {kLine, "malformed"});
  std::string shorter = oft(0x0202, 1, 0, "plan.txt");
  shorter.replace(4, 2, be16(64));
  expect_lines(oft::kParser, shorter, {"not certain"});
  expect_lines(oft::kParser, "OFT3" + shorter.substr(4), {"not certain"});
  expect_lines(oft::kParser, "OFT2\r\n", {"not certain"});
  expect_lines(oft::kParser, "OFT2", {"not certain"});
  EXPECT_EQ(oft::probe(as_bytes("OFT2")), Probe::unsure);
}

std::string odc(const std::string& name, std::uint32_t payload) {
  return "ODC2" + be16(76) + be16(1) + be16(6) + be16(0) + "8 bytes!" + be32(0) + be32(0) +
         be32(payload) + be16(2) + be32(0) + be16(2) + be32(0) + padded(name, 32);
}

TEST(Odc, TellsTheSenderAndSkipsTheText) {
  ASSERT_EQ(odc("somebody", 0).size(), 76u);
  expect_lines(
      odc::kParser, odc("somebody", 0) + odc("somebody", 5) + "ODC2!" + odc("42", 0),
      {"aim text-chat login=somebody", "aim text-chat login=somebody", "icq text-chat login=42"});
  expect_lines(odc::kParser, odc("somebody", 7), {"aim text-chat peer=somebody"},
               Direction::to_client);
  expect_lines(odc::kParser, odc("somebody", 0) + "x",
               {"aim text-chat login=somebody", "malformed"});
  expect_lines(odc::kParser, "ODC2" + be16(20) + "12345678901234567890", {"not certain"});
  expect_lines(odc::kParser, "ODC1" + odc("somebody", 0).substr(4), {"not certain"});
}

std::string proxy(std::uint16_t type, const std::string& body, std::uint32_t unknown = 0) {
  return sized16(be16(0x044a) + be16(type) + be32(unknown) + be16(0x0220) + body);
}

TEST(RendezvousProxy, ClientsAreReadUpToTheStreamBehind) {
  const std::string send = proxy(2, sized8("somebody") + "8 bytes!" + tlv(1, capability(0x1343)));
  expect_lines(rendezvous_proxy::kParser, send + oft(0x0101, 1, 0, "a"),
               {"aim file-transfer login=somebody then protocol"});
  const std::string join =
      proxy(4, sized8("42424242") + be16(99) + "8 bytes!" + tlv(1, capability(0x1345)));
  expect_lines(rendezvous_proxy::kParser, join, {"icq text-chat login=42424242 then protocol"});
  expect_lines(rendezvous_proxy::kParser, proxy(2, sized8("somebody") + "8 bytes!"),
               {"aim other login=somebody then protocol"});
}

TEST(RendezvousProxy, ServerSaysCreatedAndReady) {
  expect_lines(rendezvous_proxy::kParser,
               proxy(3, be16(99) + "\x0a\0\0\1"s) + proxy(5, "") + oft(0x0202, 1, 0, "a"),
               {"aim any", "aim any then protocol"}, Direction::to_client);
  expect_lines(rendezvous_proxy::kParser, proxy(1, be16(0x0d)), {"aim any then opaque"},
               Direction::to_client);
  expect_lines(rendezvous_proxy::kParser, proxy(3, be16(99) + "\x0a\0\0\1"s) + "HTTP/1.1 200",
               {"aim any", "malformed"}, Direction::to_client);
}

TEST(RendezvousProxy, IsNotTakenForOthers) {
  const std::vector<std::string> others = {
      proxy(6, ""),   // no such type
      proxy(5, "x"),  // of another length
      proxy(1, "abc"),
      proxy(3, "\1\2"),
      proxy(2, "tiny"),
      proxy(5, "", 1),
      proxy(2, std::string(300, 'x')),
      "\0\x0a\x04\x4b\0\5\0\0\0\0\0\0"s,  // another version
      // DNS over TCP with the id 0x044a: flags stand where the type would be.
      "\0\x1d\x04\x4a\x01\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1"s,
      "\0\x1d\x04\x4a\x81\x80\0\1\0\1\0\0\0\0\7example\3com\0\0\1\0\1"s,
      std::string(64, '\0'),
      "GET / HTTP/1.1\r\n",
  };
  for (const std::string& other : others) {
    SCOPED_TRACE(testing::PrintToString(other));
    expect_lines(rendezvous_proxy::kParser, other, {"not certain"});
  }
}

}  // namespace
}  // namespace chatgate::proto::test

// A handshake message in pieces: what lies between records is not read, what is cut fails.
#include "proto/handshake_reader.h"

#include <gtest/gtest.h>
#include <string>

#include "client_hello.h"

namespace chatgate::proto::test {
namespace {

std::string handshake_record(std::string_view part) {
  return "\x16" + be16(0x0303) + prefixed16(part);
}

TEST(HandshakeReader, ReadsOverTheBordersOfRecords) {
  const std::string stream = handshake_record("\1\2\3") + handshake_record("") +
                             handshake_record("\4") + handshake_record("\5\6\7");
  HandshakeReader reader = HandshakeReader::over_records(as_bytes(stream), 6);
  EXPECT_EQ(reader.be24(), 0x010203u);
  EXPECT_TRUE(reader.in_place().empty());  // a header lies within what is left
  EXPECT_EQ(reader.be16(), 0x0405);
  EXPECT_EQ(reader.in_place().size(), 1u);
  EXPECT_EQ(reader.u8(), 6);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.left(), 0u);
}

TEST(HandshakeReader, FailsWhereTheStreamEndsAndStaysSo) {
  const std::string stream = handshake_record("\1\2") + handshake_record("\3\4");
  for (std::size_t size = 0; size < stream.size(); ++size) {
    SCOPED_TRACE(size);
    const std::string part = stream.substr(0, size);
    HandshakeReader reader = HandshakeReader::over_records(as_bytes(part), 4);
    const bool first = size >= HandshakeReader::kRecordHeader + 2;
    EXPECT_EQ(reader.be16(), first ? 0x0102 : 0);
    EXPECT_EQ(reader.be16(), 0);
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.left(), 0u);
    EXPECT_EQ(reader.be24(), 0u);
  }
}

TEST(HandshakeReader, FailsBehindTheMessage) {
  const std::string stream = handshake_record("\1\2\3\4");
  HandshakeReader reader = HandshakeReader::over_records(as_bytes(stream), 3);
  HandshakeReader field = reader.sub8();
  EXPECT_EQ(field.u8(), 2);
  EXPECT_EQ(field.u8(), 0);
  EXPECT_FALSE(field.ok());
  EXPECT_EQ(reader.be16(), 0);  // one byte is left
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace chatgate::proto::test

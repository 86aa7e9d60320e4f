#include "control/text.h"

#include <gtest/gtest.h>

namespace chatgate::control {
namespace {

TEST(TextTable, AlignsByCharactersAndEndsLinesCleanly) {
  TextTable table({{"Name"}, {"Count", TextTable::Align::right}, {"Note"}});
  table.add({"a", "7", ""});
  table.add({"p\xc3\xa4\xc3\xa4", "12345678", "long"});
  EXPECT_EQ(table.render(1),
            " Name     Count  Note\n"
            " a            7\n"
            " p\xc3\xa4\xc3\xa4   12345678  long\n");
}

TEST(Numbers, ReadAsAPersonWritesThem) {
  EXPECT_EQ(duration(0), "0:00:00");
  EXPECT_EQ(duration(3 * 3600 + 25 * 60 + 45), "3:25:45");
  EXPECT_EQ(duration(2 * 86400 + 1), "2d 0:00:01");
  EXPECT_EQ(memory_size(1), "1 byte");
  EXPECT_EQ(memory_size(1023), "1023 bytes");
  EXPECT_EQ(memory_size(1536), "1.5 KiB");
  EXPECT_EQ(memory_size(std::uint64_t{5} << 50), "5120.0 TiB");
  EXPECT_EQ(moment(from_seconds(0)), "1970-01-01 00:00:00 UTC");
}

}  // namespace
}  // namespace chatgate::control

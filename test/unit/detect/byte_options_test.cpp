// byte_test, byte_jump, byte_extract and byte_math: every operator and every form of number.
#include <gtest/gtest.h>

#include "evaluation_case.h"

namespace chatgate::detect {
namespace {

using namespace std::string_view_literals;

TEST(EvaluateByteTest, Operators) {
  constexpr Case kCases[] = {
      {"byte_test:1,=,5,0;", "\x05", true},
      {"byte_test:1,=,5,0;", "\x06", false},
      {"byte_test:1,!=,5,0;", "\x06", true},
      {"byte_test:1,!=,5,0;", "\x05", false},
      {"byte_test:1,!,5,0;", "\x06", true},
      {"byte_test:1,!,5,0;", "\x05", false},
      {"byte_test:1,<,5,0;", "\x04", true},
      {"byte_test:1,<,5,0;", "\x05", false},
      {"byte_test:1,>,5,0;", "\x06", true},
      {"byte_test:1,>,5,0;", "\x05", false},
      {"byte_test:1,<=,5,0;", "\x05", true},
      {"byte_test:1,<=,5,0;", "\x06", false},
      {"byte_test:1,>=,5,0;", "\x05", true},
      {"byte_test:1,>=,5,0;", "\x04", false},
      {"byte_test:1,!<,5,0;", "\x05", true},
      {"byte_test:1,!<,5,0;", "\x04", false},
      {"byte_test:1,!>,5,0;", "\x05", true},
      {"byte_test:1,!>,5,0;", "\x06", false},
      {"byte_test:1,&,4,0;", "\x06", true},
      {"byte_test:1,&,4,0;", "\x03", false},
      {"byte_test:1,&,6,0;", "\x02", true},  // one of the bits is enough
      {"byte_test:1,!&,4,0;", "\x03", true},
      {"byte_test:1,!&,4,0;", "\x04", false},
      {"byte_test:1,^,5,0;", "\x06", true},
      {"byte_test:1,^,5,0;", "\x05", false},
      {"byte_test:1,!^,5,0;", "\x05", true},
      {"byte_test:1,!^,5,0;", "\x06", false},
      {"byte_test:1,=,0x41,0;", "A", true},
      // Out of bounds is no match, negated or not.
      {"byte_test:1,=,0,1;", "a", false},
      {"byte_test:1,!=,0,1;", "a", false},
      {"byte_test:2,!=,0,0;", "a", false},
      {"byte_test:1,!=,0,0;", "", false},
  };
  expect_cases(kCases);
}

TEST(EvaluateByteTest, BinaryForms) {
  constexpr Case kCases[] = {
      {"byte_test:2,=,0x0102,0;", "\x01\x02", true},
      {"byte_test:2,=,0x0102,0,big;", "\x01\x02", true},
      {"byte_test:2,=,0x0201,0,little;", "\x01\x02", true},
      {"byte_test:2,=,0x0102,0,little;", "\x01\x02", false},
      {"byte_test:3,=,0x010203,0;", "\x01\x02\x03", true},
      {"byte_test:4,=,0x01020304,0;", "\x01\x02\x03\x04", true},
      {"byte_test:4,=,0xfefdfcfb,0;", "\xfe\xfd\xfc\xfb", true},
      {"byte_test:4,=,0xfbfcfdfe,0,little;", "\xfe\xfd\xfc\xfb", true},
      {"byte_test:8,=,0x0102030405060708,0;", "\x01\x02\x03\x04\x05\x06\x07\x08", true},
      {"byte_test:8,>,0x7fffffffffffffff,0;", "\x80\0\0\0\0\0\0\0"sv, true},  // no sign
      {"byte_test:1,=,0x41,2;", "xyA", true},
      {"byte_test:1,=,0x41,2;", "Axy", false},
      {R"(content:"x"; byte_test:1,=,0x41,0,relative;)", "xA", true},
      {R"(content:"x"; byte_test:1,=,0x41,1,relative;)", "xyA", true},
      {R"(content:"x"; byte_test:1,=,0x41,-2,relative;)", "Ax", true},
      {R"(content:"x"; byte_test:1,!=,0x41,-2,relative;)", "x", false},  // before the start
      {R"(content:"x"; byte_test:1,=,0x41,0,relative;)", "xBxA", true},  // the next x
      // It moves nothing.
      {R"(content:"x"; byte_test:1,=,0x41,0,relative; content:"A"; within:1;)", "xA", true},
      // The result is shifted down to the mask's lowest bit.
      {"byte_test:1,=,0x0a,0,bitmask 0xf0;", "\xa5", true},
      {"byte_test:1,=,0xa0,0,bitmask 0xf0;", "\xa5", false},
      {"byte_test:1,=,0x05,0,bitmask 0x0f;", "\xa5", true},
      {"byte_test:2,=,0x15,0,bitmask 0x03f0;", "\xfd\x5f", true},
      {"byte_test:2,=,1,0,bitmask 0x8000;", "\x80\x01", true},
  };
  expect_cases(kCases);
}

TEST(EvaluateByteTest, TextForms) {
  constexpr Case kCases[] = {
      {"byte_test:3,=,123,0,string,dec;", "123", true},
      {"byte_test:3,=,123,0,string;", "123", true},
      {"byte_test:3,=,123,0,string,dec;", "1234", true},  // three bytes of it
      {"byte_test:4,=,123,0,string,dec;", "123", false},  // not there
      {"byte_test:4,=,123,0,string,dec;", "123x", true},
      {"byte_test:4,=,12,0,string,dec;", "12x3", true},
      {"byte_test:4,=,12,0,string,dec;", " \t12", true},
      {"byte_test:3,=,12,0,string,dec;", "+12", true},
      {"byte_test:3,=,12,0,string,dec;", "0x0", false},
      {"byte_test:3,=,0,0,string,dec;", "0x0", true},
      {"byte_test:3,>=,0,0,string,dec;", "abc", false},  // no number
      {"byte_test:3,>=,0,0,string,dec;", "   ", false},
      {"byte_test:3,>=,0,0,string,dec;", "- 1", false},
      {"byte_test:2,>,100,0,string,dec;", "-1", true},  // as strtoull has it
      {"byte_test:3,=,0,0,string,dec;",
       "\0"
       "12"sv,
       false},
      {"byte_test:20,>,0x7fffffffffffffff,0,string,dec;", "18446744073709551615", true},
      {"byte_test:20,>=,0,0,string,dec;", "18446744073709551616", false},  // beyond 64 bits
      {"byte_test:20,>=,0,0,string,dec;", "99999999999999999999", false},
      {"byte_test:2,=,0xff,0,string,hex;", "fF", true},
      {"byte_test:4,=,0xff,0,string,hex;", "0xff", true},
      {"byte_test:4,=,0xff,0,string,hex;", "0XFF", true},
      {"byte_test:3,=,0,0,string,hex;", "0xg", true},
      {"byte_test:2,=,0,0,string,hex;", "0x", true},
      {"byte_test:2,=,0xa,0,string,hex;", "ag", true},
      {"byte_test:2,>=,0,0,string,hex;", "ga", false},
      {"byte_test:3,=,8,0,string,oct;", "010", true},
      {"byte_test:3,=,1,0,string,oct;", "018", true},
      {"byte_test:3,=,10,0,string,oct;", "010", false},
      {"byte_test:3,=,0x1,0,string,dec,bitmask 0x10;", "016", true},
      {"byte_test:3,=,0x1,0,string,dec,bitmask 0x10;", "015", false},
      {R"(content:"len="; byte_test:3,>,99,0,relative,string,dec;)", "len=100", true},
      {R"(content:"len="; byte_test:3,>,99,0,relative,string,dec;)", "len=099", false},
  };
  expect_cases(kCases);
}

TEST(EvaluateByteJump, Jumps) {
  constexpr Case kCases[] = {
      {R"(byte_jump:1,0; content:"b"; within:1;)", "\x02xxb", true},
      {R"(byte_jump:1,0; content:"b"; within:1;)", "\x02xb", false},
      {R"(byte_jump:1,0; content:"b"; within:1;)", "\x01xxb", false},
      {R"(byte_jump:2,1; content:"b"; within:1;)", "x\0\x01xb"sv, true},
      {R"(byte_jump:2,0,little; content:"b"; within:1;)", "\x01\0xb"sv, true},
      {R"(content:"a"; byte_jump:1,0,relative; content:"b"; within:1;)", "a\x01xb", true},
      {R"(content:"a"; byte_jump:1,1,relative; content:"b"; within:1;)", "ax\x01xb", true},
      {R"(content:"a"; byte_jump:1,-2,relative; content:"b"; within:1;)",
       "\x02"
       "axb",
       true},
      {R"(content:"a"; byte_jump:1,0,relative; content:"b"; within:1;)",
       "a\x09"
       "a\x01xb",
       true},
      {R"(byte_jump:1,0,multiplier 3; content:"b"; within:1;)", "\x01xxxb", true},
      {R"(byte_jump:1,0,align; content:"b"; within:1;)", "\x01xxxxb", true},
      {R"(byte_jump:1,0,align; content:"b"; within:1;)", "\x04xxxxb", true},
      {R"(byte_jump:1,0,align; content:"b"; within:1;)", "\0b"sv, true},
      {R"(byte_jump:1,0,multiplier 3,align; content:"b"; within:1;)", "\x01xxxxb", true},
      {R"(byte_jump:1,2,from_beginning; content:"b"; within:1;)", "xb\x01", true},
      {R"(byte_jump:1,2,from_beginning; content:"b"; within:1;)", "bx\x01", false},
      {R"(byte_jump:1,0,from_end,post_offset -2; content:"b"; within:1;)", "\0xb"sv, false},
      {R"(byte_jump:1,0,from_end,post_offset -2; content:"b"; within:1;)", "\x01xb", true},
      {R"(byte_jump:1,0,from_end; content:"b"; within:1;)", "\0b"sv, false},
      {R"(byte_jump:1,0,post_offset 1; content:"b"; within:1;)", "\x01xxb", true},
      {R"(byte_jump:1,0,post_offset -1; content:"b"; within:1;)", "\x02xb", true},
      {R"(byte_jump:0,0,from_beginning,post_offset 2; content:"b"; within:1;)", "xxb", true},
      {R"(byte_jump:0,0,from_end,post_offset -1; content:"b"; within:1;)", "xxb", true},
      {R"(content:"x"; byte_jump:0,1,relative; content:"b"; within:1;)", "xyb", true},
      // Outside: the end is no place to be, as in Snort.
      {"byte_jump:1,0;", "\x01x", false},
      {"byte_jump:1,0;", "\x01xx", true},
      {"byte_jump:1,0;", "\xffxx", false},
      {"byte_jump:1,0,post_offset -2;", "\0xx"sv, false},
      {"byte_jump:8,0,multiplier 65535;", "\xff\xff\xff\xff\xff\xff\xff\xffx", false},
      {"byte_jump:8,0,align;", "\xff\xff\xff\xff\xff\xff\xff\xffx", false},
      {"byte_jump:4,0;", "\0\0\0"sv, false},
      {R"(byte_jump:1,0,bitmask 0xf0; content:"b"; within:1;)", "\x1fxb", true},
      // Behind the digits of a text, not behind all of its bytes.
      {R"(byte_jump:3,0,string,dec; content:"b"; within:1;)", "1xbb", true},
      {R"(byte_jump:3,0,string,dec; content:"b"; within:1;)", "001xb", true},
      {R"(byte_jump:2,0,string,hex; content:"b"; within:1;)", "0b1234567890bx", false},
      {R"(byte_jump:2,0,string,hex; content:"b"; within:1;)", "0b1234567890xb", true},
      {R"(byte_jump:1,0,string,oct; content:"b"; within:1;)", "9b", false},
      // The end of a message by its length.
      {R"(byte_jump:1,0,post_offset -1; isdataat:!2,relative;)",
       "\x03"
       "abc",
       true},
      {R"(byte_jump:1,0,post_offset -1; isdataat:!2,relative;)",
       "\x03"
       "abcd",
       false},
  };
  expect_cases(kCases);
}

TEST(EvaluateByteExtract, Variables) {
  constexpr Case kCases[] = {
      {R"(byte_extract:1,0,n; content:"b"; offset:n;)", "\x02xb", true},
      {R"(byte_extract:1,0,n; content:"b"; offset:n;)", "\x03xbx", false},
      {R"(byte_extract:1,0,n; content:"b"; depth:n;)", "\x03xb", true},
      {R"(byte_extract:1,0,n; content:"b"; depth:n;)", "\x02xb", false},
      {R"(byte_extract:1,0,n; content:"xb"; depth:n;)", "\x01xb", false},  // less than its size
      {R"(byte_extract:1,0,n; content:!"xb"; depth:n;)", "\x01xb", true},
      {R"(byte_extract:1,0,n; content:"b"; distance:n; within:1;)", "\x01xb", true},
      {R"(byte_extract:1,0,n; content:"b"; distance:n; within:1;)",
       "\x01"
       "bx",
       false},
      {R"(byte_extract:1,0,n; content:"b"; within:n;)", "\x02xb", true},
      {R"(byte_extract:1,0,n; content:"b"; within:n;)", "\x01xb", false},
      {"byte_extract:1,0,n; byte_test:1,=,n,1;", "aa", true},
      {"byte_extract:1,0,n; byte_test:1,=,n,1;", "ab", false},
      {"byte_extract:1,0,n; byte_test:1,=,0x62,n;", "\x02xb", true},
      {"byte_extract:1,0,n; byte_test:n,=,0x0102,1;", "\x02\x01\x02", true},
      {"byte_extract:1,0,n; byte_test:n,>=,0,1;", "\0x"sv, false},  // no bytes are no number
      {"byte_extract:1,0,n; byte_test:n,>=,0,1;", "\x09xxxxxxxxx", false},
      {R"(byte_extract:1,0,n; byte_jump:1,n; content:"b"; within:1;)", "\x02x\x01xb", true},
      {R"(byte_extract:1,0,n; byte_jump:1,1,post_offset n; content:"b"; within:1;)", "\x01\x01xxb",
       true},
      {R"(byte_extract:1,0,n,multiplier 2; content:"b"; offset:n; depth:1;)", "\x01xb", true},
      {R"(byte_extract:1,0,n,align 4; content:"b"; offset:n; depth:1;)", "\x01xxxb", true},
      {R"(byte_extract:1,0,n,align 2; content:"b"; offset:n; depth:1;)", "\x01xb", true},
      {R"(byte_extract:1,0,n,align 2; content:"b"; offset:n; depth:1;)", "\x02xb", true},
      {R"(byte_extract:2,0,n,little; content:"b"; offset:n; depth:1;)", "\x02\0b"sv, true},
      {R"(byte_extract:2,0,n,string,dec; content:"b"; offset:n; depth:1;)", "03xb", true},
      {R"(byte_extract:2,0,n,string,hex; content:"b"; offset:n; depth:1;)", "0axxxxxxxxb", true},
      {R"(byte_extract:1,0,n,bitmask 0xf0; content:"b"; offset:n; depth:1;)", "\x2fxb", true},
      {R"(content:"a"; byte_extract:1,0,n,relative; content:"b"; within:n;)", "a\x02xb", true},
      // The cursor stands behind what was read.
      {R"(byte_extract:2,1,n; content:"b"; within:1;)", "xyzb", true},
      {R"(byte_extract:2,1,n; content:"z"; within:1;)", "xyzb", false},
      {R"(byte_extract:3,0,n,string,dec; content:"x"; within:1;)", "1xx", true},
      {"byte_extract:2,0,n;", "a", false},
      {"byte_extract:3,0,n,string,dec;", "abc", false},
      {"byte_extract:8,0,n,multiplier 2;", "\x80\0\0\0\0\0\0\0"sv, false},  // beyond 64 bits
      {"byte_extract:8,0,n,align 4;", "\xff\xff\xff\xff\xff\xff\xff\xff", false},
      {R"(byte_extract:8,0,n; content:"b"; distance:n;)",
       "\xff\xff\xff\xff\xff\xff\xff\xff"
       "b",
       false},
      // With another match of the content goes another value.
      {R"(content:"a"; byte_extract:1,0,n,relative; content:"b"; distance:n; within:1;)",
       "a\x09"
       "a\x01xb",
       true},
      {R"(byte_extract:1,0,n; byte_extract:1,1,n; content:"b"; offset:n; depth:1;)",
       "\x09\x02"
       "b",
       true},
  };
  expect_cases(kCases);
}

TEST(EvaluateByteMath, Operations) {
  constexpr Case kCases[] = {
      {"byte_math:bytes 1,offset 0,oper +,rvalue 3,result n; byte_test:1,=,n,1;", "\x04\x07", true},
      {"byte_math:bytes 1,offset 0,oper +,rvalue 3,result n; byte_test:1,=,n,1;", "\x04\x08",
       false},
      {"byte_math:bytes 1,offset 0,oper -,rvalue 3,result n; byte_test:1,=,n,1;", "\x04\x01", true},
      {"byte_math:bytes 1,offset 0,oper -,rvalue 3,result n; byte_test:1,<=,n,1;", "\x02\x01",
       false},
      {"byte_math:bytes 1,offset 0,oper *,rvalue 3,result n; byte_test:1,=,n,1;", "\x04\x0c", true},
      {"byte_math:bytes 1,offset 0,oper /,rvalue 3,result n; byte_test:1,=,n,1;", "\x0b\x03", true},
      {"byte_math:bytes 1,offset 0,oper <<,rvalue 3,result n; byte_test:1,=,n,1;", "\x01\x08",
       true},
      {"byte_math:bytes 1,offset 0,oper >>,rvalue 3,result n; byte_test:1,=,n,1;", "\x1f\x03",
       true},
      {"byte_math:bytes 1,offset 0,oper >>,rvalue 64,result n; byte_test:1,=,n,1;", "\xff\0"sv,
       true},
      {"byte_math:bytes 1,offset 0,oper <<,rvalue 64,result n;", "\x01", false},
      {"byte_math:bytes 1,offset 0,oper <<,rvalue 64,result n;", "\0"sv, true},
      {"byte_math:bytes 1,offset 0,oper <<,rvalue 63,result n;", "\x01", true},
      {"byte_math:bytes 1,offset 0,oper <<,rvalue 63,result n;", "\x02", false},
      {"byte_math:bytes 8,offset 0,oper +,rvalue 1,result n;", "\xff\xff\xff\xff\xff\xff\xff\xff",
       false},
      {"byte_math:bytes 8,offset 0,oper *,rvalue 2,result n;", "\xff\xff\xff\xff\xff\xff\xff\xff",
       false},
      {"byte_math:bytes 2,offset 0,oper +,rvalue 1,result n,endian little; byte_test:1,=,n,2;",
       "\x01\0\x02"sv, true},
      {"byte_math:bytes 2,offset 0,oper +,rvalue 1,result n,string hex; byte_test:1,=,n,2;",
       "1f\x20", true},
      {"byte_math:bytes 2,offset 0,oper +,rvalue 1,result n,string dec; byte_test:1,=,n,2;",
       "10\x0b", true},
      {"byte_math:bytes 1,offset 0,oper +,rvalue 1,result n,bitmask 0xf0; byte_test:1,=,n,1;",
       "\x5f\x06", true},
      {R"(content:"a"; byte_math:bytes 1,offset 1,oper +,rvalue 1,result n,relative; byte_test:1,=,n,0,relative;)",
       "ax\x05\x06", true},
      // A variable on the right, and one from the other.
      {"byte_extract:1,0,m; byte_math:bytes 1,offset 1,oper -,rvalue m,result n; "
       "byte_test:1,=,n,2;",
       "\x02\x05\x03", true},
      {"byte_extract:1,0,m; byte_math:bytes 1,offset 1,oper /,rvalue m,result n;", "\0\x05"sv,
       false},
      {"byte_math:bytes 1,offset 3,oper +,rvalue 1,result n;", "abc", false},
      {R"(byte_math:bytes 1,offset 0,oper +,rvalue 1,result n; content:"b"; within:1;)", "ab",
       true},
  };
  expect_cases(kCases);
}

TEST(EvaluateByteOptions, DecideEarly) {
  struct Row {
    std::string_view options;
    std::string_view bytes;
    Truth truth;
  };
  constexpr Row kRows[] = {
      {"byte_test:2,=,0x0102,0;", "\x01", Truth::open},
      {"byte_test:2,=,0x0102,0;", "\x01\x02", Truth::yes},
      {"byte_test:2,=,0x0102,0;", "\x01\x03", Truth::no},
      {R"(byte_test:1,=,1,5; content:"a"; depth:1;)", "b", Truth::no},
      {"byte_jump:1,0;", "\x01x", Truth::open},
      {"byte_jump:1,0,from_end,post_offset -1;", "\0x"sv, Truth::open},
      {"byte_jump:1,0,post_offset -5;", "\0x"sv, Truth::no},
      {R"(byte_extract:1,0,n; content:"b"; depth:n;)", "\x02x", Truth::no},
      {R"(byte_extract:1,0,n; content:"b"; depth:n;)", "\x03x", Truth::open},
  };
  for (const Row& row : kRows) {
    const auto program = program_of(with_options(row.options));
    ASSERT_TRUE(program);
    EXPECT_EQ(evaluate_on(*program, row.bytes, false), row.truth) << row.options;
  }
}

}  // namespace
}  // namespace chatgate::detect

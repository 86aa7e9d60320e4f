// content with its modifiers, isdataat, sizes, buffers and transforms: what matches what.
#include <gtest/gtest.h>

#include "detect/buffers.h"

#include "evaluation_case.h"

namespace chatgate::detect {
namespace {

using namespace std::string_view_literals;

TEST(EvaluateContent, Plain) {
  constexpr Case kCases[] = {
      {R"(content:"abc";)", "abc", true},
      {R"(content:"abc";)", "xxabcxx", true},
      {R"(content:"abc";)", "ababc", true},
      {R"(content:"abc";)", "ab", false},
      {R"(content:"abc";)", "", false},
      {R"(content:"abc";)", "abxc", false},
      {R"(content:"abc";)", "aBc", false},
      {R"(content:"a|00 ff|b";)",
       "xa\0\xff"
       "b"sv,
       true},
      {R"(content:"a|00 ff|b";)",
       "a\0\xfe"
       "b"sv,
       false},
      {R"(content:"|41 42|";)", "AB", true},
      {R"(content:"abc"; content:"abc";)", "abc", true},  // each looks for itself
      {R"(content:"abc"; content:"xyz";)", "xyzabc", true},
      {R"(content:"abc"; content:"xyz";)", "abc", false},
      {R"(content:"abc"; fast_pattern;)", "abc", true},
      {R"(content:"abcdef"; fast_pattern:1,2;)", "bc", false},
      {R"(content:"abc"; fast_pattern:only;)", "xabc", true},
      {R"(content:"abc"; fast_pattern:only;)", "xab", false},
      // Not looked at in the order of options, so it does not move the cursor.
      {R"(content:"a"; content:"xyz"; fast_pattern:only; content:"b"; distance:0;)", "abxyz", true},
      {R"(content:"a"; content:"xyz"; content:"b"; distance:0;)", "abxyz", false},
      {R"(content:"abc"; rawbytes;)", "abc", true},
      {R"(content:"abc"; rawbytes;)", "abd", false},
      {R"(uricontent:"abc";)", "/abc", true},
      {R"(uricontent:"abc";)", "/ABC", false},
  };
  expect_cases(kCases);
}

TEST(EvaluateContent, Nocase) {
  constexpr Case kCases[] = {
      {R"(content:"abc"; nocase;)", "xABC", true},
      {R"(content:"ABC"; nocase;)", "aBc", true},
      {R"(content:"ABC"; nocase;)", "aB", false},
      {R"(content:"a"; nocase;)", "A", true},
      {R"(content:"a"; nocase;)", "!", false},
      {R"(content:"aab"; nocase;)", "aaaAB", true},
      {R"(content:"abcab"; nocase;)", "abcABCAB", true},
      {R"(content:"[a]"; nocase;)", "{a}", false},  // they differ in the bit that letters do
      {R"(content:"@`"; nocase;)", "``", false},
      {R"(content:"|e4|"; nocase;)", "\xc4", false},  // only ASCII has cases
      {R"(content:!"abc"; nocase; content:"x";)", "xABC", false},
      {R"(content:!"abc"; nocase; content:"x";)", "xAB", true},
  };
  expect_cases(kCases);
}

TEST(EvaluateContent, OffsetAndDepth) {
  constexpr Case kCases[] = {
      {R"(content:"abc"; offset:2;)", "xxabc", true},
      {R"(content:"abc"; offset:3;)", "xxabc", false},
      {R"(content:"abc"; offset:3;)", "xxabcabc", true},
      {R"(content:"abc"; offset:9;)", "abc", false},
      {R"(content:"abc"; depth:3;)", "abc", true},
      {R"(content:"abc"; depth:3;)", "xabc", false},
      {R"(content:"abc"; depth:4;)", "xabc", true},
      {R"(content:"abc"; depth:4; nocase;)", "xABC", true},
      {R"(content:"abc"; depth:4; nocase;)", "xxABC", false},
      {R"(content:"abc"; depth:100;)", "xabc", true},
      {R"(content:"abc"; offset:1; depth:3;)", "xabc", true},
      {R"(content:"abc"; offset:1; depth:3;)", "abcabc", false},  // depth counts from offset
      {R"(content:"abc"; offset:1; depth:5;)", "abcabc", true},
      {R"(content:!"abc"; depth:3; content:"z";)", "xabcz", true},
      {R"(content:!"abc"; depth:4; content:"z";)", "xabcz", false},
      {R"(content:!"abc"; offset:2; content:"z";)", "xabcz", true},
      {R"(content:!"abc"; offset:1; content:"z";)", "xabcz", false},
      {R"(content:!"abc"; offset:50; content:"z";)", "z", true},
  };
  expect_cases(kCases);
}

TEST(EvaluateContent, DistanceAndWithin) {
  constexpr Case kCases[] = {
      {R"(content:"a"; content:"b"; distance:0;)", "ab", true},
      {R"(content:"a"; content:"b"; distance:0;)", "ba", false},
      {R"(content:"a"; content:"b"; distance:2;)", "axxb", true},
      {R"(content:"a"; content:"b"; distance:2;)", "axb", false},
      {R"(content:"a"; content:"b"; within:1;)", "ab", true},
      {R"(content:"a"; content:"b"; within:1;)", "axb", false},
      {R"(content:"a"; content:"b"; within:2;)", "axb", true},
      {R"(content:"a"; content:"b"; distance:1; within:1;)", "axb", true},
      {R"(content:"a"; content:"b"; distance:1; within:1;)", "abb", true},
      {R"(content:"a"; content:"b"; distance:1; within:1;)", "abx", false},
      {R"(content:"a"; content:"b"; distance:1; within:1;)", "axxb", false},
      {R"(content:"abc"; content:"bc"; distance:-2; within:2;)", "abc", true},
      {R"(content:"abc"; content:"bc"; distance:-1;)", "abc", false},
      {R"(content:"c"; content:"a"; distance:-3; within:1;)", "abc", true},
      {R"(content:"c"; content:"a"; distance:-9; within:9;)", "abc", true},
      {R"(content:"c"; content:"a"; distance:-9; within:6;)", "abc", false},  // ends before byte 0
      {R"(content:"b"; distance:0;)", "ab", true},  // nothing matched yet: from the start
      {R"(content:"b"; within:1;)", "ab", false},
      // Another match of the first.
      {R"(content:"a"; content:"b"; within:1;)", "axaxab", true},
      {R"(content:"a"; content:"b"; within:1; content:"c"; within:1;)", "ababacabc", true},
      {R"(content:"a"; content:"b"; within:1; content:"c"; within:1;)", "ababacab", false},
      {R"(content:"aa"; content:"b"; within:1;)", "aaab", true},  // matches may overlap
      {R"(content:"a"; nocase; content:"b"; within:1;)", "axAb", true},
      {R"(content:"a"; content:!"x"; content:"b"; within:1;)", "acab", true},
      {R"(content:"a"; isdataat:3; content:"b"; within:1;)", "acab", true},
      {R"(content:"a"; content:"c"; content:"b"; within:1;)", "acab", false},  // of c
      // The cursor goes back as well.
      {R"(content:"a"; content:"x"; content:"b"; distance:-3; within:1;)", "bax", true},
      // What is negated does not move it.
      {R"(content:"a"; content:!"x"; distance:0; content:"b"; within:1;)", "ab", true},
      {R"(content:"a"; content:!"x"; distance:0; content:"b"; within:1;)", "abx", false},
      {R"(content:"a"; content:!"x"; within:1; content:"b"; within:2;)", "axaab", true},
      {R"(content:"a"; content:!"x"; within:1;)", "axax", false},
      {R"(content:"a"; content:!"x"; within:1;)", "axa", true},
      {R"(content:"a"; content:!"x"; distance:5;)", "a", true},
  };
  expect_cases(kCases);
}

TEST(EvaluateContent, StartsAndEnds) {
  constexpr Case kCases[] = {
      {R"(content:"abc"; startswith;)", "abcx", true},
      {R"(content:"abc"; startswith;)", "xabc", false},
      {R"(content:"abc"; startswith;)", "ab", false},
      {R"(content:"abc"; startswith; nocase;)", "ABC", true},
      {R"(content:"abc"; endswith;)", "xabc", true},
      {R"(content:"abc"; endswith;)", "abcx", false},
      {R"(content:"abc"; endswith;)", "abcabc", true},
      {R"(content:"abc"; endswith;)", "bc", false},
      {R"(content:"abc"; endswith; nocase;)", "xABC", true},
      {R"(content:"abc"; endswith; nocase;)", "xABD", false},
      {R"(content:"abc"; startswith; endswith;)", "abc", true},
      {R"(content:"abc"; startswith; endswith;)", "abcabc", false},
      {R"(content:"abc"; startswith; endswith;)", "", false},
      {R"(content:!"abc"; startswith; content:"x";)", "xabc", true},
      {R"(content:!"abc"; startswith; content:"x";)", "abcx", false},
      {R"(content:!"abc"; endswith; content:"x";)", "abcx", true},
      {R"(content:!"abc"; endswith; content:"x";)", "xabc", false},
      {R"(content:!"abc"; startswith; endswith; content:"a";)", "abc", false},
      {R"(content:!"abc"; startswith; endswith; content:"a";)", "abca", true},
      {R"(content:"a"; content:"b"; distance:1; within:2; endswith;)", "axb", true},
      {R"(content:"a"; content:"b"; distance:1; within:2; endswith;)", "axxb", true},
      {R"(content:"a"; content:"b"; distance:1; within:2; endswith;)", "axxxb", false},
      {R"(content:"a"; content:"b"; distance:1; within:2; endswith;)", "axbx", false},
      {R"(content:"a"; endswith; content:"b"; distance:0;)", "ba", false},
      {R"(content:"a"; endswith; content:"b"; distance:-2; within:1;)", "ba", true},
      {R"(content:"b"; depth:2; endswith;)", "ab", true},
      {R"(content:"b"; depth:2; endswith;)", "aab", false},
      {R"(content:"b"; offset:2; endswith;)", "ab", false},
  };
  expect_cases(kCases);
}

TEST(EvaluateContent, Negated) {
  constexpr Case kCases[] = {
      {R"(content:"a"; content:!"b";)", "a", true},
      {R"(content:"a"; content:!"b";)", "ab", false},
      {R"(content:"a"; content:!"b";)", "ba", false},
      {R"(content:!"b";)", "", true},
      {R"(content:!"b";)", "b", false},
      {R"(content:!"b"; content:!"c";)", "a", true},
      {R"(content:!"b"; content:!"c";)", "c", false},
      {R"(content:!"abc";)", "abab", true},
  };
  expect_cases(kCases);
}

TEST(EvaluateContent, Isdataat) {
  constexpr Case kCases[] = {
      {R"(isdataat:0;)", "a", true},
      {R"(isdataat:0;)", "", false},
      {R"(isdataat:3;)", "abcd", true},
      {R"(isdataat:3;)", "abc", false},
      {R"(isdataat:!3;)", "abc", true},
      {R"(isdataat:!3;)", "abcd", false},
      {R"(content:"b"; isdataat:1,relative;)", "abc", true},
      {R"(content:"b"; isdataat:1,relative;)", "ab", false},
      {R"(content:"b"; isdataat:2,relative;)", "abc", false},
      {R"(content:"b"; isdataat:2,relative;)", "abcd", true},
      {R"(content:"b"; isdataat:!1,relative;)", "ab", true},
      {R"(content:"b"; isdataat:!1,relative;)", "abc", false},
      {R"(content:"b"; isdataat:!1,relative;)", "bbb", true},  // the last one
      {R"(content:"b"; isdataat:0,relative;)", "b", true},
      {R"(isdataat:2,rawbytes;)", "abc", true},
      {R"(isdataat:2,rawbytes;)", "ab", false},
      {R"(content:"b"; isdataat:1,relative; content:"c"; within:1;)", "bc", true},
      {R"(byte_extract:1,0,n; isdataat:n;)",
       "\x03"
       "abc"sv,
       true},
      {R"(byte_extract:1,0,n; isdataat:n;)",
       "\x04"
       "abc"sv,
       false},
  };
  expect_cases(kCases);
}

TEST(EvaluateContent, Sizes) {
  constexpr Case kCases[] = {
      {R"(http.uri; bsize:3;)", "abc", true},
      {R"(http.uri; bsize:3;)", "ab", false},
      {R"(http.uri; bsize:3;)", "abcd", false},
      {R"(http.uri; bsize:0;)", "", true},
      {R"(http.uri; bsize:!3;)", "abcd", true},
      {R"(http.uri; bsize:!3;)", "abc", false},
      {R"(http.uri; bsize:<3;)", "ab", true},
      {R"(http.uri; bsize:<3;)", "abc", false},
      {R"(http.uri; bsize:>3;)", "abcd", true},
      {R"(http.uri; bsize:>3;)", "abc", false},
      {R"(http.uri; bsize:!>3;)", "abcd", false},
      {R"(http.uri; bsize:!>3;)", "abc", true},
      {R"(http.uri; bsize:1<>3;)", "ab", true},  // without its ends
      {R"(http.uri; bsize:1<>3;)", "abc", false},
      {R"(http.uri; bsize:1<>3;)", "a", false},
      {R"(http.uri; content:"a"; bsize:1;)", "ab", false},
      {R"(http.uri; content:"a"; bsize:1;)", "a", true},
      {R"(urilen:3;)", "abc", true},
      {R"(urilen:3;)", "abcd", false},
      {R"(urilen:<3;)", "ab", true},
      {R"(urilen:>3;)", "abc", false},
      {R"(urilen:1<>3;)", "abc", true},  // with them
      {R"(urilen:1<>3,norm;)", "a", true},
      {R"(urilen:1<>3,raw;)", "abcd", false},
  };
  expect_cases(kCases);
}

// Which buffer, and no other.
TEST(EvaluateContent, EachBuffer) {
  const auto needle = exactly("xxneedle");
  const auto hay = exactly("xxneed le");
  for (const BufferEntry& entry : buffer_table()) {
    std::string options = R"(content:"needle";)";
    options = entry.buffer == Buffer::raw_payload ? options + " rawbytes;"
                                                  : std::string(entry.name) + "; " + options;
    const auto program = program_of(with_options(options));
    ASSERT_TRUE(program);
    Buffers buffers = all_buffers(hay, true);
    buffers.set(entry.buffer, needle);
    EXPECT_EQ(program->evaluate({}, buffers, test_scratch()), Truth::yes) << options;
    buffers = all_buffers(needle, true);
    buffers.set(entry.buffer, hay);
    EXPECT_EQ(program->evaluate({}, buffers, test_scratch()), Truth::no) << options;
    buffers.present &= ~Buffers::bit(entry.buffer);
    EXPECT_EQ(program->evaluate({}, buffers, test_scratch()), Truth::no) << options;
  }
}

TEST(EvaluateContent, AbsentBuffers) {
  for (const char* options :
       {R"(http.host; content:"a";)", R"(http.host; content:!"a";)", R"(http.host; pcre:"/a/";)",
        R"(http.host; pcre:!"/a/";)", R"(http.host; isdataat:!1;)", R"(http.host; bsize:<9;)",
        R"(urilen:<9;)", R"(http.host; byte_test:1,!=,1,0;)", R"(tls.sni;)"}) {
    const auto program = program_of(with_options(options));
    ASSERT_TRUE(program);
    Buffers buffers;
    const auto bytes = exactly("a");
    buffers.set(Buffer::payload, bytes, false);
    EXPECT_EQ(program->evaluate({}, buffers, test_scratch()), Truth::no) << options;
  }
  const auto present = program_of(with_options("tls.sni;"));
  ASSERT_TRUE(present);
  Buffers buffers;
  buffers.set(Buffer::tls_sni, {}, false);
  EXPECT_EQ(present->evaluate({}, buffers, test_scratch()), Truth::yes);
}

TEST(EvaluateContent, NoOptionsOnPayload) {
  const auto program = program_of(with_options("flow:to_server;"));
  ASSERT_TRUE(program);
  EXPECT_EQ(program->evaluate({}, Buffers{}, test_scratch()), Truth::yes);
}

// Each buffer has its cursor.
TEST(EvaluateContent, CursorsOfBuffers) {
  const auto program = program_of(with_options(
      R"(http.host; content:"ab"; http.uri; content:"x"; distance:1; http.host; content:"c"; within:1;)"));
  ASSERT_TRUE(program);
  const auto host = exactly("abc");
  Buffers buffers;
  buffers.set(Buffer::http_host, host);
  const auto first = exactly("xx");
  buffers.set(Buffer::http_uri, first);
  EXPECT_EQ(program->evaluate({}, buffers, test_scratch()), Truth::yes);
  const auto second = exactly("x");
  buffers.set(Buffer::http_uri, second);
  EXPECT_EQ(program->evaluate({}, buffers, test_scratch()), Truth::no);
  // All of them go back where another match is tried.
  const auto again = program_of(with_options(
      R"(http.host; content:"a"; http.uri; content:"x"; distance:0; http.host; content:"b"; within:1;)"));
  ASSERT_TRUE(again);
  const auto two = exactly("acab");
  buffers.set(Buffer::http_host, two);
  EXPECT_EQ(again->evaluate({}, buffers, test_scratch()), Truth::yes);
}

TEST(EvaluateContent, Transforms) {
  constexpr Case kCases[] = {
      {R"(tls.sni; dotprefix; content:".example.com"; endswith;)", "example.com", true},
      {R"(tls.sni; dotprefix; content:".example.com"; endswith;)", "www.example.com", true},
      {R"(tls.sni; dotprefix; content:".example.com"; endswith;)", "badexample.com", false},
      {R"(http.uri; to_lowercase; content:"abc";)", "xABC", true},
      {R"(http.uri; to_lowercase; content:"ABC";)", "ABC", false},
      {R"(http.uri; to_uppercase; content:"ABC";)", "abc", true},
      {R"(http.uri; to_uppercase; content:"abc";)", "abc", false},
      {R"(http.uri; strip_whitespace; content:"abc";)",
       "a b\t\r\n\x0b\x0c"
       "c",
       true},
      {R"(http.uri; strip_whitespace; content:"a b";)", "a b", false},
      {R"(http.uri; strip_whitespace; bsize:2;)", " a b ", true},
      {R"(http.uri; compress_whitespace; content:"a b c";)", "a \t b\nc", true},
      {R"(http.uri; compress_whitespace; content:"a  b";)", "a  b", false},
      {R"(http.uri; compress_whitespace; bsize:3;)", "a   ", false},
      {R"(http.uri; compress_whitespace; bsize:2;)", "a   ", true},
      {R"(http.uri; url_decode; content:"a b";)", "a+b", true},
      {R"(http.uri; url_decode; content:"a b";)", "a%20b", true},
      {R"(http.uri; url_decode; content:"aK";)", "a%4Bb", true},
      {R"(http.uri; url_decode; content:"aK";)", "a%4bb", true},
      {R"(http.uri; url_decode; content:"%4g";)", "a%4gb", true},
      {R"(http.uri; url_decode; content:"%4"; endswith;)", "a%4", true},
      {R"(http.uri; url_decode; content:"%"; endswith;)", "a%", true},
      {R"(http.uri; url_decode; content:"%%"; endswith;)", "a%%", true},
      {R"(http.uri; url_decode; content:"%41";)", "a%41", false},
      {R"(http.uri; url_decode; content:"%41"; endswith;)", "a%2541", true},
      {R"(http.uri; url_decode; url_decode; content:"aA"; endswith;)", "a%2541", true},
      {R"(http.uri; url_decode; to_lowercase; dotprefix; content:".a/b"; startswith;)", "A%2FB",
       true},
      {R"(http.uri; to_lowercase; content:"a"; http.uri; content:"A";)", "A", true},
      {R"(http.uri; to_lowercase; content:"a"; http.uri; content:"a";)", "A", false},
      // Two cursors for two forms of a buffer.
      {R"(http.uri; to_lowercase; content:"a"; http.uri; content:"A"; within:1;)", "A", true},
  };
  expect_cases(kCases);
}

// What is longer than there is room for is cut there.
TEST(EvaluateContent, TransformOfTooMuch) {
  const auto program = program_of(with_options(R"(file.data; dotprefix; content:"end";)"));
  ASSERT_TRUE(program);
  const std::string fits(EvaluationScratch::kMaxTransformed - 4, 'x');
  EXPECT_EQ(evaluate_on(*program, fits + "end", true), Truth::yes);
  EXPECT_EQ(evaluate_on(*program, fits + "xend", true), Truth::no);
  EXPECT_EQ(evaluate_on(*program, fits + "xend", false), Truth::no);
  EXPECT_EQ(evaluate_on(*program, fits + "xx" + fits, false), Truth::no);
  EXPECT_EQ(evaluate_on(*program, fits, false), Truth::open);
}

// Where an answer can be given before all is there, it is.
TEST(EvaluateContent, DecidesEarly) {
  struct Row {
    std::string_view options;
    std::string_view bytes;
    Truth truth;
  };
  constexpr Row kRows[] = {
      {R"(content:"abc";)", "ab", Truth::open},
      {R"(content:"abc";)", "abc", Truth::yes},
      {R"(content:"abc"; depth:3;)", "ab", Truth::open},
      {R"(content:"abc"; depth:3;)", "abd", Truth::no},
      {R"(content:"abc"; startswith;)", "abd", Truth::no},
      {R"(content:"abc"; offset:1; depth:4;)", "xxxxx", Truth::no},
      {R"(content:"a"; content:"b"; within:1;)", "ac", Truth::open},  // there may be another a
      {R"(content:"a"; depth:1; content:"b"; within:1;)", "ac", Truth::no},
      {R"(content:"a"; content:!"b";)", "a", Truth::open},
      {R"(content:"a"; content:!"b";)", "ab", Truth::no},
      {R"(content:"a"; content:!"b"; depth:2;)", "a", Truth::open},
      {R"(content:"a"; content:!"b"; depth:2;)", "ac", Truth::yes},
      {R"(content:"a"; depth:1; content:!"b"; within:1;)", "ac", Truth::yes},
      {R"(content:!"b"; content:"a"; depth:1;)", "c", Truth::no},  // the second can only fail
      {R"(content:"a"; endswith;)", "a", Truth::open},
      {R"(content:"a"; startswith; endswith;)", "ab", Truth::no},
      {R"(content:!"a"; depth:1; endswith;)", "ab", Truth::yes},
      {R"(isdataat:1;)", "a", Truth::open},
      {R"(isdataat:1;)", "ab", Truth::yes},
      {R"(isdataat:!1;)", "a", Truth::open},
      {R"(isdataat:!1;)", "ab", Truth::no},
      {R"(http.uri; bsize:1;)", "a", Truth::open},
      {R"(http.uri; bsize:1;)", "ab", Truth::no},
      {R"(http.uri; bsize:!1;)", "ab", Truth::yes},
      {R"(http.uri; bsize:>1;)", "ab", Truth::yes},
      {R"(http.uri; bsize:>1;)", "a", Truth::open},
      {R"(http.uri; bsize:!>1;)", "ab", Truth::no},
      {R"(http.uri; url_decode; content:"%";)", "a%4", Truth::open},
      {R"(http.uri; url_decode; content:"%";)", "a%4g", Truth::yes},
  };
  for (const Row& row : kRows) {
    const auto program = program_of(with_options(row.options));
    ASSERT_TRUE(program);
    EXPECT_EQ(evaluate_on(*program, row.bytes, false), row.truth)
        << row.options << " on " << row.bytes;
  }
}

}  // namespace
}  // namespace chatgate::detect

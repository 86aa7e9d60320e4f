// Names come from the network: whatever their bytes, the line stays valid JSON in valid UTF-8.
#include "telemetry/json_text.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <random>

namespace chatgate::telemetry {
namespace {

using namespace std::string_literals;

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

struct Row {
  std::string text;
  std::string json;
};

class JsonString : public testing::TestWithParam<Row> {};

TEST_P(JsonString, IsWrittenAs) {
  EXPECT_EQ(json_string(GetParam().text), GetParam().json);
  EXPECT_TRUE(nlohmann::json::accept(json_string(GetParam().text)));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, JsonString,
    testing::Values(Row{"", R"("")"}, Row{"web.whatsapp.com", R"("web.whatsapp.com")"},
                    Row{"a\"b\\c", R"("a\"b\\c")"},
                    Row{"line\nfeed\ttab\rreturn", R"("line\nfeed\ttab\rreturn")"},
                    Row{"nul\0!"s, R"("nul\u0000!")"}, Row{"\x1b[31m", R"("\u001b[31m")"},
                    Row{"\x7f", R"("\u007f")"},
                    Row{"b\xc3\xbc"
                        "cher.example",
                        "\"b\xc3\xbc"
                        "cher.example\""},
                    Row{"\xe2\x82\xac", "\"\xe2\x82\xac\""},
                    Row{"\xf0\x9f\x92\xac", "\"\xf0\x9f\x92\xac\""},
                    Row{"\xff", R"("\\xff")"},  // never in UTF-8
                    Row{"a\x80"
                        "b",
                        R"("a\\x80b")"},                                     // continuation alone
                    Row{"\xc3", R"("\\xc3")"},                               // cut at the end
                    Row{"\xe2\x82", R"("\\xe2\\x82")"},                      // cut at the end
                    Row{"\xc3(", R"("\\xc3(")"},                             // no continuation
                    Row{"\xc0\xaf", R"("\\xc0\\xaf")"},                      // overlong slash
                    Row{"\xe0\x80\xaf", R"("\\xe0\\x80\\xaf")"},             // overlong
                    Row{"\xed\xa0\x80", R"("\\xed\\xa0\\x80")"},             // surrogate
                    Row{"\xf4\x90\x80\x80", R"("\\xf4\\x90\\x80\\x80")"}));  // above U+10FFFF

TEST(JsonStringProperty, AnyBytesGiveValidJson) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 12, '\0');
    for (char& c : text) c = static_cast<char>(random());
    const std::string json = json_string(text);
    EXPECT_TRUE(nlohmann::json::accept(json)) << json;
    EXPECT_EQ(json.find('\n'), std::string::npos);
  }
}

TEST(JsonObject, PlacesCommas) {
  std::string out;
  JsonObject object(out);
  object.text("a", "x");
  JsonObject inner = object.object("b");
  inner.number("c", 18446744073709551615u);
  inner.close();
  object.raw("d", "[1]");
  object.close();
  EXPECT_EQ(out, R"({"a":"x","b":{"c":18446744073709551615},"d":[1]})");
}

}  // namespace
}  // namespace chatgate::telemetry

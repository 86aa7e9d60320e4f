#include "config/json_document.h"

#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace chatgate::config {
namespace {

using Lines = std::vector<std::string>;

Lines lines(const Diagnostics& diagnostics) {
  Lines all;
  for (const Diagnostic& each : diagnostics.all()) all.push_back(each.to_string());
  return all;
}

struct Broken {
  std::string text;
  Lines expected;
};

class JsonBroken : public testing::TestWithParam<Broken> {};

TEST_P(JsonBroken, ReportsThePlace) {
  Diagnostics diagnostics;
  parse_json(GetParam().text, "f", diagnostics);
  EXPECT_EQ(lines(diagnostics), GetParam().expected) << GetParam().text;
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

INSTANTIATE_TEST_SUITE_P(
    Table, JsonBroken,
    testing::Values(
        Broken{"", {"f:1:1: the file is empty, expected a JSON object"}},
        Broken{" \n\t", {"f:1:1: the file is empty, expected a JSON object"}},
        Broken{"{", {"f:1:2: broken JSON: unexpected end of input, expected string literal"}},
        Broken{"{\n  \"a\" 1}", {"f:2:7: broken JSON: unexpected number literal, expected ':'"}},
        Broken{"{\"a\": 1,\n}",
               {"f:2:1: broken JSON: unexpected '}', leave out the comma before it"}},
        Broken{"[1,\n  ,2]",
               {"f:2:3: broken JSON: unexpected ',', expected '[', '{', or a literal"}},
        Broken{"[1 2]", {"f:1:4: broken JSON: unexpected number literal, expected ']'"}},
        Broken{"{\"a\": tru}",
               {"f:1:7: broken JSON: invalid literal, expected text in double quotes, a number, "
                "true, false, null, { or ["}},
        Broken{"{'a': 1}",
               {"f:1:2: broken JSON: invalid literal, expected text in double quotes, a number, "
                "true, false, null, { or ["}},
        Broken{"{\"a\": 01}", {"f:1:8: broken JSON: unexpected number literal, expected '}'"}},
        Broken{"[-]", {"f:1:2: broken JSON: invalid number; expected digit after '-'"}},
        Broken{"[1e999]",
               {"f:1:2: broken JSON: number overflow parsing '1e999', write a smaller number"}},
        Broken{"{\"a\": \"b\nc\"}",
               {"f:1:9: broken JSON: invalid string: control character U+000A (LF) must be "
                "escaped to \\u000A or \\n"}},
        Broken{"[\"abc",
               {"f:1:2: broken JSON: invalid string: missing closing quote, end it with a double "
                "quote on the same line"}},
        Broken{
            "[\"a\xff\"]",
            {"f:1:4: broken JSON: invalid string: ill-formed UTF-8 byte, save the file as UTF-8"}},
        Broken{
            "[\"\xc3\xa4\xc0\xaf\"]",
            {"f:1:4: broken JSON: invalid string: ill-formed UTF-8 byte, save the file as UTF-8"}},
        Broken{"{} {}",
               {"f:1:4: broken JSON: unexpected '{', nothing may follow the closing brace"}},
        Broken{"{} /* open",
               {"f:1:11: broken JSON: invalid comment; missing closing '*/', end it with */"}},
        Broken{std::string("{}\n \0{", 6),
               {"f:2:2: broken JSON: a NUL byte, is this a text file in UTF-8?"}},
        Broken{"\xef\xbb\xbf[1 2]",
               {"f:1:4: broken JSON: unexpected number literal, expected ']'"}},
        Broken{nested(65), {"f:1:65: nested too deeply, at most 64 levels"}},
        Broken{nested(64), {}},
        Broken{"{\"a\": 1, \"b\": 2,\n \"a\": {\"c\": 1, \"c\": 2}, \"a\": 3}",
               {"f:2:16: key \"c\" is given twice, the first is on line 2",
                "f:2:2: key \"a\" is given twice, the first is on line 1",
                "f:2:25: key \"a\" is given twice, the first is on line 1"}}));

TEST(Json, EveryCutOfADocumentIsOneError) {
  const std::string text =
      "{\"a\": [1, -2.5, true, null], // c\n \"b\": {\"\\u00e4\": \"x\\\"y\"} /* d */}";
  for (std::size_t size = 0; size < text.size(); ++size) {
    Diagnostics diagnostics;
    EXPECT_FALSE(parse_json(text.substr(0, size), "f", diagnostics)) << size;
    EXPECT_EQ(diagnostics.error_count(), 1u) << size;
  }
  Diagnostics diagnostics;
  EXPECT_TRUE(parse_json(text, "f", diagnostics));
  EXPECT_TRUE(diagnostics.empty());
}

TEST(Json, EveryValueAndKeyKnowsItsPlace) {
  const std::string text =
      "\xef\xbb\xbf// a comment, with \"quotes\" and {\n"
      "{ /* two\n lines */ \"name\": \"\xc3\xa4\\\"x\\\\\", \"n\": -12,\n"
      "  \"list\": [ 1.5e3,true,\n"
      "    null, {\"deep\":[]} ], \"big\": 18446744073709551615 }";
  Diagnostics diagnostics;
  const auto root = parse_json(text, "f", diagnostics);
  ASSERT_TRUE(root);
  ASSERT_TRUE(diagnostics.empty());
  const auto at = [](JsonPosition position) {
    return std::to_string(position.line) + ":" + std::to_string(position.column);
  };
  EXPECT_EQ(at(root->at), "2:1");
  const JsonMember* name = root->find("name");
  ASSERT_NE(name, nullptr);
  EXPECT_EQ(at(name->at), "3:11");
  EXPECT_EQ(at(name->value.at), "3:19");
  EXPECT_EQ(name->value.text, "\xc3\xa4\"x\\");
  EXPECT_EQ(at(root->find("n")->at), "3:29");
  EXPECT_EQ(root->find("n")->value.integer, -12);
  const JsonValue& list = root->find("list")->value;
  ASSERT_EQ(list.items.size(), 4u);
  EXPECT_EQ(at(list.items[0].at), "4:13");
  EXPECT_EQ(list.items[0].number, 1500);
  EXPECT_EQ(at(list.items[1].at), "4:19");
  EXPECT_EQ(at(list.items[2].at), "5:5");
  EXPECT_EQ(at(list.items[3].find("deep")->value.at), "5:19");
  EXPECT_EQ(root->find("big")->value.type, JsonType::number);
  EXPECT_EQ(root->find("absent"), nullptr);
}

TEST(Json, TypedAccessSaysWhatWasFoundAndWhatIsExpected) {
  const std::string text =
      "{\"s\": 1, \"b\": \"yes\", \"l\": {}, \"i\": 1.5, \"j\": 70000, \"e\": \"\",\n"
      " \"m\": [\"a\", 2, null], \"none\": [], \"o\": []}";
  Diagnostics diagnostics;
  const auto root = parse_json(text, "f", diagnostics);
  ASSERT_TRUE(root);
  Reporter reporter("f", diagnostics);
  static constexpr std::string_view kKnown[] = {"s", "b", "l", "i", "j", "e", "m", "none", "o"};
  ObjectReader object(reporter, *root, "the file", kKnown);
  EXPECT_EQ(object.string("s"), nullptr);
  EXPECT_FALSE(object.boolean("b"));
  EXPECT_EQ(object.list("l"), nullptr);
  EXPECT_FALSE(reporter.integer(*object.get("i"), "\"i\"", 1, 65535));
  EXPECT_FALSE(reporter.integer(*object.get("j"), "\"j\"", 1, 65535));
  EXPECT_EQ(object.string("e"), nullptr);
  EXPECT_EQ(reporter.strings(*object.get("m"), "\"m\"").size(), 1u);
  EXPECT_TRUE(reporter.strings(*object.get("none"), "\"none\"").empty());
  EXPECT_FALSE(ObjectReader(reporter, *object.get("o"), "\"o\"", kKnown).ok());
  EXPECT_EQ(object.require("p", "write one"), nullptr);
  EXPECT_EQ(object.string("absent"), nullptr);
  EXPECT_EQ(
      lines(diagnostics),
      (Lines{"f:1:7: \"s\" is a number, expected a string",
             "f:1:15: \"b\" is a string, expected true or false",
             "f:1:27: \"l\" is an object, expected a list",
             "f:1:36: \"i\" is a number that is not whole, expected a number from 1 to 65535",
             "f:1:46: \"j\" is 70000, expected a number from 1 to 65535", "f:1:58: \"e\" is empty",
             "f:2:13: an entry of \"m\" is a number, expected a string",
             "f:2:16: an entry of \"m\" is null, expected a string",
             "f:2:31: \"none\" is an empty list, name at least one",
             "f:2:40: \"o\" is a list, expected an object",
             "f:1:1: the file has no \"p\", write one"}));
}

TEST(Json, UnknownKeys) {
  Diagnostics diagnostics;
  const auto root = parse_json(
      "{\"rule\": 1,\n \"times\": 1, \"tmies\": 1,\n \"zebra\": 1, \"mode\": 1}", "f", diagnostics);
  ASSERT_TRUE(root);
  Reporter reporter("f", diagnostics);
  static constexpr std::string_view kKnown[] = {"rules", "mode", "times"};
  const ObjectReader object(reporter, *root, "the policy", kKnown);
  EXPECT_EQ(lines(diagnostics),
            (Lines{"f:1:2: unknown key \"rule\" in the policy, did you mean \"rules\"?",
                   "f:2:14: unknown key \"tmies\" in the policy, did you mean \"times\"?",
                   "f:3:2: unknown key \"zebra\" in the policy, one of rules, mode, times"}));
}

TEST(ReadFile, RefusesWhatIsNoFile) {
  const std::string folder = testing::TempDir();
  Diagnostics diagnostics;
  EXPECT_FALSE(read_file(folder + "/absent.json", diagnostics));
  EXPECT_FALSE(read_file(folder, diagnostics));
  const std::string file = folder + "/chatgate_json_document_test.txt";
  std::ofstream(file) << "12345";
  EXPECT_FALSE(read_file(file, diagnostics, 4));
  EXPECT_EQ(lines(diagnostics),
            (Lines{folder + "/absent.json: cannot be read: No such file or directory, "
                            "name a file that exists",
                   folder + ": cannot be read: Is a directory, name a file, not a folder",
                   file + ": is too long, at most 4 bytes are read"}));
  EXPECT_EQ(read_file(file, diagnostics, 5), "12345");
  std::remove(file.c_str());
}

}  // namespace
}  // namespace chatgate::config

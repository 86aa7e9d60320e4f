// Lines of every format, and what they mean.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "lists/reader.h"

namespace chatgate::lists {
namespace {

using ::testing::HasSubstr;

const SuffixHash::Key kKey(3);

struct Read {
  List list;
  Diagnostics diagnostics;

  bool holds(std::string_view name) const {
    if (const auto address = IpAddress::parse(name)) return list.addresses.contains(*address);
    return list.names.contains(HashedName(kKey, name));
  }
};

Read read(std::string_view text) {
  Read result;
  ListReader reader;
  EXPECT_TRUE(reader.read(text, "list.txt", result.diagnostics));
  result.list = reader.finish(kKey);
  return result;
}

struct Case {
  std::string line;
  LineKind kind = LineKind::taken;
  std::vector<std::string> in, out;
};

std::vector<Case> cases() {
  constexpr auto kSkipped = LineKind::skipped, kNothing = LineKind::nothing;
  const std::vector<std::string> whole = {"example.com", "a.example.com", "b.a.example.com"};
  const std::vector<std::string> below = {"a.example.com", "b.a.example.com"};
  const std::vector<std::string> alike = {"notexample.com", "example.com.net", "com", "example"};
  return {
      // Domains.
      {"example.com", LineKind::taken, whole, alike},
      {"  EXAMPLE.Com.\t\r", LineKind::taken, whole, alike},
      {".example.com", LineKind::taken, whole, alike},
      {"*.example.com", LineKind::taken, below, {"example.com", "notexample.com"}},
      {"example.com # ours", LineKind::taken, whole, {"ours"}},
      {"example.com ; ours", LineKind::taken, whole, {"ours"}},
      {"b\xc3\xbc"
       "cher.example",
       LineKind::taken,
       {"xn--bcher-kva.example"},
       {"bcher.example"}},
      {"B\xc3\x9c"
       "CHER.example",
       LineKind::taken,
       {"xn--bcher-kva.example"},
       {}},
      {"xn--bcher-kva.example", LineKind::taken, {"a.xn--bcher-kva.example"}, {}},
      {"_dmarc.example.com", LineKind::taken, {"_dmarc.example.com"}, {"example.com"}},
      {".zip", LineKind::taken, {"any.zip", "zip"}, {"unzip"}},
      {"*.zip", LineKind::taken, {"any.zip"}, {"zip"}},
      // Nothing.
      {"", kNothing, {}, {}},
      {" \t ", kNothing, {}, {}},
      {"\r\r # note", kNothing, {}, {}},
      {"# example.com", kNothing, {}, {"example.com"}},
      {"! example.com", kNothing, {}, {"example.com"}},
      {"; example.com", kNothing, {}, {"example.com"}},
      {"[Adblock Plus 2.0]", kNothing, {}, {}},
      {"###banner", kNothing, {}, {}},
      {"localhost", kNothing, {}, {"localhost"}},
      // Hosts files.
      {"0.0.0.0 example.com", LineKind::taken, {"example.com"}, {"a.example.com", "0.0.0.0"}},
      {"127.0.0.1\texample.com www.example.com",
       LineKind::taken,
       {"example.com", "www.example.com"},
       {"a.example.com", "127.0.0.1"}},
      {"::1 example.com", LineKind::taken, {"example.com"}, {"a.example.com", "::1"}},
      {":: example.com#note", LineKind::taken, {"example.com"}, {"note"}},
      {"127.0.0.1 localhost", kNothing, {}, {"localhost"}},
      {"0.0.0.0 0.0.0.0", kNothing, {}, {"0.0.0.0"}},
      {"127.0.0.1 localhost.localdomain localhost", kNothing, {}, {"localhost.localdomain"}},
      {"10.1.2.3 printer.example.com", kSkipped, {}, {"printer.example.com", "10.1.2.3"}},
      {"fe80::1%lo0 localhost", kSkipped, {}, {"localhost"}},
      {"255.255.255.255 broadcasthost", kSkipped, {}, {"broadcasthost"}},
      // Adblock.
      {"||example.com^", LineKind::taken, whole, alike},
      {"||example.com", LineKind::taken, whole, alike},
      {"||example.com^|", LineKind::taken, whole, alike},
      {"||Example.COM^$important", LineKind::taken, whole, alike},
      {"||example.com^$all,important", LineKind::taken, whole, alike},
      {"||example.com^$document", LineKind::taken, whole, alike},
      {"||*.example.com^", LineKind::taken, below, {"example.com"}},
      {"||192.0.2.7^", LineKind::taken, {"192.0.2.7"}, {"192.0.2.8"}},
      {"||example.com^$third-party", kSkipped, {}, whole},
      {"||example.com^$important,third-party", kSkipped, {}, whole},
      {"||example.com^$domain=example.net", kSkipped, {}, whole},
      {"||example.com/path^", kSkipped, {}, whole},
      {"||example.com:8080^", kSkipped, {}, whole},
      {"||example.*^", kSkipped, {}, whole},
      {"||ads*.example.com^", kSkipped, {}, whole},
      {"@@||example.com^$document", kSkipped, {}, whole},
      {"@@|https://example.com^", kSkipped, {}, whole},
      {"|https://example.com/", kSkipped, {}, whole},
      {"/banner[0-9]+/", kSkipped, {}, {}},
      {"-banner-ad-*", kSkipped, {}, {}},
      {"example.com##.ad", kSkipped, {}, whole},
      {"example.com#@#.ad", kSkipped, {}, whole},
      {"example.com^$popup", kSkipped, {}, whole},
      // dnsmasq.
      {"address=/example.com/0.0.0.0", LineKind::taken, whole, alike},
      {"address=/example.com/#", LineKind::taken, whole, alike},
      {"address=/example.com/", LineKind::taken, whole, alike},
      {"address=/.example.com/::", LineKind::taken, whole, alike},
      {"server=/example.com/", LineKind::taken, whole, alike},
      {"local=/example.com/example.net/", LineKind::taken, {"a.example.com", "example.net"}, alike},
      {"server=/example.com/192.0.2.53", kSkipped, {}, {"example.com", "192.0.2.53"}},
      // Response policy zones.
      {"example.com CNAME .", LineKind::taken, {"example.com"}, {"a.example.com"}},
      {"*.example.com 30 IN cname .", LineKind::taken, below, {"example.com"}},
      {"example.com IN CNAME *.", LineKind::taken, {"example.com"}, {"a.example.com"}},
      {"example.com 60 CNAME rpz-drop.", LineKind::taken, {"example.com"}, {}},
      {"example.com A 127.0.0.1", LineKind::taken, {"example.com"}, {"127.0.0.1"}},
      {"example.com CNAME rpz-tcp-only.", kSkipped, {}, {"example.com"}},
      {"24.0.2.0.192.rpz-ip CNAME .", kSkipped, {}, {"192.0.2.1"}},
      {"$TTL 300", kNothing, {}, {}},
      {"@ NS localhost.", kNothing, {}, {}},
      {"@ IN SOA localhost. root.localhost. 1 2 3 4 5", kNothing, {}, {"localhost"}},
      // Addresses.
      {"192.0.2.1", LineKind::taken, {"192.0.2.1"}, {"192.0.2.0", "192.0.2.2"}},
      {"192.0.2.0/24 ; SBL1234", LineKind::taken, {"192.0.2.0", "192.0.2.255"}, {"192.0.3.0"}},
      {"192.0.2.77/24", LineKind::taken, {"192.0.2.0"}, {"192.0.1.255"}},
      {"192.0.2.3-192.0.2.5",
       LineKind::taken,
       {"192.0.2.3", "192.0.2.5"},
       {"192.0.2.2", "192.0.2.6"}},
      {"192.0.2.3 - 192.0.2.5", LineKind::taken, {"192.0.2.4"}, {"192.0.2.6"}},
      {"2001:db8::/32", LineKind::taken, {"2001:db8::", "2001:db8:ffff::1"}, {"2001:db9::"}},
      {"2001:db8::1-2001:db8::9", LineKind::taken, {"2001:db8::5"}, {"2001:db8::a"}},
      {"::/8", LineKind::taken, {"::1", "ff::"}, {"192.0.2.1", "100::"}},
      {"0.0.0.0/8", LineKind::taken, {"0.1.2.3"}, {"1.0.0.0", "::1"}},
  };
}

TEST(Formats, EachLineMeansWhatItsToolTakesItFor) {
  for (const Case& each : cases()) {
    LineReader line;
    EXPECT_EQ(line.read(each.line).kind, each.kind) << each.line;
    const Read result = read(each.line);
    for (const std::string& name : each.in) {
      EXPECT_TRUE(result.holds(name)) << each.line << " has " << name;
    }
    for (const std::string& name : each.out) {
      EXPECT_FALSE(result.holds(name)) << each.line << " has not " << name;
    }
    EXPECT_TRUE(result.diagnostics.empty()) << each.line;
    // Cut anywhere, the line is some other one, and no harm is done.
    for (std::size_t size = 0; size < each.line.size(); ++size) read(each.line.substr(0, size));
  }
}

TEST(Formats, AllOfThemTogetherInOneFile) {
  std::string text = "\xef\xbb\xbf";
  std::vector<std::string> in;
  for (const Case& each : cases()) {
    text += each.line + "\r\n";
    in.insert(in.end(), each.in.begin(), each.in.end());
  }
  const Read result = read(text);
  for (const std::string& name : in) EXPECT_TRUE(result.holds(name)) << name;
  EXPECT_FALSE(result.holds("elsewhere.org"));
  EXPECT_EQ(result.list.lines.refused, 0u);
}

TEST(Formats, ExceptionsTakeOutWhatOtherLinesPutIn) {
  const Read adblock = read(
      "@@||good.example.com^\n||example.com^\nexample.net\n@@||example.net^\n"
      "192.0.2.0/24\n@@||192.0.2.7^$important\n");
  EXPECT_TRUE(adblock.holds("bad.example.com"));
  EXPECT_FALSE(adblock.holds("good.example.com"));
  EXPECT_FALSE(adblock.holds("very.good.example.com"));
  EXPECT_FALSE(adblock.holds("example.net"));
  EXPECT_TRUE(adblock.holds("192.0.2.6"));
  EXPECT_FALSE(adblock.holds("192.0.2.7"));
  const Read dnsmasq = read("address=/example.com/#\nserver=/good.example.com/#\n");
  EXPECT_TRUE(dnsmasq.holds("bad.example.com"));
  EXPECT_FALSE(dnsmasq.holds("a.good.example.com"));
  const Read zone = read("*.example.com CNAME .\ngood.example.com CNAME rpz-passthru.\n");
  EXPECT_TRUE(zone.holds("a.good.example.com"));
  EXPECT_FALSE(zone.holds("good.example.com"));
}

TEST(Formats, AZoneKnowsItsOrigin) {
  const Read zone = read(
      "$ORIGIN rpz.example.\n"
      "@ SOA ns.rpz.example. root.example. (\n  2026112601 ; serial\n"
      "  3600\n  600 86400 60 )\n"
      "   IN NS ns.rpz.example.\n"
      "bad.example.com.rpz.example. CNAME .\n"
      "worse.example.com. CNAME .\n");
  EXPECT_TRUE(zone.diagnostics.empty());
  EXPECT_TRUE(zone.holds("bad.example.com"));
  EXPECT_TRUE(zone.holds("worse.example.com"));
  EXPECT_EQ(zone.list.names.size(), 2u);
}

TEST(Formats, ABrokenLineIsNamedWithItsPlace) {
  struct Row {
    std::string line;
    std::size_t column;
    std::string says;
  };
  const std::vector<Row> rows = {
      {"exa mple.com", 1, "\"exa\" and what follows is no entry"},
      {"  https://example.com/x", 3, "is an address of a page, write its host name alone"},
      {"not a name", 1, "\"not\" and what follows is no entry"},
      {"example.com:443", 1, "is no host name and no address"},
      {"example..com", 1, "is no host name"},
      {"192.0.2.256", 1, "is no host name and no address"},
      {"192.0.2.0/33", 1, "is no host name and no address"},
      {"192.0.2.9-192.0.2.3", 11, "does not come after the first address"},
      {"192.0.2.9-2001:db8::1", 11, "does not come after"},
      {"192.0.2.9-x", 11, "\"x\" is no address"},
      {"0.0.0.0/0", 1, "is every address"},
      {"0.0.0.0-255.255.255.255", 1, "every address"},
      {"::/0", 1, "is every address"},
      {"word", 1, "is one word, not a domain, write \".word\""},
      {"0.0.0.0 good.example.com \xc3\xa4 bad..name", 28, "\"bad..name\" is no host name"},
      {"0.0.0.0 word", 9, "is no host name"},
      {"||exa mple.com^", 3, "is no host name, expected one such as ||example.com^"},
      {"address=/#/0.0.0.0", 10, "is no host name"},
      {"address=/example.com", 10, "is not closed by a slash"},
      {"<html>", 1, "\"<html>\" is no host name"},
      {"a\x01"
       "b.example.com",
       1, "\"a\\x01b.example.com\""},
      {std::string(64, 'a') + ".example.com", 1, "...\" is no host name"},
      {"$INCLUDE other", 1, "is no entry"},
  };
  for (const Row& row : rows) {
    const Read result = read("# first\n" + row.line + "\nafter.example.org\n");
    ASSERT_EQ(result.diagnostics.all().size(), 1u) << row.line;
    const Diagnostic& finding = result.diagnostics.all()[0];
    EXPECT_EQ(finding.severity, Severity::warning);
    EXPECT_EQ(finding.place.file, "list.txt");
    EXPECT_EQ(finding.place.line, 2u);
    EXPECT_EQ(finding.place.column, row.column) << row.line;
    EXPECT_THAT(finding.to_string(), HasSubstr(row.says)) << row.line;
    EXPECT_TRUE(result.holds("after.example.org")) << "the file goes on";
    EXPECT_EQ(result.list.lines.refused, 1u);
  }
  EXPECT_TRUE(read("0.0.0.0 good.example.com bad..name").holds("good.example.com"));
}

TEST(Formats, ManyBrokenLinesAreCounted) {
  std::string text;
  for (int i = 0; i < 25; ++i) text += "no name at all\n";
  const Read result = read(text + "example.com\n");
  ASSERT_EQ(result.diagnostics.all().size(), ListReader::kMostFindings + 1);
  EXPECT_EQ(result.diagnostics.all().back().to_string(),
            "list.txt: warning: 15 more lines are no entries of a list");
  EXPECT_EQ(result.list.lines.refused, 25u);
  EXPECT_EQ(result.list.lines.taken, 1u);
}

TEST(Formats, AListThatIsTooLongIsRefusedAndNotCut) {
  const std::string text = "a.example\nb.example\nc.example\n";
  for (const auto& [room, whole] :
       {std::pair{33u, true}, std::pair{32u, false}, std::pair{21u, false}}) {
    ListReader reader(room);  // 9 letters and 2 bytes for each name
    Diagnostics diagnostics;
    EXPECT_EQ(reader.read(text, "list.txt", diagnostics), whole) << room;
    ASSERT_EQ(diagnostics.has_errors(), !whole) << room;
    if (whole) continue;
    EXPECT_EQ(diagnostics.all().back().to_string(),
              "list.txt:" + std::to_string(room / 11 + 1) +
                  ":1: there are more names than a list can hold, at most 4 GiB of text");
  }
}

TEST(Formats, TheTextOfAnErrorPageIsNoList) {
  const Read page = read(
      "<!DOCTYPE html>\n<html><head>\n<title>404 Not Found</title>\n"
      "</head><body>\n<h1>Not Found</h1>\n</body></html>\n");
  EXPECT_EQ(page.list.entries(), 0u);
  EXPECT_EQ(page.list.lines.refused, 6u);
}

}  // namespace
}  // namespace chatgate::lists

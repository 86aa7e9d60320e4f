// Mistakes in a policy, by their place and what would be right.

#include <gtest/gtest.h>
#include <string>

#include "catalog/builder.h"
#include "policy/loader.h"

namespace chatgate::policy {
namespace {

std::string findings(const std::string& text) {
  Diagnostics diagnostics;
  catalog::CatalogueBuilder builder(diagnostics);
  load(text, "p", builder, diagnostics);
  std::string lines;
  for (const Diagnostic& each : diagnostics.all()) lines += each.to_string() + "\n";
  return lines;
}

struct Mistake {
  const char* keys;  // of a policy with one rule, in its second line
  const char* finding;
};

constexpr Mistake kOfPolicies[] = {
    {R"("confidence": "highest")",
     R"(p:2:15: unknown confidence "highest", one of low, medium, high)"},
    {R"("signatures": [""])", R"(p:2:16: an entry of "signatures" is empty)"},
    {R"("times": [])",
     R"(p:2:10: "times" is a list, expected an object of names and their windows)"},
    {R"("times": {"": {"days": "daily"}})",
     R"(p:2:11: a time needs a name, such as "office-hours")"},
    {R"("applications": [])",
     R"(p:2:17: "applications" is a list, expected an object of identifiers and what they add)"},
    {R"("networks": {"guests": ["!10.1.0.0/16"]})",
     R"(p:2:24: "guests" has nothing to take addresses from, name what it holds, such as "10.0.0.0/8", beside what it does not)"},
    {R"("http": {"port_misuse": {"im": "rest"}})",
     R"(p:2:32: unknown word "rest" for "im", did you mean "reset"?)"},
    {R"("access": [{"action": "permit", "protocol": "tcp", "port": [443, true]}])",
     R"(p:2:66: "port" is true, expected a string)"},
};

constexpr Mistake kOfRules[] = {
    {R"("vlan": [])", R"(p:2:9: "vlan" is an empty list, name at least one)"},
    {R"("vlan": "100")",
     R"(p:2:9: "100" is no range of VLANs, expected one such as "100-110", or a number from 1 to 4094)"},
    {R"("vlan": ["110-100"])",
     R"(p:2:10: "110-100" is no range of VLANs, expected one such as "100-110", or a number from 1 to 4094)"},
    {R"("vlan": "4000-4095")",
     R"(p:2:9: "4000-4095" is no range of VLANs, expected one such as "100-110", or a number from 1 to 4094)"},
    {R"("vlan": "0-9")",
     R"(p:2:9: "0-9" is no range of VLANs, expected one such as "100-110", or a number from 1 to 4094)"},
    {R"("vlan": 4095)", R"(p:2:9: "vlan" is 4095, expected a number from 1 to 4094)"},
    {R"("mac": "00:11:22:33:44")",
     R"(p:2:8: "00:11:22:33:44" is no hardware address, expected one such as "00:11:22:33:44:55")"},
    {R"("mac": ["01:00:5e:00:00:01"])",
     R"(p:2:9: "01:00:5e:00:00:01" is the address of a group, no client sends from it)"},
    {R"("interface": [])", R"(p:2:14: "interface" is an empty list, name at least one)"},
    {R"("interface": 64)", R"(p:2:14: "interface" is 64, expected a number from 0 to 63)"},
    {R"("direction": "outwards")",
     R"(p:2:14: unknown word "outwards" for "direction", one of outbound, inbound)"},
    {R"("filename": "a(")",
     R"(p:2:13: "a(" is no regular expression: missing closing parenthesis at character 3, expected one such as "\\.exe$")"},
    {R"("filename": "(*NO_JIT)a")",
     R"(p:2:13: "(*NO_JIT)a" is no regular expression: it cannot be compiled to machine code, expected one such as "\\.exe$")"},
};

TEST(Mistakes, OfAPolicyAreToldWithTheirPlace) {
  for (const Mistake& each : kOfPolicies) {
    EXPECT_EQ(findings("{\"rules\": [{\"action\": \"allow\"}],\n" + std::string(each.keys) + "}"),
              std::string(each.finding) + "\n")
        << each.keys;
  }
}

TEST(Mistakes, OfARuleAreToldWithTheirPlace) {
  for (const Mistake& each : kOfRules) {
    EXPECT_EQ(findings("{\"rules\": [{\"action\": \"reset\",\n" + std::string(each.keys) + "}]}"),
              std::string(each.finding) + "\n")
        << each.keys;
  }
}

// As many of something as there is room for, and one more.
std::string many(std::size_t count, const std::string& before, const std::string& after) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) {
    std::string number = std::to_string(1000 + i);
    all += (i == 0 ? "" : ",") + before + number.substr(0, 2) + ":" + number.substr(2) + after;
  }
  return all;
}

TEST(Mistakes, MoreTimesThanThereIsRoomFor) {
  const auto with = [](std::size_t count) {
    return findings(R"({"rules": [{"action": "allow"}], "times": {)" +
                    many(count, "\"", R"(": {"days": "daily"})") + "}}");
  };
  EXPECT_EQ(with(64), "");
  EXPECT_EQ(with(65), "p:1:43: there are too many times, at most 64\n");
}

TEST(Mistakes, MoreClassesOfHardwareAddressesThanThereIsRoomFor) {
  const auto with = [](std::size_t count) {
    return findings("{\"rules\": [" +
                    many(count, R"({"mac": "00:00:00:00:)", R"(", "action": "drop"})") + "]}");
  };
  EXPECT_EQ(with(62), "");
  EXPECT_EQ(with(63),
            "p:1:1: hardware addresses are named in too many combinations of rules, at most 62\n");
}

}  // namespace
}  // namespace chatgate::policy

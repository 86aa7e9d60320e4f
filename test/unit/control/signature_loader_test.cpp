// Snort rules on their way from files into a snapshot.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "control/loader.h"

namespace chatgate::control {
namespace {

namespace fs = std::filesystem;

class SignatureLoader : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "catalog");
    fs::create_directories(folder_ / "rules");
    write("catalog/xmpp.json",
          R"({"id": "xmpp", "name": "XMPP", "category": "open-protocol", "status": "alive"})");
    policy(R"("signatures": "rules/a.rules")");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  void policy(const std::string& more) {
    write("policy.json", R"({"networks": {"inside": "10.0.0.0/8", "support": ["10.1.7.0/24"]},
        "rules": [{"application": "xmpp", "action": "drop"}], )" +
                             more + "}");
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  LoadResult load(std::vector<std::string> files = {}) {
    LoadRequest request;
    request.policy_file = path("policy.json");
    request.catalogue_folder = path("catalog");
    request.rule_files = std::move(files);
    return control::load(request, registry_);
  }
  // "a.rules:2:7: message", without the folder.
  std::vector<std::string> lines(const LoadResult& result) const {
    std::vector<std::string> all;
    for (const Diagnostic& each : result.diagnostics.all()) {
      std::string line = each.to_string();
      for (std::size_t at; (at = line.find(folder_.string() + "/")) != std::string::npos;) {
        line.erase(at, folder_.string().size() + 1);
      }
      all.push_back(line);
    }
    return all;
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / "chatgate-signature-loader-test";
  catalog::ApplicationRegistry registry_;
};

TEST_F(SignatureLoader, RulesOfThePolicyAndOfTheCommandLine) {
  write("rules/a.rules",
        "alert tcp any any -> any any (content:\"one\"; sid:1;)\n"
        "alert udp any any -> any any (content:\"two\"; sid:2; "
        "metadata: chatgate_application xmpp, chatgate_service file-transfer;)\n");
  write("b.rules", "drop tcp any any -> any any (content:\"three\"; sid:3;)\n");
  const LoadResult result = load({path("b.rules")});
  EXPECT_EQ(lines(result), std::vector<std::string>{});
  ASSERT_NE(result.snapshot, nullptr);
  ASSERT_NE(result.snapshot->signatures, nullptr);
  EXPECT_EQ(result.signature_count, 3u);
  EXPECT_EQ(result.signatures_refused, 0u);
  const auto& meanings = result.snapshot->signature_meanings;
  ASSERT_EQ(meanings.size(), 3u);
  EXPECT_FALSE(meanings[0].known());
  EXPECT_EQ(meanings[1].application, result.snapshot->catalogue->find("xmpp")->id);
  EXPECT_EQ(meanings[1].service, catalog::Service::file_transfer);
  EXPECT_EQ(meanings[1].evidence, catalog::Evidence::signature);
  EXPECT_EQ(result.snapshot->signatures->find(SignatureId(2))->sid, 3u);
}

TEST_F(SignatureLoader, WithoutRulesThereIsNothing) {
  policy(R"("default": "allow")");
  const LoadResult result = load();
  ASSERT_NE(result.snapshot, nullptr);
  EXPECT_EQ(result.snapshot->signatures, nullptr);
  EXPECT_EQ(result.signature_count, 0u);
}

TEST_F(SignatureLoader, WhatIsRefusedLeavesTheOthersInForce) {
  write("rules/a.rules",
        "alert tcp any any -> any any (content:\"one\"; sid:1;)\n"
        "alert tcp any any -> any any (contnt:\"two\"; sid:2;)\n"
        "alert tcp any any -> any any (pcre:\"/(/\"; sid:3;)\n");
  const LoadResult result = load();
  ASSERT_NE(result.snapshot, nullptr);
  EXPECT_EQ(result.signature_count, 1u);
  EXPECT_EQ(result.signatures_refused, 2u);
  const auto found = lines(result);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_TRUE(found[0].starts_with("rules/a.rules:2:31: warning: rule refused: ")) << found[0];
  EXPECT_NE(found[0].find("did you mean \"content\"?"), std::string::npos) << found[0];
  EXPECT_TRUE(found[1].starts_with("rules/a.rules:3:")) << found[1];
}

TEST_F(SignatureLoader, CertificatesAreNotShownToRules) {
  write("rules/a.rules",
        "alert tls any any -> any any (tls_cert_subject; content:\"x\"; sid:1;)\n"
        "alert tls any any -> any any (tls.sni; content:\"x\"; sid:2;)\n");
  const LoadResult result = load();
  ASSERT_NE(result.snapshot, nullptr);
  EXPECT_EQ(result.signature_count, 1u);
  EXPECT_EQ(result.signatures_refused, 1u);
  EXPECT_EQ(lines(result),
            std::vector<std::string>{
                "rules/a.rules:1:1: warning: rule refused: certificates are not shown to rules by "
                "this version, tls.sni is"});
}

TEST_F(SignatureLoader, AFileThatIsNotThereIsAnError) {
  const LoadResult result = load({path("none.rules")});
  EXPECT_EQ(result.snapshot, nullptr);
  EXPECT_EQ(lines(result),
            (std::vector<std::string>{"rules/a.rules: cannot be read: No such file or directory, "
                                      "name a file that exists",
                                      "none.rules: cannot be read: No such file or directory, "
                                      "name a file that exists"}));
}

TEST_F(SignatureLoader, MetadataThatMeansNothingIsAnError) {
  write(
      "rules/a.rules",
      "alert tcp any any -> any any (content:\"one\"; sid:1; metadata: chatgate_application xmp;)\n"
      "alert tcp any any -> any any (content:\"two\"; sid:2; "
      "metadata: chatgate_application xmpp, chatgate_service text;)\n");
  const LoadResult result = load();
  EXPECT_EQ(result.snapshot, nullptr);
  const auto found = lines(result);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0],
            "rules/a.rules:1:1: unknown application \"xmp\" in metadata, did you mean \"xmpp\"?");
  EXPECT_TRUE(found[1].starts_with("rules/a.rules:2:1: unknown service \"text\" in metadata"))
      << found[1];
}

TEST_F(SignatureLoader, NetworksAreVariables) {
  write("rules/a.rules",
        "alert tcp $HOME_NET any -> $EXTERNAL_NET any (content:\"one\"; sid:1;)\n"
        "alert tcp $support any -> any any (content:\"two\"; sid:2;)\n"
        "alert tcp $suport any -> any any (content:\"three\"; sid:3;)\n");
  const LoadResult result = load();
  ASSERT_NE(result.snapshot, nullptr);
  EXPECT_EQ(result.signature_count, 2u);
  const detect::Rule& home = result.snapshot->signatures->rules()[0];
  EXPECT_TRUE(home.source.addresses->contains(*IpAddress::parse("10.200.0.1")));
  EXPECT_FALSE(home.source.addresses->contains(*IpAddress::parse("192.0.2.1")));
  EXPECT_TRUE(home.destination.addresses->contains(*IpAddress::parse("192.0.2.1")));
  EXPECT_FALSE(home.destination.addresses->contains(*IpAddress::parse("10.200.0.1")));
  const detect::Rule& support = result.snapshot->signatures->rules()[1];
  EXPECT_TRUE(support.source.addresses->contains(*IpAddress::parse("10.1.7.9")));
  EXPECT_FALSE(support.source.addresses->contains(*IpAddress::parse("10.1.8.9")));
  const auto found = lines(result);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].find("did you mean"), std::string::npos) << found[0];
}

}  // namespace
}  // namespace chatgate::control

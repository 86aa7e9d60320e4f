#include "control/loader.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>

namespace chatgate::control {
namespace {

namespace fs = std::filesystem;

class Loader : public testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "catalog");
    write("catalog/xmpp.json",
          "{\"id\": \"xmpp\", \"name\": \"XMPP\", \"category\": \"open-protocol\", \"status\": "
          "\"alive\"}");
    write("policy.json", "{\"rules\": [{\"application\": \"xmpp\", \"action\": \"drop\"}]}\n");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  LoadResult load(std::uint32_t generation = 1) {
    return control::load({path("policy.json"), path("catalog"), generation}, registry_);
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / "chatgate-loader-test";
  catalog::ApplicationRegistry registry_;
};

TEST_F(Loader, MakesASnapshot) {
  const LoadResult result = load(7);
  ASSERT_NE(result.snapshot, nullptr);
  EXPECT_TRUE(result.diagnostics.empty());
  EXPECT_EQ(result.rule_count, 1u);
  EXPECT_EQ(result.rules_refused, 0u);
  EXPECT_EQ(result.snapshot->generation, 7u);
  EXPECT_EQ(result.snapshot->policy_file, path("policy.json"));
  EXPECT_EQ(result.snapshot->sha256, result.sha256);
  EXPECT_EQ(result.snapshot->mode(), policy::Mode::enforce);
  const auto* xmpp = result.snapshot->catalogue->find("xmpp");
  ASSERT_NE(xmpp, nullptr);
  policy::Connection connection;
  connection.im.application = xmpp->id;
  EXPECT_EQ(result.snapshot->policy->decide(connection).action, policy::Action::drop);
}

TEST_F(Loader, TheDigestIsThatOfTheFile) {
  write("policy.json", "{}");
  EXPECT_EQ(load().sha256, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  write("policy.json", "{");
  EXPECT_EQ(load().sha256, "021fb596db81e6d02bf3d2586ee3981fe519f275c0ac9ca76bbcf2ebb4097d96");
}

TEST_F(Loader, NumbersOfApplicationsStayOverReloads) {
  const auto first = load().snapshot->catalogue->find("xmpp")->id;
  write("catalog/aim.json",
        "{\"id\": \"aim\", \"name\": \"AIM\", \"category\": \"legacy-im\", \"status\": \"alive\"}");
  const LoadResult second = load(2);
  ASSERT_NE(second.snapshot, nullptr);
  EXPECT_EQ(second.snapshot->catalogue->find("xmpp")->id, first);
  EXPECT_NE(second.snapshot->catalogue->find("aim")->id, first);
}

TEST_F(Loader, ErrorsOfPolicyAndCatalogueTogether) {
  write("catalog/xmpp.json", "{");
  write("policy.json",
        "{\"rules\": [{\"application\": \"xmpp\", \"action\": \"drp\"}, {\"action\": \"drop\"}]}");
  const LoadResult result = load();
  EXPECT_EQ(result.snapshot, nullptr);
  EXPECT_EQ(result.rule_count, 1u);
  EXPECT_EQ(result.rules_refused, 1u);
  ASSERT_EQ(result.diagnostics.all().size(), 2u);
  EXPECT_EQ(result.diagnostics.all()[0].place.file, path("catalog/xmpp.json"));
  EXPECT_EQ(result.diagnostics.all()[1].place.file, path("policy.json"));
}

TEST_F(Loader, AMissingPolicyIsOneError) {
  fs::remove(folder_ / "policy.json");
  const LoadResult result = load();
  EXPECT_EQ(result.snapshot, nullptr);
  EXPECT_EQ(result.sha256, "");
  ASSERT_EQ(result.diagnostics.all().size(), 1u);
  EXPECT_EQ(result.diagnostics.all()[0].to_string(),
            path("policy.json") +
                ": cannot be read: No such file or directory, "
                "name a file that exists");
}

TEST_F(Loader, WhatABadPolicyNamesIsReadAllTheSame) {
  write("policy.json",
        "{\"rulez\": [],\n\"signatures\": [\"none.rules\"],\n"
        "\"lists\": {\"x\": {\"file\": \"none.txt\"}},\n"
        "\"applications\": {\"Our Chat\": {\"category\": \"im\", \"ports\": [\"tcp/99999\"]},\n"
        "\"nobody-s\": {\"servers\": {\"addresses\": [\"1.2.3\"]}}}}");
  const LoadResult result = load();
  EXPECT_EQ(result.snapshot, nullptr);
  std::vector<std::string> told;
  for (const Diagnostic& each : result.diagnostics.all()) {
    if (each.severity == Severity::error) told.push_back(each.message);
  }
  EXPECT_EQ(told, (std::vector<std::string>{
                      "unknown key \"rulez\" in the policy", "\"Our Chat\" is no identifier",
                      "\"tcp/99999\" holds no port", "unknown application \"nobody-s\"",
                      "\"1.2.3\" is no address", "cannot be read: No such file or directory",
                      "cannot be read: No such file or directory"}));
}

TEST_F(Loader, AllFilesThatAreMissingAreTold) {
  write("policy.json",
        "{\"rules\": [{\"list\": \"x\", \"action\": \"drop\"}], \"signatures\": [\"none.rules\"],\n"
        "\"lists\": {\"x\": {\"file\": \"none.txt\"}}}");
  const LoadResult result = load();
  EXPECT_EQ(result.snapshot, nullptr);
  ASSERT_EQ(result.diagnostics.all().size(), 2u);
  EXPECT_EQ(result.diagnostics.all()[0].place.file, path("none.rules"));
  EXPECT_EQ(result.diagnostics.all()[1].place.file, path("none.txt"));
}

TEST_F(Loader, AWarningDoesNotRefuseAPolicy) {
  write("policy.json", "{}");
  const LoadResult result = load();
  EXPECT_NE(result.snapshot, nullptr);
  EXPECT_EQ(result.diagnostics.all().size(), 1u);
}

TEST_F(Loader, ARefusedPolicyTeachesTheRegistryNothing) {
  const auto policy = [&](const std::string& prefix, const std::string& rest) {
    std::string text = "{\"applications\": {";
    for (std::size_t i = 0; i < catalog::ApplicationRegistry::kCapacity * 2 / 3; ++i) {
      text += (i == 0 ? "\"" : ", \"") + prefix + std::to_string(i) + "\": {\"category\": \"p2p\"}";
    }
    write("policy.json", text + "}" + rest + "}");
  };
  policy("a", ", \"mode\": 1");
  EXPECT_EQ(load().snapshot, nullptr);
  policy("b", "");
  EXPECT_NE(load().snapshot, nullptr);
  // Now there is no room for as many words that are new again.
  policy("c", "");
  const LoadResult full = load();
  EXPECT_EQ(full.snapshot, nullptr);
  ASSERT_EQ(full.diagnostics.all().size(), 2u);
  EXPECT_EQ(full.diagnostics.all()[1].message, "there are too many applications");
}

TEST_F(Loader, FindsTheCatalogue) {
  const char* set = std::getenv("CHATGATE_CATALOGUE");
  const std::string before = set == nullptr ? "" : set;
  unsetenv("CHATGATE_CATALOGUE");
  EXPECT_EQ(default_catalogue_folder(path("policy.json")), path("catalog"));
  // This test runs from the build folder, so the source tree's is next.
  const std::string source = default_catalogue_folder(path("elsewhere/policy.json"));
  EXPECT_TRUE(fs::exists(fs::path(source) / "whatsapp.json")) << source;
  setenv("CHATGATE_CATALOGUE", "/of/the/environment", 1);
  EXPECT_EQ(default_catalogue_folder(path("policy.json")), "/of/the/environment");
  if (set == nullptr) {
    unsetenv("CHATGATE_CATALOGUE");
  } else {
    setenv("CHATGATE_CATALOGUE", before.c_str(), 1);
  }
}

}  // namespace
}  // namespace chatgate::control

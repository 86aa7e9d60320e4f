// The shipped catalogue as a whole: what may be claimed, by whom, and that nothing is left out.

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "catalog/builder.h"
#include "catalog/catalogue.h"
#include "catalog/loader.h"

namespace chatgate::catalog {
namespace {

const std::string kPolicy = CHATGATE_POLICY_FOLDER;
const std::string kData = CHATGATE_TEST_DATA;

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  EXPECT_TRUE(stream.is_open()) << file;
  return {std::istreambuf_iterator<char>(stream), {}};
}

// Lines without those that are empty or begin with #, cut into words.
std::vector<std::vector<std::string>> rows_of(const std::string& file) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream text(text_of(file));
  for (std::string line; std::getline(text, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    std::istringstream words(line);
    rows.emplace_back(std::istream_iterator<std::string>(words),
                      std::istream_iterator<std::string>());
  }
  return rows;
}

class Claims : public testing::Test {
 protected:
  Claims() : builder_(diagnostics_) {
    load_folder(kPolicy + "/catalog", builder_, diagnostics_);
    ApplicationRegistry registry;
    catalogue_ = std::make_unique<Catalogue>(builder_.take(registry));
  }

  void SetUp() override {
    for (const Diagnostic& each : diagnostics_.all()) ADD_FAILURE() << each.to_string();
  }

  std::span<const Application> all() const { return catalogue_->applications(); }
  // Empty for a name that decides nothing.
  std::string owner(const std::string& name) const {
    const NameMatch match = catalogue_->match_name(name);
    return match.found() && match.exclusive ? catalogue_->find(match.application)->word : "";
  }

  Diagnostics diagnostics_;
  CatalogueBuilder builder_;
  std::unique_ptr<Catalogue> catalogue_;
};

TEST_F(Claims, EveryIdentifierIsThere) {
  std::vector<std::string> expected, found;
  for (const auto& row : rows_of(kData + "/applications.txt")) expected.push_back(row.at(0));
  for (const Application& each : all()) found.push_back(each.word);
  EXPECT_EQ(found, expected);
}

TEST_F(Claims, VisitedSitesAreNobodysButTheirOwn) {
  const auto rows = rows_of(kData + "/benign-sites.txt");
  EXPECT_GE(rows.size(), 1000u);
  for (const auto& row : rows) {
    const std::string expected = row.size() > 1 ? row[1] : "";
    EXPECT_EQ(owner(row[0]), expected) << row[0];
    if (!expected.empty()) continue;
    EXPECT_EQ(owner("www." + row[0]), "") << "www." << row[0];
  }
}

TEST_F(Claims, ExclusiveNamesMeanTheirApplication) {
  for (const Application& application : all()) {
    for (const ServerName& name : application.names) {
      const std::string host = name.label ? name.name + ".customer.example" : name.name;
      const std::string found = owner(host);
      if (name.exclusive) {
        EXPECT_EQ(found, application.word) << host;
      } else {
        EXPECT_NE(found, application.word) << host << " is shared";
      }
    }
  }
}

TEST_F(Claims, APortIsTheDefaultOfOne) {
  std::map<std::pair<Transport, int>, std::string> owners;
  for (const Application& application : all()) {
    for (const PortRange& range : application.ports) {
      for (int port = range.first; range.is_default && port <= range.last; ++port) {
        const auto [at, is_new] = owners.try_emplace({range.transport, port}, application.word);
        EXPECT_TRUE(is_new || at->second == application.word) << port << ' ' << application.word;
      }
    }
  }
  EXPECT_GE(owners.size(), 30u);
}

TEST_F(Claims, AnAddressBelongsToOne) {
  for (const Application& application : all()) {
    for (const ServerAddress& address : application.addresses) {
      const AddressMatch match = catalogue_->match_address(address.prefix.first());
      ASSERT_TRUE(match.found()) << address.prefix.to_string();
      if (!address.exclusive) continue;
      EXPECT_EQ(catalogue_->find(match.application)->word, application.word)
          << address.prefix.to_string();
    }
  }
}

TEST_F(Claims, EveryApplicationCanBeRecognised) {
  for (const Application& application : all()) {
    const Description& description = application.description;
    const bool by_name = std::any_of(application.names.begin(), application.names.end(),
                                     [](const ServerName& each) { return each.exclusive; });
    const bool by_port = std::any_of(application.ports.begin(), application.ports.end(),
                                     [](const PortRange& each) { return each.is_default; });
    const bool by_address = std::any_of(application.addresses.begin(), application.addresses.end(),
                                        [](const ServerAddress& each) { return each.exclusive; });
    const bool recognised = by_name || by_port || by_address || !description.protocols.empty() ||
                            !description.signatures.empty();
    EXPECT_NE(recognised, !description.unrecognised.empty()) << application.word;
  }
}

// What operators read must be there, and be about something.
TEST_F(Claims, EveryApplicationIsDescribed) {
  for (const Application& application : all()) {
    const Description& description = application.description;
    EXPECT_FALSE(application.vendor.empty()) << application.word;
    EXPECT_FALSE(description.tags.empty() && description.limits.empty()) << application.word;
    EXPECT_EQ(description.status == Status::alive && description.ended != 0, false);
    std::set<std::string> said(description.limits.begin(), description.limits.end());
    said.insert(description.over_blocking.begin(), description.over_blocking.end());
    EXPECT_EQ(said.size(), description.limits.size() + description.over_blocking.size())
        << application.word;
  }
}

// A name that is needed is one that is not somebody else's alone, longest match included.
TEST_F(Claims, NeedsAreThere) {
  for (const Application& application : all()) {
    for (const Need& need : application.description.needs) {
      EXPECT_FALSE(need.reason.empty()) << application.word;
      if (!need.application.empty()) {
        EXPECT_NE(catalogue_->find(need.application), nullptr) << need.application;
      }
      if (need.name.empty()) continue;
      const std::string other = owner(need.name);
      EXPECT_TRUE(other.empty() || other == application.word)
          << application.word << " needs " << need.name << ", which is " << other << "'s";
    }
  }
}

TEST_F(Claims, AliasesAreNobodyElses) {
  std::map<std::string, std::string> aliases;
  for (const Application& application : all()) {
    for (const std::string& alias : application.description.aliases) {
      EXPECT_EQ(catalogue_->find(alias), nullptr) << alias;
      EXPECT_TRUE(aliases.try_emplace(alias, application.word).second) << alias;
    }
  }
}

// Rules and entries name each other.
TEST_F(Claims, SignaturesAreThoseOfTheRules) {
  std::map<std::string, std::set<std::uint32_t>> of_rules, of_entries;
  static const std::regex kRule(R"(sid:(\d+);[^)]*?chatgate_application ([a-z0-9-]+))");
  for (const auto& entry : std::filesystem::directory_iterator(kPolicy + "/rules")) {
    if (entry.path().extension() != ".rules") continue;
    std::string text;
    std::istringstream lines(text_of(entry.path()));
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with('#')) text += line + '\n';
    }
    for (std::sregex_iterator at(text.begin(), text.end(), kRule), end; at != end; ++at) {
      of_rules[(*at)[2]].insert(static_cast<std::uint32_t>(std::stoul((*at)[1])));
    }
  }
  for (const Application& application : all()) {
    const auto& sids = application.description.signatures;
    if (!sids.empty()) of_entries[application.word] = {sids.begin(), sids.end()};
  }
  EXPECT_GE(of_rules.size(), 30u);
  EXPECT_EQ(of_entries, of_rules);
}

}  // namespace
}  // namespace chatgate::catalog

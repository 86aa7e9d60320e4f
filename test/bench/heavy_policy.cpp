#include "heavy_policy.h"

#include <array>
#include <cstdlib>
#include <fstream>
#include <random>
#include <stdexcept>

namespace chatgate::bench {
namespace {

std::string rules_text(std::uint32_t rules) {
  std::string text;
  for (std::uint32_t i = 0; i < rules; ++i) {
    text += (i == 0 ? "" : ",");
    text += R"({ "category": "im", "from": "172.)" + std::to_string(16 + i / 256 % 16) + "." +
            std::to_string(i % 256) + R"(.0/24", "action": "reset" })";
  }
  return text;
}

std::string word(std::mt19937_64& random) {
  std::string letters;
  for (std::uint64_t left = 6 + random() % 11; left != 0; --left) {
    letters += static_cast<char>('a' + random() % 26);
  }
  return letters;
}

std::ofstream open(const std::filesystem::path& path) {
  std::ofstream out(path);
  out.exceptions(std::ios::failbit | std::ios::badbit);
  return out;
}

}  // namespace

std::string policy_of_rules(std::uint32_t rules) {
  return R"({ "rules": [)" + rules_text(rules) + "] }";
}

HeavyPolicy::HeavyPolicy(std::uint32_t rules, std::uint32_t names, std::uint32_t signatures) {
  std::string pattern = std::filesystem::temp_directory_path() / "chatgate-heavy.XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no room for " + pattern);
  folder_ = pattern;
  std::mt19937_64 random(5);
  std::ofstream list = open(folder_ / "names.txt");
  for (std::uint32_t i = 0; i < names; ++i) list << word(random) << i << ".example.com\n";
  std::ofstream snort = open(folder_ / "snort.rules");
  for (std::uint32_t i = 0; i < signatures; ++i) {
    // Both transports, ports of all kinds, as published rules have them.
    snort << "alert " << (i % 2 == 0 ? "tcp" : "udp") << " any any -> any "
          << (i % 4 < 2 ? "any" : std::to_string(1024 + i)) << " (msg:\"" << i << "\"; content:\""
          << word(random) << "\"; sid:" << 3'000'000 + i << "; rev:1;)\n";
  }
  open(folder_ / "policy.json") << R"({ "lists": { "names": { "file": "names.txt" } },)"
                                << R"( "signatures": ["snort.rules"], "rules": [)"
                                << R"({ "list": "names", "action": "reset" },)" << rules_text(rules)
                                << "] }";
}

HeavyPolicy::~HeavyPolicy() {
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

}  // namespace chatgate::bench

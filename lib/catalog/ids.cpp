#include "catalog/ids.h"

#include <algorithm>
#include <array>

namespace chatgate::catalog {
namespace {

constexpr std::array<std::string_view, 12> kEvidence = {
    "payload", "signature",       "tls-sni", "quic-sni", "http-host",   "http",
    "dns",     "learned-address", "address", "port",     "access-list", "none"};

constexpr std::array<std::string_view, 3> kConfidences = {"low", "medium", "high"};

constexpr std::array<std::string_view, 15> kCategories = {
    "im",        "legacy-im",  "mobile-messenger",
    "team-chat", "voice-chat", "open-protocol",
    "p2p",       "social-dm",  "gaming",
    "web-im",    "im-proxy",   "p2p-file",
    "tunnel",    "evasion",    "adware"};

constexpr auto kServices = proto::kServiceWords;

template <typename Enum, std::size_t N>
std::optional<Enum> find(const std::array<std::string_view, N>& words, std::string_view word) {
  const auto at = std::find(words.begin(), words.end(), word);
  if (at == words.end()) return std::nullopt;
  return static_cast<Enum>(at - words.begin());
}

}  // namespace

std::string_view to_string(Evidence evidence) {
  return kEvidence[static_cast<std::size_t>(evidence)];
}

Confidence confidence(Evidence evidence) {
  switch (evidence) {
    case Evidence::learned_address:
    case Evidence::address: return Confidence::medium;
    case Evidence::port:
    case Evidence::none: return Confidence::low;
    default: return Confidence::high;
  }
}

std::string_view to_string(Confidence confidence) {
  return kConfidences[static_cast<std::size_t>(confidence)];
}

std::optional<Confidence> parse_confidence(std::string_view word) {
  return find<Confidence>(kConfidences, word);
}

std::span<const std::string_view> confidence_words() {
  return kConfidences;
}

std::optional<Service> parse_service(std::string_view word) {
  return find<Service>(kServices, word);
}

std::span<const std::string_view> service_words() {
  return kServices;
}

std::string_view to_string(Category category) {
  return kCategories[static_cast<std::size_t>(category)];
}

std::optional<Category> parse_category(std::string_view word) {
  return find<Category>(kCategories, word);
}

std::span<const std::string_view> category_words() {
  return kCategories;
}

bool covers(Category outer, Category inner) {
  if (outer == inner) return true;
  return outer == Category::im && inner >= Category::legacy_im && inner <= Category::im_proxy;
}

}  // namespace chatgate::catalog

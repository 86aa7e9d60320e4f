#include "catalog/builder.h"

#include <algorithm>
#include <iterator>

namespace chatgate::catalog {
namespace {

std::string describe(const Place& place) {
  return place.file + ":" + std::to_string(place.line);
}

std::string port_text(Transport transport, std::uint16_t port) {
  return std::string(transport == Transport::tcp ? "TCP" : "UDP") + " port " + std::to_string(port);
}

}  // namespace

Application* CatalogueBuilder::find(std::string_view word) {
  const auto at = entries_.find(word);
  return at == entries_.end() ? nullptr : &at->second.application;
}

Application* CatalogueBuilder::add(std::string_view word, Place place) {
  const auto [at, is_new] = entries_.try_emplace(std::string(word));
  if (!is_new) {
    diagnostics_->error(std::move(place), "application \"" + std::string(word) + "\" exists",
                        "the first is in " + describe(at->second.place));
    return nullptr;
  }
  at->second.place = std::move(place);
  at->second.application.word = word;
  return &at->second.application;
}

void CatalogueBuilder::conflict(const Place& place, const std::string& what, const Claim& first,
                                std::string remedy) {
  diagnostics_->error(place, what + first.word + " already (" + describe(first.place) + ")",
                      std::move(remedy));
}

void CatalogueBuilder::add_port(Application& application, const PortRange& range,
                                const Place& place, Source source) {
  if (range.is_default) make_default(application, range, place, source);
  application.ports.push_back(range);
}

void CatalogueBuilder::make_default(Application& application, const PortRange& range,
                                    const Place& place, Source source) {
  auto& defaults = defaults_[static_cast<std::size_t>(range.transport)];
  bool reported = false;
  for (std::uint32_t port = range.first; port <= range.last; ++port) {
    const auto number = static_cast<std::uint16_t>(port);
    const auto [at, is_new] = defaults.try_emplace(number, Claim{application.word, place, source});
    if (is_new || at->second.word == application.word) continue;
    if (source == Source::policy && at->second.source == Source::shipped) {
      yield_ports(at->second.word, {range.transport, number, number});
      at->second = {application.word, place, source};
    } else if (!reported) {
      reported = true;
      conflict(place, port_text(range.transport, number) + " is the default of ", at->second,
               "a port means one application");
    }
  }
}

// Takes the default from the application of that word for one port, and leaves it a claim.
void CatalogueBuilder::yield_ports(const std::string& word, const PortRange& range) {
  std::vector<PortRange> kept;
  for (const PortRange& mine : entries_.find(word)->second.application.ports) {
    const bool meets = mine.transport == range.transport && mine.is_default &&
                       mine.first <= range.first && range.first <= mine.last;
    if (!meets) {
      kept.push_back(mine);
      continue;
    }
    PortRange part = mine;
    if (mine.first < range.first) {
      part.last = static_cast<std::uint16_t>(range.first - 1);
      kept.push_back(part);
    }
    part = mine;
    part.first = part.last = range.first;
    part.is_default = false;
    kept.push_back(part);
    if (range.first < mine.last) {
      part = mine;
      part.first = static_cast<std::uint16_t>(range.first + 1);
      kept.push_back(part);
    }
  }
  entries_.find(word)->second.application.ports = std::move(kept);
}

void CatalogueBuilder::add_name(Application& application, ServerName name, const Place& place) {
  const bool twice = std::any_of(
      application.names.begin(), application.names.end(),
      [&](const ServerName& each) { return each.name == name.name && each.exact == name.exact; });
  if (twice) {
    diagnostics_->error(place, "\"" + name.name + "\" is listed twice for " + application.word);
    return;
  }
  if (name.exclusive) {
    const auto [at, is_new] =
        exclusive_names_.try_emplace(name.name, Claim{application.word, place, Source::shipped});
    if (!is_new && at->second.word != application.word) {
      conflict(place, "\"" + name.name + "\" belongs to ", at->second,
               "a name is exclusive to one application");
      return;
    }
  }
  application.names.push_back(std::move(name));
}

void CatalogueBuilder::add_address(Application& application, const ServerAddress& address,
                                   const Place& place) {
  if (address.exclusive) {
    const auto [at, is_new] = exclusive_prefixes_.try_emplace(
        address.prefix, Claim{application.word, place, Source::shipped});
    if (!is_new) {
      conflict(place, "\"" + address.prefix.to_string() + "\" belongs to ", at->second,
               "a prefix is listed once");
      return;
    }
  }
  application.addresses.push_back(address);
}

void CatalogueBuilder::add_alpn(Application& application, AlpnId alpn, const Place& place) {
  const auto [at, is_new] =
      alpn_.try_emplace(alpn.id, Claim{application.word, place, Source::shipped});
  if (!is_new) {
    conflict(place, "\"" + alpn.id + "\" belongs to ", at->second, "an ALPN id is listed once");
    return;
  }
  application.alpn.push_back(std::move(alpn));
}

std::vector<std::string_view> CatalogueBuilder::words() const {
  std::vector<std::string_view> words;
  for (const auto& entry : entries_) words.push_back(entry.first);
  return words;
}

bool CatalogueBuilder::covers_any(Category category) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const auto& entry) {
    return covers(category, entry.second.application.category);
  });
}

void CatalogueBuilder::check_needs(const Entry& entry) {
  const std::string& word = entry.application.word;
  for (const Need& need : entry.application.description.needs) {
    if (!need.application.empty() && (need.application == word || !find(need.application))) {
      auto known = words();
      std::erase(known, word);
      diagnostics_->error(
          entry.place, word + " needs \"" + need.application + "\", which is no other application",
          suggestion(need.application, known));
    }
    const auto owner = exclusive_names_.find(need.name);
    if (owner != exclusive_names_.end() && owner->second.word != word) {
      diagnostics_->error(
          entry.place,
          word + " needs \"" + need.name + "\", which is " + owner->second.word + "'s alone",
          "write \"application\": \"" + owner->second.word + "\"");
    }
  }
}

std::vector<Application> CatalogueBuilder::take(ApplicationRegistry& registry) {
  for (const auto& entry : entries_) check_needs(entry.second);
  std::vector<Application> all;
  for (auto& [word, entry] : entries_) {
    const auto id = registry.intern(word);
    if (!id) {
      diagnostics_->error(entry.place, "there are too many applications",
                          "this process has room for " +
                              std::to_string(ApplicationRegistry::kCapacity) +
                              ", counting those of earlier policies");
      break;
    }
    entry.application.id = *id;
    all.push_back(std::move(entry.application));
  }
  entries_.clear();
  return all;
}

}  // namespace chatgate::catalog

// Gathers applications from files and refuses claims that contradict each other.
//
// Filled by catalog/loader.h with the shipped files and by policy/loader.h with what a policy adds;
// then `take` hands everything to a Catalogue. Every claim comes with its place, so that a conflict
// names both. Lives for one load, on one thread.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "catalog/catalogue.h"
#include "catalog/registry.h"

namespace chatgate::catalog {

class CatalogueBuilder {
 public:
  // Who says that a port means an application: where a policy and the shipped files disagree, the
  // policy is right.
  enum class Source { shipped, policy };

  // Borrows `diagnostics`.
  explicit CatalogueBuilder(Diagnostics& diagnostics) : diagnostics_(&diagnostics) {}

  // The application of that word, null where there is none. Stays valid until `take`.
  Application* find(std::string_view word);
  // A new application without anything; null, and reported, where the word is taken.
  Application* add(std::string_view word, Place place);

  void add_port(Application& application, const PortRange& range, const Place& place,
                Source source = Source::shipped);
  void add_name(Application& application, ServerName name, const Place& place);
  void add_address(Application& application, const ServerAddress& address, const Place& place);
  void add_alpn(Application& application, AlpnId alpn, const Place& place);

  // All words, sorted. Views live as long as the builder.
  std::vector<std::string_view> words() const;
  bool covers_any(Category category) const;

  // Everything, with ids; the builder is empty afterwards. Reports where the registry is full, and
  // needs that name an application that there is not, or a name that is exclusive to another.
  std::vector<Application> take(ApplicationRegistry& registry);

 private:
  struct Claim {
    std::string word;
    Place place;
    Source source = Source::shipped;
  };
  struct Entry {
    Application application;
    Place place;
  };

  void conflict(const Place& place, const std::string& what, const Claim& first,
                std::string remedy);
  void make_default(Application& application, const PortRange& range, const Place& place,
                    Source source);
  void check_needs(const Entry& entry);
  void yield_ports(const std::string& word, const PortRange& range);

  Diagnostics* diagnostics_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::map<std::string, Claim, std::less<>> exclusive_names_;
  std::map<Prefix, Claim> exclusive_prefixes_;
  std::map<std::string, Claim, std::less<>> alpn_;
  // By transport: port → whose default it is.
  std::array<std::map<std::uint16_t, Claim>, 2> defaults_;
};

}  // namespace chatgate::catalog

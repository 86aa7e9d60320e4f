// The policy's key `applications`: what it adds to the catalogue.
//
// Whatever is wrong is reported with its place. Not for the packet path; lives for one load.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "catalog/builder.h"

#include "config/json_document.h"

namespace chatgate::policy {

inline constexpr std::string_view kApplicationKeys[] = {"name", "category", "servers", "ports"};
inline constexpr std::string_view kServerKeys[] = {"names", "addresses"};

class ApplicationsLoader {
 public:
  // Borrows both. `catalogue_complete`: the shipped files were read without an error, so that what
  // is not among them is a mistake of the policy.
  ApplicationsLoader(config::Reporter& reporter, catalog::CatalogueBuilder& builder,
                     bool catalogue_complete)
      : reporter_(reporter), builder_(builder), catalogue_complete_(catalogue_complete) {}

  void load(const config::ObjectReader& policy);

  // Words that were reported as unknown already.
  const std::set<std::string, std::less<>>& unknown() const { return unknown_; }

 private:
  void load_application(const config::JsonMember& member);
  catalog::Application* add_application(const config::JsonMember& member, bool has_category);
  void load_claims(config::ObjectReader& object, catalog::Application& application);
  void load_ports(const config::JsonValue& value, catalog::Application& application);
  void load_servers(const config::JsonValue& value, catalog::Application& application);

  config::Reporter& reporter_;
  catalog::CatalogueBuilder& builder_;
  const bool catalogue_complete_;
  std::set<std::string, std::less<>> unknown_;
};

}  // namespace chatgate::policy

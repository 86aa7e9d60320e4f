// The sessions of an audit. Private to lib/explain.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalogue.h"
#include "engine/snapshot.h"

#include "explain/audit.h"
#include "explain/signature_sessions.h"
#include "explain/stage.h"

namespace chatgate::explain {

struct Trial {
  const catalog::Application* application = nullptr;  // null: nobody's
  std::string_view path;
  std::string sample;
  // As what it is to be recognised, for what the policy says of that.
  catalog::Service service = catalog::Service::any;
  catalog::Evidence evidence = catalog::Evidence::none;
  bool disguised = false;
  // What the policy may refuse as a whole, whoever it is.
  bool quic = false;
  bool proxy = false;
  bool no_web = false;  // on a port of the web, and neither HTTP nor TLS nor a messenger
  Talk talk;
};

// All paths of one application.
std::vector<Trial> trials_of(const catalog::Application& application,
                             const catalog::Catalogue& catalogue, const AuditOptions& options);
// What must pass: sites that everybody visits, names that applications share with others, plain
// connections to nobody's port.
std::vector<Trial> benign_trials(const catalog::Catalogue& catalogue, const AuditOptions& options);
// A session that a Snort rule matches.
Trial signature_trial(const SignatureSession& session, const catalog::Catalogue& catalogue,
                      const AuditOptions& options);
// A hello whose name is hidden behind the public one of its keys.
Trial hidden_name_trial(std::string_view public_name, const AuditOptions& options);

}  // namespace chatgate::explain

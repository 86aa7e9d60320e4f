// What an allowed application needs beside what is its alone, and whether the policy lets that
// pass.
//
// An application seldom lives by its own names: it signs in where others do too, its pictures come
// from somebody else's servers, its calls go over ports that are nobody's. The catalogue says so
// (catalog::Need, names that are not exclusive). Each of these is played through the engine
// (explain/stage.h) as a client would go about it: the question to DNS, then the hello; the
// application's own first bytes, or STUN (RFC 8489), to a port.
//
// Called by `explain`, `audit` and whoever loads a policy, on one thread; takes memory. The
// snapshot is shared. docs/guide/explain.md shows the answers.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "engine/snapshot.h"

#include "explain/stage.h"

namespace chatgate::explain {

enum class RequirementKind : std::uint8_t { dns, shared_name, name, ports, application };
std::string_view to_string(RequirementKind kind);

struct Requirement {
  RequirementKind kind = RequirementKind::name;
  std::string what;         // a name, ports ("udp/3478 or tcp/443"), an application's identifier
  std::string reason;       // what does not work without it
  std::string shared_with;  // who else uses a name, as the catalogue says
  // False where the application does without (adverts, telemetry, links), or where the policy
  // does not let the service pass that needs it.
  bool required = true;
  bool passes = true;
  // Where it does not:
  std::string stopped;  // the packet: "question to DNS", "TLS hello", "tcp/5222"
  std::string rule;     // as in an explanation: a rule's name, "default", a control's key
  RuleId blocker;       // not valid where it is no rule
  std::string remedy;
  // Of a remedy that is a rule: what it allows ("server", "application"), and where it is put.
  std::string allow_key, where;

  bool missing() const { return required && !passes; }
  // "login.microsoftonline.com (signing in)".
  std::string text() const;
};

// Ends of a connection on the client's side.
struct Client {
  IpAddress v4 = *IpAddress::parse("10.1.1.5");
  IpAddress v6 = *IpAddress::parse("fd00::5");

  void use(const IpAddress& address) { (address.is_v4() ? v4 : v6) = address; }
};

class NeedsJudge {
 public:
  // `flows` for the talks that are played: about thirty an application.
  NeedsJudge(std::shared_ptr<const engine::Snapshot> snapshot, WorkerId worker,
             std::uint32_t flows);

  // Whether the policy lets the application as a whole pass, and by what.
  policy::Verdict verdict_of(const catalog::Application& application, const Client& client) const;
  std::vector<Requirement> needs_of(const catalog::Application& application, const Client& client);

 private:
  struct Attempt;
  bool lets_pass(const catalog::Application& application, catalog::Service service,
                 const Client& client) const;
  void judge(Requirement& requirement, const std::vector<Attempt>& attempts, const Client& client,
             ApplicationId of);
  std::vector<Attempt> attempts_at_name(const std::string& name) const;
  std::vector<Attempt> attempts_at_port(const catalog::Application& application,
                                        const catalog::Need& need, bool tcp, std::uint16_t port,
                                        const Client& client) const;
  std::vector<Attempt> attempts_at(const catalog::Application& other) const;
  void judge_ports(Requirement& requirement, const catalog::Application& application,
                   const catalog::Need& need, const Client& client);

  const std::shared_ptr<const engine::Snapshot> snapshot_;
  Stage stage_;
  std::uint16_t port_ = 0;  // of the client: each attempt has its own
};

// What makes all of these pass, which one rule or key stops.
std::string remedy_of(std::span<const Requirement> missing);

// Who else uses a name, or lives by the application that it belongs to: for whoever blocks it.
std::vector<std::string> users_of(const catalog::Catalogue& catalogue, std::string_view name,
                                  std::string_view application);

}  // namespace chatgate::explain

// IOS's zone-based firewall, and NBAR's classes that drop.
//
// A zone pair's policy goes through its classes until one matches: the first that drops, passes or
// inspects decides, and `class-default` drops. Classes of ordinary protocols become entries of
// `access`, classes of messengers rules, and the maps below them rules and checks. Import only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/import/access_list.h"
#include "policy/import/applications.h"
#include "policy/import/http_checks.h"
#include "policy/import/maps.h"

namespace chatgate::policy::import {

class ZoneFirewall {
 public:
  ZoneFirewall(Context& context, Maps& maps, AccessLists& lists, Patterns& patterns,
               HttpChecks& http)
      : context_(context), maps_(maps), lists_(lists), patterns_(patterns), http_(http) {}

  // `parameter-map type protocol-info NAME`. Blocks must outlive this.
  void define_servers(const Block& block) {
    servers_[block.head.words.back().text] = {&block, false};
  }
  // A zone pair's policy for connections that `opener` opens.
  void convert(const PolicyMap& policy, Opener opener);
  // `service-policy {input|output} P` of an interface: NBAR.
  void convert_nbar(const PolicyMap& policy);
  void finish();

 private:
  struct ServerList {
    const Block* block = nullptr;
    bool used = false;
  };
  // One `match protocol`.
  struct Protocol {
    const Command* command = nullptr;
    const KnownApplication* application = nullptr;
    const KnownService* service = nullptr;
    Texts servers;
  };
  struct Class {
    std::string name;
    std::vector<Protocol> protocols;  // any of
    std::vector<const Command*> lists;
    bool all = false;  // a list and a protocol must both match
  };
  struct Verdict {
    bool pass = false, drop = false, log = false;
    const Command* deeper = nullptr;  // `service-policy im P`
  };

  Verdict read_verdict(const Section& section);
  void convert_section(const PolicyMap& policy, const Section& section, Opener opener, bool closed);
  void read_class(const ClassMap& map, std::size_t depth, Class& into);
  void read_protocol(const Command& command, Class& into);
  Texts servers(const Command& command);
  void emit_lists(const Class& one, const Verdict& verdict, Opener opener);
  void emit_list(const Class& one, const Command& where, const Verdict& verdict, Opener opener);
  void emit_protocol(const Class& one, const Protocol& protocol, const Verdict& verdict,
                     Opener opener, bool closed, const Texts& from, const Texts& to);
  void enter_exception(const AccessListIn& list, const AccessEntryIn& entry);
  void emit_access(const std::string& name, const KnownService& service, const Verdict& verdict,
                   Opener opener, const Texts& from, const Texts& to);
  void convert_deeper(const Verdict& verdict, const Class& one);
  void deeper_http(const PolicyMap& map);
  void deeper_section(const PolicyMap& map, const Section& section, const Class& one);
  void last_deny(const PolicyMap& policy, Opener opener, bool log);
  void nbar_match(const std::string& name, const Command& match);

  Context& context_;
  Maps& maps_;
  AccessLists& lists_;
  Patterns& patterns_;
  HttpChecks& http_;
  std::map<std::string, ServerList> servers_;
};

}  // namespace chatgate::policy::import

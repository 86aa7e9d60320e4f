// IOS's `appfw policy-name`: which services of which messenger, by its servers, and checks of HTTP.
//
// A policy is in force where an `ip inspect name` takes it into a set and an interface has the set.
// Servers that are permitted make a messenger of every connection to them, on every port, and the
// services are judged in those; servers that are denied get no connection at all. Import only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/import/context.h"
#include "policy/import/http_checks.h"

namespace chatgate::policy::import {

class AppFirewall {
 public:
  AppFirewall(Context& context, HttpChecks& http) : context_(context), http_(http) {}

  // `appfw policy-name P`. Commands and blocks must outlive this.
  void define(const Block& block) { policies_[block.head.raw(2)] = {&block, false}; }
  // `ip inspect name N …`.
  void define_set(const Command& command) { sets_.push_back({&command, false}); }
  // `ip inspect N {in|out}` of an interface.
  void apply(const Command& command);
  // After all of them.
  void finish();

 private:
  struct Policy {
    const Block* block = nullptr;
    bool used = false;
  };
  struct SetLine {
    const Command* command;
    bool used;
  };
  // One messenger of a policy.
  struct Messenger {
    const Command* command = nullptr;
    std::string application;
    Texts permitted, denied;  // servers
    struct Service {
      const Command* command = nullptr;
      Action action = Action::allow;
      bool log = false;
    };
    Service text_chat, rest;
  };

  void convert(const std::string& name, const Command& where);
  void messenger_line(Messenger& messenger, const Command& command);
  void server_line(Messenger& messenger, const Command& command);
  void emit(const std::string& policy, const Messenger& messenger);
  void emit_services(const std::string& name, const Messenger& messenger);

  Context& context_;
  HttpChecks& http_;
  std::map<std::string, Policy> policies_;
  std::vector<SetLine> sets_;
};

}  // namespace chatgate::policy::import

#include "policy/import/appfw.h"

#include <algorithm>

#include "policy/import/addresses.h"
#include "policy/import/applications.h"
#include "policy/import/text.h"

namespace chatgate::policy::import {
namespace {

// What may be done in a session beside text chat, log-in and presence.
const Texts kOtherServices = {"file-transfer", "voice", "video",        "webcam",
                              "conference",    "games", "screen-share", "other"};

}  // namespace

void AppFirewall::apply(const Command& command) {
  bool found = false;
  for (SetLine& line : sets_) {
    const Command& each = *line.command;
    if (each.raw(3) != command.raw(2)) continue;
    found = true;
    if (line.used) continue;
    line.used = true;
    if (each.word(4) == "appfw") {
      convert(each.raw(5), each);
    } else if (is_one_of(each.word(5), {"java-list", "urlfilter"}) ||
               is_one_of(each.word(6), {"java-list", "urlfilter"})) {
      context_.not_converted(each, "filters of Java and of addresses have no counterpart");
    } else {
      // Inspection by itself refuses nothing.
      context_.harmless(each);
    }
  }
  if (found) {
    context_.converted(command);
  } else {
    context_.not_converted(command, "there is no inspection set \"" + command.raw(2) + "\"");
  }
}

void AppFirewall::convert(const std::string& name, const Command& where) {
  const auto at = policies_.find(name);
  if (at == policies_.end()) {
    return context_.not_converted(
        where, "there is no policy \"" + name + "\": on a router this enforces nothing");
  }
  context_.converted(where);
  if (at->second.used) return;
  at->second.used = true;
  const Block& block = *at->second.block;
  context_.converted(block.head);
  std::vector<Messenger> messengers;
  bool in_http = false;
  for (const Command& each : block.body) {
    if (each.word(0) == "application") {
      in_http = each.word(1) == "http";
      const KnownApplication* known =
          each.word(1) == "im" ? known_application(each.word(2)) : nullptr;
      if (!in_http && known == nullptr) {
        context_.not_converted(each, "this application is not known here");
        messengers.push_back({});
        continue;
      }
      context_.converted(each);
      if (!in_http) {
        messengers.push_back({});
        messengers.back().command = &each;
        messengers.back().application = known->application;
      }
    } else if (is_one_of(each.word(0), {"audit-trail", "timeout", "alert", "no"})) {
      context_.harmless(each);
    } else if (in_http) {
      http_.map_line(each);
    } else if (messengers.empty() || messengers.back().command == nullptr) {
      context_.not_converted(each, "it belongs to no application");
    } else {
      messenger_line(messengers.back(), each);
    }
  }
  http_.finish_map();
  // Servers that get no connection come before all else.
  for (const Messenger& each : messengers) {
    if (each.denied.empty()) continue;
    RuleOut rule;
    rule.name = name + ", " + std::string(each.command->rest(1)) + ": server deny";
    rule.server = each.denied;
    rule.action = Action::drop;
    context_.out.rule(std::move(rule));
  }
  for (const Messenger& each : messengers) {
    if (each.command != nullptr) emit(name, each);
  }
}

void AppFirewall::messenger_line(Messenger& messenger, const Command& command) {
  if (command.word(0) == "server") return server_line(messenger, command);
  if (command.word(0) != "service") {
    return context_.not_converted(command, "this line of a messenger is not known here");
  }
  Messenger::Service service;
  service.command = &command;
  bool said = false;
  for (std::size_t at = 2; at < command.words.size(); ++at) {
    const std::string_view word = command.word(at);
    said = said || is_one_of(word, {"allow", "reset", "alarm"});
    if (word == "reset") service.action = Action::reset;
    if (word == "alarm") service.log = true;
    if (!is_one_of(word, {"action", "allow", "reset", "alarm"})) {
      return context_.not_converted(command, "\"" + command.raw(at) + "\" is not known here");
    }
  }
  const bool text_chat = command.word(1) == "text-chat";
  if (!said || (!text_chat && command.word(1) != "default")) {
    return context_.not_converted(command, "neither text-chat nor default, or no action");
  }
  context_.converted(command);
  (text_chat ? messenger.text_chat : messenger.rest) = service;
}

void AppFirewall::server_line(Messenger& messenger, const Command& command) {
  const bool deny = command.word(1) == "deny";
  if (!deny && command.word(1) != "permit") {
    return context_.not_converted(command, "neither permit nor deny");
  }
  Texts& into = deny ? messenger.denied : messenger.permitted;
  const std::string_view how = command.word(2);
  if (how == "name" && is_host_name(command.word(3))) {
    into.push_back("=" + std::string(command.word(3)));
  } else if (is_one_of(how, {"ip-address", "ip-range"})) {
    const std::size_t at = command.word(3) == "range" ? 4 : 3;
    const auto first = IpAddress::parse(command.raw(at));
    const auto last = command.words.size() > at + 1 ? IpAddress::parse(command.raw(at + 1)) : first;
    if (!first || !last || first->is_v4() != last->is_v4() || *last < *first) {
      return context_.not_converted(
          command, "\"" + std::string(command.rest(3)) + "\" is no address or range");
    }
    for (std::string& prefix : Addresses::of(*first, *last).words()) into.push_back(prefix);
  } else {
    return context_.not_converted(command, "neither the name of a host nor ip-address");
  }
  context_.converted(command);
}

void AppFirewall::emit(const std::string& policy, const Messenger& messenger) {
  const std::string name = policy + ", " + std::string(messenger.command->rest(1));
  if (!messenger.permitted.empty() || !messenger.denied.empty()) {
    context_.warn(*messenger.command,
                  "every service on the servers' addresses is meant, as on the router: check that "
                  "nothing else shares them. Names are learned from DNS answers that pass");
  }
  const bool has_services =
      messenger.text_chat.command != nullptr || messenger.rest.command != nullptr;
  if (!has_services) {
    if (!messenger.permitted.empty()) {
      context_.warn(*messenger.command,
                    "servers are permitted, but no line says what their "
                    "services may do: nothing is refused");
    }
    return;
  }
  emit_services(name, messenger);
}

void AppFirewall::emit_services(const std::string& name, const Messenger& messenger) {
  const auto base = [&](const Messenger::Service& service, std::string_view what) {
    RuleOut rule;
    rule.name = name + ": service " + std::string(what);
    rule.action = service.action;
    rule.log = service.log;
    if (service.log && service.action == Action::allow) {
      rule.action = Action::alert;
      rule.log = false;
    }
    return rule;
  };
  const bool listed = !messenger.permitted.empty();
  if (messenger.text_chat.command != nullptr) {
    RuleOut rule = base(messenger.text_chat, "text-chat");
    rule.application = {messenger.application};
    rule.service = {"text-chat"};
    if (listed) rule.server = messenger.permitted;
    context_.out.rule(std::move(rule));
  }
  if (messenger.rest.command != nullptr) {
    RuleOut rule = base(messenger.rest, "default");
    if (listed) rule.server = messenger.permitted;
    // A session with one of the servers is this messenger's, whatever it says.
    if (!listed) rule.application = {messenger.application};
    context_.out.rule(std::move(rule));
  } else {
    context_.warn(*messenger.command, "no service default: what is not text chat passes");
  }
  if (!listed) return;
  // The native port is this messenger's too, beside the list of servers.
  if (messenger.text_chat.command != nullptr && !forwards(messenger.text_chat.action)) {
    RuleOut rule = base(messenger.text_chat, "text-chat, other servers");
    rule.application = {messenger.application};
    rule.service = {"text-chat"};
    context_.out.rule(std::move(rule));
  }
  if (messenger.rest.command != nullptr && !forwards(messenger.rest.action)) {
    RuleOut rule = base(messenger.rest, "default, other servers");
    rule.application = {messenger.application};
    rule.service = kOtherServices;
    context_.out.rule(std::move(rule));
    context_.warn(*messenger.rest.command,
                  "sessions with servers that are not listed are judged too, by what is said in "
                  "them: a router has the native port beside the list");
  }
}

void AppFirewall::finish() {
  for (const auto& [name, policy] : policies_) {
    if (!policy.used) {
      context_.not_converted(*policy.block,
                             "no inspection set of an interface takes this policy: "
                             "on a router it enforces nothing");
    }
  }
  for (const SetLine& line : sets_) {
    if (line.used) continue;
    if (line.command->word(4) == "appfw") {
      context_.not_converted(*line.command, "no interface has this inspection set");
    } else {
      context_.harmless(*line.command);
    }
  }
}

}  // namespace chatgate::policy::import

// What DNS answers taught, by server and by name.

#include <algorithm>

#include "base/printable.h"
#include "control/context.h"
#include "control/text.h"

#include "learn/learned_servers.h"

namespace chatgate::control {
namespace {

using learn::LearnedServer;
using Align = TextTable::Align;

constexpr std::uint32_t kUsualLimit = 100;

// One entry under the catalogue in force.
struct Row {
  LearnedServer server;
  catalog::NameMatch match;
  std::string application;  // its word, empty where the address is innocent
  std::string rules;        // names of those whose key `server` names it
};

struct Wanted {
  std::size_t limit = kUsualLimit;
  ApplicationId application;  // none: any
  bool innocent_too = false;
};

// The rules that a connection to this address meets by its learned name or its address.
std::string rules_naming(const LearnedServer& server, const policy::Policy& policy) {
  std::string names;
  if (!policy.asks_for_server()) return names;
  const bool own_name = !server.shared && server.name_is_whole();
  for (const policy::Rule& rule : policy.rules()) {
    if (rule.server.any()) continue;
    const bool named = (own_name && rule.server.has_name(server.name())) ||
                       rule.server.has_address(server.address);
    if (named) names += (names.empty() ? "" : ", ") + rule.name;
  }
  return names;
}

std::vector<Row> rows(Context& context, const Wanted& wanted) {
  std::vector<Row> list;
  const learn::LearnedServers* table = context.gateway.learned_servers();
  if (table == nullptr) return list;
  const auto snapshot = context.gateway.snapshot();
  const catalog::Catalogue& catalogue = *snapshot->catalogue;
  const auto classify = [&](std::string_view name) { return catalogue.match_name(name); };
  table->for_each(context.now(), [&](const LearnedServer& server) {
    Row row{server,
            learn::current_application(server, snapshot->generation, classify),
            {},
            rules_naming(server, *snapshot->policy)};
    // A name that others use too means no application; an address that others use too still does.
    const bool shared_name = !server.application.valid() && !row.match.exclusive;
    const catalog::Application* application =
        row.match.found() && !shared_name ? catalogue.find(row.match.application) : nullptr;
    if (application != nullptr) row.application = application->word;
    if (wanted.application.valid() &&
        (application == nullptr || application->id != wanted.application)) {
      return;
    }
    if (application != nullptr || !row.rules.empty() || wanted.innocent_too)
      list.push_back(std::move(row));
  });
  return list;
}

template <typename Before>
void keep_first(std::vector<Row>& list, std::size_t limit, Before before) {
  const std::size_t kept = std::min(limit, list.size());
  std::partial_sort(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(kept), list.end(),
                    before);
  list.resize(kept);
}

Wanted wanted_by(const Context& context, const Invocation& invocation) {
  Wanted wanted;
  wanted.limit = invocation.number("limit", kUsualLimit);
  if (invocation.has("application")) {
    const auto* application =
        context.gateway.snapshot()->catalogue->find(invocation.get("application"));
    if (application != nullptr) wanted.application = application->id;
  }
  return wanted;
}

std::string name_text(const LearnedServer& server) {
  if (server.name().empty()) return "-";
  return printable(server.name(), 64) + (server.name_is_whole() ? "" : "...");
}

std::uint32_t now_in_seconds(const Context& context) {
  return static_cast<std::uint32_t>(context.now().nanoseconds / 1'000'000'000);
}

std::uint32_t left(const Row& row, std::uint32_t now) {
  return row.server.expires > now ? row.server.expires - now : 0;
}

Json to_json(const Row& row, std::uint32_t now) {
  Json json = {{"address", row.server.address.to_string()},
               {"name", printable(row.server.name())},
               {"name_complete", row.server.name_is_whole()}};
  if (!row.application.empty()) {
    json["application"] = row.application;
    if (row.match.service != catalog::Service::any) {
      json["service"] = to_string(row.match.service);
    }
  }
  if (!row.rules.empty()) json["rules"] = row.rules;
  json["shared"] = row.server.shared;
  json["generation"] = row.server.generation;
  json["learned_seconds_ago"] = now > row.server.learned ? now - row.server.learned : 0;
  json["seconds_left"] = left(row, now);
  return json;
}

std::string heading(std::size_t all, std::size_t shown, std::string_view noun) {
  std::string text = count_of(all, noun);
  if (shown < all) text += ", the first " + std::to_string(shown) + " are shown";
  return text + "\n";
}

Reply with_state(Context& context, Reply reply) {
  const bool learning = context.gateway.learned_servers() != nullptr;
  reply.result["learning"] = learning;
  if (!learning) reply.text = "Servers are not learned from DNS answers here.\n";
  return reply;
}

}  // namespace

Reply show_servers(Context& context, const Invocation& invocation, const Caller&) {
  const Wanted wanted = wanted_by(context, invocation);
  const std::uint32_t now = now_in_seconds(context);
  std::vector<Row> list = rows(context, wanted);
  const std::size_t all = list.size();
  keep_first(list, wanted.limit, [](const Row& a, const Row& b) {
    return a.application != b.application ? a.application < b.application
                                          : a.server.address < b.server.address;
  });
  Reply reply;
  reply.result = {{"servers", Json::array()}, {"matching", all}};
  TextTable table({{"Application"},
                   {"Service"},
                   {"Server"},
                   {"Name"},
                   {"Rules"},
                   {"Others"},
                   {"Learned", Align::right},
                   {"Left", Align::right}});
  for (const Row& row : list) {
    reply.result["servers"].push_back(to_json(row, now));
    const bool any = row.match.service == catalog::Service::any;
    table.add({row.application.empty() ? "-" : row.application,
               any ? "-" : std::string(to_string(row.match.service)),
               row.server.address.to_string(), name_text(row.server),
               row.rules.empty() ? "-" : printable(row.rules, 48), row.server.shared ? "yes" : "no",
               duration(now > row.server.learned ? now - row.server.learned : 0),
               duration(left(row, now))});
  }
  reply.text = heading(all, list.size(), "server");
  if (!table.empty()) reply.text += table.render();
  return with_state(context, std::move(reply));
}

Reply show_dns_cache(Context& context, const Invocation& invocation, const Caller&) {
  Wanted wanted = wanted_by(context, invocation);
  wanted.innocent_too = true;
  const std::uint32_t now = now_in_seconds(context);
  std::vector<Row> list = rows(context, wanted);
  const std::size_t all = list.size();
  keep_first(list, wanted.limit, [](const Row& a, const Row& b) {
    const int order = a.server.name().compare(b.server.name());
    return order != 0 ? order < 0 : a.server.address < b.server.address;
  });
  Reply reply;
  reply.result = {{"names", Json::array()}, {"matching", all}};
  TextTable table({{"Name"}, {"Address"}, {"Application"}, {"Left", Align::right}});
  for (const Row& row : list) {
    reply.result["names"].push_back(to_json(row, now));
    table.add({name_text(row.server), row.server.address.to_string(),
               row.application.empty() ? "-" : row.application, duration(left(row, now))});
  }
  reply.text = heading(all, list.size(), "name");
  if (!table.empty()) reply.text += table.render();
  return with_state(context, std::move(reply));
}

Reply clear_dns_cache(Context& context, const Invocation&, const Caller& caller) {
  std::size_t forgotten = 0;
  if (learn::LearnedServers* table = context.gateway.learned_servers()) {
    table->for_each(context.now(), [&](const LearnedServer&) { ++forgotten; });
    table->forget_all();
  }
  context.policy.audit("dns cache cleared", caller);
  Reply reply;
  reply.result = {{"forgotten", forgotten}};
  reply.text = "Forgotten: " + count_of(forgotten, "name") + ".\n";
  return with_state(context, std::move(reply));
}

}  // namespace chatgate::control

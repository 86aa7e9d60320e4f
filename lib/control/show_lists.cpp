// Lists of names and addresses: what is in them, and how they are read anew.

#include "base/printable.h"
#include "control/context.h"
#include "control/text.h"

namespace chatgate::control {
namespace {

using lists::List;
using lists::ListFile;
using lists::Lists;

constexpr std::size_t kShownDigest = 12;  // characters in the table; --json has all

static_assert(lists::kMostLists == telemetry::kMaxLists);

Json list_json(const Lists::Entry& entry) {
  const List& list = *entry.list;
  Json files = Json::array();
  for (const ListFile& file : list.files) {
    files.push_back({{"file", file.path}, {"sha256", file.sha256}, {"bytes", file.bytes}});
  }
  return {{"list", entry.word},
          {"entries", list.entries()},
          {"names", list.names.size()},
          {"addresses", list.addresses.ranges().size()},
          {"bytes", list.memory()},
          {"lines",
           {{"taken", list.lines.taken},
            {"skipped", list.lines.skipped},
            {"refused", list.lines.refused}}},
          {"files", files},
          {"loaded", moment(list.loaded)}};
}

std::string files_of(const List& list) {
  std::string text;
  for (const ListFile& file : list.files) {
    text += (text.empty() ? "" : ", ") + printable(file.path, 4096);
  }
  return text;
}

std::string digest_of(const List& list) {
  std::string text;
  for (const ListFile& file : list.files) {
    text += (text.empty() ? "" : ", ") + file.sha256.substr(0, kShownDigest);
  }
  return text;
}

std::string outcome_text(const ListOutcome& outcome) {
  const std::string name = "List " + printable(outcome.name);
  const std::size_t count = outcome.list->entries();
  const std::string entries = std::to_string(count) + (count == 1 ? " entry\n" : " entries\n");
  if (!outcome.accepted) {
    return name + " could not be read, and keeps what it held at " + moment(outcome.list->loaded) +
           ": " + entries;
  }
  return name + (outcome.changed ? " is in force: " : " is unchanged: ") + entries;
}

}  // namespace

Json lists_json(const Lists& lists) {
  Json all = Json::array();
  for (const Lists::Entry& entry : lists.all()) all.push_back(list_json(entry));
  return all;
}

Reply show_lists(Context& context, const Invocation&, const Caller&) {
  const auto snapshot = context.gateway.snapshot();
  Reply reply;
  reply.result = {{"lists", Json::array()}, {"cleared", clearing_json(context)}};
  if (snapshot->lists == nullptr) {
    reply.text = "The policy has no lists.\n";
    return reply;
  }
  using Align = TextTable::Align;
  TextTable table({{"List"},
                   {"Entries", Align::right},
                   {"Skipped", Align::right},
                   {"Refused", Align::right},
                   {"Memory", Align::right},
                   {"Hits", Align::right},
                   {"State"},
                   {"Loaded"},
                   {"SHA-256"},
                   {"File"}});
  std::string failures;
  for (std::size_t i = 0; i < snapshot->lists->all().size(); ++i) {
    const Lists::Entry& entry = snapshot->lists->all()[i];
    const List& list = *entry.list;
    const std::uint64_t hits = context.counters.list_hits(ListId(static_cast<ListId::rep>(i)));
    const auto stale = context.policy.stale_lists().find(entry.word);
    const bool is_stale = stale != context.policy.stale_lists().end();
    Json json = list_json(entry);
    json["hits"] = hits;
    json["state"] = is_stale ? "stale" : "loaded";
    if (is_stale) {
      json["error"] = stale->second;
      failures += printable(entry.word) +
                  " could not be read anew: " + printable(stale->second, 4096) + "\n";
    }
    reply.result["lists"].push_back(std::move(json));
    table.add({printable(entry.word), std::to_string(list.entries()),
               std::to_string(list.lines.skipped), std::to_string(list.lines.refused),
               memory_size(list.memory()), std::to_string(hits), is_stale ? "stale" : "loaded",
               moment(list.loaded), digest_of(list), files_of(list)});
  }
  reply.text = table.render() + failures + clearing_line(context);
  return reply;
}

Reply list_reload(Context& context, const Invocation& invocation, const Caller& caller) {
  const ListsOutcome outcome = context.policy.reload_lists(invocation.get(""), caller);
  Reply reply;
  reply.result = {{"generation", outcome.generation},
                  {"lists", Json::array()},
                  {"errors", to_json(outcome.diagnostics, Severity::error)},
                  {"warnings", to_json(outcome.diagnostics, Severity::warning)}};
  reply.text = to_text(outcome.diagnostics);
  std::size_t failed = 0;
  for (const ListOutcome& list : outcome.lists) {
    reply.result["lists"].push_back({{"list", list.name},
                                     {"accepted", list.accepted},
                                     {"changed", list.changed},
                                     {"entries", list.list->entries()}});
    reply.text += outcome_text(list);
    failed += list.accepted ? 0 : 1;
  }
  if (outcome.lists.empty()) reply.text += "The policy has no lists.\n";
  if (outcome.self_test) reply.result["self_test"] = to_json(*outcome.self_test);
  if (outcome.self_test && !outcome.self_test->passed()) {
    reply.status = kFailed;
    reply.error = "what was in force is so again because the workers did not enforce what was read";
    reply.remedy = "nothing is wrong with the files; report what failed";
  } else if (failed != 0) {
    reply.status = kInvalid;
    reply.error = count_of(failed, "list") + " could not be read, what was in force stays";
    reply.remedy = "correct what is named and reload again";
  }
  return reply;
}

}  // namespace chatgate::control

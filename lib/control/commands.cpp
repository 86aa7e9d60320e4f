#include "control/commands.h"

#include <array>
#include <limits>

#include "control/context.h"
#include "control/text.h"

namespace chatgate::control {
namespace {

using Answer = Reply (*)(Context&, const Invocation&, const Caller&);

template <Answer answer>
void at_once(Context& context, const Invocation& invocation, const Caller& caller, Done done) {
  done(answer(context, invocation, caller));
}

constexpr std::uint32_t kMostFlows = 10000;
constexpr std::uint32_t kMostServers = 10000;

// A connection as ASA's packet-tracer has it.
const std::vector<Option> kTracedEnds = {
    {"source", ValueKind::address, "the client's address"},
    {"source-port", ValueKind::number, "the client's port", 1, 65535},
    {"destination", ValueKind::address, "the server's address"},
    {"destination-port", ValueKind::number, "the server's port", 1, 65535}};
const std::vector<Option> kTracedNames = {
    {"sni", ValueKind::text, "the client says this name in a TLS hello, or a QUIC one over udp"},
    {"host", ValueKind::text, "the client says this name in an HTTP request"},
    {"dns", ValueKind::text, "the client asks for this name"},
    {"application", ValueKind::application, "as if its own protocol were spoken"},
    {"service", ValueKind::text, "what is done in it"},
    {"vlan", ValueKind::number, "the tag of the frames", 1, 4094},
    {"mac", ValueKind::text, "the client's hardware address, or that of the router before it"},
    {"interface", ValueKind::number, "the pair of devices, from 0", 0, 7}};

// To add a command, add a row and its function.
std::span<const Command> table() {
  static const std::vector<Command> kTable = {
      {"show version", "version, uptime and what is loaded", Right::look, at_once<show_version>},
      {"show interfaces", "ports, their links and counters", Right::look, at_once<show_interfaces>},
      {"show workers", "the threads that move packets", Right::look, at_once<show_workers>},
      {"show counters",
       "all counters, of all workers together",
       Right::look,
       at_once<show_counters>,
       {{"workers", ValueKind::none, "a column for each worker"}}},
      {"show applications",
       "the catalogue, and what was seen of each application",
       Right::look,
       at_once<show_applications>,
       {{"seen", ValueKind::none, "only those that were seen"},
        {"", ValueKind::application, "all that is known of one"}}},
      {"show policy", "which policy is in force", Right::look, at_once<show_policy>},
      {"show service-policy", "its rules in order, with their hits", Right::look,
       at_once<show_service_policy>},
      {"show access-list", "who may talk to whom at all, with the hits of each line", Right::look,
       at_once<show_access_list>},
      {"show flows",
       "connections in the flow tables",
       Right::look,
       show_flows,
       {{"blocked", ValueKind::none, "only blocked ones"},
        {"application", ValueKind::application, "only those of one application"},
        {"limit", ValueKind::number, "at most this many, 100 if not given", 1, kMostFlows}}},
      {"show servers",
       "addresses that DNS answers gave for applications",
       Right::look,
       at_once<show_servers>,
       {{"application", ValueKind::application, "only those of one application"},
        {"limit", ValueKind::number, "at most this many, 100 if not given", 1, kMostServers}}},
      {"show dns-cache",
       "names and addresses of all DNS answers",
       Right::look,
       at_once<show_dns_cache>,
       {{"application", ValueKind::application, "only those of one application"},
        {"limit", ValueKind::number, "at most this many, 100 if not given", 1, kMostServers}}},
      {"show lists", "lists of names and addresses, and their hits", Right::look,
       at_once<show_lists>},
      {"show asp drop", "why frames were dropped, and how many", Right::look,
       at_once<show_asp_drop>},
      {"show trace", "what was traced", Right::look, at_once<show_trace>},
      {"show memory", "memory taken", Right::look, at_once<show_memory>},
      {"packet-tracer input inside tcp", "a TCP connection from inside", Right::look,
       at_once<packet_tracer_inside_tcp>, kTracedNames, kTracedEnds},
      {"packet-tracer input inside udp", "datagrams from inside", Right::look,
       at_once<packet_tracer_inside_udp>, kTracedNames, kTracedEnds},
      {"packet-tracer input outside tcp", "a TCP connection from outside", Right::look,
       at_once<packet_tracer_outside_tcp>, kTracedNames, kTracedEnds},
      {"packet-tracer input outside udp", "datagrams from outside", Right::look,
       at_once<packet_tracer_outside_udp>, kTracedNames, kTracedEnds},
      {"packet-tracer flow",
       "a connection of the flow tables",
       Right::look,
       explain_flow,
       {},
       {{"flow", ValueKind::flow_id, "flow_id of an event, or of show flows --json"}}},
      {"explain flow",
       "which rule decides a connection of the flow tables, and why",
       Right::look,
       explain_flow,
       {},
       {{"flow", ValueKind::flow_id, "flow_id of an event, or of show flows --json"}}},
      {"trace",
       "write down the way of the next packets",
       Right::change,
       start_trace,
       {{"match", ValueKind::none, "those that follow: may be left out"},
        {"tcp", ValueKind::none, "only tcp"},
        {"udp", ValueKind::none, "only udp"},
        {"host", ValueKind::address, "one end"},
        {"peer", ValueKind::address, "the other end"},
        {"port", ValueKind::number, "of either end", 1, 65535},
        {"flow", ValueKind::flow_id, "only of this connection"},
        {"stop", ValueKind::none, "end the trace"},
        {"", ValueKind::number, "this many", 1, TraceControl::kMostPackets}}},
      {"policy reload", "read the policy's file again and use it", Right::change,
       at_once<policy_reload>},
      {"policy rollback",
       "put the policy before the running one into force again",
       Right::change,
       at_once<policy_rollback>,
       {{"generation", ValueKind::number, "the one that this generation brought", 1,
         std::numeric_limits<std::uint32_t>::max()}}},
      {"policy diff",
       "say what a policy would change, in words",
       Right::look,
       at_once<policy_diff>,
       {{"", ValueKind::file, "a policy's path; the running policy's file if not given"}}},
      {"policy check",
       "say what is wrong with a policy, and use nothing of it",
       Right::look,
       at_once<policy_check>,
       {{"", ValueKind::file, "a policy's path; the running policy's file if not given"}}},
      {"list reload",
       "read the files of lists again and use what has changed",
       Right::change,
       at_once<list_reload>,
       {{"", ValueKind::list, "one list; all of them if not given"}}},
      {"mode enforce", "do what the policy says", Right::change, at_once<mode_enforce>},
      {"mode monitor", "only log what the policy says, forward everything", Right::change,
       at_once<mode_monitor>},
      {"clear counters", "count from zero again", Right::change, at_once<clear_counters>},
      {"clear dns-cache", "forget what DNS answers taught", Right::change,
       at_once<clear_dns_cache>},
  };
  return kTable;
}

constexpr std::array<WordHelp, 11> kGroups = {{{"show", "what the gateway is, has and does"},
                                               {"show asp", "the packet path"},
                                               {"policy", "the rules"},
                                               {"list", "lists that rules name"},
                                               {"packet-tracer", "which rule decides, and why"},
                                               {"packet-tracer input", "a connection as described"},
                                               {"packet-tracer input inside", "from inside"},
                                               {"packet-tracer input outside", "from outside"},
                                               {"explain", "which rule decides, and why"},
                                               {"mode", "enforce the rules, or only watch"},
                                               {"clear", "start counters again, or forget"}}};

Reply refusal(const Problem& problem) {
  return Reply::failure(kInvalid, problem.error, problem.remedy);
}

Json to_json(const std::vector<Candidate>& candidates) {
  Json list = Json::array();
  for (const Candidate& candidate : candidates) {
    list.push_back(
        {{"word", candidate.word}, {"help", candidate.help}, {"literal", candidate.literal}});
  }
  return list;
}

std::string_view trimmed(std::string_view line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  return line;
}

}  // namespace

std::span<const Command> every_command() {
  return table();
}

Commands::Commands(boost::asio::io_context& io, Gateway& gateway,
                   catalog::ApplicationRegistry& registry, CommandsConfig config) {
  if (!config.clock) config.clock = system_time;
  context_ = std::make_unique<Context>(io, gateway, registry, std::move(config));
  grammar_ = std::make_unique<Grammar>(
      table(), kGroups,
      [this] {
        std::vector<std::string_view> words;
        // The catalogue lives as long as the snapshot, which only this thread replaces.
        for (const auto& application : context_->gateway.snapshot()->catalogue->applications()) {
          words.push_back(application.word);
        }
        return words;
      },
      [this] {
        std::vector<std::string_view> words;
        const auto& lists = context_->gateway.snapshot()->policy->lists();
        for (const std::string& list : lists) words.push_back(list);
        return words;
      });
}

Commands::~Commands() = default;

void Commands::execute(std::string_view line, const Caller& caller, Done done) {
  line = trimmed(line);
  if (line.ends_with('?')) return done(help(line.substr(0, line.size() - 1)));
  const Parsed parsed = grammar_->parse(line);
  if (parsed.problem) return done(refusal(parsed.problem));
  const Command& command = *parsed.invocation.command;
  if (!may(caller.uid, command.right)) {
    return done(not_allowed("\"" + std::string(command.words) + "\"", *context_));
  }
  command.run(*context_, parsed.invocation, caller, std::move(done));
}

Reply Commands::complete(std::string_view line) const {
  const Completion completion = grammar_->complete(line);
  if (completion.problem) return refusal(completion.problem);
  Reply reply;
  reply.result = {{"from", completion.from}, {"candidates", to_json(completion.candidates)}};
  return reply;
}

ReloadOutcome Commands::reload(const Caller& caller) {
  return context_->policy.reload(caller);
}

void Commands::tell_last_good(const Diagnostics& errors, const Caller& caller) {
  const auto snapshot = context_->gateway.snapshot();
  context_->policy.audit("last good policy used", caller,
                         {{"policy", snapshot->policy_file},
                          {"sha256", snapshot->sha256},
                          {"generation", snapshot->generation},
                          {"errors", control::to_json(errors, Severity::error)}});
}

bool Commands::keep_time(const Caller& caller) {
  return context_->policy.keep_time(caller);
}

const CounterView& Commands::counters() const {
  return context_->counters;
}

bool Commands::may(uid_t uid, Right right) const {
  return context_->may(uid, right);
}

Reply Commands::help(std::string_view line) const {
  const Completion completion = grammar_->complete(line);
  if (completion.problem) return refusal(completion.problem);
  const std::string partial(line.substr(completion.from));
  if (completion.candidates.empty() && !(completion.complete && partial.empty())) {
    return Reply::failure(kInvalid, "no word begins with \"" + printable(partial, 64) + "\" here",
                          "put a blank before ? to list what can follow");
  }
  Reply reply;
  reply.result = {{"help", to_json(completion.candidates)}, {"complete", completion.complete}};
  TextTable list({{""}, {""}});
  for (const Candidate& candidate : completion.candidates) {
    list.add({candidate.word, candidate.help});
  }
  if (completion.complete && partial.empty()) list.add({"<cr>", ""});
  reply.text = list.render(2);
  return reply;
}

Reply not_allowed(std::string_view what, const Context& context) {
  const std::string owner =
      context.config.owner == 0 ? "root" : "root or uid " + std::to_string(context.config.owner);
  return Reply::failure(kFailed, std::string(what) + " is for " + owner + " only",
                        "run chatgatectl as " + owner);
}

}  // namespace chatgate::control

#include "control/commands.h"

#include <array>
#include <limits>

#include "base/printable.h"
#include "base/system_time.h"
#include "control/context.h"
#include "control/event_words.h"
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

// What is asked of events, and what of flows.
const std::vector<Option> kEvents = {
    {"type", ValueKind::word, "only events of this type", 0, 0, event_types()},
    {"application", ValueKind::application, "only those of one application"},
    {"blocked", ValueKind::none, "only what was kept from passing"}};
const std::vector<Option> kConnections = {
    {"address", ValueKind::address, "only those with this end"},
    {"port", ValueKind::number, "of either end", 1, 65535},
    {"application", ValueKind::application, "only those of one application"},
    {"flow", ValueKind::flow_id, "only this one"},
    {"blocked", ValueKind::none, "only blocked ones"}};
const std::vector<Option> kCaptured = {
    {"match", ValueKind::none, "those that follow: may be left out"},
    {"tcp", ValueKind::none, "only tcp"},
    {"udp", ValueKind::none, "only udp"},
    {"icmp", ValueKind::none, "only icmp"},
    {"host", ValueKind::address, "one end"},
    {"peer", ValueKind::address, "the other end"},
    {"port", ValueKind::number, "of either end", 1, 65535},
    {"flow", ValueKind::flow_id, "only of this connection"},
    {"application", ValueKind::application, "only what was recognised as this"},
    {"interface", ValueKind::word, "what comes or goes there", 0, 0, {"inside", "outside"}},
    {"blocked", ValueKind::none, "only of blocked connections, and dropped frames"},
    {"buffer", ValueKind::number, "bytes for each worker, 524288 if not given",
     CaptureControl::kLeastRoom, CaptureControl::kMostRoom},
    {"packet-length", ValueKind::number, "bytes of a frame that are kept, all if not given",
     CaptureControl::kLeastSnap, engine::CaptureRequest::kMostSnap},
    {"circular-buffer", ValueKind::none, "keep the last frames, not the first"},
    {"stop", ValueKind::none, "end it and keep what it holds"}};

std::vector<Option> with_limit(std::vector<Option> options, std::string_view help,
                               std::uint32_t most) {
  options.push_back({"limit", ValueKind::number, help, 1, most});
  return options;
}

// Commands that look at, keep or end single connections, frames and events.
void add_views(std::vector<Command>& table) {
  constexpr std::string_view kHundred = "at most this many, 100 if not given";
  constexpr auto kEventLines = static_cast<std::uint32_t>(telemetry::RecentEvents::kUsualLines);
  const std::vector<Option> name = {{"name", ValueKind::capture, "its name"}};
  const std::vector<Command> views = {
      {"show conn", "connections as an ASA prints them", Right::look, show_conn,
       with_limit(kConnections, kHundred, kMostFlows)},
      {"show talkers",
       "clients with the most traffic, or the most blocked connections",
       Right::look,
       show_talkers,
       {{"by",
         ValueKind::word,
         "what they are sorted by, bytes if not given",
         0,
         0,
         {"bytes", "packets", "flows", "blocked"}},
        {"limit", ValueKind::number, "at most this many, 20 if not given", 1, kMostFlows}}},
      {"show events", "the last events", Right::look, at_once<show_events>,
       with_limit(kEvents, kHundred, kEventLines)},
      {"show blocked",
       "the last decisions that kept something from passing",
       Right::look,
       at_once<show_blocked>,
       {{"application", ValueKind::application, "only those of one application"},
        {"limit", ValueKind::number, kHundred, 1, kEventLines}}},
      {"show running-config", "the policy in force, as it was loaded", Right::look,
       at_once<show_running_config>},
      {"show capture",
       "captures, or the frames of one",
       Right::look,
       show_capture,
       {{"", ValueKind::capture, "its frames, one a line"},
        {"limit", ValueKind::number, "at most so many of its last frames, 1000 if not given", 1,
         kMostFlows}}},
      {"monitor events", "events as they come, until Ctrl-C", Right::look, at_once<monitor_events>,
       kEvents},
      {"top", "rates, talkers and blocks in a live screen", Right::look, top},
      {"capture",
       "copy frames that match, with what became of them",
       Right::change,
       start_capture,
       kCaptured,
       {{"name", ValueKind::text, "a name for it"}}},
      {"copy capture",
       "write a capture's frames into a pcapng file",
       Right::change,
       copy_capture,
       {},
       {name[0], {"file", ValueKind::file, "the file, on the machine of chatgatectl"}}},
      {"no capture",
       "end a capture and forget its frames",
       Right::change,
       at_once<no_capture>,
       {},
       name},
      {"clear capture",
       "forget a capture's frames, and go on",
       Right::change,
       clear_capture,
       {},
       name},
      {"clear conn", "forget connections; their next packets open them anew", Right::change,
       clear_conn, kConnections}};
  table.insert(table.end(), views.begin(), views.end());
}

// To add a command, add a row and its function.
std::vector<Command> basic_table() {
  return {
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
      {"policy reload",
       "read the policy's file again and use it",
       Right::change,
       at_once<policy_reload>,
       {{"force", ValueKind::none, "also where its self-test fails"}}},
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
}

std::span<const Command> table() {
  static const std::vector<Command> kTable = [] {
    std::vector<Command> all = basic_table();
    add_views(all);
    return all;
  }();
  return kTable;
}

constexpr std::array<WordHelp, 14> kGroups = {{{"show", "what the gateway is, has and does"},
                                               {"show asp", "the packet path"},
                                               {"policy", "the rules"},
                                               {"list", "lists that rules name"},
                                               {"packet-tracer", "which rule decides, and why"},
                                               {"packet-tracer input", "a connection as described"},
                                               {"packet-tracer input inside", "from inside"},
                                               {"packet-tracer input outside", "from outside"},
                                               {"explain", "which rule decides, and why"},
                                               {"mode", "enforce the rules, or only watch"},
                                               {"monitor", "what happens, as it happens"},
                                               {"copy", "write into a file"},
                                               {"no", "end something"},
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
      },
      [this] { return context_->captures.names(); });
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

explain::SelfTest Commands::test_start(const Caller& caller) {
  return context_->policy.test_start(caller);
}

void Commands::tell_last_good(const Diagnostics& errors, const Caller& caller) {
  const auto snapshot = context_->gateway.snapshot();
  context_->policy.audit("last good policy used", caller,
                         {{"policy", snapshot->policy_file},
                          {"sha256", snapshot->sha256},
                          {"generation", snapshot->generation},
                          {"errors", control::to_json(errors, Severity::error)}});
}

void Commands::tell(std::string_view what, const Caller& caller) const {
  const auto running = context_->gateway.snapshot();
  context_->policy.audit(what, caller,
                         {{"version", CHATGATE_VERSION},
                          {"policy", running->policy_file},
                          {"sha256", running->sha256},
                          {"generation", running->generation},
                          {"rules", running->policy->rules().size()},
                          {"mode", policy::to_string(running->mode())}});
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
  if (completion.candidates.empty() && !completion.complete && partial.empty()) {
    return Reply::failure(kInvalid, "nothing can stand here now", "");
  }
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
  const CommandsConfig& config = context.config;
  const std::string name =
      config.owner_name.empty() ? "uid " + std::to_string(config.owner) : config.owner_name;
  const std::string owner = config.owner == 0 ? "root" : "root or " + name;
  return Reply::failure(kFailed, std::string(what) + " is for " + owner + " only",
                        "run chatgatectl as " + owner);
}

}  // namespace chatgate::control

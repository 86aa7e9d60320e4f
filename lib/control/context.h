// What the functions of the command table work on. Private to lib/control.
#pragma once

#include "control/capture_control.h"
#include "control/commands.h"
#include "control/counter_view.h"
#include "control/flow_collector.h"
#include "control/gateway.h"
#include "control/reload.h"
#include "control/reply.h"
#include "control/trace_control.h"

namespace chatgate::control {

struct Context {
  Context(boost::asio::io_context& io, Gateway& running, catalog::ApplicationRegistry& registry,
          CommandsConfig configured)
      : config(std::move(configured)),
        gateway(running),
        counters(running.counters(), running.snapshot()->generation),
        policy(running, registry, counters, config.source, config.load, config.host, config.audit,
               config.clock),
        flows(io, running.mailboxes(), config.flow_patience),
        trace(io, running.mailboxes(), config.flow_patience),
        captures(io, running.mailboxes(), config.flow_patience),
        executor(io),
        started(config.clock()) {}

  Time now() const { return config.clock(); }
  bool may(uid_t uid, Right right) const {
    return right == Right::look || uid == 0 || uid == config.owner;
  }

  const CommandsConfig config;
  Gateway& gateway;
  CounterView counters;
  PolicyControl policy;
  FlowCollector flows;
  TraceControl trace;
  CaptureControl captures;
  boost::asio::io_context& executor;
  const Time started;
};

// A file as the caller means it: relative to the caller's folder.
std::string absolute(std::string_view file, const Caller& caller);
// What is said to a caller who may not.
Reply not_allowed(std::string_view what, const Context& context);

// One function a command.
// show_system.cpp
Reply show_version(Context& context, const Invocation& invocation, const Caller& caller);
Reply show_interfaces(Context& context, const Invocation& invocation, const Caller& caller);
Reply show_workers(Context& context, const Invocation& invocation, const Caller& caller);
Reply show_memory(Context& context, const Invocation& invocation, const Caller& caller);
// show_counters.cpp
Reply show_counters(Context& context, const Invocation& invocation, const Caller& caller);
Reply show_applications(Context& context, const Invocation& invocation, const Caller& caller);
// All that the catalogue says of one application.
Reply show_application(const Context& context, const catalog::Application& application);
Reply show_asp_drop(Context& context, const Invocation& invocation, const Caller& caller);
// show_policy.cpp
Reply show_policy(Context& context, const Invocation& invocation, const Caller& caller);
Reply show_running_config(Context& context, const Invocation& invocation, const Caller& caller);
Reply show_service_policy(Context& context, const Invocation& invocation, const Caller& caller);
// The match keys of a rule, those absent that match everything.
Json match_json(const policy::Rule& rule, const policy::Policy& policy,
                const catalog::Catalogue& catalogue);
// "211 probes in 12 ms, all as the policy says".
std::string self_test_text(const explain::SelfTest& test);
// Addresses in the shortest form.
Json range_list(const policy::AddressSet& set);
// show_access.cpp
Reply show_access_list(Context& context, const Invocation& invocation, const Caller& caller);
// The names of a set of times, and what a rule or line asks of a connection's way.
Json time_names(const policy::Times& times, policy::TimeSet set);
Json path_json(const policy::PathCondition& path);
// show_flows.cpp
void show_flows(Context& context, const Invocation& invocation, const Caller& caller, Done done);
// What the options of a command say of flows, and of their application alone.
engine::FlowFilter flow_filter(const Context& context, const Invocation& invocation);
ApplicationId application_of(const Context& context, const Invocation& invocation);
// Asks the workers and answers with what `reply_for` makes of it, or with an error where none did.
using FlowReply = std::function<Reply(const Context&, const FlowCollector::Answer&)>;
void ask_flows(Context& context, const FlowCollector::Request& request, Done done,
               FlowReply reply_for);
// show_conn.cpp
void show_conn(Context& context, const Invocation& invocation, const Caller& caller, Done done);
void clear_conn(Context& context, const Invocation& invocation, const Caller& caller, Done done);
// show_talkers.cpp
void show_talkers(Context& context, const Invocation& invocation, const Caller& caller, Done done);
void top(Context& context, const Invocation& invocation, const Caller& caller, Done done);
// show_events.cpp
Reply show_events(Context& context, const Invocation& invocation, const Caller& caller);
Reply show_blocked(Context& context, const Invocation& invocation, const Caller& caller);
Reply monitor_events(Context& context, const Invocation& invocation, const Caller& caller);
// The last decisions that kept something from passing, newest first.
Json blocked_json(const Context& context, std::size_t most);
// show_capture.cpp
void start_capture(Context& context, const Invocation& invocation, const Caller& caller, Done done);
void show_capture(Context& context, const Invocation& invocation, const Caller& caller, Done done);
void copy_capture(Context& context, const Invocation& invocation, const Caller& caller, Done done);
Reply no_capture(Context& context, const Invocation& invocation, const Caller& caller);
void clear_capture(Context& context, const Invocation& invocation, const Caller& caller, Done done);
// show_servers.cpp
Reply show_servers(Context& context, const Invocation& invocation, const Caller& caller);
Reply show_dns_cache(Context& context, const Invocation& invocation, const Caller& caller);
Reply clear_dns_cache(Context& context, const Invocation& invocation, const Caller& caller);
// show_lists.cpp
Reply show_lists(Context& context, const Invocation& invocation, const Caller& caller);
Reply list_reload(Context& context, const Invocation& invocation, const Caller& caller);
// packet_tracer.cpp
Reply packet_tracer_inside_tcp(Context& context, const Invocation& invocation,
                               const Caller& caller);
Reply packet_tracer_inside_udp(Context& context, const Invocation& invocation,
                               const Caller& caller);
Reply packet_tracer_outside_tcp(Context& context, const Invocation& invocation,
                                const Caller& caller);
Reply packet_tracer_outside_udp(Context& context, const Invocation& invocation,
                                const Caller& caller);
void explain_flow(Context& context, const Invocation& invocation, const Caller& caller, Done done);
// show_trace.cpp
void start_trace(Context& context, const Invocation& invocation, const Caller& caller, Done done);
Reply show_trace(Context& context, const Invocation& invocation, const Caller& caller);
// change.cpp
Reply policy_reload(Context& context, const Invocation& invocation, const Caller& caller);
Reply policy_rollback(Context& context, const Invocation& invocation, const Caller& caller);
// policy_diff.cpp
Reply policy_diff(Context& context, const Invocation& invocation, const Caller& caller);
// change.cpp
Reply policy_check(Context& context, const Invocation& invocation, const Caller& caller);
Reply mode_enforce(Context& context, const Invocation& invocation, const Caller& caller);
Reply mode_monitor(Context& context, const Invocation& invocation, const Caller& caller);
Reply clear_counters(Context& context, const Invocation& invocation, const Caller& caller);

// "by command; the policy says enforce", or nothing.
std::string mode_note(const engine::Snapshot& snapshot);
// The line below counters that says since when they count.
std::string clearing_line(const Context& context);
// ... and the same for JSON.
Json clearing_json(const Context& context);

}  // namespace chatgate::control

// Inside of a Worker: tables, pools, and the steps of the packet's way. Not for other libraries.
//
// worker.cpp holds the way itself, tcp_path.cpp what an undecided TCP packet may do, http_path.cpp
// what the policy asks of HTTP, messenger_path.cpp what a messenger's message means, udp_path.cpp
// and dns_path.cpp the way of datagrams, access_path.cpp what the access list says,
// signature_path.cpp what Snort rules see and do, verdict.cpp what a verdict does, lifecycle.cpp
// how flows begin and end, trace.cpp and capture.cpp how chosen packets are watched.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "detect/http_view.h"
#include "detect/scanner.h"
#include "detect/scratch.h"
#include "enforce/dns_answer.h"
#include "engine/burst.h"
#include "engine/inspection.h"
#include "engine/judge.h"
#include "engine/opposite_store.h"
#include "engine/quic_ids.h"
#include "engine/trace.h"
#include "engine/worker.h"
#include "flow/flow_key.h"
#include "flow/flow_table.h"
#include "flow/name_store.h"
#include "net/decode.h"
#include "net/fragment_cache.h"
#include "proto/dns_response.h"
#include "proto/http.h"
#include "proto/http_checks.h"

#include "learn/learn_quota.h"
#include "learn/pending_questions.h"

namespace chatgate::engine {

// Stands in a flow's record for the rule where no rule decided: the connection was taken down for
// what it did, and no reload brings it back.
constexpr RuleId kTakenDown{0xfffe};

// One packet on its way: the frame, what decode said, where its flow is.
struct Packet {
  const net::PacketView* view = nullptr;
  net::Layers layers;
  // What answers are built from: the frame itself, or the fragment that completed a datagram.
  const net::PacketView* frame = nullptr;
  const net::Layers* frame_layers = nullptr;
  flow::FlowPacket key;
  std::uint64_t hash = 0;
  flow::FlowIndex flow;
  flow::Way way = flow::Way::to_server;
  std::uint16_t position = 0;  // in the burst
  // The number of its way's next byte before it came. Where several messages lie in it, what was
  // read of the first has not passed on when the second is refused.
  std::optional<std::uint32_t> awaited;

  bool tcp() const { return layers.protocol == net::kTcp; }
  Bytes payload() const { return layers.payload_of(*view); }
};

// What of a packet is asked first, for all of a burst before any goes on: a cache line each.
struct alignas(64) Glance {
  flow::FlowPacket key;
  bool plain = false;       // read at a glance: the packet is not decoded yet
  bool may_change = false;  // what its flow is, or what becomes of it
  bool has_key = false;
  std::uint64_t hash = 0;
};
static_assert(sizeof(Glance) == 64);

class Pipeline {
 public:
  Pipeline(const WorkerConfig& config, telemetry::WorkerCounters& counters,
           telemetry::EventRing* events);

  void process(std::span<const net::PacketView> burst, Time now, const Snapshot& snapshot,
               BurstResult& result);
  void tick(Time now, const Snapshot& snapshot);
  void shut_down(Time now, const Snapshot& snapshot);
  std::size_t memory() const;

  Mailbox mailbox;

 private:
  using Counter = telemetry::Counter;
  using Reason = telemetry::Reason;

  // worker.cpp: the way
  void set_time(Time now, const Snapshot& snapshot);
  std::uint64_t glance_over(std::span<const net::PacketView> burst);
  void glance_at(const net::PacketView& frame, std::size_t position);
  void read(const net::PacketView& frame, std::size_t position);
  void read_at_once(const net::PacketView& frame, std::size_t position);
  void read_plain(const net::PacketView& frame, std::size_t position);
  bool pass_decided(flow::FlowIndex known, const Glance& glance, const net::PacketView& frame);
  bool drop_blocked(flow::FlowIndex known, const Glance& glance, const net::PacketView& frame,
                    Disposition& disposition);
  void go_its_way(Packet& packet);
  void find_flow(Packet& packet);
  void meet_flow(Packet& packet);
  bool is_current(const flow::HotFlow& flow) const;
  bool is_forwarded(const flow::HotFlow& flow) const;
  static bool may_change(const Packet& packet);
  void undecided(Packet& packet);
  Reason admit_sums(const Packet& packet) const;
  void account(flow::FlowIndex index, flow::HotFlow& flow, flow::Way way, std::uint32_t bytes);

  // access_path.cpp
  policy::Circumstances circumstances_of(flow::FlowIndex flow) const;
  void note_client_mac(const Packet& packet);
  std::uint8_t mac_class(const net::PacketView& frame, bool sender) const;
  policy::AccessId access_line(flow::FlowIndex flow) const;
  void apply_access(Packet& packet);
  void deny_flow(flow::FlowIndex flow, policy::AccessId line, std::uint64_t packet_number);
  bool access_anew(Packet& packet);
  void follow_newest(const Packet& packet);
  bool access_on_other(Packet& packet);

  // udp_path.cpp
  void udp_payload(Packet& packet);
  void udp_message(Packet& packet);
  Inspected feed_datagram(const Packet& packet);
  void unreadable(Packet& packet);
  bool broken_quic(const Packet& packet) const;
  bool quic_by_word(Packet& packet);
  static bool may_begin(const Packet& packet);
  // By the first two bytes of a datagram's payload.
  static bool may_begin(std::uint16_t first_bytes) {
    return first_bytes >= 0xc000 || first_bytes == 0x16fe;
  }
  void look_again(Packet& packet);
  void keep_quic_ids(const Packet& packet);
  void close_quic(const Packet& packet);

  // dns_path.cpp
  bool is_dns(const Packet& packet) const;
  void datagram_by_itself(Packet& packet);
  void dns_datagram(Packet& packet);
  bool is_too_long(const Packet& packet);
  bool refuse_datagram(const Packet& packet, Reason reason, policy::Action action);
  bool breaks_dns(const Packet& packet);
  bool breaks_dns_stream(Packet& packet);
  void dns_question(Packet& packet);
  std::optional<enforce::DnsAnswer> canary_answer(const Packet& packet);
  void dns_response(Packet& packet);
  std::optional<Judgement> blocked_answer(const Packet& packet, Bytes message);
  bool strips_keys() const;
  void strip_keys(Packet& packet, Bytes message);
  bool dns_stream_question(Packet& packet);
  bool dns_stream_answer(Packet& packet, Inspected& outcome);
  void answer_and_end(Packet& packet, const enforce::DnsAnswer& answer, telemetry::Reason reason);
  bool replace_datagram(Packet& packet, Bytes payload, Reason reason);
  enforce::DnsAnswer configured_answer() const;
  bool answers(policy::Action action) const;
  void answer_dns(Packet& packet, const Judgement& judgement);
  void send_answer(Packet& packet, const enforce::DnsAnswer& answer);
  bool answer_dns_over_tcp(Packet& packet, const enforce::DnsAnswer& answer);
  bool learns() const {
    return config_.learned != nullptr && snapshot_->policy->controls().dns.learn_servers;
  }
  Ends ends(flow::FlowIndex flow);
  Ends ends_of_unreadable(flow::FlowIndex flow);

  // fragments.cpp
  void hold_fragment(Packet& packet);
  void judge_datagram(Packet& last, net::DatagramId datagram);
  void release_sent();
  void count_fragments(std::uint64_t in_burst);

  // tcp_path.cpp
  bool pick_up(Packet& packet);
  Reason admit_tcp(Packet& packet);
  bool follow_tcp(Packet& packet);
  bool follow_syn(Packet& packet);
  bool opens_anew(const Packet& packet, std::uint32_t taken);
  bool is_first(flow::FlowIndex flow) const;
  bool is_from_its_side(const Packet& packet) const;
  bool follow_syn_ack(Packet& packet);
  bool reopen(Packet& packet);
  std::uint32_t& reopening_sequence(flow::FlowIndex flow, flow::Way way);
  void restart_inspection(flow::FlowIndex flow);
  void tcp_payload(Packet& packet);
  bool begin_inspection(Packet& packet, std::uint32_t first);
  bool acquire_inspection(const Packet& packet);
  bool inspected(Packet& packet, Inspected& outcome);
  void nothing(Packet& packet);
  void broken(Packet& packet);
  bool message(Packet& packet, Inspected& outcome);
  bool refuse_message(Packet& packet);
  void watch(Packet& packet, const Judgement& judgement);
  bool remember(flow::FlowIndex flow, const Judgement& judgement, std::uint64_t packet_number);
  void stop_reading(flow::FlowIndex flow);
  flow::Stage forwarded_stage(flow::FlowIndex flow);
  bool keep_half_message(Packet& packet, const Judgement& judgement, Inspected& outcome);
  bool tunnel_is_read() const;
  void confirm(Packet& packet);
  void conflict(Packet& packet);
  void advance(flow::ColdFlow& cold, const Packet& packet);
  void follow_numbers(Inspection& inspection, const Packet& packet);
  void count_message(proto::AppProto protocol);

  // http_path.cpp
  const policy::HttpControls& http_controls() const { return snapshot_->policy->controls().http; }
  bool take_measure(Packet& packet, Reason reason, policy::Action action);
  void report_measure(const Packet& packet, Reason reason, policy::Action action);
  bool begins_flow(const Packet& packet) const;
  bool breaks_web_port(Packet& packet);
  bool breaks_http(Packet& packet);
  bool refuse_request(Packet& packet);
  bool refuse_arguments(Packet& packet, std::string_view target);
  bool refuse_fields(Packet& packet, std::string_view head);
  bool refuse_length(Packet& packet, std::uint64_t length);
  void expect_answer(const Packet& packet, std::string_view method,
                     const proto::http::Accepted& accepted);
  bool gives_up_answer(Packet& packet, Inspected outcome);
  bool answer_runs_ahead(Packet& packet, Reason refused);
  bool http_answer(Packet& packet, Inspected& outcome);
  bool refuse_answer_head(Packet& packet, bool& goes_on);
  bool refuse_answer_body(Packet& packet);

  // messenger_path.cpp
  void note_messenger(const Packet& packet);
  void expect_flows(const Judgement& judgement);
  bool reads_messages(const Judgement& judgement) const;
  bool ends_with_this(const Judgement& judgement) const;
  bool refuse_unknown(Packet& packet);
  bool service_is_news(flow::FlowIndex flow, catalog::Service service);

  // early_path.cpp
  void tell_of_address(const Packet& packet, const Judgement& judgement);
  bool is_told(flow::FlowIndex flow, const Judgement& judgement) const;
  bool read_so_far(Packet& packet);
  bool waits_for_peers(Packet& packet);
  void expect_call(flow::FlowIndex flow, const Judgement& judgement);

  // signature_path.cpp
  bool rules_on_packet(Packet& packet);
  void rules_on_other(Packet& packet);
  bool rules_on_payload(Packet& packet, Turn* turn, bool has_facts);
  Turn* turn_of(Packet& packet, bool& blocked);
  bool end_turn(Packet* packet, flow::FlowIndex flow, flow::Way way);
  void end_turns(flow::FlowIndex flow);
  bool rules_listen(flow::FlowIndex flow);
  void look_at_turn(flow::FlowIndex flow, flow::Way way, bool complete);
  void look_at_facts(const Packet& packet);
  void scan(const detect::Subject& subject, detect::LookState& look, detect::FlowMemory* memory);
  bool act_on_hits(Packet* packet, flow::FlowIndex flow);
  bool refuse_by_rule(Packet* packet, flow::FlowIndex flow, const Judgement& judgement,
                      bool by_policy);
  bool names_application(flow::FlowIndex flow, SignatureId signature, Judgement& judgement);
  static policy::Action action_of(const detect::Rule& rule);
  detect::Subject subject_of(flow::FlowIndex flow, flow::Way way) const;
  proto::AppProto protocol_of(flow::FlowIndex flow, flow::Way way) const;
  detect::FlowMemory* memory_of(flow::FlowIndex flow);
  RuleSession& session_of(flow::InspectionIndex inspection, flow::FlowIndex flow);

  // verdict.cpp
  void conclude(Packet& packet, const Judgement& judgement);
  bool record(flow::FlowIndex flow, const Judgement& judgement, std::uint64_t packet_number);
  void settle(flow::FlowIndex flow, const Judgement& judgement, std::uint64_t packet_number);
  bool judge_flow_anew(Packet& packet);
  void enforce_flow(Packet& packet, Reason reason = Reason::policy_reset);
  static Reason policy_reason(const policy::Verdict& verdict) {
    if (verdict.unclassified) return Reason::unclassified;
    return verdict.port_misuse ? Reason::port_misuse : Reason::policy_reset;
  }
  static bool tells_sender(const flow::HotFlow& flow, const flow::ColdFlow& cold);
  void answer_blocked(Packet& packet);
  void take_down(Packet& packet, Reason reason, policy::Action action = policy::Action::reset);
  void reset_receiver(const Packet& packet, std::uint32_t passed_on);
  void reset_sender(const Packet& packet, std::uint32_t passed_on);
  void refuse(const Packet& packet, Reason reason);
  void close_record(flow::FlowIndex flow);
  void drop(const Packet& packet, Reason reason);
  void count_verdict(const Judgement& judgement);
  bool blocks(policy::Action action) const {
    return !policy::forwards(action) && snapshot_->mode() == policy::Mode::enforce;
  }
  const policy::InspectionControls& controls() const {
    return snapshot_->policy->controls().inspection;
  }
  bool open_without(std::optional<policy::OnExhaustion> word) const {
    return word.value_or(config_.on_failure) == policy::OnExhaustion::open;
  }
  // What answers toward the packet's sender are built by, where the packet itself does not tell.
  void keep_opposite(const Packet& packet);
  std::optional<net::Opposite> opposite(const Packet& packet) const;
  // Room for a forged frame, null where the burst has used it up.
  ForgedFrame* next_forged(const Packet& packet, net::Side out);
  void commit_forged(std::size_t size);

  // lifecycle.cpp
  bool open_flow(Packet& packet);
  void renew_flow(Packet& packet);
  void end_flow(flow::FlowIndex flow, telemetry::FlowEnd end);
  void end_inspection(flow::FlowIndex flow);
  void judge_unread(flow::FlowIndex flow);
  bool give_up_stalest();
  void give_up(flow::FlowIndex flow, policy::Action action);
  void give_up_incomplete(flow::FlowIndex flow);
  void inspection_due(flow::FlowIndex flow);
  void expire(flow::FlowIndex flow);
  std::uint32_t timeout(const flow::HotFlow& hot, const flow::ColdFlow& cold) const;
  bool make_room();
  void answer_mail();
  bool is_asked_for(const FlowFilter& filter, flow::FlowIndex flow) const;
  void add_talker(TalkerTable& talkers, flow::FlowIndex flow) const;
  Time time_of(Tick tick) const;

  // capture.cpp; all but the first two only while there is a trace or a capture
  void look_for_requests();
  void look_for_captures();
  void begin_watch(Packet& packet);
  void end_watch(const Packet& packet);
  void watch_verdict(const Judgement& judgement);
  void capture(const Packet& packet);
  bool capture_forged(CaptureRequest& request, const CapturedFrame& cause,
                      const ForgedFrame& forged);
  bool is_captured(const CaptureFilter& filter, const CapturedFrame& frame,
                   const Packet& packet) const;
  CapturedFrame fate_of(const Packet& packet) const;

  // trace.cpp; the steps only where a packet is traced
  void look_for_trace();
  void begin_trace(Packet& packet);
  void end_trace(const Packet& packet);
  TraceEntry* trace_step(TraceStage stage);
  void trace_flow(const Packet& packet, bool fresh);
  void trace_admission(Reason reason);
  void trace_parse(Inspected outcome);
  void trace_verdict(const Judgement& judgement);
  void trace_access(policy::AccessId line);
  void trace_measure(Reason reason, policy::Action action);

  // events.cpp
  std::uint64_t flow_id(flow::FlowIndex flow) const;
  void evasion_event(flow::FlowIndex flow, const Packet* packet, Reason reason);
  void conduct_event(flow::FlowIndex flow, const Packet* packet, Reason reason,
                     policy::Action action);
  telemetry::Event* reserve_event();
  void fill_packet(telemetry::Event& event, const Packet& packet) const;
  telemetry::Event* begin_event(telemetry::EventType type, flow::FlowIndex flow);
  void alert_event(flow::FlowIndex flow, const Judgement& judgement, const Packet* packet);
  void signature_event(flow::FlowIndex flow, SignatureId signature, const Judgement& judgement,
                       const Packet* packet);
  void signature_event_without_flow(const Packet& packet, SignatureId signature,
                                    policy::Action action);
  telemetry::Event* begin_event_without_flow(const Packet& packet);
  void access_event(const Packet& packet, policy::AccessId line);
  void access_event_without_flow(const Packet& packet, policy::AccessId line, bool sender_opens);
  void protocol_event(const Packet& packet, const proto::Facts& facts);
  void flow_event(flow::FlowIndex flow, telemetry::FlowEnd end);
  std::uint32_t decided_generation(const flow::HotFlow& hot) const;
  ListId decided_list(const flow::HotFlow& hot, const flow::ColdFlow& cold) const;
  void fill_flow(telemetry::Event& event, flow::FlowIndex flow, telemetry::FlowEnd end) const;

  const WorkerConfig config_;
  telemetry::WorkerCounters& counters_;
  telemetry::EventRing* const events_;

  flow::FlowTable flows_;
  flow::NameStore names_;
  proto::Context context_;
  InspectionPool inspections_;
  detect::Scanner scanner_;
  detect::HttpView http_view_;
  detect::Scratch uri_;  // the target of the request that is judged
  OppositeStore opposites_;
  QuicIds quic_ids_;
  learn::PendingQuestions pending_;
  learn::LearnQuota quota_;
  proto::dns::DnsResponse response_;
  std::optional<learn::LearnedServer> learned_server_;  // of the flow whose ends were asked last
  proto::HostName hidden_name_;                         // of the answer that is being judged
  net::FragmentCache fragments_;
  net::FragmentCache::Counters fragments_counted_;
  std::vector<ReleasedFrame> released_;
  std::vector<net::DatagramId> sent_;  // released to io, to be freed when it has sent them
  Packet whole_;                       // the datagram being judged
  net::Layers whole_layers_;           // for answers to it

  // Traces and captures: whether anything is asked for, and what is known of the packet in hand.
  bool watching_ = false;
  std::size_t captured_ = 0;         // captures that are running
  const Packet* judged_ = nullptr;   // the packet, or the datagram whose last fragment it is
  std::size_t released_before_ = 0;  // that the burst had released before it
  bool verdict_seen_ = false;        // there was one while it was in hand: the two below
  catalog::Classification seen_im_;
  policy::Verdict seen_verdict_;

  // Traces: what is asked for, and what the packet in hand is written to, null where it is not.
  TraceRequest* trace_ = nullptr;
  TraceRequest* traced_ = nullptr;
  const Packet* tracing_ = nullptr;
  std::uint16_t forged_before_ = 0;
  std::uint64_t flows_before_ = 0;

  // Of the burst being processed.
  const Snapshot* snapshot_ = nullptr;
  BurstResult* result_ = nullptr;
  Time now_;
  Tick tick_;
  std::array<Glance, kMaxBurst> glances_;
  std::array<Packet, kMaxBurst> packets_;
  proto::Facts facts_;
  detect::Buffers buffers_;
  detect::Hits hits_;
  flow::NameStore::Buffer name_buffer_;
};

}  // namespace chatgate::engine

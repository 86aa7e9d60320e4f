// Why a packet was not simply forwarded, or why the engine gave something up.
//
// Declared once: name, help, and whether the packet was lost by it. `show asp drop`, events, traces
// and the documentation print from this table. Whoever drops a packet sets the reason first.
// To add one, add a row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace chatgate::telemetry {

// clang-format off
#define CHATGATE_REASONS(ROW)                                                                      \
  ROW(none, "none", "forwarded, nothing to say")                                                   \
  ROW(policy_drop, "policy-drop", "the policy drops this connection")                              \
  ROW(policy_reset, "policy-reset", "the policy resets this connection")                           \
  ROW(policy_answer, "policy-answer", "the question was answered by the gateway")                  \
  ROW(access_list, "access-list", "the access list denies this connection")                        \
  ROW(unclassified, "unclassified", "payload that nobody knows, on no known port")                 \
  ROW(signature, "signature", "a Snort rule drops or rejects this connection")                     \
  ROW(blocked_flow, "blocked-flow", "later packet of a connection that is blocked")                \
  ROW(header_chain, "header-chain", "more IPv6 extension headers than any endpoint needs")          \
  ROW(ip_checksum, "ip-checksum", "wrong IPv4 header checksum")                                    \
  ROW(transport_checksum, "transport-checksum", "wrong TCP or UDP checksum")                       \
  ROW(tcp_flags, "tcp-flags", "a combination of TCP flags that nobody sends")                      \
  ROW(tcp_options, "tcp-options", "a TCP option list that cannot be read")                         \
  ROW(tcp_authenticated, "tcp-authenticated", "a TCP-MD5 or TCP-AO option nobody agreed on")       \
  ROW(tcp_no_ack, "tcp-no-ack", "a segment without ACK after the handshake")                       \
  ROW(tcp_acknowledgment, "tcp-acknowledgment", "acknowledges bytes that were never sent")         \
  ROW(tcp_window, "tcp-window", "TCP bytes outside any window")                                    \
  ROW(tcp_timestamp, "tcp-timestamp", "a TCP timestamp older than the last one (PAWS)")            \
  ROW(tcp_syn, "tcp-syn", "another SYN within an open connection")                                 \
  ROW(tcp_midstream, "tcp-midstream", "a connection whose opening was not seen")                    \
  ROW(tcp_urgent, "tcp-urgent", "urgent bytes in a number or place that no client needs")          \
  ROW(overlap_conflict, "overlap-conflict", "TCP bytes that differ from those seen first")         \
  ROW(fragment_held, "fragment-held", "a fragment that waits for the rest of its datagram")        \
  ROW(fragment_malformed, "fragment-malformed", "a fragment that no datagram can have")            \
  ROW(fragment_overlap, "fragment-overlap", "fragments that contradict each other")                \
  ROW(fragment_refused, "fragment-refused", "a fragment of a datagram that was refused")           \
  ROW(fragment_duplicate, "fragment-duplicate", "a fragment that brings nothing new")              \
  ROW(fragment_timeout, "fragment-timeout", "the rest of the datagram never came")                 \
  ROW(fragment_room, "fragment-room", "no room to hold another fragment")                          \
  ROW(evasion, "evasion", "a connection that contradicted itself too often")                       \
  ROW(proxy_refused, "proxy-refused", "the policy refuses tunnels through proxies")                 \
  ROW(quic_refused, "quic-refused", "the policy refuses QUIC")                                     \
  ROW(ech_stripped, "ech-stripped", "a DNS answer, sent on without its keys for ECH")              \
  ROW(ech_refused, "ech-refused", "the policy refuses an encrypted ClientHello")                   \
  ROW(port_misuse, "port-misuse", "an application hides in HTTP or on a port of the web")           \
  ROW(not_http, "not-http", "what is spoken on port 80 is not HTTP")                               \
  ROW(not_tls, "not-tls", "what is spoken on port 443 is not TLS")                                 \
  ROW(http_violation, "http-violation", "an HTTP request that servers refuse")                     \
  ROW(http_method, "http-method", "a method that the policy does not allow")                       \
  ROW(http_uri_length, "http-uri-length", "the target of an HTTP request is too long")             \
  ROW(http_uri, "http-uri", "the policy refuses the target of an HTTP request")                    \
  ROW(http_arguments, "http-arguments", "the policy refuses the arguments of an HTTP request")       \
  ROW(http_header_count, "http-header-count", "an HTTP request with too many fields")              \
  ROW(http_header_line, "http-header-line", "a field of an HTTP request is too long")              \
  ROW(http_header, "http-header", "the policy refuses a field of an HTTP request")                 \
  ROW(http_transfer_encoding, "http-transfer-encoding", "a transfer coding that is not allowed")   \
  ROW(http_header_length, "http-header-length", "the fields of an HTTP request are too long")      \
  ROW(http_content_length, "http-content-length", "a body shorter or longer than allowed")         \
  ROW(http_content_type, "http-content-type", "a body that is not of the type it is said to be")   \
  ROW(http_not_accepted, "http-not-accepted", "a body of a type that the client does not accept")  \
  ROW(dns_header, "dns-header", "a DNS message that no name server would take")                    \
  ROW(dns_length, "dns-length", "a DNS message over UDP that is too long")                         \
  ROW(incomplete, "incomplete", "a message that never became whole, or became too long")           \
  ROW(flow_table_full, "flow-table-full", "no room for another flow")                              \
  ROW(inspection_exhausted, "inspection-exhausted", "no room to inspect another flow")             \
  ROW(transmit_full, "transmit-full", "the device took no more packets")                           \
  ROW(handover_full, "handover-full", "the worker that owns the flow took no more packets")        \
  ROW(forge_full, "forge-full", "more answers in one burst than the worker keeps room for")
// clang-format on

enum class Reason : std::uint8_t {
#define CHATGATE_REASON_ENUM(name, word, help) name,
  CHATGATE_REASONS(CHATGATE_REASON_ENUM)
#undef CHATGATE_REASON_ENUM
};

// Whether the reason stands for itself in an event, in the place of a rule's name: no rule decided,
// but what the connection did.
constexpr bool is_conduct(Reason reason) {
  return reason == Reason::evasion || reason == Reason::incomplete ||
         reason == Reason::tcp_urgent || reason == Reason::unclassified ||
         (reason >= Reason::port_misuse && reason <= Reason::dns_length);
}

struct ReasonInfo {
  std::string_view word;
  std::string_view help;
};

// All reasons, indexed by their value.
std::span<const ReasonInfo> reasons();
std::string_view to_string(Reason reason);

}  // namespace chatgate::telemetry

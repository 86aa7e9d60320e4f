// DNS: the questions of a query, over UDP and over TCP (RFC 1035 section 4, RFC 7766).
//
// Every question of a standard query (QR 0, opcode 0) gives one name, whatever its type and class.
// Responses and other operations are recognised and give none. EDNS (RFC 6891) and trailing bytes
// are fine. A label of more than 63 bytes, a name of more than 255, a pointer out of the message or
// in a circle, more than kMaxQuestions questions, or a question that is cut make the message
// `malformed`.
//
// A name is shown as its labels joined by dots; a dot or backslash inside a label is escaped by a
// backslash (RFC 1035 section 5.1), so that it cannot pass for the border of two labels.
//
// Called as every parser (proto/parser.h); `parse_dns_query` also by whoever answers a query. Bytes
// of the caller, no allocation, work bounded by kMaxQuestions names.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "proto/dns_wire.h"
#include "proto/parser.h"

namespace chatgate::proto::dns {

constexpr std::uint16_t kServerPort = 53;
constexpr std::uint16_t kMaxQuestions = 64;

// The longest message over TCP with its length.
constexpr std::uint32_t kByteLimit = 2 + 65535;

// A standard query, in what is needed to answer it and to know its answer.
struct DnsQuery {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  std::uint16_t question_count = 0;
  std::uint32_t questions_end = 0;  // bytes from the start of the message
  // No question points out of the question section: it may be copied into another message.
  bool self_contained = true;
  bool edns = false;
  bool dnssec_ok = false;        // RFC 3225
  std::uint16_t first_type = 0;  // QTYPE and QCLASS of the first question
  std::uint16_t first_class = 0;
  // Of all questions, letter case apart: an answer that repeats them has the same.
  std::uint64_t question_hash = 0;
};

// `message` is a DNS message without UDP header or TCP length. Nothing where it is not a standard
// query (a response, another operation, or malformed).
std::optional<DnsQuery> parse_dns_query(Bytes message);

// The same of the response to a standard query: the questions it repeats.
std::optional<DnsQuery> parse_dns_response_head(Bytes message);

// The same without looking for EDNS behind the questions.
std::optional<DnsQuery> parse_dns_response_questions(Bytes message);

// Whether the header can be a DNS message's.
bool may_be_message(Bytes payload);

// Whether a datagram on a port that is nobody's is a query, by its shape alone: a header as clients
// write it, one question of a known class, and nothing behind it but EDNS.
bool is_plain_query(Bytes payload);

// UDP: one message a datagram. `not_mine` where the header cannot be DNS. Whether a message asks or
// answers is read from itself, not from the direction.
ParseStatus parse(Bytes payload, Direction direction, Facts& facts);

// The same, and in the same go what is needed to know a query's answer: `query` as parse_dns_query
// has it, but EDNS is not looked for.
ParseStatus parse_with_query(Bytes payload, Facts& facts, std::optional<DnsQuery>& query);

// TCP: messages with a two-byte length before each. The probe trusts no port: it is certain only
// when the first message is a query whose first question could be read. `feed` takes one message at
// a time. One that is broken does not break those behind it, because servers refuse it and read on:
// it gives the names before the break, and `feed` is never `malformed`.
Probe probe(Bytes stream);
ParseStatus feed(ParserState& state, Bytes stream, Facts& facts);

// The same for a connection's answers. No names: what an answer says is read by dns_response.h.
Probe probe_answers(Bytes stream);
ParseStatus feed_answers(ParserState& state, Bytes stream, Facts& facts);

}  // namespace chatgate::proto::dns

#include "proto/dns.h"

#include <algorithm>

namespace chatgate::proto::dns {
namespace {

constexpr unsigned kMaxRecords = 64;  // looked through for OPT
constexpr std::size_t kLengthPrefix = 2;
constexpr std::size_t kMinMessage = kHeaderSize + 1 + 4;  // with one question, for the root
constexpr std::uint32_t kDnssecOk = 0x8000;  // in the TTL of OPT, RFC 6891 section 6.1.3

// All questions; adds their names to `facts` where there is one. Nothing where malformed.
std::optional<DnsQuery> read_questions(Bytes message, const Header& header, Facts* facts) {
  DnsQuery query{.id = header.id, .flags = header.flags, .question_count = header.questions};
  std::size_t at = kHeaderSize;
  std::size_t lowest_target = kHeaderSize;
  std::size_t reach = 0;
  NameHash hash;
  const unsigned count = std::min(header.questions, kMaxQuestions);
  for (unsigned i = 0; i < count; ++i) {
    NameText text;
    const NameEnd name = read_name(message, at, text);
    if (name.status != NameStatus::complete) return std::nullopt;
    at = name.end + 4;  // QTYPE, QCLASS
    if (at > message.size()) return std::nullopt;
    hash.add_name(text.view());
    hash.add_word(load_be32(message.data() + name.end));
    if (i == 0) {
      query.first_type = load_be16(message.data() + name.end);
      query.first_class = load_be16(message.data() + name.end + 2);
    }
    lowest_target = std::min(lowest_target, name.lowest_target);
    reach = std::max(reach, name.reach);
    if (facts != nullptr) facts->add_name(NameSource::dns_query, text.view());
  }
  if (count < header.questions) return std::nullopt;
  query.question_hash = hash.value();
  query.questions_end = static_cast<std::uint32_t>(at);
  query.self_contained = lowest_target >= kHeaderSize && reach <= at;
  return query;
}

// Looks for OPT behind the questions. What cannot be read ends the search: the question stands.
void read_edns(Bytes message, const Header& header, DnsQuery& query) {
  const unsigned records = std::min(header.records(), kMaxRecords);
  std::size_t at = query.questions_end;
  for (unsigned i = 0; i < records; ++i) {
    const std::optional<std::size_t> name_end = skip_name(message, at);
    if (!name_end) return;
    const std::optional<RecordHeader> record = read_record_header(message, *name_end);
    if (!record) return;
    if (record->type == type::kOpt) {
      query.edns = true;
      query.dnssec_ok = (record->ttl & kDnssecOk) != 0;
      return;
    }
    at = record->end();
  }
}

std::optional<DnsQuery> read_head(Bytes message, const Header& header) {
  std::optional<DnsQuery> query = read_questions(message, header, nullptr);
  if (query) read_edns(message, header, *query);
  return query;
}

bool is_query_class(std::uint16_t value) {  // IN, CH, HS, NONE, ANY
  return value == 1 || value == 3 || value == 4 || value == 254 || value == 255;
}

// Whether a header of which all bytes are there could begin a connection of queries.
bool plausible_first_header(const Header& header) {
  return header.is_standard_query() && (header.flags & flag::kResponseCode) == 0 &&
         header.questions >= 1 && header.questions <= kMaxQuestions && header.answers == 0 &&
         header.authorities <= 1 && header.additionals <= 16;
}

// The same of answers, which say little of themselves.
bool plausible_first_answer(const Header& header) {
  return header.is_standard_response() && header.questions >= 1 &&
         header.questions <= kMaxQuestions;
}

// A connection whose first message is `Answers` to a question, or one.
template <bool Answers>
Probe probe_stream(Bytes stream) {
  if (stream.size() < kLengthPrefix) return Probe::unsure;
  const std::size_t length = load_be16(stream.data());
  if (length < kMinMessage) return Probe::not_mine;
  const Bytes message =
      stream.subspan(kLengthPrefix, std::min(length, stream.size() - kLengthPrefix));
  if (message.size() >= 4) {
    const std::uint16_t flags = load_be16(message.data() + 2);
    const bool is_answer = (flags & flag::kResponse) != 0;
    if (is_answer != Answers || (flags & flag::kOpcode) != 0) return Probe::not_mine;
    if (!Answers && (flags & flag::kResponseCode) != 0) return Probe::not_mine;
  }
  if (message.size() < kHeaderSize) return Probe::unsure;
  const Header header(message);
  if (!(Answers ? plausible_first_answer(header) : plausible_first_header(header))) {
    return Probe::not_mine;
  }
  const Probe when_cut = message.size() < length ? Probe::unsure : Probe::not_mine;
  NameText text;
  const NameEnd name = read_name(message, kHeaderSize, text);
  if (name.status == NameStatus::cut) return when_cut;
  if (name.status == NameStatus::broken) return Probe::not_mine;
  if (name.end + 4 > message.size()) return when_cut;
  return is_query_class(load_be16(message.data() + name.end + 2)) ? Probe::certain
                                                                  : Probe::not_mine;
}

ParseStatus feed_whole(ParserState& state, Bytes stream, Facts& facts, bool reads_names) {
  if (stream.size() < kLengthPrefix) return ParseStatus::need_more;
  const std::size_t length = load_be16(stream.data());
  if (stream.size() - kLengthPrefix < length) return ParseStatus::need_more;
  std::optional<DnsQuery> query;
  if (reads_names) parse_with_query(stream.subspan(kLengthPrefix, length), facts, query);
  state.offset = static_cast<std::uint32_t>(kLengthPrefix + length);
  facts.protocol = AppProto::dns;
  facts.next = Next::message;
  return ParseStatus::done;
}

}  // namespace

std::optional<DnsQuery> parse_dns_query(Bytes message) {
  if (message.size() < kHeaderSize) return std::nullopt;
  const Header header(message);
  return header.is_standard_query() ? read_head(message, header) : std::nullopt;
}

std::optional<DnsQuery> parse_dns_response_head(Bytes message) {
  if (message.size() < kHeaderSize) return std::nullopt;
  const Header header(message);
  return header.is_standard_response() ? read_head(message, header) : std::nullopt;
}

std::optional<DnsQuery> parse_dns_response_questions(Bytes message) {
  if (message.size() < kHeaderSize) return std::nullopt;
  const Header header(message);
  return header.is_standard_response() ? read_questions(message, header, nullptr) : std::nullopt;
}

bool may_be_message(Bytes payload) {
  return payload.size() >= kHeaderSize && Header(payload).opcode_is_known();
}

bool is_plain_query(Bytes payload) {
  if (payload.size() < kMinMessage) return false;
  const Header header(payload);
  if (!plausible_first_header(header) || header.questions != 1) return false;
  NameText text;
  const NameEnd name = read_name(payload, kHeaderSize, text);
  if (name.status != NameStatus::complete || name.end + 4 > payload.size()) return false;
  if (!is_query_class(load_be16(payload.data() + name.end + 2))) return false;
  const std::size_t rest = payload.size() - name.end - 4;
  if (header.additionals == 0) return rest == 0;
  // OPT: the root's name, and its type.
  return rest >= 11 && payload[name.end + 4] == 0 &&
         load_be16(payload.data() + name.end + 5) == type::kOpt;
}

ParseStatus parse(Bytes payload, Direction, Facts& facts) {
  std::optional<DnsQuery> query;
  return parse_with_query(payload, facts, query);
}

ParseStatus parse_with_query(Bytes payload, Facts& facts, std::optional<DnsQuery>& query) {
  query.reset();
  if (payload.size() < kHeaderSize) return ParseStatus::not_mine;
  const Header header(payload);
  if (!header.opcode_is_known()) return ParseStatus::not_mine;
  facts.protocol = AppProto::dns;
  if (!header.is_standard_query()) return ParseStatus::done;
  query = read_questions(payload, header, &facts);
  return query ? ParseStatus::done : ParseStatus::malformed;
}

Probe probe(Bytes stream) {
  return probe_stream<false>(stream);
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  return feed_whole(state, stream, facts, true);
}

Probe probe_answers(Bytes stream) {
  return probe_stream<true>(stream);
}

ParseStatus feed_answers(ParserState& state, Bytes stream, Facts& facts) {
  return feed_whole(state, stream, facts, false);
}

}  // namespace chatgate::proto::dns

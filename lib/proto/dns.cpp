#include "proto/dns.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/cursor.h"

namespace chatgate::proto::dns {
namespace {

constexpr std::size_t kMaxName = 255;  // as encoded, RFC 1035 section 2.3.4
constexpr std::size_t kMaxLabel = 63;
constexpr unsigned kMaxPointers = 255;  // in one name; a circle meets this or kMaxName
constexpr unsigned kMaxRecords = 64;    // looked through for OPT
constexpr std::size_t kLengthPrefix = 2;
constexpr std::size_t kMinMessage = kHeaderSize + 1 + 4;  // with one question, for the root
constexpr std::uint32_t kDnssecOk = 0x8000;  // in the TTL of OPT, RFC 6891 section 6.1.3

// A name in text form; see the header for escapes.
class NameText {
 public:
  void add_label(std::string_view label) {
    if (size_ > 0) push('.');
    for (const char c : label) {
      if (c == '.' || c == '\\') push('\\');
      push(c);
    }
  }
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  void push(char c) { text_[size_++] = c; }

  std::array<char, 2 * kMaxName> text_;  // every byte escaped, and the dots
  std::size_t size_ = 0;
};

enum class NameStatus {
  complete,
  cut,  // runs over the end of the message
  broken,
};

struct NameEnd {
  NameStatus status;
  std::size_t end = 0;                             // behind the name, or its first pointer
  std::size_t lowest_target = std::size_t{0} - 1;  // of its pointers
  std::size_t reach = 0;                           // how far into the message it was read
};

// Reads the name at `at` (RFC 1035 section 4.1.4). Pointers may lead forwards: some servers follow
// those.
NameEnd read_name(Bytes message, std::size_t at, NameText& text) {
  NameEnd result{NameStatus::complete};
  std::size_t encoded = 0;
  unsigned pointers = 0;
  while (true) {
    if (at >= message.size()) return {NameStatus::cut};
    const std::uint8_t length = message[at];
    if ((length & 0xc0) == 0xc0) {
      if (at + 2 > message.size()) return {NameStatus::cut};
      if (++pointers > kMaxPointers) return {NameStatus::broken};
      result.reach = std::max(result.reach, at + 2);
      if (result.end == 0) result.end = at + 2;
      at = load_be16(message.data() + at) & 0x3fff;
      result.lowest_target = std::min(result.lowest_target, at);
      continue;
    }
    if (length > kMaxLabel) return {NameStatus::broken};
    encoded += 1u + length;
    if (encoded > kMaxName) return {NameStatus::broken};
    if (at + 1 + length > message.size()) return {NameStatus::cut};
    result.reach = std::max(result.reach, at + 1 + length);
    if (length == 0) {
      if (result.end == 0) result.end = at + 1;
      return result;
    }
    text.add_label(as_text(message.subspan(at + 1, length)));
    at += 1u + length;
  }
}

struct Header {
  std::uint16_t id;
  std::uint16_t flags;
  std::uint16_t questions;
  std::uint16_t answers;
  std::uint16_t authorities;
  std::uint16_t additionals;

  // `message` holds at least kHeaderSize bytes.
  explicit Header(Bytes message)
      : id(load_be16(message.data())),
        flags(load_be16(message.data() + 2)),
        questions(load_be16(message.data() + 4)),
        answers(load_be16(message.data() + 6)),
        authorities(load_be16(message.data() + 8)),
        additionals(load_be16(message.data() + 10)) {}

  bool is_response() const { return (flags & flag::kResponse) != 0; }
  unsigned opcode() const { return (flags & flag::kOpcode) >> 11; }
  bool is_standard_query() const { return !is_response() && opcode() == 0; }
  // Query, inverse query, status, notify, update, stateful operations: those assigned by now.
  bool opcode_is_known() const { return opcode() <= 6 && opcode() != 3; }
};

// All questions; adds their names to `facts` where there is one. Nothing where malformed.
std::optional<DnsQuery> read_questions(Bytes message, const Header& header, Facts* facts) {
  DnsQuery query{.id = header.id, .flags = header.flags, .question_count = header.questions};
  std::size_t at = kHeaderSize;
  std::size_t lowest_target = kHeaderSize;
  std::size_t reach = 0;
  const unsigned count = std::min(header.questions, kMaxQuestions);
  for (unsigned i = 0; i < count; ++i) {
    NameText text;
    const NameEnd name = read_name(message, at, text);
    if (name.status != NameStatus::complete) return std::nullopt;
    at = name.end + 4;  // QTYPE, QCLASS
    if (at > message.size()) return std::nullopt;
    lowest_target = std::min(lowest_target, name.lowest_target);
    reach = std::max(reach, name.reach);
    if (facts != nullptr) facts->add_name(NameSource::dns_query, text.view());
  }
  if (count < header.questions) return std::nullopt;
  query.questions_end = static_cast<std::uint32_t>(at);
  query.self_contained = lowest_target >= kHeaderSize && reach <= at;
  return query;
}

// Looks for OPT behind the questions. What cannot be read ends the search: the question stands.
void read_edns(Bytes message, const Header& header, DnsQuery& query) {
  const unsigned records = std::min<unsigned>(
      unsigned{header.answers} + header.authorities + header.additionals, kMaxRecords);
  std::size_t at = query.questions_end;
  for (unsigned i = 0; i < records; ++i) {
    NameText owner;
    const NameEnd name = read_name(message, at, owner);
    if (name.status != NameStatus::complete) return;
    Cursor record(message.subspan(name.end));
    const std::uint16_t type = record.be16();
    record.skip(2);  // CLASS; the sender's buffer size in OPT
    const std::uint32_t ttl = record.be32();
    record.sub16();  // RDATA
    if (!record.ok()) return;
    if (type == kTypeOpt) {
      query.edns = true;
      query.dnssec_ok = (ttl & kDnssecOk) != 0;
      return;
    }
    at = name.end + record.position();
  }
}

ParseStatus parse_message(Bytes message, Facts& facts) {
  if (message.size() < kHeaderSize) return ParseStatus::not_mine;
  const Header header(message);
  if (!header.opcode_is_known()) return ParseStatus::not_mine;
  facts.protocol = AppProto::dns;
  if (!header.is_standard_query()) return ParseStatus::done;
  return read_questions(message, header, &facts) ? ParseStatus::done : ParseStatus::malformed;
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

}  // namespace

std::optional<DnsQuery> parse_dns_query(Bytes message) {
  if (message.size() < kHeaderSize) return std::nullopt;
  const Header header(message);
  if (!header.is_standard_query()) return std::nullopt;
  std::optional<DnsQuery> query = read_questions(message, header, nullptr);
  if (query) read_edns(message, header, *query);
  return query;
}

ParseStatus parse(Bytes payload, Direction, Facts& facts) {
  return parse_message(payload, facts);
}

Probe probe(Bytes stream) {
  if (stream.size() < kLengthPrefix) return Probe::unsure;
  const std::size_t length = load_be16(stream.data());
  if (length < kMinMessage) return Probe::not_mine;
  const Bytes message =
      stream.subspan(kLengthPrefix, std::min(length, stream.size() - kLengthPrefix));
  if (message.size() >= 4 && (load_be16(message.data() + 2) &
                              (flag::kResponse | flag::kOpcode | flag::kResponseCode)) != 0) {
    return Probe::not_mine;
  }
  if (message.size() < kHeaderSize) return Probe::unsure;
  if (!plausible_first_header(Header(message))) return Probe::not_mine;

  const Probe when_cut = message.size() < length ? Probe::unsure : Probe::not_mine;
  NameText text;
  const NameEnd name = read_name(message, kHeaderSize, text);
  if (name.status == NameStatus::cut) return when_cut;
  if (name.status == NameStatus::broken) return Probe::not_mine;
  if (name.end + 4 > message.size()) return when_cut;
  return is_query_class(load_be16(message.data() + name.end + 2)) ? Probe::certain
                                                                  : Probe::not_mine;
}

ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) {
  if (stream.size() < kLengthPrefix) return ParseStatus::need_more;
  const std::size_t length = load_be16(stream.data());
  if (stream.size() - kLengthPrefix < length) return ParseStatus::need_more;
  parse_message(stream.subspan(kLengthPrefix, length), facts);
  state.offset = static_cast<std::uint32_t>(kLengthPrefix + length);
  facts.protocol = AppProto::dns;
  facts.next = Next::message;
  return ParseStatus::done;
}

}  // namespace chatgate::proto::dns

// One rule of Snort 2 or Suricata text, as a checked syntax tree.
//
// Made by lib/detect/parser.h, which refuses what it does not understand, so whoever reads a `Rule`
// may rely on what is said here: operands are in their bounds, variables are defined before they
// are used, every option stands for a buffer that exists. What a rule *means* is as in the Snort 2
// manual, chapter 3, and, for words that only Suricata has, as in Suricata's user guide, chapter
// "Rules"; where both know a word and differ, Snort 2 wins unless it says otherwise here.
//
// How a rule is evaluated, in this order:
//   1. `protocol`, `source`, `destination`, `direction` against the packet and its flow;
//   2. `flow`, then all of `conditions` (no order among them), `flowbits`, `flowints` and `xbits`
//      that test (see `tests()` of each);
//   3. `payload`, in its order, with a cursor (see below);
//   4. if all held: `flowbits`, `flowints` and `xbits` that set; then `detection_filter`,
//      `threshold`; then the alert, unless `noalert`, and the action.
//
// The cursor (Snort's doe_ptr): each buffer has its own, at the start of the buffer at first. After
// a content, pcre or byte_jump matched it stands behind the match, or where the jump led; after a
// byte_extract or byte_math behind the bytes that were read. byte_test, isdataat, size tests and
// everything negated do not move it. What is `relative` counts from it. Where a later option fails,
// an earlier content or pcre is tried at its next match, so the order of matches is a search.
//
// Everything is made when rules are loaded and immutable afterwards; the tree owns its text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "detect/range_set.h"
#include "proto/facts.h"

namespace chatgate::detect {

// ---- Small parts -------------------------------------------------------------------------------

// Where something stands in the file of its rule; both count from 1.
struct Spot {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

// A number that is written in the rule or, where `variable` is not negative, read at evaluation
// from the variable of that index in Rule::variables (filled by byte_extract or byte_math).
struct Operand {
  std::int64_t value = 0;
  std::int32_t variable = -1;

  bool is_variable() const { return variable >= 0; }
  bool operator==(const Operand&) const = default;
};

// What a number must be: in [first, last], or outside of it where `negated`. `<10` is [0, 9].
struct NumberRange {
  std::uint64_t first = 0;
  std::uint64_t last = UINT64_MAX;
  bool negated = false;

  bool matches(std::uint64_t number) const {
    return (number >= first && number <= last) != negated;
  }
  bool operator==(const NumberRange&) const = default;
};

// ---- Buffers -----------------------------------------------------------------------------------

// The bytes an option looks at. Names in EVE and Suricata's dotted form in buffers.cpp.
enum class Buffer : std::uint8_t {
  payload,  // UDP: the datagram; TCP: the reassembled stream of the way, or the packet's payload
  raw_payload,  // rawbytes: the same before any normalisation
  file_data,    // the body of a response, content codings removed; Suricata's http.response_body

  // HTTP/1.x and HTTP/2, request
  http_method,
  http_uri,      // percent-decoded, path normalised
  http_raw_uri,  // as sent
  http_request_line,
  http_protocol,  // "HTTP/1.1", of either way
  http_host,      // lower case, without port
  http_raw_host,
  http_user_agent,
  http_referer,
  http_accept,
  http_accept_encoding,
  http_accept_language,
  http_client_body,
  // HTTP, response
  http_response_line,
  http_stat_code,
  http_stat_msg,
  http_server,
  http_location,
  // HTTP, the way the rule looks at
  http_header,        // all header lines without cookies, normalised; "Name: value\r\n" each
  http_raw_header,    // as sent, the empty line at the end included
  http_header_names,  // "\r\nName\r\nName\r\n\r\n"
  http_cookie,        // the value of Cookie or Set-Cookie
  http_raw_cookie,
  http_connection,
  http_content_type,
  http_content_length,
  http_start,  // request or status line and header lines

  tls_sni,
  tls_cert_subject,  // as "CN=example.com, O=…", of the server's own certificate
  tls_cert_issuer,
  tls_cert_serial,       // "00:AB:…" upper case
  tls_cert_fingerprint,  // SHA-1, "ab:cd:…" lower case

  dns_query,  // the name of a question with dots, in the case it was sent in
};
inline constexpr std::size_t kBufferCount = static_cast<std::size_t>(Buffer::dns_query) + 1;

// What is done to a buffer before options look at it, in this order of writing.
enum class Transform : std::uint8_t {
  dotprefix,  // a "." in front, so that ".example.com" with endswith matches the name too
  to_lowercase,
  to_uppercase,
  strip_whitespace,     // all of isspace removed
  compress_whitespace,  // runs of isspace become one blank
  url_decode,           // %XX and "+"
};

// A buffer as an option sees it. Options with equal targets share a cursor.
struct Target {
  Buffer buffer = Buffer::payload;
  std::vector<Transform> transforms;

  bool operator==(const Target&) const = default;
};

// ---- Payload options ---------------------------------------------------------------------------

// The part of a content that the fast pattern is taken from.
struct PatternPart {
  std::uint16_t offset = 0;
  std::uint16_t length = 0;  // 0: all of it
  bool operator==(const PatternPart&) const = default;
};

// content, uricontent. At least one byte, at most kMaxContent.
struct Content {
  static constexpr std::size_t kMaxContent = 8192;

  Spot spot;
  Target target;
  std::string bytes;  // any octets
  bool negated = false;
  bool nocase = false;
  bool startswith = false;  // at the very start of the buffer
  bool endswith = false;    // at its very end

  // Absolute: the match begins at or after `offset` and ends within `depth` bytes after it. Never
  // together with distance or within.
  std::optional<Operand> offset;
  std::optional<Operand> depth;
  // Relative: the match begins `distance` (may be negative) or more bytes behind the cursor and
  // ends within `within` bytes of that point. Absent distance is 0 where within is given.
  std::optional<Operand> distance;
  std::optional<Operand> within;

  bool fast_pattern = false;       // the author's choice for the prefilter; never on a negated one
  bool fast_pattern_only = false;  // needs not be evaluated again after the prefilter hit
  PatternPart fast_pattern_part;

  bool relative() const { return distance.has_value() || within.has_value(); }
};

// pcre. The expression between the slashes, as it stands there; not compiled here.
struct Pcre {
  Spot spot;
  Target target;
  std::string expression;
  bool negated = false;
  bool relative = false;         // R
  bool caseless = false;         // i
  bool dot_all = false;          // s
  bool multi_line = false;       // m
  bool extended = false;         // x
  bool anchored = false;         // A
  bool dollar_end_only = false;  // E
  bool ungreedy = false;         // G
  bool override_limits = false;  // O
};

enum class Endian : std::uint8_t { big, little };

// How byte_* read a number.
struct NumberForm {
  // Binary: 1 to 8 (1, 2 or 4 in byte_jump and byte_test of Snort; 3, 5 … 8 as in Suricata).
  // As text: 1 to 23.
  Operand bytes;
  Endian endian = Endian::big;
  // 0: binary. 8, 10, 16: as text in that base (`string,oct|dec|hex`). The text is what strtoull
  // takes of the given bytes.
  std::uint8_t base = 0;
  // Applied to the number, the result shifted right by the mask's trailing zeros; 0: none.
  std::uint32_t bitmask = 0;

  bool operator==(const NumberForm&) const = default;
};

enum class Comparison : std::uint8_t {
  less,
  greater,
  equal,
  less_equal,
  greater_equal,
  bit_and,
  bit_xor
};

// byte_test: `number OP value`, for bit_and and bit_xor: the result is not zero. Out of bounds: no
// match, negated or not.
struct ByteTest {
  Spot spot;
  Target target;
  NumberForm form;
  bool negated = false;
  bool relative = false;
  Comparison comparison = Comparison::equal;
  Operand value;   // never negative
  Operand offset;  // may be negative where relative
};

enum class JumpFrom : std::uint8_t { here, beginning, end };

// byte_jump: the cursor goes to (behind the bytes that were read | the beginning | the end) +
// number * multiplier, rounded up to a multiple of four where `align`, + post_offset. Outside of
// the buffer: no match.
struct ByteJump {
  Spot spot;
  Target target;
  NumberForm form;
  bool relative = false;
  bool align = false;
  JumpFrom from = JumpFrom::here;
  std::uint32_t multiplier = 1;
  Operand offset;
  Operand post_offset;
};

// byte_extract: number * multiplier, rounded up to a multiple of `align` (1, 2 or 4), becomes the
// variable.
struct ByteExtract {
  Spot spot;
  Target target;
  NumberForm form;
  bool relative = false;
  std::uint32_t multiplier = 1;
  std::uint8_t align = 1;
  Operand offset;
  std::int32_t result = 0;  // index in Rule::variables
};

enum class Arithmetic : std::uint8_t { add, subtract, multiply, divide, shift_left, shift_right };

// byte_math: `number OP right` becomes the variable. Division by zero and what leaves 64 bits: no
// match.
struct ByteMath {
  Spot spot;
  Target target;
  NumberForm form;
  bool relative = false;
  Arithmetic operation = Arithmetic::add;
  Operand right;
  Operand offset;
  std::int32_t result = 0;
};

// isdataat: there is a byte at `offset` (from the start or the cursor), or there is none. Thus
// `isdataat:!1,relative` says that the last match ends the buffer (Snort: offset 1 is the first
// byte behind the cursor).
struct IsDataAt {
  Spot spot;
  Target target;
  Operand offset;
  bool negated = false;
  bool relative = false;
};

// bsize and urilen: how long the buffer is; for a buffer that is absent: no match.
struct BufferSize {
  Spot spot;
  Target target;
  NumberRange size;
};

// Nothing but that the buffer exists: a sticky buffer that no option follows.
struct BufferPresent {
  Spot spot;
  Target target;
};

using PayloadOption = std::variant<Content, Pcre, ByteTest, ByteJump, ByteExtract, ByteMath,
                                   IsDataAt, BufferSize, BufferPresent>;

// ---- Conditions on the packet ------------------------------------------------------------------

enum class NumberField : std::uint8_t {
  dsize,       // payload bytes of the packet; never matches a piece of reassembled stream
  ttl,         // or hop limit
  tos,         // or traffic class
  ip_id,       // IPv4 only
  fragoffset,  // in units of 8 bytes
  ip_proto,    // the protocol of the header behind IPv6 extensions
  tcp_seq,
  tcp_ack,
  tcp_window,
  icmp_type,
  icmp_code,
  icmp_id,
  icmp_seq,
};

struct NumberCondition {
  Spot spot;
  NumberField field = NumberField::dsize;
  NumberRange range;
};

enum class FlagMatch : std::uint8_t {
  exactly,  // S: the others, mask aside, are off
  all,      // +: these and any others
  any,      // *: at least one of these
  none,     // !: none of these
};

// flags: bits as in the TCP header (FIN 0x01 … CWR 0x80; Snort's 1 and 2, Suricata's C and E, are
// 0x80 and 0x40). `ignored` are not looked at (`flags:S,12`).
struct FlagCondition {
  Spot spot;
  FlagMatch match = FlagMatch::exactly;
  std::uint8_t bits = 0;
  std::uint8_t ignored = 0;
};

// fragbits: MF 1, DF 2, reserved 4.
struct FragCondition {
  Spot spot;
  FlagMatch match = FlagMatch::exactly;
  std::uint8_t bits = 0;
};

inline constexpr std::uint8_t kFragMore = 1;
inline constexpr std::uint8_t kFragDont = 2;
inline constexpr std::uint8_t kFragReserved = 4;

// ipopts: an IPv4 option with this type octet is there; `any`: at least one option.
struct IpOptionCondition {
  Spot spot;
  bool any = false;
  std::uint8_t type = 0;
};

// sameip: source and destination address are equal.
struct SameIpCondition {
  Spot spot;
};

// app-layer-protocol: what the flow was recognised as; one of these, or none.
struct AppLayerCondition {
  Spot spot;
  std::vector<proto::AppProto> any_of;
  bool negated = false;
};

enum class StreamSide : std::uint8_t { client, server, both, either };

// stream_size: how many bytes of stream that side has sent.
struct StreamSizeCondition {
  Spot spot;
  StreamSide side = StreamSide::both;
  NumberRange size;
};

using Condition = std::variant<NumberCondition, FlagCondition, FragCondition, IpOptionCondition,
                               SameIpCondition, AppLayerCondition, StreamSizeCondition>;

// ---- State of a flow ---------------------------------------------------------------------------

enum class FlowState : std::uint8_t { any, established, not_established };
enum class FlowWay : std::uint8_t { any, to_server, to_client };
enum class StreamPart : std::uint8_t {
  any,
  only_stream,  // reassembled stream only
  no_stream,    // packets only
};

// flow. Snort's `stateless` is FlowState::any, written out.
struct Flow {
  FlowState state = FlowState::any;
  FlowWay way = FlowWay::any;
  StreamPart part = StreamPart::any;
  bool only_fragments = false;  // only_frag: packets that came in fragments
  bool no_fragments = false;    // no_frag
  bool operator==(const Flow&) const = default;
};

enum class FlowbitOperation : std::uint8_t {
  set,
  set_exclusive,
  unset,
  toggle,
  is_set,
  is_not_set,
  reset
};

// flowbits (without noalert, which is Rule::noalert). Names for one operation: with `all` each of
// them must hold (`a&b`), otherwise one (`a|b`); set, unset, toggle do it to each. `group`: of
// set_exclusive (all others of the group become unset), of reset (those of the group, or every one
// where empty), of is_set with `whole_group` (any or all of its bits, no names given), and
// otherwise only what the bits are put into.
struct Flowbit {
  Spot spot;
  FlowbitOperation operation = FlowbitOperation::set;
  std::vector<std::string> names;
  bool all = true;
  bool whole_group = false;
  std::string group;

  bool tests() const {
    return operation == FlowbitOperation::is_set || operation == FlowbitOperation::is_not_set;
  }
};

enum class FlowintOperation : std::uint8_t {
  set,
  add,
  subtract,
  less,
  less_equal,
  equal,
  not_equal,
  greater_equal,
  greater,
  is_set,
  is_not_set
};

// flowint: a counter of 32 bits of the flow, by name; the right side is a number or another one.
// A test of a counter that was never set is false; adding to one makes it.
struct Flowint {
  Spot spot;
  std::string name;
  FlowintOperation operation = FlowintOperation::set;
  std::uint32_t value = 0;
  std::string other;  // not empty: instead of `value`

  bool tests() const { return operation >= FlowintOperation::less; }
};

enum class XbitOperation : std::uint8_t { set, unset, toggle, is_set, is_not_set };
enum class XbitTrack : std::uint8_t { source, destination, pair };

// xbits: a bit of an address or of a pair of addresses that outlives the flow, for `expire`
// seconds.
struct Xbit {
  Spot spot;
  XbitOperation operation = XbitOperation::set;
  std::string name;
  XbitTrack track = XbitTrack::source;
  std::uint32_t expire_seconds = 30;

  bool tests() const {
    return operation == XbitOperation::is_set || operation == XbitOperation::is_not_set;
  }
};

// ---- How often ---------------------------------------------------------------------------------

enum class RateTrack : std::uint8_t { by_source, by_destination, by_both, by_rule };
enum class ThresholdKind : std::uint8_t {
  limit,      // alert on the first `count` in an interval
  threshold,  // alert on every `count`th
  both,       // alert once an interval, after `count`
};

struct Threshold {
  ThresholdKind kind = ThresholdKind::limit;
  RateTrack track = RateTrack::by_source;
  std::uint32_t count = 1;
  std::uint32_t seconds = 1;
  bool operator==(const Threshold&) const = default;
};

// detection_filter: alerts and acts only from the match after `count` in `seconds` on.
struct DetectionFilter {
  RateTrack track = RateTrack::by_source;
  std::uint32_t count = 1;
  std::uint32_t seconds = 1;
  bool operator==(const DetectionFilter&) const = default;
};

enum class TagUnit : std::uint8_t { packets, seconds, bytes };

// tag: what to record after an alert.
struct Tag {
  bool host = false;                                     // of a host instead of the session
  bool destination = false;                              // of a host: the alert's destination
  std::vector<std::pair<std::uint32_t, TagUnit>> until;  // whichever comes first
};

// ---- The rule ----------------------------------------------------------------------------------

enum class RuleAction : std::uint8_t {
  alert,
  log,   // as alert, without the alert's event where the log has none of its own
  pass,  // what this matches is left alone by other rules
  drop,
  reject,  // drop, and end the connection towards both sides
};

// What a rule's first word after the action says. `ip` is all four transports.
struct RuleProtocol {
  bool tcp = false;
  bool udp = false;
  bool icmp = false;          // ICMP and ICMPv6
  bool other = false;         // any other IP protocol
  bool only_packets = false;  // tcp-pkt
  bool only_stream = false;   // tcp-stream
  // Not empty: the flow must have been recognised as one of these (`alert http`).
  std::vector<proto::AppProto> applications;

  bool operator==(const RuleProtocol&) const = default;
};

// One end of the header; neither pointer is null. Ports are of no meaning without TCP and UDP.
struct Endpoint {
  SharedAddresses addresses;
  SharedPorts ports;
};

struct Reference {
  std::string scheme;  // cve, url, bugtraq …
  std::string id;
};

struct Rule {
  // Place
  std::string file;
  Spot spot;  // of the action

  // Header
  RuleAction action = RuleAction::alert;
  RuleProtocol protocol;
  Endpoint source;
  Endpoint destination;
  bool both_ways = false;  // <>

  // What it is
  std::uint32_t gid = 1;
  std::uint32_t sid = 0;  // never 0
  std::uint32_t rev = 0;
  std::string msg;
  std::string classtype;       // empty: none
  std::string category;        // the classtype's description, for events; empty: none
  std::uint32_t priority = 3;  // as written, else the classtype's, else 3
  bool priority_given = false;
  std::vector<Reference> references;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::string chatgate_application;  // from metadata; empty: none
  std::string chatgate_service;

  // What it wants
  Flow flow;
  std::vector<Condition> conditions;
  std::vector<Flowbit> flowbits;
  std::vector<Flowint> flowints;
  std::vector<Xbit> xbits;
  std::vector<PayloadOption> payload;
  std::vector<std::string> variables;  // of byte_extract and byte_math, by index

  // How often, and what then
  std::optional<Threshold> threshold;
  std::optional<DetectionFilter> detection_filter;
  std::optional<Tag> tag;
  bool noalert = false;

  // A content that a prefilter can wait for: not negated. Without one (or a pcre that yields one)
  // the rule has to be evaluated for every packet its header fits.
  bool has_positive_content() const;
};

inline bool Rule::has_positive_content() const {
  for (const PayloadOption& option : payload) {
    const Content* content = std::get_if<Content>(&option);
    if (content != nullptr && !content->negated) return true;
  }
  return false;
}

}  // namespace chatgate::detect

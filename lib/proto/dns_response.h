// DNS answers: which names lead to which names and addresses (RFC 1035 section 4, RFC 2782, RFC
// 9460).
//
// `parse_dns_response` checks a whole message once and notes where its records are; what a record
// holds is read on demand by the functions below, which take the same message again. Only records
// that lead somewhere are kept: A, AAAA, CNAME, SRV, SVCB and HTTPS of class IN, of the answer and
// the additional section. A message of which any part of these sections is cut or broken, or whose
// names lead in a circle, is none.
//
// Names escape as proto/dns_wire.h says, and are compared without regard to letter case.
//
// Called by the engine on a worker's thread, for UDP datagrams and for single messages of a TCP
// stream without their length. No allocation; work bounded by kMaxRecords names. Multicast DNS (RFC
// 6762, port 5353) is not to be brought here: its answers have no question.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/address.h"
#include "base/bytes.h"
#include "proto/dns.h"
#include "proto/dns_wire.h"
#include "proto/facts.h"

namespace chatgate::proto::dns {

struct DnsRecord {
  RecordHeader header;
  std::uint32_t owner_at = 0;
  std::uint64_t owner_hash = 0;
};

struct DnsResponse {
  static constexpr std::size_t kMaxRecords = 64;  // that lead somewhere
  static constexpr unsigned kMaxSeen = 256;       // records of any type that are looked at

  DnsQuery head;  // id, flags and the questions repeated; EDNS is not looked for
  std::uint32_t record_count = 0;
  bool cut = false;  // there were more records than are kept or looked at
  std::array<DnsRecord, kMaxRecords> records;

  unsigned code() const { return head.flags & flag::kResponseCode; }
  bool truncated() const { return (head.flags & flag::kTruncated) != 0; }
  // In the order of the message.
  std::span<const DnsRecord> all() const { return {records.data(), record_count}; }
};

// Fills `response` from the response to a standard query. False where the message is something
// else, is broken, or repeats no question.
bool parse_dns_response(Bytes message, DnsResponse& response);

// The name at `at`, such as `owner_at`; empty for the root and for what cannot be read.
HostName name_at(Bytes message, std::size_t at);
std::uint64_t name_hash_at(Bytes message, std::size_t at);

// Of A and AAAA; nothing for others and for a length that is not theirs.
std::optional<IpAddress> address_of(Bytes message, const DnsRecord& record);

// Where the name stands that CNAME, SRV, SVCB and HTTPS lead to; the owner itself for a TargetName
// of "." in ServiceMode (RFC 9460 section 2.5.2). Nothing for other types, for "." elsewhere (there
// is no such service), and for a name that cannot be read.
std::optional<std::uint32_t> target_of(Bytes message, const DnsRecord& record);

// RFC 2782.
struct DnsService {
  std::uint16_t priority = 0, weight = 0, port = 0;
};
std::optional<DnsService> service_of(Bytes message, const DnsRecord& record);

// RFC 9460 section 2. Views borrow from the message.
struct DnsBinding {
  std::uint16_t priority = 0;  // 0: AliasMode
  std::uint16_t port = 0;      // 0: not given
  bool ech = false;
  Bytes alpn;      // ids with a byte of length before each
  Bytes ipv4hint;  // 4 bytes each
  Bytes ipv6hint;  // 16 bytes each

  // Whether `id`, such as "h3", is among the ALPN ids.
  bool speaks(std::string_view id) const;
};
// Of SVCB and HTTPS. Nothing for others and where keys are not in order or a value is malformed:
// clients refuse those records too (RFC 9460 section 2.2).
std::optional<DnsBinding> binding_of(Bytes message, const DnsRecord& record);

// SvcParamKeys, RFC 9460 section 14.3.2 and RFC 9848.
namespace svc_key {
constexpr std::uint16_t kMandatory = 0;
constexpr std::uint16_t kAlpn = 1;
constexpr std::uint16_t kNoDefaultAlpn = 2;
constexpr std::uint16_t kPort = 3;
constexpr std::uint16_t kIpv4Hint = 4;
constexpr std::uint16_t kEch = 5;
constexpr std::uint16_t kIpv6Hint = 6;
constexpr std::uint16_t kPrivateFirst = 65280;
constexpr std::uint16_t kPrivateLast = 65534;
}  // namespace svc_key

}  // namespace chatgate::proto::dns

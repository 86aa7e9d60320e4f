#include "proto/dns_response.h"

#include <algorithm>

#include "base/cursor.h"

namespace chatgate::proto::dns {
namespace {

constexpr std::size_t kServiceFields = 6;  // before the target of SRV
constexpr std::size_t kPriorityField = 2;  // before the TargetName of SVCB and HTTPS

bool leads_somewhere(const RecordHeader& record) {
  if (record.record_class != kClassInternet) return false;
  switch (record.type) {
    case type::kA:
    case type::kAaaa:
    case type::kCname:
    case type::kSrv:
    case type::kSvcb:
    case type::kHttps: return true;
    default: return false;
  }
}

bool is_binding(const RecordHeader& record) {
  return record.type == type::kSvcb || record.type == type::kHttps;
}

// The record's data up to its end: names inside must not run over it, though their pointers may
// lead back.
Bytes up_to_end(Bytes message, const RecordHeader& record) {
  return message.first(std::min<std::size_t>(message.size(), record.end()));
}

// Reads `count` records of one section from `at` on; keeps those that lead somewhere where `keep`
// is given. False where one is cut or broken.
bool read_section(Bytes message, unsigned count, bool keep, std::size_t& at, unsigned& seen,
                  DnsResponse& response) {
  for (unsigned i = 0; i < count; ++i) {
    if (seen++ == DnsResponse::kMaxSeen || response.cut) {
      response.cut = true;
      return true;
    }
    const std::optional<std::size_t> owner_end = skip_name(message, at);
    if (!owner_end) return false;
    const std::optional<RecordHeader> header = read_record_header(message, *owner_end);
    if (!header) return false;
    const std::size_t owner_at = at;
    at = header->end();
    if (!keep || !leads_somewhere(*header)) continue;
    if (response.record_count == DnsResponse::kMaxRecords) {
      response.cut = true;
      return true;
    }
    std::uint64_t hash = 0;
    const std::span<const DnsRecord> before = response.all();
    if (!before.empty() && same_pointer(message, before.back().owner_at, owner_at)) {
      hash = before.back().owner_hash;
    } else {
      NameText owner;
      if (read_name(message, owner_at, owner).status != NameStatus::complete) return false;
      hash = hash_of_name(owner.view());
    }
    response.records[response.record_count++] = {*header, static_cast<std::uint32_t>(owner_at),
                                                 hash};
  }
  return true;
}

// The value of one parameter, into `binding`; false where it is malformed.
bool read_parameter(std::uint16_t key, Cursor value, DnsBinding& binding) {
  const Bytes bytes = value.rest();
  switch (key) {
    case svc_key::kMandatory: return !bytes.empty() && bytes.size() % 2 == 0;
    case svc_key::kAlpn:
      binding.alpn = bytes;
      if (bytes.empty()) return false;
      while (value.ok() && !value.at_end()) {
        if (value.sub8().at_end()) return false;
      }
      return value.ok();
    case svc_key::kNoDefaultAlpn: return bytes.empty();
    case svc_key::kPort: binding.port = value.be16(); return value.ok() && value.at_end();
    case svc_key::kIpv4Hint:
      binding.ipv4hint = bytes;
      return !bytes.empty() && bytes.size() % 4 == 0;
    case svc_key::kEch: binding.ech = true; return true;
    case svc_key::kIpv6Hint:
      binding.ipv6hint = bytes;
      return !bytes.empty() && bytes.size() % 16 == 0;
    default: return true;
  }
}

}  // namespace

bool parse_dns_response(Bytes message, DnsResponse& response) {
  response.record_count = 0;
  response.cut = false;
  const std::optional<DnsQuery> head = parse_dns_response_questions(message);
  if (!head || head->question_count == 0) return false;
  response.head = *head;
  const Header header(message);
  std::size_t at = head->questions_end;
  unsigned seen = 0;
  return read_section(message, header.answers, true, at, seen, response) &&
         read_section(message, header.authorities, false, at, seen, response) &&
         read_section(message, header.additionals, true, at, seen, response);
}

HostName name_at(Bytes message, std::size_t at) {
  NameText text;
  if (read_name(message, at, text).status != NameStatus::complete) return HostName::normalised("");
  return HostName::normalised(text.view());
}

std::uint64_t name_hash_at(Bytes message, std::size_t at) {
  NameText text;
  read_name(message, at, text);
  return hash_of_name(text.view());
}

std::optional<IpAddress> address_of(Bytes message, const DnsRecord& record) {
  const RecordHeader& header = record.header;
  if (header.end() > message.size()) return std::nullopt;
  const std::uint8_t* data = message.data() + header.data_at;
  if (header.type == type::kA && header.data_size == 4) return IpAddress::from_v4(data);
  if (header.type == type::kAaaa && header.data_size == 16) return IpAddress::from_v6(data);
  return std::nullopt;
}

std::optional<std::uint32_t> target_of(Bytes message, const DnsRecord& record) {
  const RecordHeader& header = record.header;
  std::size_t skip = 0;
  if (header.type == type::kSrv) {
    skip = kServiceFields;
  } else if (is_binding(header)) {
    skip = kPriorityField;
  } else if (header.type != type::kCname) {
    return std::nullopt;
  }
  if (header.data_size <= skip || header.end() > message.size()) return std::nullopt;
  const std::size_t at = header.data_at + skip;
  const auto end = skip_name(up_to_end(message, header), at);
  NameText text;
  if (!end || read_name(message, at, text).status != NameStatus::complete) return std::nullopt;
  if (!text.view().empty()) return static_cast<std::uint32_t>(at);
  const bool of_the_owner = is_binding(header) && load_be16(message.data() + header.data_at) != 0;
  if (!of_the_owner) return std::nullopt;
  return record.owner_at;
}

std::optional<DnsService> service_of(Bytes message, const DnsRecord& record) {
  const RecordHeader& header = record.header;
  if (header.type != type::kSrv || !target_of(message, record)) return std::nullopt;
  const std::uint8_t* data = message.data() + header.data_at;
  return DnsService{load_be16(data), load_be16(data + 2), load_be16(data + 4)};
}

std::optional<DnsBinding> binding_of(Bytes message, const DnsRecord& record) {
  const RecordHeader& header = record.header;
  if (!is_binding(header) || header.end() > message.size() || header.data_size <= kPriorityField) {
    return std::nullopt;
  }
  const Bytes bounded = up_to_end(message, header);
  const auto name_end = skip_name(bounded, header.data_at + kPriorityField);
  if (!name_end) return std::nullopt;
  DnsBinding binding;
  binding.priority = load_be16(message.data() + header.data_at);
  Cursor parameters(bounded.subspan(*name_end));
  int last_key = -1;
  while (parameters.ok() && !parameters.at_end()) {
    const std::uint16_t key = parameters.be16();
    const Cursor value = parameters.sub16();
    if (!parameters.ok() || key <= last_key || !read_parameter(key, value, binding)) {
      return std::nullopt;
    }
    last_key = key;
  }
  if (!parameters.ok()) return std::nullopt;
  return binding;
}

bool DnsBinding::speaks(std::string_view id) const {
  Cursor ids(alpn);
  while (ids.ok() && !ids.at_end()) {
    if (as_text(ids.sub8().rest()) == id) return true;
  }
  return false;
}

}  // namespace chatgate::proto::dns

// Builds DNS messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chatgate::proto::test {

inline std::string dns_be16(std::size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

struct DnsHeader {
  std::uint16_t id = 0x1234;
  std::uint16_t flags = 0x0100;
  std::uint16_t questions = 1;
  std::uint16_t answers = 0;
  std::uint16_t authorities = 0;
  std::uint16_t additionals = 0;
};

inline std::string dns_header(const DnsHeader& header = {}) {
  return dns_be16(header.id) + dns_be16(header.flags) + dns_be16(header.questions) +
         dns_be16(header.answers) + dns_be16(header.authorities) + dns_be16(header.additionals);
}

// "a.b" as labels with the root behind them.
inline std::string dns_name(std::string_view text) {
  std::string encoded;
  while (!text.empty()) {
    const std::string_view label = text.substr(0, text.find('.'));
    encoded += static_cast<char>(label.size());
    encoded += label;
    text.remove_prefix(label.size() + (label.size() < text.size() ? 1 : 0));
  }
  return encoded + '\0';
}

// `encoded` is a name as it is on the wire.
inline std::string dns_question(std::string_view encoded, std::uint16_t type = 1,
                                std::uint16_t dns_class = 1) {
  return std::string(encoded) + dns_be16(type) + dns_be16(dns_class);
}

inline std::string dns_query(std::string_view name, const DnsHeader& header = {}) {
  return dns_header(header) + dns_question(dns_name(name));
}

inline std::string dns_be32(std::uint32_t value) {
  return dns_be16(value >> 16) + dns_be16(value & 0xffff);
}

// `owner` is encoded; "\xc0\x0c" is the first question's name.
inline std::string dns_record(std::string_view owner, std::uint16_t type, std::string_view data,
                              std::uint32_t ttl = 300, std::uint16_t dns_class = 1) {
  return dns_question(owner, type, dns_class) + dns_be32(ttl) + dns_be16(data.size()) +
         std::string(data);
}

// The data of an SVCB or HTTPS record; `target` is encoded, `parameters` from svc_param.
inline std::string svc_data(std::uint16_t priority, std::string_view target,
                            std::string_view parameters) {
  return dns_be16(priority) + std::string(target) + std::string(parameters);
}

inline std::string svc_param(std::uint16_t key, std::string_view value) {
  return dns_be16(key) + dns_be16(value.size()) + std::string(value);
}

// OPT with a buffer size of 4096 and a cookie.
inline std::string dns_opt(bool dnssec_ok) {
  std::string record(
      "\0\0\x29\x10\0\0\0\0\0\0\x0c\0\x0a\0\x08"
      "cookie!!",
      23);
  if (dnssec_ok) record[7] = '\x80';
  return record;
}

inline std::string over_tcp(std::string_view message) {
  return dns_be16(message.size()) + std::string(message);
}

}  // namespace chatgate::proto::test

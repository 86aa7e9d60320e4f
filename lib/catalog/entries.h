// Names, ports and addresses as people write them, for the files of the catalogue and the policy.
//
// Each reader takes a string value that `Reporter::string` accepted, and answers nothing after it
// reported what is wrong with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "catalog/catalogue.h"

#include "config/json_document.h"

namespace chatgate::catalog {

// An identifier: lower-case letters, digits and single hyphens between them, at most 40.
bool is_identifier(std::string_view word);

// A host name in the form that names are compared in (proto::HostName): lower case, no trailing
// dot. Refused are patterns, URLs, addresses, ports, names of one label and names that are not
// ASCII.
std::optional<std::string> read_name(config::Reporter& reporter, const config::JsonValue& value);

// "5222" or "5222-5223", given as `text`, a part of `value`.
struct PortSpan {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
};
std::optional<PortSpan> read_ports(config::Reporter& reporter, const config::JsonValue& value,
                                   std::string_view text);

// "tcp/5223" or "udp/4000-4010", with the transport before the slash.
std::optional<PortRange> read_transport_ports(config::Reporter& reporter,
                                              const config::JsonValue& value);

// The first label of host names, in the form of names.
std::optional<std::string> read_label(config::Reporter& reporter, const config::JsonValue& value);

// An address or prefix; bits behind the prefix length must be zero.
std::optional<Prefix> read_prefix(config::Reporter& reporter, const config::JsonValue& value);

// A prefix of servers: as above, and not so wide that it cannot belong to one application.
std::optional<Prefix> read_server_prefix(config::Reporter& reporter,
                                         const config::JsonValue& value);

std::optional<Category> read_category(config::Reporter& reporter, const config::JsonValue& value);

}  // namespace chatgate::catalog

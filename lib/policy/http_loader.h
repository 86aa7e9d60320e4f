// The policy's key `http`, from JSON.
//
// Called by policy/controls_loader.h. Whatever is wrong is reported with its place, and the check
// is left out. Not for the packet path; no state.
#pragma once

#include <span>
#include <string_view>

#include "policy/controls.h"

#include "config/json_document.h"

namespace chatgate::policy {

inline constexpr std::string_view kHttpKeys[] = {
    "port_misuse",      "protocol_violation",        "max_uri_length",         "max_header_length",
    "content_length",   "content_type_verification", "request_methods",        "uri",
    "arguments",        "max_header_count",          "max_header_line_length", "headers",
    "transfer_encoding"};
inline constexpr std::string_view kPortMisuseKeys[] = {"im", "p2p", "tunneling", "default"};
inline constexpr std::string_view kHttpLimitKeys[] = {"bytes", "action"};
inline constexpr std::string_view kCountKeys[] = {"count", "action"};
inline constexpr std::string_view kHeaderKeys[] = {"name", "name_pattern", "pattern", "action"};
inline constexpr std::string_view kContentLengthKeys[] = {"min", "max", "action"};
inline constexpr std::string_view kMethodKeys[] = {"allow", "action"};
inline constexpr std::string_view kUriKeys[] = {"pattern", "action"};

void load_http(config::Reporter& reporter, config::ObjectReader& object, Controls& controls);

}  // namespace chatgate::policy

// What parsers established about a flow: protocol, names, and little else.
//
// A `Facts` is filled by one parser call and read at once by the engine, which keeps what it needs.
// Fixed size, no allocation; lives in the worker's scratch space.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace chatgate::proto {

// The application-layer protocol as spoken, in EVE's `app_proto` words (`failed` where payload was
// seen and nothing recognised it).
enum class AppProto : std::uint8_t { unknown, failed, tls, http, dns };

std::string_view to_string(AppProto protocol);

enum class NameSource : std::uint8_t { tls_sni, http_host, dns_query };

// A host name in the one form that names are compared in: lower-case ASCII, no trailing dot, no
// port. At most 255 bytes (RFC 1035 section 2.3.4). Bytes that cannot stand in a host name are kept
// as they came, so that they never match by accident and can be shown; see `well_formed`.
class HostName {
 public:
  static constexpr std::size_t kCapacity = 255;

  // Normalises `raw`: lower case, one trailing dot removed, ":PORT" removed, brackets of an IPv6
  // literal removed. What exceeds the capacity is cut and the name counts as not well-formed.
  static HostName normalised(std::string_view raw);

  std::string_view view() const { return {text_.data(), size_}; }
  bool empty() const { return size_ == 0; }
  // Letters, digits, hyphen, underscore and dots only, no empty label, no label over 63 bytes.
  bool well_formed() const { return well_formed_; }

 private:
  std::array<char, kCapacity> text_;
  std::uint8_t size_ = 0;
  bool well_formed_ = false;
};

struct Facts {
  static constexpr std::size_t kMaxNames = 8;

  struct Name {
    NameSource source;
    HostName host;
  };

  AppProto protocol = AppProto::unknown;
  std::uint8_t name_count = 0;
  bool names_cut = false;  // there were more names than fit
  std::array<Name, kMaxNames> names;

  // Appends what is not empty and not there yet; where the array is full sets `names_cut`.
  void add_name(NameSource source, std::string_view raw);
  void clear() {
    protocol = AppProto::unknown;
    name_count = 0;
    names_cut = false;
  }
};

}  // namespace chatgate::proto

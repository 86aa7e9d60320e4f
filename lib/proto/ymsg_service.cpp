#include "proto/ymsg_service.h"

#include <algorithm>
#include <array>

#include "proto/http_text.h"

namespace chatgate::proto::ymsg {
namespace {

struct Range {
  std::uint16_t first;
  std::uint16_t last;
  Service service;
};

// What is not listed tells nothing.
constexpr std::array<Range, 34> kRanges = {{
    {0x01, 0x01, Service::login},
    {0x02, 0x05, Service::presence},  // log-off, away, back, idle
    {0x06, 0x06, Service::text_chat},
    {0x07, 0x08, Service::presence},  // identities
    {0x0a, 0x0a, Service::presence},
    {0x0c, 0x0c, Service::conference},  // invitation to a room
    {0x0f, 0x13, Service::presence},    // contacts, ping
    {0x15, 0x15, Service::presence},
    {0x17, 0x17, Service::text_chat},   // to many at once
    {0x18, 0x20, Service::conference},  // conferences, rooms of old
    {0x28, 0x2a, Service::games},
    {0x46, 0x46, Service::file_transfer},
    {0x4a, 0x4a, Service::voice},
    {0x4b, 0x4b, Service::presence},  // typing
    {0x4c, 0x4c, Service::login},
    {0x4d, 0x4d, Service::file_transfer},
    {0x50, 0x50, Service::webcam},
    {0x51, 0x51, Service::voice},
    {0x54, 0x54, Service::login},
    {0x55, 0x55, Service::presence},  // contact list
    {0x57, 0x57, Service::login},
    {0x6d, 0x6d, Service::presence},
    {0x83, 0x8a, Service::presence},  // contacts, groups, keep-alive
    {0x96, 0xa8, Service::conference},
    {0xb7, 0xb7, Service::games},
    {0xb9, 0xc7, Service::presence},  // visibility, pictures
    {0xd0, 0xd0, Service::text_chat},
    {0xd3, 0xd3, Service::presence},
    {0xd6, 0xd6, Service::presence},
    {0xdc, 0xdf, Service::file_transfer},
    {0xe7, 0xe7, Service::presence},
    {0xf0, 0xf1, Service::presence},
    {0x226, 0x226, Service::login},
    {0x2ea, 0x2ea, Service::text_chat},  // to a telephone
}};

}  // namespace

Service service_of(std::uint32_t number, std::string_view subject, bool of_user) {
  if (number == Number::log_on && !of_user) return Service::presence;
  if (number == Number::notify && http::starts_with_word(subject, "webcam")) return Service::webcam;
  if (number == Number::notify && http::is_word(subject, "game")) return Service::games;
  if (number == Number::peer_file && http::is_word(subject, "imvironment")) return Service::any;
  const auto* const found = std::find_if(kRanges.begin(), kRanges.end(), [&](const Range& range) {
    return number >= range.first && number <= range.last;
  });
  return found == kRanges.end() ? Service::any : found->service;
}

}  // namespace chatgate::proto::ymsg

// The words in which an application, and how it was recognised, are spoken of.
//
// Spelling of every word is the contract's (sections 3 and 4): policies, events and the CLI use
// these functions and no strings of their own. Threads: no state.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/strong_id.h"
#include "proto/messenger.h"

namespace chatgate::catalog {

// How an application was recognised, strongest first: where two disagree, the lower value wins.
enum class Evidence : std::uint8_t {
  payload,
  signature,
  tls_sni,
  quic_sni,
  http_host,
  http,
  dns,
  learned_address,
  address,
  port,
  access_list,
  none,
};

std::string_view to_string(Evidence evidence);

// How far an application that was recognised so can be relied upon: what the flow shows itself is
// sure; what its server's address is known for may be another's by now; a port is a habit.
enum class Confidence : std::uint8_t { low, medium, high };

Confidence confidence(Evidence evidence);
std::string_view to_string(Confidence confidence);
std::optional<Confidence> parse_confidence(std::string_view word);
std::span<const std::string_view> confidence_words();

using proto::Service;

std::optional<Service> parse_service(std::string_view word);
std::span<const std::string_view> service_words();

// What a host name is for; a name may have several uses. For people: nothing is decided by it.
using NameUses = std::uint32_t;  // one bit each, in the order of the words
inline constexpr std::array<std::string_view, 20> kNameUseWords = {
    "login",  "chat",       "file",  "voice",      "video",         "webcam",   "web",
    "update", "link",       "push",  "federation", "games",         "payment",  "telemetry",
    "ads",    "automation", "relay", "tunnel",     "remote-access", "discovery"};

// The category tree. `im` holds everything from `legacy_im` to `im_proxy`; the others stand beside.
enum class Category : std::uint8_t {
  im,
  legacy_im,
  mobile_messenger,
  team_chat,
  voice_chat,
  open_protocol,
  p2p,
  social_dm,
  gaming,
  web_im,
  im_proxy,
  p2p_file,
  tunnel,
  evasion,
  adware,
};

std::string_view to_string(Category category);
std::optional<Category> parse_category(std::string_view word);
// All spellings, for messages and completion.
std::span<const std::string_view> category_words();
// True where `inner` is `outer` or lies below it.
bool covers(Category outer, Category inner);

// The outcome of recognition, small enough for a flow record.
struct Classification {
  ApplicationId application;
  Service service = Service::any;
  Evidence evidence = Evidence::none;

  bool known() const { return application.valid(); }
  bool operator==(const Classification&) const = default;
};

}  // namespace chatgate::catalog

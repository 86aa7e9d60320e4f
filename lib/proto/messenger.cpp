#include "proto/messenger.h"

namespace chatgate::proto {
namespace {

constexpr std::array<std::string_view, kServiceCount> kServices = {
    "any",   "login",  "presence",   "text-chat", "file-transfer", "voice",
    "video", "webcam", "conference", "games",     "screen-share",  "other"};

}  // namespace

std::string_view to_string(Service service) {
  return kServices[static_cast<std::size_t>(service)];
}

}  // namespace chatgate::proto

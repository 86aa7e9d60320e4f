// How sessions of messengers begin in their own protocols, up to the message that tells.
//
// Samples for `chatgate audit`: by the bytes that the named description of each protocol gives, or
// that a public capture shows. Of applications whose protocol lib/proto reads. Immutable; any
// thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "proto/messenger.h"

#include "explain/stage.h"

namespace chatgate::explain {

struct NativeSession {
  struct Line {
    bool from_client;
    std::string_view bytes;
  };
  std::string_view application;  // the catalogue's word
  std::string_view name;         // which of its connections
  proto::Service service;        // that it begins with
  std::uint16_t port;            // where its server listens
  bool tcp;
  std::vector<Line> lines;
};

std::span<const NativeSession> native_sessions();
std::vector<Saying> sayings_of(const NativeSession& session);

}  // namespace chatgate::explain

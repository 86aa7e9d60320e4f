// What the catalogue tells people about an application: nothing here decides anything on the wire.
//
// Read by catalog/description_loader.h, kept with the application for `show applications NAME` and
// for whoever explains a decision. Immutable once the catalogue is built.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/messenger.h"

namespace chatgate::catalog {

enum class Status : std::uint8_t { alive, shut_down, unknown };
std::string_view to_string(Status status);

// Whether one service can be told from the application's others by what passes the gateway.
enum class Separable : std::uint8_t { yes, partly, no };
std::string_view to_string(Separable separable);

struct ServiceNote {
  proto::Service service = proto::Service::any;
  Separable separable = Separable::no;
  std::string how;
};

struct NeededPorts {
  bool tcp = true;
  std::uint16_t first = 0, last = 0;
};

// What must pass for the application to work where it is allowed. One of the first three is not
// empty.
struct Need {
  std::string application;         // identifier of another one
  std::string name;                // host name, with all below it
  std::string ports;               // as in a policy: "udp/3478-3481"
  std::vector<std::string> serve;  // ports that serve as well, in the same form
  // `ports`, and those that serve as well: one of these is enough.
  std::vector<NeededPorts> any_of;
  proto::Service service = proto::Service::any;  // that needs it; any: the application as a whole
  std::string reason;
};

struct Description {
  Status status = Status::unknown;
  int ended = 0;  // year, 0 where it has not or nobody knows
  std::string note;
  std::vector<std::string> aliases;
  std::vector<std::string> tags;
  std::vector<std::string> protocols;     // of proto::AppProto, by which it is read
  std::vector<std::uint32_t> signatures;  // sids of the shipped rules
  std::vector<ServiceNote> services;
  std::vector<Need> needs;
  std::vector<std::string> limits;
  std::vector<std::string> over_blocking;
  std::string unrecognised;  // why there is no way to recognise it; empty where there is one
};

}  // namespace chatgate::catalog

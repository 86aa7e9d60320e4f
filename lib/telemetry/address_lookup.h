// Finds the addresses of a host without keeping the event thread waiting.
//
// An address is answered at once; a name is asked for on a thread of its own, which outlives this
// object where the name server is slow. Used by one thread, a sink's.
#pragma once

#include <memory>
#include <optional>
#include <sys/socket.h>
#include <vector>

#include "base/host_port.h"

namespace chatgate::telemetry {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

class AddressLookup {
 public:
  // `type`: SOCK_STREAM or SOCK_DGRAM.
  void start(const HostPort& host, int type);
  // Nothing while the answer is awaited; an empty list where there is none. To be taken once.
  std::optional<std::vector<SocketAddress>> take();

 private:
  struct Answer;
  std::shared_ptr<Answer> answer_;
};

}  // namespace chatgate::telemetry

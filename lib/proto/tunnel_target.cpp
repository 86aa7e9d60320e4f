#include "proto/tunnel_target.h"

#include <arpa/inet.h>

namespace chatgate::proto {

void add_target_address(const IpAddress& address, Facts& facts) {
  char text[INET6_ADDRSTRLEN];
  const bool v4 = address.is_v4();
  inet_ntop(v4 ? AF_INET : AF_INET6, address.bytes.data() + (v4 ? 12 : 0), text, sizeof text);
  facts.add_name(NameSource::tunnel_target, text);
}

}  // namespace chatgate::proto

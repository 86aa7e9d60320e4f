// Rows of the table over UDP: datagrams through a real worker to a simulated server, and back.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proto/quic_crypto.h"
#include "proto/quic_version.h"

#include "table.h"

namespace chatgate::test {

class DatagramSession {
 public:
  DatagramSession(Gateway& gateway, std::uint16_t client_port, Path path);

  // `ttl` as Session's: a small one dies between the gateway and the server.
  void client_says(const std::string& payload, std::uint8_t ttl = 64);
  // In IP fragments, cut at these offsets of the IP payload (multiples of eight).
  void client_says_in_fragments(const std::string& payload, const std::vector<std::size_t>& cuts,
                                bool reversed);
  void server_says(const std::string& payload);
  void wait(unsigned seconds) { gateway_.wait(seconds); }

  // What came to each end, in order, the gateway's own included.
  const std::vector<std::string>& at_server() const { return at_server_; }
  const std::vector<std::string>& at_client() const { return at_client_; }
  // Each end has exactly what was sent to it.
  bool undisturbed() const { return at_server_ == to_server_ && at_client_ == to_client_; }
  // Datagrams that the gateway made for the client.
  unsigned forged() const { return forged_; }
  const std::string& wrong() const { return wrong_; }
  const Path& path() const { return path_; }

 private:
  Frame client_frame() const;
  Frame server_frame() const;
  void to_server(const std::vector<Octets>& frames, const std::string& payload, bool arrives);
  void read_forged();

  Gateway& gateway_;
  std::uint16_t port_;
  Path path_;
  std::vector<std::string> at_server_, at_client_, to_server_, to_client_;
  unsigned forged_ = 0;
  std::string wrong_;
};

struct Datagrams {
  std::function<void(DatagramSession& session, const std::string& name)> play;
  // Whether what the row wants to get through did.
  std::function<bool(const DatagramSession& session)> arrived;
  PolicyWords words = {};
  std::uint16_t server_port = 443;
  bool listed = false;    // as Conversation's
  bool answered = false;  // the client gets a datagram of the gateway's
};

Row datagrams(const char* id, const char* what, const char* why, Datagrams said,
              Twin twin = Twin::passes);

// A QUIC server that takes what any could: every Initial that opens under the keys of any first
// connection id, whatever else is in its datagram, and of bytes that came twice the first as well
// as the last.
class QuicServer {
 public:
  void receive(const std::string& datagram);
  bool was_asked_for(std::string_view name) const;

 private:
  struct Attempt {
    proto::quic::InitialKeys keys;
    std::map<std::uint64_t, std::uint8_t> first, last;
  };

  std::vector<Attempt> attempts_;
};

// Whether the blocked name is among what such a server was asked for.
bool quic_arrived(const DatagramSession& session);

// Whether a resolver reads a question for the blocked name, in any message that came to it: the
// questions of a message up to the first that cannot be read.
bool question_arrived(const DatagramSession& session);

}  // namespace chatgate::test

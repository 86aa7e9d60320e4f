// One evasion attempt: a client's frames through a real worker to a simulated server.
//
// A script is written as the list of what the client sends, in its words:
//
//   session.open();
//   session.data(0, "GET / HTT").send();
//   session.data(0, "GET / XXX").ttl(3).send();
//
// After every frame the server takes, its acknowledgment goes back through the gateway. Both ends
// speak IPv4 or IPv6, and all that passes the gateway may be inside of encapsulations (`Path`).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/worker.h"
#include "policy/policy.h"

#include "endpoint.h"
#include "frames.h"
#include "learn/learned_servers.h"
#include "tunnel.h"

namespace chatgate::test {

// Changes a policy that resets all messengers, for what needs words of it.
using PolicyWords = std::function<void(policy::Policy::Content&)>;

// The worker under test. Its catalogue knows a messenger, by every name below blocked.example and
// xn--bcher-kva.example and by the addresses of `Path::listed`, and encrypted DNS, by every name
// below resolver.example.
class Gateway {
 public:
  explicit Gateway(const PolicyWords& words = {});
  ~Gateway();

  // Frames that came out on the other side, held ones included.
  std::vector<Octets> send(const Octets& frame, net::Side side);
  void wait(unsigned seconds);
  // Lets everything pass, as if there were no gateway.
  void open_wide() { open_ = true; }
  std::uint64_t count(telemetry::Reason reason) const;
  std::uint64_t count(telemetry::Counter counter) const;
  std::size_t memory() const { return worker_->memory() + learned_.memory(); }
  // Reasons other than "none" counted since the last call, as words.
  std::string new_reasons();

  struct Forged {
    Octets frame;
    net::Side out;
  };
  // What the gateway made itself since the last call.
  std::vector<Forged> take_forged();

 private:
  std::shared_ptr<const engine::Snapshot> snapshot_;
  std::unique_ptr<telemetry::WorkerCounters> counters_;
  learn::LearnedServers learned_;
  std::unique_ptr<engine::Worker> worker_;
  std::unique_ptr<engine::BurstResult> result_;
  std::vector<std::uint64_t> reported_;
  std::vector<Forged> forged_;
  Time now_;
  std::uint64_t number_ = 0;
  bool open_ = false;
};

class Session;

// One segment being written; changed by chaining, sent by `send`.
class Piece {
 public:
  Piece& ttl(std::uint8_t hops);
  Piece& shift(std::int32_t by);             // of the sequence number
  Piece& acknowledges(std::int32_t offset);  // from what the server sent
  Piece& flags(std::uint8_t value);
  Piece& options(Octets raw);
  Piece& urgent(std::uint16_t pointer);
  Piece& timestamp(std::uint32_t value);
  Piece& bad_checksum();
  Piece& bad_ip_checksum();
  Piece& change(std::function<void(Octets&)> edit);  // of the finished frame
  // IPv6: an extension header, behind those that were added before.
  Piece& extension(std::uint8_t type, std::size_t size = 8);
  // IPv6: a fragment header on a packet that is whole (RFC 6946).
  Piece& atomic();
  // In two or more IP fragments, cut at these offsets of the IP payload (multiples of eight).
  Piece& fragments(std::vector<std::size_t> cuts, bool reversed = false);
  // Each but the last fragment repeats this much of the next.
  Piece& reaching_over(std::size_t bytes);
  // The second of two fragments comes in two versions, its own and that of `other`.
  Piece& overlapping_fragments(const std::string& other, bool other_first);
  Piece& identification(std::uint16_t id);
  Piece& only_first();
  // With what carries it cut in two at this offset, where an IP header outside can be.
  Piece& cut_outside(std::size_t offset);
  void send(unsigned times = 1);

 private:
  friend class Session;
  Piece(Session& session, std::size_t offset, std::string bytes)
      : session_(session), offset_(offset), bytes_(std::move(bytes)) {}
  Octets build() const;
  std::vector<Octets> parts() const;

  Session& session_;
  std::size_t offset_;
  std::string bytes_;
  std::int32_t shift_ = 0, acknowledges_ = 0;
  std::uint8_t ttl_ = 64, flags_ = net::tcp_flag::ack | net::tcp_flag::psh;
  Octets options_;
  std::optional<std::uint16_t> urgent_;
  bool bad_checksum_ = false, bad_ip_checksum_ = false, reversed_ = false;
  std::vector<std::function<void(Octets&)>> edits_;
  std::vector<std::size_t> cuts_;
  std::optional<std::string> other_;
  std::optional<std::uint16_t> identification_;
  bool other_first_ = false, only_first_ = false, atomic_ = false;
  std::vector<std::pair<std::uint8_t, std::size_t>> extensions_;
  std::size_t cut_outside_ = 0, reach_ = 0;
};

// How the two ends reach each other.
struct Path {
  bool v6 = false;
  Tunnel tunnel = {};
  // The server's address is one that the catalogue lists as the messenger's.
  bool listed = false;
  std::uint16_t server_port = 443;

  const char* client() const;
  const char* server() const;
};

// What the gateway told the ends of a session by frames of its own, and what was wrong with it.
struct Told {
  unsigned client = 0, server = 0;  // resets
  unsigned answers = 0;             // to the client, in the server's place
  std::string wrong;
};

// What is wrong with a frame of the gateway's own that should come to its receiver as `model`, in
// the same encapsulations, would; empty where nothing is.
std::string fault_of_forged(const Gateway::Forged& forged, const Octets& model);

class Session {
 public:
  static constexpr std::uint8_t kHops = 8;  // from the gateway to the server

  Session(Gateway& gateway, Overlap overlap, std::uint16_t client_port, Path path = {});

  // Everything from here on goes inside of this, which is taken off behind the gateway; tags by
  // their Ethernet types, outermost first.
  void through(std::vector<Layer> layers, std::vector<std::uint16_t> tags = {});

  // The three-way handshake.
  void open();
  // Its parts, for those that bend it. `timestamp` as in the SYN; 0: no such option.
  void syn(std::uint32_t sequence_shift = 0, std::uint8_t ttl = 64, std::string data = {},
           std::uint32_t timestamp = 0);
  void syn_ack(std::uint32_t acknowledged_beyond_syn = 0);
  void handshake_ack();

  // A segment of the stream at `offset`.
  Piece data(std::size_t offset, std::string bytes);
  // Any frame as it is.
  void raw(const Octets& frame);
  // Any frame of the server's.
  void server_raw(const Octets& frame);
  // What the server says.
  void server_says(std::string text);
  void wait(unsigned seconds) { gateway_.wait(seconds); }

  Frame frame() const;         // from the client, addresses and ports set
  Frame server_frame() const;  // from the server
  bool v6() const { return path_.v6; }
  std::uint16_t port() const { return port_; }
  std::uint32_t first_sequence() const { return kFirst; }
  Endpoint& server() { return server_; }
  Gateway& gateway() { return gateway_; }
  const Path& path() const { return path_; }
  // Resets that came to either end, each checked to be inside of what the ends expect it in.
  const Told& told() const { return told_; }
  // Frames that left the gateway and were never sent.
  std::size_t strange() const { return path_.tunnel.strange(); }

 private:
  friend class Piece;
  static constexpr std::uint32_t kFirst = 0xfffffff0;

  void deliver(const Octets& frame, std::size_t cut_outside = 0);
  void answer();
  void read_forged();
  std::string read(const Gateway::Forged& forged);

  Gateway& gateway_;
  Endpoint server_;
  std::uint16_t port_;
  Path path_;
  std::uint32_t server_sent_ = 0;
  Told told_;
};

}  // namespace chatgate::test

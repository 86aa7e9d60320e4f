#include "datagrams.h"

#include <algorithm>
#include <cctype>
#include <cstring>

#include "proto/client_hello.h"
#include "proto/quic_frames.h"
#include "proto/quic_packet.h"

#include "verdict.h"

namespace chatgate::test {
namespace {

proto::quic::InitialCrypto& crypto() {
  static proto::quic::InitialCrypto crypto;
  return crypto;
}

std::string as_string(Bytes bytes) {
  return std::string(as_text(bytes));
}

bool hello_names(const std::map<std::uint64_t, std::uint8_t>& bytes, std::string_view name) {
  Octets message;
  for (const auto& [offset, byte] : bytes) {
    if (offset != message.size()) break;
    message.push_back(byte);
  }
  proto::Facts facts;
  proto::read_client_hello(message, proto::NameSource::quic_sni, 'q', facts);
  for (std::size_t i = 0; i < facts.name_count; ++i) {
    if (facts.names[i].host.view() == name) return true;
  }
  return false;
}

// The name at `at` of a message, which moves behind it; false where it cannot be read.
bool read_name(Bytes message, std::size_t& at, std::string& name) {
  std::size_t from = at;
  bool jumped = false;
  for (int steps = 0; steps < 130; ++steps) {
    if (from >= message.size()) return false;
    const std::size_t length = message[from];
    if (length >= 0xc0) {
      if (from + 1 >= message.size()) return false;
      if (!jumped) at = from + 2;
      jumped = true;
      from = (length & 0x3f) << 8 | message[from + 1];
      continue;
    }
    if (length > 63 || from + 1 + length > message.size()) return false;
    if (length == 0) {
      if (!jumped) at = from + 1;
      return name.size() <= 254;
    }
    if (!name.empty()) name += '.';
    for (std::size_t i = 1; i <= length; ++i) {
      name += static_cast<char>(std::tolower(message[from + i]));
    }
    from += 1 + length;
  }
  return false;
}

bool asks_for_blocked(Bytes message) {
  if (message.size() < 12) return false;
  std::size_t at = 12;
  for (unsigned left = load_be16(&message[4]); left > 0; --left) {
    std::string name;
    if (!read_name(message, at, name) || at + 4 > message.size()) return false;
    if (name == kBlockedName) return true;
    at += 4;
  }
  return false;
}

Path path_of(const Datagrams& row, Path path, bool blocked) {
  path.server_port = row.server_port;
  path.listed = row.listed && blocked;
  return path;
}

}  // namespace

DatagramSession::DatagramSession(Gateway& gateway, std::uint16_t client_port, Path path)
    : gateway_(gateway), port_(client_port), path_(std::move(path)) {
  gateway_.take_forged();
}

Frame DatagramSession::client_frame() const {
  Frame frame;
  return (path_.v6 ? frame.v6(path_.client(), path_.server())
                   : frame.v4(path_.client(), path_.server()))
      .udp(port_, path_.server_port);
}

Frame DatagramSession::server_frame() const {
  Frame frame;
  (path_.v6 ? frame.v6(path_.server(), path_.client()) : frame.v4(path_.server(), path_.client()))
      .udp(path_.server_port, port_);
  return frame.macs("020000000002", "020000000001");
}

void DatagramSession::client_says(const std::string& payload, std::uint8_t ttl) {
  to_server({client_frame().ttl(ttl).payload(payload).build()}, payload, ttl >= Session::kHops);
}

void DatagramSession::client_says_in_fragments(const std::string& payload,
                                               const std::vector<std::size_t>& cuts,
                                               bool reversed) {
  static std::uint16_t identification = 0;
  std::vector<Octets> parts =
      fragmented(client_frame().payload(payload).build(), cuts, ++identification);
  if (reversed) std::reverse(parts.begin(), parts.end());
  to_server(parts, payload, true);
}

// All of the frames have to come out for their payload to arrive.
void DatagramSession::to_server(const std::vector<Octets>& frames, const std::string& payload,
                                bool arrives) {
  if (arrives) to_server_.push_back(payload);
  std::vector<Octets> missing = frames;
  const auto take = [&](const Octets& frame) {
    const auto found = std::find(missing.begin(), missing.end(), frame);
    if (found == missing.end()) {
      wrong_ = "an altered frame";
    } else {
      missing.erase(found);
    }
  };
  for (const Octets& frame : frames) {
    const std::vector<Octets> outers =
        path_.tunnel.empty() ? std::vector<Octets>{frame} : path_.tunnel.enter(frame);
    for (const Octets& outer : outers) {
      for (const Octets& passed : gateway_.send(outer, net::Side::inside)) {
        if (path_.tunnel.empty()) {
          take(passed);
        } else if (const auto inner = path_.tunnel.leave(passed)) {
          take(*inner);
        }
      }
    }
  }
  if (missing.empty() && arrives) at_server_.push_back(payload);
  read_forged();
}

void DatagramSession::server_says(const std::string& payload) {
  to_client_.push_back(payload);
  const Octets frame =
      path_.tunnel.wrap(server_frame().payload(payload).build(), net::Side::outside);
  for (const Octets& passed : gateway_.send(frame, net::Side::outside)) {
    if (passed == frame) {
      at_client_.push_back(payload);
    } else {
      wrong_ = "an altered frame";
    }
  }
  read_forged();
}

void DatagramSession::read_forged() {
  for (const Gateway::Forged& forged : gateway_.take_forged()) {
    net::Layers layers;
    const net::PacketView view = view_of(forged.frame);
    net::decode(view, layers);
    if (forged.out != net::Side::inside || layers.outcome != net::Decoded::transport ||
        layers.protocol != net::kUdp || layers.payload_size == 0) {
      wrong_ = "no datagram for the client";
      return;
    }
    const Octets model = path_.tunnel.wrap(server_frame().build(), net::Side::outside);
    const std::string fault = fault_of_forged(forged, model);
    if (!fault.empty()) wrong_ = fault;
    at_client_.push_back(as_string(layers.payload_of(view)));
    ++forged_;
  }
}

Row datagrams(const char* id, const char* what, const char* why, Datagrams said, Twin twin) {
  Row row{id, what, why, twin, {}};
  row.judge = [said, twin](const Path& path) {
    RowVerdict verdict;
    Gateway gateway(said.words);
    DatagramSession blocked(gateway, 40000, path_of(said, path, true));
    said.play(blocked, kBlockedName);
    verdict.leaks = said.arrived(blocked) ? 1 : 0;
    verdict.reasons = gateway.new_reasons();
    if (said.answered && blocked.forged() == 0 && !path.tunnel.one_way()) {
      verdict.wrong = "no answer for the client";
    }

    Gateway fresh(said.words);
    DatagramSession twin_session(fresh, 40000, path_of(said, path, false));
    said.play(twin_session, kAllowedName);
    const bool passes = twin == Twin::passes;
    verdict.damaged = twin_session.undisturbed() == passes ? 0 : 1;
    for (const DatagramSession* session : {&blocked, &twin_session}) {
      if (!session->wrong().empty()) verdict.wrong = session->wrong();
    }
    return verdict;
  };
  row.arrives_unwatched = [said](const Path& path) {
    Gateway gateway;
    gateway.open_wide();
    DatagramSession session(gateway, 40000, path_of(said, path, true));
    said.play(session, kBlockedName);
    return said.arrived(session);
  };
  return row;
}

void QuicServer::receive(const std::string& datagram) {
  std::vector<std::uint8_t> plain(65536);
  proto::quic::PacketWalker walker(as_bytes(datagram));
  proto::quic::Packet packet;
  while (walker.next(packet)) {
    if (packet.type != proto::quic::PacketType::initial || packet.version == nullptr) continue;
    // Its own connection id may be a first one.
    Attempt fresh;
    crypto().derive(*packet.version, packet.destination, proto::quic::Sender::client, fresh.keys);
    const auto known = std::any_of(attempts_.begin(), attempts_.end(), [&](const Attempt& each) {
      return each.keys.key == fresh.keys.key;
    });
    if (!known) attempts_.push_back(fresh);
    for (Attempt& attempt : attempts_) {
      const auto opened = crypto().open(attempt.keys, packet, 0, plain);
      if (!opened) continue;
      proto::quic::FrameReader frames(opened->payload);
      proto::quic::CryptoFrame frame;
      while (frames.next(frame) == proto::quic::FrameReader::Next::crypto) {
        for (std::size_t i = 0; i < frame.data.size(); ++i) {
          attempt.first.try_emplace(frame.offset + i, frame.data[i]);
          attempt.last[frame.offset + i] = frame.data[i];
        }
      }
    }
  }
}

bool QuicServer::was_asked_for(std::string_view name) const {
  return std::any_of(attempts_.begin(), attempts_.end(), [&](const Attempt& attempt) {
    return hello_names(attempt.first, name) || hello_names(attempt.last, name);
  });
}

bool quic_arrived(const DatagramSession& session) {
  QuicServer server;
  for (const std::string& datagram : session.at_server()) server.receive(datagram);
  return server.was_asked_for(kBlockedName);
}

bool question_arrived(const DatagramSession& session) {
  return std::any_of(
      session.at_server().begin(), session.at_server().end(),
      [](const std::string& message) { return asks_for_blocked(as_bytes(message)); });
}

}  // namespace chatgate::test

// Feeds datagrams to a Connections as the engine does, and keeps what it told.
#pragma once

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "proto/quic.h"

#include "client_hello.h"
#include "incremental.h"
#include "quic_builder.h"

namespace chatgate::proto::test {

struct Told {
  ParseStatus status;
  std::vector<std::string> names = {};
  Next next = Next::message;

  Told(ParseStatus status_, std::vector<std::string> names_ = {}, Next next_ = Next::message)
      : status(status_), names(std::move(names_)), next(next_) {}
  bool operator==(const Told&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Told& told) {
  constexpr const char* kStatuses[] = {"need_more", "done", "piece", "not_mine", "malformed"};
  out << kStatuses[static_cast<int>(told.status)];
  for (const std::string& name : told.names) out << " [" << name << ']';
  return out << (told.next == Next::opaque ? " opaque" : "");
}

inline quic::Connections& shared_connections() {
  static quic::Connections connections(64);
  return connections;
}

struct Flow {
  explicit Flow(quic::Connections& connections_ = shared_connections())
      : connections(connections_) {}
  ~Flow() { connections.release(state); }
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  void send(std::string_view datagram, Direction direction = Direction::to_server) {
    if (status == ParseStatus::malformed) return;
    const std::vector<std::uint8_t> bytes(datagram.begin(), datagram.end());
    Facts facts;
    const ParseStatus now = connections.feed(state, bytes, direction, facts);
    if (now == ParseStatus::done || now == ParseStatus::malformed) {
      EXPECT_EQ(facts.protocol, AppProto::quic);
      next = facts.next;
      for (std::string& name : names_of(facts)) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
      }
    }
    last = now;
    if (now == ParseStatus::malformed || status != ParseStatus::done) status = now;
  }
  void receive(std::string_view datagram) { send(datagram, Direction::to_client); }

  Told told() const { return {status, names, status == ParseStatus::done ? next : Next::message}; }

  quic::Connections& connections;
  ParserState state;
  ParseStatus status = ParseStatus::need_more;  // done or malformed once it was
  ParseStatus last = ParseStatus::need_more;
  Next next = Next::message;
  std::vector<std::string> names;
};

// What is sent for a hello `h`.
struct Row {
  const char* name;
  std::function<void(Flow&, std::string_view h)> send;
  bool fake_before = false;  // kFake is told, too
};

inline constexpr const char* kFake = "fake.example";

inline std::string small_hello(std::string_view name) {
  return hello(sni({name}));
}

inline std::string whole(std::string_view name, const Long& fields = {}) {
  return initial(crypto_frame(0, small_hello(name)), fields);
}

// How a server protects its Initials to the client of `Long{}`.
inline const Long kServer = {.destination = "source",
                             .source = "server",
                             .keyed_by = "destinat",
                             .sender = quic::Sender::server};

// A server's Initial and Handshake packets in one datagram.
inline std::string answer(const std::string& to = "source") {
  Long fields = kServer;
  fields.destination = to;
  const std::string first = packet(fields, ack() + crypto_frame(0, "\x02 hello of the server"));
  fields.type = quic::PacketType::handshake;
  return first + packet(fields, padding(500));
}

}  // namespace chatgate::proto::test

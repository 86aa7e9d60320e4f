// Section D.7: QUIC, and other datagrams.

#include "datagrams.h"
#include "dns_message.h"
#include "dtls_message.h"
#include "quic_builder.h"
#include "verdict.h"

namespace chatgate::test {
namespace {

using namespace proto::test;
using namespace std::string_literals;
using proto::quic::PacketType;

std::string hello_of(const std::string& name) {
  return proto::test::hello(sni({name}) + alpns({"h3"}));
}

std::string whole(const std::string& name, const Long& fields = {}) {
  return proto::test::initial(crypto_frame(0, hello_of(name)), fields);
}

// Part of the hello in a datagram of its own; the rest of the fields may be changed.
std::string part(const std::string& hello, std::size_t begin, std::size_t end, std::uint32_t number,
                 Long fields = {}) {
  fields.number = number;
  return proto::test::initial(piece(hello, begin, end), fields);
}

using Play = std::function<void(DatagramSession&, const std::string& name)>;

Row quic(const char* id, const char* what, const char* why, Play play, Twin twin = Twin::passes,
         std::uint16_t port = 443) {
  Datagrams said;
  said.play = std::move(play);
  said.arrived = quic_arrived;
  said.server_port = port;
  return datagrams(id, what, why, said, twin);
}

std::vector<Row> frames_rows() {
  return {
      quic("D.7-83", "ten pieces in disorder, with PING, ACK and padding between", "put together",
           [](DatagramSession& s, const std::string& name) {
             const std::string hello = hello_of(name);
             std::string frames;
             for (const std::size_t i : {7u, 2u, 9u, 0u, 5u, 1u, 8u, 3u, 6u, 4u}) {
               const std::size_t n = hello.size();
               frames += ping() + piece(hello, n * i / 10, n * (i + 1) / 10) + padding(3) + ack();
             }
             s.client_says(proto::test::initial(frames));
           }),
      quic("D.7-84a", "over four datagrams, the last first, each twice", "put together",
           [](DatagramSession& s, const std::string& name) {
             const std::string hello = hello_of(name);
             for (const std::uint32_t i : {3u, 3u, 1u, 2u, 1u, 0u, 2u, 0u}) {
               s.client_says(part(hello, hello.size() * i / 4, hello.size() * (i + 1) / 4, i));
             }
           }),
      quic("D.7-84b", "a byte short, then that byte", "put together",
           [](DatagramSession& s, const std::string& name) {
             const std::string hello = hello_of(name);
             const std::size_t at = hello.find("example") - 4;
             s.client_says(
                 proto::test::initial(piece(hello, 0, at) + piece(hello, at + 1, hello.size())));
             s.client_says(part(hello, at, at + 1, 1));
           }),
      quic("D.7-85a", "pieces that overlap and agree", "put together",
           [](DatagramSession& s, const std::string& name) {
             const std::string hello = hello_of(name);
             s.client_says(part(hello, 0, 90, 0));
             s.client_says(part(hello, 40, hello.size(), 1));
           }),
      quic(
          "D.7-85b", "pieces that overlap and differ, the real one last",
          "no client does that: taken down",
          [](DatagramSession& s, const std::string& name) {
            const std::string hello = hello_of(name), decoy = hello_of(kDecoyName);
            s.client_says(part(decoy, 0, decoy.size() - 4, 0));
            s.client_says(part(hello, 0, hello.size(), 1));
          },
          Twin::starves),
      quic("D.7-85c", "the same piece many times instead of the missing one",
           "what is there counts, not how much came",
           [](DatagramSession& s, const std::string& name) {
             const std::string hello = hello_of(name);
             for (std::uint32_t i = 0; i < 8; ++i) s.client_says(part(hello, 0, 40, i));
             s.client_says(part(hello, 40, hello.size(), 8));
           }),
      quic(
          "D.7-86a", "a piece at offset 2^61, then the hello", "no stream is so long: taken down",
          [](DatagramSession& s, const std::string& name) {
            s.client_says(proto::test::initial(crypto_frame(std::uint64_t{1} << 61, "x")));
            Long fields;
            fields.number = 1;
            s.client_says(whole(name, fields));
          },
          Twin::starves),
      quic(
          "D.7-86b", "a piece that says to be longer than its packet, then the hello", "taken down",
          [](DatagramSession& s, const std::string& name) {
            s.client_says(proto::test::initial("\x06" + varint(0) + varint(16000) + "short"));
            Long fields;
            fields.number = 1;
            s.client_says(whole(name, fields));
          },
          Twin::starves),
  };
}

std::vector<Row> ids_rows() {
  return {
      quic("D.7-87a", "another destination id in the second datagram",
           "the keys are those of the first",
           [](DatagramSession& s, const std::string& name) {
             const std::string hello = hello_of(name);
             s.client_says(part(hello, 0, 40, 0));
             Long fields;
             fields.destination = "chosen by server";
             fields.keyed_by = "destinat";
             s.client_says(part(hello, 40, hello.size(), 1, fields));
           }),
      quic("D.7-87b", "a Retry before the hello is whole", "keys anew",
           [](DatagramSession& s, const std::string& name) {
             const std::string hello = hello_of(name);
             s.client_says(part(hello, 0, 40, 0));
             Long retried;
             retried.type = PacketType::retry;
             retried.destination = "source";
             retried.source = "retried!";
             s.server_says(retry(retried));
             Long fields;
             fields.destination = "retried!";
             fields.token = "a token";
             s.client_says(part(hello, 0, 40, 1, fields));
             s.client_says(part(hello, 40, hello.size(), 2, fields));
           }),
      quic("D.7-87c", "a token of 900 bytes", "passed over",
           [](DatagramSession& s, const std::string& name) {
             Long fields;
             fields.token = std::string(900, 't');
             s.client_says(whole(name, fields));
           }),
      quic("D.7-88a", "version 2", "read",
           [](DatagramSession& s, const std::string& name) {
             Long fields;
             fields.version = proto::quic::kVersion2;
             s.client_says(whole(name, fields));
           }),
      quic("D.7-88b", "draft 29", "read",
           [](DatagramSession& s, const std::string& name) {
             Long fields;
             fields.version = 0xff00001d;
             s.client_says(whole(name, fields));
           }),
      quic("D.7-88c", "a version that only asks for others, then version 1",
           "read after the negotiation",
           [](DatagramSession& s, const std::string& name) {
             s.client_says(invariant_header(0x1a2a3a4a, '\xc0', "destinat", "source") +
                           std::string(1200, 'x'));
             s.server_says(version_negotiation("source", "destinat"));
             s.client_says(whole(name));
           }),
  };
}

std::vector<Row> order_rows() {
  return {
      quic("D.7-89a", "behind a Handshake packet in one datagram", "every packet is read",
           [](DatagramSession& s, const std::string& name) {
             Long fields;
             fields.type = PacketType::handshake;
             s.client_says(packet(fields, padding(20)) + whole(name));
           }),
      quic("D.7-89b", "before a 0-RTT packet in one datagram", "every packet is read",
           [](DatagramSession& s, const std::string& name) {
             Long early;
             early.type = PacketType::zero_rtt;
             s.client_says(packet({}, crypto_frame(0, hello_of(name))) +
                           packet(early, padding(900)));
           }),
      quic("D.7-89c", "behind 0-RTT in a datagram of its own", "every datagram is read",
           [](DatagramSession& s, const std::string& name) {
             Long early;
             early.type = PacketType::zero_rtt;
             s.client_says(packet(early, padding(900)));
             s.client_says(whole(name));
           }),
      quic("D.7-90a", "junk, then the hello", "a first datagram's label is not final",
           [](DatagramSession& s, const std::string& name) {
             s.client_says(std::string(600, '\x7e'));
             s.client_says(std::string(64, '\0'));
             s.client_says(whole(name));
           }),
      quic("D.7-90b", "a whole harmless hello that dies on its way, then the hello",
           "every hello is read until the server has answered",
           [](DatagramSession& s, const std::string& name) {
             Long fake;
             fake.destination = "fakefake";
             for (int i = 0; i < 6; ++i) s.client_says(whole(kDecoyName, fake), 3);
             s.client_says(whole(name));
           }),
      quic("D.7-90c", "eight harmless hellos of eight connections, then the hello",
           "every hello is read until the server has answered",
           [](DatagramSession& s, const std::string& name) {
             for (char i = '0'; i < '8'; ++i) {
               Long fake;
               fake.destination = "fakefak"s + i;
               s.client_says(whole(kDecoyName, fake), 3);
             }
             s.client_says(whole(name));
           }),
      quic("D.7-90d", "an innocent connection is answered, another begins on the same ports",
           "a handshake is looked at again",
           [](DatagramSession& s, const std::string& name) {
             Long first;
             first.destination = "innocent";
             s.client_says(whole(kDecoyName, first));
             Long answer;
             answer.type = PacketType::handshake;
             answer.destination = "source";
             answer.keyed_by = "innocent";
             answer.sender = proto::quic::Sender::server;
             s.server_says(packet(answer, padding(100)));
             s.client_says("\x40" + std::string(60, 'd'));
             s.client_says(whole(name));
           }),
      quic("D.7-91", "zeros and more behind the packet", "passed over",
           [](DatagramSession& s, const std::string& name) {
             s.client_says(whole(name) + std::string(100, '\0') + "trailing");
           }),
      quic(
          "D.7-92a", "on port 8853", "known by its header",
          [](DatagramSession& s, const std::string& name) { s.client_says(whole(name)); },
          Twin::passes, 8853),
      quic(
          "D.7-92b", "to a port above the client's", "known by its header",
          [](DatagramSession& s, const std::string& name) { s.client_says(whole(name)); },
          Twin::passes, 60000),
  };
}

Row labelled(const char* id, const char* what, const std::string& before,
             std::uint16_t port = 443) {
  return quic(
      id, what, "a first datagram's label is not final",
      [before](DatagramSession& s, const std::string& name) {
        s.client_says(before);
        s.client_says(whole(name));
      },
      Twin::passes, port);
}

Row to_listed(const char* id, const char* what, const std::string& payload, std::uint16_t port) {
  Datagrams said;
  said.listed = true;
  said.server_port = port;
  said.play = [payload](DatagramSession& s, const std::string&) {
    s.client_says(payload);
    s.client_says(payload);
  };
  said.arrived = [](const DatagramSession& s) { return !s.at_server().empty(); };
  return datagrams(id, what, "the server's address is judged", said);
}

std::string stun(char type_high, char type_low) {
  return std::string{type_high, type_low} + "\0\0\x21\x12\xa4\x42"s + "transaction1";
}

}  // namespace

std::vector<Row> quic_rows() {
  std::vector<Row> rows;
  for (auto* part : {&frames_rows, &ids_rows, &order_rows}) {
    for (Row& row : (*part)()) rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<Row> datagram_rows() {
  std::vector<Row> rows = {
      to_listed("D.7-93", "a connection that moved: short headers to a listed address",
                "\x40" + std::string(80, 'm'), 443),
      to_listed("D.7-94a", "STUN to a listed address", stun(0, 1), 3478),
      to_listed("D.7-94b", "TURN to a listed address", stun(0, 3), 3478),
      to_listed("D.7-94c", "RTP to a listed address", "\x80\x60\0\1"s + std::string(160, 'r'),
                40500),
  };
  Datagrams dtls;
  dtls.server_port = 5349;
  dtls.play = [](DatagramSession& s, const std::string& name) {
    const std::string body = dtls_hello_body(sni({name}));
    s.client_says(dtls_record(dtls_fragment(body, 60, std::string::npos)));
    s.client_says(dtls_record(dtls_fragment(body, 0, 60)));
  };
  dtls.arrived = [](const DatagramSession& s) { return s.at_server().size() == 2; };
  rows.push_back(datagrams("D.7-94d", "DTLS, the hello in two fragments, the second first",
                           "put together", dtls));
  dtls.play = [](DatagramSession& s, const std::string& name) {
    s.client_says(dtls_record(dtls_fragment(dtls_hello_body(sni({kDecoyName})))));
    s.server_says(dtls_server_hello(true));
    s.client_says(dtls_record(
        dtls_fragment(dtls_hello_body(sni({name}), "cookie"), 0, std::string::npos, 1)));
  };
  rows.push_back(datagrams("D.7-94e", "DTLS, another name in the hello after a cookie",
                           "every hello is read", dtls));
  rows.push_back(labelled("D.7-95a", "a message of the DHT first",
                          "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"));
  rows.push_back(
      labelled("D.7-95b", "a handshake of WireGuard first", "\1\0\0\0"s + std::string(144, 'w')));
  rows.push_back(labelled("D.7-95c", "an address query of Discord first",
                          "\0\1\0\x46"s + std::string(70, '\0')));
  rows.push_back(labelled("D.7-95d", "a binding request of STUN first", stun(0, 1)));
  const std::string question = proto::test::dns_query(kDecoyName);
  rows.push_back(labelled("D.7-95e", "a question to a name server first", question));
  rows.push_back(labelled("D.7-95f", "the same on port 53", question, 53));
  return rows;
}

}  // namespace chatgate::test

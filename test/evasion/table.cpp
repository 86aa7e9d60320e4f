#include "table.h"

#include <algorithm>

#include "net/checksum.h"

namespace chatgate::test {
namespace {

using namespace net::tcp_flag;

// Where the second label of the name stands in a hello.
std::size_t inside_name(const std::string& hello) {
  return hello.find("example") - 4;
}

void split(Session& s, const std::string& hello, std::vector<std::size_t> cuts,
           std::vector<std::size_t> order = {}) {
  cuts.insert(cuts.begin(), 0);
  cuts.push_back(hello.size());
  if (order.empty()) {
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) order.push_back(i);
  }
  for (const std::size_t i : order) {
    s.data(cuts[i], hello.substr(cuts[i], cuts[i + 1] - cuts[i])).send();
  }
}

bool is_v6(const Octets& frame) {
  return load_be16(&frame[12]) == 0x86dd;
}

// Of an IPv4 header without tags before it.
void set_identification(Octets& frame, std::uint16_t id) {
  std::uint8_t* ip = &frame[14];
  store_be16(ip + 4, id);
  store_be16(ip + 10, 0);
  store_be16(ip + 10, net::checksum_fold(net::checksum_add(Bytes(ip, 20))));
}

// A fake of one kind before the real bytes.
using Bend = std::function<void(Piece&)>;
auto fake_first(Bend bend) {
  return [bend](Session& s, const std::string& hello, const std::string& decoy) {
    s.open();
    Piece fake = s.data(0, decoy);
    bend(fake);
    fake.send();
    s.data(0, hello).send(3);
  };
}

std::vector<Row> segmentation() {
  std::vector<Row> rows;
  const auto add = [&](const char* id, const char* what, const char* why, auto play) {
    rows.push_back({id, what, why, Twin::passes, play});
  };
  add("D.1-1a", "hello cut after its first byte", "joined", [](Session& s, auto& h, auto&) {
    s.open();
    split(s, h, {1});
  });
  add("D.1-1b", "hello cut after its second byte", "joined", [](Session& s, auto& h, auto&) {
    s.open();
    split(s, h, {2});
  });
  add("D.1-1c", "hello cut inside the name", "joined", [](Session& s, auto& h, auto&) {
    s.open();
    split(s, h, {inside_name(h)});
  });
  add("D.1-1d", "hello cut before its last byte", "joined", [](Session& s, auto& h, auto&) {
    s.open();
    split(s, h, {h.size() - 1});
  });
  add("D.1-2", "hello in segments of one byte", "joined", [](Session& s, auto& h, auto&) {
    s.open();
    for (std::size_t i = 0; i < h.size(); ++i) s.data(i, h.substr(i, 1)).send();
  });
  add("D.1-3a", "two segments, the second first", "held, then joined",
      [](Session& s, auto& h, auto&) {
        s.open();
        split(s, h, {inside_name(h)}, {1, 0});
      });
  add("D.1-3b", "six segments in the order 6 4 2 5 3 1", "held, then joined",
      [](Session& s, auto& h, auto&) {
        s.open();
        const std::size_t n = h.size();
        split(s, h, {n / 6, n / 3, n / 2, 2 * n / 3, 5 * n / 6}, {5, 3, 1, 4, 2, 0});
      });
  add("D.1-4", "three pieces, nested at byte 8 and 4", "joined", [](Session& s, auto& h, auto&) {
    s.open();
    split(s, h, {4, 8}, {2, 0, 1});
  });
  add("D.1-5", "every other piece lost behind the gateway and sent again",
      "a copy equal to what was read is not a conflict", [](Session& s, auto& h, auto&) {
        s.open();
        s.data(0, h.substr(0, 20)).ttl(1).send();
        s.data(20, h.substr(20, 20)).send();
        s.data(40, h.substr(40)).ttl(1).send();
        s.wait(1);
        s.data(0, h.substr(0, 20)).send();
        s.data(40, h.substr(40)).send();
      });
  add("D.1-9", "the server answers in tiny segments", "the verdict is the client's hello",
      [](Session& s, auto& h, auto&) {
        s.open();
        split(s, h, {10, 20});
        for (int i = 0; i < 20; ++i) s.server_says("x");
      });
  add("D.1-52", "keep-alives between the segments", "passed, not data",
      [](Session& s, auto& h, auto&) {
        s.open();
        s.data(0, h.substr(0, 30)).send();
        s.data(29, h.substr(29, 1)).send();
        s.data(30, h.substr(30)).send();
      });
  rows.push_back({"D.1-6", "a hole that is never filled", "nothing beyond it is read by anyone",
                  Twin::starves, [](Session& s, auto& h, auto&) {
                    s.open();
                    s.data(0, h.substr(0, 20)).send();
                    s.data(21, h.substr(21)).send();
                    s.wait(60);
                    s.data(20, h.substr(20, 1)).send();
                  }});
  rows.push_back({"D.1-8", "one byte every thirty seconds",
                  "a message that takes so long is not waited for", Twin::starves,
                  [](Session& s, auto& h, auto&) {
                    s.open();
                    for (std::size_t i = 0; i < h.size(); ++i) {
                      s.data(i, h.substr(i, 1)).send();
                      s.wait(30);
                    }
                  }});
  rows.push_back({"D.1-10", "the same bytes again with other content",
                  "first wins, the copy is dropped", Twin::passes,
                  [](Session& s, auto& h, auto& decoy) {
                    s.open();
                    s.data(0, h.substr(0, 60)).send();
                    s.data(0, decoy.substr(0, 60)).send();
                    s.data(60, h.substr(60)).send();
                  }});
  return rows;
}

std::vector<Row> overlaps() {
  std::vector<Row> rows;
  const auto add = [&](const char* id, const char* what, const char* why, Twin twin, auto play) {
    rows.push_back({id, what, why, twin, play});
  };
  add("D.2-11", "the first segment starts before the window", "trimmed", Twin::passes,
      [](Session& s, auto& h, auto&) {
        s.open();
        s.data(0, "\x16" + h.substr(0, 60)).shift(-1).send();
        s.data(60, h.substr(60)).send();
      });
  add("D.2-12", "the second segment first, overlapping the first with a fake", "first wins",
      Twin::starves, [](Session& s, auto& h, auto& decoy) {
        s.open();
        const std::size_t cut = inside_name(h);
        s.data(1, decoy.substr(1, cut - 1) + h.substr(cut)).send();
        s.data(0, h.substr(0, cut)).send(4);
      });
  add("D.2-13", "fake, real, fake around each half (fakedsplit)", "first wins", Twin::starves,
      [](Session& s, auto& h, auto& decoy) {
        s.open();
        const std::size_t cut = inside_name(h);
        s.data(0, decoy.substr(0, cut)).ttl(3).send();
        s.data(0, h.substr(0, cut)).send();
        s.data(0, decoy.substr(0, cut)).ttl(3).send();
        s.data(cut, decoy.substr(cut)).ttl(3).send();
        s.data(cut, h.substr(cut)).send();
        s.data(cut, decoy.substr(cut)).ttl(3).send();
      });
  add("D.2-14", "the same in disorder (fakeddisorder)", "first wins", Twin::starves,
      [](Session& s, auto& h, auto& decoy) {
        s.open();
        const std::size_t cut = inside_name(h);
        s.data(cut, decoy.substr(cut)).ttl(3).send();
        s.data(cut, h.substr(cut)).send();
        s.data(0, decoy.substr(0, cut)).ttl(3).send();
        s.data(0, h.substr(0, cut)).send();
      });
  add("D.2-15", "random name, real name, random name (hostfakesplit)", "first wins", Twin::starves,
      [](Session& s, auto& h, auto& decoy) {
        s.open();
        const std::size_t at = inside_name(h), end = at + 8;
        s.data(0, h.substr(0, at)).send();
        s.data(at, decoy.substr(at, 8)).ttl(3).send();
        s.data(at, h.substr(at, 8)).send();
        s.data(at, decoy.substr(at, 8)).ttl(3).send();
        s.data(end, h.substr(end)).send();
      });
  for (const bool fake_first : {true, false}) {
    add(fake_first ? "D.2-16a" : "D.2-16b",
        fake_first ? "left, right, exact and containing overlaps, the fake first"
                   : "left, right, exact and containing overlaps, the real bytes first",
        "first wins, whatever the server would do", fake_first ? Twin::starves : Twin::passes,
        [fake_first](Session& s, auto& h, auto& decoy) {
          s.open();
          const auto& one = fake_first ? decoy : h;
          const auto& other = fake_first ? h : decoy;
          s.data(20, one.substr(20, 60)).send();
          s.data(10, other.substr(10, 40)).send();
          s.data(60, other.substr(60, 40)).send();
          s.data(20, other.substr(20, 60)).send();
          s.data(0, h.substr(0, 20)).send();
          s.data(80, h.substr(80)).send();
        });
  }
  add("D.2-17", "a thousand fakes to exhaust what is kept", "a constant amount is kept",
      Twin::starves, [](Session& s, auto& h, auto& decoy) {
        s.open();
        s.data(0, decoy).ttl(3).send(1024);
        s.data(0, h).send(3);
      });
  return rows;
}

std::vector<Row> refused() {
  std::vector<Row> rows;
  const auto add = [&](const char* id, const char* what, const char* why, Twin twin, auto play) {
    rows.push_back({id, what, why, twin, play});
  };
  add("D.3-18", "a decoy that dies on its way, then the hello",
      "until the server acknowledges what was read, nothing else may stand in its place",
      Twin::starves, fake_first([](Piece& fake) { fake.ttl(3); }));
  add("D.3-18b", "the same, and the client acknowledges it in the server's name",
      "an acknowledgment counts that comes from the server's side", Twin::starves,
      [](Session& s, auto& h, auto& decoy) {
        s.open();
        s.data(0, decoy).ttl(3).send();
        const auto size = static_cast<std::uint32_t>(decoy.size());
        const std::uint32_t next = s.first_sequence() + size;
        s.raw(s.server_frame().seq(Endpoint::kOwnSequence + 1).ack(next).ttl(3).build());
        s.data(0, h).send(3);
      });
  add("D.3-19", "a decoy with a wrong TCP checksum", "refused as the server would", Twin::passes,
      fake_first([](Piece& fake) { fake.bad_checksum(); }));
  add("D.3-20a", "a decoy ten thousand bytes back", "outside the window", Twin::passes,
      fake_first([](Piece& fake) { fake.shift(-10000); }));
  add("D.3-20b", "a decoy half the number space away", "outside the window", Twin::passes,
      fake_first([](Piece& fake) { fake.shift(INT32_MIN); }));
  add("D.3-21", "a decoy with an acknowledgment 66,000 back", "acknowledges what was never sent",
      Twin::passes, fake_first([](Piece& fake) { fake.acknowledges(-66000); }));
  add("D.3-21b", "a decoy that acknowledges bytes to come",
      "believed, since answers may take another way; then first wins", Twin::starves,
      fake_first([](Piece& fake) { fake.acknowledges(5000); }));
  add("D.3-22", "a decoy with a TCP-MD5 option", "nobody agreed on it", Twin::passes,
      fake_first([](Piece& fake) {
        Octets option = {19, 18};
        option.resize(20, 0);
        fake.options(option);
      }));
  add("D.3-23", "a decoy with an old timestamp (PAWS)", "older than the last", Twin::passes,
      [](Session& s, auto& h, auto& decoy) {
        s.syn(0, 64, {}, 1'000'000);
        s.syn_ack();
        s.handshake_ack();
        s.data(0, decoy).timestamp(400'000).send();
        s.data(0, h).timestamp(1'000'100).send();
      });
  add("D.3-24", "a decoy without the ACK flag", "no segment after the handshake lacks it",
      Twin::passes, fake_first([](Piece& fake) { fake.flags(psh); }));
  add("D.3-25a", "a decoy with SYN", "another SYN within the connection", Twin::passes,
      fake_first([](Piece& fake) { fake.flags(syn); }));
  add("D.3-25b", "a decoy with SYN and FIN", "impossible flags", Twin::passes,
      fake_first([](Piece& fake) { fake.flags(syn | fin | ack); }));
  add("D.3-25c", "a decoy with FIN, PSH and URG only", "no ACK", Twin::passes,
      fake_first([](Piece& fake) { fake.flags(fin | psh | urg); }));
  add("D.3-25d", "a decoy without any flag", "no ACK", Twin::passes,
      fake_first([](Piece& fake) { fake.flags(0); }));
  add("D.3-25e", "a decoy with RST and payload", "a reset's payload is not data", Twin::passes,
      fake_first([](Piece& fake) { fake.flags(rst).shift(100); }));
  add("D.3-26", "a decoy whose data offset eats twenty bytes, with a wrong checksum",
      "refused as the server would", Twin::passes, fake_first([](Piece& fake) {
        fake.change([](Octets& f) { f[(is_v6(f) ? 54u : 34u) + 12] = 0xa0; }).bad_checksum();
      }));
  add("D.3-27", "a decoy with options that cannot be read", "refused", Twin::passes,
      fake_first([](Piece& fake) {
        fake.options({3, 0, 3, 0});
      }));
  add("D.3-28", "bytes after the IP datagram", "padding, not data", Twin::passes,
      [](Session& s, auto& h, auto&) {
        s.open();
        s.data(0, h).change([](Octets& f) { f.resize(f.size() + 14, 'x'); }).send();
      });
  add("D.3-29", "a decoy whose IP length exceeds the frame", "refused", Twin::passes,
      fake_first(
          [](Piece& fake) { fake.change([](Octets& f) { f[is_v6(f) ? 18 : 16] = 0x7f; }); }));
  add("D.3-30", "a decoy with a wrong IP header checksum", "refused", Twin::passes,
      fake_first([](Piece& fake) { fake.bad_ip_checksum(); }));
  rows.back().over = Over::v4;
  add("D.3-31a", "a decoy with an IP header of four words", "refused", Twin::passes,
      fake_first([](Piece& fake) { fake.change([](Octets& f) { f[14] = 0x44; }); }));
  rows.back().over = Over::v4;
  add("D.3-31b", "a decoy of IP version five", "refused", Twin::passes,
      fake_first([](Piece& fake) { fake.change([](Octets& f) { f[14] = 0x55; }); }));
  add("D.3-32", "every segment twice", "equal copies have no effect", Twin::passes,
      [](Session& s, auto& h, auto&) {
        s.open();
        s.data(0, h.substr(0, 40)).send(2);
        s.data(40, h.substr(40)).send(2);
      });
  add("D.3-33", "the real hello with an odd TTL", "a TTL alone is no reason", Twin::passes,
      [](Session& s, auto& h, auto&) {
        s.open();
        s.data(0, h.substr(0, 40)).ttl(17).send();
        s.data(40, h.substr(40)).ttl(200).send();
      });
  for (const unsigned step : {0u, 1u, 4711u}) {
    add(step == 0   ? "D.3-34a"
        : step == 1 ? "D.3-34b"
                    : "D.3-34c",
        step == 0   ? "every packet with the identification zero"
        : step == 1 ? "identifications that count up"
                    : "identifications that leap",
        "an identification is no reason for anything", Twin::passes,
        [step](Session& s, auto& h, auto&) {
          s.open();
          for (std::size_t i = 0; i * 40 < h.size(); ++i) {
            s.data(i * 40, h.substr(i * 40, 40))
                .change([id = static_cast<std::uint16_t>(i * step)](Octets& frame) {
                  set_identification(frame, id);
                })
                .send();
          }
        });
    rows.back().over = Over::v4;
  }
  return rows;
}

std::vector<Row> state() {
  std::vector<Row> rows;
  const auto add = [&](const char* id, const char* what, const char* why, Twin twin, auto play) {
    rows.push_back({id, what, why, twin, play});
  };
  const auto reset_first = [](Bend bend) {
    return [bend](Session& s, const std::string& hello, const std::string&) {
      s.open();
      Piece fake = s.data(0, "");
      fake.flags(rst | ack);
      bend(fake);
      fake.send();
      s.wait(5);
      s.data(0, hello).send();
    };
  };
  add("D.4-35", "a reset with a wrong checksum, then the hello", "refused", Twin::passes,
      reset_first([](Piece& fake) { fake.bad_checksum(); }));
  add("D.4-36", "a reset that dies on its way, then the hello", "a reset does not end the looking",
      Twin::passes, reset_first([](Piece& fake) { fake.ttl(3); }));
  add("D.4-37", "a reset with a TCP-MD5 option, then the hello", "nobody agreed on it",
      Twin::passes, reset_first([](Piece& fake) {
        Octets option = {19, 18};
        option.resize(20, 0);
        fake.options(option);
      }));
  add("D.4-38", "a reset in the window but not at its edge", "RFC 5961: changes nothing",
      Twin::passes, reset_first([](Piece& fake) { fake.shift(50); }));
  add("D.4-39", "a FIN that dies on its way, then the hello", "data is read after a FIN too",
      Twin::passes, [](Session& s, auto& h, auto&) {
        s.open();
        s.data(0, "").flags(fin | ack).ttl(3).send();
        s.data(0, h).send();
      });
  add("D.4-40", "a second SYN with another number that dies on its way",
      "the SYN/ACK says which one counts", Twin::passes, [](Session& s, auto& h, auto&) {
        s.syn();
        s.syn(77777, 3);
        s.syn_ack();
        s.handshake_ack();
        s.data(0, h).send();
      });
  add("D.4-40b", "a SYN with another number before the real one",
      "the SYN/ACK says which one counts", Twin::passes, [](Session& s, auto& h, auto&) {
        s.syn(77777, 3);
        s.syn();
        s.syn_ack();
        s.handshake_ack();
        s.data(0, h).send();
      });
  add("D.4-41", "the client sends a SYN/ACK first", "who is the client is for the payload to say",
      Twin::passes, [](Session& s, auto& h, auto&) {
        s.raw(s.frame().flags(syn).seq(4711).ack(9).ttl(3).build());
        s.open();
        s.data(0, h).send();
      });
  add("D.4-42", "split handshake: the server answers with a SYN of its own",
      "both directions are read", Twin::passes, [](Session& s, auto& h, auto&) {
        s.syn();
        s.server_raw(s.server_frame().flags(syn).seq(Endpoint::kOwnSequence).build());
        s.syn_ack();
        s.handshake_ack();
        s.data(0, h).send();
      });
  add("D.4-43", "a SYN with a decoy as data, which the server ignores",
      "data in a SYN counts only once it is acknowledged", Twin::passes,
      [](Session& s, auto& h, auto& decoy) {
        s.syn(0, 64, decoy);
        s.syn_ack();
        s.handshake_ack();
        s.data(0, h).send();
      });
  add("D.4-44", "TCP Fast Open: the whole hello in the SYN", "read in the SYN", Twin::passes,
      [](Session& s, auto& h, auto&) {
        s.server().fast_open = true;
        s.syn(0, 64, h);
        s.syn_ack(static_cast<std::uint32_t>(h.size()));
        s.handshake_ack();
      });
  add("D.4-45", "simultaneous open: both ends send a SYN, then a SYN/ACK",
      "both directions are read", Twin::passes, [](Session& s, auto& h, auto&) {
        s.syn();
        s.server_raw(s.server_frame().flags(syn).seq(Endpoint::kOwnSequence).ack_number(0).build());
        s.raw(s.frame()
                  .flags(syn | ack)
                  .seq(s.first_sequence() - 1)
                  .ack(Endpoint::kOwnSequence + 1)
                  .build());
        s.syn_ack();
        s.data(0, h).send();
      });
  add("D.4-47a", "a SYN that carries an acknowledgment number",
      "a SYN without ACK acknowledges nothing", Twin::passes, [](Session& s, auto& h, auto&) {
        s.raw(s.frame().flags(syn).seq(s.first_sequence() - 1).ack_number(0xdeadbeef).build());
        s.syn_ack();
        s.handshake_ack();
        s.data(0, h).send();
      });
  add("D.4-47b", "a decoy between SYN and SYN/ACK, which acknowledges what was never sent",
      "believed, since answers may take another way; then first wins", Twin::starves,
      [](Session& s, auto& h, auto& decoy) {
        s.syn();
        s.raw(s.frame().seq(s.first_sequence()).ack(0xdeadbeef).payload(decoy).build());
        s.syn_ack();
        s.handshake_ack();
        s.data(0, h).send();
      });
  add("D.4-46", "an innocent connection ends, another on the same ports begins",
      "a new connection is read afresh", Twin::passes, [](Session& s, auto& h, auto& decoy) {
        s.raw(s.frame().flags(syn).seq(5000).ack_number(0).build());
        s.server_raw(s.server_frame().flags(syn).seq(900).ack(5001).build());
        s.raw(s.frame().seq(5001).ack(901).payload(decoy).build());
        s.raw(s.frame()
                  .flags(rst)
                  .seq(5001 + static_cast<std::uint32_t>(decoy.size()))
                  .ack(901)
                  .build());
        s.open();
        s.data(0, h).send();
      });
  add("D.4-46b", "the same, and of two SYNs the second dies on its way",
      "where nothing is read any more, any answer begins it anew", Twin::passes,
      [](Session& s, auto& h, auto&) {
        s.raw(s.frame().flags(syn).seq(5000).ack_number(0).build());
        s.server_raw(s.server_frame().flags(syn).seq(900).ack(5001).build());
        s.raw(s.frame().seq(5001).ack(901).payload(std::string(100, '~')).build());
        s.server_raw(s.server_frame().seq(901).ack(5101).build());
        s.raw(s.frame().flags(rst).seq(5101).ack(901).build());
        s.syn();
        s.syn(77777, 3);
        s.syn_ack();
        s.handshake_ack();
        s.data(0, h).send();
      });
  for (const bool in_place : {true, false}) {
    add(in_place ? "D.4-48a" : "D.4-48b",
        in_place ? "an urgent byte in the name, left in place by the server"
                 : "an urgent byte put into the name, taken out by the server",
        "read with and without the byte", Twin::passes, [in_place](Session& s, auto& h, auto&) {
          s.server().urgent_inline = in_place;
          s.open();
          const std::size_t at = inside_name(h);
          const std::string sent = in_place ? h : h.substr(0, at) + "x" + h.substr(at);
          s.data(0, sent.substr(0, at + 1)).urgent(static_cast<std::uint16_t>(at + 1)).send();
          s.data(at + 1, sent.substr(at + 1)).send();
        });
  }
  add("D.4-49a", "five urgent bytes", "taken down", Twin::starves, [](Session& s, auto& h, auto&) {
    s.open();
    for (std::size_t i = 0; i < 5; ++i) s.data(i, h.substr(i, 1)).urgent(1).send();
    s.data(5, h.substr(5)).send();
  });
  add("D.4-49b", "an urgent pointer beyond the segment", "taken down", Twin::starves,
      [](Session& s, auto& h, auto&) {
        s.open();
        s.data(0, h.substr(0, 20)).urgent(400).send();
        s.data(20, h.substr(20)).send();
      });
  add("D.4-50", "a connection whose start was never seen", "read from the first byte seen",
      Twin::passes, [](Session& s, auto& h, auto&) { s.data(0, h).send(); });
  add("D.4-51", "only the client's direction passes here", "the client's word is enough",
      Twin::passes, [](Session& s, auto& h, auto&) {
        s.syn();
        s.data(0, h.substr(0, 50)).send();
        s.data(50, h.substr(50)).send();
      });
  return rows;
}

}  // namespace

const std::vector<Row>& rows() {
  static const std::vector<Row> all = [] {
    std::vector<Row> joined;
    for (auto* part : {&segmentation, &overlaps, &refused, &state, &fragment_rows, &header_rows,
                       &fragmented_header_rows, &tunnel_rows, &tls_rows, &quic_rows, &datagram_rows,
                       &http_rows, &proxy_rows, &dns_rows}) {
      for (Row& row : (*part)()) joined.push_back(std::move(row));
    }
    return joined;
  }();
  return all;
}

}  // namespace chatgate::test

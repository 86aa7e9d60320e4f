// Evasions below TCP: fragments, IPv6 headers, tags and encapsulations.

#include <algorithm>
#include <utility>

#include "table.h"

namespace chatgate::test {
namespace {

constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kDestination = 60;

using Bend = std::function<void(Piece&)>;

// The hello as one segment in a packet that is bent.
auto bent(Bend bend) {
  return [bend](Session& s, const std::string& hello, const std::string&) {
    s.open();
    Piece piece = s.data(0, hello);
    bend(piece);
    piece.send();
  };
}

// A bent decoy before the hello.
auto bent_decoy(Bend bend) {
  return [bend](Session& s, const std::string& hello, const std::string& decoy) {
    s.open();
    Piece fake = s.data(0, decoy);
    bend(fake);
    fake.send();
    s.data(0, hello).send(3);
  };
}

// The last header of a frame that has one extension header: its type, and what it says.
void edit_extension(Octets& frame, std::initializer_list<std::pair<std::size_t, std::uint8_t>> at) {
  for (const auto& [offset, value] : at) frame[14 + 40 + offset] = value;
}

}  // namespace

// Fragments of the IP datagram that carries the hello.
std::vector<Row> fragment_rows() {
  std::vector<Row> rows;
  const auto add = [&](const char* id, const char* what, const char* why, Twin twin, auto play) {
    rows.push_back({id, what, why, twin, play});
  };
  add("D.5-53", "the hello in IP fragments, cut behind the TCP header", "held, judged as one",
      Twin::passes, [](Session& s, auto& h, auto&) {
        s.open();
        s.data(0, h).fragments({24}).send();
      });
  add("D.5-53b", "many fragments, the last first", "held, judged as one", Twin::passes,
      [](Session& s, auto& h, auto&) {
        s.open();
        s.data(0, h).fragments({24, 32, 48, 64, 72, 80}, true).send();
      });
  add("D.5-53c", "a hello in two segments, each in fragments", "held, judged as one, joined",
      Twin::passes, [](Session& s, auto& h, auto&) {
        s.open();
        s.data(40, h.substr(40)).fragments({32}, true).send();
        s.data(0, h.substr(0, 40)).fragments({24, 32}).send();
      });
  for (const bool decoy_first : {true, false}) {
    add(decoy_first ? "D.5-54a" : "D.5-54b",
        decoy_first ? "overlapping fragments, the decoy first"
                    : "overlapping fragments, the hello first",
        "a datagram that contradicts itself is dropped whole", Twin::starves,
        [decoy_first](Session& s, auto& h, auto& decoy) {
          s.open();
          s.data(0, h).overlapping_fragments(decoy, decoy_first).send();
        });
  }
  add("D.5-55", "the identification used again for another datagram", "dropped", Twin::starves,
      [](Session& s, auto& h, auto& decoy) {
        s.open();
        s.data(0, decoy).ttl(3).fragments({24}).identification(77).send();
        s.data(0, h).fragments({24}).identification(77).send();
      });
  add("D.5-56", "a first fragment without a whole TCP header", "dropped", Twin::starves,
      [](Session& s, auto& h, auto&) {
        s.open();
        s.data(0, h).fragments({8}).send();
      });
  add("D.5-63", "a thousand first fragments, then the hello in fragments",
      "the oldest of the one source give way", Twin::passes, [](Session& s, auto& h, auto& decoy) {
        s.open();
        for (int i = 0; i < 1000; ++i) s.data(0, decoy).fragments({24}).only_first().send();
        s.data(0, h).fragments({24}).send();
      });
  add("D.5-57", "fragments that overlap with equal bytes", "RFC 5722: every overlap is refused",
      Twin::starves, [](Session& s, auto& h, auto&) {
        s.open();
        s.data(0, h).fragments({24, 48}).reaching_over(8).send();
      });
  rows.back().over = Over::v6;
  return rows;
}

// IPv6 extension headers before and within fragments.
std::vector<Row> fragmented_header_rows() {
  std::vector<Row> rows;
  const auto add = [&](const char* id, const char* what, const char* why, Twin twin, auto play) {
    rows.push_back({id, what, why, twin, play, Over::v6});
  };
  add("D.5-62a", "a hop-by-hop header before fragments", "held, judged as one", Twin::passes,
      bent([](Piece& p) {
        p.extension(kHopByHop).fragments({24, 40});
      }));
  add("D.5-62b", "destination options within the first of the fragments", "held, judged as one",
      Twin::passes, bent([](Piece& p) {
        p.extension(kDestination).fragments({32, 48}, true);
      }));
  add("D.5-62c", "an atomic fragment within fragments", "a fragment within a datagram: dropped",
      Twin::starves, bent([](Piece& p) {
        p.atomic().fragments({32, 48});
      }));
  return rows;
}

// IPv6 extension headers. The servers take any number of them, of any length.
std::vector<Row> header_rows() {
  std::vector<Row> rows;
  const auto add = [&](const char* id, const char* what, const char* why, Twin twin, auto play) {
    rows.push_back({id, what, why, twin, play, Over::v6});
  };
  add("D.5-58a", "an atomic fragment", "a fragment header on a whole packet is walked over",
      Twin::passes, bent([](Piece& p) { p.atomic(); }));
  add("D.5-58b", "one half in an atomic fragment, the other without", "one flow", Twin::passes,
      [](Session& s, auto& h, auto&) {
        s.open();
        s.data(0, h.substr(0, 60)).atomic().send();
        s.data(60, h.substr(60)).send();
      });
  add("D.5-59", "a hop-by-hop header before TCP", "walked over", Twin::passes,
      bent([](Piece& p) { p.extension(kHopByHop); }));
  add("D.5-60", "two hop-by-hop headers", "no endpoint takes that: dropped", Twin::starves,
      bent([](Piece& p) { p.extension(kHopByHop).extension(kHopByHop); }));
  add("D.5-60b", "a decoy behind two hop-by-hop headers", "no endpoint takes that: dropped",
      Twin::passes, bent_decoy([](Piece& p) { p.extension(kHopByHop).extension(kHopByHop); }));
  add("D.5-60c", "a decoy with a hop-by-hop header behind another", "dropped", Twin::passes,
      bent_decoy([](Piece& p) { p.extension(kDestination).extension(kHopByHop); }));
  add("D.5-61a", "destination options", "walked over", Twin::passes,
      bent([](Piece& p) { p.extension(kDestination, 64); }));
  add("D.5-61b", "hop-by-hop, destination options, routing, destination options", "walked over",
      Twin::passes, bent([](Piece& p) {
        p.extension(kHopByHop).extension(kDestination).extension(kRouting, 24);
        p.extension(kDestination);
      }));
  add("D.5-61c", "eight headers", "walked over", Twin::passes, bent([](Piece& p) {
        for (int i = 0; i < 8; ++i) p.extension(kDestination);
      }));
  add("D.5-61d", "nine headers", "more than any endpoint needs: dropped", Twin::starves,
      bent([](Piece& p) {
        for (int i = 0; i < 9; ++i) p.extension(kDestination);
      }));
  add("D.5-61e", "headers of more than 256 bytes", "more than any endpoint needs: dropped",
      Twin::starves, bent([](Piece& p) { p.extension(kDestination, 264); }));
  add("D.5-61f", "a decoy behind an option that must be understood and is not",
      "read, and not believed before the server acknowledges it", Twin::starves,
      bent_decoy([](Piece& p) {
        p.extension(kDestination);
        p.change([](Octets& f) { edit_extension(f, {{2, 0x7e}, {3, 4}}); });
      }));
  add("D.5-61g", "a decoy behind a routing header that sends it on",
      "read, and not believed before the server acknowledges it", Twin::starves,
      bent_decoy([](Piece& p) {
        p.extension(kRouting, 24);
        p.change([](Octets& f) {
          edit_extension(f, {{2, 4}, {3, 1}});
          std::copy_n(&f[14 + 24], 16, &f[14 + 40 + 8]);
        });
      }));
  add("D.5-61h", "a decoy in a packet of payload length zero", "nothing behind its header is of it",
      Twin::passes,
      bent_decoy([](Piece& p) { p.change([](Octets& f) { store_be16(&f[14 + 4], 0); }); }));
  add("D.5-61i", "a decoy with a jumbo option of less than a jumbogram", "a length of zero is zero",
      Twin::passes, bent_decoy([](Piece& p) {
        p.extension(kHopByHop);
        p.change([](Octets& f) {
          edit_extension(f, {{2, 0xc2}, {3, 4}, {7, static_cast<std::uint8_t>(f.size() - 54)}});
          store_be16(&f[14 + 4], 0);
        });
      }));
  add("D.5-61j", "a decoy whose header chain ends beyond its packet", "refused", Twin::passes,
      bent_decoy([](Piece& p) {
        p.extension(kDestination);
        p.change([](Octets& f) { edit_extension(f, {{1, 0xff}}); });
      }));
  return rows;
}

// Tags and encapsulations around both directions.
std::vector<Row> tunnel_rows() {
  using E = net::Encapsulation;
  std::vector<Row> rows;
  const auto inside = [&](const char* id, const char* what, std::vector<Layer> layers,
                          std::vector<std::uint16_t> tags = {}, Over over = Over::both) {
    const auto play = [layers, tags](Session& s, const std::string& h, const std::string&) {
      s.through(layers, tags);
      s.open();
      s.data(60, h.substr(60)).send();
      s.data(0, h.substr(0, 60)).send();
    };
    rows.push_back({id, what, "read inside", Twin::passes, play, over});
  };
  inside("D.5-64a", "a VLAN tag", {}, {0x8100});
  inside("D.5-64b", "QinQ", {}, {0x88a8, 0x8100});
  inside("D.5-64c", "QinQ of the old type", {}, {0x9100, 0x8100});
  inside("D.5-64d", "a PPPoE session", {{E::pppoe}});
  inside("D.5-64e", "four MPLS labels", {{E::mpls, Outer::v4, 3}});
  inside("D.5-64f", "GRE with key and sequence", {{E::gre, Outer::v4, 6}});
  inside("D.5-64g", "IP in IP", {{E::ip_in_ip}});
  inside("D.5-64h", "IP in IPv6", {{E::ip_in_ip, Outer::v6}});
  inside("D.5-64i", "GTP-U", {{E::gtp_u, Outer::v4, 2}});
  inside("D.5-64j", "VXLAN", {{E::vxlan, Outer::v4, 42}});
  inside("D.5-64k", "Teredo", {{E::teredo, Outer::v4, 2}}, {}, Over::v6);
  inside("D.5-64l", "VXLAN in GRE with Ethernet, tagged",
         {{E::vxlan, Outer::v6, 9}, {E::gre, Outer::v4, 10}}, {0x8100});
  rows.push_back({"D.5-64m", "one half in GRE, the other in the open", "one flow", Twin::passes,
                  [](Session& s, auto& h, auto&) {
                    s.open();
                    s.data(0, h.substr(0, 60)).send();
                    s.through({{E::gre}});
                    s.data(60, h.substr(60)).send();
                  }});
  rows.push_back({"D.5-64n", "fragments inside of VXLAN", "held, judged as one", Twin::passes,
                  [](Session& s, auto& h, auto&) {
                    s.through({{E::vxlan, Outer::v4, 42}});
                    s.open();
                    s.data(0, h.substr(0, 60)).send();
                    s.data(60, h.substr(60)).fragments({24}, true).send();
                  }});
  const auto cut = [&](const char* id, const char* what, Layer layer) {
    rows.push_back(
        {id, what, "held, judged as one", Twin::passes, [layer](Session& s, auto& h, auto&) {
           s.through({layer});
           s.open();
           s.data(0, h.substr(0, 60)).send();
           s.data(60, h.substr(60)).cut_outside(40).send();
         }});
  };
  cut("D.5-64o", "VXLAN in fragments of the outer packet", {E::vxlan, Outer::v4, 42});
  cut("D.5-64p", "GRE in fragments of the outer packet", {E::gre, Outer::v4, 0});
  cut("D.5-64q", "GRE with a key in fragments of the outer packet", {E::gre, Outer::v6, 2});
  cut("D.5-64r", "IP in IP in fragments of the outer packet", {E::ip_in_ip, Outer::v4, 0});
  rows.push_back({"D.5-64s", "fragments inside of GTP-U in fragments",
                  "no path needs that: dropped", Twin::starves, [](Session& s, auto& h, auto&) {
                    s.through({{E::gtp_u}});
                    s.open();
                    s.data(0, h).fragments({64}).cut_outside(40).send();
                  }});
  for (Row& row : rows) row.own_path = true;
  return rows;
}

}  // namespace chatgate::test

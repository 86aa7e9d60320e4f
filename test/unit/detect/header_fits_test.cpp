// Header, flow and conditions: which subjects a rule is for.
#include <functional>
#include <gtest/gtest.h>

#include "evaluation_case.h"

namespace chatgate::detect {
namespace {

using proto::AppProto;

// A packet of an established connection from 10.0.0.1:4000 to 192.0.2.1:80, or a piece of it.
struct Scene {
  PacketFields packet;
  Subject subject;
  bool on_stream = false;

  Scene() {
    subject.source = *IpAddress::parse("10.0.0.1");
    subject.destination = *IpAddress::parse("192.0.2.1");
    subject.source_port = 4000;
    subject.destination_port = 80;
    subject.ip_protocol = 6;
    subject.established = true;
    packet.ttl = 64;
    packet.tos = 8;
    packet.ip_id = 1234;
    packet.fragbits = kFragDont;
    packet.payload_size = 100;
    packet.tcp_flags = 0x18;  // PA
    packet.window = 512;
    packet.sequence = 4000000000;
    packet.acknowledgment = 7;
  }
};

using Change = std::function<void(Scene&)>;

void expect_fit(const std::string& rule, bool fits, const Change& change = nullptr) {
  const auto program = program_of(rule);
  ASSERT_TRUE(program);
  Scene scene;
  if (change) change(scene);
  scene.subject.packet = scene.on_stream ? nullptr : &scene.packet;
  EXPECT_EQ(program->header_fits(scene.subject), fits) << rule;
}

// On a packet, with options that need one so that TCP is looked at in packets.
void expect_options(const std::string& options, bool fits, const Change& change = nullptr) {
  expect_fit("alert ip any any -> any any (" + options + " ttl:>0; sid:1;)", fits, change);
}

void on_stream(Scene& scene) {
  scene.on_stream = true;
}

Change icmp(std::uint8_t type, std::uint8_t code, bool has_id = true) {
  return [=](Scene& scene) {
    scene.subject.ip_protocol = 1;
    scene.packet.icmp_type = type;
    scene.packet.icmp_code = code;
    scene.packet.has_icmp_id = has_id;
    scene.packet.icmp_id = 77;
    scene.packet.icmp_sequence = 3;
  };
}

Change transport(std::uint8_t number) {
  return [=](Scene& scene) { scene.subject.ip_protocol = number; };
}

Change v6() {
  return [](Scene& scene) { scene.packet.is_v4 = false; };
}

Change reversed() {
  return [](Scene& scene) {
    std::swap(scene.subject.source, scene.subject.destination);
    std::swap(scene.subject.source_port, scene.subject.destination_port);
  };
}

TEST(HeaderFits, Ends) {
  expect_fit("alert tcp any any -> any any (sid:1;)", true, on_stream);
  expect_fit("alert tcp 10.0.0.0/8 4000 -> 192.0.2.1 80 (sid:1;)", true, on_stream);
  expect_fit("alert tcp 10.0.0.2 any -> any any (sid:1;)", false, on_stream);
  expect_fit("alert tcp any any -> !192.0.2.1 any (sid:1;)", false, on_stream);
  expect_fit("alert tcp any 4001 -> any any (sid:1;)", false, on_stream);
  expect_fit("alert tcp any any -> any !80 (sid:1;)", false, on_stream);
  expect_fit("alert tcp any any -> any [1:79,81:] (sid:1;)", false, on_stream);
  expect_fit("alert tcp any any -> any [1:79,80] (sid:1;)", true, on_stream);
  const Change back = [](Scene& scene) {
    on_stream(scene);
    reversed()(scene);
  };
  expect_fit("alert tcp 10.0.0.0/8 4000 -> 192.0.2.1 80 (sid:1;)", false, back);
  expect_fit("alert tcp 10.0.0.0/8 4000 <> 192.0.2.1 80 (sid:1;)", true, back);
  expect_fit("alert tcp 10.0.0.0/8 4000 <> 192.0.2.1 80 (sid:1;)", true, on_stream);
  expect_fit("alert tcp 10.0.0.0/8 80 <> 192.0.2.1 4000 (sid:1;)", false, on_stream);
  expect_fit("alert tcp 10.0.0.0/8 80 <> 192.0.2.1 4000 (sid:1;)", false, back);
  // Ports are nothing where there are none.
  expect_fit("alert ip any 1 -> any 1 (sid:1;)", true, transport(47));
  expect_fit("alert icmp any 1 -> any 1 (sid:1;)", true, icmp(8, 0));
  expect_fit("alert udp any 1 -> any 1 (sid:1;)", false, transport(17));
}

TEST(HeaderFits, Transports) {
  struct Row {
    const char* word;
    bool tcp, udp, icmp, icmp6, gre;
  };
  constexpr Row kRows[] = {{"tcp", true, false, false, false, false},
                           {"udp", false, true, false, false, false},
                           {"icmp", false, false, true, true, false},
                           {"ip", true, true, true, true, true}};
  for (const Row& row : kRows) {
    const std::string rule = std::string("alert ") + row.word + " any any -> any any (sid:1;)";
    expect_fit(rule, row.tcp, on_stream);
    expect_fit(rule, row.udp, transport(17));
    expect_fit(rule, row.icmp, transport(1));
    expect_fit(rule, row.icmp6, transport(58));
    expect_fit(rule, row.gre, transport(47));
  }
}

// A rule for TCP is for streams, unless it asks for what only packets have.
TEST(HeaderFits, StreamsOrPackets) {
  struct Row {
    const char* rule;
    bool packet, stream;
  };
  constexpr Row kRows[] = {
      {"alert tcp any any -> any any (sid:1;)", false, true},
      {"alert ip any any -> any any (sid:1;)", false, true},
      {"alert tcp-stream any any -> any any (sid:1;)", false, true},
      {"alert tcp-pkt any any -> any any (sid:1;)", true, false},
      {"alert tcp any any -> any any (flow:established,only_stream; sid:1;)", false, true},
      {"alert tcp any any -> any any (flow:established,no_stream; sid:1;)", true, false},
      {"alert tcp any any -> any any (flow:only_stream; dsize:>0; sid:1;)", false, false},
      {"alert tcp any any -> any any (dsize:>0; sid:1;)", true, false},
      {"alert tcp any any -> any any (flags:A+; sid:1;)", true, false},
      {"alert tcp any any -> any any (ttl:64; sid:1;)", true, false},
      {"alert tcp any any -> any any (fragbits:D; sid:1;)", true, false},
      {"alert tcp any any -> any any (flow:no_frag; sid:1;)", true, false},
      {"alert tcp any any -> any any (ip_proto:6; sid:1;)", false, true},
      {"alert tcp any any -> any any (stream_size:both,<,1; sid:1;)", false, true},
      {"alert tcp any any -> any any (content:\"a\"; sid:1;)", false, true},
  };
  for (const Row& row : kRows) {
    expect_fit(row.rule, row.packet);
    expect_fit(row.rule, row.stream, on_stream);
    const auto program = program_of(row.rule);
    ASSERT_TRUE(program);
    EXPECT_EQ(program->needs_packet(), row.packet || !row.stream) << row.rule;
  }
  // Without TCP there are only packets.
  expect_fit("alert udp any any -> any any (sid:1;)", true, transport(17));
  expect_fit("alert udp any any -> any any (dsize:>0; sid:1;)", true, transport(17));
}

TEST(HeaderFits, Applications) {
  const auto speaks = [](AppProto protocol, std::uint8_t transport = 6) {
    return [=](Scene& scene) {
      scene.on_stream = transport == 6;
      scene.subject.ip_protocol = transport;
      scene.subject.protocol = protocol;
    };
  };
  const std::string http = "alert http any any -> any any (sid:1;)";
  expect_fit(http, true, speaks(AppProto::http));
  expect_fit(http, true, speaks(AppProto::http2));
  expect_fit(http, false, speaks(AppProto::tls));
  expect_fit(http, false, speaks(AppProto::unknown));
  expect_fit(http, false, speaks(AppProto::failed));
  const std::string dns = "alert dns any any -> any any (sid:1;)";
  expect_fit(dns, true, speaks(AppProto::dns));
  expect_fit(dns, true, speaks(AppProto::dns, 17));
  expect_fit(dns, false, speaks(AppProto::unknown, 17));

  const std::string is = "alert tcp any any -> any any (app-layer-protocol:tls; sid:1;)";
  const std::string is_not = "alert tcp any any -> any any (app-layer-protocol:!tls; sid:1;)";
  expect_fit(is, true, speaks(AppProto::tls));
  expect_fit(is, false, speaks(AppProto::http));
  expect_fit(is, false, speaks(AppProto::unknown));
  expect_fit(is_not, false, speaks(AppProto::tls));
  expect_fit(is_not, true, speaks(AppProto::http));
  expect_fit(is_not, true, speaks(AppProto::failed));
  expect_fit(is_not, false, speaks(AppProto::unknown));  // it may yet be
}

TEST(HeaderFits, Flow) {
  const auto subject = [](bool established, bool to_server) {
    return [=](Scene& scene) {
      scene.on_stream = true;
      scene.subject.established = established;
      scene.subject.to_server = to_server;
    };
  };
  struct Row {
    const char* flow;
    bool established_to_server, established_to_client, fresh_to_server;
  };
  constexpr Row kRows[] = {
      {"established", true, true, false},  {"not_established", false, false, true},
      {"stateless", true, true, true},     {"to_server", true, false, true},
      {"from_client", true, false, true},  {"to_client", false, true, false},
      {"from_server", false, true, false}, {"established,to_client", false, true, false}};
  for (const Row& row : kRows) {
    const std::string rule =
        std::string("alert tcp any any -> any any (flow:") + row.flow + "; sid:1;)";
    expect_fit(rule, row.established_to_server, subject(true, true));
    expect_fit(rule, row.established_to_client, subject(true, false));
    expect_fit(rule, row.fresh_to_server, subject(false, true));
  }
  const Change pieces = [](Scene& scene) { scene.packet.from_fragments = true; };
  expect_options("flow:only_frag;", false);
  expect_options("flow:only_frag;", true, pieces);
  expect_options("flow:no_frag;", true);
  expect_options("flow:no_frag;", false, pieces);
}

TEST(HeaderFits, Numbers) {
  struct Row {
    const char* options;
    bool fits;
  };
  constexpr Row kRows[] = {
      {"dsize:100;", true},
      {"dsize:99;", false},
      {"dsize:>99;", true},
      {"dsize:>100;", false},
      {"dsize:<101;", true},
      {"dsize:<100;", false},
      {"dsize:100<>200;", true},
      {"dsize:101<>200;", false},
      {"dsize:!100;", false},
      {"ttl:64;", true},
      {"ttl:63;", false},
      {"ttl:<64;", false},
      {"ttl:<=64;", true},
      {"ttl:60-64;", true},
      {"ttl:!64;", false},
      {"tos:8;", true},
      {"tos:!8;", false},
      {"tos:9;", false},
      {"id:1234;", true},
      {"id:1235;", false},
      {"fragoffset:0;", true},
      {"fragoffset:>0;", false},
      {"seq:4000000000;", true},
      {"seq:1;", false},
      {"ack:7;", true},
      {"ack:8;", false},
      {"window:512;", true},
      {"window:!512;", false},
      {"window:513;", false},
      {"ip_proto:6;", true},
      {"ip_proto:tcp;", true},
      {"ip_proto:!tcp;", false},
      {"ip_proto:udp;", false},
      {"ip_proto:>6;", false},
      {"ttl:64; tos:8; id:1;", false},
      {"ttl:64; tos:8; id:1234;", true},
  };
  for (const Row& row : kRows) expect_options(row.options, row.fits);
  // What is not there is neither equal nor unequal.
  for (const char* options :
       {"id:1234;", "id:!1234;", "fragbits:D;", "fragbits:!M;", "ipopts:any;"}) {
    expect_options(options, false, v6());
  }
  expect_options("ttl:64;", true, v6());
  for (const char* options : {"seq:!1;", "ack:!1;", "window:!1;", "flags:!S;"}) {
    expect_options(options, false, transport(17));
    expect_options(options, true);
  }
  expect_fit("alert ip any any -> any any (ip_proto:>40; sid:1;)", true, transport(47));
}

TEST(HeaderFits, Icmp) {
  struct Row {
    const char* options;
    bool fits;
  };
  constexpr Row kRows[] = {
      {"itype:8;", true},     {"itype:0;", false},    {"itype:>7;", true},
      {"itype:>8;", false},   {"itype:7<>9;", true},  {"itype:8<>10;", false},
      {"icode:5;", true},     {"icode:!5;", false},   {"icode:<5;", false},
      {"icmp_id:77;", true},  {"icmp_id:78;", false}, {"icmp_seq:3;", true},
      {"icmp_seq:4;", false},
  };
  for (const Row& row : kRows) {
    const std::string rule =
        std::string("alert icmp any any -> any any (") + row.options + " sid:1;)";
    expect_fit(rule, row.fits, icmp(8, 5));
    expect_options(row.options, false);  // TCP
  }
  expect_fit("alert icmp any any -> any any (icmp_id:!1; sid:1;)", true, icmp(8, 0));
  expect_fit("alert icmp any any -> any any (icmp_id:!1; sid:1;)", false, icmp(3, 1, false));
  expect_fit("alert icmp any any -> any any (icmp_seq:!1; sid:1;)", false, icmp(3, 1, false));
}

TEST(HeaderFits, Flags) {
  struct Row {
    const char* flags;
    std::uint8_t value;
    bool fits;
  };
  constexpr Row kRows[] = {
      {"S", 0x02, true},    {"S", 0x12, false},    {"S", 0x42, false},       {"S,12", 0xc2, true},
      {"S,CE", 0xc2, true}, {"S,12", 0xd2, false}, {"SA", 0x12, true},       {"SA", 0x02, false},
      {"SA+", 0x1a, true},  {"SA+", 0x0a, false},  {"S+", 0x02, true},       {"SF*", 0x01, true},
      {"SF*", 0x12, true},  {"SF*", 0x10, false},  {"!SF", 0x10, true},      {"!SF", 0x11, false},
      {"!S", 0x02, false},  {"0", 0x00, true},     {"0", 0x10, false},       {"0,12", 0xc0, true},
      {"!0", 0x10, true},   {"!0", 0x00, false},   {"FSRPAU12", 0xff, true}, {"U", 0x20, true},
      {"R", 0x04, true},    {"C", 0x80, true},     {"E", 0x40, true},
  };
  for (const Row& row : kRows) {
    expect_options("flags:" + std::string(row.flags) + ";", row.fits,
                   [&](Scene& scene) { scene.packet.tcp_flags = row.value; });
  }
}

TEST(HeaderFits, Fragbits) {
  struct Row {
    const char* bits;
    std::uint8_t value;
    bool fits;
  };
  constexpr Row kRows[] = {
      {"M", kFragMore, true},
      {"M", kFragMore | kFragDont, false},
      {"M+", kFragMore | kFragDont, true},
      {"M+", kFragDont, false},
      {"MD*", kFragDont, true},
      {"MD*", kFragReserved, false},
      {"!D", kFragMore, true},
      {"!D", kFragDont, false},
      {"R", kFragReserved, true},
      {"R", 0, false},
  };
  for (const Row& row : kRows) {
    expect_options("fragbits:" + std::string(row.bits) + ";", row.fits,
                   [&](Scene& scene) { scene.packet.fragbits = row.value; });
  }
}

TEST(HeaderFits, IpOptions) {
  const auto with = [](std::vector<std::uint8_t> options, const std::string& name, bool fits) {
    expect_options("ipopts:" + name + ";", fits,
                   [&](Scene& scene) { scene.packet.ip_options = options; });
  };
  const std::vector<std::uint8_t> route = {1, 131, 7, 4, 10, 0, 0, 1};  // nop, lsrr
  with(route, "lsrr", true);
  with(route, "lsrre", true);
  with(route, "nop", true);
  with(route, "any", true);
  with(route, "ssrr", false);
  with(route, "rr", false);  // 7 is the length of the other one
  with(route, "eol", false);
  with({}, "any", false);
  with({}, "eol", false);
  with({0, 0, 0, 0}, "eol", true);
  with({0, 131, 3, 4}, "lsrr", false);  // behind the end
  with({7, 3, 4, 0}, "rr", true);
  with({68, 0, 131, 3}, "lsrr", false);  // a length that cannot be ends the walk
  with({68, 200, 131, 3}, "lsrr", false);
  with({68}, "ts", true);
  with({68}, "lsrr", false);
  with({130, 4, 0, 0, 133, 3, 0, 134, 3, 0, 136, 4, 0, 0, 137, 3, 4, 0}, "sec", true);
  with({130, 4, 0, 0, 133, 3, 0, 134, 3, 0, 136, 4, 0, 0, 137, 3, 4, 0}, "ssrr", true);
}

TEST(HeaderFits, SameIpAndStreamSize) {
  expect_options("sameip;", false);
  expect_options("sameip;", true,
                 [](Scene& scene) { scene.subject.destination = scene.subject.source; });
  struct Row {
    const char* size;
    bool fits;  // of 100 bytes of the client's and 10 of the server's
  };
  constexpr Row kRows[] = {
      {"client,=,100", true},  {"client,>,100", false}, {"client,>=,100", true},
      {"server,<,11", true},   {"server,<,10", false},  {"server,<=,10", true},
      {"server,!=,10", false}, {"server,!,9", true},    {"both,>,9", true},
      {"both,>,10", false},    {"either,>,10", true},   {"either,>,100", false},
  };
  for (const Row& row : kRows) {
    const Change sizes = [](Scene& scene) { scene.subject.stream_bytes = {100, 10}; };
    expect_options("stream_size:" + std::string(row.size) + ";", row.fits, sizes);
    expect_options("stream_size:" + std::string(row.size) + ";", false, [&](Scene& scene) {
      sizes(scene);
      scene.subject.ip_protocol = 17;
    });
  }
}

}  // namespace
}  // namespace chatgate::detect

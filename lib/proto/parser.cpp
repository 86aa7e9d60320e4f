#include "proto/parser.h"

#include <algorithm>
#include <array>

#include "proto/context.h"
#include "proto/dns.h"
#include "proto/gadu_gadu.h"
#include "proto/http.h"
#include "proto/http_response.h"
#include "proto/icq.h"
#include "proto/irc.h"
#include "proto/loco.h"
#include "proto/lwp.h"
#include "proto/msnp.h"
#include "proto/msnp_direct.h"
#include "proto/msrp.h"
#include "proto/mtproto.h"
#include "proto/oicq.h"
#include "proto/oscar.h"
#include "proto/oscar_peer.h"
#include "proto/proxy_protocol.h"
#include "proto/sametime.h"
#include "proto/sip.h"
#include "proto/skype.h"
#include "proto/socks.h"
#include "proto/starttls.h"
#include "proto/steam.h"
#include "proto/stun.h"
#include "proto/teamspeak.h"
#include "proto/tls.h"
#include "proto/tls_server.h"
#include "proto/viber.h"
#include "proto/voice_datagrams.h"
#include "proto/wechat.h"
#include "proto/whatsapp.h"
#include "proto/xmpp.h"
#include "proto/ymsg.h"
#include "proto/ymsg_webcam.h"
#include "proto/zoom.h"

namespace chatgate::proto {
namespace {

// Parsers that keep sessions, by what the context has for them.
template <auto Member>
void release(ParserState& state, Context& context) {
  (context.*Member).release(state);
}
template <auto Member>
ParseStatus feed_stream(ParserState& state, Bytes stream, Facts& facts, Context& context) {
  return (context.*Member).feed(state, stream, facts);
}
template <auto Member>
ParseStatus feed_datagram(ParserState& state, Bytes payload, Direction direction, Facts& facts,
                          Context& context) {
  return (context.*Member).feed(state, payload, direction, facts);
}

constexpr StreamParser kHttp2 = {
    AppProto::http2, Direction::to_server,         http2::kByteLimit,       http2::probe,
    nullptr,         feed_stream<&Context::http2>, release<&Context::http2>};

// HTTP with what its bodies carry.
template <ParseStatus (Carriers::*Feed)(ParserState&, Bytes, Facts&)>
ParseStatus feed_carrier(ParserState& state, Bytes stream, Facts& facts, Context& context) {
  return (context.carriers.*Feed)(state, stream, facts);
}
constexpr StreamParser kRequests = {AppProto::http,
                                    Direction::to_server,
                                    http::kByteLimit,
                                    http::probe,
                                    nullptr,
                                    feed_carrier<&Carriers::feed_requests>,
                                    release<&Context::carriers>};
constexpr StreamParser kAnswers = {AppProto::http,
                                   Direction::to_client,
                                   http::kByteLimit,
                                   http::probe_response,
                                   nullptr,
                                   feed_carrier<&Carriers::feed_answers>,
                                   release<&Context::carriers>};

// The last: any bytes may be obfuscated ones.
constexpr StreamParser kObfuscated = {AppProto::mtproto,
                                      Direction::to_server,
                                      mtproto::kObfuscatedHeader,
                                      mtproto::probe_obfuscated,
                                      nullptr,
                                      feed_stream<&Context::mtproto>};

constexpr auto kStreamParsers = std::to_array<StreamParser>({
    {AppProto::tls, Direction::to_server, tls::kByteLimit, tls::probe, tls::feed},
    kRequests,
    kAnswers,
    tls_server::kParser,
    {AppProto::dns, Direction::to_server, dns::kByteLimit, dns::probe, dns::feed},
    {AppProto::dns, Direction::to_client, dns::kByteLimit, dns::probe_answers, dns::feed_answers},
    msnp::kParser,
    msnftp::kParser,
    msn_peers::kParser,
    msn_webcam::kParser,
    ymsg::kParser,
    ymsg_webcam::kParser,
    xmpp::kParser,
    kHttp2,
    socks::kParser,
    proxy_protocol::kParser,
    smtp::kParser,
    imap::kParser,
    irc::kParser,
    irc::kServerParser,
    sip::kParser,
    msrp::kParser,
    stun::kParser,
    oscar::kParser,
    oft::kParser,
    odc::kParser,
    rendezvous_proxy::kParser,
    gadu_gadu::kClient,
    gadu_gadu::kServer,
    oicq::kParser,
    sametime::kParser,
    whatsapp::kParser,
    whatsapp::kAnswer,
    mtproto::kParser,
    wechat::kParser,
    loco::kParser,
    lwp::kParser,
    steam::kParser,
    teamspeak::kQuery,
    skype::kParser,
    viber::kParser,
    kObfuscated,
});

constexpr Probe only_certain(Probe probe) {
  return probe == Probe::certain ? Probe::certain : Probe::not_mine;
}
Probe probe_quic_anywhere(Bytes datagram) {
  return only_certain(quic::probe(datagram));
}

constexpr std::uint16_t kHttpsPort = 443;
constexpr auto kDatagramParsers = std::to_array<DatagramParser>({
    // A version that nobody knows is taken for QUIC on its port alone.
    {AppProto::quic, kHttpsPort, quic::probe, nullptr, feed_datagram<&Context::quic>,
     release<&Context::quic>},
    {AppProto::quic, 0, probe_quic_anywhere, nullptr, feed_datagram<&Context::quic>,
     release<&Context::quic>},
    {AppProto::dtls, 0, dtls::probe, nullptr, feed_datagram<&Context::dtls>,
     release<&Context::dtls>},
    {AppProto::stun, 0, stun::probe_datagram, stun::parse},
    sip::kDatagrams,
    icq::kParserOnPort,
    icq::kParser,
    oicq::kDatagramsOnPort,
    oicq::kDatagrams,
    mtproto::kReflector,
    discord::kParser,
    steam::kDatagrams,
    teamspeak::kDatagrams,
    line::kParser,
    zoom::kParser,
    viber::kDatagrams,
    // What only an answer makes certain.
    zalo::kParser,
    mumble::kParser,
    tox::kParser,
});

static_assert(kStreamParsers.size() <= 64 && kDatagramParsers.size() <= 64);

}  // namespace

std::span<const StreamParser> stream_parsers() {
  return kStreamParsers;
}
std::span<const DatagramParser> datagram_parsers() {
  return kDatagramParsers;
}

bool begins_recognisably(std::string_view application, bool tcp) {
  constexpr std::string_view kStreams[] = {"irc", "msn", "xmpp", "yahoo"};
  constexpr std::string_view kDatagrams[] = {"icq", "tox"};
  return tcp ? std::find(std::begin(kStreams), std::end(kStreams), application) !=
                   std::end(kStreams)
             : std::find(std::begin(kDatagrams), std::end(kDatagrams), application) !=
                   std::end(kDatagrams);
}

}  // namespace chatgate::proto

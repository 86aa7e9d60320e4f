#include "session.h"

#include <algorithm>
#include <utility>

#include "catalog/catalogue.h"
#include "net/validity.h"
#include "policy/policy.h"

namespace chatgate::test {
namespace {

std::vector<catalog::Application> applications() {
  catalog::Application messenger;
  messenger.id = ApplicationId(0);
  messenger.word = messenger.name = "messenger";
  messenger.category = catalog::Category::mobile_messenger;
  messenger.names = {{"blocked.example", false, true, catalog::Service::any},
                     {"xn--bcher-kva.example", false, true, catalog::Service::any}};
  messenger.addresses = {{*Prefix::parse("203.0.113.0/24"), true},
                         {*Prefix::parse("2001:db8:bad::/48"), true}};
  catalog::Application resolver;
  resolver.id = ApplicationId(1);
  resolver.word = resolver.name = "encrypted-dns";
  resolver.category = catalog::Category::tunnel;
  resolver.names = {{"resolver.example", false, true, catalog::Service::any}};
  return {messenger, resolver};
}

std::shared_ptr<const engine::Snapshot> blocking_snapshot(const PolicyWords& words) {
  auto snapshot = std::make_shared<engine::Snapshot>();
  snapshot->catalogue = std::make_shared<catalog::Catalogue>(applications());
  policy::Policy::Content content;
  policy::Rule rule;
  rule.id = RuleId(0);
  rule.name = "no messengers";
  rule.categories = {catalog::Category::im};
  rule.action = policy::Action::reset;
  content.rules = {rule};
  if (words) words(content);
  snapshot->policy = std::make_shared<policy::Policy>(std::move(content), *snapshot->catalogue);
  return snapshot;
}

Octets timestamp_option(std::uint32_t value) {
  Octets option = {1, 1, 8, 10};
  for (const unsigned shift : {24u, 16u, 8u, 0u}) {
    option.push_back(static_cast<std::uint8_t>(value >> shift));
  }
  option.resize(12, 0);
  return option;
}

// Where the transport header of a frame by Session::frame without extension headers is.
std::size_t transport_of(const Octets& frame) {
  return load_be16(&frame[12]) == 0x86dd ? 14 + 40 : 14 + 20;
}

}  // namespace

const char* Path::client() const {
  if (!v6) return "10.0.0.1";
  return tunnel.for_teredo() ? "2001:0:c633:6401::1" : "2001:db8::1";
}
const char* Path::server() const {
  if (listed) return v6 ? "2001:db8:bad::1" : "203.0.113.1";
  return v6 ? "2001:db8:1::1" : "192.0.2.1";
}

Gateway::Gateway(const PolicyWords& words)
    : snapshot_(blocking_snapshot(words)),
      counters_(std::make_unique<telemetry::WorkerCounters>()),
      learned_(256, KeyedHash(1)),
      result_(std::make_unique<engine::BurstResult>()),
      reported_(telemetry::kReasonCount, 0),
      now_(from_seconds(1'700'000'000)) {
  engine::WorkerConfig config;
  config.flows = 1024;
  config.inspections = 64;
  // A gateway is made for every conversation, so its tables are no larger than one needs.
  config.fragments.datagrams = 128;
  config.fragments.frames = 256;
  config.fragments.remembered = 1024;
  config.hash = KeyedHash(1);
  config.learned = &learned_;
  worker_ = std::make_unique<engine::Worker>(config, *counters_, nullptr);
}

Gateway::~Gateway() = default;

std::vector<Octets> Gateway::send(const Octets& frame, net::Side side) {
  if (open_) return {frame};
  net::PacketView view = view_of(frame, side);
  view.number = ++number_;
  view.time = now_;
  now_.nanoseconds += 100'000;
  worker_->process({&view, 1}, now_, *snapshot_, *result_);
  std::vector<Octets> out;
  if (result_->dispositions[0].forward) out.push_back(frame);
  for (const engine::ForgedFrame& forged : result_->forged_frames()) {
    forged_.push_back({Octets(forged.bytes().begin(), forged.bytes().end()), forged.out});
  }
  for (const engine::ReleasedFrame& released : result_->released) {
    out.emplace_back(released.packet.bytes.begin(), released.packet.bytes.end());
  }
  return out;
}

void Gateway::wait(unsigned seconds) {
  for (unsigned i = 0; i < seconds; ++i) {
    now_.nanoseconds += 1'000'000'000;
    worker_->tick(now_, *snapshot_);
  }
}

std::uint64_t Gateway::count(telemetry::Reason reason) const {
  return counters_->get(reason);
}
std::uint64_t Gateway::count(telemetry::Counter counter) const {
  return counters_->get(counter);
}

std::string Gateway::new_reasons() {
  std::string words;
  for (std::size_t i = 1; i < telemetry::kReasonCount; ++i) {
    const auto reason = static_cast<telemetry::Reason>(i);
    if (count(reason) == reported_[i]) continue;
    reported_[i] = count(reason);
    if (!words.empty()) words += ", ";
    words += telemetry::to_string(reason);
  }
  return words;
}

std::vector<Gateway::Forged> Gateway::take_forged() {
  return std::exchange(forged_, {});
}

Piece& Piece::ttl(std::uint8_t hops) {
  ttl_ = hops;
  return *this;
}
Piece& Piece::shift(std::int32_t by) {
  shift_ = by;
  return *this;
}
Piece& Piece::acknowledges(std::int32_t offset) {
  acknowledges_ = offset;
  return *this;
}
Piece& Piece::flags(std::uint8_t value) {
  flags_ = value;
  return *this;
}
Piece& Piece::options(Octets raw) {
  options_ = std::move(raw);
  return *this;
}
Piece& Piece::urgent(std::uint16_t pointer) {
  urgent_ = pointer;
  flags_ |= net::tcp_flag::urg;
  return *this;
}
Piece& Piece::timestamp(std::uint32_t value) {
  return options(timestamp_option(value));
}
Piece& Piece::bad_checksum() {
  bad_checksum_ = true;
  return *this;
}
Piece& Piece::bad_ip_checksum() {
  bad_ip_checksum_ = true;
  return *this;
}
Piece& Piece::change(std::function<void(Octets&)> edit) {
  edits_.push_back(std::move(edit));
  return *this;
}
Piece& Piece::extension(std::uint8_t type, std::size_t size) {
  extensions_.emplace_back(type, size);
  return *this;
}
Piece& Piece::atomic() {
  atomic_ = true;
  return *this;
}
Piece& Piece::reaching_over(std::size_t bytes) {
  reach_ = bytes;
  return *this;
}
Piece& Piece::cut_outside(std::size_t offset) {
  cut_outside_ = offset;
  return *this;
}
Piece& Piece::fragments(std::vector<std::size_t> cuts, bool reversed) {
  cuts_ = std::move(cuts);
  reversed_ = reversed;
  return *this;
}

Octets Piece::build() const {
  Frame frame = session_.frame();
  frame.ttl(ttl_).tcp_options(options_).payload(bytes_);
  frame.seq(Session::kFirst + static_cast<std::uint32_t>(offset_) +
            static_cast<std::uint32_t>(shift_));
  frame.flags(flags_).ack_number(Endpoint::kOwnSequence + 1 + session_.server_sent_ +
                                 static_cast<std::uint32_t>(acknowledges_));
  if (urgent_) frame.urgent_pointer(*urgent_);
  for (const auto& [type, size] : extensions_) frame.v6_extension(type, size);
  if (atomic_) frame.fragment(0, false);
  Octets built = frame.build();
  const std::size_t padded_options = (options_.size() + 3) / 4 * 4;
  if (bad_checksum_) built[built.size() - bytes_.size() - padded_options - 20 + 16] ^= 0x55;
  if (bad_ip_checksum_ && !session_.v6()) built[14 + 10] ^= 0x55;
  for (const auto& edit : edits_) edit(built);
  return built;
}

Piece& Piece::overlapping_fragments(const std::string& other, bool other_first) {
  other_ = other;
  other_first_ = other_first;
  return fragments({24});
}
Piece& Piece::identification(std::uint16_t id) {
  identification_ = id;
  return *this;
}
Piece& Piece::only_first() {
  only_first_ = true;
  return *this;
}

std::vector<Octets> Piece::parts() const {
  if (cuts_.empty()) return {build()};
  static std::uint16_t next_identification = 0;
  ++next_identification;
  std::vector<Octets> parts =
      fragmented(build(), cuts_, identification_.value_or(next_identification), reach_);
  if (only_first_) parts.resize(1);
  if (reversed_) std::reverse(parts.begin(), parts.end());
  if (other_) {
    // The other version of the last fragment: the same header, other bytes.
    Octets copy = parts.back();
    const std::size_t headers = transport_of(copy) + (session_.v6() ? 8 : 0);
    const std::string tail = other_->substr(other_->size() - (copy.size() - headers));
    std::copy(tail.begin(), tail.end(), copy.begin() + static_cast<std::ptrdiff_t>(headers));
    parts.insert(other_first_ ? parts.begin() : parts.begin() + 1, copy);
  }
  return parts;
}

void Piece::send(unsigned times) {
  for (unsigned i = 0; i < times; ++i) {
    for (const Octets& part : parts()) session_.deliver(part, cut_outside_);
  }
}

Session::Session(Gateway& gateway, Overlap overlap, std::uint16_t client_port, Path path)
    : gateway_(gateway),
      server_(overlap, kFirst, kHops),
      port_(client_port),
      path_(std::move(path)) {
  gateway_.take_forged();
}

void Session::through(std::vector<Layer> layers, std::vector<std::uint16_t> tags) {
  path_.tunnel = Tunnel(std::move(layers), std::move(tags));
}

Frame Session::frame() const {
  Frame frame;
  const char* from = path_.client();
  const char* to = path_.server();
  return (path_.v6 ? frame.v6(from, to) : frame.v4(from, to))
      .tcp(port_, path_.server_port, net::tcp_flag::ack);
}

Frame Session::server_frame() const {
  Frame frame;
  const char* from = path_.server();
  const char* to = path_.client();
  (path_.v6 ? frame.v6(from, to) : frame.v4(from, to))
      .tcp(path_.server_port, port_, net::tcp_flag::ack);
  return frame.macs("020000000002", "020000000001");
}

void Session::open() {
  syn();
  syn_ack();
  handshake_ack();
}

void Session::syn(std::uint32_t sequence_shift, std::uint8_t ttl, std::string data,
                  std::uint32_t timestamp) {
  Frame made = frame();
  made.flags(net::tcp_flag::syn).seq(kFirst - 1 + sequence_shift).ttl(ttl).payload(data);
  if (timestamp != 0) made.tcp_options(timestamp_option(timestamp));
  deliver(made.build());
}

void Session::syn_ack(std::uint32_t acknowledged_beyond_syn) {
  server_raw(server_frame()
                 .flags(net::tcp_flag::syn)
                 .seq(Endpoint::kOwnSequence)
                 .ack(kFirst + acknowledged_beyond_syn)
                 .build());
}

void Session::handshake_ack() {
  deliver(frame().seq(server_.next_client_sequence()).ack(Endpoint::kOwnSequence + 1).build());
}

Piece Session::data(std::size_t offset, std::string bytes) {
  return Piece(*this, offset, std::move(bytes));
}

void Session::raw(const Octets& frame) {
  deliver(frame);
}

void Session::server_says(std::string text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  server_raw(server_frame()
                 .flags(net::tcp_flag::psh)
                 .seq(Endpoint::kOwnSequence + 1 + server_sent_)
                 .ack(server_.next_client_sequence())
                 .payload(text)
                 .build());
  server_sent_ += size;
  server_.said(size);
}

void Session::server_raw(const Octets& frame) {
  gateway_.send(path_.tunnel.wrap(frame, net::Side::outside), net::Side::outside);
  read_forged();
}

void Session::deliver(const Octets& frame, std::size_t cut_outside) {
  bool acknowledge = false;
  if (path_.tunnel.empty()) {
    for (const Octets& passed : gateway_.send(frame, net::Side::inside)) {
      acknowledge = server_.receive(passed) || acknowledge;
    }
  } else {
    for (const Octets& outer : path_.tunnel.enter(frame, cut_outside)) {
      for (const Octets& passed : gateway_.send(outer, net::Side::inside)) {
        const std::optional<Octets> inner = path_.tunnel.leave(passed);
        if (inner) acknowledge = server_.receive(*inner) || acknowledge;
      }
    }
  }
  read_forged();
  if (acknowledge) answer();
}

void Session::answer() {
  server_raw(server_frame()
                 .seq(Endpoint::kOwnSequence + 1 + server_sent_)
                 .ack(server_.next_client_sequence())
                 .build());
}

void Session::read_forged() {
  for (const Gateway::Forged& forged : gateway_.take_forged()) {
    const std::string fault = read(forged);
    if (!fault.empty()) told_.wrong = fault;
  }
}

// What is wrong with it; counts it where nothing is.
std::string Session::read(const Gateway::Forged& forged) {
  const bool to_client = forged.out == net::Side::inside;
  const Octets model = path_.tunnel.wrap(to_client ? server_frame().build() : frame().build(),
                                         net::other(forged.out));
  net::Layers is;
  net::decode(view_of(forged.frame), is);
  const bool answers = to_client && is.outcome == net::Decoded::transport &&
                       is.has(net::tcp_flag::fin) && is.payload_size != 0;
  if (!answers && (is.outcome != net::Decoded::transport || !is.has(net::tcp_flag::rst))) {
    return "no reset";
  }
  const std::string fault = fault_of_forged(forged, model);
  if (fault.empty()) ++(answers ? told_.answers : to_client ? told_.client : told_.server);
  return fault;
}

// A frame is right where it stands in the encapsulations, with the outer addresses and identifiers,
// of what the other end sends.
std::string fault_of_forged(const Gateway::Forged& forged, const Octets& model) {
  net::Layers is, expected;
  const net::PacketView view = view_of(forged.frame);
  net::decode(view, is);
  net::decode(view_of(model), expected);
  if (is.encapsulation_count != expected.encapsulation_count) return "encapsulations";
  if (is.source != expected.source || is.destination != expected.destination ||
      is.source_port != expected.source_port || is.destination_port != expected.destination_port) {
    return "addresses";
  }
  if (is.tunnel_id != expected.tunnel_id) return "tunnel";
  if (!net::ip_checksum_right(view, is) || !net::transport_checksum_right(view, is)) {
    return "checksums";
  }
  for (std::size_t i = 0; i < is.encapsulation_count; ++i) {
    const net::Encapsulated& a = is.encapsulation[i];
    const net::Encapsulated& b = expected.encapsulation[i];
    if (a.kind != b.kind || a.carrier_version != b.carrier_version) return "encapsulation";
    const std::size_t addresses_at = a.carrier_version == 4 ? 12 : 8;
    const std::size_t size = a.carrier_version == 4 ? 8 : 32;
    const Bytes ours = Bytes(forged.frame), theirs = Bytes(model);
    if (a.carrier_version != 0 &&
        !std::ranges::equal(ours.subspan(a.carrier + addresses_at, size),
                            theirs.subspan(b.carrier + addresses_at, size))) {
      return "outer addresses";
    }
    const bool own_words =
        a.kind == net::Encapsulation::mpls || a.kind == net::Encapsulation::gtp_u;
    const std::size_t word_at = a.kind == net::Encapsulation::gtp_u ? 4 : 0;
    if (own_words &&
        load_be32(&ours[a.offset + word_at]) != load_be32(&theirs[b.offset + word_at])) {
      return "identifier of the direction";
    }
  }
  return {};
}

}  // namespace chatgate::test

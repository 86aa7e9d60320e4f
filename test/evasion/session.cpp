#include "session.h"

#include <algorithm>

#include "catalog/catalogue.h"
#include "net/checksum.h"
#include "policy/policy.h"

namespace chatgate::test {
namespace {

constexpr const char* kClient = "10.0.0.1";
constexpr const char* kServer = "192.0.2.1";
constexpr std::uint16_t kPort = 443;

std::shared_ptr<const engine::Snapshot> blocking_snapshot() {
  catalog::Application application;
  application.id = ApplicationId(0);
  application.word = application.name = "messenger";
  application.category = catalog::Category::mobile_messenger;
  application.names = {{"blocked.example", false, true, catalog::Service::any}};
  auto snapshot = std::make_shared<engine::Snapshot>();
  snapshot->catalogue =
      std::make_shared<catalog::Catalogue>(std::vector<catalog::Application>{application});
  policy::Policy::Content content;
  policy::Rule rule;
  rule.id = RuleId(0);
  rule.name = "no messengers";
  rule.categories = {catalog::Category::im};
  rule.action = policy::Action::reset;
  content.rules = {rule};
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

// The IPv4 frame `whole` cut into fragments of its payload.
std::vector<Octets> fragmented(const Octets& whole, const std::vector<std::size_t>& cuts,
                               std::optional<std::uint16_t> identification) {
  constexpr std::size_t kHeaders = 14 + 20;
  static std::uint16_t id = 0;
  ++id;
  std::vector<Octets> out;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::size_t end = i < cuts.size() ? cuts[i] : whole.size() - kHeaders;
    Octets frame(whole.begin(), whole.begin() + kHeaders);
    frame.insert(frame.end(), whole.begin() + static_cast<std::ptrdiff_t>(kHeaders + begin),
                 whole.begin() + static_cast<std::ptrdiff_t>(kHeaders + end));
    store_be16(&frame[16], static_cast<std::uint16_t>(20 + end - begin));
    store_be16(&frame[18], identification.value_or(id));
    store_be16(&frame[20], static_cast<std::uint16_t>(begin / 8 | (i < cuts.size() ? 0x2000 : 0)));
    store_be16(&frame[24], 0);
    store_be16(&frame[24], net::checksum_fold(net::checksum_add(Bytes(frame).subspan(14, 20))));
    out.push_back(std::move(frame));
    begin = end;
  }
  return out;
}

}  // namespace

Gateway::Gateway()
    : snapshot_(blocking_snapshot()),
      counters_(std::make_unique<telemetry::WorkerCounters>()),
      result_(std::make_unique<engine::BurstResult>()),
      reported_(telemetry::kReasonCount, 0),
      now_(from_seconds(1'700'000'000)) {
  engine::WorkerConfig config;
  config.flows = 1024;
  config.inspections = 256;
  config.hash = KeyedHash(1);
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
  Octets built = frame.build();
  if (bad_checksum_) built[14 + 20 + 16] ^= 0x55;
  if (bad_ip_checksum_) built[14 + 10] ^= 0x55;
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
  std::vector<Octets> parts = fragmented(build(), cuts_, identification_);
  if (only_first_) parts.resize(1);
  if (reversed_) std::reverse(parts.begin(), parts.end());
  if (other_) {
    // The other version of the last fragment: the same header, other bytes.
    Octets copy = parts.back();
    const std::string tail = other_->substr(other_->size() - (copy.size() - 14 - 20));
    std::copy(tail.begin(), tail.end(), copy.begin() + 14 + 20);
    parts.insert(other_first_ ? parts.begin() : parts.begin() + 1, copy);
  }
  return parts;
}

void Piece::send(unsigned times) {
  for (unsigned i = 0; i < times; ++i) {
    for (const Octets& part : parts()) session_.deliver(part);
  }
}

Session::Session(Gateway& gateway, Overlap overlap, std::uint16_t client_port)
    : gateway_(gateway), server_(overlap, kFirst, kHops), port_(client_port) {}

Frame Session::frame() const {
  return Frame().v4(kClient, kServer).tcp(port_, kPort, net::tcp_flag::ack);
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
  gateway_.send(Frame()
                    .v4(kServer, kClient)
                    .tcp(kPort, port_, net::tcp_flag::syn)
                    .seq(Endpoint::kOwnSequence)
                    .ack(kFirst + acknowledged_beyond_syn)
                    .build(),
                net::Side::outside);
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
  gateway_.send(Frame()
                    .v4(kServer, kClient)
                    .tcp(kPort, port_, net::tcp_flag::psh)
                    .seq(Endpoint::kOwnSequence + 1 + server_sent_)
                    .ack(server_.next_client_sequence())
                    .payload(text)
                    .build(),
                net::Side::outside);
  server_sent_ += size;
}

void Session::deliver(const Octets& frame) {
  bool acknowledge = false;
  for (const Octets& passed : gateway_.send(frame, net::Side::inside)) {
    acknowledge = server_.receive(passed) || acknowledge;
  }
  if (acknowledge) answer();
}

void Session::answer() {
  gateway_.send(Frame()
                    .v4(kServer, kClient)
                    .tcp(kPort, port_, 0)
                    .seq(Endpoint::kOwnSequence + 1 + server_sent_)
                    .ack(server_.next_client_sequence())
                    .build(),
                net::Side::outside);
}

}  // namespace chatgate::test

#include "proto/sdp.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "proto/http_text.h"
#include "proto/messenger_text.h"
#include "proto/sip_text.h"

namespace chatgate::proto::sdp {
namespace {

using http::is_word;
using http::starts_with_word;
using http::take_word;
using sip::contains;

constexpr std::uint16_t kDiscard = 9;  // RFC 8839 section 4.2.1.1: no port is known yet

int rank(Service service) {
  switch (service) {
    case Service::any: return 0;
    case Service::presence: return 1;
    case Service::other: return 2;
    case Service::text_chat: return 3;
    case Service::voice: return 4;
    case Service::video: return 5;
    case Service::screen_share: return 6;
    case Service::file_transfer: return 7;
    default: return 8;
  }
}

// Announcements that are made behind those of the media lines.
class Later {
 public:
  void add(const ExpectedFlow& flow) {
    if (count_ < flows_.size()) flows_[count_++] = flow;
  }
  // Those of a medium are added while its service is not known.
  void set_service_from(std::size_t first, Service service) {
    for (std::size_t i = first; i < count_; ++i) flows_[i].service = service;
  }
  void forget_from(std::size_t first) { count_ = std::min(count_, first); }
  std::size_t count() const { return count_; }
  void announce(Messenger& messenger) const {
    for (std::size_t i = 0; i < count_; ++i) expect_flow(messenger, flows_[i]);
  }

 private:
  std::array<ExpectedFlow, Messenger::kMaxExpected> flows_;
  std::size_t count_ = 0;
};

// "IN IP4 192.0.2.1/127".
std::optional<IpAddress> read_connection(std::string_view line) {
  if (!is_word(take_word(line), "in")) return std::nullopt;
  take_word(line);
  const std::string_view address = take_word(line);
  return IpAddress::parse(address.substr(0, address.find('/')));
}

// A media line and what belongs to it.
struct Medium {
  std::string_view kind;
  std::string_view protocol;
  std::string_view formats;
  std::uint16_t port = 0;
  bool open = false;  // there is a media line
  bool bundle_only = false;
  bool of_file = false;
  bool of_slides = false;
  bool of_channel = false;  // of a browser's data channel
  bool rtcp_mux = false;
  std::uint16_t rtcp_port = 0;
  std::optional<IpAddress> address;

  static Medium read(std::string_view line, const std::optional<IpAddress>& address) {
    Medium medium;
    medium.open = true;
    medium.kind = take_word(line);
    const std::string_view port = take_word(line);
    medium.port = port_of(port.substr(0, port.find('/'))).value_or(0);
    medium.protocol = take_word(line);
    medium.formats = line;
    medium.address = address;
    return medium;
  }

  bool accepted() const { return open && (port != 0 || bundle_only); }
  bool over_tcp() const { return contains(protocol, "tcp") || contains(protocol, "msrp"); }
  bool over_rtp() const { return contains(protocol, "rtp/"); }
  // Microsoft's text goes the way of the signalling.
  bool has_flow() const { return !is_word(protocol, "sip") && !is_word(protocol, "sip/tls"); }

  Service service() const {
    if (of_file) return Service::file_transfer;
    if (starts_with_word(kind, "applicationsharing") || of_slides) return Service::screen_share;
    if (is_word(kind, "audio")) return Service::voice;
    if (is_word(kind, "video")) return Service::video;
    if (is_word(kind, "message") || is_word(kind, "x-ms-message") || is_word(kind, "text")) {
      return Service::text_chat;
    }
    const bool of_data =
        is_word(kind, "data") || is_word(kind, "x-data") || contains(formats, "x-data");
    return of_data && !of_channel ? Service::file_transfer : Service::other;
  }
};

class Reader {
 public:
  explicit Reader(Messenger& messenger) : messenger_(messenger) {}

  void take(std::string_view line) {
    if (line.size() < 2 || line[1] != '=') return;
    const std::string_view value = line.substr(2);
    switch (line[0]) {
      case 'v': {  // another description, where several are joined
        close();
        session_address_.reset();
        break;
      }
      case 'm': {
        close();
        first_candidate_ = candidates_.count();
        medium_ = Medium::read(value, session_address_);
        break;
      }
      case 'c': {
        (medium_.open ? medium_.address : session_address_) = read_connection(value);
        break;
      }
      case 'a': take_attribute(value); break;
      default: break;
    }
  }

  Service finish() {
    close();
    candidates_.announce(messenger_);
    rtcp_.announce(messenger_);
    return service_;
  }

 private:
  void take_attribute(std::string_view attribute) {
    const std::string_view name = attribute.substr(0, attribute.find(':'));
    const std::string_view value = attribute.substr(std::min(name.size() + 1, attribute.size()));
    if (is_word(name, "candidate")) take_candidate(value);
    if (is_word(name, "path")) take_path(value);
    if (is_word(name, "file-selector")) take_file(value);
    if (is_word(name, "rtcp")) {
      std::string_view rest = value;
      medium_.rtcp_port = port_of(take_word(rest)).value_or(0);
    }
    if (is_word(name, "rtcp-mux")) medium_.rtcp_mux = true;
    if (is_word(name, "bundle-only")) medium_.bundle_only = true;
    if (is_word(name, "content")) medium_.of_slides = contains(value, "slides");
    if (is_word(name, "label") && starts_with_word(value, "applicationsharing")) {
      medium_.of_slides = true;
    }
    if (is_word(name, "x-data-protocol")) medium_.of_channel = true;
    if (is_word(name, "rtpmap") && contains(value, " x-data/") &&
        is_word(medium_.kind, "application")) {
      medium_.of_file = true;
    }
  }

  // FOUNDATION COMPONENT TRANSPORT PRIORITY ADDRESS PORT typ …, or
  // USER COMPONENT PASSWORD TRANSPORT PRIORITY ADDRESS PORT.
  void take_candidate(std::string_view value) {
    constexpr std::size_t kWords = 7;
    std::array<std::string_view, kWords> words;
    for (std::string_view& word : words) word = take_word(value);
    if (words[1] != "1") return;
    const bool old = !is_word(words[6], "typ");
    const std::string_view transport = words[old ? 3 : 2];
    const auto address = IpAddress::parse(words[old ? 5 : 4]);
    const std::uint16_t port = port_of(words[old ? 6 : 5]).value_or(0);
    if (!address || port == kDiscard) return;
    candidates_.add({*address, port, starts_with_word(transport, "tcp"), Service::any});
  }

  // "msrp://192.0.2.1:2855/session;tcp", the next hop first.
  void take_path(std::string_view value) {
    std::string_view uri = take_word(value);
    const std::size_t scheme = uri.find("://");
    if (scheme == std::string_view::npos) return;
    uri = uri.substr(scheme + 3);
    uri = uri.substr(0, uri.find_first_of("/;"));
    uri = uri.substr(uri.find('@') + 1);
    const std::size_t colon = uri.rfind(':');
    if (colon == std::string_view::npos) return;
    std::string_view host = uri.substr(0, colon);
    if (host.size() >= 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
    const auto address = IpAddress::parse(host);
    const std::uint16_t port = port_of(uri.substr(colon + 1)).value_or(0);
    if (address && port != kDiscard) candidates_.add({*address, port, true, Service::any});
  }

  // 'name:"report.pdf" type:application/pdf size:1234'.
  void take_file(std::string_view value) {
    medium_.of_file = true;
    constexpr std::string_view kName = "name:\"";
    const std::size_t at = value.find(kName);
    if (at == std::string_view::npos) return;
    const std::string_view name = value.substr(at + kName.size());
    messenger_.filename.clear();
    append_percent_decoded(messenger_.filename, name.substr(0, name.find('"')));
  }

  void close() {
    const Medium medium = medium_;
    medium_ = {};
    if (!medium.accepted()) {
      candidates_.forget_from(first_candidate_);
      return;
    }
    const Service service = medium.service();
    service_ = stronger(service_, service);
    candidates_.set_service_from(first_candidate_, service);
    if (!medium.address || medium.port == 0 || medium.port == kDiscard || !medium.has_flow()) {
      return;
    }
    const bool tcp = medium.over_tcp();
    ExpectedFlow* const flow =
        expect_flow(messenger_, {*medium.address, medium.port, tcp, service});
    if (flow != nullptr) flow->service = stronger(flow->service, service);
    if (!medium.over_rtp() || tcp || medium.rtcp_mux || medium.port == 0xffff) return;
    const auto next = static_cast<std::uint16_t>(medium.port + 1);
    rtcp_.add({*medium.address, medium.rtcp_port != 0 ? medium.rtcp_port : next, false, service});
  }

  Messenger& messenger_;
  std::optional<IpAddress> session_address_;
  Medium medium_;
  Service service_ = Service::any;
  Later candidates_;
  std::size_t first_candidate_ = 0;
  Later rtcp_;
};

}  // namespace

Service stronger(Service a, Service b) {
  return rank(b) > rank(a) ? b : a;
}

Service read(std::string_view text, Messenger& messenger) {
  Reader reader(messenger);
  while (!text.empty()) {
    std::string_view line = take_field(text, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    reader.take(line);
  }
  return reader.finish();
}

}  // namespace chatgate::proto::sdp

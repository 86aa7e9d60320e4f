// Which application is it: names, ports, addresses and ALPN, with the evidence each gives.
//
// Built once from files by catalog/loader.h, immutable afterwards and part of a Snapshot. Look-ups
// are for workers: no lock, no allocation, cost bounded by the labels of a name.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/strong_id.h"
#include "catalog/description.h"
#include "catalog/ids.h"
#include "proto/facts.h"

namespace chatgate::catalog {

enum class Transport : std::uint8_t { tcp, udp };

struct PortRange {
  Transport transport = Transport::tcp;
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  Service service = Service::any;
  bool is_default = true;  // the port means this application unless something stronger speaks
  bool shared = false;     // others use it too: never refused at the SYN
};

struct ServerName {
  std::string name;       // normalised as proto::HostName; one label where `label` is set
  bool exact = false;     // this host only; otherwise everything below it too
  bool exclusive = true;  // a shared name never decides by itself
  Service service = Service::any;
  bool label = false;            // the first label of a host in anybody's domain
  NameUses uses = NameUses{};    // for people
  std::string shared_with = {};  // for people: who else uses a name that is not exclusive
};

struct ServerAddress {
  Prefix prefix;
  bool exclusive = true;
  bool plain_dns = false;  // answers DNS as well: port 53 of it means nothing
};

// What a TLS client offers to speak inside of the connection, where nobody but the application's
// clients does: an ALPN protocol ID of IANA's registry (RFC 7301 section 6).
struct AlpnId {
  // Of longer ones a ClientHello's beginning is kept, which might be another's.
  static constexpr std::size_t kMost = proto::ClientHello::kMaxAlpn - 1;
  std::string id;
  Service service = Service::any;
};

struct Application {
  ApplicationId id;
  std::string word;  // identifier in policies and events, such as "whatsapp"
  std::string name;  // for people
  std::string vendor;
  Category category = Category::im;
  std::vector<PortRange> ports;
  std::vector<ServerName> names;
  std::vector<ServerAddress> addresses;
  std::vector<AlpnId> alpn;
  Description description;
};

struct NameMatch {
  ApplicationId application;
  Service service = Service::any;
  bool exclusive = true;

  bool found() const { return application.valid(); }
};

// All applications that claim a server port. `owner` is the one whose default it is (none where the
// port is nobody's default); `claimants` are all, the owner included.
struct PortMatch {
  ApplicationId owner;
  Service service = Service::any;
  bool shared = false;  // others than the claimants use it too
  std::span<const ApplicationId> claimants;

  bool found() const { return !claimants.empty(); }
};

struct AddressMatch {
  ApplicationId application;
  bool exclusive = true;
  bool plain_dns = false;

  bool found() const { return application.valid(); }
};

struct AlpnMatch {
  ApplicationId application;
  Service service = Service::any;

  bool found() const { return application.valid(); }
};

class Catalogue {
 public:
  // Applications' ids must be set; two entries of one id, or one name claimed exclusively by two,
  // are the loader's to refuse.
  explicit Catalogue(std::vector<Application> applications);
  ~Catalogue();
  Catalogue(const Catalogue&) = delete;
  Catalogue& operator=(const Catalogue&) = delete;

  // In order of their words.
  std::span<const Application> applications() const { return applications_; }
  // Null where there is none.
  const Application* find(std::string_view word) const;
  const Application* find(ApplicationId id) const;

  // Longest match on label boundaries; where there is none, the first label by itself. `name`
  // normalised as proto::HostName.
  NameMatch match_name(std::string_view name) const;
  PortMatch match_port(Transport transport, std::uint16_t port) const;
  AddressMatch match_address(const IpAddress& address) const;
  AlpnMatch match_alpn(std::string_view id) const;

  // Bytes of the indexes, for `show memory`.
  std::size_t memory() const;

 private:
  struct Indexes;
  std::vector<Application> applications_;
  std::unique_ptr<Indexes> indexes_;
};

}  // namespace chatgate::catalog

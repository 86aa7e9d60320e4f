// Sets of addresses as configurations write them, and as a policy does.
//
// Netmasks of ASA, wildcard masks of IOS, ranges and any, with union, intersection and complement,
// given back as the prefixes that a policy's lists are made of. IPv4 and IPv6 are two spaces: the
// complement of an IPv4 network holds all of IPv6. Import only; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"

namespace chatgate::policy::import {

__extension__ typedef unsigned __int128 Wide;

class Addresses {
 public:
  Addresses() = default;  // none
  static Addresses any();
  static Addresses any_v4();
  static Addresses any_v6();
  static Addresses of(const IpAddress& first, const IpAddress& last);  // of one family
  static Addresses of(const Prefix& prefix);

  bool none() const { return v4_.empty() && v6_.empty(); }
  bool is_any() const;

  void add(const Addresses& other);
  Addresses intersect(const Addresses& other) const;
  Addresses complement() const;

  // Prefixes as a policy writes them, IPv4 first, in order; "any" where it is everything.
  std::vector<std::string> words() const;

  bool operator==(const Addresses&) const = default;

 private:
  struct Span {
    Wide first, last;
    bool operator==(const Span&) const = default;
  };
  using Spans = std::vector<Span>;  // in order, with gaps between them

  static void normalise(Spans& spans);
  static Spans intersection(const Spans& a, const Spans& b);
  static Spans gaps(const Spans& spans, Wide most);

  Spans v4_, v6_;
};

// "10.1.0.0" "255.255.0.0"; nothing for what is no address or no netmask.
std::optional<Addresses> with_netmask(std::string_view address, std::string_view mask);

// "10.1.0.0" "0.0.255.255". Bits that are free may be scattered, as in 0.0.0.254; nothing for more
// than 256 prefixes.
std::optional<Addresses> with_wildcard(std::string_view address, std::string_view mask);

// Whether a policy takes it for a server's name.
bool is_host_name(std::string_view word);

}  // namespace chatgate::policy::import

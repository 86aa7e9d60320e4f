// The words of the keys `inspection`, `dns`, `tls` and `evasion`: for their loader, and for who
// tells a policy in words. No state.
#pragma once

#include <algorithm>
#include <string_view>

#include "net/encapsulation.h"
#include "policy/controls.h"
#include "policy/words.h"

namespace chatgate::policy {

inline constexpr Word<net::Encapsulation> kEncapsulations[] = {
    {"pppoe", net::Encapsulation::pppoe},  {"mpls", net::Encapsulation::mpls},
    {"gre", net::Encapsulation::gre},      {"ip-in-ip", net::Encapsulation::ip_in_ip},
    {"gtp-u", net::Encapsulation::gtp_u},  {"vxlan", net::Encapsulation::vxlan},
    {"teredo", net::Encapsulation::teredo}};
inline constexpr Word<Midstream> kMidstream[] = {{"inspect", Midstream::inspect},
                                                 {"forward", Midstream::forward},
                                                 {"drop", Midstream::drop},
                                                 {"reset", Midstream::reset}};
inline constexpr Word<Action> kIncomplete[] = {
    {"reset", Action::reset}, {"drop", Action::drop}, {"allow", Action::allow}};
inline constexpr Word<OnExhaustion> kOnExhaustion[] = {{"open", OnExhaustion::open},
                                                       {"closed", OnExhaustion::closed}};
inline constexpr Word<DnsAnswer> kAnswers[] = {{"nxdomain", DnsAnswer::nxdomain},
                                               {"refused", DnsAnswer::refused},
                                               {"nodata", DnsAnswer::nodata},
                                               {"address", DnsAnswer::address},
                                               {"drop", DnsAnswer::drop}};
inline constexpr Word<EncryptedClientHello> kEch[] = {{"allow", EncryptedClientHello::allow},
                                                      {"reset", EncryptedClientHello::reset},
                                                      {"strip", EncryptedClientHello::strip}};
inline constexpr Word<Quic> kQuic[] = {
    {"inspect", Quic::inspect}, {"allow", Quic::allow}, {"block", Quic::block}};
inline constexpr Word<Proxies> kProxies[] = {
    {"inspect", Proxies::inspect}, {"allow", Proxies::allow}, {"reset", Proxies::reset}};

// Every value has a word.
template <typename Value, std::size_t N>
std::string_view word_of(const Word<Value> (&words)[N], Value value) {
  return std::find_if(words, words + N,
                      [&](const Word<Value>& each) { return each.value == value; })
      ->word;
}

}  // namespace chatgate::policy

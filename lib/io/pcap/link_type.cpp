#include "io/pcap/link_type.h"

#include <pcap/pcap.h>

namespace chatgate::io {
namespace {

constexpr int kLinkTypeRaw = 101;  // DLT_RAW is 12 on Linux, and 14 on OpenBSD
constexpr int kOpenBsdRaw = 14;

}  // namespace

std::optional<net::LinkType> link_type_of(int number) {
  switch (number) {
    case DLT_EN10MB: return net::LinkType::ethernet;
    case DLT_LINUX_SLL: return net::LinkType::linux_cooked;
    case DLT_LINUX_SLL2: return net::LinkType::linux_cooked_v2;
    case DLT_RAW:
    case kOpenBsdRaw:
    case kLinkTypeRaw:
    case DLT_IPV4:
    case DLT_IPV6: return net::LinkType::raw_ip;
    case DLT_NULL:
    case DLT_LOOP: return net::LinkType::null_loopback;
    default: return std::nullopt;
  }
}

int link_type_number(net::LinkType link) {
  switch (link) {
    case net::LinkType::ethernet: return DLT_EN10MB;
    case net::LinkType::linux_cooked: return DLT_LINUX_SLL;
    case net::LinkType::linux_cooked_v2: return DLT_LINUX_SLL2;
    case net::LinkType::raw_ip: return kLinkTypeRaw;
    case net::LinkType::null_loopback: return DLT_NULL;
  }
  return DLT_EN10MB;
}

std::string link_type_name(int number) {
  const char* name = pcap_datalink_val_to_name(number == kLinkTypeRaw ? DLT_RAW : number);
  return name != nullptr ? name : std::to_string(number);
}

}  // namespace chatgate::io

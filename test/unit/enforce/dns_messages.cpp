// Reads a DNS message from standard input and writes what the gateway makes of it to standard
// output. For dns_clients_test.py.
//
// usage: dns-messages nxdomain|refused|nodata|address|strip
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "enforce/dns_answer.h"
#include "enforce/dns_strip.h"

int main(int argc, char** argv) {
  using namespace chatgate;
  using namespace chatgate::enforce;
  const std::map<std::string, DnsAnswer> kinds = {
      {"nxdomain", DnsAnswerKind::nxdomain},
      {"refused", DnsAnswerKind::refused},
      {"nodata", DnsAnswerKind::nodata},
      {"address", {IpAddress::parse("192.0.2.80"), IpAddress::parse("2001:db8::80")}}};
  const std::string what = argc == 2 ? argv[1] : "";
  std::vector<std::uint8_t> message((std::istreambuf_iterator<char>(std::cin)), {});
  if (what == "strip") {
    if (strip_ech(message) != DnsStripped::stripped) return 1;
    std::cout << as_text(message);
    return 0;
  }
  const auto kind = kinds.find(what);
  if (kind == kinds.end()) return 2;
  std::vector<std::uint8_t> buffer(message.size() + kDnsAnswerGrowth);
  std::cout << as_text(answer_dns(kind->second, message, buffer));
  return 0;
}

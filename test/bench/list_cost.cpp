// What a list of names and lists of addresses and networks cost, of IPv4 and of IPv6: time to read,
// memory, and time to ask.
//
// usage: list-cost [NAMES [ADDRESSES]]    (1,000,000 and 100,000)

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "lists/list.h"
#include "lists/reader.h"

namespace {

using namespace chatgate;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Two to four labels of lengths as in published lists of hosts, 20 characters on average.
std::string random_name(std::mt19937_64& random) {
  static constexpr const char* kTops[] = {".com", ".net", ".org", ".de", ".co.uk", ".ru", ".info"};
  std::string name;
  for (std::uint64_t labels = 1 + random() % 2; labels != 0; --labels) {
    for (std::uint64_t letters = 5 + random() % 9; letters != 0; --letters) {
      name += static_cast<char>('a' + random() % 26);
    }
    name += labels == 1 ? "" : ".";
  }
  return name + kTops[random() % std::size(kTops)];
}

std::string random_address(std::mt19937_64& random) {
  const auto byte = [&] { return std::to_string(random() % 256); };
  return std::to_string(1 + random() % 223) + "." + byte() + "." + byte() + "." + byte();
}

// Within 2000::/3, as all that is routed: the first groups of 64 bits, a /64 as providers give
// them.
std::string random_network_v6(std::mt19937_64& random) {
  char text[40];
  const auto group = [&] { return static_cast<unsigned>(random() & 0xffff); };
  std::snprintf(text, sizeof text, "%x:%x:%x:%x::", 0x2000 | (group() & 0x1fff), group(), group(),
                group());
  return text;
}

lists::List read(const std::string& text, const SuffixHash::Key& key, const char* what) {
  const auto start = Clock::now();
  Diagnostics diagnostics;
  lists::ListReader reader;
  if (!reader.read(text, what, diagnostics)) std::exit(1);
  lists::List list = reader.finish(key);
  const double seconds = seconds_since(start);
  const auto entries = static_cast<double>(list.entries());
  const auto beside = static_cast<double>(list.memory() - list.names.text_bytes());
  std::printf(
      "%-12s %9zu entries of %10zu bytes: %.3f s to read, %.1f MiB, %.1f bytes an entry "
      "beside the text\n",
      what, list.entries(), text.size(), seconds, static_cast<double>(list.memory()) / 1048576,
      beside / entries);
  return list;
}

template <typename Ask>
void ask(const char* what, std::size_t count, Ask one) {
  const auto start = Clock::now();
  std::size_t hits = 0;
  for (std::size_t i = 0; i < count; ++i) hits += one(i) ? 1 : 0;
  std::printf("%-28s %6.0f ns each, %zu of %zu are in\n", what,
              seconds_since(start) * 1e9 / static_cast<double>(count), hits, count);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t names = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1'000'000;
  const std::size_t addresses = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 100'000;
  std::mt19937_64 random(1);
  std::string hosts, adblock, ranges;
  std::vector<std::string> in, out;
  for (std::size_t i = 0; i < names; ++i) {
    in.push_back(random_name(random));
    hosts += "0.0.0.0 " + in.back() + "\n";
    adblock += "||" + in.back() + "^\n";
    out.push_back("www." + random_name(random));
  }
  std::vector<IpAddress> hosts_in, hosts_out;
  for (std::size_t i = 0; i < addresses; ++i) {
    const std::string text = random_address(random);
    ranges += text + (i % 2 == 0 ? "\n" : "/28\n");
    if (const auto address = IpAddress::parse(text)) hosts_in.push_back(*address);
    if (const auto address = IpAddress::parse(random_address(random)))
      hosts_out.push_back(*address);
  }
  std::string networks;
  std::vector<IpAddress> networks_in, networks_out;
  for (std::size_t i = 0; i < addresses; ++i) {
    const std::string text = random_network_v6(random);
    networks += text + "/64\n";
    networks_in.push_back(*IpAddress::parse(text));
    networks_out.push_back(*IpAddress::parse(random_network_v6(random)));
  }
  const SuffixHash::Key key;
  read(hosts, key, "hosts file");
  std::vector<lists::Lists::Entry> entries;
  entries.push_back({"names", std::make_shared<lists::List>(read(adblock, key, "Adblock"))});
  entries.push_back({"addresses", std::make_shared<lists::List>(read(ranges, key, "addresses"))});
  entries.push_back({"networks", std::make_shared<lists::List>(read(networks, key, "IPv6"))});
  const lists::Lists all(key, std::move(entries));

  // In an order of its own, so that the caches help as little as they do in traffic.
  std::vector<std::size_t> order(names);
  for (std::size_t& each : order) each = random() % names;
  ask("names that are in", names, [&](std::size_t i) { return all.of_name(in[order[i]]) != 0; });
  ask("names below one that is in", names,
      [&](std::size_t i) { return all.of_name("a." + in[order[i]]) != 0; });
  ask("names that are not", names, [&](std::size_t i) { return all.of_name(out[order[i]]) != 0; });
  ask("addresses that are in", addresses,
      [&](std::size_t i) { return all.of_address(hosts_in[order[i] % addresses]) != 0; });
  ask("addresses that are not", addresses,
      [&](std::size_t i) { return all.of_address(hosts_out[order[i] % addresses]) != 0; });
  ask("networks of IPv6 that are in", addresses,
      [&](std::size_t i) { return all.of_address(networks_in[order[i] % addresses]) != 0; });
  ask("networks of IPv6 that are not", addresses,
      [&](std::size_t i) { return all.of_address(networks_out[order[i] % addresses]) != 0; });
  return 0;
}

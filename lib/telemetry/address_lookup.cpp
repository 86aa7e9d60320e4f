#include "telemetry/address_lookup.h"

#include <cstring>
#include <mutex>
#include <netdb.h>
#include <string>
#include <system_error>
#include <thread>

namespace chatgate::telemetry {
namespace {

std::vector<SocketAddress> ask(const std::string& host, const std::string& port, int type,
                               int flags) {
  addrinfo hints{};
  hints.ai_socktype = type;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* found = nullptr;
  std::vector<SocketAddress> addresses;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    if (one->ai_addrlen > sizeof(sockaddr_storage)) continue;
    SocketAddress& address = addresses.emplace_back();
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
  }
  ::freeaddrinfo(found);
  return addresses;
}

}  // namespace

struct AddressLookup::Answer {
  std::mutex mutex;
  std::optional<std::vector<SocketAddress>> addresses;
};

void AddressLookup::start(const HostPort& host, int type) {
  answer_ = std::make_shared<Answer>();
  const std::string port = std::to_string(host.port);
  std::vector<SocketAddress> numeric = ask(host.host, port, type, AI_NUMERICHOST);
  if (!numeric.empty()) {
    answer_->addresses = std::move(numeric);
    return;
  }
  try {
    std::thread([answer = answer_, name = host.host, port, type] {
      std::vector<SocketAddress> addresses = ask(name, port, type, 0);
      const std::lock_guard lock(answer->mutex);
      answer->addresses = std::move(addresses);
    }).detach();
  } catch (const std::system_error&) {  // no thread to be had: as if the name were not known
    answer_->addresses.emplace();
  }
}

std::optional<std::vector<SocketAddress>> AddressLookup::take() {
  if (answer_ == nullptr) return std::vector<SocketAddress>{};
  const std::lock_guard lock(answer_->mutex);
  return std::move(answer_->addresses);
}

}  // namespace chatgate::telemetry

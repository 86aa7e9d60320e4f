#include "traffic.h"

#include <algorithm>
#include <filesystem>
#include <random>
#include <string_view>

#include "base/bytes.h"
#include "detect/subject.h"
#include "io/pcap/capture_reader.h"
#include "net/decode.h"

namespace chatgate::bench {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> captures(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string extension = at->path().extension().string();
    if (extension == ".pcap" || extension == ".pcapng" || extension == ".cap") {
      paths.push_back(at->path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string payload_of(const std::string& path) {
  std::string payload;
  Diagnostics findings;
  const auto reader = io::CaptureReader::open(path, findings);
  if (reader == nullptr) return payload;
  net::PacketView packet;
  net::Layers layers;
  while (reader->next(packet) == io::CaptureReader::Next::packet) {
    net::decode(packet, layers);
    if (layers.outcome != net::Decoded::transport || layers.protocol != net::kTcp) continue;
    payload += as_text(packet.bytes.subspan(layers.payload, layers.payload_size));
  }
  return payload;
}

void add_turns(const std::string& payload, std::vector<std::string>& turns) {
  for (std::size_t at = 0; at < payload.size(); at += detect::kMaxTurn) {
    turns.push_back(payload.substr(at, detect::kMaxTurn));
  }
}

}  // namespace

std::vector<std::string> turns_of_captures(const std::string& folder, std::size_t most) {
  std::vector<std::string> turns;
  std::size_t size = 0;
  for (const std::string& path : captures(folder)) {
    if (size >= most) break;
    const std::string payload = payload_of(path).substr(0, most - size);
    size += payload.size();
    add_turns(payload, turns);
  }
  return turns;
}

std::vector<std::string> made_turns(std::size_t bytes) {
  constexpr std::string_view kWords[] = {"GET /",   "HTTP/1.1\r\n", "Host: ",   "<message to='",
                                         "</body>", "Cookie: ",     "MSG ",     "USER ",
                                         "hello ",  "example.com",  "\r\n\r\n", "Accept: */*\r\n"};
  std::mt19937 random(1);
  std::string text;
  while (text.size() < bytes) {
    text += kWords[random() % std::size(kWords)];
    for (std::size_t i = random() % 12; i > 0; --i) text += static_cast<char>('a' + random() % 26);
  }
  std::vector<std::string> turns;
  add_turns(text, turns);
  return turns;
}

}  // namespace chatgate::bench

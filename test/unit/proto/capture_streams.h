// The streams of a capture's TCP connections, put together for tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "io/pcap/capture_reader.h"
#include "net/decode.h"

#include "corpus_labels.h"

namespace chatgate::proto::test {

// One direction of a connection, put together as a reader of captures may: by sequence number, the
// first copy of a byte counts.
struct Stream {
  bool begun = false;
  std::uint32_t begin = 0;
  std::map<std::uint32_t, std::vector<std::uint8_t>> segments;

  std::vector<std::uint8_t> bytes() const {
    std::vector<std::uint8_t> all;
    for (const auto& [at, segment] : segments) {
      if (at > all.size()) break;
      const std::size_t known = std::min<std::size_t>(all.size() - at, segment.size());
      all.insert(all.end(), segment.begin() + static_cast<std::ptrdiff_t>(known), segment.end());
    }
    return all;
  }
};

// Of the first `packets` packets of the file; none where it cannot be read.
inline std::map<Way, Stream> read_streams(
    const std::string& path, std::uint64_t packets = std::numeric_limits<std::uint64_t>::max()) {
  std::map<Way, Stream> streams;
  Diagnostics diagnostics;
  const auto reader = io::CaptureReader::open(path, diagnostics);
  if (reader == nullptr) return streams;
  net::PacketView view;
  net::Layers layers;
  for (std::uint64_t i = 0; i < packets && reader->next(view) == io::CaptureReader::Next::packet;
       ++i) {
    net::decode(view, layers);
    if (layers.outcome != net::Decoded::transport || layers.protocol != net::kTcp) continue;
    Stream& stream = streams[{{layers.source, layers.source_port},
                              {layers.destination, layers.destination_port}}];
    const bool syn = layers.has(net::tcp_flag::syn);
    const Bytes payload = layers.payload_of(view);
    if (!stream.begun && (syn || !payload.empty())) {
      stream.begun = true;
      stream.begin = layers.sequence + (syn ? 1 : 0);
    }
    if (payload.empty()) continue;
    stream.segments.try_emplace(layers.sequence - stream.begin, payload.begin(), payload.end());
  }
  return streams;
}

}  // namespace chatgate::proto::test

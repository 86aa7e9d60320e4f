// Any bytes as a capture file: it is read to its end or to one error, and no view leaves the file.
#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "io/pcap/capture_reader.h"

#include "check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chatgate;
  const int memory = memfd_create("capture", 0);
  FUZZ_CHECK(memory >= 0 && write(memory, data, size) == static_cast<ssize_t>(size));
  Diagnostics findings;
  const auto reader = io::CaptureReader::open("/proc/self/fd/" + std::to_string(memory), findings);
  FUZZ_CHECK((reader == nullptr) == findings.has_errors());
  if (reader != nullptr) {
    net::PacketView packet;
    std::uint64_t sum = 0;
    while (reader->next(packet) == io::CaptureReader::Next::packet) {
      FUZZ_CHECK(packet.bytes.size() <= size && packet.bytes.size() <= packet.wire_length);
      for (const std::uint8_t byte : packet.bytes) sum += byte;
      FUZZ_CHECK(packet.number == reader->count());
    }
    FUZZ_CHECK(sum <= std::uint64_t{255} * size);
  }
  close(memory);
  return 0;
}

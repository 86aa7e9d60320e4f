#define ZLIB_CONST

#include "proto/http_coding.h"

#include <array>
#include <zlib.h>

namespace chatgate::proto::http {
namespace {

// What inflate takes: its state and a window of 32 KiB.
constexpr std::size_t kMemory = 64 * 1024;
constexpr std::size_t kAlignment = alignof(std::max_align_t);

constexpr int kWindow = 15;
constexpr int kGzipOrZlib = kWindow + 32;
constexpr std::uint8_t kGzipMagic = 0x1f;

struct Memory {
  std::size_t used = 0;
  alignas(kAlignment) std::array<std::uint8_t, kMemory> bytes;
};

void* take(void* from, unsigned count, unsigned size) {
  Memory& memory = *static_cast<Memory*>(from);
  const std::size_t wanted = (std::size_t{count} * size + kAlignment - 1) / kAlignment * kAlignment;
  if (wanted > memory.bytes.size() - memory.used) return Z_NULL;
  void* const taken = memory.bytes.data() + memory.used;
  memory.used += wanted;
  return taken;
}

// All of it is free again with the next call.
void give_back(void*, void*) {}

// RFC 1950 section 2.2: deflate, a window that may be, and the check of both bytes.
bool is_zlib_header(std::uint8_t first, std::uint8_t second) {
  return (first & 0x0f) == Z_DEFLATED && first >> 4 <= 7 && (first << 8 | second) % 31 == 0;
}

}  // namespace

struct ContentDecoder::State {
  Memory memory;
};

ContentDecoder::ContentDecoder() : state_(std::make_unique<State>()) {}
ContentDecoder::~ContentDecoder() = default;

std::size_t ContentDecoder::memory() const {
  return sizeof(State);
}

ContentDecoder::Result ContentDecoder::decode(Coding coding, Bytes coded, MutableBytes out) {
  const bool gzip = !coded.empty() && coded[0] == kGzipMagic;
  if (coded.size() < 2) return {};
  const bool framed = gzip || is_zlib_header(coded[0], coded[1]);
  if (!framed && coding == Coding::gzip) return {.final = true};

  z_stream stream{};
  stream.zalloc = take;
  stream.zfree = give_back;
  stream.opaque = &state_->memory;
  state_->memory.used = 0;
  stream.next_in = coded.data();
  stream.avail_in = static_cast<uInt>(coded.size());
  if (inflateInit2(&stream, framed ? kGzipOrZlib : -kWindow) != Z_OK) return {.final = true};
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  int status = inflate(&stream, Z_SYNC_FLUSH);
  // RFC 1952 section 2.2: members follow one another. Each takes bytes, so there are few.
  while (status == Z_STREAM_END && gzip && stream.avail_in > 0 && stream.avail_out > 0 &&
         *stream.next_in == kGzipMagic && inflateReset(&stream) == Z_OK) {
    status = inflate(&stream, Z_SYNC_FLUSH);
  }
  const bool broken = status != Z_OK && status != Z_BUF_ERROR && status != Z_STREAM_END;
  return {.size = out.size() - stream.avail_out,
          .ended = status == Z_STREAM_END,
          .final = broken || stream.avail_out == 0};
}

}  // namespace chatgate::proto::http

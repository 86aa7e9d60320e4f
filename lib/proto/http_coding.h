// Content codings of HTTP bodies undone: gzip and deflate (RFC 9110 section 8.4.1).
//
// For detect::HttpView and proto::Carriers; an object belongs to one worker and its thread. zlib
// works in memory that the constructor has taken; nothing is allocated later. Each call begins
// anew, so work is linear in the bytes given and in the room for what comes out, however well a
// bomb was packed.
//
// The format is told by its first bytes, not by its name: servers mix them up. gzip (RFC 1952), of
// several members too, and zlib (RFC 1950) are read under either name, raw deflate (RFC 1951) under
// "deflate". Checksums are not held against the sender. What comes behind the end is skipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace chatgate::proto::http {

enum class Coding : std::uint8_t { gzip, deflate };

class ContentDecoder {
 public:
  ContentDecoder();
  ~ContentDecoder();
  ContentDecoder(const ContentDecoder&) = delete;
  ContentDecoder& operator=(const ContentDecoder&) = delete;

  struct Result {
    std::size_t size = 0;  // bytes written to `out`
    bool ended = false;    // that is all: the coded bytes have come to their end
    bool final = false;    // nothing more can follow these: it is broken there, or `out` is full
  };

  // As far as `coded`, which may be cut anywhere, can be decoded: what a longer part of the same
  // bytes gives begins with what this one gives.
  Result decode(Coding coding, Bytes coded, MutableBytes out);

  std::size_t memory() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace chatgate::proto::http

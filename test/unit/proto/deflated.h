// A text as zlib packs it; for tests of content codings.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <zlib.h>

namespace chatgate::proto::test {

// `window` as deflateInit2 takes it: 15 for zlib's frame, with 16 more for gzip's, -15 for none.
inline std::string packed(std::string_view text, int window = 15 + 16) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(text.size() + 1000, '\0');
  std::string in(text);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace chatgate::proto::test

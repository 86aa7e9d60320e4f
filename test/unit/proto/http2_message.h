// Builds HTTP/2 streams for tests, and feeds them as the engine does. Shared by the unit tests and
// the fuzz target.
#pragma once

#include <nghttp2/nghttp2.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "proto/http2.h"

namespace chatgate::proto::test {

inline const std::string kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// RFC 9113 section 6.
enum Http2Frame : unsigned { data = 0, headers = 1, rst = 3, settings = 4, push = 5, more = 9 };
constexpr unsigned kEndHeaders = 4;

inline std::string http2_frame(unsigned type, unsigned flags, unsigned stream,
                               const std::string& payload) {
  std::string frame;
  for (const unsigned shift : {16u, 8u, 0u}) {
    frame += static_cast<char>(payload.size() >> shift & 0xff);
  }
  frame += static_cast<char>(type);
  frame += static_cast<char>(flags);
  for (const unsigned shift : {24u, 16u, 8u, 0u})
    frame += static_cast<char>(stream >> shift & 0xff);
  return frame + payload;
}

inline std::string http2_request(const std::string& block, unsigned stream = 1) {
  return http2_frame(Http2Frame::headers, kEndHeaders, stream, block);
}

using Http2Fields = std::vector<std::pair<std::string, std::string>>;

// A client's compressor, of one connection.
class Http2Compressor {
 public:
  explicit Http2Compressor(std::size_t max_table = 4096) {
    if (nghttp2_hd_deflate_new(&deflater_, max_table) != 0) throw std::bad_alloc();
  }
  ~Http2Compressor() { nghttp2_hd_deflate_del(deflater_); }
  Http2Compressor(const Http2Compressor&) = delete;
  Http2Compressor& operator=(const Http2Compressor&) = delete;

  void change_table(std::size_t size) { nghttp2_hd_deflate_change_table_size(deflater_, size); }

  std::string block(const Http2Fields& fields) {
    std::vector<nghttp2_nv> list;
    std::vector<std::string> kept;  // the library wants bytes that may be written to
    kept.reserve(2 * fields.size());
    const auto bytes_of = [&kept](const std::string& text) {
      kept.push_back(text);
      return reinterpret_cast<std::uint8_t*>(kept.back().data());
    };
    for (const auto& [name, value] : fields) {
      list.push_back({bytes_of(name), bytes_of(value), name.size(), value.size(), 0});
    }
    std::string out(nghttp2_hd_deflate_bound(deflater_, list.data(), list.size()), '\0');
    const auto size = nghttp2_hd_deflate_hd(deflater_, reinterpret_cast<std::uint8_t*>(out.data()),
                                            out.size(), list.data(), list.size());
    if (size < 0) throw std::runtime_error("the compressor failed");
    out.resize(static_cast<std::size_t>(size));
    return out;
  }

 private:
  nghttp2_hd_deflater* deflater_ = nullptr;
};

// What incremental.h feeds. Gives the session of the connection before back when a new one begins.
class Http2Parser {
 public:
  static constexpr std::uint32_t byte_limit = http2::kByteLimit;

  explicit Http2Parser(http2::Connections& connections) : connections_(connections) {}
  ~Http2Parser() { connections_.release(last_); }
  Http2Parser(const Http2Parser&) = delete;
  Http2Parser& operator=(const Http2Parser&) = delete;

  Probe probe(Bytes stream) const { return http2::probe(stream); }
  ParseStatus feed(ParserState& state, Bytes stream, Facts& facts) const {
    if (!state.session.valid()) connections_.release(last_);
    const ParseStatus status = connections_.feed(state, stream, facts);
    last_.session = state.session;
    return status;
  }

 private:
  http2::Connections& connections_;
  mutable ParserState last_;
};

}  // namespace chatgate::proto::test

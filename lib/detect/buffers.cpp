#include "detect/buffers.h"

#include <array>

#include "detect/text.h"

namespace chatgate::detect {
namespace {

using enum Buffer;

constexpr auto kBoth = BufferWay::both;
constexpr auto kRequest = BufferWay::to_server;
constexpr auto kResponse = BufferWay::to_client;
constexpr auto kHttp = BufferLayer::http;

// In the order of the enumeration.
constexpr BufferEntry kBuffers[] = {
    {payload, "pkt_data", "", "", "", 0, kBoth, BufferLayer::any},
    {raw_payload, "rawbytes", "", "", "rawbytes", 'B', kBoth, BufferLayer::any},
    {file_data, "file.data", "file_data", "http.response_body", "http_server_body", 'Q', kBoth,
     BufferLayer::any},
    {http_method, "http.method", "", "", "http_method", 'M', kRequest, kHttp},
    {http_uri, "http.uri", "", "", "http_uri", 'U', kRequest, kHttp},
    {http_raw_uri, "http.uri.raw", "", "", "http_raw_uri", 'I', kRequest, kHttp},
    {http_request_line, "http.request_line", "http_request_line", "", "", 0, kRequest, kHttp},
    {http_protocol, "http.protocol", "http_protocol", "", "", 0, kBoth, kHttp},
    {http_host, "http.host", "", "", "http_host", 'W', kRequest, kHttp},
    {http_raw_host, "http.host.raw", "", "", "http_raw_host", 'Z', kRequest, kHttp},
    {http_user_agent, "http.user_agent", "", "", "http_user_agent", 'V', kRequest, kHttp},
    {http_referer, "http.referer", "http_referer", "", "", 0, kRequest, kHttp},
    {http_accept, "http.accept", "http_accept", "", "", 0, kRequest, kHttp},
    {http_accept_encoding, "http.accept_enc", "http_accept_enc", "", "", 0, kRequest, kHttp},
    {http_accept_language, "http.accept_lang", "http_accept_lang", "", "", 0, kRequest, kHttp},
    {http_client_body, "http.request_body", "", "", "http_client_body", 'P', kRequest, kHttp},
    {http_response_line, "http.response_line", "http_response_line", "", "", 0, kResponse, kHttp},
    {http_stat_code, "http.stat_code", "", "", "http_stat_code", 'S', kResponse, kHttp},
    {http_stat_msg, "http.stat_msg", "", "", "http_stat_msg", 'Y', kResponse, kHttp},
    {http_server, "http.server", "", "", "", 0, kResponse, kHttp},
    {http_location, "http.location", "", "", "", 0, kResponse, kHttp},
    {http_header, "http.header", "", "", "http_header", 'H', kBoth, kHttp},
    {http_raw_header, "http.header.raw", "", "", "http_raw_header", 'D', kBoth, kHttp},
    {http_header_names, "http.header_names", "http_header_names", "", "", 0, kBoth, kHttp},
    {http_cookie, "http.cookie", "", "", "http_cookie", 'C', kBoth, kHttp},
    {http_raw_cookie, "http.cookie.raw", "", "", "http_raw_cookie", 'K', kBoth, kHttp},
    {http_connection, "http.connection", "http_connection", "", "", 0, kBoth, kHttp},
    {http_content_type, "http.content_type", "http_content_type", "", "", 0, kBoth, kHttp},
    {http_content_length, "http.content_len", "http_content_len", "", "", 0, kBoth, kHttp},
    {http_start, "http.start", "http_start", "", "", 0, kBoth, kHttp},
    {tls_sni, "tls.sni", "tls_sni", "", "", 0, kRequest, BufferLayer::tls},
    {tls_cert_subject, "tls.cert_subject", "tls_cert_subject", "", "", 0, kResponse,
     BufferLayer::tls},
    {tls_cert_issuer, "tls.cert_issuer", "tls_cert_issuer", "", "", 0, kResponse, BufferLayer::tls},
    {tls_cert_serial, "tls.cert_serial", "tls_cert_serial", "", "", 0, kResponse, BufferLayer::tls},
    {tls_cert_fingerprint, "tls.cert_fingerprint", "tls_cert_fingerprint", "", "", 0, kResponse,
     BufferLayer::tls},
    {dns_query, "dns.query", "dns_query", "dns.queries.rrname", "", 0, kBoth, BufferLayer::dns},
};
static_assert(std::size(kBuffers) == kBufferCount);

constexpr bool in_order() {
  for (std::size_t i = 0; i < std::size(kBuffers); ++i) {
    if (kBuffers[i].buffer != static_cast<Buffer>(i)) return false;
  }
  return true;
}
static_assert(in_order());

constexpr std::array<Transform, 6> kTransforms = {
    Transform::dotprefix,        Transform::to_lowercase,        Transform::to_uppercase,
    Transform::strip_whitespace, Transform::compress_whitespace, Transform::url_decode};
constexpr std::array<std::string_view, 6> kTransformNames = {
    "dotprefix",        "to_lowercase",        "to_uppercase",
    "strip_whitespace", "compress_whitespace", "url_decode"};

}  // namespace

std::span<const BufferEntry> buffer_table() {
  return kBuffers;
}

const BufferEntry& entry_of(Buffer buffer) {
  return kBuffers[static_cast<std::size_t>(buffer)];
}

std::string_view to_string(Buffer buffer) {
  return entry_of(buffer).name;
}

const BufferEntry* find_sticky(std::string_view word) {
  if (word.empty()) return nullptr;
  for (const BufferEntry& entry : kBuffers) {
    if (entry.buffer == raw_payload) continue;
    if (same_word(word, entry.name) || same_word(word, entry.sticky) ||
        same_word(word, entry.sticky2))
      return &entry;
  }
  return nullptr;
}

const BufferEntry* find_modifier(std::string_view word) {
  if (word.empty()) return nullptr;
  for (const BufferEntry& entry : kBuffers) {
    if (same_word(word, entry.modifier)) return &entry;
  }
  return nullptr;
}

const BufferEntry* find_pcre_flag(char flag) {
  for (const BufferEntry& entry : kBuffers) {
    if (entry.pcre_flag != 0 && flag == entry.pcre_flag) return &entry;
  }
  return nullptr;
}

std::string_view to_string(Transform transform) {
  return kTransformNames[static_cast<std::size_t>(transform)];
}

const Transform* find_transform(std::string_view word) {
  for (std::size_t i = 0; i < kTransforms.size(); ++i) {
    if (same_word(word, kTransformNames[i])) return &kTransforms[i];
  }
  return nullptr;
}

std::span<const std::string_view> transform_names() {
  return kTransformNames;
}

}  // namespace chatgate::detect

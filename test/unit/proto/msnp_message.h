// Messages of MSNP with payloads, for the tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chatgate::proto::test {

inline std::string with_payload(const std::string& line, const std::string& payload) {
  return line + " " + std::to_string(payload.size()) + "\r\n" + payload;
}

inline std::string mime(const std::string& type, const std::string& body,
                        const std::string& fields = {}) {
  return "MIME-Version: 1.0\r\nContent-Type: " + type + "\r\n" + fields + "\r\n" + body;
}

inline std::string sent(const std::string& payload) {
  return with_payload("MSG 7 N", payload);
}
inline std::string received(const std::string& payload) {
  return with_payload("MSG bob@example.com Bob%20B", payload);
}

inline std::string invitation(const std::string& fields) {
  return mime("text/x-msmsgsinvite; charset=UTF-8", fields);
}

inline std::string le(std::uint64_t number, int size) {
  std::string text;
  for (int i = 0; i < size; ++i) {
    text += static_cast<char>(number & 0xff);
    number >>= 8;
  }
  return text;
}

// The binary header of 48 bytes before peers' data.
inline std::string peer_header(std::uint32_t session, std::uint32_t flags, std::size_t size) {
  return le(session, 4) + le(77, 4) + le(0, 8) + le(size, 8) + le(size, 4) + le(flags, 4) +
         le(5, 4) + le(0, 4) + le(0, 8);
}

inline std::string peer_message(const std::string& slp, std::uint32_t flags = 0,
                                std::uint32_t session = 0) {
  return peer_header(session, flags, slp.size()) + slp + std::string(4, '\0');
}

inline std::string peer_mime(const std::string& data, const std::string& to = "bob@example.com") {
  return mime("application/x-msnmsgrp2p", data, "P2P-Dest: " + to + "\r\n");
}

// A request or an answer of MSNSLP from alice to bob.
inline std::string slp(const std::string& first_line, const std::string& type,
                       const std::string& body) {
  return first_line +
         "\r\nTo: <msnmsgr:bob@example.com>\r\nFrom: <msnmsgr:alice@example.com>\r\n"
         "Via: MSNSLP/1.0/TLP ;branch={33517CE4-02FC-4428-B6F4-39927229B722}\r\nCSeq: 0\r\n"
         "Call-ID: {9D79AE57-1BD5-444B-B14E-3FC9BB2B5D58}\r\nMax-Forwards: 0\r\nContent-Type: "
         "application/x-msnmsgr-" +
         type + "\r\nContent-Length: " + std::to_string(body.size() + 3) + "\r\n\r\n" + body +
         "\r\n" + std::string(1, '\0');
}

inline std::string slp_invite(const std::string& type, const std::string& body) {
  return slp("INVITE MSNMSGR:bob@example.com MSNSLP/1.0", type, body);
}

inline std::string session_request(const std::string& guid, const std::string& app_id,
                                   const std::string& context) {
  return slp_invite("sessionreqbody", "EUF-GUID: {" + guid + "}\r\nSessionID: 4\r\nAppID: " +
                                          app_id + "\r\nContext: " + context + "\r\n");
}

inline std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k > bytes.size() ? '=' : kAlphabet[group >> (18 - 6 * k) & 63];
    }
  }
  return text;
}

inline std::string utf16le(std::u16string_view text) {
  std::string bytes;
  for (const char16_t unit : text) bytes += le(unit, 2);
  return bytes;
}

// Of a file: length, version, size, flags, and the name in a field of 520 bytes.
inline std::string file_context(std::u16string_view name) {
  std::string field = utf16le(name);
  field.resize(520);
  return base64(le(574, 4) + le(2, 4) + le(60904, 8) + le(1, 4) + field + std::string(34, '\0'));
}

}  // namespace chatgate::proto::test

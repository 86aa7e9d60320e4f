// Section D.8: HTTP, and proxies.

#include <cctype>

#include "conversation.h"
#include "http2_message.h"

namespace chatgate::test {
namespace {

using namespace proto::test;
using namespace std::string_literals;

constexpr const char* kDecoy = "www.shop.welcome.example";

std::string get(const std::string& host, const std::string& more = {}) {
  return "GET / HTTP/1.1\r\nHost: " + host + "\r\n" + more + "\r\n";
}

// A row of one request, written with the name in the place of "NAME".
Row request(const char* id, const char* what, const char* why, const std::string& text,
            Twin twin = Twin::passes) {
  Conversation said;
  said.server_port = 80;
  said.says = [text](const std::string& name) {
    std::string filled = text;
    for (std::size_t at = 0; (at = filled.find("NAME", at)) != std::string::npos;) {
      filled.replace(at, 4, name);
    }
    return std::vector<Turn>{{filled}};
  };
  return conversation(id, what, why, said, twin);
}

Row turns(const char* id, const char* what, const char* why,
          std::function<std::vector<Turn>(const std::string& name)> says, std::uint16_t port = 80) {
  Conversation said;
  said.server_port = port;
  said.says = std::move(says);
  return conversation(id, what, why, said);
}

Row to_listed(const char* id, const char* what, const char* why, const std::string& text) {
  Conversation said;
  said.server_port = 80;
  said.listed = true;
  said.says = [text](const std::string&) { return std::vector<Turn>{{text}}; };
  return conversation(id, what, why, said);
}

// Header fields of about this many bytes.
std::string fields(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() + 1000 < size; ++i) {
    text += "X-" + std::to_string(i) + ": " + std::string(990, 'x') + "\r\n";
  }
  return text;
}

std::vector<Row> head_rows() {
  const char* tolerant = "read as the most tolerant server does";
  return {
      request("D.8-96a", "`hOsT:`", tolerant, "GET / HTTP/1.1\r\nhOsT: NAME\r\n\r\n"),
      request("D.8-96b", "no space before the name", tolerant,
              "GET / HTTP/1.1\r\nHost:NAME\r\n\r\n"),
      request("D.8-96c", "tabs around the name", tolerant,
              "GET / HTTP/1.1\r\nHost:\tNAME\t\r\n\r\n"),
      request("D.8-96d", "spaces before the colon", tolerant,
              "GET / HTTP/1.1\r\nHost  : NAME\r\n\r\n"),
      request("D.8-97a", "a dot behind the name", "left out", get("NAME.")),
      request("D.8-97b", "a port behind the name", "left out", get("NAME:80")),
      turns("D.8-97c", "the name in capitals", "compared in lower case",
            [](std::string name) {
              for (char& letter : name) letter = static_cast<char>(std::toupper(letter));
              return std::vector<Turn>{{get(name)}};
            }),
      request("D.8-98a", "blank lines before the method", tolerant, "\r\n\n\r\n" + get("NAME")),
      request("D.8-98b", "two spaces behind the method", tolerant,
              "GET  / HTTP/1.1\r\nHost: NAME\r\n\r\n"),
      request("D.8-98c", "lines that end in LF", tolerant, "GET / HTTP/1.1\nHost: NAME\n\n"),
      request("D.8-98d", "a method that nobody knows", tolerant,
              "BREW /pot HTTP/1.1\r\nHost: NAME\r\n\r\n"),
      request("D.8-99a", "the name behind 60,000 bytes of header fields",
              "a head of 64 KiB is waited for",
              "GET / HTTP/1.1\r\n" + fields(60000) + "Host: NAME\r\n\r\n"),
      request("D.8-99b", "the name behind 70,000 bytes of header fields",
              "longer than a server takes: taken down",
              "GET / HTTP/1.1\r\n" + fields(70000) + "Host: NAME\r\n\r\n", Twin::starves),
      request("D.8-100a", "two Host fields, the name in the second", "every one counts",
              get(kDecoy, "Host: NAME\r\n")),
      request("D.8-100b", "two Host fields, the name in the first", "every one counts",
              get("NAME", "Host: "s + kDecoy + "\r\n")),
      request("D.8-100c", "the name in the target, another in Host", "every one counts",
              "GET http://NAME/ HTTP/1.1\r\nHost: "s + kDecoy + "\r\n\r\n"),
      request("D.8-100d", "another in the target, the name in Host", "every one counts",
              "GET http://"s + kDecoy + "/ HTTP/1.1\r\nHost: NAME\r\n\r\n"),
      request("D.8-100e", "the name in a folded line", "every line counts",
              "GET / HTTP/1.1\r\nHost:\r\n NAME\r\n\r\n"),
      to_listed("D.8-101a", "HTTP/1.0 without Host", "the server's address is judged",
                "GET / HTTP/1.0\r\n\r\n"),
      to_listed("D.8-101b", "HTTP/0.9", "the server's address is judged", "GET /\r\n"),
  };
}

std::vector<Row> following_rows() {
  const char* every = "every request is read";
  const std::string ok = "HTTP/1.1 204 No Content\r\n\r\n";
  return {
      request("D.8-102a", "the second of two requests in one segment", every,
              get(kDecoy) + get("NAME")),
      turns("D.8-102b", "the sixth request of a connection", every,
            [ok](const std::string& name) {
              std::vector<Turn> all(5, {get(kDecoy), ok});
              all.push_back({get(name)});
              return all;
            }),
      turns("D.8-102c", "behind a body", every,
            [ok](const std::string& name) {
              return std::vector<Turn>{{"POST / HTTP/1.1\r\nHost: "s + kDecoy +
                                            "\r\nContent-Length: 30\r\n\r\n" + std::string(30, 'G'),
                                        ok},
                                       {get(name)}};
            }),
      turns("D.8-102d", "behind chunks", every,
            [ok](const std::string& name) {
              return std::vector<Turn>{
                  {"POST / HTTP/1.1\r\nHost: "s + kDecoy +
                       "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n",
                   ok},
                  {get(name)}};
            }),
      turns("D.8-102e", "behind a request of HTTP/1.0 that asks to keep the connection", every,
            [ok](const std::string& name) {
              return std::vector<Turn>{{"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", ok},
                                       {get(name)}};
            }),
      request("D.8-102f", "within what two servers may take for a body",
              "a body whose end is in doubt: taken down",
              "POST / HTTP/1.1\r\nHost: "s + kDecoy +
                  "\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
                  get("NAME"),
              Twin::starves),
  };
}

// --- HTTP/2

const Http2Fields kFields = {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}};

std::string block_of(const std::string& name) {
  Http2Compressor compressor;
  Http2Fields fields = kFields;
  fields.emplace_back(":authority", name);
  return compressor.block(fields);
}

std::string opened() {
  return kHttp2Preface + http2_frame(Http2Frame::settings, 0, 0, {});
}

std::vector<Row> http2_rows() {
  return {
      turns("D.8-103i", "HTTP/2 by prior knowledge", "read",
            [](const std::string& name) {
              return std::vector<Turn>{{opened() + http2_request(block_of(name))}};
            }),
      turns("D.8-103j", "`Upgrade: h2c`, then HTTP/2", "read behind the upgrade",
            [](const std::string& name) {
              return std::vector<Turn>{
                  {get(kDecoy,
                       "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                       "HTTP2-Settings: AAMAAABk\r\n"),
                   "HTTP/1.1 101 Switching Protocols\r\n\r\n"},
                  {opened() + http2_request(block_of(name), 3)}};
            }),
      turns("D.8-104a", "the name in Huffman's code over three CONTINUATIONs", "joined and decoded",
            [](const std::string& name) {
              const std::string block = block_of(name);
              const std::size_t third = block.size() / 3;
              return std::vector<Turn>{
                  {opened() + http2_frame(Http2Frame::headers, 0, 1, block.substr(0, third)) +
                   http2_frame(Http2Frame::more, 0, 1, block.substr(third, third)) +
                   http2_frame(Http2Frame::more, 0, 1, {}) +
                   http2_frame(Http2Frame::more, kEndHeaders, 1, block.substr(2 * third))}};
            }),
      turns("D.8-104b", "the name from the table of an earlier request", "the table is followed",
            [](const std::string& name) {
              Http2Compressor compressor;
              Http2Fields fields = kFields;
              fields.emplace_back("x-later", name);
              const std::string first = compressor.block(fields);
              Http2Fields second = kFields;
              second.emplace_back(":authority", name);
              return std::vector<Turn>{{opened() + http2_request(first)},
                                       {http2_request(compressor.block(second), 3)}};
            }),
      turns("D.8-104c", "the name in the second stream, behind a DATA frame",
            "every request is read",
            [](const std::string& name) {
              return std::vector<Turn>{{opened() + http2_request(block_of(kDecoy)) +
                                        http2_frame(Http2Frame::data, 1, 1, std::string(100, 'x'))},
                                       {http2_request(block_of(name), 3)}};
            }),
      out_of_reach("D.8-105", "a messenger within innocent requests",
                   "signatures and parsers of bodies tell, not names"),
      turns("D.8-106", "a messenger's own protocol on a port of the web",
            "known by its first bytes on any port",
            [](const std::string& name) {
              return std::vector<Turn>{{"<?xml version='1.0'?><stream:stream to='" + name +
                                        "' version='1.0' xmlns='jabber:client' "
                                        "xmlns:stream='http://etherx.jabber.org/streams'>"}};
            }),
  };
}

std::string in_socks5(const std::string& name) {
  return "\5\1\0\3"s + static_cast<char>(name.size()) + name + "\x01\xbb";
}

}  // namespace

std::vector<Row> http_rows() {
  std::vector<Row> rows;
  for (auto* part : {&head_rows, &following_rows}) {
    for (Row& row : (*part)()) rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<Row> proxy_rows() {
  const char* target = "the target is judged";
  std::vector<Row> rows = {
      request("D.8-103a", "CONNECT to the name", target,
              "CONNECT NAME:443 HTTP/1.1\r\nHost: "s + kDecoy + "\r\n\r\n"),
      turns(
          "D.8-103b", "SOCKS 5 to the name", target,
          [](const std::string& name) {
            return std::vector<Turn>{{"\5\1\0"s, "\5\0"s}, {in_socks5(name)}};
          },
          1080),
      turns(
          "D.8-103c", "SOCKS 5 without waiting", target,
          [](const std::string& name) { return std::vector<Turn>{{"\5\1\0"s + in_socks5(name)}}; },
          1080),
      turns(
          "D.8-103d", "SOCKS 4a to the name", target,
          [](const std::string& name) {
            return std::vector<Turn>{{"\4\1\x01\xbb\0\0\0\1user\0"s + name + '\0'}};
          },
          1080),
      request("D.8-103e", "`Upgrade: websocket`", "its Host is read",
              get("NAME",
                  "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n")),
      turns(
          "D.8-103f", "a request through CONNECT to an address", "the tunnel is read",
          [](const std::string& name) {
            return std::vector<Turn>{
                {"CONNECT 198.51.100.9:80 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"},
                {get(name)}};
          },
          3128),
  };
  Conversation refused;
  refused.server_port = 3128;
  refused.words = [](policy::Policy::Content& content) {
    content.controls.evasion.proxies = policy::Proxies::reset;
  };
  refused.says = [](const std::string& name) {
    const bool blocked = name.find("blocked") != std::string::npos;
    return std::vector<Turn>{
        {blocked ? "CONNECT "s + kDecoy + ":443 HTTP/1.1\r\n\r\n" : get(name)}};
  };
  rows.push_back(conversation("D.8-103g", "any target, under `proxies: reset`",
                              "refused; requests are not", refused));
  refused.says = [](const std::string& name) {
    const bool blocked = name.find("blocked") != std::string::npos;
    return std::vector<Turn>{{blocked ? "\5\1\0"s + in_socks5(kDecoy) : get(name)}};
  };
  rows.push_back(conversation("D.8-103h", "any target by SOCKS 5, under `proxies: reset`",
                              "refused; requests are not", refused));
  for (Row& row : http2_rows()) rows.push_back(std::move(row));
  return rows;
}

}  // namespace chatgate::test

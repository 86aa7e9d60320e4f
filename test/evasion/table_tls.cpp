// Section D.6: TLS, and what leads into it.

#include "client_hello.h"
#include "conversation.h"

namespace chatgate::test {
namespace {

using namespace proto::test;
using namespace std::string_literals;

std::string hello_of(const std::string& name) {
  return proto::test::hello(sni({name}));
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
  return text;
}

// `message` in records cut at these offsets, with something between them.
std::string recorded(const std::string& message, const std::vector<std::size_t>& cuts,
                     const std::string& between = {}) {
  std::string stream;
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    stream += record(message.substr(begin, cut - begin)) + between;
    begin = cut;
  }
  return stream + record(message.substr(begin));
}

std::size_t inside_name(const std::string& message) {
  return message.find("example") - 4;
}

std::vector<Row> records_rows() {
  return {
      message("D.6-65a", "two records, cut inside the name", "records are joined",
              [](const std::string& name) {
                const std::string hello = hello_of(name);
                return recorded(hello, {inside_name(hello)});
              }),
      message("D.6-65b", "four records, cut at the start of the names' extension",
              "records are joined",
              [](const std::string& name) {
                const std::string hello = hello_of(name);
                const std::size_t at = hello.find("www") - 9;
                return recorded(hello, {at, at + 1, at + 8});
              }),
      message("D.6-65c", "records of sixteen bytes", "records are joined",
              [](const std::string& name) { return records(hello_of(name), 16); }),
      message("D.6-66a", "records of one byte", "records are joined",
              [](const std::string& name) { return records(hello_of(name), 1); }),
      message("D.6-66b", "empty records between the pieces", "they hold nothing",
              [](const std::string& name) {
                return recorded(hello_of(name), {4, 20, 40, 60, 80}, record({}) + record({}));
              }),
      message(
          "D.6-66c", "an empty record after every byte",
          "more of them than any client sends: taken down",
          [](const std::string& name) {
            std::vector<std::size_t> cuts;
            const std::string hello = hello_of(name);
            for (std::size_t at = 1; at < hello.size(); ++at) cuts.push_back(at);
            return recorded(hello, cuts, record({}));
          },
          Twin::starves),
      message("D.6-66d", "three warnings before the hello", "servers pass over them",
              [](const std::string& name) {
                const std::string warning = record("\1\x5a", 1, 21);  // user_canceled
                return warning + warning + warning + recorded(hello_of(name), {});
              }),
      message(
          "D.6-66e", "seventeen warnings before the hello",
          "more of them than any server takes: taken down",
          [](const std::string& name) {
            std::string stream;
            for (int i = 0; i < 17; ++i) stream += record("\1\x5a", 1, 21);
            return stream + recorded(hello_of(name), {});
          },
          Twin::starves),
      message("D.6-67a", "records of minor version 0 and 255", "only the major version counts",
              [](const std::string& name) {
                const std::string hello = hello_of(name);
                const std::size_t cut = inside_name(hello);
                return record(hello.substr(0, cut), 0) + record(hello.substr(cut), '\xff');
              }),
      message(
          "D.6-68a", "a warning between two records of the hello",
          "no client does that: taken down",
          [](const std::string& name) {
            const std::string hello = hello_of(name);
            return recorded(hello, {inside_name(hello)}, record("\x01\x5a", 1, 21));
          },
          Twin::starves),
      message(
          "D.6-68b", "a change of cipher between two records of the hello",
          "no client does that: taken down",
          [](const std::string& name) {
            const std::string hello = hello_of(name);
            return recorded(hello, {inside_name(hello)}, record("\x01", 1, 20));
          },
          Twin::starves),
      message(
          "D.6-68c", "application data between two records of the hello",
          "no client does that: taken down",
          [](const std::string& name) {
            const std::string hello = hello_of(name);
            return recorded(hello, {inside_name(hello)}, record("x", 1, 23));
          },
          Twin::starves),
      message("D.6-69", "records cut before and behind every segment's cut", "both are joined",
              [](const std::string& name) {
                const std::string hello = hello_of(name);
                const std::size_t at = inside_name(hello);
                return recorded(hello, {1, at - 3, at + 3, hello.size() - 1});
              }),
  };
}

std::string shaped(const std::string& extensions) {
  return record(proto::test::hello(extensions));
}

std::vector<Row> name_rows() {
  return {
      message("D.6-70a", "the name behind a key share of 1,216 bytes",
              "a hello of 64 KiB is waited for",
              [](const std::string& name) { return record(browser_hello(name)); }),
      message("D.6-70b", "the name behind 16 KiB of padding", "a hello of 64 KiB is waited for",
              [](const std::string& name) {
                return records(browser_hello(name, extension(21, std::string(16384, '\0'))), 16384);
              }),
      message("D.6-70c", "the name behind 60,000 bytes of padding",
              "a hello of 64 KiB is waited for",
              [](const std::string& name) {
                return records(browser_hello(name, extension(21, std::string(60000, '\0'))), 8000);
              }),
      message(
          "D.6-70d", "the name behind 100,000 bytes of padding",
          "longer than any client's: taken down",
          [](const std::string& name) {
            const std::string padding = extension(21, std::string(50000, '\0'));
            return records(browser_hello(name, padding + padding), 16384);
          },
          Twin::starves),
      message("D.6-71a", "the name in letters of both cases", "compared in lower case",
              [](const std::string& name) {
                return shaped(sni({replaced(replaced(name, "e", "E"), "ch", "cH")}));
              }),
      message("D.6-71b", "a dot behind the name", "left out",
              [](const std::string& name) { return shaped(sni({name + "."})); }),
      message("D.6-71c", "a port behind the name", "left out",
              [](const std::string& name) { return shaped(sni({name + ":443"})); }),
      message("D.6-72a", "the name in a second server_name extension", "every one counts",
              [](const std::string& name) {
                return shaped(sni({"www.shop.welcome.example"}) + sni({name}));
              }),
      message("D.6-72b", "the name as the second of a list", "every one counts",
              [](const std::string& name) {
                return shaped(sni({"www.shop.welcome.example", name}));
              }),
      message("D.6-72c", "the name first, a harmless one in a second extension", "every one counts",
              [](const std::string& name) {
                return shaped(sni({name}) + sni({"www.shop.welcome.example"}));
              }),
      message("D.6-73a", "NUL and another byte before the name", "compared to its last byte",
              [](const std::string& name) {
                return shaped(sni({"www.shop.welcome.example\0\xff."s + name}));
              }),
      out_of_reach("D.6-73b", "a harmless end behind a NUL behind the name",
                   "no server cuts a name there: OpenSSL, BoringSSL and Go refuse it"),
      message("D.6-73c", "a name of 255 bytes", "compared to its last byte",
              [](const std::string& name) {
                std::string longest;
                while (longest.size() + name.size() + 20 <= 255) longest += "aaaaaaaaaaaaaaaaaaa.";
                longest += std::string(254 - longest.size() - name.size(), 'b') + '.';
                return shaped(sni({longest + name}));
              }),
      message("D.6-74a", "the name in full-width letters with full-width dots",
              "compared as IDNA maps it",
              [](const std::string& name) {
                std::string wide;
                for (const char c : name) {
                  if (c == '.') {
                    wide += "\xef\xbc\x8e";
                  } else {
                    wide += "\xef\xbd";  // U+FF41 is the first letter
                    wide += static_cast<char>(0x81 + (c - 'a'));
                  }
                }
                return shaped(sni({wide}));
              }),
      message("D.6-74b", "a name in UTF-8 of which the catalogue has the ASCII form",
              "compared in its ASCII form",
              [](const std::string& name) {
                const bool blocked = name.find("blocked") != std::string::npos;
                return shaped(sni({blocked ? "b\xc3\xbc"
                                             "cher.example"
                                           : "b\xc3\xa4"
                                             "cker.example"}));
              }),
  };
}

// The SSLv2 form of RFC 5246 appendix E.2.
std::string old_hello() {
  const std::string rest =
      "\x01\x03\x01"s + be16(3) + be16(0) + be16(16) + "\0\0\x2f"s + std::string(16, 'c');
  return static_cast<char>(0x80) + std::string(1, static_cast<char>(rest.size())) + rest;
}

Conversation to_listed(const std::string& text) {
  Conversation said;
  said.listed = true;
  said.says = [text](const std::string&) { return std::vector<Turn>{{text}}; };
  return said;
}

// encrypted_client_hello of the outer kind, draft-ietf-tls-esni section 5.
std::string encrypted_hello() {
  return extension(0xfe0d, "\0\0\1\0\1\x2a"s + prefixed16(std::string(32, 'e')) +
                               prefixed16(std::string(64, 'p')));
}

std::vector<Row> unnamed_rows() {
  std::vector<Row> rows = {
      conversation("D.6-75a", "no name", "the server's address is judged",
                   to_listed(shaped(supported_versions({0x0304})))),
      conversation("D.6-75b", "an address as the name", "the server's address is judged",
                   to_listed(shaped(sni({"198.51.100.7"})))),
      message("D.6-75c", "a listed address as the name, toward another", "an address is an address",
              [](const std::string& name) {
                const bool blocked = name.find("blocked") != std::string::npos;
                return shaped(sni({blocked ? "203.0.113.9" : "198.51.100.7"}));
              }),
      conversation("D.6-73d", "a name of 300 bytes, which is none",
                   "the server's address is judged",
                   to_listed(shaped(sni({std::string(300, 'x') + ".welcome.example"})))),
      conversation("D.6-75d", "an empty name", "the server's address is judged",
                   to_listed(shaped(sni({""})))),
      conversation("D.6-76", "a hello of SSLv2's form, which has no name",
                   "the server's address is judged", to_listed(old_hello())),
  };
  Conversation offered;
  offered.words = [](policy::Policy::Content& content) {
    content.controls.tls.ech = policy::EncryptedClientHello::reset;
  };
  offered.says = [](const std::string& name) {
    const bool blocked = name.find("blocked") != std::string::npos;
    const std::string outer = blocked ? "cloudflare-ech.com" : name;
    return std::vector<Turn>{{shaped(sni({outer}) + encrypted_hello())}};
  };
  rows.push_back(conversation("D.6-77a",
                              "an encrypted hello behind a provider's public name, under "
                              "`encrypted_client_hello: reset`",
                              "refused; GREASE is not", offered));
  rows.push_back(
      message("D.6-77b", "an encrypted hello, the name outside", "the name outside is judged",
              [](const std::string& name) { return shaped(sni({name}) + encrypted_hello()); }));
  rows.push_back(conversation("D.6-78", "a harmless name toward a listed address",
                              "the address is refused at the SYN",
                              to_listed(shaped(sni({"www.shop.welcome.example"})))));
  return rows;
}

Row behind(const char* id, const char* what, std::vector<Turn> turns, std::uint16_t port) {
  Conversation said;
  said.server_port = port;
  said.says = [turns](const std::string& name) {
    std::vector<Turn> all = turns;
    all.push_back({shaped(sni({name}))});
    return all;
  };
  return conversation(id, what, "TLS is read from its first byte", said);
}

std::vector<Row> starttls_rows() {
  const std::string stream =
      "<?xml version='1.0'?><stream:stream to='other.example' xmlns='jabber:client' "
      "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
  return {
      behind("D.6-79a", "STARTTLS of XMPP",
             {{stream, "<stream:stream from='other.example' id='1' version='1.0'>"},
              {"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
               "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"}},
             15222),
      behind("D.6-79b", "STARTTLS of SMTP",
             {{"EHLO mail.example\r\n", "250 STARTTLS\r\n"}, {"STARTTLS\r\n", "220 go\r\n"}}, 587),
      behind("D.6-79c", "STARTTLS of IMAP",
             {{"a1 CAPABILITY\r\n", "a1 OK\r\n"}, {"a2 STARTTLS\r\n", "a2 OK\r\n"}}, 143),
      behind("D.6-79d", "STARTTLS of IRC",
             {{"CAP LS 302\r\n", ":s CAP * LS :tls\r\n"}, {"STARTTLS\r\n", ":s 670 * :go\r\n"}},
             16667),
      behind("D.6-79e", "CONNECT to an address",
             {{"CONNECT 198.51.100.9:443 HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"}}, 3128),
      behind("D.6-79f", "SOCKS 5 to an address",
             {{"\5\1\0"s, "\5\0"s}, {"\5\1\0\1\xc6\x33\x64\x09\x01\xbb"s, "\5\0\0\1\0\0\0\0\0\0"s}},
             1080),
      behind("D.6-79g", "SOCKS 4 to an address",
             {{"\4\1\x01\xbb\xc6\x33\x64\x09\0"s, "\0\x5a\0\0\0\0\0\0"s}}, 1080),
      behind("D.6-79h", "the PROXY protocol before it",
             {{"PROXY TCP4 10.0.0.9 198.51.100.9 4000 443\r\n"}}, 443),
      behind("D.6-79i", "STARTTLS and the hello without waiting",
             {{"EHLO mail.example\r\nSTARTTLS\r\n"}}, 587),
      out_of_reach("D.6-80", "TLS within TLS, or within a websocket over TLS",
                   "encrypted: the outer name is judged, the inner one nobody can read"),
  };
}

std::vector<Row> again_rows() {
  const std::string early =
      extension(42, {}) + extension(41, prefixed16(prefixed16("ticket") + std::string(4, 'a')) +
                                            prefixed16(prefixed8(std::string(32, 'b'))));
  constexpr std::string_view kRetry(
      "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
      "\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c",
      32);
  const std::string retry = record(
      handshake(2, be16(0x0303) + std::string(kRetry) + prefixed8(std::string(32, '\x11')) +
                       be16(0x1301) + '\0' +
                       prefixed16(extension(43, be16(0x0304)) + extension(51, be16(0x0017)))),
      3);
  const std::string ccs = record("\x01", 3, 20);
  const auto twice = [=](const std::string& between) {
    Conversation said;
    said.says = [=](const std::string& name) {
      const std::string versions = supported_versions({0x0304, 0x0303});
      return std::vector<Turn>{{shaped(sni({"www.shop.welcome.example"}) + versions), retry + ccs},
                               {between + shaped(sni({name}) + versions)}};
    };
    return said;
  };
  return {
      message("D.6-81", "resumption with early data behind the hello", "the hello has the name",
              [=](const std::string& name) {
                return shaped(sni({name}) + supported_versions({0x0304}) + early) +
                       record("sealed", 3, 23);
              }),
      conversation("D.6-82a", "another name in the hello after a HelloRetryRequest",
                   "every hello is read", twice({})),
      conversation("D.6-82b", "the same behind a change of cipher", "every hello is read",
                   twice(ccs)),
  };
}

}  // namespace

std::vector<Row> tls_rows() {
  std::vector<Row> rows;
  for (auto* part : {&records_rows, &name_rows, &unnamed_rows, &starttls_rows, &again_rows}) {
    for (Row& row : (*part)()) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace chatgate::test

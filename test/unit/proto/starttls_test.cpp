#include "proto/starttls.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "checks.h"

namespace chatgate::proto::test {
namespace {

struct Case {
  const char* what;
  std::string stream;
  Outcome expected;
};

void check(const StreamParser& parser, const std::vector<Case>& cases) {
  for (const Case& row : cases) {
    SCOPED_TRACE(row.what);
    expect_outcome(parser, as_bytes(row.stream), row.expected);
  }
}

Outcome ends(AppProto protocol, Next next, std::size_t end) {
  Outcome outcome = found(protocol, {});
  outcome.next = next;
  outcome.end = end;
  return outcome;
}

// STARTTLS with the stream of TLS behind it.
Case tls(AppProto protocol, const char* what, const std::string& lines) {
  return {what, lines + std::string("\x16\x03\x01\x02\x00\x01", 6),
          ends(protocol, Next::protocol, lines.size())};
}

// Plain text goes on with what stands behind `before`.
Case plain(AppProto protocol, const char* what, const std::string& before,
           const std::string& behind) {
  return {what, before + behind, ends(protocol, Next::opaque, before.size())};
}

Case other(const char* what, std::string stream) {
  return {what, std::move(stream), not_mine()};
}

Case open(const char* what, std::string stream) {
  return {what, std::move(stream), {.probe = Probe::certain}};
}

TEST(Smtp, FindsWhereTlsBegins) {
  constexpr auto kSmtp = AppProto::smtp;
  check(smtp::kParser,
        {
            tls(kSmtp, "EHLO", "EHLO client.example\r\nSTARTTLS\r\n"),
            tls(kSmtp, "HELO and other case", "helo [192.0.2.7]\r\nStartTLS\r\n"),
            tls(kSmtp, "LHLO", "LHLO client\r\nSTARTTLS\r\n"),
            tls(kSmtp, "LF alone", "EHLO x\nSTARTTLS\n"),
            tls(kSmtp, "spaces at the end", "EHLO x \r\nSTARTTLS  \r\n"),
            tls(kSmtp, "commands between",
                "EHLO x\r\nNOOP\r\nRSET\r\nHELP me\r\nXYZZY\r\nEHLO y\r\nSTARTTLS\r\n"),
            tls(kSmtp, "a parameter, which servers refuse, first",
                "EHLO x\r\nSTARTTLS now\r\nSTARTTLS\r\n"),
            tls(kSmtp, "an address of version 6", "EHLO [IPv6:2001:db8::1]\r\nSTARTTLS\r\n"),
            plain(kSmtp, "mail", "EHLO x\r\n", "MAIL FROM:<a@b.example>\r\nSTARTTLS\r\n"),
            plain(kSmtp, "login", "EHLO x\r\n", "AUTH PLAIN AGEAYg==\r\n"),
            plain(kSmtp, "the end", "EHLO x\r\n", "quit\r\n"),
            open("no command yet", "EHLO x\r\n"),
            open("a command cut", "EHLO x\r\nSTARTTLS\r"),
        });
  const std::string noise = "EHLO x\r\n" + std::string(smtp::kByteLimit, 'z');
  EXPECT_EQ(run_whole(smtp::kParser, as_bytes(noise)), ends(kSmtp, Next::opaque, 8));
  EXPECT_EQ(run_in_steps(smtp::kParser, as_bytes(noise), 50), ends(kSmtp, Next::opaque, 8));
}

TEST(Smtp, IsNotTakenForGranted) {
  check(smtp::kParser, {
                           other("a greeting without a name", "EHLO\r\n"),
                           other("with a space only", "HELO \r\n"),
                           other("of two words", "HELO good world\r\n"),
                           other("another word", "HELLO there\r\n"),
                           other("a longer word", "EHLOX y\r\n"),
                           other("bytes of no text", std::string("EHLO \0\x01\x02\r\n", 10)),
                           other("a name that is none", "EHLO <xml/>\r\n"),
                           other("FTP", "USER anonymous\r\n"),
                           other("POP3", "CAPA\r\n"),
                           other("IMAP", "a1 CAPABILITY\r\n"),
                           other("HTTP", "GET / HTTP/1.1\r\n"),
                           other("IRC", "NICK someone\r\n"),
                           other("MSNP", "VER 1 MSNP18 CVR0\r\n"),
                           other("the server's side", "220 mail.example ESMTP\r\n"),
                           other("a line too long", "EHLO " + std::string(600, 'x')),
                           other("STARTTLS alone", "STARTTLS\r\n"),
                           {"the start of one", "EHLO cli", {.probe = Probe::unsure}},
                       });
}

TEST(Imap, FindsWhereTlsBegins) {
  constexpr auto kImap = AppProto::imap;
  check(imap::kParser,
        {
            tls(kImap, "at once", "a001 STARTTLS\r\n"),
            tls(kImap, "behind CAPABILITY", "1 capability\r\n2 StartTLS\r\n"),
            tls(kImap, "behind ID", "A1 ID (\"name\" \"client\")\r\nA2 STARTTLS\r\n"),
            tls(kImap, "behind ID NIL", "A1 ID NIL\r\nA2 STARTTLS\r\n"),
            tls(kImap, "tags of one character", ". CAPABILITY\r\n. STARTTLS\r\n"),
            tls(kImap, "letters before the number", "ABCD0 NOOP\r\nABCD1 STARTTLS\r\n"),
            tls(kImap, "an unknown command between", "a1 NOOP\r\na2 XYZZY\r\na3 STARTTLS\r\n"),
            tls(kImap, "LF alone", "a1 CAPABILITY\na2 STARTTLS\n"),
            plain(kImap, "login", "", "a1 LOGIN someone secret\r\n"),
            plain(kImap, "login behind CAPABILITY", "a1 CAPABILITY\r\n",
                  "a2 LOGIN someone secret\r\na3 STARTTLS\r\n"),
            plain(kImap, "authentication", "a1 CAPABILITY\r\n", "a2 AUTHENTICATE PLAIN\r\n"),
            plain(kImap, "the end", "a1 NOOP\r\n", "a2 LOGOUT\r\n"),
            open("no other command yet", "a1 CAPABILITY\r\n"),
        });
}

TEST(Imap, IsNotTakenForGranted) {
  check(imap::kParser, {
                           other("HTTP", "GET / HTTP/1.1\r\n"),
                           other("a word for a tag", "USER LOGIN\r\n"),
                           other("a word before a command", "please NOOP\r\n"),
                           other("IRC's capabilities", "CAP ID (x)\r\n"),
                           other("SMTP", "EHLO mail.example\r\n"),
                           other("another command", "a1 FETCH 1 BODY[]\r\n"),
                           other("a parameter too many", "a1 CAPABILITY now\r\n"),
                           other("a parameter missing", "a1 LOGIN\r\n"),
                           other("ID of something else", "a1 ID 77\r\n"),
                           other("no tag", " CAPABILITY\r\n"),
                           other("the server's side", "* OK IMAP4rev1\r\n"),
                           other("a tag with other characters", "a+1 CAPABILITY\r\n"),
                           other("a tag too long", std::string(40, '1') + " CAPABILITY\r\n"),
                           other("SSH", "SSH-2.0-OpenSSH_9.2p1\r\n"),
                           other("MSNP", "VER 1 MSNP18 CVR0\r\n"),
                           other("memcached", "get k1\r\n"),
                           other("bytes of no text", std::string("a\0\x01\x02", 4)),
                           {"a tag alone", "a001", {.probe = Probe::unsure}},
                           {"a command cut", "a001 CAPAB", {.probe = Probe::unsure}},
                       });
}

}  // namespace
}  // namespace chatgate::proto::test

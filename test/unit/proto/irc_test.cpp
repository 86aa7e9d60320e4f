#include "proto/irc.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "checks.h"
#include "messenger_checks.h"

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

Outcome ends(Next next, std::size_t end) {
  Outcome outcome = found(AppProto::irc, {});
  outcome.next = next;
  outcome.end = end;
  return outcome;
}

// What switches to TLS, with its stream behind it.
Case tls(const char* what, const std::string& lines) {
  return {what, lines + std::string("\x16\x03\x01\x02\x00\x01", 6),
          ends(Next::protocol, lines.size())};
}

// Lines that are all read.
Case lines(const char* what, const std::string& text) {
  return {what, text, ends(Next::message, text.size())};
}

Case other(const char* what, std::string stream) {
  return {what, std::move(stream), not_mine()};
}

TEST(Irc, FindsWhereTlsBegins) {
  check(irc::kParser,
        {
            tls("at once", "STARTTLS\r\n"),
            tls("behind capabilities", "CAP LS 302\r\nSTARTTLS\r\n"),
            tls("behind a nick and a user",
                "NICK someone\r\nUSER a 0 * :A Name\r\nCAP REQ :tls\r\nstarttls\r\n"),
            tls("behind a password", "PASS secret\r\nNICK someone\r\nSTARTTLS\r\n"),
            tls("behind a prefix", "CAP LS\r\n:someone STARTTLS\r\n"),
            tls("behind tags", "@a=b CAP LS\r\n@a=b :x STARTTLS\r\n"),
            tls("behind a channel, where servers refuse", "NICK a\r\nJOIN #b\r\nSTARTTLS\r\n"),
            tls("LF alone", "NICK [some]one|\nSTARTTLS\n"),
            lines("as text", "CAP LS\r\nNICK a\r\n:a PRIVMSG b :STARTTLS\r\n"),
            lines("with a parameter", "CAP LS\r\nSTARTTLS now\r\n"),
        });
  check(irc::kServerParser,
        {tls("granted", ":irc.example 670 * :STARTTLS successful\r\n"),
         lines("refused", ":irc.example 691 * :STARTTLS failed\r\n"),
         lines("asked for by the wrong end", ":irc.example NOTICE * :x\r\nSTARTTLS\r\n")});
}

TEST(Irc, ReadsLineAfterLine) {
  check(irc::kParser,
        {
            lines("a login", "NICK a\r\nUSER a 0 * :A Name\r\nPING 1\r\n"),
            lines("CR alone", "NICK a\rUSER a 0 * :A Name\rJOIN #b\r\n"),
            lines("empty lines", "\r\n\r\nNICK a\r\n\n\r\nJOIN #b\r\n"),
            lines("another server", "PASS x 0210 IRC|\r\nSERVER a.example 1 :A Server\r\n"),
            lines("a gateway", "WEBIRC secret gw host.example 192.0.2.1\r\n"),
            lines("within a session: a message",
                  "PRIVMSG bob :\x01"
                  "ACTION waves\x01\r\n"),
            lines("within a session: a channel", "JOIN #chat key\r\n"),
            lines("within a session: who is there", "ISON a b c\n"),
        });
  check(irc::kServerParser,
        {
            lines("before login", ":irc.example NOTICE AUTH :*** Looking up\r\n"),
            lines("without a prefix", "NOTICE AUTH :*** Looking up\r\n"),
            lines("a name without dots", ":irc NOTICE AUTH :***\r\n:irc 001 a :Welcome\r\n"),
            lines("a question", "PING :1F3A\r\n"),
            lines("an end", "ERROR :Closing Link: [192.0.2.1] (Throttled)\r\n"),
            lines("capabilities", ":irc.example CAP * LS :sasl\r\n"),
            lines("within a session", "@time=1 :a!b@c.example PRIVMSG #d :\x02hello\r\n"),
        });
}

TEST(Irc, DropsTheRestOfALongLine) {
  const std::string text(30000, 'x');
  expect_lines(known(irc::kParser), "NICK a\r\nPRIVMSG b :" + text + "\r\nJOIN #c\r\n",
               {"login login=a", "text-chat peer=b", "conference peer=#c"}, Direction::to_server,
               "irc");
  expect_lines(known(irc::kParser), "@a=" + std::string(8000, 'x') + " PRIVMSG b :hello\nJOIN #c\n",
               {"text-chat peer=b", "conference peer=#c"}, Direction::to_server, "irc");
}

struct Line {
  const char* line;
  const char* told;
};

void check_lines(const StreamParser& parser, const std::vector<Line>& rows) {
  for (const Line& row : rows) {
    SCOPED_TRACE(row.line);
    expect_lines(known(parser), std::string(row.line) + "\r\n", {row.told}, Direction::to_server,
                 "irc");
  }
}

TEST(Irc, TellsWhatClientsDo) {
  check_lines(irc::kParser,
              {
                  {"PASS secret", "login"},
                  {"NICK alice", "login login=alice"},
                  {"nick :alice", "login login=alice"},
                  {"USER alice 0 * :Alice A.", "login"},
                  {"CAP REQ :sasl", "login"},
                  {"WEBIRC secret gw host.example 192.0.2.1", "login"},
                  {"AUTHENTICATE PLAIN", "login"},
                  {"AUTHENTICATE YWxpY2UAYWxpY2UAc2VjcmV0", "login login=alice"},
                  {"AUTHENTICATE biwsbj1hbGljZSxyPWZ5a28=", "login login=alice"},
                  {"OPER root secret", "login"},
                  {"PRIVMSG NickServ :IDENTIFY secret", "login peer=NickServ"},
                  {"PRIVMSG Q@CServe.quakenet.org :AUTH a b", "login peer=Q@CServe.quakenet.org"},
                  {"PING :irc.example", "presence"},
                  {"PONG x", "presence"},
                  {"AWAY :lunch", "presence"},
                  {"ISON bob carol", "presence"},
                  {"WHO #chat", "presence peer=#chat"},
                  {"MODE alice +i", "presence"},
                  {"MODE #chat +o bob", "conference peer=#chat"},
                  {"QUIT :bye", "presence"},
                  {"JOIN #chat,#other", "conference peer=#chat"},
                  {"PART &local", "conference peer=&local"},
                  {"TOPIC #chat :new", "conference peer=#chat"},
                  {"NAMES #chat", "conference peer=#chat"},
                  {"INVITE bob #chat", "conference peer=#chat"},
                  {"PRIVMSG bob :hello", "text-chat peer=bob"},
                  {"@+typing=done;label=1 PRIVMSG bob :hello", "text-chat peer=bob"},
                  {":alice PRIVMSG bob,carol :hello", "text-chat peer=bob"},
                  {"PRIVMSG #chat :hello", "conference peer=#chat"},
                  {"PRIVMSG @#chat :hello", "conference peer=@#chat"},
                  {"NOTICE bob :hello", "text-chat peer=bob"},
                  {"TAGMSG bob", "presence peer=bob"},
                  {"TAGMSG #chat", "conference peer=#chat"},
                  {"PRIVMSG Q :hello", "text-chat peer=Q"},
                  {"XYZZY a b", "any"},
                  {"PRIVMSG bob :\x01"
                   "ACTION waves\x01",
                   "text-chat peer=bob"},
                  {"PRIVMSG #chat :\x01"
                   "ACTION waves\x01",
                   "conference peer=#chat"},
                  {"PRIVMSG bob :\x01VERSION\x01", "presence peer=bob"},
                  {"NOTICE bob :\x01VERSION mIRC v7.76\x01", "presence peer=bob client=mIRC v7.76"},
                  {"NOTICE bob :\x01PING 1\x01", "presence peer=bob"},
                  {"PRIVMSG bob :VERSION", "text-chat peer=bob"},
              });
}

TEST(Irc, TellsWhatServersSay) {
  check_lines(
      irc::kServerParser,
      {
          {":irc.example NOTICE AUTH :*** Looking up", "login peer=irc.example"},
          {":irc.example NOTICE alice :Server restarts", "any login=alice peer=irc.example"},
          {":irc.example 001 alice :Welcome", "login login=alice"},
          {":irc.example 433 * alice :Nickname is in use", "login"},
          {":irc.example 903 alice :SASL authentication successful", "login login=alice"},
          {":irc.example 375 alice :- Message of the day", "presence login=alice"},
          {":irc.example 303 alice :bob", "presence login=alice"},
          {":irc.example 353 alice = #chat :alice bob", "conference login=alice"},
          {":irc.example 404 alice #chat :Cannot send", "conference login=alice"},
          {":irc.example 401 alice bob :No such nick", "any login=alice"},
          {":irc.example 010 alice 192.0.2.9 6667 :Use this one",
           "login login=alice expect=192.0.2.9:6667/login"},
          {":irc.example 010 alice irc2.example 6667 :Use this one", "login login=alice"},
          {"PING :1F3A", "presence"},
          {"AUTHENTICATE +", "login"},
          {":alice!a@h.example JOIN #chat", "conference peer=#chat"},
          {":bob!b@h.example QUIT :bye", "presence peer=bob"},
          {":bob!b@h.example NICK robert", "presence peer=bob"},
          {":bob!b@h.example INVITE alice #chat", "conference peer=#chat"},
          {":bob!b@h.example PRIVMSG alice :hello", "text-chat login=alice peer=bob"},
          {":bob!b@h.example PRIVMSG #chat :hello", "conference peer=#chat"},
          {":bob!b@h.example NOTICE alice :\x01VERSION irssi 1.4\x01",
           "presence login=alice peer=bob"},
          {":NickServ!s@services.example NOTICE alice :Identify",
           "login login=alice "
           "peer=NickServ"},
          {"ERROR :Closing Link: bye", "any"},
      });
}

TEST(Irc, TellsWhereDccGoes) {
  check_lines(
      irc::kParser,
      {
          {"PRIVMSG bob :\x01"
           "DCC SEND hello.txt 167772161 5555 12\x01",
           "file-transfer peer=bob file=hello.txt expect=10.0.0.1:5555/file-transfer"},
          {"PRIVMSG bob :\x01"
           "dcc send \"two words.txt\" 3221226014 1024 9\x01",
           "file-transfer peer=bob file=two words.txt expect=192.0.2.30:1024/file-transfer"},
          {"PRIVMSG bob :\x01"
           "DCC SEND two words.txt 3221226014 1024 9\x01",
           "file-transfer peer=bob file=two words.txt expect=192.0.2.30:1024/file-transfer"},
          {"PRIVMSG bob :\x01"
           "DCC SEND a.bin 2001:db8::7 4000 9\x01",
           "file-transfer peer=bob file=a.bin expect=2001:db8::7:4000/file-transfer"},
          {"PRIVMSG bob :\x01"
           "DCC SEND a.bin 192.0.2.1 4000\x01",
           "file-transfer peer=bob file=a.bin expect=192.0.2.1:4000/file-transfer"},
          {"PRIVMSG bob :\x01"
           "DCC SEND a.bin 3221226014 0 9 77\x01",
           "file-transfer peer=bob file=a.bin"},
          {"PRIVMSG bob :\x01"
           "DCC SEND a.bin 3221226014 5001 9 77\x01",
           "file-transfer peer=bob file=a.bin expect=192.0.2.30:5001/file-transfer"},
          {"PRIVMSG bob :\x01"
           "DCC RESUME a.bin 5001 512\x01",
           "file-transfer peer=bob file=a.bin"},
          {"PRIVMSG bob :\x01"
           "DCC ACCEPT a.bin 5001 512\x01",
           "file-transfer peer=bob file=a.bin"},
          {"PRIVMSG bob :\x01"
           "DCC SSEND a.bin 167772161 5555 12\x01",
           "file-transfer peer=bob file=a.bin expect=10.0.0.1:5555/file-transfer"},
          {"PRIVMSG bob :\x01"
           "TDCC SEND a.bin 167772161 5555 12\x01",
           "file-transfer peer=bob file=a.bin expect=10.0.0.1:5555/file-transfer"},
          {"PRIVMSG bob :\x01"
           "DCC XMIT clear 167772161 5555 a.bin 12\x01",
           "file-transfer peer=bob file=a.bin expect=10.0.0.1:5555/file-transfer"},
          {"PRIVMSG bob :\x01"
           "DCC CHAT chat 167772161 5556\x01",
           "text-chat peer=bob expect=10.0.0.1:5556/text-chat"},
          {"PRIVMSG bob :\x01"
           "DCC VOICE gsm 167772161 5557 8000\x01",
           "voice peer=bob expect=10.0.0.1:5557/voice"},
          {"PRIVMSG bob :\x01"
           "DCC SEND a.bin 4294967296 5555 12\x01",
           "file-transfer peer=bob file=a.bin"},
          {"PRIVMSG bob :\x01"
           "DCC SEND a.bin 167772161 65536 12\x01",
           "file-transfer peer=bob file=a.bin"},
          {"PRIVMSG bob :\x01"
           "DCC SEND\x01",
           "file-transfer peer=bob"},
          {"PRIVMSG bob :\x01"
           "DCC CANVAS x 167772161 5555\x01",
           "any peer=bob"},
          {"PRIVMSG bob :DCC SEND a.bin 167772161 5555 12", "text-chat peer=bob"},
          {"NOTICE bob :\x01"
           "DCC REJECT CHAT chat\x01",
           "text-chat peer=bob"},
          {"NOTICE bob :\x01"
           "DCC REJECT SEND a.bin\x01",
           "file-transfer peer=bob"},
          {"PRIVMSG robot :xdcc send #5", "file-transfer peer=robot"},
          {"PRIVMSG robot :what is xdcc send", "text-chat peer=robot"},
      });
  check_lines(
      irc::kServerParser,
      {{":bob!b@h.example PRIVMSG alice :\x01"
        "DCC SEND a.bin 167772161 5555 12\x01",
        "file-transfer login=alice peer=bob file=a.bin expect=10.0.0.1:5555/file-transfer"}});
}

TEST(Irc, IsNotTakenForGranted) {
  check(irc::kParser, {
                          other("FTP", "USER anonymous\r\nPASS a@b.example\r\n"),
                          other("a user of three words", "USER a b c\r\n"),
                          other("a nick with a space", "NICK some one\r\n"),
                          other("a nick of other characters", "NICK <b>\r\n"),
                          other("no nick", "NICK\r\n"),
                          other("other capabilities", "CAP 9\r\n"),
                          other("a longer word", "CAPABILITIES\r\n"),
                          other("NNTP", "CAPABILITIES\r\nMODE READER\r\n"),
                          other("a password of something else", "PASS secret\r\nSTAT\r\n"),
                          other("a password twice", "PASS a\r\nPASS b\r\n"),
                          other("HTTP", "GET / HTTP/1.1\r\n"),
                          other("HTTP's patch", "PATCH / HTTP/1.1\r\n"),
                          other("SMTP", "EHLO mail.example\r\n"),
                          other("IMAP", "a1 LOGIN a b\r\n"),
                          other("POP3", "APOP a b\r\n"),
                          other("SSH", "SSH-2.0-OpenSSH_9.2\r\n"),
                          other("SIP", "INVITE sip:a@b.example SIP/2.0\r\n"),
                          other("Redis", "PING\r\n"),
                          other("STARTTLS with more", "STARTTLS now\r\n"),
                          other("RTSP", "OPTIONS rtsp://cam.example/ RTSP/1.0\r\n"),
                          other("MSNP", "VER 1 MSNP18 CVR0\r\n"),
                          other("a service's own text", ":hello world\r\n"),
                          other("a join of something else", "JOIN room 5\r\n"),
                          other("a message without text", "PRIVMSG bob hello\r\n"),
                          other("a server of something else", "SERVER a b :c\r\n"),
                          other("a server's line", ":a!b@c.example NICK d\r\n"),
                          other("JSON", "{\"nick\":\"a\"}\r\n"),
                          other("TLS", std::string("\x16\x03\x01\x02\x00\x01", 6)),
                          other("zeros", std::string(64, '\0')),
                          other("bytes of no text", std::string("NICK \0\x01", 7)),
                          other("a line too long", "NICK " + std::string(600, 'x')),
                          other("lines of nothing", std::string(3000, '\n')),
                          {"the start of one", "NIC", {.probe = Probe::unsure}},
                          {"a password and no more", "PASS secret\r\n", {.probe = Probe::unsure}},
                      });
  check(irc::kServerParser,
        {
            other("SMTP", "220 mail.example ESMTP\r\n"),
            other("FTP", "220 (vsFTPd 3.0.3)\r\n"),
            other("POP3", "+OK ready\r\n"),
            other("IMAP", "* OK IMAP4rev1\r\n"),
            other("HTTP", "HTTP/1.1 200 OK\r\n"),
            other("Redis", "-ERR unknown command\r\n"),
            other("memcached", "ERROR\r\n"),
            other("another error", "ERROR :no such thing\r\n"),
            other("a ping without a token", "PING\r\n"),
            other("NATS", "PING \r\n"),
            other("Modbus in ASCII", ":1103006B00037E\r\n"),
            other("Intel's hexadecimal form", ":10010000214601360121470136007EFE09D2190140\r\n"),
            other("a colon and words", ":hello world again\r\n"),
            other("a colon and a number", ":x 123 y\r\n"),
            other("a number without a nick", ":a.example 200 #9 x\r\n"),
            other("a notice of something else", "NOTICE everybody please\r\n"),
            other("zeros", std::string(64, '\0')),
            {"the start of one", ":irc.exam", {.probe = Probe::unsure}},
        });
}

}  // namespace
}  // namespace chatgate::proto::test

// What is refused, where it is said to stand, and in which words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "detect/builder.h"

#include "rules.h"

namespace chatgate::detect {
namespace {

struct Row {
  const char* options;  // "@" marks the place that is named, and is taken out
  const char* message;
};

constexpr Row kGeneral[] = {
    {"@contnet:\"a\";", "unknown option \"contnet\", did you mean \"content\"?"},
    {"content:\"a\"; @no case;", "unknown option \"no case\", did you mean \"nocase\"?"},
    {"@xyzzyq;", "unknown option \"xyzzyq\""},
    {"@luajit:x.lua;", "the option \"luajit\" is not supported, rules run no programs"},
    {"@base64_decode;", "\"base64_decode\" is not supported"},
    {"@geoip:src,FI;", "\"geoip\" is not supported, write the networks out"},
    {"@msg;", "\"msg\" needs a value"},
    {"msg:@\"a;", "the quote is never closed, a ; within quotes is written \\;"},
    {"msg:\"a\" @b;", "\"b\" follows the message"},
    {"msg:\"a\"; @msg:\"b\";", "\"msg\" stands twice"},
    {"rev:@x;", "rev \"x\" is not a number"},
    {"gid:@4294967296;", "gid \"4294967296\" is not a number, 0 to 4294967295"},
    {"priority:@0;", "priority \"0\" is not a number"},
    {"classtype:a@ b;", "\"a b\" cannot be a classtype"},
    {"reference:@cve;", "\"cve\" is no reference"},
    {"metadata:@chatgate_aplication x;",
     "unknown metadata \"chatgate_aplication\", did you mean \"chatgate_application\"?"},
    {"metadata:@chatgate_application;", "\"chatgate_application\" needs one word"},
    {"metadata:chatgate_service @a b;", "\"chatgate_service\" needs one word"},
    {"sameip:@1;", "\"sameip\" takes no value"},
};

constexpr Row kContent[] = {
    {"content:@abc;", "there is no text in quotes"},
    {"content:@\"\";", "the content is empty"},
    {"content:\"a|@4|\";", "|\" is not a byte in hexadecimal"},
    {"content:\"|41 @GG|\";", "\"GG\" is not a byte in hexadecimal"},
    {"content:\"a@|41\";", "the bar that begins bytes in hexadecimal is never closed"},
    {"content:\"a@\\x41\";", "\"\\x\" is no escape, bytes are written |0D 0A|"},
    {"content:@\"abc;", "the quote is never closed"},
    {"content:\"a\" @nocase;", "\"nocase\" follows the content"},
    {"content:\"a\",@nocsae;",
     "unknown modifier \"nocsae\" of a content, did you mean \"nocase\"?"},
    {"content:\"a\",@http_uri;", "unknown modifier \"http_uri\""},
    {"@nocase;", "\"nocase\" has no content before it"},
    {"@depth:3;", "\"depth\" has no content before it"},
    {"@http_uri;",
     "\"http_uri\" has no content before it, write it behind the content it "
     "modifies, or http.uri in front of it"},
    {"content:\"a\"; depth:@0;", "depth \"0\" is out of bounds, 1 to 1048576"},
    {"content:\"a\"; depth:@x;", "depth \"x\" is neither a number nor a variable"},
    {"content:\"a\"; depth:@-;", "depth \"-\" is not a number"},
    {"content:\"a\"; offset:@-1;", "offset \"-1\" is out of bounds"},
    {"content:\"a\"; depth:5; @depth:6;", "\"depth\" stands twice for one content"},
    {"@content:\"abcd\"; depth:3;", "depth 3 is less than the 4 bytes of content \"abcd\""},
    {"content:\"x\"; @content:\"abcd\"; within:3;", "within 3 is less than the 4 bytes"},
    {"@content:\"a\"; offset:1; distance:2;", "mixes offset or depth with distance or within"},
    {"@content:\"a\"; startswith; depth:2;", "has startswith and another place"},
    {"@content:!\"a\"; fast_pattern:only; content:\"b\";", "cannot be the fast pattern alone"},
    {"@content:\"abc\"; fast_pattern:1,3;", "the fast pattern's part reaches behind"},
    {"content:\"a\"; fast_pattern:@olny;", "\"olny\" is no part of a content"},
    {"isdataat:@x;", "offset \"x\" is neither a number nor a variable"},
    {"isdataat:1,@reltive;", "in isdataat, did you mean \"relative\"?"},
};

constexpr Row kBuffers[] = {
    {"content:\"a\"; http_uri; @http_header;", "\"http_header\" contradicts the buffer http.uri"},
    {"content:\"a\"; rawbytes; @http_uri;", "\"http_uri\" contradicts the buffer rawbytes"},
    {"http.host; content:\"a\"; @http_uri;", "contradicts the buffer http.host"},
    {"http.host; pcre:\"/a/@U\";", "contradicts the buffer http.host"},
    {"http.uri:@x;", "\"http.uri\" takes no value"},
    {"@http.urii;", "did you mean \"http.uri\"?"},
    {"@dotprefix; content:\"a\";", "\"dotprefix\" has no buffer to work on"},
    {"dns.query; content:\"a\"; @dotprefix;", "comes behind an option on the buffer"},
    {"@bsize:4;", "bsize has no buffer to measure"},
    {"http.uri; bsize:@4<>5;", "no number is in \"4<>5\""},
    {"urilen:5,@nrom;", "in urilen, did you mean \"norm\"?"},
    {"urilen:@<0;", "no number is \"<0\""},
    {"pcre:@/a/;", "there is no text in quotes"},
    {"pcre:\"@abc\";", "the expression \"abc\" is not between slashes"},
    {"pcre:\"@/abc\";", "is not between slashes"},
    {"pcre:\"@//i\";", "the expression is empty"},
    {"pcre:\"/a/i@q\";", "unknown flag \"q\" of pcre"},
    {"pcre:\"/a/\" @i;", "\"i\" follows the expression"},
};

constexpr Row kBytes[] = {
    {"byte_test:@1,=,2;", "\"byte_test\" needs more values, byte_test:BYTES,OPERATOR,VALUE,OFFSET"},
    {"byte_test:@9,=,2,0;", "a number has no 9 bytes, 1 to 8, more only with the word string"},
    {"byte_test:@24,=,2,0,string,dec;", "number of bytes \"24\" is out of bounds, 1 to 23"},
    {"byte_test:@0,=,2,0;", "number of bytes \"0\" is out of bounds"},
    {"byte_test:1,@==,2,0;", "unknown operator \"==\", one of < > = <= >= & ^"},
    {"byte_test:1,=,@two,0;", "value \"two\" is neither a number nor a variable"},
    {"byte_test:1,=,2,@-1;", "the offset is before the start, add relative"},
    {"byte_test:1,=,2,@70000;", "offset \"70000\" is out of bounds"},
    {"byte_test:@1,=,2,0,hex;", "a base is given for a binary number, add the word string"},
    {"byte_test:1,=,2,0,@reltaive;", "in byte_test, did you mean \"relative\"?"},
    {"byte_test:1,=,2,0,@dce;", "\"dce\" is not supported"},
    {"byte_test:1,=,2,0,@bitmask 0;", "the bitmask is zero"},
    {"byte_test:1,=,2,0,bitmask @x;", "bitmask \"x\" is not a number"},
    {"byte_jump:@1;", "\"byte_jump\" needs more values"},
    {"byte_jump:1,0,multiplier @0;", "the multiplier is zero"},
    {"byte_jump:1,0,post_offset @z;", "post_offset \"z\" is neither"},
    {"byte_jump:1,0,@from_begining;", "did you mean \"from_beginning\"?"},
    {"byte_extract:1,0,@1x;", "\"1x\" cannot be the name of a variable"},
    {"byte_extract:1,0,x,align @3;", "\"align 3\" is not possible, align 2 or align 4"},
    {"byte_extract:1,0,len; content:\"a\"; within:@lne;",
     "within \"lne\" is neither a number nor a variable, did you mean \"len\"?"},
    {"byte_math:@bytes 1,offset 0,oper +,rvalue 1;", "byte_math has no \"result\""},
    {"byte_math:bytes 1,offset 0,oper @%,rvalue 1,result r;", "unknown operator \"%\""},
    {"byte_math:bytes 1,offset 0,oper /,rvalue @0,result r;", "division by zero"},
    {"byte_math:bytes 1,@bytes 1,offset 0,oper +,rvalue 1,result r;", "\"bytes\" stands twice"},
    {"byte_math:bytes 1,offset 0,oper +,rvalue 1,result r,@endian middle;", "unknown endian"},
};

constexpr Row kPacket[] = {
    {"dsize:@x;", "dsize \"x\" is not a number, 0 to 65535"},
    {"dsize:@65536;", "dsize \"65536\" is not a number, 0 to 65535"},
    {"dsize:@200<>100;", "no number is in \"200<>100\", the smaller number comes first"},
    {"dsize:1; @dsize:2;", "\"dsize\" stands twice"},
    {"ttl:@256;", "ttl \"256\" is not a number, 0 to 255"},
    {"ttl:@-;", "has no number"},
    {"tos:@;", ""},
    {"ip_proto:@tpc;", "unknown protocol \"tpc\", did you mean \"tcp\"?"},
    {"ip_proto:!@300;", "ip_proto \"300\" is not a number"},
    {"flags:S@X;", "\"X\" is no flag, F S R P A U, 1 or C, 2 or E"},
    {"flags:@+;", "\"+\" names no flag"},
    {"flags:@S0;", "has flags beside 0"},
    {"flags:@!SA+;", "\"!SA+\" has two signs"},
    {"flags:@*S+;", "\"*S+\" has two signs"},
    {"flags:S,@+A;", "the mask has a sign"},
    {"flags:S,A,@B;", "\"B\" follows the mask"},
    {"fragbits:@X;", "\"X\" is no flag, M D R"},
    {"ipopts:@lssr;", "unknown IP option \"lssr\", did you mean"},
    {"stream_size:@server,>;", "stream_size has not three values"},
    {"stream_size:@sever,>,1;", "unknown side \"sever\", did you mean \"server\"?"},
    {"stream_size:server,@~,1;", "unknown operator \"~\""},
    {"stream_size:server,<,@0;", "no size is <"},
    {"app-layer-protocol:@smb;", "chatgate does not recognise \"smb\""},
};

constexpr Row kState[] = {
    {"flow:@establshed;", "in flow, did you mean \"established\"?"},
    {"flow:to_server,@to_client;", "\"to_client\" contradicts a word before it"},
    {"flow:established,@stateless;", "contradicts a word before it"},
    {"flow:established; @flow:to_server;", "\"flow\" stands twice"},
    {"flowbits:@sett,a;", "in flowbits, did you mean \"set\"?"},
    {"flowbits:@set;", "too few values in flowbits, set,NAME"},
    {"flowbits:set,a,b,@c;", "too many values in flowbits"},
    {"flowbits:set,@a|b;", "leaves open which bit is meant"},
    {"flowbits:isset,@a|b&c;", "mixes | and &"},
    {"flowbits:set,@a b;", "\"a b\" cannot be the name of a flowbit"},
    {"flowbits:@setx,a;", "setx has no group"},
    {"flowbits:noalert,@x;", "\"x\" follows noalert"},
    {"flowint:@n;", "flowint needs more values"},
    {"flowint:n,@*,1;", "unknown operator \"*\""},
    {"flowint:n,@isset,1;", "\"isset\" takes no value"},
    {"flowint:n,+,@99999999999;", "value \"99999999999\" is not a number"},
    {"xbits:@sset,a,track ip_src;", "did you mean \"set\"?"},
    {"xbits:@set,a;", "xbits needs more values"},
    {"xbits:set,a,@track ip_scr;", "unknown track \"ip_scr\", did you mean \"ip_src\"?"},
    {"xbits:set,a,track ip_src,@expire 0;", "\"0\" are no seconds"},
    {"xbits:@set,a,expire 5;", "xbits has no track"},
    {"threshold:@track by_src, count 1, seconds 1;", "threshold has no type"},
    {"threshold:@type limit, track by_src, count 1;", "threshold is not complete"},
    {"threshold:@type limt;", "unknown type \"limt\", did you mean \"limit\"?"},
    {"threshold:type limit, @track by_sorce;", "unknown track \"by_sorce\""},
    {"threshold:type limit, @count 0;", "count \"0\" is not a number, 1 or more"},
    {"detection_filter:@type limit;", "unknown word \"type limit\" in detection_filter"},
    {"tag:@sesion;", "in tag, did you mean \"session\"?"},
    {"tag:host,5,@packts,src;", "unknown unit \"packts\", did you mean \"packets\"?"},
    {"tag:session,5,packets,@src;", "\"src\" has no place in tag"},
};

void expect_refused(std::span<const Row> rows) {
  for (const Row& row : rows) {
    std::string options = row.options;
    const std::size_t at = options.find('@');
    ASSERT_NE(at, std::string::npos) << row.options;
    options.erase(at, 1);
    const RuleSet set = parse_rules(with_options(options), "f");
    EXPECT_TRUE(set.rules.empty()) << row.options;
    EXPECT_EQ(set.refused, 1u) << row.options;
    if (*row.message == '\0') continue;
    const std::string text = findings_text(set);
    EXPECT_THAT(text, testing::HasSubstr(row.message)) << row.options;
    EXPECT_THAT(text, testing::StartsWith("1:" + std::to_string(kHeader.size() + at + 1) + ": "))
        << row.options;
  }
}

TEST(Refusals, General) {
  expect_refused(kGeneral);
}
TEST(Refusals, Content) {
  expect_refused(kContent);
}
TEST(Refusals, Buffers) {
  expect_refused(kBuffers);
}
TEST(Refusals, Bytes) {
  expect_refused(kBytes);
}
TEST(Refusals, Packet) {
  expect_refused(kPacket);
}
TEST(Refusals, State) {
  expect_refused(kState);
}

TEST(Refusals, WholeRules) {
  constexpr std::pair<const char*, const char*> kRows[] = {
      {"alert tcp any any -> any any (msg:\"a\";)", "1:1: the rule has no sid"},
      {"alert tcp any any -> any any (sid:x;)", "1:35: sid \"x\" is not a number, 1 to"},
      {"alert tcp any any -> any any (sid:0;)", "1:35: sid \"0\" is not a number"},
      {"alert tcp any any -> any any", "1:29: the rule has no options"},
      {"alert tcp any any -> any any (sid:1;", "1:36: the rule is not closed"},
      {"alert tcp any any -> any any (sid:1;) x", "1:39: the rule is not closed"},
      {"alert tcp any any -> any any (sid:1)", "1:31: the option \"sid:1\" is not ended"},
      {"alret tcp any any -> any any (sid:1;)",
       "1:1: unknown action \"alret\", did you mean \"alert\"?"},
      {"activate tcp any any -> any any (sid:1;)", "use alert with flowbits"},
      {"alert udp any any -> any any (http.uri; content:\"a\"; sid:1;)",
       "1:41: http.uri does not exist in the rule's protocol, write alert http or alert tcp"},
      {"alert tls any any -> any any (content:\"a\"; http_uri; sid:1;)", "http.uri does not exist"},
      {"alert icmp any any -> any any (dns.query; content:\"a\"; sid:1;)",
       "dns.query does not exist"},
  };
  for (const auto& [rule, message] : kRows) {
    const RuleSet set = parse_rules(rule, "f");
    EXPECT_EQ(set.refused, 1u) << rule;
    EXPECT_THAT(findings_text(set), testing::HasSubstr(message)) << rule;
  }
}

TEST(Refusals, AllOfOneRuleAreSaid) {
  const RuleSet set = parse_rules(with_options("contnet:\"a\"; dsize:x; flow:up;"), "f");
  EXPECT_EQ(set.refused, 1u);
  EXPECT_EQ(set.findings.error_count(), 3u);
}

TEST(Refusals, TooMuch) {
  std::string contents, variables;
  for (std::size_t i = 0; i <= RuleBuilder::kMaxPayloadOptions; ++i) contents += "content:\"a\"; ";
  for (std::size_t i = 0; i <= RuleBuilder::kMaxVariables; ++i) {
    variables += "byte_extract:1,0,v" + std::to_string(i) + "; ";
  }
  EXPECT_THAT(canonical(with_options(contents)), testing::HasSubstr("too many options on payload"));
  EXPECT_THAT(canonical(with_options(variables)), testing::HasSubstr("too many variables"));
  const std::string longest(Content::kMaxContent, 'a');
  EXPECT_EQ(parse_rules(with_options("content:\"" + longest + "\";"), "f").rules.size(), 1u);
  EXPECT_THAT(canonical(with_options("content:\"" + longest + "a\";")),
              testing::HasSubstr("the content is too long"));
}

}  // namespace
}  // namespace chatgate::detect

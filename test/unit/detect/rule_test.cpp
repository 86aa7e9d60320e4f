// Options of rules and what they come to, in canonical text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules.h"

namespace chatgate::detect {
namespace {

struct Row {
  const char* options;
  const char* canonical;  // behind "sid:1; "; empty: the same as `options`
};

void expect_rows(std::span<const Row> rows) {
  for (const Row& row : rows) {
    const std::string wanted = *row.canonical == '\0' ? row.options : row.canonical;
    EXPECT_EQ(canonical(with_options(row.options)),
              std::string(kHeader) + "sid:1;" + (wanted == "-" ? "" : " " + wanted) + ")")
        << row.options;
  }
}

TEST(Options, Content) {
  constexpr Row kRows[] = {
      {R"(content:"abc";)", ""},
      {R"( content : "a b" ;)", R"(content:"a b";)"},
      {R"(content:"|41 42|c|0d0A|";)", R"(content:"ABc|0D 0A|";)"},
      {R"(content:"\"\;\\\:\|";)", R"(content:"|22 3B 5C 3A 7C|";)"},
      {R"(content:!"a"; content:"b";)", ""},
      {R"(content: ! "a"; content:"b";)", R"(content:!"a"; content:"b";)"},
      {R"(content:"a"; nocase;)", ""},
      {R"(Content:"a"; NoCase; HTTP_URI;)", R"(http.uri; content:"a"; nocase;)"},
      {R"(content:"abcd"; depth:4; offset:3;)", R"(content:"abcd"; offset:3; depth:4;)"},
      {R"(content:"a"; content:"b"; distance:-2; within:10;)", ""},
      {R"(content:"a"; startswith; endswith;)", ""},
      {R"(content:"a"; rawbytes;)", ""},
      {R"(content:"abcdef"; fast_pattern;)", ""},
      {R"(content:"abcdef"; fast_pattern:1,3;)", ""},
      {R"(content:"abcdef"; fast_pattern:only;)",
       R"(content:"abcdef"; fast_pattern; fast_pattern:only;)"},
      {R"(content:"abcdef"; fast_pattern:only; depth:9;)",
       R"(content:"abcdef"; depth:9; fast_pattern;)"},
      {R"(content:"ab",nocase,offset 1,depth 5;)", R"(content:"ab"; nocase; offset:1; depth:5;)"},
      {R"(content:"abc",fast_pattern,fast_pattern_offset 1,fast_pattern_length 2;)",
       R"(content:"abc"; fast_pattern:1,2;)"},
      {R"(content:!"abc"; fast_pattern:1,2; content:"d";)", R"(content:!"abc"; content:"d";)"},
      {R"(uricontent:"/x"; nocase;)", R"(http.uri; content:"/x"; nocase;)"},
      {R"(tls.subject:"CN=a"; content:"b";)",
       R"(tls.cert_subject; content:"CN=a"; pkt_data; content:"b";)"},
      {R"(tls.issuerdn:!"O=a";)", R"(tls.cert_issuer; content:!"O=a";)"},
      {R"(tls.fingerprint:"AB:cd";)",
       R"(tls.cert_fingerprint; content:"AB|3A|cd"; nocase; startswith; endswith;)"},
  };
  expect_rows(kRows);
}

TEST(Options, Buffers) {
  constexpr Row kRows[] = {
      {R"(content:"a"; http_uri; content:"b";)",
       R"(http.uri; content:"a"; pkt_data; content:"b";)"},
      {R"(content:"a"; http_raw_uri;)", R"(http.uri.raw; content:"a";)"},
      {R"(content:"a"; http_header; content:"b"; http_header; distance:0;)",
       R"(http.header; content:"a"; content:"b"; distance:0;)"},
      {R"(content:"a"; http_raw_header;)", R"(http.header.raw; content:"a";)"},
      {R"(content:"GET"; http_method;)", R"(http.method; content:"GET";)"},
      {R"(content:"a"; http_cookie;)", R"(http.cookie; content:"a";)"},
      {R"(content:"a"; http_client_body;)", R"(http.request_body; content:"a";)"},
      {R"(content:"200"; http_stat_code;)", R"(http.stat_code; content:"200";)"},
      {R"(content:"OK"; http_stat_msg;)", R"(http.stat_msg; content:"OK";)"},
      {R"(content:"a"; http_user_agent;)", R"(http.user_agent; content:"a";)"},
      {R"(content:"a"; http_host;)", R"(http.host; content:"a";)"},
      {R"(http.uri; content:"a"; content:"b"; distance:0; http.host; content:"c";)", ""},
      {R"(http.request_line; content:"a"; http_request_line; content:"b";)",
       R"(http.request_line; content:"a"; content:"b";)"},
      {R"(tls_sni; content:"a";)", R"(tls.sni; content:"a";)"},
      {R"(tls.sni; content:"a";)", ""},
      {R"(dns_query; content:"a";)", R"(dns.query; content:"a";)"},
      {R"(file_data; content:"a"; pkt_data; content:"b";)",
       R"(file.data; content:"a"; pkt_data; content:"b";)"},
      {R"(file_data:mime; content:"a";)", R"(file.data; content:"a";)"},
      {R"(http.uri; content:"a"; http_uri;)", R"(http.uri; content:"a";)"},
      {R"(dns.query; dotprefix; to_lowercase; content:".a"; endswith;)", ""},
      {R"(http.cookie; content:"a"; http.uri;)", R"(http.cookie; content:"a"; http.uri;)"},
      {R"(http.uri; bsize:10; bsize:!3; bsize:>4;)",
       R"(http.uri; bsize:10; bsize:!3; bsize:5<=>4294967295;)"},
      {R"(http.uri; bsize:3<>6;)", R"(http.uri; bsize:4<=>5;)"},
      {R"(urilen:3<>6;)", R"(http.uri.raw; bsize:3<=>6;)"},
      {R"(urilen:<10,norm;)", R"(http.uri; bsize:0<=>9;)"},
      {R"(content:"a"; http_uri; bsize:1;)", R"(http.uri; content:"a"; bsize:1;)"},
  };
  expect_rows(kRows);
}

TEST(Options, Pcre) {
  constexpr Row kRows[] = {
      {R"(pcre:"/abc/";)", ""},
      {R"(pcre:"/a\/b\;c\"d/ismxAEGRO";)", R"(pcre:"/a\/b\;c\"d/ismxAEGRO";)"},
      {R"(content:"a"; pcre:!"/b/R";)", ""},
      {R"(pcre:"/a/Ui";)", R"(http.uri; pcre:"/a/i";)"},
      {R"(pcre:"/a/I"; pcre:"/b/P"; pcre:"/c/H"; pcre:"/d/D"; pcre:"/e/C"; pcre:"/f/K";)",
       R"(http.uri.raw; pcre:"/a/"; http.request_body; pcre:"/b/"; http.header; pcre:"/c/"; http.header.raw; pcre:"/d/"; http.cookie; pcre:"/e/"; http.cookie.raw; pcre:"/f/";)"},
      {R"(pcre:"/a/M"; pcre:"/b/V"; pcre:"/c/W"; pcre:"/d/Z";)",
       R"(http.method; pcre:"/a/"; http.user_agent; pcre:"/b/"; http.host; pcre:"/c/"; http.host.raw; pcre:"/d/";)"},
      {R"(pcre:"/a/S"; pcre:"/b/Y"; pcre:"/c/Q";)",
       R"(http.stat_code; pcre:"/a/"; http.stat_msg; pcre:"/b/"; file.data; pcre:"/c/";)"},
      {R"(pcre:"/a/B";)", ""},
      {R"(http.uri; pcre:"/a/U";)", R"(http.uri; pcre:"/a/";)"},
      {R"(pcre:"m#a/b#i";)", R"(pcre:"/a/b/i";)"},
      {R"(pcre:"/a"b/";)", ""},
  };
  expect_rows(kRows);
}

TEST(Options, Bytes) {
  constexpr Row kRows[] = {
      {"byte_test:4,>,1000,20;", ""},
      {"byte_test: 2 , != , 0x10 , 2 , relative , little ;",
       "byte_test:2,!=,16,2,relative,little;"},
      {"byte_test:1,!&,128,2;", ""},
      {"byte_test:1,!,7,0;", "byte_test:1,!=,7,0;"},
      {"byte_test:1,^,1,0; byte_test:1,<=,1,0; byte_test:1,>=,1,0; byte_test:1,<,1,0;", ""},
      {"byte_test:8,=,0xdeadbeef,0,string,hex;", "byte_test:8,=,3735928559,0,string,hex;"},
      {"byte_test:4,=,1,-4,relative,string,oct,bitmask 0xF0;",
       "byte_test:4,=,1,-4,relative,string,oct,bitmask 240;"},
      {"byte_jump:2,0;", ""},
      {"byte_jump:4,0,relative,align,multiplier 4,little,from_beginning,post_offset -3;",
       "byte_jump:4,0,relative,little,multiplier 4,align,from_beginning,post_offset -3;"},
      {"byte_jump:0,0,from_end,post_offset -6;", ""},
      {"byte_extract:2,0,len,relative,string,dec,multiplier 3,align 2;", ""},
      {R"(byte_extract:1,0,n; content:"a"; offset:n; depth:n; byte_test:1,=,n,n; isdataat:n;)", ""},
      {"byte_math:bytes 2, offset 0, oper *, rvalue 10, result area;",
       "byte_math:bytes 2,offset 0,oper *,rvalue 10,result area;"},
      {"byte_math:bytes 4,offset 1,oper <<,rvalue 2,result v,relative,endian little,bitmask 0xff;",
       "byte_math:bytes 4,offset 1,oper <<,rvalue 2,result v,relative,little,bitmask 255;"},
      {"byte_math:bytes 4,offset 1,oper -,rvalue 2,result v,string hex;",
       "byte_math:bytes 4,offset 1,oper -,rvalue 2,result v,string,hex;"},
      {"isdataat:10;", ""},
      {"isdataat:!1,relative;", ""},
      {"isdataat:10,relative,rawbytes;", ""},
  };
  expect_rows(kRows);
}

TEST(Options, Packet) {
  constexpr Row kRows[] = {
      {"dsize:8; dsize:!8;", "dsize twice"},
      {"dsize:<50;", "dsize:0<=>49;"},
      {"dsize:>=50;", "dsize:50<=>65535;"},
      {"dsize:100<>200;", "dsize:100<=>200;"},
      {"dsize:100<=>200;", ""},
      {"ttl:3-5; ttl:-5; ttl:250-;", "ttl:3<=>5; ttl:0<=>5; ttl:250<=>255;"},
      {"tos:!0x10; id:31337; fragoffset:>0;", "tos:!16; id:31337; fragoffset:1<=>8191;"},
      {"seq:0; ack:4294967295; window:!55808;", ""},
      {"itype:8; itype:3<>6; icode:>1; icmp_id:5; icmp_seq:6;",
       "itype:8; itype:4<=>5; icode:2<=>255; icmp_id:5; icmp_seq:6;"},
      {"ip_proto:!6; ip_proto:igmp; ip_proto:>100;",
       "ip_proto:!6; ip_proto:2; ip_proto:101<=>255;"},
      {"flags:S;", ""},
      {"flags:S,12; flags:!A+; flags:*SF; flags:SA+; flags:0; flags:!0;",
       "flags:S,21; flags:!A; flags:*FS; flags:+SA; flags:0; flags:*FSRPAU21;"},
      {"flags:SFCE;", "flags:FS21;"},
      {"fragbits:MD+; fragbits:!R; fragbits:*M;", "fragbits:+MD; fragbits:!R; fragbits:*M;"},
      {"ipopts:rr; ipopts:any; ipopts:lsrre;", "ipopts:rr; ipopts:any; ipopts:lsrr;"},
      {"sameip;", ""},
      {"stream_size:server,>,100; stream_size:both,<,6; stream_size:client,!=,3;",
       "stream_size:server,>=,101; stream_size:both,<=,5; stream_size:client,!=,3;"},
      {"app-layer-protocol:!tls; app-layer-protocol:http;", ""},
  };
  expect_rows(std::span(kRows).subspan(1));
}

TEST(Options, State) {
  constexpr Row kRows[] = {
      {"flow:established;", ""},
      {"flow: to_server, established ;", "flow:established,to_server;"},
      {"flow:from_client,only_stream;", "flow:to_server,only_stream;"},
      {"flow:from_server,no_stream,not_established;", "flow:not_established,to_client,no_stream;"},
      {"flow:stateless;", "-"},
      {"Flow:To_Server,Established;", "flow:established,to_server;"},
      {"flow:established,no_frag;", ""},
      {"flowbits:set,a; flowbits:isset,b; flowbits:isnotset,c; flowbits:unset,d; "
       "flowbits:toggle,e;",
       ""},
      {"flowbits:isset,a|b; flowbits:isnotset,a&b; flowbits:set,a&b,grp;", ""},
      {"flowbits:setx,a,grp; flowbits:reset; flowbits:reset,grp; flowbits:isset,any,grp;", ""},
      {"flowbits:isset,all,grp;", ""},
      {"flowbits: set , a; flowbits:noalert;", "flowbits:set,a; noalert;"},
      {"noalert;", ""},
      {"flowint:n,+,1; flowint:n,=,m; flowint:n,>=,3; flowint:n,isset; flowint:n,notset;", ""},
      {"xbits:set,x,track ip_src,expire 3600; xbits:isset,x,track ip_pair;",
       "xbits:set,x,track ip_src,expire 3600; xbits:isset,x,track ip_pair,expire 30;"},
      {"threshold: type limit, track by_src, count 1, seconds 60;",
       "threshold:type limit, track by_src, count 1, seconds 60;"},
      {"threshold:type both,track by_dst,seconds 3,count 2;",
       "threshold:type both, track by_dst, count 2, seconds 3;"},
      {"detection_filter:track by_dst, count 30, seconds 60;", ""},
      {"tag:session,5,packets,10,seconds;", ""},
      {"tag:host,600,seconds,src;", ""},
  };
  expect_rows(kRows);
}

Rule only_rule(const std::string& text) {
  RuleSet set = parse_rules(text, "test.rules");
  EXPECT_EQ(set.rules.size(), 1u) << findings_text(set);
  return set.rules.empty() ? Rule{} : std::move(set.rules[0]);
}

TEST(Options, Identity) {
  const Rule rule = only_rule(
      "\n drop tcp any any -> any any (msg:\"CHAT \\\"AIM\\\" log\\; in\"; sid:1632; gid:3; rev:6; "
      "classtype:policy-violation; reference:cve,2001-1305; reference:url,example.com/?a=b; "
      "metadata:policy balanced-ips drop, service http, chatgate_application aim; "
      "metadata:chatgate_service text-chat;)");
  EXPECT_EQ(rule.file, "test.rules");
  EXPECT_EQ(rule.spot.line, 2u);
  EXPECT_EQ(rule.spot.column, 2u);
  EXPECT_EQ(rule.action, RuleAction::drop);
  EXPECT_EQ(rule.msg, "CHAT \"AIM\" log; in");
  EXPECT_EQ(rule.gid, 3u);
  EXPECT_EQ(rule.sid, 1632u);
  EXPECT_EQ(rule.rev, 6u);
  EXPECT_EQ(rule.category, "Potential Corporate Privacy Violation");
  EXPECT_EQ(rule.priority, 1u);
  EXPECT_FALSE(rule.priority_given);
  ASSERT_EQ(rule.references.size(), 2u);
  EXPECT_EQ(rule.references[1].id, "example.com/?a=b");
  EXPECT_EQ(rule.chatgate_application, "aim");
  EXPECT_EQ(rule.chatgate_service, "text-chat");
  ASSERT_EQ(rule.metadata.size(), 4u);
  EXPECT_EQ(rule.metadata[0],
            std::make_pair(std::string("policy"), std::string("balanced-ips drop")));
}

TEST(Options, PriorityOfItsOwn) {
  EXPECT_EQ(only_rule(with_options("classtype:policy-violation; priority:9;")).priority, 9u);
  EXPECT_EQ(only_rule(with_options("classtype:made-up;")).priority, 3u);
}

TEST(Options, PlacesOfPayloadOptions) {
  const Rule rule = only_rule(with_options("content:\"a\"; pcre:\"/b/\";"));
  ASSERT_EQ(rule.payload.size(), 2u);
  const auto& pcre = std::get<Pcre>(rule.payload[1]);
  EXPECT_EQ(pcre.spot.column, kHeader.size() + 14);
}

TEST(Options, Remarks) {
  EXPECT_EQ(canonical(with_options("rem:\"x\"; target:src_ip; prefilter; service:http;")),
            std::string(kHeader) + "sid:1;)");
}

TEST(Options, NegativeOnlyIsFlagged) {
  const RuleSet set = parse_rules(with_options("content:!\"a\";"), "f");
  ASSERT_EQ(set.rules.size(), 1u);
  EXPECT_FALSE(set.rules[0].has_positive_content());
  EXPECT_THAT(findings_text(set), testing::HasSubstr("warning: the rule only says"));
}

}  // namespace
}  // namespace chatgate::detect

// What the tests of the rule language share: one rule in, its canonical text or its findings out.
#pragma once

#include <string>
#include <string_view>

#include "detect/parser.h"
#include "detect/printer.h"

namespace chatgate::detect {

inline constexpr std::string_view kHeader = "alert tcp any any -> any any (";

// A rule with these options in front of a sid.
inline std::string with_options(std::string_view options) {
  return std::string(kHeader) + std::string(options) + " sid:1;)";
}

// The findings, one a line, without the name of the file.
inline std::string findings_text(const RuleSet& set) {
  std::string text;
  for (Diagnostic finding : set.findings.all()) {
    finding.place.file = "f";
    text += finding.to_string().substr(2) + "\n";
  }
  return text;
}

// The canonical text of the only rule, or what was found.
inline std::string canonical(const std::string& rule,
                             const Variables& variables = Variables::customary()) {
  const RuleSet set = parse_rules(rule, "test.rules", variables);
  if (set.rules.size() != 1) return findings_text(set);
  return to_text(set.rules[0]);
}

// Every option of the language in rules that load; for tests that need many.
inline constexpr std::string_view kSampleRules[] = {
    R"(alert tcp $HOME_NET any -> $EXTERNAL_NET [5190,!5191,6000:] (msg:"a \"b\"\; c"; flow:established,to_server; content:"*|01|"; depth:2; offset:0; content:!"x|3B|"; nocase; distance:-4; within:8; content:"z"; fast_pattern; reference:url,example.com; classtype:policy-violation; sid:1; rev:7; priority:2; metadata:chatgate_application aim, chatgate_service log-in;))",
    R"(drop http any any -> ![10.0.0.0/8,2001:db8::/32] any (http.uri; to_lowercase; content:"/a"; startswith; bsize:5<>9; http.header; pcre:!"/x\/y\;z/iR"; pkt_data; content:"b"; http_cookie; urilen:<100,norm; sid:2;))",
    R"(reject udp any :1023 <> any !53 (byte_test:2,!&,0x8000,-2,relative,little; byte_extract:1,0,n,relative,multiplier 2,align 4; byte_jump:4,n,string,dec,align,from_beginning,post_offset -4; byte_math:bytes 2,offset 0,oper +,rvalue n,result m; content:"z"; within:m; isdataat:!1,relative; sid:3;))",
    R"(pass ip any any -> any any (flags:+SA,12; dsize:100<>200; ttl:<5; tos:!8; id:7; ipopts:lsrr; fragbits:!D; seq:1; ack:2; window:!55808; itype:>3; icode:0; ip_proto:!tcp; sameip; stream_size:server,>,100; sid:4;))",
    R"(log tcp any any -> any any (flowbits:isset,a|b; flowbits:set,c,grp; flowint:n,+,1; flowint:n,>,3; xbits:set,x,track ip_src,expire 60; threshold:type both, track by_dst, count 5, seconds 60; detection_filter:track by_src, count 3, seconds 2; tag:session,5,packets; noalert; sid:5; gid:3;))",
    R"(alert dns any any -> any any (dns.query; dotprefix; content:".example.com"; nocase; endswith; sid:6;))",
    R"(alert tls any any -> any 443 (tls.sni; content:"example.com"; pkt_data; content:"a",nocase,depth 5; rawbytes; sid:7;))",
};

}  // namespace chatgate::detect

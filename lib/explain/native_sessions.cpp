#include "explain/native_sessions.h"

#include <initializer_list>

namespace chatgate::explain {
namespace {

using Line = NativeSession::Line;
using proto::Service;
using namespace std::string_view_literals;

constexpr Line client(std::string_view bytes) {
  return {true, bytes};
}
constexpr Line server(std::string_view bytes) {
  return {false, bytes};
}

NativeSession session(std::string_view application, std::string_view name, Service service,
                      std::uint16_t port, bool tcp, std::initializer_list<Line> lines) {
  return {application, name, service, port, tcp, lines};
}

// Escapes are octal, since those end after three digits. Ciphertext is made up.
std::vector<NativeSession> make() {
  return {
      // core.telegram.org: MTProto transports
      session(
          "telegram", "intermediate transport", Service::login, 443, true,
          {client("\356\356\356\356(\000\000\000\000\000\000\000\000\000\000\000\001\002\003\004"
                  "\005\006\007\010\024\000\000\000\361\216~\276\000\021\"3DUfw\210\231\252\273\314"
                  "\335\356\377"sv)}),
      // core.telegram.org: MTProto transports
      session(
          "telegram", "abridged transport", Service::login, 443, true,
          {client("\357\n\000\000\000\000\000\000\000\000\001\002\003\004\005\006\007\010\024\000"
                  "\000\000\361\216~\276\000\021\"3DUfw\210\231\252\273\314\335\356\377"sv)}),
      // core.telegram.org: MTProto transports
      session(
          "telegram", "obfuscated transport", Service::login, 443, true,
          {client("!\261e\"JX\267\221\337j\361\3300>a\315\304\273\206\303\321\304'\020<4LA\211\353/"
                  "\036{\325\324~Do\316\302\243\330\021sa\020\345x\033\314\316\246\226v.a*\250JW"
                  "\306<\206g\365\261e\"JX\267\221\337j\361\3300>a\315\304\273\206\303\321\304'\020"
                  "<4LA\211\353/\036{\325\324~Do\316\302\243\330\021sa\020\345x\033\314\316\246\226"
                  "v.a\026\306\351\311-\231\2775\214.\007\030\202,\344|\250\307A\007\346l\260\344"
                  "\262\263\364\325\215\202\312c\206\322\311nv\016\201\233\205\311$\303Yqd\304\246"
                  "\005\212\000X\032\"\262-\345\004rC=.D"sv)}),
      // core.telegram.org: MTProto transports
      session(
          "telegram", "obfuscated transport of media", Service::file_transfer, 443, true,
          {client("!\251\276\364\231\273\364\334{\322\244\362\310\257[\331\237&z\016\323\031r\027"
                  "\335+\272\0257Cn\\$A\343\325D\020I+x\207h\274\377\"\030\317\217ss\253\350\343"
                  "\224\332;9\221\206-(\247\233\375\?\353<\222P\267\227J\233R\213icc!\244a\265^\365"
                  "[{\352\375\200\232\232\236\222[y\2464/\240\375\270\262\224\331\177\306\020=\222"
                  "\010\233%\372^\003\237R\250\350\251_d\326X\234\037xD\006eB\3548\000\2153\035\375"
                  ";'$\0261v\224\342\376\206\003\227\267t0cx\265C}\212uV\"\326\327\240\264\214\260H"
                  "\362y\202\234\252e*\370\231\243\341\361k\334"sv)}),
      // libtgvoip and tgcalls: reflectors
      session(
          "telegram", "reflector of calls", Service::voice, 1400, false,
          {client("\327\245m<\374\371\244M\307\026i\032\315\253\241\270\377\377\377\377\377\377\377"
                  "\377\377\377\377\377\376\377\377\377E|v\2379\330dA"sv)}),
      // Baileys, a client of WhatsApp's protocol
      session(
          "whatsapp", "Noise, version 6", Service::login, 5222, true,
          {client("WA\006\003\000\001\016\022\213\002\n \376U\030\313\350\337\345\222\226\224k\322i"
                  "5\240\024\276:+|s\244 \3039\240\371B77m\011\210\232\035\000\307\231D%4z\256\251"
                  "\317\327#\226\"\225bx&,,\367\354\264}\302\301:\036\2741p\207_PB\303Qy\342'\305"
                  "\341\221\232\005\244\212\317E\226\263$}WUJ\315\217\"\2672\302\314\325\272.\243\\"
                  "\337`S\374i\321J\033\351\367^\316\211\000Q\014\212i\361\232\256\n)\036\030\376tg"
                  "1\311*<\220,\271\271\215~\374\023\263\027\234\034\316jf\230\272\0140\371C\242"
                  "\321\263\251WY\251\315\302\n,\234[_\211\257\207P\216\026\371\342\"\330^\030\271l"
                  "\353\263\350U` \200\375&\253\327\027\300>\265\\\013T\337\314\231%\362hM)\006\316"
                  "\374\344\037@\317p\371q\363[\032\263\232\375\001\030\305\365l\30176y2\031+d\263"
                  "\252\n\212\242\024\225\341\313\210\001\213J\342\030\371\030d.\215\3630\343\261"
                  "\013"sv)}),
      // Baileys, a client of WhatsApp's protocol
      session(
          "whatsapp", "Noise, with routing data", Service::login, 443, true,
          {client("ED\000\001\000\000\004\010\010\011\002WA\006\003\000\001\016\022\213\002\n \376U"
                  "\030\313\350\337\345\222\226\224k\322i5\240\024\276:+|s\244 \3039\240\371B77m"
                  "\011\210\232\035\000\307\231D%4z\256\251\317\327#\226\"\225bx&,,\367\354\264}"
                  "\302\301:\036\2741p\207_PB\303Qy\342'\305\341\221\232\005\244\212\317E\226\263$}"
                  "WUJ\315\217\"\2672\302\314\325\272.\243\\\337`S\374i\321J\033\351\367^\316\211"
                  "\000Q\014\212i\361\232\256\n)\036\030\376tg1\311*<\220,\271\271\215~\374\023\263"
                  "\027\234\034\316jf\230\272\0140\371C\242\321\263\251WY\251\315\302\n,\234[_\211"
                  "\257\207P\216\026\371\342\"\330^\030\271l\353\263\350U` \200\375&\253\327\027"
                  "\300>\265\\\013T\337\314\231%\362hM)\006\316\374\344\037@\317p\371q\363[\032\263"
                  "\232\375\001\030\305\365l\30176y2\031+d\263\252\n\212\242\024\225\341\313\210"
                  "\001\213J\342\030\371\030d.\215\3630\343\261\013"sv)}),
      // Baileys, a client of WhatsApp's protocol
      session(
          "whatsapp", "version 1", Service::login, 5222, true,
          {client("WA\001\005\000\000\032\370\005\001\245\221\211\374\022iPhone-2.12.2-5222"sv)}),
      // The Citizen Lab: mmtls (2024)
      session(
          "wechat", "mmtls, long connection", Service::login, 8080, true,
          {client("\026\361\004\000\335\000\000\000\331\001\004\361\001\300+{aNB\212\030oJL\021m"
                  "\257I\237\327\350\r\376\037\257B-P\315-\030n\331\271\344\326\343\235\236\213/\r"
                  "\034\352\246\222\343\005;\017#\213\252\240E\254%\220\353\205\336!G\2449\310\304"
                  "\025\244\215\370\350\273\374\300\367/\034\244U!\242\265!\022_>\004\210\254\273"
                  "\205\330\307\244\3026n%\244\276\020\240nK\355_\254\007j\014|n\201\372T 8\250p"
                  "\326\312)%\257 >\300\233\300^}\377K\327\261\003\312\2363\376x>\235F%\006\232\325"
                  "\313\316\216%\337T\277\025\037\204\014\337\264\310J\313X\030K\317S\007k\343\346"
                  "\025Y\316\030\362/C\315\255\214\323\373\rys9\362\247\276=\327\317o\001\334\006"
                  "\363\217\275\266#\373\2134\313\360\011\204\340\235\267A"sv)}),
      // published dissectors of WeChat
      session(
          "wechat", "long connection before mmtls", Service::login, 443, true,
          {client("\000\000\000@\000\020\000\001\000\000\000\355\000\000\000\002\277U_\374\033\032"
                  "\367Z\274\1775O\315\373\002!\006u\205e\362i\274\006\334B\011\202\205s(jF\273\351"
                  "\023\276\200\374q\323+=|JR\004\016"sv)}),
      // published dissectors of WeChat
      session(
          "wechat", "transfer of files", Service::file_transfer, 443, true,
          {client("\253\000\000\000\261'\024\025\315[\007\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\230\000\000\000\003ver\000\000\000\0011\000\000\000\011weixinnum"
                  "\000\000\000\011123456789\000\000\000\014clientostype\000\000\000\nWindows 10"
                  "\000\000\000\007authkey\000\000\000Ekkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
                  "kkkkkkkkkkkkkkkkkkkkkkkkk"sv)}),
      // node-kakao: LOCO
      session(
          "kakaotalk", "LOCO, secured", Service::login, 9282, true,
          {client("\000\001\000\000\014\000\000\000\002\000\000\000\253\301\214\\o\370\036x\364\307"
                  "\000{\325e\361HZh\275j\325b\005:\235\320^r\346\236\177\001\324\005\326h\246\262"
                  "\250\332\266h_\250\0061\004\266\266XDB'N\344<\330\027\217\242\222-\3618\345\305"
                  "\227\002\003\316\355Ka\274RM\222\004\236\320+\266\306U\270\326\255\252v\336V$q`"
                  "\241\363deP\276\367\276#\232'AcO\374\263\255\005l\303\013\312\331\346h8e\332\311"
                  "\364\261\213P\232\036\305\345@\364.7\005d\025\277\344'\351i'nI\301\316\037\370%"
                  "\2331\370\333\252\006U\206\241\202\255\001\007dz\370v\177\024\360t\247\225C\231#"
                  "\233r\240iV\033\264\260q\325K\217\"E\374U\rn9\215\327[\310\345hNO\266\310\235\\#"
                  "\261\033B}\215\227k\317\351\256\311J1\000\026Q%\010Y\030\371\211~\222\316Ql\250H"
                  "I\204\342\034\235\244\323\233\031,\206C\311\362\251w\011\220"sv)}),
      // node-kakao: LOCO
      session(
          "kakaotalk", "LOCO, in clear", Service::login, 8080, true,
          {client("\000\000\000\000\000\000CHECKIN\000\000\000\000\000Z\000\000\000Z\000\000\000bbb"
                  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
                  "bbb"sv)}),
      // libprotoident and nDPI: Viber
      session(
          "viber", "first message", Service::login, 4244, true,
          {client("2\000\001\000\000\000\374\377\000\200\001W\036X\255n\256\022\013F\363\357\310"
                  "\213\2479\345/E=\205\022p\345\036\300\036\361\202\251A\0223\022\260\276d\016\340"
                  "X"sv)}),
      // a public capture of DingTalk
      session(
          "dingtalk", "LWP", Service::login, 443, true,
          {client("\020,\207\200\001\000\001\000\002\000\002dk\003\000 \007!:*\301\241\001k\270\220"
                  "\224\260\362\004\004k7[\217\242\226u\000H\rT\246z\033\033\341\327"sv)}),
      // a public capture of Skype, 2006
      session("skype", "log-in over TCP", Service::login, 33033, true,
              {client("\026\003\001\000\000"sv), server("\027\003\001\000\000"sv)}),
      // hypothetic.org: MSN Messenger Protocol, version 2.1
      session("msn", "notification server", Service::login, 1863, true,
              {client("VER 1 MSNP8 CVR0\r\n"sv)}),
      // hypothetic.org: MSN Messenger Protocol, version 2.1
      session("msn", "switchboard", Service::login, 1863, true,
              {client("USR 1 alice@example.com 17262740.1050826919.32308\r\n"sv)}),
      // MSNPiki: P2P, MSNSLP and the activities' identifiers
      session("msn", "switchboard, sessions of peers", Service::login, 1863, true,
              {client("USR 1 alice@example.com 17262740.1050826919.32308\r\n"sv)}),
      // hypothetic.org: MSN Messenger Protocol, version 2.1
      session("msn", "MSNFTP", Service::file_transfer, 6891, true, {client("VER MSNFTP\r\n"sv)}),
      // MSNPiki: P2P, MSNSLP and the activities' identifiers
      session(
          "msn", "direct connection", Service::file_transfer, 6892, true,
          {client(
              "\004\000\000\000foo\0000\000\000\000\000\000\000\000\011\000\000\000\000\000\000"
              "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\001\000"
              "\000\000\000\000\000\000\001\002\003\004\005\006\007\010\011\n\013\014\r\016\017"sv)}),
      // MSNPiki: P2P, MSNSLP and the activities' identifiers
      session("msn", "webcam connection", Service::webcam, 6893, true,
              {client("recipientid=42&sessionid=1337\r\n\r\n"sv)}),
      // RFC 6120 and 6121, and the XEPs named in docs/design/messengers/xmpp.md
      session(
          "xmpp", "client and server", Service::login, 5222, true,
          {client("<\?xml version='1.0'\?><stream:stream to='chat.example' xmlns='jabber:client' xm"
                  "lns:stream='http://etherx.jabber.org/streams' version='1.0'>"sv)}),
      // RFC 6120 and 6121, and the XEPs named in docs/design/messengers/xmpp.md
      session(
          "xmpp", "between servers", Service::login, 5269, true,
          {client("<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/stre"
                  "ams' xmlns:db='jabber:server:dialback' from='a.example' to='b.example'>"sv)}),
      // Google's published extensions of XMPP
      session(
          "google-talk", "by the stream's name", Service::login, 5222, true,
          {client("<\?xml version='1.0'\?><stream:stream to='talk.google.com' xmlns='jabber:client'"
                  " xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"sv)}),
      // Google's published extensions of XMPP
      session(
          "google-talk", "by the log-in", Service::login, 5222, true,
          {client("<\?xml version='1.0'\?><stream:stream to='gmail.com' xmlns='jabber:client' xmlns"
                  ":stream='http://etherx.jabber.org/streams' version='1.0'>"sv),
           server("<\?xml version='1.0'\?><stream:stream from='gmail.com' id='7' xmlns='jabber:clie"
                  "nt' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'><stream:featur"
                  "es><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>X-GOOGLE-TOKE"
                  "N</mechanism></mechanisms></stream:features>"sv),
           client("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='X-GOOGLE-TOKEN'>AGFsaW"
                  "NlAHNlY3JldA==</auth>"sv)}),
      // Facebook's Chat API of 2010
      session(
          "facebook-chat-xmpp", "by the stream's name", Service::login, 5222, true,
          {client("<\?xml version='1.0'\?><stream:stream to='chat.facebook.com' xmlns='jabber:clien"
                  "t' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"sv)}),
      // RFC 1459, RFC 2812 and the description of DCC
      session("irc", "client and server", Service::login, 6667, true,
              {client("NICK alice\r\nUSER alice 0 * :Alice\r\n"sv)}),
      // RFC 1459, RFC 2812 and the description of DCC
      session("irc", "with a password", Service::login, 6667, true,
              {client("PASS secret\r\n"sv), client("NICK alice\r\nUSER alice 0 * :Alice\r\n"sv)}),
      // AOL: OSCAR protocol, FLAP, SNAC and ICBM
      session(
          "aim", "OSCAR", Service::login, 5190, true,
          {server("*\001\0224\000\004\000\000\000\001"sv),
           client("*\001\0224\001\010\000\000\000\001\000\006\001\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000"sv)}),
      // AOL: TOC protocol, version 1
      session("aim", "TOC", Service::login, 9898, true, {client("FLAPON\r\n\r\n"sv)}),
      // free clients' descriptions of OFT2
      session(
          "aim", "file connection (OFT)", Service::file_transfer, 4443, true,
          {client("OFT2\001\000\001\001\000\001\002\003\004\005\006\007\000\000\000\000\000\001\000"
                  "\001\000\001\000\001\000\000\001,\000\000\001,\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000Cool FileXfer\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000 \034\021\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000plan"
                  ".doc\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"sv)}),
      // free clients' descriptions of ODC2
      session(
          "aim", "direct text (ODC)", Service::text_chat, 4444, true,
          {client("ODC2\000L\000\001\000\006\000\000\000\001\002\003\004\005\006\007\000\000\000"
                  "\000\000\000\000\000\000\000\000\005\000\002\000\000\000\000\000\002\000\000\000"
                  "\000alice\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000hello"sv)}),
      // free clients' descriptions of the proxy
      session(
          "aim", "rendezvous proxy", Service::file_transfer, 5191, true,
          {client("\000,\004J\000\002\000\000\000\000\002 \005alice\000\001\002\003\004\005\006\007"
                  "\000\001\000\020\011F\023CL\177\021\321\202\"DEST\000\000"sv)}),
      // AOL: OSCAR protocol, FLAP, SNAC and ICBM
      session(
          "icq", "OSCAR", Service::login, 5190, true,
          {server("*\001\0224\000\004\000\000\000\001"sv),
           client("*\001\0224\0004\000\000\000\001\000\001\000\011123456789\000\002\000\002\363&"
                  "\000\003\000\031ICQ Inc. - Product of ICQ"sv)}),
      // the public description of ICQ's version 5
      session(
          "icq", "version 5 over UDP", Service::login, 4000, false,
          {client("\005\000\000\000\000\000\207\326\022\000\371\024a=xAT/\240B>\222\303\017U/\201z"
                  "\232(\230BR/\347'6]\0356U\267fBU%\177BT/\234BU/\241BU/\202BU/\236BU/yBU"sv)}),
      // the public description of Gadu-Gadu's protocol, libgadu
      session(
          "gadu-gadu", "version 8", Service::login, 8074, true,
          {server("\001\000\000\000\004\000\000\000seed"sv),
           client("1\000\000\000\212\000\000\000\316\312#\000pl\002hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh"
                  "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh\002\000\000\000\000\000\000\000g\003\000\000\n"
                  "\000\000\001\016\006\000\000\000\000\000\000\377d!\000\000\000Gadu-Gadu Client B"
                  "uild 8.0.0.8731\000\000\000\000"sv)}),
      // the public description of Gadu-Gadu's protocol, libgadu
      session(
          "gadu-gadu", "version 6", Service::login, 8074, true,
          {server("\001\000\000\000\004\000\000\000seed"sv),
           client("\025\000\000\000\037\000\000\000\316\312#\000\001\000\000\000\002\000\000\000 "
                  "\000\000\000\000\n\000\000\001\016\006\000\000\000\000\000\000@\276"sv)}),
      // Wireshark's fields of the protocol oicq
      session(
          "qq", "OICQ over UDP", Service::login, 8000, false,
          {client("\002\rU\000\"\0224!\256\002v\365\261e\"JX\267\221\337j\361\3300>a\315\304\273"
                  "\206\303\321\304'\020<4LA\211\353/\036{\325\324~Do\316\302\003"sv)}),
      // Wireshark's fields of the protocol oicq
      session(
          "qq", "OICQ over TCP", Service::login, 8080, true,
          {client("\0006\002\rU\000\"\0224!\256\002v\365\261e\"JX\267\221\337j\361\3300>a\315\304"
                  "\273\206\303\321\304'\020<4LA\211\353/\036{\325\324~Do\316\302\003"sv)}),
      // the published description of Sametime's community protocol, Meanwhile
      session(
          "sametime", "Virtual Places", Service::login, 1533, true,
          {client("\000\000\000&\000\000\000\000\000\000\000\000\000\036\000\035\000\000\000\000"
                  "\000\000\000\000\027\000\n\000\000\001\001\000\000\000\000\000\000\004host"sv)}),
      // RFC 3261, 3428, 4566 and 4975; [MS-SIPREGE], [MS-SDPEXT], [MS-CONFIM]
      session(
          "lync", "SIP over TCP", Service::login, 5060, true,
          {client("REGISTER sip:corp.example SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.5:50111;branch=z9hG"
                  "4bK1\r\nMax-Forwards: 70\r\nFrom: <sip:alice@corp.example>;tag=a1\r\nTo: <sip:bo"
                  "b@corp.example>\r\nCall-ID: 77@10.0.0.5\r\nCSeq: 1 REGISTER\r\nUser-Agent: UCCAP"
                  "I/15.0.4971.1000 OC/15.0.4971.1000 (Skype for Business)\r\nContent-Length: 0\r\n"
                  "\r\n"sv)}),
      // RFC 3261, 3428, 4566 and 4975; [MS-SIPREGE], [MS-SDPEXT], [MS-CONFIM]
      session(
          "lync", "SIP over UDP", Service::login, 5060, false,
          {client("REGISTER sip:corp.example SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.5:50111;branch=z9hG"
                  "4bK1\r\nMax-Forwards: 70\r\nFrom: <sip:alice@corp.example>;tag=a1\r\nTo: <sip:bo"
                  "b@corp.example>\r\nCall-ID: 77@10.0.0.5\r\nCSeq: 1 REGISTER\r\nUser-Agent: UCCAP"
                  "I/15.0.4971.1000 OC/15.0.4971.1000 (Skype for Business)\r\nContent-Length: 0\r\n"
                  "\r\n"sv)}),
      // Wireshark's dissector of TeamSpeak 3
      session(
          "teamspeak", "version 3", Service::login, 9987, false,
          {client("TS3INIT1\000e\000\000\210\n~\214\000\000^M\034\005\365\261e\"JX\267\221\337j\361"
                  "\330"sv)}),
      // Wireshark's dissector of TeamSpeak 2
      session(
          "teamspeak", "version 2", Service::login, 8767, false,
          {client("\364\276\003\000\000\000\000\000\000\000\000\000\001\000\000\000~')A\011TeamSpea"
                  "k\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\005Linux\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\002\000\000\000 \000<\000\000\001\005alice\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\006secret\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\004nick\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"sv)}),
      // TeamSpeak's manual of the server query
      session("teamspeak", "query port", Service::login, 10011, true,
              {server("TS3\n\rWelcome to the TeamSpeak 3 ServerQuery interface\n\r"sv)}),
      // Enabling Passive Measurement of Zoom Performance in Production Networks (2022)
      session(
          "zoom", "meeting", Service::conference, 8801, false,
          {client("\001\000\003\310J\304R\207\030\315\242\270Gz\033\211\2373\203\000\000\000\000"
                  "\000\000\000\002\000oa\?\000oa\?\000\000\000@8\264\346R\344M\247\3627\r\236&\016"
                  "'\023eP\244\243\246\320\177\\\0143/\213\022$\010\?\322+\220/\211\021\350\030\030"
                  "\370\311\235]]\2301\225u\004\331\016\224]\342\350\365N\347\201\314u\3666\330P"
                  "\231\011Z\243\000\026Zg\003o\233T\rk\217\013\342\021"sv)}),
      // Discord's developer documentation: IP discovery
      session(
          "discord", "voice", Service::voice, 50001, false,
          {client("\000\001\000F\000\032~s\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000"sv)}),
      // libprotoident and nDPI: LINE
      session(
          "line", "calls", Service::voice, 20610, false,
          {client("\266\023\000\006m%\317sLI\241\335'>M\217\253_[\333\215\020\231\354\005\350\375"
                  "\307\301\3274wH\253s"sv)}),
      // libprotoident and nDPI: Viber
      session(
          "viber", "calls", Service::voice, 7985, false,
          {client("\0224\003\000\336v}yj\332\334D"sv), server("\0224\004\000{aNB\212\030oJ"sv)}),
      // libprotoident and nDPI: Zalo
      session(
          "zalo", "calls", Service::voice, 3001, false,
          {client("\001\001\000\000u\035Y\033\3457\252\235\n\245\334\263\261!U\301\3019\354\246\360"
                  "\206"sv),
           server(
               "\001\001\000\000\374\033\032\367Z\274\1775O\315\373\002!\006u\205e\362i\274B\011"sv)}),
      // Mumble's protocol description
      session(
          "mumble", "ping", Service::presence, 64738, false,
          {client("\000\000\000\000\001\002\003\004\005\006\007\010"sv),
           server("\000\001\002\004\001\002\003\004\005\006\007\010\000\000\000\005\000\000\000d"
                  "\000\001 \020"sv)}),
      // Tox's protocol specification
      session(
          "tox", "distributed hash table", Service::login, 33445, false,
          {client("\000\253\301\214\\o\370\036x\364\307\000{\325e\361HZh\275j\325b\005:\235\320^r"
                  "\346\236\177\001\324\005\326h\246\262\250\332\266h_\250\0061\004\266\266XDB'N"
                  "\344<\330\027\217\242\222-\3618\345\305\227\002\003\316\355Ka\274RM\222\004\236"
                  "\320U"sv),
           server(
               "\001\301\274\240\205\253\351\006j`I\203\316\206)\255MW\374\342\365\027\200\231]"
               "\232\343$J\?_\270,\375\235\037\304\2658\204\264\316\300G\264\357\226I\212mfP\251"
               "+!=Gd\2243\034\301\322\340\352&T\345\006'\035\270\?\222\011Yb\r\011\260\320\277"sv)}),
      // libyahoo2 and libpurple: services and keys of YMSG
      session(
          "yahoo", "YMSG", Service::login, 5050, true,
          {client(
              "YMSG\000\020\000\000\000\n\000W\000\000\000\000@7\267\0001\300\200alice\300\200"sv)}),
      // Wireshark's fields of the protocol yhoo
      session(
          "yahoo", "the older header", Service::login, 5050, true,
          {client("YPNS2.0\000h\000\000\000\001\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000alice\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"
                  "\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000"sv)}),
      // Kopete: the webcam of Yahoo
      session(
          "yahoo", "webcam connection", Service::webcam, 5100, true,
          {client("<REQIMG>\010\000\001\000\000\000\0006a=2\r\nu=alice\r\nt=token\r\ni=192.0.2.7\r"
                  "\ng=bob\r\no=w-2-5-1\r\n"sv)}),
  };
}

}  // namespace

std::span<const NativeSession> native_sessions() {
  static const std::vector<NativeSession> kSessions = make();
  return kSessions;
}

std::vector<Saying> sayings_of(const NativeSession& session) {
  std::vector<Saying> sayings;
  for (const NativeSession::Line& line : session.lines) {
    sayings.push_back({line.from_client, synth::from_text(line.bytes)});
  }
  return sayings;
}

}  // namespace chatgate::explain

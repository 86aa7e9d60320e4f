"""Cases of policy/rules/im-http.rules, and of those of im-legacy.rules that look at HTTP."""

import struct

from cases import Case, answer, exchange, http, web

SID = "0123456789abcdef0123456789ABCDEF"
MSN_TYPE = "Content-Type: application/x-msn-messenger"
AGENT = "User-Agent: "
YMSG = b"YMSG" + struct.pack(">HHHHII", 12, 0, 5, 6, 0, 0) + b"5\xc0\x80b\xc0\x80"
AIM_DATA = struct.pack(">HHHII", 12, 0x0443, 5, 0, 1) + b"*\2\0\1\0\0"

MSN = [
    web("MSN opens its gateway", http("POST /gateway/gateway.dll?Action=open&Server=NS&IP=messenger.hotmail.com",
                                      body=b"VER 1 MSNP18 CVR0\r\n"), [9100101]),
    web("MSN polls its gateway", http("POST /gateway/gateway.dll?Action=poll&SessionID=1.2", MSN_TYPE, AGENT + "MSMSGS"),
        [9100101, 9100102, 9100103, 9100105], port=8080,
        reply=answer(MSN_TYPE, "X-MSN-Messenger: SessionID=1.3; GW-IP=192.0.2.9")),
    web("MSN through a proxy", http("CONNECT messenger.hotmail.com:1863", host="messenger.hotmail.com:1863"),
        [9100104, 9100311], port=3128, reply=answer(status="200 Connection established", body=b"")),
    web("another gateway", http("POST /gateway/gateway.dll?page=1", "Content-Type: application/x-msn"), near=[9100101, 9100102]),
    web("the gateway is fetched", http("GET /gateway/gateway.dll?Action=open"), near=[9100101]),
    web("a page names the type and the header", http("GET /", AGENT + "Mozilla/4.0 (MSMSGS)"), near=[9100102, 9100103, 9100105],
        reply=answer("Content-Type: text/plain", "X-MSN-Messenger: none", "X-About: application/x-msn-messenger",
                     body=b"X-MSN-Messenger: SessionID=1\r\nContent-Type: application/x-msn-messenger\r\n")),
    web("another port of the same host", http("CONNECT messenger.hotmail.com:443"), near=[9100104], port=3128),
]

YAHOO = [
    web("YMSG in a request", http("POST /notify", host="web.msg.yahoo.com", body=YMSG), [9100111]),
    web("YMSG as XML", http("POST /", body=b'<Ymsg Command="84" Version="16"><Session/></Ymsg>'), [9100112]),
    web("Yahoo file by host", http("POST /notifyft", host="filetransfer.msg.yahoo.com:80", body=b"x"), [9100113]),
    web("Yahoo file by relay", http("HEAD /relay?token=abc&sender=alice&recver=bob"), [9100114], port=8081),
    web("Yahoo's programs", http("GET /", AGENT + "YahooMobileMessenger/1.0"), [9100115]),
    web("Yahoo's programs, with a blank", http("GET /", AGENT + "Y!%20Messenger/9.0"), [9100115]),
    web("Yahoo through a proxy", http("CONNECT scs.msg.yahoo.com:5050", host="scs.msg.yahoo.com:5050"),
        [9100116, 9100311], port=3128, reply=answer(status="200 Connection established", body=b"")),
    web("a form that speaks of YMSG", http("POST /search", body=b"q=YMSG&type=protocol&more=0123456789"), near=[9100111, 9100112]),
    web("YMSG alone", http("POST /search", body=b"YMSG"), near=[9100111]),
    web("another host of Yahoo", http("GET /notify", host="www.yahoo.com"), near=[9100113, 9100116]),
    web("another relay", http("GET /relay?token=abc&recver=bob"), near=[9100114]),
    web("a browser that names a messenger", http("GET /", AGENT + "Mozilla/5.0 YahooMessenger/1.0"), near=[9100115]),
]

AIM = [
    web("AIM says hello", http("GET /hello", host="aimhttp.oscar.aol.com"), [9100121]),
    web("AIM's tunnel answers", http("GET /x"), [9100125], reply=answer("Content-Type: AIM/HTTP", body=AIM_DATA)),
    web("ICQ says hello", http("GET /hello", host="http.proxy.icq.com"), [9100122]),
    web("AIM sends through its tunnel", http(f"POST /data?sid={SID}&seq=1", host="192.0.2.9", body=AIM_DATA), [9100123]),
    web("AIM waits at its tunnel", http(f"GET /monitor?sid={SID}", host="192.0.2.9"), [9100124]),
    web("AIM fetches advertisements", http("GET /", AGENT + "AIM/30 (Mozilla 1.24b; Windows)"), [9100126]),
    web("ICQ fetches something", http("GET /", AGENT + "ICQ/6.5"), [9100127]),
    web("an ICQ contact", http("GET /u.icq"), [9100128],
        reply=answer("Content-Type: application/x-icq", body=b"[ICQ User]\r\nUIN=1234567\r\n")),
    web("hello to others", http("GET /hello", host="www.aol.com"), near=[9100121]),
    web("hello of others", http("GET /hello/world", host="http.proxy.icq.com.example.com"), near=[9100122]),
    web("other data", http(f"POST /data?sid={SID}", body=b"\0\x0c\4\x44\0\5"), near=[9100123]),
    web("a session of another kind", http("GET /monitor?sid=42"), near=[9100124]),
    web("a page about AIM", http("GET /", AGENT + "AIMeasure/1.0"), near=[9100125, 9100126],
        reply=answer("Content-Type: text/plain", body=b"Content-Type: AIM/HTTP\r\n")),
    web("a word that begins with ICQ", http("GET /", AGENT + "ICQuery/1.0"), near=[9100127, 9100128],
        reply=answer("Content-Type: application/x-icon")),
]

OTHERS = [
    web("Google Talk asks for its version", http("GET /googletalk/google-talk-versioncheck.txt?v=1"), [9100131]),
    web("Skype's program", http("GET /", AGENT + "Skype\xe2\x84\xa2 5.10"), [9100132]),
    web("Skype's version", http("GET /ui/0/5.10.0.116/en/getlatestversion?ver=5.10&uhash=1", host="ui.skype.com"), [9100053]),
    web("Skype's version through a proxy",
        http("GET http://ui.skype.com/ui/0/5.10.0.116/en/getnewestversion?ver=5.10", host="ui.skype.com"), [9100053], port=3128),
    web("Skype was installed", http("GET /ui/0/5.10.0.116/en/installed?uhash=1", host="ui.skype.com"), [9100054]),
    web("another version check", http("GET /googletalk/versioncheck.txt"), near=[9100131]),
    web("Skype's robot", http("GET /", AGENT + "SkypeUriPreview Preview/0.5"), near=[9100132]),
    web("another program that asks for its version", http("GET /ui/getlatestversion?ver=1"), near=[9100053, 9100054]),
    web("another page of that host", http("GET /ui/0/notinstalled.html", host="ui.skype.com"), near=[9100053, 9100054]),
]

# Several requests in one turn: none hides behind another.
PIPELINED = [
    Case("MSN behind an innocent request", [9100101],
         tcp={80: exchange(http("GET /") + http("POST /gateway/gateway.dll?Action=open&Server=SB", body=b"x"))}),
]

CASES = [*MSN, *YAHOO, *AIM, *OTHERS, *PIPELINED]

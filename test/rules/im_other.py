"""Cases of policy/rules/im-other.rules."""

import struct

from cases import Case, answer, http, web

MRIM = struct.pack("<7I", 0xDEADBEEF, 0x00010013, 1, 0x1001, 0, 0, 0) + bytes(16)
CHALLENGE = b"\\lc\\1\\nc\\" + b"QUJDREVG" * 8 + b"\\id\\1\\final\\"
NODE = bytes(range(1, 21))
QUESTION = b"\x85\xa1a\x81\xa2id\xc4\x14" + NODE + b"\xa1q\xa4ping\xa1t\xc4\4abcd\xa1y\xa1q\xa1v\xa4RNG1"
ANSWER = b"\x84\xa1r\x82\xa2id\xc4\x14" + NODE + b"\xa2sa\xc4\4\1\2\3\4\xa1t\xc4\4abcd\xa1y\xa1r\xa1v\xa4RNG1"
UPGRADE = "Upgrade: "
DNS = "application/dns-message"


def talk(name, sids, client, server=b"ok\r\n", port=5000):
    return Case(name, sids, tcp={port: [("c", client), ("s", server)]})


def greeting(name, sids, server, port=5000):
    return Case(name, sids, tcp={port: [("s", server), ("c", b"ok\r\n")]})


NETWORKS = [
    talk("Mail.ru Agent", [9100401, 9100402], MRIM, MRIM, port=2041),
    Case("Mail.ru's number with another version", near=[9100401, 9100402],
         tcp={2041: [("c", MRIM[:4] + bytes(40)), ("s", MRIM[:5] + b"\0\1\1" + bytes(40))]}),
    Case("Mail.ru's head cut short", near=[9100401, 9100402], tcp={2041: [("c", MRIM[:40]), ("s", MRIM[:12])]}),
    greeting("MySpaceIM", [9100403], CHALLENGE, port=1863),
    Case("MySpaceIM's words from the client", near=[9100403], tcp={1863: [("c", CHALLENGE), ("s", b"\\lc\\2\\nc\\x")]}),
    talk("Tlen", [9100404], b"<s v='10' t='06000224'>", b"<s i='1A2B' c='0' s='1'>", port=443),
    talk("Tlen, encrypted", [9100405], b"<s s='1' v='9' t='06000224'>", b"<s i='1A2B'/>", port=443),
    Case("strike-through in a page", near=[9100404, 9100405],
         tcp={443: [("c", b"<s>v='10'</s>"), ("s", b"<s v='10'>")], 80: [("c", b"<s s='1'>v='9'</s>"), ("s", b"ok")]}),
    talk("Xfire", [9100406], b"UA01", b"\x19\0\x80\0", port=25999),
    Case("Xfire's letters elsewhere", near=[9100406], tcp={25999: [("c", b"XUA01"), ("s", b"UA01")]}),
    greeting("Chikka", [9100407], b"CTPv1.2 Kamusta!\r\n", port=6301),
    Case("half of Chikka's greeting", near=[9100407], tcp={6301: [("s", b"CTPv1.2 Hello\r\n"), ("c", b"CTPv1.2 Kamusta!\r\n")]}),
    Case("Jami's table", [9100408, 9100409], udp={4222: [("c", QUESTION), ("s", ANSWER)]}),
    Case("other maps", near=[9100408, 9100409],
         udp={4222: [("c", b"\x82" + QUESTION[1:]), ("s", b"\x83" + ANSWER[1:]), ("c", QUESTION[:30]),
                     ("c", QUESTION.replace(b"\xc4\x14", b"\xc4\x10"))]}),
    talk("Ventrilo", [9100410], b"\0\x70v$\xcf\x31\x91\x7e\x55\x0b", b"\0\x20abcdef", port=3784),
    Case("Ventrilo's octets further back", near=[9100410],
         tcp={3784: [("c", b"\0\0\0v$\xcf\x31\x91\x7e\x55"), ("s", b"\0v$\xcf\x31\x91\x7e\x55")]}),
]

WECHAT = [
    web("WeChat over HTTP", http("POST /mmtls/00004b3a", UPGRADE + "mmtls", body=b"\x16\xf1\3\0\4abcd", host="192.0.2.9"),
        [9100421]),
    web("WeChat's program", http("GET /x", "User-Agent: MicroMessenger Client"), [9100422]),
    web("WeChat's interface", http("POST /cgi-bin/micromsg-bin/mmsnsuserpage", body=b"x", host="192.0.2.9"), [9100423]),
    web("WeChat on the web", http("POST /cgi-bin/mmwebwx-bin/webwxinit", body=b"x"), [9100424]),
    web("a path that begins so", http("POST /mmtls/x", UPGRADE + "websocket", body=b"x"), near=[9100421]),
    web("WeChat's browser", http("GET /", "User-Agent: Mozilla/5.0 MicroMessenger/8.0 Client"), near=[9100422]),
    web("WeChat's paths behind others", http("GET /?next=/cgi-bin/micromsg-bin/x&or=/cgi-bin/mmwebwx-bin/y"), near=[9100423, 9100424]),
]

SERVERS = [
    web("Matrix, a client", http("GET /_matrix/client/v3/sync?timeout=30000"), [9100431], port=8008),
    web("Matrix, a client asks for versions", http("GET /_matrix/client/versions"), [9100431]),
    web("Matrix, a file", http("GET /_matrix/media/v3/download/example.com/abc"), [9100432]),
    web("Matrix, another server", http("PUT /_matrix/federation/v1/send/1", body=b"{}"), [9100433], port=8448),
    web("Matrix, keys", http("GET /_matrix/key/v2/server"), [9100434], port=8448),
    web("Matrix, a domain's server", http("GET /.well-known/matrix/client"), [9100435]),
    web("paths like Matrix's", http("GET /_matrix/client/picture.png"), near=[9100431, 9100433]),
    web("files like Matrix's", http("GET /_matrix/media/logo.png"), near=[9100432, 9100434]),
    web("another well-known path", http("GET /.well-known/matrix/client.html"), near=[9100435]),
    web("Mattermost's events", http("GET /api/v4/websocket", UPGRADE + "websocket", "Connection: Upgrade"), [9100441], port=8065),
    web("Mattermost's log-in", http("POST /api/v4/users/login", body=b'{"login_id":"a","password":"b"}'), [9100442], port=8065),
    web("a page about that path", http("GET /api/v4/websocket"), near=[9100441]),
    web("another log-in at that path", http("POST /api/v4/users/login", body=b'{"user":"a"}'), near=[9100442]),
    web("Rocket.Chat", http("GET /api/v1/rooms.get", "X-Auth-Token: abc", "X-User-Id: def"), [9100443], port=3000),
    web("another interface with a token", http("GET /api/v1/rooms", "X-Auth-Token: abc"), near=[9100443]),
    web("Sametime's tunnel", http("POST /CommunityCBR/CC.39.1/", body=b"\0\0\0\x0a"), [9100444], port=8082),
    web("another community", http("POST /communityCBR", body=b"x"), near=[9100444]),
]

OTHERS = [
    web("LINE's header", http("POST /S4", "X-Line-Application: ANDROID\t14.0.0\tAndroid OS\t14", body=b"x", host="192.0.2.9"), [9100451]),
    web("a header that ends so", http("GET /", "My-X-Line-Application: 1"), near=[9100451]),
    web("Facebook's chat", http("POST /ajax/chat/send.php?__a=1", body=b"msg_text=x", host="www.facebook.com"), [9100452]),
    web("Facebook's friends", http("POST /ajax/chat/buddy_list.php", body=b"x", host="facebook.com"), [9100452]),
    web("such a script of others", http("POST /ajax/chat/send.php", body=b"x", host="www.notfacebook.com"), near=[9100452]),
    web("another script of Facebook's", http("POST /ajax/chat/settings.php", body=b"x", host="www.facebook.com"), near=[9100452]),
    web("DNS in a body", http("POST /dns-query", "Content-Type: " + DNS, body=b"\0\0\1\0\0\1"), [9100461]),
    web("DNS in a path", http("GET /dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB", "Accept: " + DNS), [9100462]),
    web("a question about DNS", http("GET /search?dns=what", "Accept: text/html"), near=[9100461, 9100462],
        reply=answer("Content-Type: text/plain", body=b"Content-Type: application/dns-message\r\n")),
]

CASES = [*NETWORKS, *WECHAT, *SERVERS, *OTHERS]

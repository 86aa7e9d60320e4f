"""Cases of policy/rules/tunnel.rules."""

from cases import Case, answer, exchange, http, web

OPEN = answer(status="200 Connection established", body=b"")

CASES = [
    web("httptunnel up", http("POST /index.html?crap=1163170800", body=b"\1\0\1\0"), [9100301]),
    web("httptunnel down, through a proxy", http("GET http://192.0.2.9:80/index.html?crap=1163170800"), [9100301], port=8080),
    web("the two parts apart", http("GET /index.html", "Referer: http://x/?crap=1"), near=[9100301]),
    web("crap that is no time", http("GET /index.html?crap=1163170800&more=1"), near=[9100301]),
    web("HTTP-Tunnel's version", http("GET /login/FetchProtocolVersion2.htm"), [9100302]),
    web("HTTP-Tunnel's servers", http("GET /login/fetchFreeServersVersion2.aspx"), [9100303], port=8080),
    web("HTTP-Tunnel's ports", http("POST /HT_PortLog.aspx", body=b"x"), [9100304]),
    web("other log-ins", http("GET /login/FetchVersion.htm", "Referer: http://x/login/FetchProtocolVersion2.htm"), near=[9100302]),
    web("other lists", http("GET /login/fetchServers.aspx"), near=[9100303, 9100304]),
    web("HTTPort's servers", http("GET /servers.txt", host="photo.exectech-va.com"), [9100305]),
    web("another host of that name", http("GET /", host="photo.exectech-va.com.example.org"), near=[9100305]),
    web("FireThru", http("POST /cgi-bin/proxy", host="www.firethru.com", body=b"x"), [9100306]),
    web("FireThru's pages", http("GET /index.html", host="www.firethru.com"), near=[9100306]),
    web("a proxy script of others", http("GET /cgi-bin/proxy", host="www.notfirethru.com"), near=[9100306]),
    web("GoToMyPC polls", http("GET /jedi?request=1&machine=2", host="poll.gotomypc.com"), [9100307]),
    web("GoToMyPC polls in the way of port-misuse", http("GET /erc/Poll?machinekey=12345"), [9100308]),
    web("GoToMyPC's pages", http("GET /tr/request=1", host="www.gotomypc.com"), near=[9100307]),
    web("other polls", http("GET /erc/poll?key=1", "Referer: http://x/erc/Poll?machinekey=1"), near=[9100308]),
    web("SSH through a proxy", http("CONNECT shell.example.com:22"), [9100311], port=3128, reply=OPEN),
    web("IRC through a proxy", http("CONNECT irc.example.com:6667"), [9100311], port=8080, reply=OPEN),
    web("the web through a proxy", http("CONNECT www.example.com:443"), near=[9100311], port=3128, reply=OPEN),
    web("a port that begins so", http("CONNECT www.example.com:2222"), near=[9100311], port=3128, reply=OPEN),
    Case("SSH on 443", [9100312], tcp={443: [("s", b"SSH-2.0-OpenSSH_9.2p1\r\n"), ("c", b"SSH-2.0-OpenSSH_9.2p1\r\n")]}),
    Case("SSH where it belongs", near=[9100312], tcp={22: [("s", b"SSH-2.0-OpenSSH_9.2p1\r\n"), ("c", b"SSH-2.0-x\r\n")]}),
    Case("a page that begins so", near=[9100312], tcp={80: exchange(http("GET /"), b"SSH-keys are kept here\r\n")}),
]

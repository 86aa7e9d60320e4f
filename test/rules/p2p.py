"""Cases of policy/rules/p2p.rules."""

import struct

from cases import Case, answer, http, web

HASH = bytes(range(20))
HANDSHAKE = b"\x13BitTorrent protocol" + bytes(8) + HASH + b"-UT2210-abcdefghijkl"
UTP = struct.pack(">BBHIIIHH", 0x01, 0, 7, 1, 2, 3, 4, 5)
INFO = "info_hash=%01%02abcdefghijklmnopqr"
AGENT = "User-Agent: "

BITTORRENT = [
    Case("BitTorrent's handshake in the corpus", [9100201], corpus="ndpi/bittorrent_tcp_miss.pcapng"),
    Case("BitTorrent on a port of the web", [9100201], tcp={443: [("c", HANDSHAKE), ("s", HANDSHAKE)]}),
    Case("BitTorrent over uTP", [9100202], udp={40000: [("c", UTP + HANDSHAKE), ("s", UTP + HANDSHAKE)]}),
    Case("the distributed table is asked", [9100203, 9100204],
         udp={6881: [("c", b"d1:ad2:id20:" + HASH + b"6:target20:" + HASH + b"e1:q9:find_node1:t2:aa1:y1:qe"),
                     ("s", b"d2:ip6:abcdef1:rd2:id20:" + HASH + b"5:nodes0:e1:t2:aa1:y1:re")]}),
    web("a tracker is told", http(f"GET /announce?{INFO}&peer_id=-UT2210-abcdefghijkl&port=6881"), [9100205], port=6969),
    web("a tracker is told by a script", http(f"GET /tracker/announce.php?passkey=1&{INFO}&port=6881"), [9100205]),
    web("a tracker is asked", http(f"GET /scrape?{INFO}"), [9100206]),
    Case("a tracker over UDP", [9100207], udp={6969: [("c", bytes.fromhex("0000041727101980") + bytes(4) + b"abcd")]}),
    Case("peers of the network", [9100208],
         udp={6771: [("c", b"BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\nInfohash: " +
                     HASH.hex().encode() + b"\r\n\r\n\r\n")]}),
    web("a program of BitTorrent", http("GET /version.txt", AGENT + "uTorrent/2210(25110)"), [9100209]),
    web("Transmission", http("GET /version.txt", AGENT + "Transmission/2.94"), [9100210]),
    web("BitComet", http("GET /version.txt", AGENT + "BitComet/1.0"), [9100271]),
    web("Azureus", http("GET /version.txt", AGENT + "Azureus 4.3.0.6;Windows 7"), [9100272]),
    web("Deluge", http("GET /version.txt", AGENT + "Deluge 1.3.15"), [9100273]),
]

BITTORRENT_LOOK_ALIKES = [
    Case("the name of the protocol in a text", near=[9100201],
         tcp={80: [("c", b"The BitTorrent protocol\r\n"), ("s", b"x\x13BitTorrent protocol")]}),
    Case("the name of the protocol in datagrams", near=[9100202, 9100208],
         udp={40000: [("c", b"\x13BitTorrent protocol"), ("c", b"x" * 100 + b"\x13BitTorrent protocol")],
              6771: [("c", b"M-SEARCH * HTTP/1.1\r\nInfohash: x\r\n")],
              1900: [("c", b"BT-SEARCH * HTTP/1.1\r\nInfohash: x\r\n")]}),
    Case("other dictionaries", near=[9100203, 9100204],
         udp={6881: [("c", b"d1:ad2:id20:" + HASH + b"e"), ("s", b"1:rd2:id20:" + HASH + b"1:y1:r"),
                     ("c", b"d1:ad2:id4:abcde1:q4:ping1:y1:qe"), ("s", b"d1:y1:r1:rd2:id20:" + HASH + b"e")]}),
    web("announcements of others", http("GET /announce?name=info&hash=1"), near=[9100205, 9100206]),
    web("the word in another parameter", http("GET /search?q=/announce&x=my_info_hash=1"), near=[9100205, 9100206]),
    Case("a datagram with half the number", near=[9100207],
         udp={6969: [("c", bytes.fromhex("0000041727101981") + bytes(8)), ("c", bytes.fromhex("0000041727101980") + bytes(12))]}),
    web("a browser that names Transmission", http("GET /", AGENT + "Mozilla/5.0 Transmission/2.94"), near=[9100210]),
    web("words that begin so", http("GET /", AGENT + "TransmissionLine/1"), near=[9100210]),
    web("a flood", http("GET /", AGENT + "Deluged/1"), near=[9100273]),
    web("bits", http("GET /", AGENT + "Bits/1 BitComet/1"), near=[9100271]),
    web("a browser with Azureus", http("GET /", AGENT + "Mozilla/5.0 (Azureus 4.3; uTorrent/3)"), near=[9100209, 9100272]),
]

GNUTELLA = [
    Case("Gnutella connects", [9100211, 9100212],
         tcp={6346: [("c", b"GNUTELLA CONNECT/0.6\r\nUser-Agent: LimeWire/4.12\r\n\r\n"),
                     ("s", b"GNUTELLA/0.6 200 OK\r\nX-Ultrapeer: True\r\n\r\n"), ("c", b"GNUTELLA/0.6 200 OK\r\n\r\n")]}),
    Case("Gnutella of the first version", [9100211, 9100212],
         tcp={80: [("c", b"GNUTELLA CONNECT/0.4\n\n"), ("s", b"GNUTELLA OK\n\n")]}),
    web("a file by its hash", http("GET /uri-res/N2R?urn:sha1:PLSTHIPQGSSZTS5FJUPAKUZWUGYQYPFB"), [9100213], port=6346),
    web("a file by its index", http("GET /get/2468/song.mp3", "X-Gnutella-Content-URN: urn:sha1:X", AGENT + "BearShare 4.6"),
        [9100214, 9100215], port=6346),
    web("Shareaza", http("GET /gwc?get=1", AGENT + "Shareaza 2.5"), [9100215]),
    web("LimeWire", http("GET /gwc?get=1", AGENT + "LimeWire/4.12.6"), [9100218]),
    web("gtk-gnutella", http("GET /gwc?get=1", AGENT + "gtk-gnutella/0.96"), [9100219]),
    web("Morpheus", http("GET /gwc?get=1", AGENT + "Morpheus 5.0"), [9100220]),
    Case("Gnutella2", [9100216], udp={6346: [("c", b"GND\2\0\1\1\1\x3cQKT"), ("s", b"GND\0\0\1\1\2\x3cQKA")]}),
    Case("Gnutella calls back", [9100217], tcp={6346: [("c", b"GIV 36:809BC12168A1852CFF5D7A785833F600/song.mp3\n\n")]}),
]

GNUTELLA_LOOK_ALIKES = [
    Case("Gnutella in a text", near=[9100211, 9100212],
         tcp={80: [("c", b"GNUTELLA CONNECTS people\r\n"), ("s", b"GNUTELLA/x is a word\r\n")],
              81: [("c", b" GNUTELLA CONNECT/0.6\r\n"), ("s", b"GNUTELLA OKAY\n")]}),
    web("other resources", http("GET /uri-res/N2L?isbn:1"), near=[9100213]),
    web("get of others", http("GET /get/2468/song.mp3", "Referer: http://example.com/X-Gnutella-"), near=[9100214]),
    web("a bar in a browser", http("GET /", AGENT + "Mozilla/4.0 (compatible; Morpheus 1.0)"), near=[9100220]),
    web("wires and shares", http("GET /", AGENT + "WireShare/1 LimeWire/4"), near=[9100215, 9100218]),
    web("a nut spread", http("GET /", AGENT + "Nutella/1"), near=[9100219]),
    Case("other datagrams that begin with GND", near=[9100216],
         udp={6346: [("c", b"GNDxabcdefgh"), ("c", b"GND\0\0\1\0\1abc"), ("c", b"GND\0\0\1\1"), ("c", b"GND\0ab\x7f\x7fcd")]}),
    Case("GIV and GIVE of others", near=[9100217, 9100224],
         tcp={25: [("c", b"GIV 36:song.mp3\r\n"), ("s", b"GIVE 12 dollars\r\n\r\n")],
              26: [("c", b"GIVE 123456 and more\r\n\r\n")]}),
]

KAZAA = [
    web("Kazaa asks for a file", http("GET /.hash=0123456789abcdef0123456789abcdef01234567", "UserAgent: KazaaClient Nov  3 2002 20:29:03",
                                      "X-Kazaa-Username: alice", "X-Kazaa-Network: KaZaA"), [9100221, 9100222, 9100223], port=1214,
        reply=answer("X-Kazaa-Network: KaZaA")),
    web("Kazaa answers", http("GET /1234/song.mp3"), [9100221], port=1214, reply=answer("x-kazaa-username: bob")),
    Case("Kazaa calls back", [9100224], tcp={1214: [("c", b"GIVE 123456789\r\n\r\n")]}),
    Case("nodes of Kazaa", [9100225], udp={1214: [("c", bytes.fromhex("27000000a980") + b"KaZaA\0"),
                                                  ("s", bytes.fromhex("28000000a900") + b"KaZaA\0")]}),
    web("Kazaa in a value and in a page", http("GET /?q=X-Kazaa-Network:1", "X-About: X-Kazaa-Username: no"), near=[9100221],
        reply=answer("Content-Type: text/plain", body=b"X-Kazaa-Network: KaZaA\r\nUserAgent: KazaaClient\r\n")),
    web("Kazaa in another field", http("GET /hash=1", "X-Agent: KazaaClient"), near=[9100222, 9100223]),
    Case("Kazaa in a datagram", near=[9100225],
         udp={1214: [("c", b"KaZaA\0"), ("c", bytes.fromhex("26000000a980") + b"KaZaA\0"), ("c", b"'\0\0\0\xa9\x80KaZaAx"),
                     ("c", b"'\0\0\0" + bytes(60) + b"KaZaA\0")]}),
]


def donkey(opcode, body):
    return struct.pack("<BIB", 0xE3, 1 + len(body), opcode) + body


def tags(count):
    return struct.pack("<I", count) + b"".join(b"\3\1\0" + bytes([i]) + struct.pack("<I", 60) for i in range(count))


GUID = bytes.fromhex("a50e1234567890abcdef12345678906f")

OTHERS = [
    Case("eDonkey logs in", [9100231], tcp={4661: [("c", donkey(1, GUID + struct.pack("<IH", 0, 4662) + tags(3)))]}),
    Case("eDonkey says hello", [9100232],
         tcp={4662: [("c", donkey(1, b"\x10" + GUID + struct.pack("<IH", 0x01020304, 4662) + tags(2) + bytes(6)))]}),
    Case("other messages of that form", near=[9100231, 9100232],
         tcp={4661: [("c", donkey(0x16, GUID + struct.pack("<IH", 0, 4662) + tags(3)))],
              4662: [("c", b"\xe3" + b"\1" * 40)],
              4663: [("c", donkey(1, GUID + struct.pack("<IHI", 0, 4662, 0)))],
              4664: [("c", donkey(1, b"\x10" + GUID + struct.pack("<IHI", 0, 4662, 0x01020304) + bytes(9)))]}),
    Case("a hub greets", [9100241],
         tcp={411: [("s", b"$Lock EXTENDEDPROTOCOLABCABCABC Pk=DCPLUSPLUS0.698|"), ("c", b"$Supports NoHello|")]}),
    Case("Direct Connect between clients", [9100242], tcp={412: [("c", b"$MyNick alice|$Lock EXTENDEDPROTOCOL Pk=X|")]}),
    Case("ADC", [9100243], tcp={412: [("c", b"HSUP ADBASE ADTIGR\n"), ("s", b"ISUP ADBASE\n")]}),
    Case("ADC, base last", [9100243], tcp={412: [("c", b"CSUP ADTIGR ADBAS0\n")]}),
    Case("dollars and SUP of others", near=[9100241, 9100242, 9100243],
         tcp={411: [("c", b"$Lock x Pk=y|"), ("s", b"$Lock the door|")], 412: [("c", b"$MyNick is bob\r\n")],
              413: [("c", b"HSUP ADDRESS 1\n"), ("s", b"HSUP ADBASE\n")]}),
    Case("Soulseek in the corpus", [9100252], corpus="sample-captures/SoulSeekRoom.pcap"),
    Case("Soulseek logs in", [9100251],
         tcp={2242: [("c", struct.pack("<II", 68, 1) + struct.pack("<I", 5) + b"alice" + struct.pack("<I", 6) + b"secret" +
                      struct.pack("<II", 157, 32) + b"0123456789abcdef0123456789abcdef" + struct.pack("<I", 17))]}),
    Case("Soulseek's tree", [9100252],
         tcp={2234: [("c", struct.pack("<IBI", 5, 4, 3) + struct.pack("<IBI", 12, 5, 7) + b"Dinamal")]}),
    Case("other records of that form", near=[9100251, 9100252],
         tcp={2242: [("c", struct.pack("<II", 68, 1) + struct.pack("<I", 5) + b"alice" + bytes(60))],
              2234: [("c", struct.pack("<IBI", 5, 4, 3) + struct.pack("<IBI", 13, 5, 7) + b"Dinamals")],
              2235: [("c", struct.pack("<IBI", 5, 3, 3) + struct.pack("<IBI", 12, 5, 7) + b"Dinamal")]}),
    web("Gator", http("GET /", AGENT + "Gator/4.0"), [9100261]),
    web("alligators", http("GET /?q=Gator", AGENT + "Gatorade/1.0"), near=[9100261]),
    web("Gator further behind", http("GET /", AGENT + "Mozilla/4.0 (Gator)"), near=[9100261]),
]

CASES = [*BITTORRENT, *BITTORRENT_LOOK_ALIKES, *GNUTELLA, *GNUTELLA_LOOK_ALIKES, *KAZAA, *OTHERS]

"""Telegram, WhatsApp, WeChat, KakaoTalk, Viber, DingTalk and Skype: protocols of their own, mostly encrypted."""

from talks import Hidden, Talk, be32, ciphertext, le32, noise

# ---- Telegram

MTPROTO = "core.telegram.org: MTProto transports"
NONCE = bytes.fromhex("00112233445566778899aabbccddeeff")
REQUEST = bytes(8) + bytes.fromhex("0102030405060708") + le32(20) + bytes.fromhex("f18e7ebe") + NONCE
ANSWER = bytes(8) + bytes.fromhex("0102030405060709") + le32(20) + bytes.fromhex("63241605") + NONCE
# 64 bytes that begin an obfuscated stream: key and counter in bytes 8 to 55, the rest encrypted with them.
CHAT = bytes.fromhex(
    "21b165224a58b791df6af1d8303e61cdc4bb86c3d1c427103c344c4189eb2f1e"
    "7bd5d47e446fcec2a3d811736110e5781bcccea696762e612aa84a57c63c8667")
MEDIA = bytes.fromhex(
    "21a9bef499bbf4dc7bd2a4f2c8af5bd99f267a0ed3197217dd2bba1537436e5c"
    "2441e3d54410492b788768bcff2218cf8f7373abe8e394da3b3991862d28a79b")

TELEGRAM = [
    Talk("telegram", "intermediate transport", MTPROTO, 443,
         login=[("c", b"\xee" * 4 + le32(len(REQUEST)) + REQUEST), ("s", le32(len(ANSWER)) + ANSWER)]),
    Talk("telegram", "abridged transport", MTPROTO, 443,
         login=[("c", b"\xef" + bytes([len(REQUEST) // 4]) + REQUEST), ("s", bytes([len(ANSWER) // 4]) + ANSWER)]),
    Talk("telegram", "obfuscated transport", MTPROTO, 443, login=[("c", CHAT + noise(120)), ("s", noise(200, 2))]),
    Talk("telegram", "obfuscated transport of media", MTPROTO, 443,
         services={"file-transfer": [("c", MEDIA + noise(120, 3))]}),
    Talk("telegram", "reflector of calls", "libtgvoip and tgcalls: reflectors", 1400, udp=True,
         services={"voice": [("c", noise(16, 4) + b"\xff" * 12 + bytes.fromhex("feffffff") + noise(8, 5))]}),
]

# ---- WhatsApp

BAILEYS = "Baileys, a client of WhatsApp's protocol"
HELLO = bytes.fromhex("00010e128b020a20") + noise(264, 6)
SERVER_HELLO = bytes.fromhex("00013a1ab7020a20") + noise(32, 7) + bytes.fromhex("1230") + noise(48, 8) + \
    bytes.fromhex("1ae101") + noise(225, 9)
WHATSAPP = [
    Talk("whatsapp", "Noise, version 6", BAILEYS, 5222,
         login=[("c", bytes.fromhex("57410603") + HELLO), ("s", SERVER_HELLO)] + ciphertext(10)),
    Talk("whatsapp", "Noise, with routing data", BAILEYS, 443,
         login=[("c", bytes.fromhex("4544000100000408080902") + bytes.fromhex("57410603") + HELLO),
                ("s", SERVER_HELLO)] + ciphertext(11)),
    Talk("whatsapp", "version 1", BAILEYS, 5222,
         login=[("c", bytes.fromhex("5741010500001af80501a59189fc12") + b"iPhone-2.12.2-5222")] + ciphertext(12)),
]

# ---- WeChat

CITIZEN_LAB = "The Citizen Lab: mmtls (2024)"


def mmtls(minor, begin, size, seed):
    return b"\x16\xf1" + bytes([minor]) + (size + 4).to_bytes(2, "big") + be32(size) + begin + \
        noise(size - len(begin), seed)


def text(value):
    return be32(len(value)) + value


TEXTS = b"".join(map(text, (b"ver", b"1", b"weixinnum", b"123456789", b"clientostype", b"Windows 10",
                            b"authkey", b"k" * 69)))
WECHAT = [
    Talk("wechat", "mmtls, long connection", CITIZEN_LAB, 8080,
         login=[("c", mmtls(4, bytes.fromhex("0104f101c02b"), 0xD9, 13)),
                ("s", mmtls(4, bytes.fromhex("0203f1c02b"), 0xD0, 14))]),
    Talk("wechat", "long connection before mmtls", "published dissectors of WeChat", 443,
         login=[("c", bytes.fromhex("0000004000100001000000ed00000002bf555f") + noise(45, 15)),
                ("s", bytes.fromhex("00000010001000010000000600000001"))]),
    Talk("wechat", "transfer of files", "published dissectors of WeChat", 443,
         services={"file-transfer": [("c", b"\xab" + be32(25 + len(TEXTS)) + bytes.fromhex("271415cd5b07") +
                                      bytes(10) + be32(len(TEXTS)) + TEXTS)]}),
]

# ---- KakaoTalk

NODE_KAKAO = "node-kakao: LOCO"


def loco(number, method, size):
    return le32(number) + bytes(2) + method.encode().ljust(11, b"\0") + b"\0" + le32(size) + le32(size) + \
        b"b" * (size - 4)


KAKAOTALK = [
    Talk("kakaotalk", "LOCO, secured", NODE_KAKAO, 9282,
         login=[("c", le32(256) + le32(12) + le32(2) + noise(256, 16)), ("c", noise(120, 17)), ("s", noise(90, 18))]),
    Talk("kakaotalk", "LOCO, in clear", NODE_KAKAO, 8080,
         login=[("c", loco(0, "CHECKIN", 90)), ("s", loco(0, "CHECKIN", 60)), ("c", loco(1, "LOGINLIST", 400)),
                ("s", loco(1, "LOGINLIST", 50))],
         text=[("c", loco(2, "WRITE", 77)), ("s", loco(0, "MSG", 80))],
         services={"presence": [("c", loco(3, "PING", 5))], "file-transfer": [("c", loco(4, "SHIP", 60))]}),
]

# ---- Others

OTHERS = [
    Talk("viber", "first message", "libprotoident and nDPI: Viber", 4244,
         login=[("c", bytes.fromhex("320001000000fcff008001") + noise(39, 19)), ("s", noise(60, 20))]),
    Talk("dingtalk", "LWP", "a public capture of DingTalk", 443,
         login=[("c", b"\x10\x2c\x87\x80" + bytes.fromhex("01000100020002646b030020") + noise(32, 21)),
                ("s", noise(60, 22))]),
    Talk("skype", "log-in over TCP", "a public capture of Skype, 2006", 33033, known_by=1,
         login=[("c", bytes.fromhex("1603010000")), ("s", bytes.fromhex("1703010000")), ("c", noise(60, 23)),
                ("s", noise(60, 24))]),
]

TALKS = TELEGRAM + WHATSAPP + WECHAT + KAKAOTALK + OTHERS
HIDDEN = [
    Hidden("telegram", ("presence", "text-chat", "video", "conference"),
           "in the ciphertext of MTProto; calls between two ends are STUN and DTLS",
           443, TELEGRAM[0].login + ciphertext(30)),
    Hidden("whatsapp", ("presence", "text-chat", "file-transfer", "video", "conference"),
           "in the ciphertext of its Noise session; files are HTTPS to names of their own", 5222, WHATSAPP[0].login),
    Hidden("wechat", ("presence", "text-chat", "voice", "video", "conference"),
           "in the ciphertext of mmtls; calls are datagrams without a mark", 8080, WECHAT[0].login + ciphertext(31)),
    Hidden("kakaotalk", ("voice", "video", "conference"),
           "in the ciphertext of LOCO's secured form, as is all else there; calls are datagrams without a mark",
           9282, KAKAOTALK[0].login + ciphertext(32)),
    Hidden("viber", ("presence", "text-chat", "file-transfer", "video", "conference"),
           "in the ciphertext of its streams", 4244, OTHERS[0].login + ciphertext(33)),
    Hidden("dingtalk", ("presence", "text-chat", "file-transfer", "voice", "video", "conference"),
           "in the ciphertext of LWP", 443, OTHERS[1].login + ciphertext(34)),
    Hidden("skype", ("presence", "text-chat", "file-transfer", "voice", "video", "conference", "screen-share"),
           "in its own ciphertext, or in TLS that Microsoft Teams shares", 33033, OTHERS[2].login + ciphertext(35)),
]

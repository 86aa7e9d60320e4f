import struct

from wire import CLIENT, CLIENT6, SERVER, SERVER6, Capture, client_hello, ethernet, ip, tcp, vector

capture = Capture()
hello = tcp(CLIENT, SERVER, (40001, 443), 1, 1, 24, client_hello("www.example.org"))
arp = bytes.fromhex("0001080006040001 020000000005 0a000005 000000000000 c0000209".replace(" ", ""))
capture.add(ethernet(arp + bytes(18), ethertype=0x0806))
capture.add(bytes.fromhex("0180c200000e020000000005 88cc 0207 04020000000005 0403 056531 0602 0078 0000"
                          .replace(" ", "")))
capture.add(bytes.fromhex("0180c2000000020000000005 0026 424203 000000000000".replace(" ", "")) + bytes(35))
capture.add(bytes.fromhex("0180c2000002020000000005 8809 0101 0114".replace(" ", "")) + bytes(106))
capture.add(ethernet(struct.pack(">I", 16 << 12 | 1 << 8 | 64) + hello, ethertype=0x8847))
capture.add(ethernet(b"\x11\x00" + struct.pack(">HHH", 1, len(hello) + 2, 0x0021) + hello, ethertype=0x8864))
capture.add(ethernet(b"\x11\x09\x00\x00\x00\x04\x01\x01\x00\x00", ethertype=0x8863))
capture.add(ethernet(bytes(46), ethertype=0x9999))
capture.add(ethernet(ip(CLIENT, SERVER, 50, bytes(40))))                                # ESP
capture.add(ethernet(ip(CLIENT, SERVER, 47, b"\x00\x00\x08\x00" + hello)))             # GRE
capture.add(ethernet(ip(CLIENT, "224.0.0.22", 2, bytes.fromhex("22000000000000010400000000000000"))))
capture.add(ethernet(ip(CLIENT, SERVER, 1, bytes.fromhex("0800f7ff00000000"))))         # echo request
capture.add(ethernet(ip(CLIENT6, SERVER6, 58, bytes.fromhex("8000000000000000"))))
capture.add(ethernet(ip(CLIENT, SERVER, 132, bytes(20))))                               # SCTP
capture.add(ethernet(hello)[:13])                                                       # runts
capture.add(ethernet(hello)[:20])
capture.add(ethernet(hello[:30]))
capture.add(ethernet(hello[:1] + b"\x01" + hello[2:], ethertype=0x86DD))                # wrong version
capture.add(ethernet(b"\x43" + hello[1:]))                                              # header too short
capture.add(ethernet(hello[:2] + b"\xff\xff" + hello[4:]))                              # length too long
capture.add(ethernet(hello[:32] + b"\x10" + hello[33:]))                                # TCP offset too short

import struct

from wire import CLIENT6, SERVER6, Capture, dns_query, ip, with_checksum

capture = Capture()
talk = capture.udp(53, client=CLIENT6, server=SERVER6)
for name in ("web.whatsapp.com", "www.example.org"):
    datagram = struct.pack(">HHHH", *talk.ports, 0, 0) + dns_query(name)
    talk.send(True, ip(*talk.ends, 17, with_checksum(*talk.ends, 17, datagram, 6)))

from wire import Capture

capture = Capture()
for path, fields in (("/", "User-Agent: Gator/3.0"),
                     ("/", "X-Kazaa-Network: KaZaA"),
                     ("/erc/Poll?a=1&%6dachinekey=5", "A: b"),
                     ("/", "Transfer-Encoding: gzip, chunked"),
                     ("/", "\r\n".join(f"A{i}: b" for i in range(8))),
                     ("/machinekey=?notmachinekey=1", "X-User-Agent: Gator\r\nUser-Agent: Navigator\r\nA: X-Kazaa-Network"),
                     ("/", "Transfer-Encoding: CHUNKED")):
    talk = capture.tcp(80)
    talk.open()
    talk.client(f"POST {path} HTTP/1.1\r\nHost: www.example.com\r\n{fields}\r\n\r\n".encode())

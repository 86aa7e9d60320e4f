from wire import Capture

capture = Capture()
for target in ("91.108.56.10", "1533818890", "0x5b.0x6c.0x38.0xa", "0133.0154.070.012", "91.108.14346",
               "91.108.56", "192.0.2.9", "1533818890.example", "4294967296", "0x5b.0x6c.0x38.0x100"):
    talk = capture.tcp(8080)
    talk.open()
    talk.client(f"CONNECT {target}:8443 HTTP/1.1\r\n\r\n".encode())

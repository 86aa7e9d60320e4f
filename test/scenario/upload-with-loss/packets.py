from wire import ACK, Capture

SIZE = 1000

capture = Capture()
talk = capture.tcp(9999)
talk.open()


def upload(number):
    """A segment of the upload, wherever the client has come to."""
    talk.segment(True, ACK, bytes([number]) * SIZE, seq=1001 + number * SIZE)


def acknowledge(count):
    talk.seq[True] = 1001 + count * SIZE
    talk.segment(False, ACK)


for number in (1, 3, 0):  # the first comes late, the third is lost
    upload(number)
acknowledge(2)
upload(2)
acknowledge(4)
for number in range(4, 20):
    capture.wait(4)
    upload(number)
    acknowledge(number + 1)

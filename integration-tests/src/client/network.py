"""Sets loopback up, and keeps the network that this process is in until stdin ends."""

import fcntl
import socket
import struct
import sys

SIOCSIFFLAGS = 0x8914
IFF_UP = 1
fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
print("up", flush=True)
sys.stdin.read()

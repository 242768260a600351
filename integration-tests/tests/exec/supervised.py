#!/usr/bin/env python3
"""A program that tells what becomes of it, a line of `$HOME/told` for each event.

TERM ends it with code 7, but not while `$HOME/busy` is there; the other signals are told, and no more.
"""

import os
import signal
import sys
import time

HOME = os.environ["HOME"]


def tell(event):
    line = f"{os.getpid()} {event}\n".encode()
    file = os.open(f"{HOME}/told", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, line)
    os.close(file)


def end(number, _):
    tell("TERM")
    while os.path.exists(f"{HOME}/busy"):
        time.sleep(0.002)
    sys.exit(7)


for name in ["HUP", "INT", "QUIT", "USR1", "USR2", "WINCH"]:
    signal.signal(getattr(signal, f"SIG{name}"), lambda _, __, name=name: tell(name))
signal.signal(signal.SIGTERM, end)
tell(f"started {os.environ['ANTHROPIC_API_KEY']}")
while True:
    time.sleep(600)

"""Runs a program in a terminal of its own.

Usage: python3 -c TEXT COLUMNS ROWS STREAMS SHOWN PROGRAM [ARGUMENT...]

The streams, such as 02 for stdin and stderr, are the terminal; the others stay as they are. All that
is shown there is appended to the file SHOWN. What comes on stdin is typed. SIGINT is Ctrl-C, typed by
whoever sits there.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios

columns, rows, streams, shown, *program = sys.argv[1:]
keyboard, terminal = pty.openpty()
size = struct.pack("HHHH", int(rows), int(columns), 0, 0)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
signal.signal(signal.SIGINT, lambda *_: os.write(keyboard, b"\x03"))
child = os.fork()
if child == 0:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    for stream in streams:
        os.dup2(terminal, int(stream))
    os.closerange(3, 64)
    os.execv(program[0], program)
os.close(terminal)
sources = [keyboard, 0]
with open(shown, "ab", buffering=0) as file:
    while True:
        ready, _, _ = select.select(sources, [], [])
        if 0 in ready:
            typed = os.read(0, 65536)
            if typed:
                os.write(keyboard, typed)
            else:
                sources.remove(0)
        if keyboard in ready:
            try:
                file.write(os.read(keyboard, 65536))
            except OSError:
                # Nobody has the terminal open any more.
                break
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))

"""Runs a program in a terminal of its own.

Usage: python3 -c TEXT COLUMNS ROWS SHOWN PROGRAM [ARGUMENT...]

stdin and stderr are the terminal, and all that is shown there is appended to the file SHOWN. stdout
stays as it is. SIGINT is Ctrl-C, typed by whoever sits there.
"""

import fcntl
import os
import pty
import signal
import struct
import sys
import termios

columns, rows, shown, *program = sys.argv[1:]
keyboard, terminal = pty.openpty()
size = struct.pack("HHHH", int(rows), int(columns), 0, 0)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
signal.signal(signal.SIGINT, lambda *_: os.write(keyboard, b"\x03"))
child = os.fork()
if child == 0:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    os.dup2(terminal, 0)
    os.dup2(terminal, 2)
    os.closerange(3, 64)
    os.execv(program[0], program)
os.close(terminal)
with open(shown, "ab", buffering=0) as file:
    while True:
        try:
            file.write(os.read(keyboard, 65536))
        except OSError:
            # Nobody has the terminal open any more.
            break
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))

"""Runs a program some of whose system calls are not made.

Usage: python3 -c TEXT CALLS PROGRAM [ARGUMENT...]

A seccomp filter answers them (seccomp(2)): all children inherit it, no tracer is needed, and the
process stays the same. CALLS is one of:

dumpable  The helper closes its memory, and its files in /proc, to other processes of its user. This
          reports success and leaves them open: to tests, and to a tracer that reads the arguments
          of its calls.
chown     Reports success. In a user namespace with one user no file can be given to another one,
          and dpkg need not notice (`ch-image --force=seccomp` builds images in the same way).
keyring   Reports that it is not permitted, as the filters of container engines do.
"""

import ctypes
import errno
import os
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
PR_SET_DUMPABLE, SUID_DUMP_DISABLE = 4, 0
# linux/bpf_common.h
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
# linux/seccomp.h
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
# Offsets in `struct seccomp_data`: the number of the call, and the lower halves of two arguments.
NUMBER, FIRST, SECOND = 0, 16, 24
NUMBERS = {
    "x86_64": {"prctl": [157], "chown": [92, 93, 94, 260], "keyring": [248, 249, 250]},
    "aarch64": {"prctl": [167], "chown": [54, 55], "keyring": [217, 218, 219]},
}[os.uname().machine]


def allow_unless(offset, *values):
    count = len(values)
    tests = [(EQUAL, count - index, 0, value) for index, value in enumerate(values)]
    return [(LOAD, 0, 0, offset), *tests, (RETURN, 0, 0, ALLOW)]


def steps(calls):
    if calls == "dumpable":
        yield from allow_unless(NUMBER, *NUMBERS["prctl"])
        yield from allow_unless(FIRST, PR_SET_DUMPABLE)
        yield from allow_unless(SECOND, SUID_DUMP_DISABLE)
    else:
        yield from allow_unless(NUMBER, *NUMBERS[calls])
    yield RETURN, 0, 0, ERRNO | (errno.EPERM if calls == "keyring" else 0)


class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_char_p)]


calls, *command = sys.argv[1:]
code = [struct.pack("HBBI", *step) for step in steps(calls)]
filter = Filter(len(code), b"".join(code))
libc = ctypes.CDLL(None, use_errno=True)
for arguments in [
    (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
    (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filter), 0, 0),
]:
    if libc.prctl(*arguments) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
os.execvp(command[0], command)

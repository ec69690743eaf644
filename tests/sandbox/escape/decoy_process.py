"""The process that attacks are aimed at. Run as `python decoy_process.py SECRET_FILE TOKEN`.

Says on standard output where in its memory its secret and its victim lie, then each signal that it receives.
"""

import ctypes
import os
import signal
import sys

PR_SET_PTRACER, PR_SET_PTRACER_ANY = 0x59616D61, -1

secret_file = open(sys.argv[1], "rb")  # noqa: SIM115, PTH123 - held open on purpose
secret = ctypes.create_string_buffer(sys.argv[2].encode())
victim = ctypes.create_string_buffer(b"untouched")
ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_ulong(PR_SET_PTRACER_ANY), 0, 0, 0)
for number in (signal.SIGURG, signal.SIGUSR1, signal.SIGIO):
    signal.signal(number, lambda received, _: os.write(1, f"signal {received}\n".encode()))
print(ctypes.addressof(secret), ctypes.addressof(victim), secret_file.fileno(), flush=True)
while True:
    signal.pause()

"""Puts the policy on system calls on this process, for good. Needs no privilege."""

import ctypes
import functools
import os
import platform
import struct

from archgraft.sandbox.layers import kernel
from archgraft.sandbox.layers.bpf import ARCHITECTURES, assemble
from archgraft.sandbox.layers.call_policy import Needs, policy

SECCOMP_MODE_FILTER = 2


_OWN_PID = 0x7A5A_5A7A  # stands for the process's own number until it is known; no process can have it


class _Program(ctypes.Structure):
    _fields_ = (("n_instructions", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def is_known_machine() -> bool:
    """Whether there is a table of system calls for this machine's architecture."""
    return platform.machine() in ARCHITECTURES


@functools.cache
def template(needs: Needs) -> bytes:
    """The program but for the process's own number. Called before the fork, it costs no child anything."""
    return assemble(policy(_OWN_PID, needs), platform.machine())


def install(needs: Needs) -> None:
    """Filter every system call of this process from now on. No-new-privileges must be set. Raises `OSError`."""
    code = template(needs).replace(struct.pack("=I", _OWN_PID), struct.pack("=I", os.getpid()))
    program = _Program(len(code) // 8, code)
    kernel.call("prctl", kernel.PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(program))

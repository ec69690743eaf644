"""System calls for attacks, by name."""

import ctypes
import mmap
import platform

from archgraft.sandbox.layers.kernel import Argument, call, system_call
from archgraft.sandbox.layers.syscall_numbers import number_of

__all__ = ["call", "name_this_process", "run_machine_code", "syscall"]

OTHERS = {
    "x86_64": {"renameat2": 316, "fork": 57, "getpid": 39},
    "aarch64": {"renameat2": 276, "getpid": 172},
}
PR_SET_NAME = 15


def syscall(name: str, *arguments: Argument) -> int:
    """Make a call past the C library. Raises `OSError`."""
    machine = platform.machine()
    number = OTHERS.get(machine, {}).get(name, number_of(name, machine))
    if number is None:
        raise OSError(f"{machine} has no {name}")
    return system_call(name, number, *arguments)


def name_this_process(mark: str) -> None:
    """Bear a name that is found from outside."""
    call("prctl", PR_SET_NAME, mark.encode(), 0, 0, 0)


def run_machine_code(code: bytes) -> int:
    """Execute machine code in this process; gives what it returns."""
    area = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)
    area.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(area))
    function = ctypes.CFUNCTYPE(ctypes.c_int)(address)
    return int(function())

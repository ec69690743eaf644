"""Gives memory that was freed back to the system: the C library keeps it, in pieces, for each thread that used it."""

import ctypes


def give_back_free_memory() -> None:
    """Take some milliseconds for it; nothing happens where the C library is not glibc."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)

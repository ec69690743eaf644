"""Ctrl-C waits for a database transaction to end.

`KeyboardInterrupt` may strike between any two instructions of the main thread: also after SQLite took its lock and
before anything knows that it has to be given back. The run would then stay locked against the very process that is
about to write its last word into it.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold an interrupt back until the block is left, then deliver it. Blocks may be nested.

    Only the main thread is ever interrupted; in other threads, and where something that is not Python handles the
    signal, nothing changes.
    """
    previous = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or previous is None:
        yield
        return
    arrived: list[int] = []

    def remember(number: int, _frame: FrameType | None) -> None:
        arrived.append(number)

    signal.signal(signal.SIGINT, remember)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
        if arrived:
            signal.raise_signal(signal.SIGINT)
